// Evaluates bound expressions on batches: one vector per node, one pass per operator. Nulls follow SQL: an operator with a
// null operand is null, AND and OR know three truth values, a condition keeps a row only when it is true.

/// What expressions are evaluated against: the tables of one view, or the columns of groups.
final class Evaluator {
    let schema: Schema
    let sources: [BoundSource]
    let tables: [SourceTable]
    let context: ExecutionContext
    var environment: QueryEnvironment { context.environment }
    /// The source whose rows of a batch may all lie in one block.
    var base = 0
    let meter: QueryMeter
    /// Columns behind `.slot`: group keys and aggregates; rows of source 0 are then numbers of groups.
    var slots: [SlotColumn] = []
    /// Texts that functions compute.
    let arena = TextArena()
    /// In a query inside another one, run for a batch of rows outside: their values behind `.outer`, and the place in a batch
    /// of the number of the row outside, which is behind those of the sources.
    var outer: [Vector] = []
    var outerSource: Int { sources.count }
    /// What answers the queries inside, in the order in which they were first asked.
    var subqueries: [SubqueryRunner] = []
    private var pool: [Vector] = []
    /// For the rows that a branch of CASE is computed for.
    var selections: [RowSelection] = []
    private var labels: [OptionSetID: [Int64: TextConstant]] = [:]
    /// Texts of selections, by bits: see Evaluator+Choices.
    var choices: [OptionSetID: [Int64: TextConstant]] = [:]
    private var scratch: [UInt8] = []

    init(_ context: ExecutionContext, sources: [BoundSource], tables derived: [BoundTable] = []) {
        self.context = context
        schema = context.view.schema
        self.sources = sources
        tables = context.tables(of: sources, derived)
        meter = context.meter
    }

    /// A vector of unknown content.
    func take() -> Vector { pool.popLast() ?? Vector() }

    /// Gives a vector back; nobody may use it afterwards.
    func release(_ vector: Vector) { pool.append(vector) }

    /// Bytes of the vectors that wait to be used again.
    var spareBytes: Int { pool.count * Vector.bytes }

    /// Gives up what is kept for further evaluation.
    func discard() {
        pool = []
        slots = []
        selections = []
        for subquery in subqueries { subquery.discard() }
    }

    /// The buffer for folded texts, out of the object, so that a loop does not check for exclusive access in every row.
    private func takeScratch() -> [UInt8] {
        defer { scratch = [] }
        return scratch
    }

    /// Keeps the rows for which every condition is true.
    func filter(_ batch: Batch, by conditions: [Bound]) throws(QueryError) {
        for condition in conditions where batch.count > 0 {
            try meter.step(batch.count)
            let truth = try evaluate(condition, batch)
            batch.compact(truth)
            release(truth)
        }
    }

    /// The row numbers of a source; those behind a path are looked up when they are first needed.
    func rows(of source: Int, _ batch: Batch) throws(QueryError) -> UnsafeMutablePointer<UInt32> {
        let rows = batch.rows[source]
        guard !batch.present.contains(source), case .path(let parent, let column) = sources[source].origin else {
            return rows
        }
        let ids = try load(parent, column, batch)
        let target = tables[source]
        for index in 0..<batch.count {
            rows[index] = ids.isValid(index) ? target.row(of: UInt64(bitPattern: ids.numbers[index])) : Table.noRow
        }
        release(ids)
        batch.present.insert(source)
        return rows
    }

    private func load(_ source: Int, _ column: Int, _ batch: Batch) throws(QueryError) -> Vector {
        let rows = try rows(of: source, batch)
        let vector = take()
        tables[source].load(column, rows, batch.count, block: source == base ? batch.block : -1, into: vector)
        return vector
    }

    /// Computes an expression for every row of the batch. The caller releases the vector. A text may lie in the arena.
    func evaluate(_ expression: Bound, _ batch: Batch) throws(QueryError) -> Vector {
        if case .text = expression.type { return try evaluateNode(expression, batch) }
        // Texts that were computed on the way to a number are not needed any more.
        let mark = arena.mark
        let result = try evaluateNode(expression, batch)
        release(to: mark)
        return result
    }

