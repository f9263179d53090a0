import Engine

/// How numbers are written. All arithmetic is on integers: what is parsed is exactly what was written, or refused.
package struct NumberFormat: Sendable, Equatable {
    /// What a `%` means.
    package enum Percent: String, Sendable, CaseIterable {
        /// A percent sign is refused: the mapping must say which of the two it is.
        case refuse
        /// `12.5%` is 12.5.
        case number
        /// `12.5%` is 0.125.
        case fraction
    }

    package var decimalSeparator: UInt8
    /// Between groups of digits, when the mapping names one. A space stands for every kind of space.
    package var groupSeparator: UInt8?
    package var percent: Percent
    /// Digits that the attribute does not keep are rounded half away from zero, instead of refused.
    package var rounds: Bool
    /// The number is multiplied by ten to this power: `0.15` with 2 is 15, `1.5` in millions with 6 is 1,500,000.
    package var powerOfTen: Int

    package init(
        decimalSeparator: UInt8 = UInt8(ascii: "."),
        groupSeparator: UInt8? = nil,
        percent: Percent = .refuse,
        rounds: Bool = false,
        powerOfTen: Int = 0
    ) {
        self.decimalSeparator = decimalSeparator
        self.groupSeparator = groupSeparator
        self.percent = percent
        self.rounds = rounds
        self.powerOfTen = powerOfTen
    }

    /// A whole number: ASCII digits with an optional sign, separators as given; digits behind the point only when they
    /// are zero.
    package func integer(_ text: Span<UInt8>) throws(CellFault) -> Int64 {
        try decimal(text, scale: 0, kind: "a whole number")
    }

    /// A decimal number times 10^scale. Accepts a sign before or behind, parentheses for negative, and a currency sign
    /// or an ISO 4217 code at either end (`-$5`, `1.234,50 EUR`, `(12.00)`). Refuses exponents, other letters and
    /// misplaced groups.
    package func decimal(_ text: Span<UInt8>, scale: UInt8) throws(CellFault) -> Int64 {
        try decimal(text, scale: scale, kind: "a number")
    }

    private func decimal(_ text: Span<UInt8>, scale: UInt8, kind: String) throws(CellFault) -> Int64 {
        let body = NumberBody(text)
        if body.isPercent, percent == .refuse {
            throw .text(text, "has a percent sign; say 'percent: number' or 'percent: fraction'")
        }
        var number = ExactNumber()
        var groupDigits = 0
        var groupCount = 0
        var isInFraction = false
        var index = body.start
        while index < body.end {
            let byte = text[index]
            if byte >= 0x30, byte <= 0x39 {
                guard number.append(digit: Int64(byte - 0x30), isFraction: isInFraction) else {
                    throw .text(text, "is too large")
                }
                groupDigits += 1
                index += 1
            } else if byte == decimalSeparator, !isInFraction {
                guard groupCount == 0 || groupDigits == 3 else { throw .text(text, "has misplaced group separators") }
                isInFraction = true
                index += 1
            } else if !isInFraction, number.digitCount > 0,
                let bytes = groupSeparatorBytes(text, at: index, end: body.end)
            {
                // The first group has 1 to 3 digits; later ones 3, or 2 as India groups, the last always 3.
                guard groupCount == 0 ? groupDigits <= 3 : groupDigits == 2 || groupDigits == 3 else {
                    throw .text(text, "has misplaced group separators")
                }
                groupCount += 1
                groupDigits = 0
                index += bytes
            } else {
                throw .text(text, "is not \(kind)\(hint(for: byte))")
            }
        }
        guard number.digitCount > 0 else { throw .text(text, "is not \(kind)") }
        guard isInFraction || groupCount == 0 || groupDigits == 3 else {
            throw .text(text, "has misplaced group separators")
        }
        if body.isPercent, percent == .fraction { number.fractionDigits += 2 }
        number.fractionDigits -= powerOfTen
        switch number.scaled(to: scale, rounds: rounds) {
        case .value(let units): return body.isNegative ? -units : units
        case .overflow: throw .text(text, "is too large")
        case .inexact:
            let keeps = scale == 0 ? "is not a whole number" : "has more than \(scale) digits behind the point"
            throw .text(text, "\(keeps); say 'round: yes' to round")
        }
    }

    private func groupSeparatorBytes(_ text: Span<UInt8>, at index: Int, end: Int) -> Int? {
        guard let groupSeparator else { return nil }
        if text[index] == groupSeparator { return 1 }
        guard groupSeparator == UInt8(ascii: " ") else { return nil }
        // No-break space U+00A0; thin U+2009, figure U+2007 and narrow no-break U+202F space.
        if index + 1 < end, text[index] == 0xC2, text[index + 1] == 0xA0 { return 2 }
        if index + 2 < end, text[index] == 0xE2, text[index + 1] == 0x80,
            text[index + 2] == 0x87 || text[index + 2] == 0x89 || text[index + 2] == 0xAF
        {
            return 3
        }
        return nil
    }

    private func hint(for byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "'"), UInt8(ascii: " "), 0xC2, 0xE2:
            "; does the mapping need 'decimal' or 'thousands'?"
        case UInt8(ascii: "e"), UInt8(ascii: "E"): ": exponents are not read, since a spreadsheet dropped digits there"
        default: ""
        }
    }
}

