// Alternate keys and ordered access: how a table computes keys from rows and from batches, so that both agree.

extension UnsafeRawBufferPointer {
    /// The same bytes, typed.
    @inline(__always)
    package var asBytes: UnsafeBufferPointer<UInt8> { assumingMemoryBound(to: UInt8.self) }
}

/// Combines the hashes of a key's values, in order.
@inline(__always)
package func combinedHash(_ hash: UInt64, _ next: UInt64) -> UInt64 {
    // Multiply and fold: the 128-bit product mixes every bit of both operands.
    let product = (hash ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: next ^ 0xD1B5_4A32_D192_ED03)
    return product.high ^ product.low
}

extension Table {
    /// Seed of key hashes. A constant: the index never leaves memory, and a client that forces collisions slows down its
    /// own organisation only.
    package static let keySeed: UInt64 = 0x4B69_7468_2D6B_6579

    @inline(__always)
    package static func hash(number: Int64) -> UInt64 { combinedHash(keySeed, UInt64(bitPattern: number)) }

    @inline(__always)
    package static func hash(text: UnsafeRawBufferPointer, _ collation: Collation) -> UInt64 {
        collation.hash(text.asBytes, seed: keySeed)
    }

    /// Hash of a row's values under a key; nil when one is null.
    package func keyHash(_ key: Int, row: Int) -> UInt64? { keyHash(layout.keyColumns[key], row) }

    /// Hash of a row's values in these columns; nil when one is null.
    @inline(__always)
    func keyHash(_ columns: [Int], _ row: Int) -> UInt64? { keyHash(columns, row, layout.collations) }

    /// The same under other collations.
    @inline(__always)
    func keyHash(_ columns: [Int], _ row: Int, _ collations: [Collation]) -> UInt64? {
        // A deleted key names no row.
        if columns.isEmpty { return nil }
        var hash: UInt64 = 0
        for column in columns {
            guard let head = head(column, row), head.isValid(row & 8191) else { return nil }
            let part =
                layout.columns[column] == .text
                ? Table.hash(text: head.text(row & 8191), collations[column])
                : Table.hash(number: physicalNumber(column, head.number(row & 8191, layout.columns[column])))
            hash = combinedHash(hash, part)
        }
        return hash
    }

    /// Hash of values given in the order of a key's attributes; nil when one is null.
    package func keyHash(_ key: Int, of values: [ColumnView], _ index: Int) -> UInt64? {
        var hash: UInt64 = 0
        for (value, column) in zip(values, layout.keyColumns[key]) {
            guard value.isValid(index) else { return nil }
            let part =
                value.kind == .text
                ? Table.hash(text: value.text(index), layout.collations[column])
                : Table.hash(number: value.number(index))
            hash = combinedHash(hash, part)
        }
        return hash
    }

    /// The row that an alternate key names; nil when there is none or a value is null.
    package func find(key: Int, hash: UInt64, values: [ColumnView], _ index: Int) -> UInt32? {
        let columns = layout.keyColumns[key]
        return keys[key].find(hash) { row in
            for place in 0..<columns.count where !matches(columns[place], Int(row), values[place], index) {
                return false
            }
            return true
        }
    }

    /// Whether a stored value equals one of a batch; texts under the column's collation.
    func matches(_ column: Int, _ row: Int, _ values: ColumnView, _ index: Int) -> Bool {
        guard let head = head(column, row), head.isValid(row & 8191) else { return false }
        if layout.columns[column] == .text {
            return values.kind == .text
                && layout.collations[column].equal(head.text(row & 8191).asBytes, values.text(index).asBytes)
        }
        return values.kind != .text
            && physicalNumber(column, head.number(row & 8191, layout.columns[column])) == values.number(index)
    }

    /// The row that a key of one attribute names by a text: the way of the query executor.
    package func find(key: Int, text: UnsafeRawBufferPointer) -> UInt32? {
        let column = layout.keyColumns[key][0]
        let collation = layout.collations[column]
        return keys[key].find(combinedHash(0, Table.hash(text: text, collation))) { row in
            guard let head = head(column, Int(row)), head.isValid(Int(row) & 8191) else { return false }
            return collation.equal(head.text(Int(row) & 8191).asBytes, text.asBytes)
        }
    }

