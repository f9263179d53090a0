// What updates of one record that change the same attributes have in common: how each given value is checked and stored.
//
// Only plain attributes: an update that touches a key, a lookup, state or status asks other records or other attributes, and
// goes the general way (Engine+Update).

/// How one attribute of an update is checked and stored.
struct UpdateColumn {
    let column: Int
    let kind: PhysicalKind
    let layout: ColumnLayout
    let rule: ColumnRule
    let isRequired: Bool
    let isOrdered: Bool
}

/// A given value that passed its attribute's rule: a column of one in the form of `ColumnView`, where it stands.
struct GivenValue {
    let start: UnsafeRawPointer
    let lengthBytes: Int
    /// The number in stored form; of a text, its length.
    let number: Int64
    let isNull: Bool

    /// Bytes of a text.
    var text: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start + 5, count: Int(number)) }
}

/// Updates of one record each that give the same plain attributes.
struct UpdateShape: Shape {
    /// Whether these updates have to go the general way: then nothing else here counts.
    let isGeneral: Bool
    /// Place of the entity.
    let place: Int
    let columns: UnsafeMutableBufferPointer<UpdateColumn>
    /// How the values of `columns`, in their order, get back out: into the log's entry, and compared with the given ones. Behind
    /// them the other columns that an update writes.
    let touched: UnsafeMutableBufferPointer<ReadColumn>
    /// Whether the version that is expected follows the id.
    let expectsVersion: Bool
    /// Whether quick find looks into one of them.
    let isSearched: Bool
    /// Places of the indexes over several columns that have one of them, or one that every update writes.
    let composites: UnsafeMutableBufferPointer<Int>
    /// The lookup to the record's currency when an amount is given, or -1: an amount in a currency brings its rate with it, and
    /// goes the general way.
    let currencyColumn: Int
    /// Bytes that the old values take in the entry at most.
    let rowBytesMax: Int
    /// Kind, flags, entity, rows, key, number of attributes, attributes: see OperationCodec.swift.
    let head: UnsafeMutableRawBufferPointer
    var attributeCount: Int { columns.count }
    /// Numbers of the attributes, u16 each: an entry says them in the same form.
    var attributes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: head[UpdateShape.fixedBytes...]) }

    /// Bytes of a head without its attributes.
    private static let fixedBytes = 12
    /// Old values above this are checked as the general way does, before memory is taken for them.
    private static let oldBytesMax = 1 << 20
    /// Updates that give more attributes are rare, and long enough that the way does not matter.
    static let attributesMax = 64

    @inline(__always)
    static func head(of reader: ByteReader) -> UnsafeRawBufferPointer? {
        guard reader.remaining >= fixedBytes else { return nil }
        let start = reader.base + reader.offset
        // Creates, deletes and batches are told apart before anything is looked up for them.
        guard start.load(as: UInt8.self) == OperationKind.update.rawValue,
            UInt32(littleEndian: start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) == 1
        else { return nil }
        let count = Int(UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 10, as: UInt16.self)))
        guard count <= attributesMax, reader.remaining - fixedBytes >= count * 2 else { return nil }
        return UnsafeRawBufferPointer(start: start, count: fixedBytes + count * 2)
    }

    /// A shape of which `isGeneral` is true where the operation is not one of these.
    init(head: UnsafeRawBufferPointer, schema: Schema, tables: Tables) throws(DecodeError) {
        self.head = UpdateShape.copy(head)
        guard let (place, columns) = try UpdateShape.plainColumns(head, schema, tables) else {
            isGeneral = true
            (place, rowBytesMax, expectsVersion, isSearched, currencyColumn) = (0, 0, false, false, -1)
            composites = UnsafeMutableBufferPointer(start: nil, count: 0)
            columns = UnsafeMutableBufferPointer(start: nil, count: 0)
            touched = UnsafeMutableBufferPointer(start: nil, count: 0)
            return
        }
        let layout = tables[place].layout
        isGeneral = false
        self.place = place
        rowBytesMax = UpdateShape.rowBytesMax(columns, layout)
        let rates = layout.rates.flatMap { rates in columns.contains(where: rates.moneyColumns.contains) ? rates : nil }
        currencyColumn = rates?.currencyColumn ?? -1
        expectsVersion = head[1] & Operation.versionsFlag != 0
        isSearched = columns.contains { layout.isSearched[$0] }
        let composites = layout.composites(touchedBy: columns)
        self.composites = .allocate(capacity: composites.count)
        _ = self.composites.initialize(from: composites)
        self.columns = .allocate(capacity: columns.count)
        _ = self.columns.initialize(from: columns.map { UpdateColumn($0, layout) })
        let others = [SystemAttribute.modifiedOn, SystemAttribute.modifiedBy].map { Int($0.rawValue) }
        touched = .allocate(capacity: columns.count + others.count)
        _ = touched.initialize(from: (columns + others).map { ReadColumn($0, layout) })
    }

    /// The entity's place and the columns, when all of them are plain; nil when not, or when something in the head is wrong:
    /// the general way then says what.
    private static func plainColumns(
        _ head: UnsafeRawBufferPointer,
        _ schema: Schema,
        _ tables: Tables
    ) throws(DecodeError) -> (place: Int, columns: [Int])? {
        var reader = ByteReader(head)
        _ = try reader.u8()
        guard try reader.u8() & ~Operation.versionsFlag == 0, let place = schema.place(of: EntityID(try reader.u16()))
        else { return nil }
        _ = try reader.take(6)
        let layout = tables[place].layout
        // A program may order an entity's records by what the engine keeps itself: then its index is kept the general way.
        guard layout.orderedPlaces[..<SystemAttribute.count].allSatisfy({ $0 < 0 }) else { return nil }
        var columns: [Int] = []
        for _ in 0..<(try reader.u16()) {
            let column = Int(try reader.u16())
            guard layout.isPlain(column), !columns.contains(column) else { return nil }
            columns.append(column)
        }
        return rowBytesMax(columns, layout) <= oldBytesMax ? (place, columns) : nil
    }

    private static func rowBytesMax(_ columns: [Int], _ layout: TableLayout) -> Int {
        columns.reduce(0) { $0 + layout.valueBytesMax[$1] + 1 }
    }

    func deallocate() {
        for column in touched { column.options.deallocate() }
        touched.deallocate()
        columns.deallocate()
        composites.deallocate()
        head.deallocate()
    }
}