    private func evaluateNode(_ expression: Bound, _ batch: Batch) throws(QueryError) -> Vector {
        let count = batch.count
        switch expression.node {
        // What an execution replaces has no value before.
        case .null, .parameter, .during, .inTree, .window:
            let result = take()
            result.fillNull(count)
            return result
        case .number(let number):
            let result = take()
            result.fill(number, count)
            return result
        case .real(let real):
            let result = take()
            result.fill(Int64(bitPattern: real.bitPattern), count)
            return result
        case .text(let text):
            let result = take()
            result.fill(text.bytes, count)
            return result
        case .column(let source, let column):
            return try load(source, column, batch)
        case .slot(let slot):
            let result = take()
            slots[slot].load(batch.rows[0], count, into: result)
            return result
        case .outer(let number):
            let result = take()
            result.gather(outer[number], batch.rows[outerSource], count, isText: expression.type.isText)
            return result
        case .subquery(let subquery, let operands):
            return try evaluateSubquery(subquery, operands, batch)
        case .firstOf(let list):
            return try evaluateFirst(of: list, expression.type.isText, batch)
        case .label(let operand):
            return try evaluateLabel(operand, batch)
        case .negate(let operand):
            let vector = try evaluate(operand, batch)
            try negate(vector, isDouble: operand.type == .double, count)
            return vector
        case .startOfDay(let operand):
            let vector = try evaluate(operand, batch)
            for index in 0..<count where vector.isValid(index) {
                vector.numbers[index] = environment.calendar.moment(ofDay: Int(vector.numbers[index]))
            }
            return vector
        case .choices(let operand, let set):
            return try evaluateChoices(operand, set, batch)
        case .hasBits(let operand, let bits, let all, let negated):
            return try evaluateBits(operand, bits, all, negated, batch)
        case .contains:
            preconditionFailure("a condition that the specializer has not seen")
        case .rounded(let operand):
            return try evaluateRounded(operand, to: expression.type.scale, batch)
        case .arithmetic(let sign, let left, let right):
            return try evaluateArithmetic(sign, left, right, expression.type, batch)
        case .compare(let sign, let left, let right):
            let (a, b) = (try evaluate(left, batch), try evaluate(right, batch))
            compare(sign, a, left.type, b, right.type, count)
            release(b)
            return a
        case .and(let list):
            return try evaluateList(list, deciding: 0, batch)
        case .or(let list):
            return try evaluateList(list, deciding: 1, batch)
        case .not(let operand):
            let vector = try evaluate(operand, batch)
            for index in 0..<count where vector.isValid(index) { vector.numbers[index] ^= 1 }
            return vector
        case .isNull(let operand, let negated):
            let vector = try evaluate(operand, batch)
            for index in 0..<count {
                vector.numbers[index] = vector.isValid(index) == negated ? 1 : 0
                vector.valid[index] = 1
            }
            return vector
        case .isIn(let operand, let list, let negated):
            return try evaluateIn(operand, list, negated, batch)
        case .inSet(let operand, let set, let negated):
            let vector = try evaluate(operand, batch)
            test(vector, count, isNegated: negated) { index in
                let isIn =
                    operand.type.isText ? set.contains(vector.texts[index]) : set.contains(vector.numbers[index])
                return isIn ? true : set.hasNull ? nil : false
            }
            return vector
        case .matches(let operand, let pattern, let negated):
            let vector = try evaluate(operand, batch)
            var scratch = takeScratch()
            test(vector, count, isNegated: negated) { pattern.matches(vector.texts[$0], scratch: &scratch) }
            self.scratch = scratch
            return vector
        case .like(let operand, let pattern, let escape, let negated):
            let (vector, patterns) = (try evaluate(operand, batch), try evaluate(pattern, batch))
            let collation = operand.type.collation.joined(with: pattern.type.collation)
            var scratch = takeScratch()
            try test(vector, count, isNegated: negated) { index throws(QueryError) in
                guard patterns.isValid(index) else { return nil }
                return try LikePattern(patterns.texts[index], escape: escape, collation)
                    .matches(vector.texts[index], scratch: &scratch)
            }
            self.scratch = scratch
            release(patterns)
            return vector
        case .function(let function, let operands):
            return try evaluateFunction(function, operands, expression.type, batch)
        case .caseWhen(let operand, let branches, let otherwise):
            return try evaluateCase(operand, branches, otherwise, expression.type, batch)
        case .convert(let operand):
            let vector = try evaluate(operand, batch)
            try convert(vector, from: operand.type, to: expression.type, count)
            return vector
        case .within(let operand, let range, let negated):
            let vector = try evaluate(operand, batch)
            for index in 0..<count where vector.isValid(index) {
                let number = vector.numbers[index]
                vector.numbers[index] = (range.first <= number && number <= range.last) != negated ? 1 : 0
            }
            return vector
        case .filePart(let operand, let part):
            return try evaluateFilePart(operand, part, batch)
        case .partyList(let operand, let list):
            return try evaluatePartyList(operand, list, batch)
        }
    }

