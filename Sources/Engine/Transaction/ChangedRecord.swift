// What a transaction has made or changed, for whoever looks at it before it takes effect (`Engine.transactionCheck`).

/// A record as a transaction leaves it.
package struct ChangedRecord {
    /// Which one.
    package let record: RecordID
    /// Whether the transaction has made it.
    package let isNew: Bool
    /// The columns whose values differ; empty where it is new.
    package private(set) var columns: [Int]

    fileprivate init(record: RecordID, isNew: Bool, columns: [Int]) {
        (self.record, self.isNew, self.columns) = (record, isNew, columns)
    }

    /// A record as it stands, looked at as if it had been made.
    package init(record: RecordID) { self.init(record: record, isNew: true, columns: []) }
}

extension Engine {
    /// The records that the running transaction has made or changed and not deleted, in the order in which it came to them, each once.
    /// O(values).
    func changedRecords(_ entry: borrowing ByteWriter) -> [ChangedRecord] {
        var list: [ChangedRecord] = []
        var places: [RecordID: Int] = [:]
        for start in undo.changeOffsets {
            let change = decodeOwnChange(at: start, of: entry)
            guard change.kind != .delete else { continue }
            for row in 0..<change.count {
                let record = change.id(row)
                guard tables[change.place].row(of: record) != Table.noRow else { continue }
                let columns = change.kind == .create ? [] : change.changedColumns(row)
                if let place = places[record] {
                    if !list[place].isNew { list[place].add(columns) }
                } else {
                    places[record] = list.count
                    list.append(ChangedRecord(record: record, isNew: change.kind == .create, columns: columns))
                }
            }
        }
        return list
    }
}

extension ChangedRecord {
    fileprivate mutating func add(_ further: [Int]) { columns += further.filter { !columns.contains($0) } }
}

extension Change {
    /// The columns of a row of an update whose values differ.
    fileprivate func changedColumns(_ row: Int) -> [Int] {
        attributes.indices.filter { !columns[$0].isSame(as: newColumns[$0], row) }.map { attributes[$0] }
    }
}

extension ColumnView {
    fileprivate func isSame(as other: ColumnView, _ row: Int) -> Bool {
        guard isValid(row), other.isValid(row) else { return isValid(row) == other.isValid(row) }
        return kind == .text ? text(row).elementsEqual(other.text(row)) : number(row) == other.number(row)
    }
}
