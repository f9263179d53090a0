// An index by keys that somebody above the engine makes of a record's values: any number of keys for a record, and records with the same
// key. The engine knows nothing of what they mean; duplicate rules are found by them (docs/duplicates.md).
//
// Invariant: it holds, for every living row, each key that its maker makes of the row's values now, and nothing else. It is kept where rows
// and their other indexes are written, so that a transaction, its revert and its replay do the same, and views share it as they share any
// index. It is no content: it is not logged, not in a snapshot, and not in the digest.
//
// Life: nobody has one until somebody asks. It is made from a view beside the writer, which notes meanwhile which rows change
// (Engine+RecordKeys); it is gone with another layout of its table, and at the end of the process. A table without one pays one look at
// two optionals where it is written.

/// Makes the keys of records of one entity.
package protocol RecordKeyMaker: AnyObject, Sendable {
    /// The columns whose values keys depend on. None is computed on reading, and none is written by the engine itself when a record
    /// changes.
    var columns: [Int] { get }

    /// Appends the keys of a record, each once, from the values of `columns`. They depend on nothing else.
    func append(keysOf values: [Value], to keys: inout [UInt64])
}

/// Records by their keys. Value semantics.
package struct RecordKeyIndex: Sendable {
    /// Who makes the keys.
    package let maker: any RecordKeyMaker
    private var order = OrderedIndex<UInt64>()
    /// The keys of rows that are being changed.
    fileprivate var before: [[UInt64]] = []

    fileprivate init(maker: any RecordKeyMaker) { self.maker = maker }

    /// Rows with a key in rising order, `countMax` of them at most. O(log n + rows).
    package func rows(_ key: UInt64, countMax: Int) -> [UInt32] {
        var rows: [UInt32] = []
        order.forEach(from: key, through: key) { _, row in
            guard rows.count < countMax else { return false }
            rows.append(row)
            return true
        }
        return rows
    }

    /// Keys of all records together.
    package var count: Int { order.count }
    package var memoryBytes: Int { order.memoryBytes }

    fileprivate mutating func replace(_ old: [UInt64], by new: [UInt64], row: UInt32) {
        for key in old where !new.contains(key) { order.remove(key, row: row) }
        for key in new where !old.contains(key) { order.insert(key, row: row) }
    }

    fileprivate mutating func insert(_ entries: [OrderedIndex<UInt64>.Entry]) {
        entries.withUnsafeBufferPointer { order.insert($0) }
    }

    /// Puts what waits where readers find it: a view is about to be made.
    mutating func mergePending() { order.mergePending(releasing: true) }

    /// Every key with its row, in order: tests.
    func checkEquals(_ other: RecordKeyIndex) {
        order.checkInvariants()
        precondition(
            entries.elementsEqual(other.entries, by: ==),
            "keys of records: the index differs from the records"
        )
    }

    private var entries: [(UInt64, UInt32)] {
        var entries: [(UInt64, UInt32)] = []
        order.forEach {
            entries.append(($0, $1))
            return true
        }
        return entries
    }
}

extension RecordKeyIndex {
    /// The index of a table's records. O(records × keys × log).
    package init(_ maker: any RecordKeyMaker, of table: borrowing Table) {
        self.init(maker: maker)
        var entries: [OrderedIndex<UInt64>.Entry] = []
        for row in 0..<table.rowCount {
            for key in table.recordKeys(ofRow: row, maker) { entries.append(.init(key: key, row: UInt32(row))) }
        }
        insert(entries)
        mergePending()
    }

    /// Replaces what a row was in one state of the table by what it is in a later one.
    package mutating func update(row: Int, from old: borrowing Table, to new: borrowing Table) {
        replace(old.recordKeys(ofRow: row, maker), by: new.recordKeys(ofRow: row, maker), row: UInt32(row))
    }
}

extension Table {
    /// The keys of a record; none for a row that is dead or not there.
    func recordKeys(ofRow row: Int, _ maker: any RecordKeyMaker) -> [UInt64] {
        guard row < rowCount, recordID(atRow: row) != .none else { return [] }
        var keys: [UInt64] = []
        maker.append(keysOf: maker.columns.map { value($0, row) }, to: &keys)
        return keys
    }

    /// Enters new rows, whose values all stand in their columns.
    mutating func insertRecordKeys(_ rows: RowSet) {
        guard let maker = recordKeys?.maker else { return noteRecordKeys(rows) }
        var entries: [OrderedIndex<UInt64>.Entry] = []
        for index in 0..<rows.count {
            for key in recordKeys(ofRow: rows[index], maker) {
                entries.append(.init(key: key, row: UInt32(rows[index])))
            }
        }
        recordKeys?.insert(entries)
    }

    /// Keeps the keys of rows that are about to be changed, for `replaceRecordKeys`; false where none of their columns matters, and that
    /// need not follow.
    @inline(__always)
    mutating func keepRecordKeys(_ rows: RowSet, _ changes: (_ column: Int) -> Bool) -> Bool {
        guard recordKeys != nil || keyJournal != nil else { return false }
        return keepKeys(rows, changes)
    }

    @inline(never)
    private mutating func keepKeys(_ rows: RowSet, _ changes: (_ column: Int) -> Bool) -> Bool {
        noteRecordKeys(rows)
        guard let maker = recordKeys?.maker, maker.columns.contains(where: changes) else { return false }
        let before = (0..<rows.count).map { recordKeys(ofRow: rows[$0], maker) }
        recordKeys?.before = before
        return true
    }

    /// Replaces the keys of rows that were changed since `keepRecordKeys`.
    mutating func replaceRecordKeys(_ rows: RowSet) {
        guard var index = recordKeys.take() else { return }
        for (place, old) in index.before.enumerated() {
            index.replace(old, by: recordKeys(ofRow: rows[place], index.maker), row: UInt32(rows[place]))
        }
        index.before = []
        recordKeys = index
    }

    /// Takes a row out that is about to end.
    mutating func removeRecordKeys(row: Int) {
        guard let maker = recordKeys?.maker else { return noteRecordKeys(RowSet(first: row, count: 1, list: nil)) }
        let keys = recordKeys(ofRow: row, maker)
        recordKeys?.replace(keys, by: [], row: UInt32(row))
    }

    private mutating func noteRecordKeys(_ rows: RowSet) {
        guard keyJournal != nil else { return }
        for index in 0..<rows.count { keyJournal?.note(rows[index]) }
    }
}