    /// Replaces each value by a truth value; nil is unknown.
    @inline(__always)
    private func test<Failure: Error>(
        _ vector: Vector,
        _ count: Int,
        isNegated: Bool,
        _ holds: (Int) throws(Failure) -> Bool?
    ) throws(Failure) {
        for index in 0..<count where vector.isValid(index) {
            if let truth = try holds(index) {
                vector.numbers[index] = truth != isNegated ? 1 : 0
            } else {
                vector.setNull(index)
            }
        }
    }

    /// AND (deciding value 0) and OR (deciding value 1): one operand with the deciding value decides, else a null does.
    private func evaluateList(_ list: [Bound], deciding: Int64, _ batch: Batch) throws(QueryError) -> Vector {
        let result = take()
        result.fill(1 - deciding, batch.count)
        for operand in list {
            try meter.step(batch.count)
            let vector = try evaluate(operand, batch)
            for index in 0..<batch.count {
                if !vector.isValid(index) {
                    if !(result.isValid(index) && result.numbers[index] == deciding) { result.setNull(index) }
                } else if vector.numbers[index] == deciding {
                    result.numbers[index] = deciding
                    result.valid[index] = 1
                }
            }
            release(vector)
        }
        return result
    }

    private func evaluateFirst(of list: [Bound], _ isText: Bool, _ batch: Batch) throws(QueryError) -> Vector {
        let result = try evaluate(list[0], batch)
        for operand in list.dropFirst() {
            let vector = try evaluate(operand, batch)
            for index in 0..<batch.count where !result.isValid(index) && vector.isValid(index) {
                result.valid[index] = 1
                result.numbers[index] = vector.numbers[index]
                if isText { result.texts[index] = vector.texts[index] }
            }
            release(vector)
        }
        return result
    }

    private func evaluateLabel(_ operand: Bound, _ batch: Batch) throws(QueryError) -> Vector {
        let vector = try evaluate(operand, batch)
        guard case .option(let set) = operand.type else { return vector }
        if labels[set] == nil {
            var table: [Int64: TextConstant] = [:]
            for option in schema[set].options { table[Int64(option.value)] = TextConstant(option.label) }
            labels[set] = table
        }
        guard let table = labels[set] else { return vector }
        for index in 0..<batch.count {
            if vector.isValid(index), let label = table[vector.numbers[index]] {
                vector.texts[index] = label.bytes
            } else {
                vector.setNull(index)
                vector.texts[index] = UnsafeBufferPointer(start: nil, count: 0)
            }
        }
        return vector
    }

    /// IN a list that is not constant: the operand is computed once, then compared with each item.
    private func evaluateIn(
        _ operand: Bound,
        _ list: [Bound],
        _ negated: Bool,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let count = batch.count
        let value = try evaluate(operand, batch)
        let result = take()
        result.fill(0, count)
        for item in list {
            try meter.step(count)
            let other = try evaluate(item, batch)
            let truth = take()
            truth.copy(value, count, isText: operand.type.isText)
            compare(.equal, truth, operand.type, other, item.type, count)
            for index in 0..<count {
                if !truth.isValid(index) {
                    if result.isValid(index), result.numbers[index] == 0 { result.setNull(index) }
                } else if truth.numbers[index] != 0 {
                    result.fill(1, at: index)
                }
            }
            release(truth)
            release(other)
        }
        release(value)
        if negated { for index in 0..<count where result.isValid(index) { result.numbers[index] ^= 1 } }
        return result
    }
}
