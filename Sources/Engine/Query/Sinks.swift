// Where the rows of a query end: in the result, in a sort, or in groups.

/// Takes batches of rows. Returns false when it wants no more.
protocol RowSink: AnyObject {
    func consume(_ batch: Batch) throws(QueryError) -> Bool
}

/// Computes the result's columns and keeps them until they are taken, in blocks of `blockRows` rows.
///
/// The rows stand in chunks of at least 32,769 rows, a whole number of blocks each, and a block is copied out of its chunk when
/// it is taken: so a column costs its values and some three allocations a chunk, however small the blocks are. A chunk is
/// given up with its last row; an answer of ten million rows has no more than 306.
final class OutputSink: RowSink {
    private static let chunkRowsMax = 65_536

    private let evaluator: Evaluator
    private let outputs: [BoundOutput]
    private let blockRows: Int
    private let chunkRows: Int
    private var skip: Int
    private var rest: Int
    /// Chunks with all their rows, oldest first, and the one that is being filled.
    private var full: [QueryResult] = []
    private var current: [ResultColumn]
    /// Rows of the oldest chunk that were taken.
    private var takenRows = 0
    /// What the chunks hold, as the meter counts it: taken rows count until their chunk is given up.
    private(set) var keptRows = 0
    private(set) var keptBytes = 0

    init(_ evaluator: Evaluator, _ outputs: [BoundOutput], offset: Int, limit: Int, blockRows: Int) {
        self.evaluator = evaluator
        self.outputs = outputs
        self.blockRows = blockRows
        chunkRows = max(blockRows, Self.chunkRowsMax / blockRows * blockRows)
        skip = offset
        rest = limit
        current = Self.empty(outputs)
    }

    static func empty(_ outputs: [BoundOutput]) -> [ResultColumn] {
        outputs.map { ResultColumn(name: $0.name, type: $0.expression.type) }
    }

    /// Whether the limit is reached.
    var isFull: Bool { rest == 0 }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let first = min(skip, batch.count)
        skip -= first
        let end = first + min(rest, batch.count - first)
        guard end > first else { return rest > 0 }
        rest -= end - first
        try evaluator.meter.step(end - first)
        // Rows behind the limit are not computed: what they hold must not matter.
        let count = batch.count
        batch.count = end
        defer { batch.count = count }
        var at = first
        let vectors = try evaluateAll(batch)
        var bytes = -current.byteCount
        while at < end {
            let taken = min(end - at, chunkRows - (current.first?.count ?? 0))
            for index in current.indices { try current[index].append(vectors[index], from: at, taken) }
            at += taken
            if current.first?.count == chunkRows {
                bytes += current.byteCount
                full.append(QueryResult(columns: current))
                current = Self.empty(outputs)
            }
        }
        for vector in vectors { evaluator.release(vector) }
        try keep(rows: end - first, bytes: bytes + current.byteCount)
        return rest > 0
    }

    private func evaluateAll(_ batch: Batch) throws(QueryError) -> [Vector] {
        var vectors: [Vector] = []
        for output in outputs { vectors.append(try evaluator.evaluate(output.expression, batch)) }
        return vectors
    }

    private func keep(rows: Int, bytes: Int) throws(QueryError) {
        keptRows += rows
        keptBytes += bytes
        try evaluator.meter.keep(rows: rows, bytes: bytes)
    }

    /// The next `blockRows` rows, or with `isLast` those that are left; nil when there are not so many, or none.
    func takeBlock(isLast: Bool) throws(QueryError) -> QueryResult? {
        let columns = full.first?.columns ?? current
        let count = columns.first?.count ?? 0
        let rows = takenRows..<takenRows + min(blockRows, count - takenRows)
        guard rows.count == blockRows || isLast && !rows.isEmpty else { return nil }
        let block = QueryResult(columns: rows.count == count ? columns : columns.map { $0.cut(rows) })
        takenRows = rows.upperBound
        guard takenRows == count else { return block }
        takenRows = 0
        if full.isEmpty { current = Self.empty(outputs) } else { full.removeFirst() }
        try keep(rows: -count, bytes: -columns.byteCount)
        return block
    }
}

/// Keeps rows and their sort keys; gives them back in order. With a bound it keeps only the first `keep` rows.
final class SortSink: RowSink {
    private let evaluator: Evaluator
    private let order: [BoundOrder]
    private let sources: [Int]
    private let keep: Int
    private var keys: [SlotColumn]
    private var keeper = TextKeeper()
    private var keeperBytes = 0
    private var rows: [[UInt32]]
    private var count = 0
    /// First key of the last row kept, once `keep` rows are there.
    private var bound: Int64?

