// Comparisons and arithmetic on vectors. Exact numbers stay exact: where scales differ they are compared in 128 bits, and
// whatever does not fit 64 bits is an error.

extension Evaluator {
    static func overflow() -> QueryError {
        QueryError(.overflow, "a number in the query does not fit 64 bits")
    }

    /// A vector of exact numbers as binary floating point, in place.
    func toDouble(_ vector: Vector, _ type: QueryType, _ count: Int) {
        guard type != .double else { return }
        let divisor = Double(Decimal64.powersOfTen[Int(type.scale)])
        for index in 0..<count where vector.isValid(index) {
            vector.setDouble(index, Double(vector.numbers[index]) / divisor)
        }
    }

    func negate(_ vector: Vector, isDouble: Bool, _ count: Int) throws(QueryError) {
        for index in 0..<count where vector.isValid(index) {
            if isDouble {
                vector.setDouble(index, -vector.double(index))
            } else {
                guard vector.numbers[index] != .min else { throw Self.overflow() }
                vector.numbers[index] = -vector.numbers[index]
            }
        }
    }

    /// Leaves in `a` whether the comparison holds.
    func compare(
        _ sign: ComparisonOperator,
        _ a: Vector,
        _ aType: QueryType,
        _ b: Vector,
        _ bType: QueryType,
        _ count: Int
    ) {
        for index in 0..<count where b.valid[index] == 0 { a.setNull(index) }
        if aType.isText || bType.isText {
            let collation = aType.collation.joined(with: bType.collation)
            for index in 0..<count where a.isValid(index) {
                a.numbers[index] = sign.holds(collation.compare(a.texts[index], b.texts[index])) ? 1 : 0
            }
            return
        }
        if aType == .double || bType == .double {
            toDouble(a, aType, count)
            toDouble(b, bType, count)
            for index in 0..<count where a.isValid(index) {
                let (x, y) = (a.double(index), b.double(index))
                a.numbers[index] = sign.holds(x < y ? -1 : x > y ? 1 : 0) ? 1 : 0
            }
            return
        }
        if aType.scale != bType.scale {
            let (factorA, factorB) = Self.factors(aType.scale, bType.scale)
            for index in 0..<count where a.isValid(index) {
                let (x, y) = (Int128(a.numbers[index]) * factorA, Int128(b.numbers[index]) * factorB)
                a.numbers[index] = sign.holds(x < y ? -1 : x > y ? 1 : 0) ? 1 : 0
            }
            return
        }
        let (x, y) = (a.numbers, b.numbers)
        switch sign {
        case .equal: for index in 0..<count { x[index] = x[index] == y[index] ? 1 : 0 }
        case .notEqual: for index in 0..<count { x[index] = x[index] != y[index] ? 1 : 0 }
        case .less: for index in 0..<count { x[index] = x[index] < y[index] ? 1 : 0 }
        case .lessOrEqual: for index in 0..<count { x[index] = x[index] <= y[index] ? 1 : 0 }
        case .greater: for index in 0..<count { x[index] = x[index] > y[index] ? 1 : 0 }
        case .greaterOrEqual: for index in 0..<count { x[index] = x[index] >= y[index] ? 1 : 0 }
        }
    }

    /// What brings two scales (at most 18) to the larger one: at most 10^18 each, so products stay below 2^123.
    private static func factors(_ a: UInt8, _ b: UInt8) -> (Int128, Int128) {
        let scale = max(a, b)
        return (Int128(Decimal64.powersOfTen[Int(scale - a)]), Int128(Decimal64.powersOfTen[Int(scale - b)]))
    }

    func evaluateArithmetic(
        _ sign: ArithmeticOperator,
        _ left: Bound,
        _ right: Bound,
        _ type: QueryType,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let count = batch.count
        let (a, b) = (try evaluate(left, batch), try evaluate(right, batch))
        defer { release(b) }
        for index in 0..<count where b.valid[index] == 0 { a.setNull(index) }
        if type == .null { return a }
        if type == .double {
            toDouble(a, left.type, count)
            toDouble(b, right.type, count)
            for index in 0..<count where a.isValid(index) {
                let (x, y) = (a.double(index), b.double(index))
                switch sign {
                case .add: a.setDouble(index, x + y)
                case .subtract: a.setDouble(index, x - y)
                case .multiply: a.setDouble(index, x * y)
                case .divide: if y == 0 { a.setNull(index) } else { a.setDouble(index, x / y) }
                }
                if a.isValid(index), !a.double(index).isFinite { throw Self.overflow() }
            }
            return a
        }
        if sign == .multiply {
            for index in 0..<count where a.isValid(index) {
                let (product, overflow) = a.numbers[index].multipliedReportingOverflow(by: b.numbers[index])
                guard !overflow else { throw Self.overflow() }
                a.numbers[index] = product
            }
            return a
        }
        let (factorA, factorB) = Self.factors(left.type.scale, right.type.scale)
        let limit: ClosedRange<Int128> =
            type == .date ? Int128(Int32.min)...Int128(Int32.max) : Int128(Int64.min)...Int128(Int64.max)
        for index in 0..<count where a.isValid(index) {
            let (x, y) = (Int128(a.numbers[index]) * factorA, Int128(b.numbers[index]) * factorB)
            let sum = sign == .add ? x + y : x - y
            guard limit.contains(sum) else { throw Self.overflow() }
            a.numbers[index] = Int64(truncatingIfNeeded: sum)
        }
        return a
    }
}