extension TableLayout {
    /// Whether a client may write the attribute, and no other record or attribute has a say in it.
    fileprivate func isPlain(_ column: Int) -> Bool {
        guard column < columns.count, isWritable[column] else { return false }
        if case .lookup = rules[column] { return false }
        if case .file = rules[column] { return false }
        if isDerived[column] { return false }
        // A null would not be one: see `Engine.keepNumbers`.
        if entity.attributes[column].type.isAutoNumber { return false }
        return !isDeleted[column] && !isKeyColumn[column] && column != stateColumn && column != statusColumn
    }
}

extension UpdateColumn {
    init(_ column: Int, _ layout: TableLayout) {
        self.column = column
        kind = layout.kinds[column]
        self.layout = layout.columns[column]
        rule = layout.rules[column]
        isRequired = layout.isRequired[column]
        isOrdered = layout.orderedPlaces[column] >= 0
    }

    /// Takes the next value, a column of one; nil when it is malformed or breaks the attribute's rule. `options` has the
    /// numbers of its option set.
    @inline(__always)
    func take(from reader: inout ByteReader, _ options: UnsafeMutableBufferPointer<Int32>) -> GivenValue? {
        let start = reader.base + reader.offset
        guard let flags = try? reader.u8() else { return nil }
        if flags == 2 { return isRequired ? nil : GivenValue(start: start, lengthBytes: 1, number: 0, isNull: true) }
        guard flags == 0 else { return nil }
        var number: Int64
        switch kind {
        case .text:
            guard let length = try? reader.u32(), (try? reader.take(Int(length))) != nil else { return nil }
            let text = UnsafeRawBufferPointer(start: start + 5, count: Int(length))
            guard case .text(let lengthMax) = rule, case .good = TextCheck.check(text, lengthMax: lengthMax) else {
                return nil
            }
            return GivenValue(start: start, lengthBytes: 5 + text.count, number: Int64(length), isNull: false)
        case .bool:
            guard let byte = try? reader.u8(), byte <= 1 else { return nil }
            number = Int64(byte)
        case .int32:
            guard let word = try? reader.integer(Int32.self) else { return nil }
            number = Int64(word)
        case .int64, .id, .double:
            guard let word = try? reader.i64() else { return nil }
            number = word
        }
        switch rule {
        case .any: break
        case .range(let low, let high): guard number >= low, number <= high else { return nil }
        case .option:
            guard number >= Int64(OptionSet.valueMin),
                let place = options.firstIndex(of: Int32(truncatingIfNeeded: number))
            else { return nil }
            number = Int64(place)
        case .selection(let bits): guard number != 0, UInt64(bitPattern: number) & ~bits == 0 else { return nil }
        case .text, .lookup, .file, .partyList: return nil
        }
        let lengthBytes = reader.base + reader.offset - start
        return GivenValue(start: start, lengthBytes: lengthBytes, number: number, isNull: false)
    }
}

extension Table {
    /// Stores an update of a row that exists, and keeps the ordered indexes of its columns and the words of the record.
    mutating func store(
        _ given: UnsafeBufferPointer<GivenValue>,
        _ shape: UpdateShape,
        row: Int,
        version: Position,
        timeMicroseconds: Int64,
        actor: RecordID
    ) {
        let rows = RowSet(first: row, count: 1, list: nil)
        if shape.isSearched { keepWords(rows) }
        let isKeyed = keepRecordKeys(rows) { column in shape.columns.contains { $0.column == column } }
        for column in shape.columns where column.isOrdered { removeOrdered(column.column, row: row) }
        for place in shape.composites { removeComposite(place, rows) }
        let chunk = chunks.unshared(row >> 13)
        let index = row & 8191
        for (value, column) in zip(given, shape.columns) {
            if value.isNull {
                chunk.setNull(column.column, column.layout, index)
            } else if column.layout == .text {
                chunk.withMutableBlock(column.column, layout: .text, capacity: index + 1) {
                    $0.setText(index, value.text)
                }
            } else {
                chunk.setNumber(column.column, column.layout, index, value.number)
            }
        }
        chunk.setNumber(Int(SystemAttribute.version.rawValue), .int64, index, Int64(bitPattern: version))
        chunk.setNumber(Int(SystemAttribute.modifiedOn.rawValue), .int64, index, timeMicroseconds)
        let modifiedBy = Int(SystemAttribute.modifiedBy.rawValue)
        if actor == .none {
            chunk.setNull(modifiedBy, .id, index)
        } else {
            chunk.setNumber(modifiedBy, .id, index, Int64(bitPattern: actor.rawValue))
        }
        for column in shape.columns where column.isOrdered { insertOrdered(column.column, row: row) }
        for place in shape.composites { insertComposite(place, rows) }
        if shape.isSearched { replaceWords(rows) }
        if isKeyed { replaceRecordKeys(rows) }
    }
}
