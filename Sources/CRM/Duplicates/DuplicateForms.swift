// The forms of the values of all records of a search (`DuplicateFormMaker`), and which of them are alike.
//
// Guarantees
// - A form is made once for each value and comparison, whatever number of conditions uses it.
// - Whether two forms are alike depends on nothing but them, and is the same both ways.

import Engine

/// The forms of some comparisons, row by row. One thread.
package struct DuplicateForms {
    /// A comparison of some attributes.
    package struct Column: Hashable {
        let attributes: [String]
        let comparison: DuplicateComparison

        package init(attributes: [String], comparison: DuplicateComparison) {
            (self.attributes, self.comparison) = (attributes, comparison)
        }
    }

    let columns: [Column]
    /// The attributes whose values are given for each row, in this order.
    package let attributes: [String]
    /// Rows that were given.
    private(set) var rowCount = 0
    /// Bytes of their forms.
    private(set) var byteCount = 0
    private var stores: [Store]
    private var maker = DuplicateFormMaker()
    private var distance = EditDistance()
    private var left: [UInt32] = []
    private var right: [UInt32] = []

    /// Forms of one column, behind each other; `slotCount` for each row, an empty one where a value has no form.
    private struct Store {
        /// Places of the column's attributes among those that are given.
        let places: [Int]
        var bytes: [UInt8] = []
        var ends: [Int] = [0]

        func form(_ row: Int, _ slot: Int) -> ArraySlice<UInt8> {
            let index = row * places.count + slot
            return bytes[ends[index]..<ends[index + 1]]
        }
    }

    package init(_ columns: [Column]) {
        self.columns = columns
        var attributes: [String] = []
        var places: [String: Int] = [:]
        for name in columns.flatMap(\.attributes) where places[name] == nil {
            places[name] = attributes.count
            attributes.append(name)
        }
        stores = columns.map { column in Store(places: column.attributes.compactMap { places[$0] }) }
        self.attributes = attributes
    }

    /// Takes the next row: a value for each of `attributes`.
    package mutating func append(_ values: [Value]) {
        precondition(values.count == attributes.count)
        rowCount += 1
        for index in columns.indices {
            for place in stores[index].places {
                let start = stores[index].bytes.count
                maker.append(values[place], columns[index].comparison, to: &stores[index].bytes)
                byteCount += stores[index].bytes.count - start
                stores[index].ends.append(stores[index].bytes.count)
            }
        }
    }
}

extension DuplicateForms {
    /// Hashes of the keys that a row has in the column of an anchor, each once; none where its values have no forms. Rows that are alike have
    /// one in common.
    func keys(_ column: Int, _ row: Int) -> [UInt64] {
        var keys: [UInt64] = []
        for slot in stores[column].places.indices {
            let form = stores[column].form(row, slot)
            if form.isEmpty { continue }
            let key = Self.hash(columns[column].comparison == .samePhone ? PhoneNumber.key(form) : form)
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    /// FNV-1a. Whoever makes texts collide can make a block as large as whoever repeats one text; what is in a block is compared anyway.
    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }

    /// Whether any value of a row is like any of another.
    package mutating func areAlike(_ column: Int, _ first: Int, _ second: Int) -> Bool {
        let comparison = columns[column].comparison
        for slot in stores[column].places.indices {
            let a = stores[column].form(first, slot)
            if a.isEmpty { continue }
            for other in stores[column].places.indices {
                let b = stores[column].form(second, other)
                if !b.isEmpty, areAlike(comparison, a, b) { return true }
            }
        }
        return false
    }

    private mutating func areAlike(
        _ comparison: DuplicateComparison,
        _ a: ArraySlice<UInt8>,
        _ b: ArraySlice<UInt8>
    ) -> Bool {
        switch comparison {
        case .samePhone: PhoneNumber.areSame(a, b)
        case .similar: a == b || areSimilar(a, b)
        case .similarDate: a == b || areSimilarDates(a, b)
        default: a == b
        }
    }

    /// Wrong letters that are taken for a slip in a text of so many characters, the longer of two.
    static func mistakesMax(_ length: Int) -> Int {
        switch length {
        case ..<4: 0
        case ..<8: 1
        case ..<16: 2
        default: 3
        }
    }

    /// Characters of a text that are compared.
    static let similarLengthMax = 256

    /// Digits have to be the same: the house next door, and the second volume, are no slips.
    private mutating func areSimilar(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        let isDigit: (UInt8) -> Bool = { $0 &- 0x30 < 10 }
        guard a.lazy.filter(isDigit).elementsEqual(b.lazy.filter(isDigit)) else { return false }
        Self.decode(a, into: &left)
        Self.decode(b, into: &right)
        return distance.between(left, right, limit: Self.mistakesMax(max(left.count, right.count))) != nil
    }

    private mutating func areSimilarDates(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
        guard a.count == 8, b.count == 8 else { return false }
        let (x, y) = (Array(a), Array(b))
        if x[0..<4] == y[0..<4], x[4..<6] == y[6..<8], x[6..<8] == y[4..<6] { return true }
        return distance.between(x.map(UInt32.init), y.map(UInt32.init), limit: 1) != nil
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, into scalars: inout [UInt32]) {
        scalars.removeAll(keepingCapacity: true)
        for byte in bytes {
            if DuplicateFormMaker.begins(byte) {
                if scalars.count == similarLengthMax { return }
                scalars.append(UInt32(byte))
            } else if let last = scalars.last {
                // Characters are told apart by all of their bytes; which number they get does not matter.
                scalars[scalars.count - 1] = last << 8 | UInt32(byte)
            }
        }
    }
}
