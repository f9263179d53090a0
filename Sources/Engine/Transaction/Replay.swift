// The log's entries, one after another, onto the state before them.
//
// Entries that create one record each and follow one another (what many connections leave behind) are collected and applied
// as one change: a batch costs a fraction of as many changes of one record, each of which goes through every column and index
// by itself. A collected run keeps its entries, so that whatever is unusual about it can be replayed one by one; the state and
// every refusal are the same as without collecting.

/// Replays a log. One thread at a time; nobody else uses the engine before `finish`.
package final class Replay {
    /// A run is applied when it has so many entries, or so many bytes of them: enough to share what a change costs, and little
    /// enough that what is collected stays in the cache.
    private static let runEntriesMax = 512
    private static let runBytesMax = 1 << 20
    /// Fewer are replayed one by one.
    private static let runEntriesMin = 4

    package let engine: Engine
    @exclusivity(unchecked) private var run = CreateRun()

    package init(_ engine: Engine) { self.engine = engine }

    /// Takes the entry of a position. What it changes may be seen only after `finish`.
    package func replay(_ entry: UnsafeRawBufferPointer, position: Position) throws(ReplayError) {
        if run.count > 0, position == engine.position + UInt64(run.count) + 1,
            run.count < Replay.runEntriesMax, run.byteCount < Replay.runBytesMax, run.append(entry)
        {
            return
        }
        try finish()
        if position == engine.position + 1, run.begin(entry, engine) { return }
        try engine.replay(entry, position: position)
    }

    /// Applies what was collected.
    package func finish() throws(ReplayError) {
        guard run.count > 0 else { return }
        defer { run.removeAll() }
        if run.count >= Replay.runEntriesMin, run.apply(to: engine) { return }
        try run.forEach { entry throws(ReplayError) in try engine.replay(entry, position: engine.position + 1) }
    }
}

extension Engine {
    /// Applies a create whose records were made one a transaction, from the next position on, at these times.
    func applyRun(_ change: Change, actor: RecordID, _ times: [Int64]) {
        let envelope = Envelope(message: 0, timeMicroseconds: times[0], actor: actor, key: nil)
        let first = position + 1
        applyCreate(change, envelope, first)
        let rows = (0..<change.count).map { tables[change.place].row(of: change.id($0)) }
        // What is written now may stand in indexes already.
        let stamped = [SystemAttribute.version, SystemAttribute.createdOn, SystemAttribute.modifiedOn].map {
            Int($0.rawValue)
        }
        let composites = tables[change.place].layout.composites(touchedBy: stamped)
        rows.withUnsafeBufferPointer { list in
            let rows = RowSet(first: 0, count: list.count, list: list.baseAddress)
            for composite in composites { tables[change.place].removeComposite(composite, rows) }
        }
        defer {
            rows.withUnsafeBufferPointer { list in
                let rows = RowSet(first: 0, count: list.count, list: list.baseAddress)
                for composite in composites { tables[change.place].insertComposite(composite, rows) }
            }
        }
        tables[change.place].fill(Int(SystemAttribute.version.rawValue), rows) { Int64(bitPattern: first + UInt64($0)) }
        if times.contains(where: { $0 != times[0] }) {
            for column in [SystemAttribute.createdOn, SystemAttribute.modifiedOn] {
                tables[change.place].fill(Int(column.rawValue), rows) { times[$0] }
            }
        }
        position += UInt64(change.count)
        timeMicroseconds = times[change.count - 1]
    }
}

extension Table {
    /// Writes a number, in stored form, to each of some living rows.
    fileprivate mutating func fill(_ column: Int, _ rows: [UInt32], _ number: (Int) -> Int64) {
        guard layout.orderedPlaces[column] < 0 else {
            for (index, row) in rows.enumerated() {
                fill(column, number(index), rows: RowSet(first: Int(row), count: 1, list: nil))
            }
            return
        }
        var start = 0
        while start < rows.count {
            let chunk = Int(rows[start] >> 13)
            var end = start + 1
            var last = rows[start]
            while end < rows.count, rows[end] >> 13 == chunk {
                last = max(last, rows[end])
                end += 1
            }
            withBlock(column, chunk: chunk, capacity: Int(last & 8191) + 1) { block in
                for index in start..<end { block.setNumber(Int(rows[index] & 8191), number(index)) }
            }
            start = end
        }
    }
}
