// What becomes of the rows of a query inside another one: per row outside one aggregate, one value, or one truth value.

/// Aggregates the rows of each row outside.
final class LateralAggregates: LateralSink {
    private let evaluator: Evaluator
    private let aggregates: [BoundAggregate]
    private var states: [AggregateState]
    private let keeper = TextKeeper()

    init(_ evaluator: Evaluator, _ aggregates: [BoundAggregate], outerCount: Int) {
        self.evaluator = evaluator
        self.aggregates = aggregates
        states = aggregates.map { [keeper] in AggregateState($0, keeper) }
        for index in states.indices { states[index].extend(to: outerCount) }
    }

    func isSettled(_ outer: Int) -> Bool { false }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        try add(batch, batch.rows[evaluator.outerSource])
        return true
    }

    /// Adds the rows of a batch to the groups with these numbers.
    func add(_ batch: Batch, _ groups: UnsafeMutablePointer<UInt32>) throws(QueryError) {
        try evaluator.meter.step(batch.count)
        for (place, aggregate) in aggregates.enumerated() {
            guard let operand = aggregate.operand else {
                states[place].addRows(groups, batch.count)
                continue
            }
            let vector = try evaluator.evaluate(operand, batch)
            let kept = states[place].add(vector, groups, batch.count) + keeper.takeNewBytes()
            evaluator.release(vector)
            if kept > 0 { try evaluator.meter.keep(rows: 0, bytes: kept) }
        }
    }

    /// The aggregates: what `.slot` reads.
    func slots() throws(QueryError) -> [SlotColumn] {
        var columns: [SlotColumn] = []
        for state in states { columns.append(try state.column()) }
        return columns
    }
}

/// Keeps the value of the only row of each row outside.
final class LateralValues: LateralSink {
    private let evaluator: Evaluator
    private let outside: Evaluator
    private let output: Bound
    private var isFound: [Bool]
    private let values: Vector

    /// Writes into `values`, null where there is no row; texts are copied into the arena of the evaluator outside.
    init(_ evaluator: Evaluator, _ output: Bound, outerCount: Int, into values: Vector, of outside: Evaluator) {
        self.evaluator = evaluator
        self.outside = outside
        self.output = output
        self.values = values
        isFound = Array(repeating: false, count: outerCount)
        for outer in 0..<outerCount { values.setNull(outer, isText: output.type.isText) }
    }

    func isSettled(_ outer: Int) -> Bool { false }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let outers = batch.rows[evaluator.outerSource]
        let vector = try evaluator.evaluate(output, batch)
        for index in 0..<batch.count {
            let outer = Int(outers[index])
            if isFound[outer] { throw Specializer.severalRows }
            isFound[outer] = true
            guard vector.isValid(index) else { continue }
            if output.type.isText {
                values.texts[outer] = try outside.copied(vector.texts[index])
                values.valid[outer] = 1
            } else {
                values.fill(vector.numbers[index], at: outer)
            }
        }
        evaluator.release(vector)
        return true
    }
}

/// Notes for each row outside whether it has a row for which a condition is true, or unknown. Without one any row counts.
final class LateralTruth: LateralSink {
    private let evaluator: Evaluator
    private let condition: Bound?
    private(set) var isTrue: [Bool]
    private(set) var isUnknown: [Bool]

    init(_ evaluator: Evaluator, _ condition: Bound?, outerCount: Int) {
        self.evaluator = evaluator
        self.condition = condition
        isTrue = Array(repeating: false, count: outerCount)
        isUnknown = isTrue
    }

    func isSettled(_ outer: Int) -> Bool { isTrue[outer] }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let outers = batch.rows[evaluator.outerSource]
        guard let condition else {
            for index in 0..<batch.count { isTrue[Int(outers[index])] = true }
            return true
        }
        let truth = try evaluator.evaluate(condition, batch)
        for index in 0..<batch.count {
            if !truth.isValid(index) {
                isUnknown[Int(outers[index])] = true
            } else if truth.numbers[index] != 0 {
                isTrue[Int(outers[index])] = true
            }
        }
        evaluator.release(truth)
        return true
    }

    /// The answers as truth values.
    func fill(_ result: Vector, negated: Bool) {
        for outer in isTrue.indices {
            if isTrue[outer] || !isUnknown[outer] {
                result.fill(isTrue[outer] != negated ? 1 : 0, at: outer)
            } else {
                result.setNull(outer)
            }
        }
    }
}
