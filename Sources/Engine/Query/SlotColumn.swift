/// A growing column of intermediate values: group keys, finished aggregates, sort keys. Texts are borrowed.
struct SlotColumn {
    let isText: Bool
    /// How its texts are compared.
    private let collation: Collation
    /// Copies computed texts; nil where texts are the view's or the query's own.
    private let keeper: TextKeeper?
    private(set) var count = 0
    var numbers: [Int64] = []
    var valid: [Bool] = []
    var texts: [UnsafeBufferPointer<UInt8>] = []

    init(_ type: QueryType) {
        isText = type.isText
        collation = type.collation
        keeper = nil
    }

    /// A column for an expression's values, which outlives the batches that they come from.
    init(_ expression: Bound, _ keeper: TextKeeper) {
        isText = expression.type.isText
        collation = expression.type.collation
        self.keeper = expression.makesText ? keeper : nil
    }

    private func kept(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        keeper?.copy(text) ?? text
    }

    /// Replaces a text.
    mutating func set(_ text: UnsafeBufferPointer<UInt8>, at index: Int) { texts[index] = kept(text) }

    /// Bytes of one value, for the budget.
    var strideBytes: Int { isText ? 17 : 9 }

    mutating func append(_ vector: Vector, _ index: Int) {
        valid.append(vector.isValid(index))
        if isText {
            texts.append(vector.isValid(index) ? kept(vector.texts[index]) : UnsafeBufferPointer(start: nil, count: 0))
        } else {
            numbers.append(vector.numbers[index])
        }
        count += 1
    }

    /// Appends the first `rowCount` values of a vector.
    mutating func append(_ vector: Vector, count rowCount: Int) {
        valid.reserveCapacity(count + rowCount)
        for index in 0..<rowCount { valid.append(vector.isValid(index)) }
        if isText {
            for index in 0..<rowCount {
                texts.append(
                    vector.isValid(index) ? kept(vector.texts[index]) : UnsafeBufferPointer(start: nil, count: 0)
                )
            }
        } else {
            numbers.append(contentsOf: UnsafeBufferPointer(start: vector.numbers, count: rowCount))
        }
        count += rowCount
    }

    mutating func append(number: Int64?) {
        valid.append(number != nil)
        numbers.append(number ?? 0)
        count += 1
    }

    mutating func append(text: UnsafeBufferPointer<UInt8>?) {
        valid.append(text != nil)
        texts.append(text ?? UnsafeBufferPointer(start: nil, count: 0))
        count += 1
    }

    /// Reads the values at `rows`.
    func load(_ rows: UnsafePointer<UInt32>, _ rowCount: Int, into vector: Vector) {
        for index in 0..<rowCount {
            let row = Int(rows[index])
            vector.valid[index] = valid[row] ? 1 : 0
            if isText { vector.texts[index] = texts[row] } else { vector.numbers[index] = numbers[row] }
        }
    }

    /// Order of two texts by their bytes; 0 for anything else.
    func byteOrder(_ a: Int, _ b: Int) -> Int {
        isText && valid[a] && valid[b] ? Collation.compareBytes(texts[a], texts[b]) : 0
    }

    /// Order of two values, null first; texts under their collation.
    @inline(__always)
    func order(_ a: Int, _ b: Int, isDouble: Bool) -> Int {
        if valid[a] != valid[b] { return valid[a] ? 1 : -1 }
        if !valid[a] { return 0 }
        if isText { return collation.compare(texts[a], texts[b]) }
        if isDouble {
            let (x, y) = (
                Double(bitPattern: UInt64(bitPattern: numbers[a])), Double(bitPattern: UInt64(bitPattern: numbers[b]))
            )
            return x < y ? -1 : x > y ? 1 : 0
        }
        return numbers[a] < numbers[b] ? -1 : numbers[a] > numbers[b] ? 1 : 0
    }

    /// The same column with its computed texts in another keeper.
    func moved(to keeper: TextKeeper) -> SlotColumn {
        guard self.keeper != nil else { return self }
        var column = SlotColumn(isText: isText, collation, keeper: keeper)
        column.count = count
        column.valid = valid
        column.texts = zip(texts, valid).map { $1 ? keeper.copy($0) : $0 }
        return column
    }

    private init(isText: Bool, _ collation: Collation, keeper: TextKeeper?) {
        self.isText = isText
        self.collation = collation
        self.keeper = keeper
    }

    /// Keeps only the values at `rows`, in that order.
    mutating func keep(_ rows: [UInt32]) {
        valid = rows.map { valid[Int($0)] }
        if isText { texts = rows.map { texts[Int($0)] } } else { numbers = rows.map { numbers[Int($0)] } }
        count = rows.count
    }
}
