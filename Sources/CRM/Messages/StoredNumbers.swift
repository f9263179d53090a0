// Attributes of many records of one entity, read column by column: a document of a thousand lines has some fifteen thousand values,
// its catalogue as many again, and asking for them one by one, by name, takes ten times as long as pricing them.
//
// An organisation's schema is its own: an attribute that it has deleted reads as null, and so does one of its own that took the
// name of the standard's and is of another kind.

import Engine

/// What kind of number a column is expected to hold.
enum StoredKind {
    case boolean, lookup, option, state, date, instant, integer
    /// With so many digits behind the point as the reader takes them; null where more are stored.
    case decimal(digits: Int)

    /// Whether a column of this type holds it.
    fileprivate func isHeld(by type: AttributeType) -> Bool {
        switch (self, type) {
        case (.boolean, .boolean), (.lookup, .lookup), (.option, .option), (.state, .state), (.date, .date),
            (.instant, .instant), (.integer, .integer), (.decimal, .decimal), (.decimal, .money):
            true
        default: false
        }
    }
}

/// The attributes of an entity that a reader needs, as an enumeration whose cases are named as they are.
protocol StoredAttribute: CaseIterable, RawRepresentable where RawValue == Int, AllCases == [Self] {
    /// The names in the order of the cases: made once, since reflection is slow.
    static var attributes: [String] { get }
    var kind: StoredKind { get }
}

extension StoredAttribute {
    var attribute: String { Self.attributes[rawValue] }
}

/// Numbers as they are stored: units of a decimal, the number of an id, an option or a day, 1 for yes.
struct StoredNumbers<Name: StoredAttribute> {
    /// By attribute, then by record: nine bytes a value, not the sixteen of an optional, since a long document's would be mapped
    /// and unmapped by the allocator each time.
    private let numbers: [Int64]
    private let areThere: [Bool]
    let recordCount: Int

    /// Reads records of a standard entity; null where one is not there. O(records × attributes).
    init(_ records: Records, _ entity: String, _ ids: [RecordID]) {
        self.init(records, at: records.schema.standardPlace(named: entity), ids)
    }

    /// Reads records of the entity at a place; null where one is not there. O(records × attributes).
    init(_ records: Records, at place: Int?, _ ids: [RecordID]) {
        recordCount = ids.count
        var numbers: [Int64] = []
        var areThere: [Bool] = []
        numbers.reserveCapacity(Name.allCases.count * recordCount)
        areThere.reserveCapacity(Name.allCases.count * recordCount)
        let tables = records.engine.tables
        let rows = place.map { place in ids.map { tables.row(place, of: $0) } } ?? []
        for name in Name.allCases {
            guard let place, let column = records.column(name.attribute, name.kind, at: place) else {
                numbers.append(contentsOf: repeatElement(0, count: recordCount))
                areThere.append(contentsOf: repeatElement(false, count: recordCount))
                continue
            }
            let start = numbers.count
            tables.appendNumbers(place, column, rows: rows, to: &numbers, &areThere)
            if case .decimal(let digits) = name.kind,
                let scale = records.schema.entities[place].attributes[column].type.decimalScale, scale != digits
            {
                for index in start..<numbers.count where areThere[index] {
                    let units = Value.decimal(Decimal64(units: numbers[index], scale: scale)).units(digits)
                    (numbers[index], areThere[index]) = (units ?? 0, units != nil)
                }
            }
        }
        (self.numbers, self.areThere) = (numbers, areThere)
    }

    @inline(__always)
    subscript(_ name: Name, _ record: Int) -> Int64? {
        let index = name.rawValue * recordCount + record
        return areThere[index] ? numbers[index] : nil
    }

    /// What a lookup refers to.
    func record(_ name: Name, _ record: Int) -> RecordID? {
        self[name, record].map { RecordID(rawValue: UInt64(bitPattern: $0)) }
    }

    func option(_ name: Name, _ record: Int) -> Int32? { self[name, record].map { Int32(truncatingIfNeeded: $0) } }
}

extension Records {
    /// The column of an attribute of the entity at a place; nil where there is none of this name and kind.
    func column(_ attribute: String, _ kind: StoredKind, at place: Int) -> Int? {
        guard let column = engine.column(attribute, at: place),
            kind.isHeld(by: schema.entities[place].attributes[column].type)
        else { return nil }
        return column
    }
}
