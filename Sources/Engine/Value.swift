/// Number of a transaction in an organisation's one total order, from 1; 0 is before the first.
/// A record's version is the position of the last transaction that changed it.
public typealias Position = UInt64

/// A decimal number as an integer and a power of ten: `units / 10^scale`. Exact.
public struct Decimal64: Hashable, Sendable {
    /// The scaled integer.
    public var units: Int64
    /// Digits behind the point, 0…10.
    public var scale: UInt8

    /// Makes `units / 10^scale`.
    public init(units: Int64, scale: UInt8) {
        self.units = units
        self.scale = scale
    }

    /// Powers of ten that fit in 64 bits, by exponent.
    package static let powersOfTen: [Int64] = (0...18).map { (0..<$0).reduce(1) { power, _ in power * 10 } }

    /// The same number with another scale; nil when digits would be lost or the result does not fit.
    public func rescaled(to newScale: UInt8) -> Decimal64? {
        guard scale <= 18, newScale <= 18 else { return nil }
        if newScale >= scale {
            let (product, overflow) = units.multipliedReportingOverflow(
                by: Decimal64.powersOfTen[Int(newScale - scale)]
            )
            return overflow ? nil : Decimal64(units: product, scale: newScale)
        }
        let (quotient, remainder) = units.quotientAndRemainder(dividingBy: Decimal64.powersOfTen[Int(scale - newScale)])
        return remainder == 0 ? Decimal64(units: quotient, scale: newScale) : nil
    }
}

extension Decimal64: CustomStringConvertible {
    /// All digits, with a point: `1234.5000`.
    public var description: String {
        guard scale > 0 else { return String(units) }
        var digits = String(units.magnitude)
        if digits.utf8.count <= Int(scale) {
            digits = String(repeating: "0", count: Int(scale) + 1 - digits.utf8.count) + digits
        }
        let point = digits.index(digits.endIndex, offsetBy: -Int(scale))
        return (units < 0 ? "-" : "") + digits[..<point] + "." + digits[point...]
    }
}

/// One value at the edges of the engine: in the typed Swift interface, in query parameters and in refusals.
/// Inside, values live in columns; nothing hot is built from `Value`.
public enum Value: Hashable, Sendable {
    /// No value.
    case null
    /// Yes or no.
    case boolean(Bool)
    /// Whole number.
    case integer(Int64)
    /// Decimal number or money.
    case decimal(Decimal64)
    /// Value of an option set, a state or a status.
    case option(Int32)
    /// Calendar date: days since 1970-01-01 (proleptic Gregorian).
    case date(Int32)
    /// Moment: microseconds since 1970-01-01T00:00:00Z.
    case instant(Int64)
    /// Reference to a record, or a record's own id.
    case reference(RecordID)
    /// Text.
    case text(String)
    /// Binary floating point: only in query results (averages) and query parameters.
    case double(Double)
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number; also accepted where a decimal, money or an option is expected.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// No value.
    public init(nilLiteral: ()) { self = .null }
}

/// How values of a column lie in batches, results, the log and on the wire.
public enum PhysicalKind: UInt8, Sendable, CaseIterable {
    /// One byte, 0 or 1.
    case bool = 1
    /// Four bytes: option, state and status values, dates (days).
    case int32 = 2
    /// Eight bytes: whole numbers, scaled decimals and money, instants (microseconds).
    case int64 = 3
    /// Eight bytes: a record id.
    case id = 4
    /// UTF-8 bytes behind end offsets.
    case text = 5
    /// Eight bytes, IEEE 754: in query results only.
    case double = 6

    /// Bytes of one fixed-width value; for text, of its end offset.
    @inlinable
    public var strideBytes: Int {
        switch self {
        case .bool: 1
        case .int32, .text: 4
        case .int64, .id, .double: 8
        }
    }
}
