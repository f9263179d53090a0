// Runs one query on one view: rows of the first source in batches, through the stages, into a sink; then the groups, then
// the order. Work comes in pieces of one block, so that a cursor can stop between them, and the budget is checked in each.

final class Execution {
    let query: BoundQuery
    var plan: Plan
    let evaluator: Evaluator
    /// What queries around this one keep.
    private let keptOutside: (rows: Int, bytes: Int)
    let limit: Int
    let offset: Int
    private let blockRows: Int

    var stages: [Stage] { plan.stages }
    /// By source, made when they are first probed.
    var joinTables: [Int: JoinTable] = [:]
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Block.validityWords)
    let batch: Batch
    /// What makes up a row: the sources named in FROM and JOIN, and the row outside.
    let carried: [Int]
    /// For a query inside another one: numbers 0, 1, 2, … of the rows outside, beside nothing.
    lazy var outerBatch = Batch(sourceCount: query.sources.count + 1)
    /// Computed texts in columns of window functions.
    let windowTexts = TextKeeper()
    /// Batches of pairs, by stage.
    var expansions: [Int: Batch] = [:]
    var scratch: [UInt8] = []
    var statistics = ExecutionStatistics()

    private(set) var output: OutputSink
    var sink: any RowSink
    var nextBlock = 0
    private var isSourceDone = false
    private var isFinished = false

    /// `query` is specialised: no parameter is left in it. `isLateral`: it runs for batches of rows of the query outside, see
    /// Execution+Lateral.swift.
    init(_ query: BoundQuery, _ context: ExecutionContext, isLateral: Bool = false, blockRows: Int = .max) {
        self.query = query
        limit = Self.rowCount(query.limit) ?? .max
        offset = Self.rowCount(query.offset) ?? 0
        self.blockRows = blockRows
        keptOutside = (context.meter.rows, context.meter.bytes)
        evaluator = Evaluator(context, sources: query.sources, tables: query.tables)
        plan = Plan(query, tables: evaluator.tables, view: context.view, isLateral: isLateral)
        evaluator.base = plan.base
        carried = Array(0..<query.namedCount) + (isLateral ? [query.sources.count] : [])
        batch = Batch(sourceCount: query.sources.count + (isLateral ? 1 : 0))
        words.initialize(repeating: 0, count: Block.validityWords)
        output = OutputSink(evaluator, query.outputs, offset: offset, limit: self.limit, blockRows: blockRows)
        sink = output
        resetSink()
    }

    deinit { words.deallocate() }

    private static func rowCount(_ bound: Bound?) -> Int? {
        guard case .number(let count)? = bound?.node else { return nil }
        return Int(clamping: count)
    }

    private var named: [Int] { Array(0..<query.namedCount) }

    /// How many rows of a sort can ever be asked for.
    var sortedRowsMax: Int { offset.addingReportingOverflow(limit).overflow ? .max : offset + limit }

    private func resetSink() {
        output = OutputSink(evaluator, query.outputs, offset: offset, limit: limit, blockRows: blockRows)
        if query.keepsRows {
            sink = RowKeeper(evaluator, query.groups)
        } else if query.isGrouped {
            sink = GroupSink(evaluator, groups: query.groups, aggregates: query.aggregates)
        } else if !query.order.isEmpty, !plan.access.isOrdered {
            sink = SortSink(evaluator, query.order, sources: named, keep: sortedRowsMax)
        } else {
            sink = output
        }
    }

    /// Bytes kept for what is to come, vectors and batches included.
    var keptBytes: Int {
        let batchBytes = query.sources.count * Vector.capacity * MemoryLayout<UInt32>.size
        return evaluator.meter.bytes + evaluator.spareBytes + (1 + expansions.count) * batchBytes
    }

    /// Takes these rows of the first source instead of those that the plan would look for.
    func start(at rows: [UInt32]) { plan.access = .rows(rows, index: "record id") }

    // MARK: Results

    /// The whole answer.
    func run() throws(QueryError) -> QueryResult {
        while try advance() {}
        return try output.takeBlock(isLast: true) ?? QueryResult(columns: OutputSink.empty(query.outputs))
    }

    /// The next at most `blockRows` rows; nil behind the last.
    func next() throws(QueryError) -> QueryResult? {
        while true {
            if let block = try output.takeBlock(isLast: isFinished) { return block }
            if isFinished { return nil }
            _ = try advance()
        }
    }

    /// Does the next piece of work; false when all is done.
    private func advance() throws(QueryError) -> Bool {
        if isFinished { return false }
        if limit == 0 { isSourceDone = true }
        if !isSourceDone {
            isSourceDone = try !advanceSource()
            return true
        }
        try finish()
        isFinished = true
        return false
    }

    private func finish() throws(QueryError) {
        if let sort = sink as? SortSink {
            try sort.finish(into: output, sourceCount: query.sources.count)
        } else if let groups = sink as? GroupSink {
            statistics.groups = groups.groupCount
            try finish(groups.groupCount, try groups.slots())
        } else if let rows = sink as? RowKeeper {
            try finish(rows.count, rows.slots)
        }
        // Only the answer is needed from here on: a cursor may keep it for long, but not what it was made from.
        sink = output
        joinTables = [:]
        expansions = [:]
        evaluator.discard()
        evaluator.meter.keepOnly(
            rows: keptOutside.rows + output.keptRows,
            bytes: keptOutside.bytes + output.keptBytes
        )
    }

    /// Sends the groups through HAVING and ORDER BY into the result.
    private func finish(_ groupCount: Int, _ groupSlots: [SlotColumn]) throws(QueryError) {
        var outputs = query.outputs
        var order = query.order
        var filter = query.groupFilter
        var slots = groupSlots
        var count = groupCount
        if !query.windows.isEmpty {
            if !filter.isEmpty {
                let kept = RowNumberSink()
                try feed(count, slots, filter, into: kept)
                for index in slots.indices { slots[index].keep(kept.rows) }
                count = kept.rows.count
                filter = []
            }
            slots += try windowColumns(count, slots)
        }
        if query.isDistinct {
            let distinct = GroupSink(evaluator, groups: outputs.map(\.expression), aggregates: [])
            try feed(count, slots, filter, into: distinct)
            filter = []
            // Order keys are among the columns: the binder has seen to it.
            order = order.map { key in
                let slot = outputs.firstIndex { $0.expression == key.expression } ?? 0
                return BoundOrder(
                    expression: Bound(.slot(slot), key.expression.type),
                    isDescending: key.isDescending
                )
            }
            outputs = outputs.enumerated().map {
                BoundOutput(name: $1.name, expression: Bound(.slot($0), $1.expression.type))
            }
            slots = try distinct.slots()
            count = distinct.groupCount
        }
        output = OutputSink(evaluator, outputs, offset: offset, limit: limit, blockRows: blockRows)
        if order.isEmpty { return try feed(count, slots, filter, into: output) }
        let sort = SortSink(evaluator, order, sources: [0], keep: sortedRowsMax)
        try feed(count, slots, filter, into: sort)
        try sort.finish(into: output, sourceCount: 1)
    }

    /// Sends rows 0 ..< count of `slots` that satisfy `filter` into a sink.
    func feed(
        _ count: Int,
        _ slots: [SlotColumn],
        _ filter: [Bound],
        into sink: some RowSink
    ) throws(QueryError) {
        evaluator.slots = slots
        let batch = Batch(sourceCount: 1)
        var at = 0
        while at < count {
            batch.count = min(Vector.capacity, count - at)
            for index in 0..<batch.count { batch.rows[0][index] = UInt32(at + index) }
            batch.present = SourceSet(0)
            at += batch.count
            try evaluator.filter(batch, by: filter)
            let mark = evaluator.arena.mark
            if batch.count > 0, try !sink.consume(batch) { return }
            evaluator.release(to: mark)
        }
    }

    // MARK: Source

    /// Sends the next rows of the first source; false when there are no more or nobody wants them.
    func advanceSource() throws(QueryError) -> Bool {
        switch plan.access {
        case .scan: return try advanceScan()
        case .rows(let rows, _):
            try pushRows(rows)
            return false
        case .lateral:
            preconditionFailure("a query for rows outside that runs by itself")
        case .ordered(let column, let isDescending, let lower, let upper):
            return try !walk(column, isDescending, lower, upper) && startScan()
        case .composite(let composite):
            return try !walk(composite) && startScan()
        }
    }

    /// Begins anew: the filter lets too few rows through, so that a scan which keeps the best is cheaper.
    private func startScan() -> Bool {
        plan.access = .scan
        nextBlock = 0
        statistics = ExecutionStatistics()
        statistics.fellBack = true
        resetSink()
        return true
    }

    func advanceScan() throws(QueryError) -> Bool {
        let source = evaluator.tables[plan.base]
        if let derived = source.derived { return try advanceDerived(derived) }
        guard nextBlock < source.table.blockCount else { return false }
        let block = nextBlock
        nextBlock += 1
        try evaluator.meter.step(64)
        guard select(block, source) else {
            statistics.blocksSkipped += 1
            return true
        }
        statistics.blocksScanned += 1
        try evaluator.meter.step(Block.rowCount)
        return try pushSelected(block)
    }

    private func select(_ block: Int, _ source: SourceTable) -> Bool {
        guard source.selectLive(block: block, into: words) else { return false }
        for test in plan.tests
        where !test.narrow(words, source.table, block: block, scratch: &scratch) { return false }
        return true
    }

    /// Sends the rows whose bits are set.
    private func pushSelected(_ block: Int) throws(QueryError) -> Bool {
        if stages.isEmpty, let groups = sink as? GroupSink,
            let count = try groups.consume(words, block, evaluator.tables[plan.base].table, base: plan.base)
        {
            statistics.rowsSelected += count
            return true
        }
        batch.count = 0
        for word in 0..<Block.validityWords {
            batch.append(words[word], first: UInt32(block << 13 | word << 6), to: plan.base)
            // A further word has at most 64 rows.
            if batch.count > Vector.capacity - 64, try !pushBatch(block) { return false }
        }
        return batch.count == 0 ? true : try pushBatch(block)
    }

    func pushBatch(_ block: Int) throws(QueryError) -> Bool {
        batch.block = block
        batch.present = SourceSet(plan.base)
        statistics.rowsSelected += batch.count
        let goesOn = try push(batch, 0)
        batch.count = 0
        return goesOn
    }

    /// Sends those of the listed rows that live, may be seen and pass the tests; false when nobody wants more.
    @discardableResult
    func pushRows(_ list: some Collection<UInt32>) throws(QueryError) -> Bool {
        let source = evaluator.tables[plan.base]
        let rows = batch.rows[plan.base]
        let tests = plan.tests
        var count = 0
        for row in list {
            guard source.isVisible(row) else { continue }
            var passes = true
            for test in tests where passes { passes = test.holds(source.table, row, scratch: &scratch) }
            guard passes else { continue }
            rows[count] = row
            count += 1
            if count == Vector.capacity {
                batch.count = count
                count = 0
                if try !pushBatch(-1) { return false }
            }
        }
        batch.count = count
        statistics.rowsFetched += list.count
        try evaluator.meter.step(list.count)
        return batch.count == 0 ? true : try pushBatch(-1)
    }
}

/// What EXPLAIN tells about a run.
struct ExecutionStatistics {
    var blocksScanned = 0
    var blocksSkipped = 0
    /// Rows that an index led to.
    var rowsFetched = 0
    /// Rows of the first source that passed its tests.
    var rowsSelected = 0
    var groups = 0
    var fellBack = false
}