    /// `sources` are those whose rows make up a row of the query.
    init(_ evaluator: Evaluator, _ order: [BoundOrder], sources: [Int], keep: Int) {
        self.evaluator = evaluator
        self.order = order
        self.sources = sources
        self.keep = keep
        keys = order.map { [keeper] in SlotColumn($0.expression, keeper) }
        rows = sources.map { _ in [] }
    }

    /// Bytes of one row: its places, its keys, and its number when they are sorted.
    private var rowBytes: Int { sources.count * 4 + 4 + keys.reduce(0) { $0 + $1.strideBytes } }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        guard keep > 0 else { return false }
        try evaluator.meter.step(batch.count)
        if let bound { try dropBehind(bound, batch) }
        for (place, key) in order.enumerated() {
            let vector = try evaluator.evaluate(key.expression, batch)
            keys[place].append(vector, count: batch.count)
            evaluator.release(vector)
        }
        for (place, source) in sources.enumerated() {
            rows[place].append(contentsOf: UnsafeBufferPointer(start: batch.rows[source], count: batch.count))
        }
        count += batch.count
        let textBytes = keeper.takeNewBytes()
        keeperBytes += textBytes
        try evaluator.meter.keep(rows: batch.count, bytes: batch.count * rowBytes + textBytes)
        // Sorting when twice as many are there costs each row about one comparison per level, however many come.
        if keep < Int.max / 4, count >= max(2 * keep, 2 * Vector.capacity) { try prune() }
        return true
    }

    private func prune() throws(QueryError) {
        let kept = Array(sorted().prefix(keep))
        let newKeeper = TextKeeper()
        for place in keys.indices {
            keys[place].keep(kept)
            keys[place] = keys[place].moved(to: newKeeper)
        }
        keeper = newKeeper
        let textBytes = newKeeper.takeNewBytes()
        try evaluator.meter.keep(rows: 0, bytes: textBytes - keeperBytes)
        keeperBytes = textBytes
        for place in rows.indices { rows[place] = kept.map { rows[place][Int($0)] } }
        try evaluator.meter.keep(rows: kept.count - count, bytes: (kept.count - count) * rowBytes)
        count = kept.count
        if count == keep, let key = order.first, !key.expression.type.isText, key.expression.type != .double,
            keys[0].valid[count - 1]
        {
            bound = keys[0].numbers[count - 1]
        }
    }

    /// Drops rows whose first key comes behind that of the last row kept: they cannot be among the first `keep`.
    private func dropBehind(_ bound: Int64, _ batch: Batch) throws(QueryError) {
        let key = try evaluator.evaluate(order[0].expression, batch)
        let isDescending = order[0].isDescending
        for index in 0..<batch.count {
            let isNear: Bool
            if key.isValid(index) {
                isNear = isDescending ? key.numbers[index] >= bound : key.numbers[index] <= bound
            } else {
                isNear = !isDescending
            }
            key.numbers[index] = isNear ? 1 : 0
            key.valid[index] = 1
        }
        batch.compact(key)
        evaluator.release(key)
    }

    /// Rows in order: by the keys, then texts that are equal under the collation by their bytes, then as they came.
    private func sorted() -> [UInt32] {
        var permutation = (0..<UInt32(count)).map { $0 }
        // Copies, so that comparisons need not check for exclusive access to the object.
        let keys = keys
        let doubles = order.map { $0.expression.type == .double }
        let falls = order.map(\.isDescending)
        permutation.sort { a, b in
            for place in 0..<keys.count {
                let order = keys[place].order(Int(a), Int(b), isDouble: doubles[place])
                if order != 0 { return falls[place] ? order > 0 : order < 0 }
            }
            for place in 0..<keys.count where keys[place].isText {
                let order = keys[place].byteOrder(Int(a), Int(b))
                if order != 0 { return falls[place] ? order > 0 : order < 0 }
            }
            return a < b
        }
        return permutation
    }

    /// Sends the rows on in order.
    func finish(into sink: some RowSink, sourceCount: Int) throws(QueryError) {
        let permutation = sorted()
        let batch = Batch(sourceCount: sourceCount)
        var at = 0
        while at < permutation.count {
            batch.count = min(Vector.capacity, permutation.count - at)
            batch.present = SourceSet()
            for (place, source) in sources.enumerated() {
                for index in 0..<batch.count { batch.rows[source][index] = rows[place][Int(permutation[at + index])] }
                batch.present.insert(source)
            }
            at += batch.count
            let mark = evaluator.arena.mark
            guard try sink.consume(batch) else { return }
            evaluator.release(to: mark)
        }
    }
}
