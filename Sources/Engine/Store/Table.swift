// The records of one entity: columns in chunks, the row directory and the indexes.
//
// Invariants
// - Row r stands in chunk r / 8,192 at r % 8,192. A row lives exactly when its identifier column is valid there.
// - `directory` leads from the sequence of every living record's id to its row; dead rows stand in `freeRows`.
// - Every index holds exactly the living rows with a value (all values, for a key) in its columns; the quick-find index,
//   once it was made, their words, and the index by record keys (RecordKeyIndex) their keys.
// - A row keeps its place for life; places of dead rows are reused, last freed first.
//
// A copy, made by `copy` only, is a view. It shares chunks, pages and nodes, and the writer copies those that it touches while
// they are shared.

/// Rows of a batch: either a run from `first`, or listed.
package struct RowSet {
    package var first: Int
    package var count: Int
    package var list: UnsafePointer<UInt32>?

    @inline(__always)
    package init(first: Int, count: Int, list: UnsafePointer<UInt32>?) {
        self.first = first
        self.count = count
        self.list = list
    }

    @inline(__always)
    package subscript(_ index: Int) -> Int { list.map { Int($0[index]) } ?? first + index }
}

/// One entity's records. Thread rule: one writer; copies (`copy`) may be read anywhere.
package struct Table: ~Copyable, Sendable {
    /// Rows of a chunk and values of a block.
    package static let blockRows = Block.rowCount
    /// No row.
    package static let noRow = UInt32.max

    package let layout: TableLayout
    /// Row slots in use or freed: rows are numbered below this.
    package internal(set) var rowCount = 0
    /// Living records.
    package internal(set) var liveCount = 0
    /// Sequence that the next record made here gets.
    package internal(set) var nextSequence: UInt64 = 1
    /// Per auto-number attribute the largest number that it ever had: see Engine+AutoNumbers.
    package internal(set) var lastNumbers: [UInt64]
    /// Stack of freed rows: the first `freeCount` elements. Paged, so that a view does not make the writer copy it all.
    var freeRows = PagedArray<UInt32>(empty: Table.noRow)
    package internal(set) var freeCount = 0
    var chunks = ChunkList()
    /// Row by sequence, for origin 0, and for each other origin that was ever seen, in order.
    var directory = PagedArray<UInt32>(empty: Table.noRow)
    var foreignDirectories: [(origin: UInt16, rows: PagedArray<UInt32>)] = []
    package internal(set) var links: [LinkIndex]
    package internal(set) var numberOrders: [OrderedIndex<UInt64>]
    package internal(set) var textOrders: [OrderedIndex<UInt128>]
    package internal(set) var keys: [HashIndex]
    /// The indexes over several columns.
    package internal(set) var composites: [OrderedIndex<UInt128>]
    /// The quick-find index; nil until somebody searches, and for entities without searched columns.
    package internal(set) var search: SearchIndex?
    /// Rows that change while the index is made; nil when it is not. Not part of a view.
    var searchJournal: SearchJournal?
    /// The index by keys that are made above the engine; nil until somebody asks for it.
    package internal(set) var recordKeys: RecordKeyIndex?
    /// As `searchJournal`, for that index.
    var keyJournal: SearchJournal?
    /// Reused for the words of a record.
    var searchScratch = RecordWords()
    /// The words of rows that are being changed.
    var searchBefore: [RecordWords] = []

    package init(layout: TableLayout) {
        self.layout = layout
        lastNumbers = Array(repeating: 0, count: layout.autoNumbers.count)
        links = layout.links.map { LinkIndex(targetCount: $0.targets.count) }
        numberOrders = layout.numberOrderColumns.map { _ in OrderedIndex() }
        textOrders = layout.textOrderColumns.map { _ in OrderedIndex() }
        keys = layout.entity.keys.map { _ in HashIndex() }
        composites = layout.composites.map { _ in OrderedIndex() }
    }

    /// The same records, sharing everything: O(parts of the table).
    func copy() -> Table {
        var copy = Table(layout: layout)
        copy.takeContent(of: self)
        copy.lastNumbers = lastNumbers
        return copy
    }

    /// Takes over the content of a table of the same layout.
    private mutating func takeContent(of other: borrowing Table) {
        takeRows(of: other)
        chunks = other.chunks
        links = other.links
        numberOrders = other.numberOrders
        textOrders = other.textOrders
        keys = other.keys
        composites = other.composites
        search = other.search
        recordKeys = other.recordKeys
    }

    /// Takes over which records there are, and in which rows.
    mutating func takeRows(of other: borrowing Table) {
        rowCount = other.rowCount
        liveCount = other.liveCount
        nextSequence = other.nextSequence
        freeRows = other.freeRows
        freeCount = other.freeCount
        directory = other.directory
        foreignDirectories = other.foreignDirectories
    }

    package var entity: Entity { layout.entity }
    package var blockCount: Int { chunks.count }

    // MARK: Finding rows

    /// The record's row, `noRow` when there is none. O(1): two array look-ups.
    @inline(__always)
    package func row(of id: RecordID) -> UInt32 {
        guard id.entity == layout.entity.id else { return Table.noRow }
        if id.origin == 0 { return directory[Int(id.sequence)] }
        return foreignRow(of: id)
    }

    private func foreignRow(of id: RecordID) -> UInt32 {
        for (origin, rows) in foreignDirectories where origin == id.origin { return rows[Int(id.sequence)] }
        return Table.noRow
    }

    mutating func setRow(of id: RecordID, _ row: UInt32) {
        if id.origin == 0 { return directory.set(Int(id.sequence), row) }
        if let place = foreignDirectories.firstIndex(where: { $0.origin == id.origin }) {
            return foreignDirectories[place].rows.set(Int(id.sequence), row)
        }
        var rows = PagedArray<UInt32>(empty: Table.noRow)
        rows.set(Int(id.sequence), row)
        foreignDirectories.append((id.origin, rows))
        foreignDirectories.sort { $0.origin < $1.origin }
    }

    /// The record in a row; `.none` when the row is dead.
    @inline(__always)
    package func recordID(atRow row: Int) -> RecordID {
        let column = Int(SystemAttribute.identifier.rawValue)
        guard let head = head(column, row), head.isValid(row & 8191) else { return .none }
        return RecordID(rawValue: UInt64(bitPattern: head.number(row & 8191, .id)))
    }

    /// The version of the record in a living row.
    @inline(__always)
    package func version(atRow row: Int) -> Position {
        guard let head = head(Int(SystemAttribute.version.rawValue), row) else { return 0 }
        return UInt64(bitPattern: head.number(row & 8191, .int64))
    }

    // MARK: Reading columns

    /// The block of a column for rows `index * 8192 ..< (index + 1) * 8192`; nil when all its values are null.
    package func block(_ column: Int, _ index: Int) -> Block? { chunks[index].block(column) }

    /// The block's head without a reference to it: valid until the table is written.
    @inline(__always)
    package func head(_ column: Int, _ row: Int) -> BlockHead? {
        assert(column < layout.columns.count)
        return chunks.heads(row >> 13)[column]
    }

    /// Heads of all columns of the row's chunk; as `head`.
    @inline(__always)
    func heads(atRow row: Int) -> UnsafeMutablePointer<BlockHead?> { chunks.heads(row >> 13) }

    /// 128 words whose bits say which rows of the block live; nil when none does.
    package func liveWords(block index: Int) -> UnsafePointer<UInt64>? {
        chunks[index].head(Int(SystemAttribute.identifier.rawValue)).map { UnsafePointer($0.validity) }
    }

    /// The value of any column and row, typed by the attribute. The slow path: for refusals, tests and single records.
    package func value(_ column: Int, _ row: Int) -> Value {
        guard let head = head(column, row), head.isValid(row & 8191) else { return .null }
        let layout = layout.columns[column]
        if layout == .text { return .text(String(decoding: head.text(row & 8191), as: UTF8.self)) }
        return typedValue(column, head.number(row & 8191, layout))
    }

    /// A number as it is stored: units of a decimal, an id, 1 for yes; nil where there is none. Not for texts and options.
    @inline(__always)
    func number(_ column: Int, _ row: Int) -> Int64? {
        guard let head = head(column, row), head.isValid(row & 8191) else { return nil }
        let layout = layout.columns[column]
        precondition(layout != .text)
        return head.number(row & 8191, layout)
    }

    /// Appends the numbers of a column in many rows, in the form of batches: units of a decimal, an id, 1 for yes, an option's
    /// number; and whether there is one: not for null, for `noRow` and for texts, which append 0. O(rows).
    package func appendNumbers(_ column: Int, rows: [UInt32], to numbers: inout [Int64], _ areThere: inout [Bool]) {
        let type = layout.columns[column]
        guard type != .text else {
            numbers.append(contentsOf: repeatElement(0, count: rows.count))
            areThere.append(contentsOf: repeatElement(false, count: rows.count))
            return
        }
        numbers.reserveCapacity(numbers.count + rows.count)
        areThere.reserveCapacity(areThere.count + rows.count)
        let options = layout.optionValues[column]
        // Rows that are asked for together stand mostly in one block, whose head is then looked up once.
        var block = -1
        var head: BlockHead?
        for row in rows {
            if row != Table.noRow, Int(row) >> 13 != block {
                block = Int(row) >> 13
                head = self.head(column, Int(row))
            }
            guard row != Table.noRow, let head, head.isValid(Int(row) & 8191) else {
                numbers.append(0)
                areThere.append(false)
                continue
            }
            let number = head.number(Int(row) & 8191, type)
            numbers.append(options.isEmpty ? number : Int64(options[Int(number)]))
            areThere.append(true)
        }
    }

    /// A stored number as a value of the column's type.
    package func typedValue(_ column: Int, _ number: Int64) -> Value {
        switch layout.entity.attributes[column].type {
        case .boolean: .boolean(number != 0)
        case .integer, .version: .integer(number)
        case .decimal(let scale, _, _): .decimal(Decimal64(units: number, scale: scale))
        case .money: .decimal(Decimal64(units: number, scale: AttributeType.moneyScale))
        case .option, .state, .status: .option(layout.optionValues[column][Int(number)])
        case .date: .date(Int32(truncatingIfNeeded: number))
        case .instant: .instant(number)
        case .lookup, .identifier: .reference(RecordID(rawValue: UInt64(bitPattern: number)))
        case .exchangeRate: .decimal(Decimal64(units: number, scale: AttributeType.rateScale))
        case .options: .integer(number)
        case .text, .memo, .autoNumber, .calculated, .rollUp, .file, .partyList: .null
        }
    }

    /// A stored number in the form of batches: the option's number instead of its place.
    @inline(__always)
    package func physicalNumber(_ column: Int, _ number: Int64) -> Int64 {
        let values = layout.optionValues[column]
        return values.isEmpty ? number : Int64(values[Int(number)])
    }

    // MARK: Indexes

    /// The index that follows a lookup column backwards; nil for columns without one.
    package func link(_ column: Int) -> LinkIndex? {
        let place = layout.linkPlaces[column]
        return place < 0 ? nil : links[Int(place)]
    }

    /// Place of an entity among the targets of a lookup column with an index.
    package func linkTarget(_ column: Int, _ entity: EntityID) -> Int? {
        let place = layout.linkPlaces[column]
        return place < 0 ? nil : layout.links[Int(place)].targets.firstIndex(of: entity)
    }

    /// The ordered index of a column; nil for columns without one.
    package func order(_ column: Int) -> ColumnOrder? {
        let place = layout.orderedPlaces[column]
        if place < 0 { return nil }
        return layout.columns[column] == .text ? .text(textOrders[Int(place)]) : .number(numberOrders[Int(place)])
    }

    // MARK: Memory

    /// Bytes by part, from the store's own accounting.
    package struct Memory: Sendable {
        package var columnBytes: [Int]
        package var directoryBytes: Int
        package var linkBytes: Int
        package var orderedBytes: Int
        package var keyBytes: Int
        package var searchBytes: Int
        package var totalBytes: Int {
            columnBytes.reduce(0, +) + directoryBytes + linkBytes + orderedBytes + keyBytes + searchBytes
        }
    }

    /// Walks all blocks: O(chunks × columns).
    package var memory: Memory {
        var columnBytes = [Int](repeating: 0, count: layout.columns.count)
        for index in 0..<chunks.count {
            for column in columnBytes.indices { columnBytes[column] += chunks[index].block(column)?.memoryBytes ?? 0 }
        }
        return Memory(
            columnBytes: columnBytes,
            directoryBytes: foreignDirectories.reduce(directory.memoryBytes) { $0 + $1.rows.memoryBytes },
            linkBytes: links.reduce(0) { $0 + $1.memoryBytes },
            orderedBytes: numberOrders.reduce(0) { $0 + $1.memoryBytes }
                + (textOrders + composites).reduce(recordKeys?.memoryBytes ?? 0) { $0 + $1.memoryBytes },
            keyBytes: keys.reduce(0) { $0 + $1.memoryBytes },
            searchBytes: search?.memoryBytes ?? 0
        )
    }
}