    /// The row that a key of one attribute names by a number in physical form.
    package func find(key: Int, number: Int64) -> UInt32? {
        let column = layout.keyColumns[key][0]
        return keys[key].find(combinedHash(0, Table.hash(number: number))) { row in
            guard let head = head(column, Int(row)), head.isValid(Int(row) & 8191) else { return false }
            return physicalNumber(column, head.number(Int(row) & 8191, layout.columns[column])) == number
        }
    }

    /// A row of an index with the values that another row has in these columns, as the collations compare them.
    func equalRow(
        _ hash: UInt64,
        _ columns: [Int],
        _ row: Int,
        _ collations: [Collation],
        in index: HashIndex
    ) -> UInt32? {
        index.find(hash) { other in columns.allSatisfy { isEqual($0, Int(other), row, collations[$0]) } }
    }

    private func isEqual(_ column: Int, _ a: Int, _ b: Int, _ collation: Collation) -> Bool {
        guard let left = head(column, a), let right = head(column, b) else { return false }
        let layout = layout.columns[column]
        guard layout == .text else { return left.number(a & 8191, layout) == right.number(b & 8191, layout) }
        return collation.equal(left.text(a & 8191).asBytes, right.text(b & 8191).asBytes)
    }

    mutating func insertKey(_ key: Int, row: Int) {
        if let hash = keyHash(key, row: row) { keys[key].insert(hash, row: UInt32(row)) }
    }

