// The three exact numbers of pricing, each an integer in 64 bits with a scale of its own, so that no two are mixed up.

import Engine

/// An amount of money, in ten-thousandths of the currency's unit: what a money attribute holds.
package struct Money: Hashable, Sendable {
    /// Digits behind the point.
    package static let digits = 4
    package static let zero = Money(units: 0)

    package var units: Int64

    package init(units: Int64) { self.units = units }
}

/// How many of a unit, in hundred-thousandths.
package struct Quantity: Hashable, Sendable {
    /// Digits behind the point.
    package static let digits = 5
    package static let one = Quantity(units: 100_000)

    package var units: Int64

    package init(units: Int64) { self.units = units }

    /// Whether it has no more than so many digits behind the point.
    func hasDigits(atMost digits: Int) -> Bool {
        units % Decimal64.powersOfTen[Quantity.digits - min(max(digits, 0), Quantity.digits)] == 0
    }
}

/// A percentage, in hundredths of a per cent.
package struct Percentage: Hashable, Sendable {
    /// Digits behind the point.
    package static let digits = 2
    /// 100 %: the whole.
    package static let whole = Percentage(units: 10_000)

    package var units: Int64

    package init(units: Int64) { self.units = units }

    /// Whether it is a share of something: 0 to 100 %.
    var isShare: Bool { 0...Percentage.whole.units ~= units }
}

extension Money: CustomStringConvertible {
    /// At least two digits behind the point: `12.50`, `0.0035`.
    package var description: String { exactText(units, Money.digits, atLeast: 2) }
}

extension Quantity: CustomStringConvertible {
    /// Without zeros at the end: `12`, `1.5`.
    package var description: String { exactText(units, Quantity.digits, atLeast: 0) }
}

extension Percentage: CustomStringConvertible {
    /// With the sign: `19.05 %`.
    package var description: String { number + " %" }

    /// Without the sign.
    var number: String { exactText(units, Percentage.digits, atLeast: 2) }
}

/// The number in decimal, without zeros at the end beyond the least number of digits.
private func exactText(_ units: Int64, _ scale: Int, atLeast least: Int) -> String {
    var (units, scale) = (units, scale)
    while scale > least, units % 10 == 0 { (units, scale) = (units / 10, scale - 1) }
    return Decimal64(units: units, scale: UInt8(scale)).description
}
