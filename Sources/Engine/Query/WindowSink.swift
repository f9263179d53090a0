// Window functions over the rows (or groups) of a query: each is computed over all of them at once, in the order of its
// partitions, into a column beside theirs.
//
// An aggregate with an order covers the rows up to the current one and those equal to it in the order, as SQL has it by default
// (RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW); without an order all rows of the partition are equal.

/// Keeps what a query needs of each row: what is a group's keys elsewhere.
final class RowKeeper: RowSink {
    private let evaluator: Evaluator
    private let expressions: [Bound]
    private let keeper = TextKeeper()
    private(set) var slots: [SlotColumn]
    private(set) var count = 0

    init(_ evaluator: Evaluator, _ expressions: [Bound]) {
        self.evaluator = evaluator
        self.expressions = expressions
        slots = expressions.map { [keeper] in SlotColumn($0, keeper) }
    }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        try evaluator.meter.step(batch.count)
        var bytes = 0
        for (place, expression) in expressions.enumerated() {
            let vector = try evaluator.evaluate(expression, batch)
            slots[place].append(vector, count: batch.count)
            evaluator.release(vector)
            bytes += slots[place].strideBytes * batch.count
        }
        count += batch.count
        try evaluator.meter.keep(rows: batch.count, bytes: bytes + keeper.takeNewBytes())
        return true
    }
}

/// Keeps the numbers of the rows that come: the rows of `.slot` are their own numbers.
final class RowNumberSink: RowSink {
    private(set) var rows: [UInt32] = []

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        rows.append(contentsOf: UnsafeBufferPointer(start: batch.rows[0], count: batch.count))
        return true
    }
}

extension Execution {
    /// The columns of the query's window functions for rows 0 ..< count of `slots`.
    func windowColumns(_ count: Int, _ slots: [SlotColumn]) throws(QueryError) -> [SlotColumn] {
        var columns: [SlotColumn] = []
        for window in query.windows {
            var keys: [SlotColumn] = []
            for key in window.partition + window.order.map(\.expression) {
                keys.append(try column(key, count, slots))
            }
            let operand = try window.operand.map { operand throws(QueryError) in try column(operand, count, slots) }
            // Sorting looks at a row about as often as the number of rows has bits.
            let meter = evaluator.meter
            try meter.step(count * max(1, Int.bitWidth - count.leadingZeroBitCount))
            let bytes = keys.reduce(16) { $0 + $1.strideBytes } * count
            try meter.keep(rows: 0, bytes: bytes)
            let computation = WindowComputation(window, keys, operand, count)
            columns.append(try computation.column())
        }
        return columns
    }

    private func column(_ expression: Bound, _ count: Int, _ slots: [SlotColumn]) throws(QueryError) -> SlotColumn {
        let sink = ColumnSink(evaluator, expression, into: SlotColumn(expression, windowTexts))
        try feed(count, slots, [], into: sink)
        try evaluator.meter.keep(rows: 0, bytes: windowTexts.takeNewBytes())
        return sink.column
    }
}

private struct WindowComputation {
    private let window: BoundWindow
    private let operand: SlotColumn?
    private let keys: [SlotColumn]
    private let doubles: [Bool]
    private var rows: [UInt32]

    init(_ window: BoundWindow, _ keys: [SlotColumn], _ operand: SlotColumn?, _ count: Int) {
        self.window = window
        self.operand = operand
        self.keys = keys
        let expressions = window.partition + window.order.map(\.expression)
        let doubles = expressions.map { $0.type == .double }
        self.doubles = doubles
        let falls = window.partition.map { _ in false } + window.order.map(\.isDescending)
        rows = (0..<UInt32(count)).map { $0 }
        rows.sort { a, b in
            for place in 0..<keys.count {
                let order = keys[place].order(Int(a), Int(b), isDouble: doubles[place])
                if order != 0 { return falls[place] ? order > 0 : order < 0 }
            }
            return a < b
        }
    }

    private func areEqual(_ a: UInt32, _ b: UInt32, _ places: Range<Int>) -> Bool {
        places.allSatisfy { keys[$0].order(Int(a), Int(b), isDouble: doubles[$0]) == 0 }
    }

    func column() throws(QueryError) -> SlotColumn {
        var result = WindowResult(window.type, count: rows.count)
        var start = 0
        while start < rows.count {
            var end = start + 1
            while end < rows.count, areEqual(rows[start], rows[end], 0..<window.partition.count) { end += 1 }
            try compute(start..<end, &result)
            start = end
        }
        return result.column
    }

