// Runs one query on one view: rows of the first source in batches, through the stages, into a sink; then the groups, then
// the order. Work comes in pieces of one block, so that a cursor can stop between them, and the budget is checked in each.

final class Execution {
    let query: BoundQuery
    private(set) var plan: Plan
    let evaluator: Evaluator
    let limit: Int
    let offset: Int
    private let chunkRows: Int

    private var stages: [Stage] { plan.stages }
    private var joinTables: [Int: JoinTable] = [:]
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Block.validityWords)
    private let batch: Batch
    private var expansions: [Int: Batch] = [:]
    private var scratch: [UInt8] = []
    private(set) var statistics = ExecutionStatistics()

    private var output: OutputSink
    private var sink: any RowSink
    private var nextBlock = 0
    private var isSourceDone = false
    private var isFinished = false

    /// `query` is specialised: no parameter is left in it.
    init(
        _ query: BoundQuery, view: View, limit: Int?, offset: Int, visible: VisibleRows?, meter: QueryMeter,
        chunkRows: Int
    ) {
        self.query = query
        self.limit = limit ?? .max
        self.offset = offset
        self.chunkRows = chunkRows
        let tables = query.sources.map { source in
            let bitmaps = visible?.bitmaps ?? []
            return SourceTable(
                table: view.table(source.place), visible: source.place < bitmaps.count ? bitmaps[source.place] : nil)
        }
        evaluator = Evaluator(schema: view.schema, sources: query.sources, tables: tables, meter: meter)
        plan = Plan(query, tables: tables, view: view)
        evaluator.base = plan.base
        batch = Batch(sourceCount: query.sources.count)
        words.initialize(repeating: 0, count: Block.validityWords)
        output = OutputSink(evaluator, query.outputs, offset: offset, limit: self.limit, chunkRows: chunkRows)
        sink = output
        resetSink()
    }

    deinit { words.deallocate() }

    private var named: [Int] { Array(0..<query.namedCount) }

    /// How many rows of a sort can ever be asked for.
    private var sortedRowsMax: Int { offset.addingReportingOverflow(limit).overflow ? .max : offset + limit }

    private func resetSink() {
        output = OutputSink(evaluator, query.outputs, offset: offset, limit: limit, chunkRows: chunkRows)
        var isOrdered = false
        if case .ordered = plan.access { isOrdered = true }
        if query.isGrouped {
            sink = GroupSink(evaluator, groups: query.groups, aggregates: query.aggregates)
        } else if !query.order.isEmpty, !isOrdered {
            sink = SortSink(evaluator, query.order, sources: named, keep: sortedRowsMax)
        } else {
            sink = output
        }
    }

    // MARK: Results

    /// The whole answer.
    func run() throws(QueryError) -> QueryResult {
        while try advance() {}
        if let chunk = try output.takeChunk() { return chunk }
        return output.takeRest() ?? QueryResult(columns: OutputSink.empty(query.outputs))
    }

    /// The next at most `chunkRows` rows; nil behind the last.
    func next() throws(QueryError) -> QueryResult? {
        while true {
            if let chunk = try output.takeChunk() { return chunk }
            if isFinished { return output.takeRest() }
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
            try finish(groups)
        }
    }

    /// Sends the groups through HAVING and ORDER BY into the result.
    private func finish(_ groups: GroupSink) throws(QueryError) {
        statistics.groups = groups.groupCount
        var outputs = query.outputs
        var order = query.order
        var slots = try groups.slots()
        var count = groups.groupCount
        if query.isDistinct {
            let distinct = GroupSink(evaluator, groups: outputs.map(\.expression), aggregates: [])
            try feed(count, slots, query.groupFilter, into: distinct)
            // Order keys are among the columns: the binder has seen to it.
            order = order.map { key in
                let slot = outputs.firstIndex { $0.expression == key.expression } ?? 0
                return BoundOrder(
                    expression: Bound(.slot(slot), key.expression.type), isDescending: key.isDescending)
            }
            outputs = outputs.enumerated().map {
                BoundOutput(name: $1.name, expression: Bound(.slot($0), $1.expression.type))
            }
            slots = try distinct.slots()
            count = distinct.groupCount
        }
        let filter = query.isDistinct ? [] : query.groupFilter
        output = OutputSink(evaluator, outputs, offset: offset, limit: limit, chunkRows: chunkRows)
        if order.isEmpty { return try feed(count, slots, filter, into: output) }
        let sort = SortSink(evaluator, order, sources: [0], keep: sortedRowsMax)
        try feed(count, slots, filter, into: sort)
        try sort.finish(into: output, sourceCount: 1)
    }

    /// Sends rows 0 ..< count of `slots` that satisfy `filter` into a sink.
    private func feed(
        _ count: Int, _ slots: [SlotColumn], _ filter: [Bound], into sink: some RowSink
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
            if batch.count > 0, try !sink.consume(batch) { return }
        }
    }

    // MARK: Source

    /// Sends the next rows of the first source; false when there are no more or nobody wants them.
    private func advanceSource() throws(QueryError) -> Bool {
        switch plan.access {
        case .scan: return try advanceScan()
        case .rows(let rows, _):
            try pushRows(rows)
            return false
        case .ordered(let column, let isDescending, let lower, let upper):
            if try walk(column, isDescending, lower, upper) { return false }
            // The filter lets too few rows through: a scan that keeps the best is cheaper.
            plan.access = .scan
            nextBlock = 0
            statistics = ExecutionStatistics()
            statistics.fellBack = true
            resetSink()
            return true
        }
    }

    private func advanceScan(extra: BlockTest? = nil) throws(QueryError) -> Bool {
        let source = evaluator.tables[plan.base]
        guard nextBlock < source.table.blockCount else { return false }
        let block = nextBlock
        nextBlock += 1
        try evaluator.meter.step(64)
        guard select(block, source, extra) else {
            statistics.blocksSkipped += 1
            return true
        }
        statistics.blocksScanned += 1
        try evaluator.meter.step(Block.rowCount)
        return try pushSelected(block)
    }

    private func select(_ block: Int, _ source: SourceTable, _ extra: BlockTest?) -> Bool {
        guard source.selectLive(block: block, into: words) else { return false }
        for test in plan.tests
        where !test.narrow(words, source.table, block: block, scratch: &scratch) { return false }
        if let extra { return extra.narrow(words, source.table, block: block, scratch: &scratch) }
        return true
    }

    /// Sends the rows whose bits are set.
    private func pushSelected(_ block: Int) throws(QueryError) -> Bool {
        if stages.isEmpty, query.groups.isEmpty, let groups = sink as? GroupSink,
            try groups.consume(words, block, evaluator.tables[plan.base].table, base: plan.base)
        {
            return true
        }
        let rows = batch.rows[plan.base]
        let first = UInt32(block << 13)
        batch.count = 0
        for word in 0..<Block.validityWords {
            var rest = words[word]
            while rest != 0 {
                rows[batch.count] = first + UInt32(word << 6 | rest.trailingZeroBitCount)
                batch.count += 1
                rest &= rest &- 1
            }
            // A further word has at most 64 rows.
            if batch.count > Vector.capacity - 64, try !pushBatch(block) { return false }
        }
        return batch.count == 0 ? true : try pushBatch(block)
    }

    private func pushBatch(_ block: Int) throws(QueryError) -> Bool {
        batch.block = block
        batch.present = SourceSet(plan.base)
        statistics.rowsSelected += batch.count
        let goesOn = try push(batch, 0)
        batch.count = 0
        return goesOn
    }

    /// Sends those of the listed rows that live, may be seen and pass the tests; false when nobody wants more.
    @discardableResult
    private func pushRows(_ list: some Collection<UInt32>) throws(QueryError) -> Bool {
        let source = evaluator.tables[plan.base]
        let rows = batch.rows[plan.base]
        batch.count = 0
        for row in list {
            statistics.rowsFetched += 1
            guard source.isVisible(row) else { continue }
            var passes = true
            for test in plan.tests where passes { passes = test.holds(source.table, row, scratch: &scratch) }
            guard passes else { continue }
            rows[batch.count] = row
            batch.count += 1
            if batch.count == Vector.capacity, try !pushBatch(-1) { return false }
        }
        try evaluator.meter.step(list.count)
        return batch.count == 0 ? true : try pushBatch(-1)
    }

    /// Follows an ordered index until the result is full. False when too many rows were passed over.
    private func walk(
        _ column: Int, _ isDescending: Bool, _ lower: Int64, _ upper: Int64
    ) throws(QueryError) -> Bool {
        let source = evaluator.tables[plan.base]
        guard let index = source.table.order(column) else { return false }
        let hasNulls = index.count < source.table.liveCount && lower == .min && upper == .max
        let null = BlockTest.isNull(column: column, negated: false)
        // A scan looks at some fifty rows in the time in which an index fetches one.
        let fetchesMax = max(4096, source.table.rowCount / 32)
        if hasNulls, !isDescending {
            while try advanceScan(extra: null) {}
            if output.isFull { return true }
        }
        var failure: QueryError?
        var pending: [UInt32] = []
        var pendingMax = 64
        var fetches = 0
        var goesOn = true
        func visit(_ row: UInt32) -> Bool {
            pending.append(row)
            if pending.count < pendingMax { return true }
            fetches += pending.count
            do throws(QueryError) { goesOn = try pushRows(pending) } catch { failure = error }
            pending.removeAll(keepingCapacity: true)
            pendingMax = Vector.capacity
            return goesOn && failure == nil && fetches < fetchesMax
        }
        switch index {
        case .number(let index):
            index.forEach(
                from: ColumnOrder.key(lower), through: ColumnOrder.key(upper), descending: isDescending
            ) { visit($1) }
        case .text: source.table.forEachInTextOrder(column, descending: isDescending) { visit($0) }
        }
        if let failure { throw failure }
        if goesOn, fetches >= fetchesMax { return false }
        if goesOn, !pending.isEmpty { goesOn = try pushRows(pending) }
        if goesOn, hasNulls, isDescending { while try advanceScan(extra: null) {} }
        return true
    }

    // MARK: Stages

    /// Sends a batch through the stages from `stage` on; false when nobody wants more.
    private func push(_ batch: Batch, _ stage: Int) throws(QueryError) -> Bool {
        guard stage < stages.count else { return try sink.consume(batch) }
        switch stages[stage] {
        case .filter(let conditions):
            try evaluator.filter(batch, by: conditions)
            return batch.count == 0 ? true : try push(batch, stage + 1)
        case .join(let join):
            if case .record(let id) = join.method { return try joinRecord(batch, join, id, stage) }
            return try joinRows(batch, join, stage)
        }
    }

    /// At most one partner: its row number is written beside the others.
    private func joinRecord(_ batch: Batch, _ join: JoinStage, _ id: Bound, _ stage: Int) throws(QueryError) -> Bool {
        try evaluator.meter.step(batch.count)
        let ids = try evaluator.evaluate(id, batch)
        let rows = batch.rows[join.source]
        let table = evaluator.tables[join.source]
        for index in 0..<batch.count {
            rows[index] = ids.isValid(index) ? table.row(of: UInt64(bitPattern: ids.numbers[index])) : Table.noRow
            ids.valid[index] = 1
            ids.numbers[index] = rows[index] == Table.noRow ? 0 : 1
        }
        batch.present.insert(join.source)
        if !join.isLeft { batch.compact(ids) }
        evaluator.release(ids)
        if batch.count == 0 { return true }
        if join.isLeft, !join.conditions.isEmpty {
            let truth = try evaluator.evaluate(Bound(.and(join.conditions), .boolean), batch)
            for index in 0..<batch.count where !truth.isValid(index) || truth.numbers[index] == 0 {
                rows[index] = Table.noRow
            }
            evaluator.release(truth)
            forgetPaths(from: join.source, batch)
        }
        return try push(batch, stage + 1)
    }

    /// Rows of a source have changed: what was found along its lookups is looked up again.
    private func forgetPaths(from source: Int, _ batch: Batch) {
        var present = SourceSet()
        for other in 0..<query.namedCount where batch.present.contains(other) { present.insert(other) }
        batch.present = present
    }

    /// Any number of partners: pairs are collected in a batch of their own and sent on whenever it is full.
    private func joinRows(_ batch: Batch, _ join: JoinStage, _ stage: Int) throws(QueryError) -> Bool {
        let pairs = expansions[stage] ?? Batch(sourceCount: query.sources.count)
        expansions[stage] = pairs
        let leftCount = batch.count
        let sources = (0..<query.namedCount).filter { batch.present.contains($0) }
        var isMatched = [Bool](repeating: false, count: join.isLeft ? leftCount : 0)
        var lefts: [Int] = []
        lefts.reserveCapacity(Vector.capacity)

        func begin() {
            pairs.count = 0
            pairs.block = -1
            pairs.present = SourceSet()
            for source in sources { pairs.present.insert(source) }
            pairs.present.insert(join.source)
            lefts.removeAll(keepingCapacity: true)
        }
        func add(_ left: Int, _ right: UInt32) {
            for source in sources { pairs.rows[source][pairs.count] = batch.rows[source][left] }
            pairs.rows[join.source][pairs.count] = right
            lefts.append(left)
            pairs.count += 1
        }
        func flush() throws(QueryError) -> Bool {
            defer { begin() }
            try evaluator.meter.step(pairs.count)
            if join.isLeft {
                let truth = try evaluator.evaluate(Bound(.and(join.conditions), .boolean), pairs)
                for index in 0..<pairs.count where truth.isValid(index) && truth.numbers[index] != 0 {
                    isMatched[lefts[index]] = true
                }
                pairs.compact(truth)
                evaluator.release(truth)
            }
            return pairs.count == 0 ? true : try push(pairs, stage + 1)
        }
        begin()

        let partners = try partners(of: batch, join)
        for left in 0..<leftCount {
            var right = partners.first(left)
            while right != Table.noRow {
                if partners.isCandidate(left, right) { add(left, partners.row(right)) }
                if pairs.count == Vector.capacity, try !flush() { return false }
                right = partners.next(right)
            }
        }
        if pairs.count > 0, try !flush() { return false }
        guard join.isLeft else { return true }
        for left in 0..<leftCount where !isMatched[left] {
            add(left, Table.noRow)
            if pairs.count == Vector.capacity {
                if try !push(pairs, stage + 1) { return false }
                begin()
            }
        }
        return pairs.count == 0 ? true : try push(pairs, stage + 1)
    }

    private func partners(of batch: Batch, _ join: JoinStage) throws(QueryError) -> any Partners {
        let source = evaluator.tables[join.source]
        switch join.method {
        case .children(let parent, let column, let target):
            guard let link = source.table.link(column) else { break }
            let parents = try evaluator.rows(of: parent, batch)
            return Children(source: source, link: link, target: target, parents: parents)
        case .table(let left, let right):
            let table: JoinTable
            if let known = joinTables[join.source] {
                table = known
            } else {
                table = try JoinTable(evaluator, join.source, keys: right)
                joinTables[join.source] = table
            }
            return try table.probe(evaluator, batch, left)
        case .record: break
        }
        preconditionFailure("a join without a way to its partners")
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