    /// Enters rows, whose values stand in their columns already, into the index of a key.
    mutating func insertKeys(_ key: Int, rows: RowSet) {
        if rows.count < Table.batchCountMin {
            for i in 0..<rows.count { insertKey(key, row: rows[i]) }
            return
        }
        let columns = layout.keyColumns[key]
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: rows.count) { hashes in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: rows.count) { keyed in
                var count = 0
                for i in 0..<rows.count {
                    guard let hash = keyHash(columns, rows[i]) else { continue }
                    hashes.initializeElement(at: count, to: hash)
                    keyed.initializeElement(at: count, to: UInt32(rows[i]))
                    count += 1
                }
                keys[key].insert(
                    UnsafeBufferPointer(rebasing: hashes[..<count]),
                    rows: UnsafeBufferPointer(rebasing: keyed[..<count])
                )
            }
        }
    }

    mutating func removeKey(_ key: Int, row: Int) {
        if let hash = keyHash(key, row: row) { keys[key].remove(hash, row: UInt32(row)) }
    }

    // MARK: Ordered columns

    /// From so many rows on, what a batch prepares is less than what it saves.
    private static let batchCountMin = 16

    /// Enters rows, whose values stand in the column already, into its index.
    mutating func insertOrdered(_ column: Int, rows: RowSet) {
        if rows.count < Table.batchCountMin {
            for i in 0..<rows.count { insertOrdered(column, row: rows[i]) }
            return
        }
        let place = Int(layout.orderedPlaces[column])
        let columnLayout = layout.columns[column]
        if columnLayout == .text {
            let collation = layout.collations[column]
            withUnsafeTemporaryAllocation(of: OrderedIndex<UInt128>.Entry.self, capacity: rows.count) { entries in
                let count = collect(column, rows, into: entries) { collation.prefixKey128($0.text($1)) }
                textOrders[place].insert(UnsafeBufferPointer(rebasing: entries[..<count]))
            }
        } else {
            withUnsafeTemporaryAllocation(of: OrderedIndex<UInt64>.Entry.self, capacity: rows.count) { entries in
                let count = collect(column, rows, into: entries) { ColumnOrder.key($0.number($1, columnLayout)) }
                numberOrders[place].insert(UnsafeBufferPointer(rebasing: entries[..<count]))
            }
        }
    }

    /// Begins to put what waits in the ordered indexes into their trees beside the writer, where that is much.
    mutating func mergeOrders(beside background: Background) {
        for place in textOrders.indices { textOrders[place].mergeBeside(background) }
        for place in numberOrders.indices { numberOrders[place].mergeBeside(background) }
    }

    /// Puts what waits in the ordered indexes into their trees: a view is about to be made.
    mutating func mergePendingOrders() {
        for place in textOrders.indices { textOrders[place].mergePending(releasing: true) }
        for place in numberOrders.indices { numberOrders[place].mergePending(releasing: true) }
        for place in composites.indices { composites[place].mergePending(releasing: true) }
        search?.mergePending()
        recordKeys?.mergePending()
    }

    /// Writes the entries of those rows that have a value, and returns how many these are.
    @inline(__always)
    private func collect<Key>(
        _ column: Int,
        _ rows: RowSet,
        into entries: UnsafeMutableBufferPointer<OrderedIndex<Key>.Entry>,
        key: (BlockHead, Int) -> Key
    ) -> Int {
        var count = 0
        for i in 0..<rows.count {
            let row = rows[i]
            guard let head = head(column, row), head.isValid(row & 8191) else { continue }
            entries.initializeElement(
                at: count,
                to: OrderedIndex<Key>.Entry(key: key(head, row & 8191), row: UInt32(row))
            )
            count += 1
        }
        return count
    }

    mutating func insertOrdered(_ column: Int, row: Int) {
        guard let head = head(column, row), head.isValid(row & 8191) else { return }
        let place = Int(layout.orderedPlaces[column])
        if layout.columns[column] == .text {
            textOrders[place].insert(layout.collations[column].prefixKey128(head.text(row & 8191)), row: UInt32(row))
        } else {
            let number = head.number(row & 8191, layout.columns[column])
            numberOrders[place].insert(ColumnOrder.key(number), row: UInt32(row))
        }
    }

    mutating func removeOrdered(_ column: Int, row: Int) {
        guard let head = head(column, row), head.isValid(row & 8191) else { return }
        let place = Int(layout.orderedPlaces[column])
        if layout.columns[column] == .text {
            textOrders[place].remove(layout.collations[column].prefixKey128(head.text(row & 8191)), row: UInt32(row))
        } else {
            let number = head.number(row & 8191, layout.columns[column])
            numberOrders[place].remove(ColumnOrder.key(number), row: UInt32(row))
        }
    }

    /// Visits the rows of an ordered text column in collation order (ties by bytes, then by row), rising or falling, until
    /// `body` returns false. Runs that agree in sixteen folded bytes are sorted here; a run of k rows costs k log k text
    /// comparisons.
    package func forEachInTextOrder(
        _ column: Int,
        from lower: UInt128 = .min,
        through upper: UInt128 = .max,
        descending: Bool = false,
        _ body: (UInt32) -> Bool
    ) {
        guard case .text(let index)? = order(column) else { return }
        var run: [UInt32] = []
        var runKey: UInt128 = 0
        var goesOn = true
        func flush() -> Bool {
            if run.count > 1 {
                run.sort { a, b in
                    let order = compareTexts(column, Int(a), Int(b))
                    return order != 0 ? (descending ? order > 0 : order < 0) : (descending ? a > b : a < b)
                }
            }
            for row in run where !body(row) { return false }
            run.removeAll(keepingCapacity: true)
            return true
        }
        index.forEach(from: lower, through: upper, descending: descending) { key, row in
            if key != runKey || run.isEmpty {
                goesOn = flush()
                runKey = key
            }
            if goesOn { run.append(row) }
            return goesOn
        }
        if goesOn { _ = flush() }
    }

    private func compareTexts(_ column: Int, _ a: Int, _ b: Int) -> Int {
        guard let left = head(column, a), let right = head(column, b) else { return 0 }
        return layout.collations[column].compareWithTieBreak(left.text(a & 8191).asBytes, right.text(b & 8191).asBytes)
    }
}
