// Indexes over several columns: kept where rows are written, as alternate keys are. Every living row is in each of them, rows
// with nulls too, so that an order by an index needs nothing beside it.
//
// A table without such indexes pays one look at an empty array per operation.

extension TableLayout {
    /// The indexes that an update of these columns concerns; every update writes version, time and user.
    func composites(touchedBy columns: some Sequence<Int>) -> [Int] {
        if composites.isEmpty { return [] }
        let stamped = [SystemAttribute.version, SystemAttribute.modifiedOn, SystemAttribute.modifiedBy]
        let touched = Set(columns).union(stamped.map { Int($0.rawValue) })
        return composites.indices.filter { composites[$0].index.columns.contains(where: touched.contains) }
    }
}

extension Table {
    /// A row's key in an index.
    @inline(__always)
    func compositeKey(_ composite: borrowing CompositeLayout, row: Int) -> UInt128 {
        var builder = CompositeKeyBuilder()
        let heads = heads(atRow: row)
        let place = row & 8191
        for column in composite.columns where builder.byteCount < CompositeKeyBuilder.keyBytes {
            guard let head = heads[column.column], head.isValid(place) else {
                builder.appendNull()
                continue
            }
            switch column.kind {
            case .text: builder.append(textPrefix: column.collation.prefixKey128(head, place))
            case .id: builder.append(id: head.number(place, .id))
            case .number:
                let number = head.number(place, column.layout)
                builder.append(number: column.options.isEmpty ? number : Int64(column.options[Int(number)]))
            }
        }
        return builder.key
    }

    /// Enters new rows, whose values stand in their columns, into every index.
    mutating func insertComposites(_ rows: RowSet) {
        for place in composites.indices { insertComposite(place, rows) }
    }

    mutating func insertComposite(_ place: Int, _ rows: RowSet) {
        let composite = layout.composites[place]
        if rows.count < Table.compositeBatchMin {
            for index in 0..<rows.count {
                composites[place].insert(compositeKey(composite, row: rows[index]), row: UInt32(rows[index]))
            }
            return
        }
        withUnsafeTemporaryAllocation(of: OrderedIndex<UInt128>.Entry.self, capacity: rows.count) { entries in
            for index in 0..<rows.count {
                let row = rows[index]
                entries.initializeElement(
                    at: index,
                    to: OrderedIndex.Entry(key: compositeKey(composite, row: row), row: UInt32(row))
                )
            }
            composites[place].insert(UnsafeBufferPointer(entries))
        }
    }

    /// From so many rows on, what a batch prepares is less than what it saves.
    private static var compositeBatchMin: Int { 16 }

    /// Takes rows out of an index, before any of their values change.
    mutating func removeComposite(_ place: Int, _ rows: RowSet) {
        let composite = layout.composites[place]
        for index in 0..<rows.count {
            composites[place].remove(compositeKey(composite, row: rows[index]), row: UInt32(rows[index]))
        }
    }

    /// An index over all living rows, by sorting: 32 bytes a row, twice, for as long as it takes.
    func builtComposite(_ place: Int) -> OrderedIndex<UInt128> {
        let composite = layout.composites[place]
        return OrderedIndex(of: self) { table, row in table.compositeKey(composite, row: row) }
    }

    // MARK: Reading

    /// Visits the rows of an index whose keys lie within bounds, in the order of its first `count` columns and, where these are
    /// equal, of the bytes of `textColumns`, rising or falling, until `body` returns false. False when more than `tieCountMax`
    /// rows tie in what their keys say of these columns: sorting them would take too long.
    func forEachInCompositeOrder(
        _ place: Int,
        _ count: Int,
        textColumns: [Int],
        from lower: UInt128,
        through upper: UInt128,
        descending: Bool,
        tieCountMax: Int,
        _ body: (UInt32) -> Bool
    ) -> Bool {
        let composite = layout.composites[place]
        var run: [UInt32] = []
        var runKey: UInt128 = 0
        var goesOn = true
        var isTooLong = false
        func flush() -> Bool {
            if run.count > 1 {
                run.sort { a, b in
                    let order = compare(composite, count, textColumns, Int(a), Int(b))
                    return order != 0 ? (descending ? order > 0 : order < 0) : (descending ? a > b : a < b)
                }
            }
            for row in run where !body(row) { return false }
            run.removeAll(keepingCapacity: true)
            return true
        }
        composites[place].forEach(from: lower, through: upper, descending: descending) { key, row in
            let bytes = composite.wholeBytes(key, count)
            if bytes != nil, textColumns.isEmpty {
                // Nothing is left to compare.
                goesOn = flush() && body(row)
                return goesOn
            }
            // Rows whose keys begin with the same values: the rest of the key says nothing about this order.
            let rest = bytes.map { $0 < CompositeKeyBuilder.keyBytes ? ~UInt128(0) >> UInt128(8 * $0) : 0 } ?? 0
            if key & ~rest != runKey || run.isEmpty {
                goesOn = flush()
                runKey = key & ~rest
            }
            if goesOn { run.append(row) }
            isTooLong = run.count > tieCountMax
            return goesOn && !isTooLong
        }
        if isTooLong { return false }
        if goesOn { _ = flush() }
        return true
    }

    /// Order of two rows in an index's first `count` columns, then of the bytes of some texts.
    private func compare(
        _ composite: CompositeLayout,
        _ count: Int,
        _ textColumns: [Int],
        _ a: Int,
        _ b: Int
    ) -> Int {
        for column in composite.columns.prefix(count) {
            let (left, right) = (head(column.column, a), head(column.column, b))
            let isValid = (left?.isValid(a & 8191) ?? false, right?.isValid(b & 8191) ?? false)
            guard let left, let right, isValid == (true, true) else {
                if isValid.0 != isValid.1 { return isValid.1 ? -1 : 1 }
                continue
            }
            if column.kind == .text {
                let (one, other) = (left.text(a & 8191).asBytes, right.text(b & 8191).asBytes)
                let order = column.collation.compare(one, other)
                if order != 0 { return order }
                continue
            }
            let one = physicalNumber(column.column, left.number(a & 8191, column.layout))
            let other = physicalNumber(column.column, right.number(b & 8191, column.layout))
            if one != other { return one < other ? -1 : 1 }
        }
        for column in textColumns {
            // Equal so far: both are null or neither is.
            guard let left = head(column, a), left.isValid(a & 8191), let right = head(column, b) else { continue }
            let (one, other) = (left.text(a & 8191).asBytes, right.text(b & 8191).asBytes)
            let order = layout.collations[column].compareWithTieBreak(one, other)
            if order != 0 { return order }
        }
        return 0
    }
}

extension OrderedIndex {
    /// A full tree of entries in any order. O(n log n) at most, see `sort`.
    init(sorting entries: UnsafeMutableBufferPointer<Entry>) {
        guard !entries.isEmpty else {
            self.init()
            return
        }
        OrderedIndex.sort(entries)
        let leaves = Leaves(count: entries.count)
        for (place, entry) in entries.enumerated() { leaves.put(place, entry.key, entry.row) }
        self.init(leaves)
    }
}