    private func compute(_ part: Range<Int>, _ result: inout WindowResult) throws(QueryError) {
        switch window.function {
        case .rowNumber:
            for place in part { result.set(rows[place], Int64(place - part.lowerBound + 1)) }
        case .lag(let distance), .lead(let distance):
            guard let operand else { return }
            for place in part {
                let (other, overflow) =
                    window.function == .lag(distance)
                    ? place.subtractingReportingOverflow(distance) : place.addingReportingOverflow(distance)
                if !overflow, part.contains(other) { result.copy(rows[place], operand, Int(rows[other])) }
            }
        case .rank, .denseRank, .aggregate: try computeByPeers(part, &result)
        }
    }

    /// What is the same for rows that are equal in the order.
    private func computeByPeers(_ part: Range<Int>, _ result: inout WindowResult) throws(QueryError) {
        var running = RunningAggregate(window, operand)
        var start = part.lowerBound
        var groups = 0
        while start < part.upperBound {
            var end = start + 1
            while end < part.upperBound, areEqual(rows[start], rows[end], window.partition.count..<keys.count) {
                end += 1
            }
            groups += 1
            switch window.function {
            case .rank: for place in start..<end { result.set(rows[place], Int64(start - part.lowerBound + 1)) }
            case .denseRank: for place in start..<end { result.set(rows[place], Int64(groups)) }
            default:
                for place in start..<end { running.add(Int(rows[place])) }
                for place in start..<end { try running.write(rows[place], &result) }
            }
            start = end
        }
    }
}

/// The column of a window function while it is filled, in any order.
private struct WindowResult {
    private(set) var column: SlotColumn

    init(_ type: QueryType, count: Int) {
        column = SlotColumn(type)
        for _ in 0..<count {
            if type.isText { column.append(text: nil) } else { column.append(number: nil) }
        }
    }

    mutating func set(_ row: UInt32, _ number: Int64) {
        column.valid[Int(row)] = true
        column.numbers[Int(row)] = number
    }

    mutating func copy(_ row: UInt32, _ other: SlotColumn, _ place: Int) {
        guard other.valid[place] else { return }
        column.valid[Int(row)] = true
        if other.isText {
            column.texts[Int(row)] = other.texts[place]
        } else {
            column.numbers[Int(row)] = other.numbers[place]
        }
    }
}

/// An aggregate that rows are added to one by one.
private struct RunningAggregate {
    private let function: AggregateFunction?
    private let operand: SlotColumn?
    private let isDouble: Bool
    private let scale: Double
    private var count: Int64 = 0
    private var sum: Int128 = 0
    private var realSum = 0.0
    private var extreme: Int?

    init(_ window: BoundWindow, _ operand: SlotColumn?) {
        if case .aggregate(let function) = window.function { self.function = function } else { function = nil }
        self.operand = operand
        isDouble = window.operand?.type == .double
        scale = Double(Decimal64.powersOfTen[Int(window.operand?.type.scale ?? 0)])
    }

    mutating func add(_ row: Int) {
        guard let operand else {
            count += 1
            return
        }
        guard operand.valid[row] else { return }
        count += 1
        switch function {
        case .sum, .average:
            if isDouble {
                realSum += Double(bitPattern: UInt64(bitPattern: operand.numbers[row]))
            } else {
                sum += Int128(operand.numbers[row])
            }
        case .minimum, .maximum:
            guard let known = extreme else {
                extreme = row
                return
            }
            var order = operand.order(row, known, isDouble: isDouble)
            if order == 0 { order = operand.byteOrder(row, known) }
            if function == .minimum ? order < 0 : order > 0 { extreme = row }
        default: break
        }
    }

    func write(_ row: UInt32, _ result: inout WindowResult) throws(QueryError) {
        switch function {
        case .count: result.set(row, count)
        case .minimum, .maximum:
            if let extreme, let operand { result.copy(row, operand, extreme) }
        case .sum where !isDouble:
            guard count > 0 else { return }
            guard let sum = Int64(exactly: sum) else { throw QueryError(.overflow, "a sum does not fit 64 bits") }
            result.set(row, sum)
        case .sum, .average:
            guard count > 0 else { return }
            let total = isDouble ? realSum : Double(sum) / scale
            let value = function == .sum ? total : total / Double(count)
            guard value.isFinite else { throw QueryError(.overflow, "a sum is too large for a number") }
            result.set(row, Int64(bitPattern: value.bitPattern))
        case nil: break
        }
    }
}