/// Digits read so far, of which `fractionDigits` stand behind the point. Digits behind the point that no longer fit in
/// 64 bits are only remembered as being there: no attribute keeps them.
private struct ExactNumber {
    enum Scaled {
        case value(Int64)
        case overflow
        case inexact
    }

    private var units: Int64 = 0
    var fractionDigits = 0
    var digitCount = 0
    private var hasDroppedDigits = false

    /// - Returns: false when the digits before the point pass 64 bits.
    mutating func append(digit: Int64, isFraction: Bool) -> Bool {
        let (tens, overflow) = units.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(digit)
        guard !overflow, !carry, !hasDroppedDigits else {
            if digit != 0 { hasDroppedDigits = true }
            return isFraction
        }
        units = sum
        digitCount += 1
        if isFraction { fractionDigits += 1 }
        return true
    }

    func scaled(to scale: UInt8, rounds: Bool) -> Scaled {
        var result = units
        if fractionDigits <= Int(scale) {
            for _ in fractionDigits..<Int(scale) {
                let (product, overflow) = result.multipliedReportingOverflow(by: 10)
                if overflow { return .overflow }
                result = product
            }
            return hasDroppedDigits ? .overflow : .value(result)
        }
        var lastDropped: Int64 = 0
        var isExact = !hasDroppedDigits
        for _ in Int(scale)..<fractionDigits {
            lastDropped = result % 10
            if lastDropped != 0 { isExact = false }
            result /= 10
        }
        guard isExact || rounds else { return .inexact }
        // Half away from zero looks at the first dropped digit alone.
        return .value(lastDropped >= 5 ? result + 1 : result)
    }
}

/// The part of a number's text between signs, currency and percent.
private struct NumberBody {
    private(set) var start = 0
    private(set) var end: Int
    private(set) var isNegative = false
    private(set) var isPercent = false
    private var hasSign = false
    private var hasCurrency = false

    /// Takes what is no digit off both ends until nothing more comes off; each kind of thing at most once.
    init(_ text: Span<UInt8>) {
        end = text.count
        while stripSpace(text) || stripSign(text) || stripCurrency(text) || stripPercent(text) {}
    }

    private mutating func stripSpace(_ text: Span<UInt8>) -> Bool {
        guard start < end else { return false }
        let before = end - start
        if text[start] == 0x20 { start += 1 }
        if start < end, text[end - 1] == 0x20 { end -= 1 }
        if end - start >= 2, text[start] == 0xC2, text[start + 1] == 0xA0 { start += 2 }
        if end - start >= 2, text[end - 2] == 0xC2, text[end - 1] == 0xA0 { end -= 2 }
        return end - start < before
    }

    private mutating func stripSign(_ text: Span<UInt8>) -> Bool {
        guard !hasSign, start < end else { return false }
        let first = text[start]
        let last = text[end - 1]
        if first == UInt8(ascii: "("), last == UInt8(ascii: ")"), end - start > 2 {
            start += 1
            end -= 1
            isNegative = true
        } else if first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            start += 1
            isNegative = first == UInt8(ascii: "-")
        } else if end - start > 3, first == 0xE2, text[start + 1] == 0x88, text[start + 2] == 0x92 {
            // U+2212, the typographic minus.
            start += 3
            isNegative = true
        } else if last == UInt8(ascii: "-") {
            end -= 1
            isNegative = true
        } else {
            return false
        }
        hasSign = true
        return true
    }

    private mutating func stripCurrency(_ text: Span<UInt8>) -> Bool {
        guard !hasCurrency, start < end else { return false }
        if let bytes = Self.currencyBytes(text, start, end, fromStart: true) {
            start += bytes
        } else if let bytes = Self.currencyBytes(text, start, end, fromStart: false) {
            end -= bytes
        } else {
            return false
        }
        hasCurrency = true
        return true
    }

    /// Length of the currency at one end: `$`, `¢`, `£`, `¤`, `¥`, the block U+20A0…U+20CF (`€`, `₹`, …) or three
    /// capitals.
    private static func currencyBytes(_ text: Span<UInt8>, _ start: Int, _ end: Int, fromStart: Bool) -> Int? {
        let count = end - start
        func byte(_ offset: Int, of length: Int) -> UInt8 { text[fromStart ? start + offset : end - length + offset] }
        if byte(0, of: 1) == UInt8(ascii: "$") { return 1 }
        if count >= 2, byte(0, of: 2) == 0xC2, (0xA2...0xA5).contains(byte(1, of: 2)) { return 2 }
        guard count >= 3 else { return nil }
        if byte(0, of: 3) == 0xE2,
            byte(1, of: 3) == 0x82 && byte(2, of: 3) >= 0xA0 || byte(1, of: 3) == 0x83 && byte(2, of: 3) <= 0x8F
        {
            return 3
        }
        for offset in 0..<3 where !(0x41...0x5A).contains(byte(offset, of: 3)) { return nil }
        return 3
    }

    private mutating func stripPercent(_ text: Span<UInt8>) -> Bool {
        guard !isPercent, start < end, text[end - 1] == UInt8(ascii: "%") else { return false }
        end -= 1
        isPercent = true
        return true
    }
}
