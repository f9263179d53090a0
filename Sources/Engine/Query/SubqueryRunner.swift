// Answers a query inside another one for batches of rows outside, by whichever way is cheapest for as many rows as come:
//
//   rows    the rows that go with each row outside, found along a lookup or in a hash table: Execution+Lateral.swift
//   keyed   one pass over all rows, grouped by what equals values of the row outside: KeyedAnswers.swift
//   each    the query by itself with the values of the row outside as constants, for anything else
//
// It begins with the rows of a lookup, and changes over to one pass when it has fetched so many that the pass would have
// cost about the same: whatever the number of rows outside, it costs at most twice the better way.

final class SubqueryRunner {
    private let subquery: BoundSubquery
    private let context: ExecutionContext
    private let outerCount: Int
    private let negated: Bool
    private var lateral: Execution?
    private var keyed: KeyedQuery?
    private var answers: KeyedAnswers?
    /// The table of the record outside whose lookup's index is walked.
    private let parents: TableView?
    /// Answers of single runs by the values of the row outside.
    private var memo: [[Bound]: [Bound]] = [:]
    private let operands: [Bound]
    private var operandTypes: [QueryType] { operands.map(\.type) }
    /// Evaluates comparisons of single values.
    private lazy var scratch = Evaluator(context, sources: [])
    private lazy var scratchBatch = Batch(sourceCount: 1)
    private var rowsAnswered = 0
    private var runCount = 0

    /// A fetched row costs as much as so many that a pass reads.
    private static let passRowsPerFetch = 8
    private static let fetchesMin = 4096
    private static let memoCountMax = 65_536

    init(_ subquery: BoundSubquery, _ operands: [Bound], _ evaluator: Evaluator) {
        self.subquery = subquery
        context = evaluator.context
        self.operands = operands
        outerCount = subquery.outerCount(operands: operands.count)
        switch subquery.form {
        case .scalar: negated = false
        case .exists(let isNegated), .isIn(let isNegated): negated = isNegated
        }
        keyed = KeyedQuery(subquery)
        parents = keyed.flatMap { Self.parents($0, operands, evaluator) }
        if subquery.shape != .other {
            var query = subquery.query
            query.order = []
            lateral = Execution(query, context, isLateral: true)
        }
    }

    /// The table of the records outside, when the only key is a lookup and equals their id.
    private static func parents(_ keyed: KeyedQuery, _ operands: [Bound], _ evaluator: Evaluator) -> TableView? {
        guard keyed.own.count == 1, case .column = keyed.own[0].node, keyed.own[0].type == .id,
            case .outer(let number) = keyed.outer[0].node,
            case .column(let source, let column) = operands[number].node,
            column == Int(SystemAttribute.identifier.rawValue)
        else { return nil }
        let table = evaluator.tables[source].table
        // An array with a place for each of very many parents costs more than a hash of few children.
        let children = keyed.own[0].sources
        let childRows =
            keyed.query.sources.indices.filter(children.contains)
            .map { keyed.query.sources[$0].place }.filter { $0 >= 0 }
            .map { evaluator.context.view.table($0).rowCount }.max() ?? 0
        return table.rowCount <= 4 * childRows + 8192 ? table : nil
    }

    /// Whether it answers this question: written twice, as in SELECT and ORDER BY, a query is answered by one.
    func answers(_ subquery: BoundSubquery, _ operands: [Bound]) -> Bool {
        self.subquery === subquery || self.subquery == subquery && self.operands == operands
    }

    /// The answers for `count` rows outside whose values are `operands`. Texts lie in the arena of `outside`, the evaluator that
    /// asks, or stay where they are until `discard`.
    func answer(
        _ operands: [Vector],
        _ count: Int,
        into result: Vector,
        of outside: Evaluator
    ) throws(QueryError) {
        rowsAnswered += count
        if answers == nil, let keyed, isPassDue {
            answers = try KeyedAnswers(keyed, isScalar: subquery.form == .scalar, parents: parents, context)
        }
        if let answers {
            try answers.answer(operands, count, negated: negated, into: result)
        } else if let lateral {
            try answer(operands, count, by: lateral, into: result, of: outside)
        } else {
            try answerEach(operands, count, into: result, of: outside)
        }
    }

    private var isPassDue: Bool {
        guard let lateral, case .lateral(let access) = lateral.plan.access else { return true }
        if case .table = access { return true }
        let rows = lateral.evaluator.tables[lateral.plan.base].table.rowCount
        return lateral.statistics.rowsFetched + rowsAnswered > rows / Self.passRowsPerFetch + Self.fetchesMin
    }

    // MARK: Rows

    private func answer(
        _ operands: [Vector],
        _ count: Int,
        by execution: Execution,
        into result: Vector,
        of outside: Evaluator
    ) throws(QueryError) {
        let evaluator = execution.evaluator
        evaluator.outer = operands
        defer { evaluator.outer = [] }
        switch (subquery.form, subquery.shape) {
        case (.scalar, .aggregate):
            let sink = LateralAggregates(evaluator, subquery.query.aggregates, outerCount: count)
            try execution.runLateral(count, into: sink)
            evaluator.slots = try sink.slots()
            let output = subquery.query.outputs[0].expression
            let mark = evaluator.arena.mark
            let values = try evaluator.evaluate(output, execution.numberOuterBatch(count))
            result.copy(values, count, isText: output.type.isText)
            if output.type.isText {
                for index in 0..<count where result.isValid(index) {
                    result.texts[index] = try outside.copied(result.texts[index])
                }
            }
            evaluator.release(values)
            evaluator.release(to: mark)
            evaluator.slots = []
        case (.scalar, _):
            let output = subquery.query.outputs[0].expression
            let sink = LateralValues(evaluator, output, outerCount: count, into: result, of: outside)
            try execution.runLateral(count, into: sink)
        case (.exists, _):
            let sink = LateralTruth(evaluator, nil, outerCount: count)
            try execution.runLateral(count, into: sink)
            sink.fill(result, negated: negated)
        case (.isIn, _):
            let output = subquery.query.outputs[0].expression
            let tested = Bound(.outer(outerCount), operandTypes[outerCount])
            let sink = LateralTruth(
                evaluator,
                Bound(.compare(.equal, tested, output), .boolean),
                outerCount: count
            )
            try execution.runLateral(count, into: sink)
            sink.fill(result, negated: negated)
        }
    }

