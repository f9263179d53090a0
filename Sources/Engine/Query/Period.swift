/// A stretch of time that is said relative to the moment of the execution, or in the fiscal calendar: what stands behind DURING.
public struct Period: Hashable, Sendable {
    /// How the stretch is said. Numbers are frozen: trees carry them.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// The unit of now, so many units further; the operand is -1 (LAST, YESTERDAY), 0 (THIS, TODAY) or 1 (NEXT, TOMORROW).
        case shifted = 1
        /// From so many units ago, from the beginning of that day or fiscal unit, until now.
        case last = 2
        /// From now until so many units on, until the end of that day or fiscal unit.
        case next = 3
        /// Before what `last` says begins.
        case olderThan = 4
        /// The day of the operand.
        case on = 5
        /// That day and all after it.
        case onOrAfter = 6
        /// That day and all before it.
        case onOrBefore = 7
        /// The fiscal year that people call so.
        case fiscalYear = 8
        /// The period with this number, from 1, of any fiscal year.
        case fiscalPeriod = 9
        /// The period of one fiscal year: operands are year and period.
        case fiscalPeriodOfYear = 10
        /// That period and all after it.
        case fiscalPeriodOrAfter = 11
        /// That period and all before it.
        case fiscalPeriodOrBefore = 12

        /// How many operands there are.
        var operandCount: Int {
            switch self {
            case .fiscalPeriodOfYear, .fiscalPeriodOrAfter, .fiscalPeriodOrBefore: 2
            default: 1
            }
        }

        /// Whether the operand is a date, and not a number.
        var takesDate: Bool { self == .on || self == .onOrAfter || self == .onOrBefore }
    }

    /// How the stretch is said.
    public var kind: Kind
    /// What is counted; `day` where nothing is.
    public var unit: CalendarUnit
    /// Numbers or dates; none may depend on a row.
    public var operands: [Expression]

    /// Makes a stretch.
    public init(_ kind: Kind, _ unit: CalendarUnit = .day, _ operands: [Expression]) {
        self.kind = kind
        self.unit = unit
        self.operands = operands
    }

    /// The unit of now, or so many units further.
    public static func shifted(_ unit: CalendarUnit, by number: Int64) -> Period {
        Period(.shifted, unit, [Expression(.literal(.integer(number)))])
    }
}

/// Where UNDER and ABOVE look in a hierarchy.
public enum TreeDirection: UInt8, Hashable, Sendable, CaseIterable {
    /// Records whose path of parents leads to the given one.
    case under = 1
    /// The parents of the given one, and theirs.
    case above = 2
}
