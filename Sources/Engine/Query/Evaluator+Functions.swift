// Functions of one row, one pass per operator. Null operands give null, but for COALESCE, NULLIF and CONCAT. Whatever does
// not fit its type is an error.

extension Evaluator {
    func evaluateFunction(
        _ function: ScalarFunction,
        _ operands: [Bound],
        _ type: QueryType,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let count = batch.count
        switch function {
        case .coalesce: return try evaluateCoalesce(operands, type, batch)
        case .nullIf:
            let (a, b) = (try evaluate(operands[0], batch), try evaluate(operands[1], batch))
            let truth = take()
            truth.copy(a, count, isText: operands[0].type.isText)
            compare(.equal, truth, operands[0].type, b, operands[1].type, count)
            for index in 0..<count where truth.isValid(index) && truth.numbers[index] != 0 { a.setNull(index) }
            release(truth)
            release(b)
            return a
        case .concatenate, .append: return try evaluateConcatenation(function, operands, batch)
        case .truncate, .dateAdd, .dateDifference: return try evaluateDates(function, operands, batch)
        default: break
        }
        let value = try evaluate(operands[0], batch)
        let operandType = operands[0].type
        switch function {
        case .absolute:
            for index in 0..<count where value.isValid(index) {
                if operandType == .double {
                    value.setDouble(index, value.double(index).magnitude)
                } else if value.numbers[index] < 0 {
                    guard value.numbers[index] != .min else { throw Self.overflow() }
                    value.numbers[index] = -value.numbers[index]
                }
            }
        case .round:
            var digits = 0
            if operands.count > 1, case .number(let number) = operands[1].node { digits = Int(number) }
            round(value, operandType, digits, count)
        case .floor, .ceiling: roundToWhole(value, operandType, upwards: function == .ceiling, count)
        case .modulo:
            let divisor = try evaluate(operands[1], batch)
            modulo(value, operandType, divisor, operands[1].type, count)
            release(divisor)
        case .castText, .castInteger, .castDecimal, .castDouble, .castDate, .castInstant, .castBoolean:
            try cast(function, value, operands, to: type, count)
        case .year, .quarter, .month, .week, .weekYear, .day, .weekday, .dayOfYear, .hour, .minute, .second,
            .fiscalYear,
            .fiscalQuarter, .fiscalPeriod:
            datePart(function, value, operandType, count)
        default: try evaluateText(function, value, Array(operands.dropFirst()), batch)
        }
        return value
    }

    // MARK: Numbers

    /// Exact numbers in another exact type with at least as many digits, or as floating point; options as numbers.
    func convert(_ vector: Vector, from: QueryType, to: QueryType, _ count: Int) throws(QueryError) {
        if to == .double { return toDouble(vector, from, count) }
        guard to.scale > from.scale else { return }
        let factor = Decimal64.powersOfTen[Int(to.scale - from.scale)]
        for index in 0..<count where vector.isValid(index) {
            let (product, overflow) = vector.numbers[index].multipliedReportingOverflow(by: factor)
            guard !overflow else { throw Self.overflow() }
            vector.numbers[index] = product
        }
    }

    private func round(_ vector: Vector, _ type: QueryType, _ digits: Int, _ count: Int) {
        if type == .double {
            for index in 0..<count where vector.isValid(index) {
                vector.setDouble(index, Self.rounded(vector.double(index), digits))
            }
            return
        }
        guard digits < Int(type.scale) else { return }
        let unit = Decimal64.powersOfTen[Int(type.scale) - digits]
        for index in 0..<count where vector.isValid(index) {
            vector.numbers[index] = Self.divided(vector.numbers[index], by: unit)
        }
    }

    /// A quotient rounded to the nearest, halves away from zero. The divisor is a power of ten, at least 10.
    static func divided(_ number: Int64, by divisor: Int64) -> Int64 {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        guard remainder.magnitude >= divisor.magnitude / 2 else { return quotient }
        return quotient + (number < 0 ? -1 : 1)
    }

    static func rounded(_ number: Double, _ digits: Int) -> Double {
        let factor = Double(Decimal64.powersOfTen[digits])
        let product = number * factor
        // Beyond 2^52 there is nothing behind the point.
        guard product.magnitude < 4_503_599_627_370_496 else { return number }
        // What prints as a half is a half: 1.005 is stored as a little less, and a product errs by as much again.
        return (product + product * 3e-16).rounded(.toNearestOrAwayFromZero) / factor
    }

    private func roundToWhole(_ vector: Vector, _ type: QueryType, upwards: Bool, _ count: Int) {
        if type == .double {
            for index in 0..<count where vector.isValid(index) {
                vector.setDouble(index, vector.double(index).rounded(upwards ? .up : .down))
            }
            return
        }
        guard type.scale > 0 else { return }
        let unit = Decimal64.powersOfTen[Int(type.scale)]
        for index in 0..<count where vector.isValid(index) {
            let (quotient, remainder) = vector.numbers[index].quotientAndRemainder(dividingBy: unit)
            vector.numbers[index] =
                upwards ? quotient + (remainder > 0 ? 1 : 0) : quotient - (remainder < 0 ? 1 : 0)
        }
    }

    private func modulo(_ a: Vector, _ aType: QueryType, _ b: Vector, _ bType: QueryType, _ count: Int) {
        for index in 0..<count where b.valid[index] == 0 { a.setNull(index) }
        if aType == .double || bType == .double {
            toDouble(a, aType, count)
            toDouble(b, bType, count)
            for index in 0..<count where a.isValid(index) {
                let divisor = b.double(index)
                if divisor == 0 {
                    a.setNull(index)
                } else {
                    a.setDouble(index, a.double(index).truncatingRemainder(dividingBy: divisor))
                }
            }
            return
        }
        for index in 0..<count where a.isValid(index) {
            switch b.numbers[index] {
            case 0: a.setNull(index)
            // Anything is divisible by one; and the smallest number divided by -1 does not fit.
            case -1: a.numbers[index] = 0
            default: a.numbers[index] %= b.numbers[index]
            }
        }
    }
}
