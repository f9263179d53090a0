// Indexes that a change of the schema asks for, made beside the writer before the change: from a view, on whatever thread, while
// records go on changing; then brought up to date with what changed meanwhile, the last of it in the writer's turn, where the
// change takes them over. Without this an index over ten million records would hold up everyone for seconds.
//
// Invariants
// - An index in here holds exactly the rows of `view`, under the layout that the change leads to.
// - It is only taken over where the schema is still the view's and the change leads to that layout: `Tables.adopt` makes whatever is
//   missing itself, and so does a replay, which has nothing ahead. The result is the same, entry by entry.
// - An index reads columns that are there, in the form that they have: what a change converts or fills is indexed in its turn.

/// The indexes of one table.
struct TableAhead: Sendable {
    let entity: EntityID
    let layout: TableLayout
    /// By column.
    var orders: [Int: ColumnOrder] = [:]
    /// By place in `TableLayout.composites`.
    var composites: [Int: OrderedIndex<UInt128>] = [:]
    /// By place of the key: only where no two records have the same values.
    var keys: [Int: HashIndex] = [:]

    /// Nil when the change asks for no index that can be made ahead.
    init?(_ old: TableLayout, _ new: TableLayout) {
        entity = new.entity.id
        layout = new
        func isKept(_ column: Int) -> Bool { column < old.columns.count && old.columns[column] == new.columns[column] }
        for column in new.columns.indices where new.needsOrder(column, besides: old) && isKept(column) {
            orders[column] = new.columns[column] == .text ? .text(OrderedIndex()) : .number(OrderedIndex())
        }
        for (place, composite) in new.composites.enumerated()
        where composite.index.columns.allSatisfy(isKept) && new.keptComposite(composite, of: old) == nil {
            composites[place] = OrderedIndex()
        }
        for (key, columns) in new.keyColumns.enumerated()
        where new.needsKey(key, besides: old) && columns.allSatisfy(isKept) && !columns.isEmpty {
            keys[key] = HashIndex()
        }
        if orders.isEmpty, composites.isEmpty, keys.isEmpty { return nil }
    }

    /// Makes the indexes of all rows. O(n log n).
    mutating func make(from table: borrowing Table) {
        for column in orders.keys.sorted() {
            switch layout.columns[column] {
            case .text: orders[column] = .text(OrderedIndex(of: table) { layout.textOrderKey(column, $0, $1) })
            default: orders[column] = .number(OrderedIndex(of: table) { layout.numberOrderKey(column, $0, $1) })
            }
        }
        for place in composites.keys.sorted() {
            let composite = layout.composites[place]
            composites[place] = OrderedIndex(of: table) { table, row in table.compositeKey(composite, row: row) }
        }
        for key in keys.keys.sorted() {
            var index = HashIndex()
            var isUnique = true
            table.forEachLiveRow { row in
                isUnique = isUnique && insert(row, of: table, into: &index, key)
            }
            keys[key] = isUnique ? index : nil
        }
    }

    /// Replaces what rows were in one state of the table by what they are in a later one of the same layout.
    mutating func update(_ rows: [UInt32], from old: borrowing Table, to new: borrowing Table) {
        // Each is taken out while it changes: a second reference would have its pages copied.
        for column in orders.keys.sorted() {
            switch orders.removeValue(forKey: column) {
            case .text(var index)?:
                index.update(rows, from: old, to: new) { layout.textOrderKey(column, $0, $1) }
                orders[column] = .text(index)
            case .number(var index)?:
                index.update(rows, from: old, to: new) { layout.numberOrderKey(column, $0, $1) }
                orders[column] = .number(index)
            case nil: break
            }
        }
        for place in composites.keys.sorted() {
            let composite = layout.composites[place]
            guard var index = composites.removeValue(forKey: place) else { continue }
            index.update(rows, from: old, to: new) { $0.isLive($1) ? $0.compositeKey(composite, row: $1) : nil }
            composites[place] = index
        }
        for key in keys.keys.sorted() {
            guard var index = keys.removeValue(forKey: key) else { continue }
            for row in rows {
                guard Int(row) < old.rowCount,
                    let hash = old.keyHash(layout.keyColumns[key], Int(row), layout.collations)
                else { continue }
                index.remove(hash, row: row)
            }
            if rows.allSatisfy({ insert(Int($0), of: new, into: &index, key) }) { keys[key] = index }
        }
    }

    /// Enters a row into a key's index; false where another one has the same values.
    private func insert(_ row: Int, of table: borrowing Table, into index: inout HashIndex, _ key: Int) -> Bool {
        let columns = layout.keyColumns[key]
        guard let hash = table.keyHash(columns, row, layout.collations) else { return true }
        guard table.equalRow(hash, columns, row, layout.collations, in: index) == nil else { return false }
        index.insert(hash, row: UInt32(row))
        return true
    }
}

