// Where the engine keeps its tables, and what a view keeps of them.
//
// `Table` cannot be copied by accident: a forgotten copy would be a view to the writer, which would then copy every block
// that it touches, and even a short-lived one costs a reference count for each of its parts. So the writer works on tables
// in place, and `freeze` makes a copy for a view explicitly.

/// The engine's tables, by place in the schema. Owned by the writer.
package final class Tables {
    // Unchecked: one thread, and no access to a property lasts longer than the line that makes it, but the runtime's check
    // would cost more than the access on every look at a table.
    @exclusivity(unchecked) private var base: UnsafeMutablePointer<Table>
    @exclusivity(unchecked) package private(set) var count: Int
    /// Per table: the frozen copy that is still equal to it. A table that was not written since needs no new copy.
    @exclusivity(unchecked) private var frozen: [TableView?]

    init(_ layouts: [TableLayout]) {
        count = layouts.count
        base = .allocate(capacity: max(count, 1))
        for (place, layout) in layouts.enumerated() { (base + place).initialize(to: Table(layout: layout)) }
        frozen = Array(repeating: nil, count: count)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    var indices: Range<Int> { 0..<count }

    /// The table at a place; in place, without a copy.
    package subscript(_ place: Int) -> Table {
        @inline(__always) _read {
            precondition(place >= 0 && place < count)
            yield base[place]
        }
        @inline(__always) _modify {
            precondition(place >= 0 && place < count)
            frozen[place] = nil
            yield &base[place]
        }
    }

    // From other modules one value after the other is read through these: what a subscript yields across modules is a table moved
    // aside, 11 ns a look.

    /// See `Table.value`.
    package func value(_ place: Int, _ column: Int, _ row: Int) -> Value { self[place].value(column, row) }
    /// See `Table.appendNumbers`.
    package func appendNumbers(
        _ place: Int,
        _ column: Int,
        rows: [UInt32],
        to numbers: inout [Int64],
        _ areThere: inout [Bool]
    ) {
        self[place].appendNumbers(column, rows: rows, to: &numbers, &areThere)
    }
    /// See `Table.row`.
    package func row(_ place: Int, of id: RecordID) -> UInt32 { self[place].row(of: id) }
    /// See `Table.recordID`.
    package func recordID(_ place: Int, atRow row: Int) -> RecordID { self[place].recordID(atRow: row) }

    /// Views of all tables.
    func freeze() -> [TableView] {
        indices.map { place in
            if let view = frozen[place] { return view }
            base[place].mergePendingOrders()
            let view = TableView(base[place].copy())
            frozen[place] = view
            return view
        }
    }

    /// Views of all tables that nobody keeps: the writer, which uses them only until its next write, copies no block for their
    /// sake. What was frozen before is not copied again.
    func borrowed() -> [TableView] { indices.map { borrowed($0) } }

    /// A view of one table that nobody keeps.
    package func borrowed(_ place: Int) -> TableView {
        precondition(place >= 0 && place < count)
        if let view = frozen[place] { return view }
        base[place].mergePendingOrders()
        return TableView(base[place].copy())
    }

    /// Takes over the records of views of the same schema, sharing everything with them.
    func take(_ views: [TableView]) {
        precondition(views.count == count)
        for place in indices { base[place] = views[place].table.copy() }
        frozen = views
    }

    /// Replaces all tables. One whose layout stays is moved, with its frozen copy; `adopting` makes one of another layout from
    /// the old table, while all old ones are still there.
    func replaceAll(
        _ layouts: [TableLayout],
        keeping oldPlaces: [Int?],
        _ adopting: (borrowing Table, TableLayout) -> Table
    ) {
        let adopted = UnsafeMutablePointer<Table>.allocate(capacity: max(layouts.count, 1))
        for (place, layout) in layouts.enumerated() {
            guard let old = oldPlaces[place] else {
                (adopted + place).initialize(to: Table(layout: layout))
                continue
            }
            if base[old].layout !== layout { (adopted + place).initialize(to: adopting(base[old], layout)) }
        }
        // The others are moved last: until then a table may be asked by those that are made anew.
        var isMoved = [Bool](repeating: false, count: count)
        var views = [TableView?](repeating: nil, count: layouts.count)
        for (place, layout) in layouts.enumerated() {
            guard let old = oldPlaces[place], base[old].layout === layout else { continue }
            (adopted + place).moveInitialize(from: base + old, count: 1)
            views[place] = frozen[old]
            isMoved[old] = true
        }
        for place in indices where !isMoved[place] { (base + place).deinitialize(count: 1) }
        base.deallocate()
        base = adopted
        count = layouts.count
        frozen = views
    }
}

/// A table at one moment: what readers outside the writer's turn hold. Sharing it costs one reference.
package final class TableView: Sendable {
    package let table: Table

    init(_ table: consuming Table) { self.table = table }

    package var layout: TableLayout { table.layout }
    package var entity: Entity { table.layout.entity }
    package var rowCount: Int { table.rowCount }
    package var liveCount: Int { table.liveCount }
    package var nextSequence: UInt64 { table.nextSequence }
    package var lastNumbers: [UInt64] { table.lastNumbers }
    package var blockCount: Int { table.blockCount }
    package var memory: Table.Memory { table.memory }

    @inline(__always) package func row(of id: RecordID) -> UInt32 { table.row(of: id) }
    @inline(__always) package func recordID(atRow row: Int) -> RecordID { table.recordID(atRow: row) }
    @inline(__always) package func version(atRow row: Int) -> Position { table.version(atRow: row) }
    @inline(__always) package func head(_ column: Int, _ row: Int) -> BlockHead? { table.head(column, row) }
    package func block(_ column: Int, _ index: Int) -> Block? { table.block(column, index) }
    package func liveWords(block index: Int) -> UnsafePointer<UInt64>? { table.liveWords(block: index) }
    package func value(_ column: Int, _ row: Int) -> Value { table.value(column, row) }
    package func typedValue(_ column: Int, _ number: Int64) -> Value { table.typedValue(column, number) }
    @inline(__always) package func physicalNumber(_ column: Int, _ number: Int64) -> Int64 {
        table.physicalNumber(column, number)
    }
    package func link(_ column: Int) -> LinkIndex? { table.link(column) }
    package func linkTarget(_ column: Int, _ entity: EntityID) -> Int? { table.linkTarget(column, entity) }
    package func order(_ column: Int) -> ColumnOrder? { table.order(column) }
    package func find(key: Int, text: UnsafeRawBufferPointer) -> UInt32? { table.find(key: key, text: text) }
    package func find(key: Int, number: Int64) -> UInt32? { table.find(key: key, number: number) }
    package func encode(_ column: Int, rows: RowSet, into writer: inout ByteWriter) {
        table.encode(column, rows: rows, into: &writer)
    }

    /// See `Table.forEachInTextOrder`.
    package func forEachInTextOrder(
        _ column: Int,
        from lower: UInt128 = .min,
        through upper: UInt128 = .max,
        descending: Bool = false,
        _ body: (UInt32) -> Bool
    ) {
        table.forEachInTextOrder(column, from: lower, through: upper, descending: descending, body)
    }
}