    // MARK: Each

    private func answerEach(
        _ operands: [Vector],
        _ count: Int,
        into result: Vector,
        of outside: Evaluator
    ) throws(QueryError) {
        for index in 0..<count {
            var values: [Bound] = []
            for (vector, type) in zip(operands[..<outerCount], operandTypes) {
                values.append(vector.constant(index, type))
            }
            let rows = try self.rows(for: values)
            switch subquery.form {
            case .scalar:
                if rows.count > 1 { throw Specializer.severalRows }
                try set(rows.first, in: result, at: index, of: outside)
            case .exists:
                result.fill(rows.isEmpty == negated ? 1 : 0, at: index)
            case .isIn:
                if rows.isEmpty {
                    result.fill(negated ? 1 : 0, at: index)
                } else {
                    let value = operands[outerCount].constant(index, operandTypes[outerCount])
                    try self.test(Bound(.isIn(value, rows, negated: negated), .boolean), in: result, at: index)
                }
            }
        }
    }

    /// The values of the query's column for one row outside; for EXISTS anything where it has rows.
    private func rows(for values: [Bound]) throws(QueryError) -> [Bound] {
        if let known = memo[values] { return known }
        var query = try Specializer(context: context, outer: values, isSpecialized: true).query(subquery.query)
        switch subquery.form {
        case .scalar: query.limitRows(to: 2)
        case .exists: query.limitRows(to: 1)
        case .isIn: break
        }
        // To set up an execution costs as much as to look at some hundred rows.
        try context.meter.step(256)
        runCount += 1
        let result = try Execution(query, context).run()
        let column = result.columns[0]
        let rows = (0..<column.count).map(column.constant)
        if memo.count >= Self.memoCountMax { memo = [:] }
        memo[values] = rows
        let bytes = (values.count + rows.count + 1) * 2 * MemoryLayout<Bound>.stride + column.byteCount
        try context.meter.keep(rows: rows.count, bytes: bytes)
        return rows
    }

    private func set(
        _ value: Bound?,
        in result: Vector,
        at index: Int,
        of outside: Evaluator
    ) throws(QueryError) {
        result.setNull(index, isText: subquery.query.outputs[0].expression.type.isText)
        switch value?.node {
        case .number(let number): result.fill(number, at: index)
        case .real(let real): result.fill(Int64(bitPattern: real.bitPattern), at: index)
        case .text(let text):
            result.texts[index] = try withExtendedLifetime(text) { () throws(QueryError) in
                try outside.copied(text.bytes)
            }
            result.valid[index] = 1
        default: break
        }
    }

    private func test(_ condition: Bound, in result: Vector, at index: Int) throws(QueryError) {
        scratchBatch.count = 1
        let truth = try scratch.evaluate(condition, scratchBatch)
        if truth.isValid(0) { result.fill(truth.numbers[0], at: index) } else { result.setNull(index) }
        scratch.release(truth)
    }

    // MARK: The end

    /// Gives up what is kept for further rows; what EXPLAIN tells stays.
    func discard() {
        lines = explanation()
        lateral = nil
        answers = nil
        memo = [:]
    }

    private var lines: [String]?

    /// How the rows were answered, for EXPLAIN.
    func explanation() -> [String] {
        if let lines { return lines }
        func plural(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
        var lines: [String] = []
        if let lateral, lateral.statistics.rowsFetched > 0 || answers == nil {
            lines.append("sub-query, for batches of rows (\(plural(rowsAnswered, "row")) in all):")
            lines += lateral.explanation().map { "  \($0)" }
        }
        if let answers {
            let keys = parents == nil ? plural(keyed?.own.count ?? 0, "key") : "the record that a lookup refers to"
            lines.append("sub-query, one pass for all rows by \(keys) (\(plural(rowsAnswered, "row")) in all):")
            lines += answers.explanation.map { "  \($0)" }
        }
        if runCount > 0 {
            lines.append("sub-query, \(plural(runCount, "run")) for \(plural(rowsAnswered, "row"))")
        }
        return lines
    }
}

extension Evaluator {
    func evaluateSubquery(
        _ subquery: BoundSubquery,
        _ operands: [Bound],
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let runner: SubqueryRunner
        if let known = subqueries.first(where: { $0.answers(subquery, operands) }) {
            runner = known
        } else {
            runner = SubqueryRunner(subquery, operands, self)
            subqueries.append(runner)
        }
        var vectors: [Vector] = []
        for operand in operands { vectors.append(try evaluate(operand, batch)) }
        let result = take()
        try runner.answer(vectors, batch.count, into: result, of: self)
        for vector in vectors { release(vector) }
        return result
    }

    /// A copy of a text in the arena.
    func copied(_ text: UnsafeBufferPointer<UInt8>) throws(QueryError) -> UnsafeBufferPointer<UInt8> {
        guard let source = text.baseAddress, !text.isEmpty else { return text }
        let place = try room(text.count)
        place.update(from: source, count: text.count)
        return UnsafeBufferPointer(start: place, count: text.count)
    }
}
