// Numbers as exact ones with fewer or more digits: what the declared type of a calculated attribute asks for.
//
// A number that lies in the middle goes away from zero, as amounts of money are rounded everywhere. A quotient of two exact
// numbers is rounded once, from its exact value: amounts in 64 bits have more digits than binary floating point.

extension Evaluator {
    /// The operand with `scale` digits behind the point.
    func evaluateRounded(_ operand: Bound, to scale: UInt8, _ batch: Batch) throws(QueryError) -> Vector {
        if case .arithmetic(.divide, let left, let right) = operand.node, left.type != .double, right.type != .double {
            return try evaluateQuotient(left, right, scale, batch)
        }
        let vector = try evaluate(operand, batch)
        if operand.type == .double {
            let factor = Double(Decimal64.powersOfTen[Int(scale)])
            for index in 0..<batch.count where vector.isValid(index) {
                let scaled = (vector.double(index) * factor).rounded(.toNearestOrAwayFromZero)
                guard let number = Int64(exactly: scaled) else { throw Self.unfit }
                vector.numbers[index] = number
            }
            return vector
        }
        let given = operand.type.scale
        if given <= scale {
            let factor = Decimal64.powersOfTen[Int(scale - given)]
            for index in 0..<batch.count where vector.isValid(index) {
                let (product, overflow) = vector.numbers[index].multipliedReportingOverflow(by: factor)
                guard !overflow else { throw Self.unfit }
                vector.numbers[index] = product
            }
        } else {
            let divisor = Int128(Decimal64.powersOfTen[Int(given - scale)])
            for index in 0..<batch.count where vector.isValid(index) {
                vector.numbers[index] = try Self.rounded(Int128(vector.numbers[index]), by: divisor)
            }
        }
        return vector
    }

    private func evaluateQuotient(
        _ left: Bound,
        _ right: Bound,
        _ scale: UInt8,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let (a, b) = (try evaluate(left, batch), try evaluate(right, batch))
        defer { release(b) }
        // a·10^-x / b·10^-y in units of 10^-scale is a·10^(scale+y) / b·10^x. The scales are at most 18 each, so one factor may
        // have 36 digits: the common power of ten goes first, and what is left beyond 128 bits is an error.
        let (up, down) = (Int(scale) + Int(right.type.scale), Int(left.type.scale))
        let (raise, lower) = (Self.powerOfTen(max(up - down, 0)), Self.powerOfTen(max(down - up, 0)))
        for index in 0..<batch.count where a.isValid(index) {
            guard b.isValid(index), b.numbers[index] != 0 else {
                a.setNull(index)
                continue
            }
            let (dividend, overflow) = Int128(a.numbers[index]).multipliedReportingOverflow(by: raise)
            guard !overflow else { throw Self.unfit }
            // At most 2^63 · 10^18, less than 2^123.
            a.numbers[index] = try Self.rounded(dividend, by: Int128(b.numbers[index]) * lower)
        }
        return a
    }

    private static let unfit = QueryError(.overflow, "a calculated number does not fit its declared type")

    /// 10^exponent for exponents up to 36: below 2^120.
    private static func powerOfTen(_ exponent: Int) -> Int128 {
        let half = min(exponent, 18)
        return Int128(Decimal64.powersOfTen[half]) * Int128(Decimal64.powersOfTen[exponent - half])
    }

    private static func rounded(_ dividend: Int128, by divisor: Int128) throws(QueryError) -> Int64 {
        let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
        let isUp = remainder.magnitude >= divisor.magnitude - remainder.magnitude
        let isNegative = (dividend < 0) != (divisor < 0)
        guard let number = Int64(exactly: isUp ? quotient + (isNegative ? -1 : 1) : quotient) else { throw unfit }
        return number
    }
}
