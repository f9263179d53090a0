// Runs a query inside another one for a batch of rows outside at once. Its rows carry the number of the row outside that
// they belong to, behind the numbers of its own sources; `.outer` reads the values of that row. The way from the row outside
// is one of three: the record that it refers to, the records that refer to it (the index of the lookup), or the rows of a
// hash table with equal keys; without keys all rows go with every row outside.

/// How the rows for a row outside are found.
enum LateralAccess {
    /// The record with this id.
    case record(Bound)
    /// The records whose lookup `column` refers to the record with this id.
    case children(column: Int, Bound)
    /// The rows whose keys have the same hash.
    case table(own: [Bound], outer: [Bound])

    /// For EXPLAIN.
    func explanation(_ table: TableView) -> String {
        switch self {
        case .record: "by record id"
        case .children(let column, _): "by the lookup index on \(table.entity.attributes[column].name)"
        case .table(let own, _):
            own.isEmpty ? "with every row" : "by a hash table over \(own.count) key\(own.count == 1 ? "" : "s")"
        }
    }
}

/// Takes the rows for many rows outside.
protocol LateralSink: RowSink {
    /// Whether more rows for this row outside cannot change the answer.
    func isSettled(_ outer: Int) -> Bool
}

extension Execution {
    /// Sends the rows that go with `count` rows outside, whose values are in `evaluator.outer`, into the sink.
    func runLateral(_ count: Int, into sink: some LateralSink) throws(QueryError) {
        guard case .lateral(let access) = plan.access else { preconditionFailure("a query that runs by itself") }
        self.sink = sink
        let places = numberOuterBatch(count)
        let mark = evaluator.arena.mark
        defer { evaluator.release(to: mark) }
        var pairs = LateralPairs(self)
        switch access {
        case .record(let id):
            let ids = try evaluator.evaluate(id, places)
            let table = evaluator.tables[plan.base]
            for outer in 0..<count where ids.isValid(outer) {
                let row = table.row(of: UInt64(bitPattern: ids.numbers[outer]))
                if row != Table.noRow { try pairs.add(outer, row, self) }
            }
            evaluator.release(ids)
        case .children(let column, let id):
            let ids = try evaluator.evaluate(id, places)
            for outer in 0..<count where ids.isValid(outer) {
                let id = RecordID(rawValue: UInt64(bitPattern: ids.numbers[outer]))
                try walk(column, id, outer, &pairs, sink)
            }
            evaluator.release(ids)
        case .table(let own, let keys):
            let table = try joinTable(plan.base, own)
            let partners = try table.probe(evaluator, places, keys)
            let source = evaluator.tables[plan.base]
            for outer in 0..<count {
                var entry = partners.first(outer)
                while entry != Table.noRow {
                    if partners.isCandidate(outer, entry), source.isVisible(partners.row(entry)) {
                        if try pairs.add(outer, partners.row(entry), self), sink.isSettled(outer) { break }
                    }
                    entry = partners.next(entry)
                }
            }
        }
        try pairs.flush(self)
    }

    /// The records that refer to `id`.
    private func walk(
        _ column: Int,
        _ id: RecordID,
        _ outer: Int,
        _ pairs: inout LateralPairs,
        _ sink: some LateralSink
    ) throws(QueryError) {
        let source = evaluator.tables[plan.base]
        let view = evaluator.context.view
        guard let link = source.table.link(column), let target = source.table.linkTarget(column, id.entity),
            let place = view.schema.place(of: id.entity)
        else { return }
        let targetRow = view.table(place).row(of: id)
        if targetRow == Table.noRow { return }
        var row = link.first(target: target, targetRow: targetRow)
        while row != LinkIndex.none {
            if source.isVisible(row), try pairs.add(outer, row, self), sink.isSettled(outer) { return }
            row = link.next(after: row)
        }
    }

    /// The batch that stands for the rows outside: each is its own number, for `.outer` and for `.slot`.
    func numberOuterBatch(_ count: Int) -> Batch {
        let outer = outerBatch.rows[evaluator.outerSource]
        for index in 0..<count {
            outer[index] = UInt32(index)
            outerBatch.rows[0][index] = UInt32(index)
        }
        outerBatch.count = count
        outerBatch.present = SourceSet(0)
        outerBatch.present.insert(evaluator.outerSource)
        return outerBatch
    }

    func joinTable(_ source: Int, _ keys: [Bound]) throws(QueryError) -> JoinTable {
        if let known = joinTables[source] { return known }
        let table = try JoinTable(evaluator, source, keys: keys)
        joinTables[source] = table
        return table
    }
}

/// Collects rows and the rows outside that they go with, and sends them on in batches.
private struct LateralPairs {
    private let batch: Batch
    private let rows: UnsafeMutablePointer<UInt32>
    private let outers: UnsafeMutablePointer<UInt32>
    private let table: TableView
    private let tests: [BlockTest]
    private var count = 0
    private var fetched = 0

    init(_ execution: Execution) {
        batch = execution.batch
        rows = batch.rows[execution.plan.base]
        outers = batch.rows[execution.evaluator.outerSource]
        table = execution.evaluator.tables[execution.plan.base].table
        tests = execution.plan.tests
    }

    /// Adds a row that may be seen, if it passes the tests. True when the rows so far have been sent on.
    @discardableResult
    mutating func add(_ outer: Int, _ row: UInt32, _ execution: Execution) throws(QueryError) -> Bool {
        fetched += 1
        for test in tests where !test.holds(table, row, scratch: &execution.scratch) {
            // Rows that fail are counted too, however many they are.
            guard fetched >= Vector.capacity else { return false }
            try flush(execution)
            return true
        }
        rows[count] = row
        outers[count] = UInt32(outer)
        count += 1
        guard count == Vector.capacity || fetched >= Vector.capacity else { return false }
        try flush(execution)
        return true
    }

    mutating func flush(_ execution: Execution) throws(QueryError) {
        try execution.evaluator.meter.step(fetched)
        execution.statistics.rowsFetched += fetched
        execution.statistics.rowsSelected += count
        fetched = 0
        batch.count = count
        count = 0
        guard batch.count > 0 else { return }
        batch.block = -1
        batch.present = SourceSet(execution.plan.base)
        batch.present.insert(execution.evaluator.outerSource)
        _ = try execution.push(batch, 0)
    }
}