/// The indexes of all tables that a change of the schema asks for.
package struct IndexesAhead: Sendable {
    /// Fewer records are indexed in the time of some hundred transactions: 20 ms.
    package static let recordsMin = 50_000

    package private(set) var view: View
    private(set) var tables: [TableAhead]

    /// What a change to `next` asks for; nil where the tables are small, or it asks for none.
    init?(from view: View, to next: Schema, recordsMin: Int) {
        self.view = view
        tables = next.entities.compactMap { entity in
            guard let place = view.schema.place(of: entity.id), view.table(place).liveCount >= recordsMin else {
                return nil
            }
            return TableAhead(view.table(place).layout, TableLayout(entity: entity, schema: next))
        }
        if tables.isEmpty { return nil }
    }

    /// Makes the indexes of the view's records.
    /// Complexity: O(n log n) of the tables' records. Thread rule: any thread, beside the writer.
    package mutating func make() {
        for index in tables.indices {
            guard let place = view.schema.place(of: tables[index].entity) else { continue }
            tables[index].make(from: view.table(place).table)
        }
    }

    /// Brings the indexes up to a later view of the same schema; returns how many rows had changed.
    /// Complexity: O(rows of chunks that changed + changed rows × log n). Thread rule: as `make`.
    package mutating func catchUp(to next: View) -> Int {
        var count = 0
        for index in tables.indices {
            guard let place = view.schema.place(of: tables[index].entity) else { continue }
            let (old, new) = (view.table(place), next.table(place))
            let rows = new.table.rowsChanged(since: old.table)
            tables[index].update(rows, from: old.table, to: new.table)
            count += rows.count
        }
        view = next
        return count
    }

    /// Whether no two records of an entity have the same values under a key: it has an index.
    func hasKey(_ key: Int, of entity: Entity) -> Bool {
        tables.contains { $0.layout.entity == entity && $0.keys[key] != nil }
    }

    /// The indexes for a table under a layout, when they were made for that.
    func table(_ layout: TableLayout) -> TableAhead? {
        tables.first {
            $0.layout.entity == layout.entity
                && $0.layout.composites.map(\.index.columns) == layout.composites.map(\.index.columns)
        }
    }
}

extension TableLayout {
    /// Whether a column's ordered index has to be made where a table comes from another layout.
    func needsOrder(_ column: Int, besides old: TableLayout) -> Bool {
        guard orderedPlaces[column] >= 0 else { return false }
        return column >= old.columns.count || old.orderedPlaces[column] < 0 || !hasSameTexts([column], as: old)
    }

    /// The same for a key.
    func needsKey(_ key: Int, besides old: TableLayout) -> Bool {
        key >= old.keyColumns.count || !hasSameTexts(keyColumns[key], as: old)
    }

    /// Place of an index over the same columns in another layout, whose entries are the same.
    func keptComposite(_ composite: CompositeLayout, of old: TableLayout) -> Int? {
        guard hasSameTexts(composite.index.columns, as: old) else { return nil }
        return old.composites.firstIndex { $0.index.columns == composite.index.columns }
    }

    /// Whether these columns' texts are compared as under another layout.
    private func hasSameTexts(_ columns: [Int], as old: TableLayout) -> Bool {
        columns.allSatisfy { $0 >= old.collations.count || collations[$0] == old.collations[$0] }
    }

    /// A row's key in the ordered index of a text column; nil without a value.
    fileprivate func textOrderKey(_ column: Int, _ table: borrowing Table, _ row: Int) -> UInt128? {
        guard row < table.rowCount, let head = table.head(column, row), head.isValid(row & 8191) else { return nil }
        return collations[column].prefixKey128(head.text(row & 8191))
    }

    /// The same of a column of numbers.
    fileprivate func numberOrderKey(_ column: Int, _ table: borrowing Table, _ row: Int) -> UInt64? {
        guard row < table.rowCount, let head = table.head(column, row), head.isValid(row & 8191) else { return nil }
        return ColumnOrder.key(head.number(row & 8191, columns[column]))
    }
}

extension OrderedIndex {
    /// All rows that have a key. O(n log n), 32 bytes a row and key while it is made.
    init(of table: borrowing Table, _ key: (borrowing Table, Int) -> Key?) {
        var entries: [Entry] = []
        entries.reserveCapacity(table.liveCount)
        table.forEachLiveRow { row in
            if let key = key(table, row) { entries.append(Entry(key: key, row: UInt32(row))) }
        }
        self = entries.withUnsafeMutableBufferPointer { OrderedIndex(sorting: $0) }
    }

    /// Replaces the entries of rows.
    fileprivate mutating func update(
        _ rows: [UInt32],
        from old: borrowing Table,
        to new: borrowing Table,
        _ key: (borrowing Table, Int) -> Key?
    ) {
        for row in rows {
            let (before, after) = (key(old, Int(row)), key(new, Int(row)))
            if before == after { continue }
            if let before { remove(before, row: row) }
            if let after { insert(after, row: row) }
        }
    }
}

extension Table {
    /// Whether a record stands in the row.
    func isLive(_ row: Int) -> Bool { row < rowCount && recordID(atRow: row) != .none }

    /// Visits the rows that live, in order.
    func forEachLiveRow(_ body: (Int) -> Void) {
        for chunk in 0..<blockCount {
            guard let live = liveWords(block: chunk) else { continue }
            for word in 0..<Block.validityWords {
                var bits = live[word]
                while bits != 0 {
                    body(chunk * Table.blockRows + word * 64 + bits.trailingZeroBitCount)
                    bits &= bits - 1
                }
            }
        }
    }

    /// Rows whose record came, went or changed since an earlier state of the table. A chunk that both share is passed over;
    /// in others id and
    /// version decide: together they say what a row has. (Records that a refused delete brought back may stand in other rows.)
    fileprivate func rowsChanged(since old: borrowing Table) -> [UInt32] {
        var rows: [UInt32] = []
        for chunk in 0..<blockCount where chunk >= old.blockCount || chunks[chunk] !== old.chunks[chunk] {
            for row in chunk * Table.blockRows..<min(rowCount, (chunk + 1) * Table.blockRows) {
                let (was, present) = (row < old.rowCount ? old.recordID(atRow: row) : .none, recordID(atRow: row))
                if was != present || present != .none && old.version(atRow: row) != version(atRow: row) {
                    rows.append(UInt32(row))
                }
            }
        }
        return rows
    }
}
