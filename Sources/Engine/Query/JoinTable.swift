// The partners of a batch's rows: a chain of entries per row, walked by number until `Table.noRow`.

/// Candidates for a join.
protocol Partners {
    /// The first entry of the chain for a row of the batch.
    func first(_ left: Int) -> UInt32
    func next(_ entry: UInt32) -> UInt32
    /// The row behind an entry.
    func row(_ entry: UInt32) -> UInt32
    /// Whether the entry can be a partner at all; equality is tested afterwards.
    func isCandidate(_ left: Int, _ entry: UInt32) -> Bool
}

/// The records whose lookup refers to the row: entries are rows.
struct Children: Partners {
    let source: SourceTable
    let link: LinkIndex
    let target: Int
    let parents: UnsafeMutablePointer<UInt32>

    func first(_ left: Int) -> UInt32 {
        parents[left] == Table.noRow ? Table.noRow : link.first(target: target, targetRow: parents[left])
    }
    func next(_ entry: UInt32) -> UInt32 { link.next(after: entry) }
    func row(_ entry: UInt32) -> UInt32 { entry }
    func isCandidate(_ left: Int, _ entry: UInt32) -> Bool { source.isVisible(entry) }
}

/// All rows of a source that may be seen, chained by the hash of their keys. Without keys there is one chain of all.
final class JoinTable {
    /// Bytes of one row: number and hash in lists that are up to half empty, the next of its chain, and up to four heads.
    private static let rowBytes = 2 * (4 + 8) + 4 + 16

    private var rows: [UInt32] = []
    private var hashes: [UInt64] = []
    private var following: [UInt32] = []
    private var heads: [UInt32] = [Table.noRow]

    /// Reads the whole source. Rows with a null key are left out: null equals nothing.
    init(_ evaluator: Evaluator, _ source: Int, keys: [Bound]) throws(QueryError) {
        let table = evaluator.tables[source]
        let batch = Batch(sourceCount: evaluator.sources.count)
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Block.validityWords)
        words.initialize(repeating: 0, count: Block.validityWords)
        defer { words.deallocate() }
        if let derived = table.derived {
            for row in 0..<derived.count {
                batch.rows[source][batch.count] = UInt32(row)
                batch.count += 1
                if batch.count == Vector.capacity { try add(batch, source, evaluator, keys) }
            }
        }
        for block in 0..<table.table.blockCount where table.selectLive(block: block, into: words) {
            for word in 0..<Block.validityWords {
                batch.append(words[word], first: UInt32(block << 13 | word << 6), to: source)
                if batch.count > Vector.capacity - 64 { try add(batch, source, evaluator, keys) }
            }
        }
        try add(batch, source, evaluator, keys)
        var capacity = 1
        while !keys.isEmpty, capacity < 2 * rows.count { capacity *= 2 }
        heads = Array(repeating: Table.noRow, count: capacity)
        following = Array(repeating: Table.noRow, count: rows.count)
        // From the last to the first, so that chains are in row order.
        for entry in rows.indices.reversed() {
            let slot = Int(truncatingIfNeeded: hashes[entry]) & (capacity - 1)
            following[entry] = heads[slot]
            heads[slot] = UInt32(entry)
        }
    }

    private func add(_ batch: Batch, _ source: Int, _ evaluator: Evaluator, _ keys: [Bound]) throws(QueryError) {
        batch.present = SourceSet(source)
        try evaluator.meter.step(batch.count)
        let mark = evaluator.arena.mark
        let (hashes, isNull) = try Self.hashes(evaluator, batch, keys)
        evaluator.release(to: mark)
        for index in 0..<batch.count where !isNull[index] {
            rows.append(batch.rows[source][index])
            self.hashes.append(hashes[index])
        }
        try evaluator.meter.keep(rows: batch.count, bytes: batch.count * Self.rowBytes)
        batch.count = 0
    }

    private static func hashes(
        _ evaluator: Evaluator,
        _ batch: Batch,
        _ keys: [Bound]
    ) throws(QueryError) -> ([UInt64], [Bool]) {
        var hashes = [UInt64](repeating: 0, count: batch.count)
        var isNull = [Bool](repeating: false, count: batch.count)
        for key in keys {
            let vector = try evaluator.evaluate(key, batch)
            for index in 0..<batch.count {
                if !vector.isValid(index) { isNull[index] = true }
                hashes[index] = combinedHash(hashes[index], GroupTable.hash(vector, index, key.type))
            }
            evaluator.release(vector)
        }
        return (hashes, isNull)
    }

    /// The chains for a batch.
    func probe(_ evaluator: Evaluator, _ batch: Batch, _ keys: [Bound]) throws(QueryError) -> any Partners {
        let (hashes, isNull) = try Self.hashes(evaluator, batch, keys)
        return Probe(table: self, hashes: hashes, isNull: isNull)
    }

    private struct Probe: Partners {
        let table: JoinTable
        let hashes: [UInt64]
        let isNull: [Bool]

        func first(_ left: Int) -> UInt32 {
            isNull[left]
                ? Table.noRow : table.heads[Int(truncatingIfNeeded: hashes[left]) & (table.heads.count - 1)]
        }
        func next(_ entry: UInt32) -> UInt32 { table.following[Int(entry)] }
        func row(_ entry: UInt32) -> UInt32 { table.rows[Int(entry)] }
        func isCandidate(_ left: Int, _ entry: UInt32) -> Bool { table.hashes[Int(entry)] == hashes[left] }
    }
}
