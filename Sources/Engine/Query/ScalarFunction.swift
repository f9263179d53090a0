/// The functions of one row. Numbers are frozen: trees carry them over the wire and in stored views.
public enum ScalarFunction: UInt8, Hashable, Sendable, CaseIterable {
    // Choice.
    /// The first operand that is not null.
    case coalesce = 1
    /// Null where both operands are equal, else the first.
    case nullIf = 2

    // Conversion: CAST.
    /// As text: labels of options, ISO 8601 of dates and moments.
    case castText = 3
    /// As a whole number, cut off at the point.
    case castInteger = 4
    /// As a decimal: operand, digits in all, digits behind the point.
    case castDecimal = 5
    /// As binary floating point.
    case castDouble = 6
    /// As a date.
    case castDate = 7
    /// As a moment.
    case castInstant = 8
    /// As yes/no.
    case castBoolean = 9

    // Numbers.
    /// Without its sign.
    case absolute = 10
    /// Rounded, halves away from zero: operand and digits behind the point, which are a constant.
    case round = 11
    /// The largest whole number that is not above.
    case floor = 12
    /// The smallest whole number that is not below.
    case ceiling = 13
    /// What a division leaves, with the sign of the dividend; null for a divisor of zero. Also `%`.
    case modulo = 14

    // Texts. Positions count characters (Unicode scalars) from 1.
    /// In lower case.
    case lower = 20
    /// In upper case.
    case upper = 21
    /// Without blanks, or the given characters, at both ends.
    case trim = 22
    /// The same at the start.
    case trimStart = 23
    /// The same at the end.
    case trimEnd = 24
    /// Number of characters.
    case length = 25
    /// A part: text, position, and number of characters.
    case substring = 26
    /// With every occurrence of the second operand replaced by the third.
    case replace = 27
    /// All operands one behind the other; nulls count as empty.
    case concatenate = 28
    /// Two operands one behind the other, null if one is null: `||`.
    case append = 29
    /// Position of the second operand in the first; 0 when it does not occur.
    case position = 30
    /// The first characters.
    case left = 31
    /// The last characters.
    case right = 32

    // Dates and moments; of a moment the local time of the organisation.
    case year = 40
    case quarter = 41
    case month = 42
    /// ISO 8601: weeks begin on Monday, and belong to the year of their Thursday.
    case week = 43
    case day = 44
    /// 1 Monday … 7 Sunday.
    case weekday = 45
    case dayOfYear = 46
    case hour = 47
    case minute = 48
    case second = 49
    case fiscalYear = 50
    case fiscalQuarter = 51
    case fiscalPeriod = 52
    /// The year that the ISO week belongs to.
    case weekYear = 53
    /// The beginning of the unit: unit, date or moment.
    case truncate = 54
    /// So many units later: unit, number, date or moment.
    case dateAdd = 55
    /// Boundaries of the unit between two dates or moments; whole units for hours, minutes and seconds.
    case dateDifference = 56
    /// The moment of the execution.
    case now = 57
    /// The local day of the execution.
    case today = 58
    /// Who executes.
    case currentUser = 59
}

/// One WHEN of a CASE.
public struct CaseBranch: Hashable, Sendable {
    /// A condition; in a CASE with an operand a value that it is compared with.
    public var condition: Expression
    /// What the CASE is where the condition is the first that holds.
    public var result: Expression

    /// Makes a branch.
    public init(when condition: Expression, then result: Expression) {
        self.condition = condition
        self.result = result
    }
}
