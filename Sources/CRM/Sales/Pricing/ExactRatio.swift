// Exact arithmetic between the numbers that are stored: fractions of 128-bit integers, rounded once at the end.
// What needs more than 127 bits is nil, never a wrong number.

/// A number that is not negative, as a fraction.
struct ExactRatio: Equatable {
    var numerator: Int128
    /// At least 1.
    var denominator: Int128

    init(_ numerator: Int128, _ denominator: Int128 = 1) {
        precondition(numerator >= 0 && denominator > 0)
        self.numerator = numerator
        self.denominator = denominator
    }

    /// This number times a fraction; nil only where the product needs more digits in lowest terms.
    func times(_ numerator: Int128, over denominator: Int128) -> ExactRatio? {
        precondition(numerator >= 0 && denominator > 0)
        // Most products fit as they are.
        let (top, topOverflow) = self.numerator.multipliedReportingOverflow(by: numerator)
        let (bottom, bottomOverflow) = self.denominator.multipliedReportingOverflow(by: denominator)
        if !topOverflow, !bottomOverflow { return ExactRatio(top, bottom) }
        let own = reduced
        let (across, down) = (gcd(own.numerator, denominator), gcd(numerator, own.denominator))
        let (shortTop, isTopLong) = (own.numerator / across).multipliedReportingOverflow(by: numerator / down)
        let (shortBottom, isBottomLong) = (own.denominator / down).multipliedReportingOverflow(by: denominator / across)
        return isTopLong || isBottomLong ? nil : ExactRatio(shortTop, shortBottom)
    }

    /// The number of steps from `offset` to here, rounded as told; below 0 where this is less than `offset`.
    func steps(of step: Int128, from offset: Int128, _ rounding: StepRounding) -> Int128? {
        precondition(step > 0 && offset >= 0)
        let (start, startOverflow) = offset.multipliedReportingOverflow(by: denominator)
        let (width, widthOverflow) = step.multipliedReportingOverflow(by: denominator)
        guard !startOverflow, !widthOverflow else { return nil }
        // Both are at least 0, so that the difference fits.
        let distance = numerator - start
        let (quotient, remainder) = divided(distance, by: width)
        let (floor, rest) = remainder < 0 ? (quotient - 1, remainder + width) : (quotient, remainder)
        switch rounding {
        case .down: return floor
        case .up: return rest == 0 ? floor : floor + 1
        case .nearest: return rest >= width - rest ? floor + 1 : floor
        }
    }

    /// The number rounded half away from zero to a multiple of `step`.
    func rounded(toMultipleOf step: Int128) -> Int128? {
        guard let count = steps(of: step, from: 0, .nearest) else { return nil }
        let (number, overflow) = count.multipliedReportingOverflow(by: step)
        return overflow ? nil : number
    }

    /// The same number in lowest terms.
    var reduced: ExactRatio {
        let divisor = gcd(numerator, denominator)
        return ExactRatio(divided(numerator, by: divisor).quotient, divided(denominator, by: divisor).quotient)
    }

    private func gcd(_ a: Int128, _ b: Int128) -> Int128 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, divided(a, by: b).remainder) }
        return max(a, 1)
    }
}

/// Where a number between two steps goes; in the middle, up.
enum StepRounding {
    case down, up, nearest
}

/// Division, rounded half away from zero.
@inline(__always)
func roundedQuotient(_ dividend: Int128, by divisor: Int128) -> Int128 {
    let (quotient, remainder) = divided(dividend, by: divisor)
    let isAway = remainder.magnitude >= divisor.magnitude - remainder.magnitude
    return quotient + (isAway ? (dividend < 0 ? -1 : 1) : 0)
}

/// Division by a positive number. Most numbers fit in a word, whose division is an instruction where that of 128 bits is a call.
@inline(__always)
private func divided(_ dividend: Int128, by divisor: Int128) -> (quotient: Int128, remainder: Int128) {
    precondition(divisor > 0)
    if let dividend = Int64(exactly: dividend), let divisor = Int64(exactly: divisor) {
        let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
        return (Int128(quotient), Int128(remainder))
    }
    return dividend.quotientAndRemainder(dividingBy: divisor)
}
