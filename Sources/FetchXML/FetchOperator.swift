// The operators of conditions, in one table.

import Engine

enum FetchOperator {
    /// How the text of a pattern is meant.
    enum LikeForm {
        /// With `%`, `_` and single characters in brackets.
        case pattern
        case prefix
        case suffix
    }

    /// What an operator makes of an attribute and its values.
    enum Meaning {
        case compare(ComparisonOperator)
        case isNull(negated: Bool)
        case isIn(negated: Bool)
        case between(negated: Bool)
        case like(LikeForm, negated: Bool)
        /// A stretch of time that takes no value: the unit of now, so many units further.
        case shifted(CalendarUnit, by: Int64)
        /// The last or next seven days.
        case sevenDays(Period.Kind)
        /// A stretch of time whose operands are the values: a day, or numbers.
        case during(Period.Kind, CalendarUnit)
        /// The acting user.
        case isUser(negated: Bool)
        /// The business unit of the acting user.
        case isBusinessUnit(negated: Bool)
        /// The acting user, or one who reports to that user along the hierarchy.
        case isUserOrBelow
        /// A team of the acting user; with `orSelf` also that user, with `orBelow` also those who report to the user, and their teams.
        case isTeam(orSelf: Bool, orBelow: Bool)
        /// Along the hierarchy of the entity.
        case tree(TreeDirection, orEqual: Bool, negated: Bool)
        /// Of a multi-select attribute: at least one of the values.
        case contains(negated: Bool)
    }

    private static let table: [(name: String, meaning: Meaning)] = [
        ("eq", .compare(.equal)), ("ne", .compare(.notEqual)), ("neq", .compare(.notEqual)),
        ("gt", .compare(.greater)), ("ge", .compare(.greaterOrEqual)),
        ("lt", .compare(.less)), ("le", .compare(.lessOrEqual)),
        ("null", .isNull(negated: false)), ("not-null", .isNull(negated: true)),
        ("in", .isIn(negated: false)), ("not-in", .isIn(negated: true)),
        ("contain-values", .contains(negated: false)), ("not-contain-values", .contains(negated: true)),
        ("between", .between(negated: false)), ("not-between", .between(negated: true)),
        ("like", .like(.pattern, negated: false)), ("not-like", .like(.pattern, negated: true)),
        ("begins-with", .like(.prefix, negated: false)), ("not-begin-with", .like(.prefix, negated: true)),
        ("ends-with", .like(.suffix, negated: false)), ("not-end-with", .like(.suffix, negated: true)),
        ("yesterday", .shifted(.day, by: -1)), ("today", .shifted(.day, by: 0)), ("tomorrow", .shifted(.day, by: 1)),
        ("last-seven-days", .sevenDays(.last)), ("next-seven-days", .sevenDays(.next)),
        ("last-week", .shifted(.week, by: -1)), ("this-week", .shifted(.week, by: 0)),
        ("next-week", .shifted(.week, by: 1)), ("last-month", .shifted(.month, by: -1)),
        ("this-month", .shifted(.month, by: 0)), ("next-month", .shifted(.month, by: 1)),
        ("last-year", .shifted(.year, by: -1)), ("this-year", .shifted(.year, by: 0)),
        ("next-year", .shifted(.year, by: 1)),
        ("last-fiscal-period", .shifted(.fiscalPeriod, by: -1)), ("this-fiscal-period", .shifted(.fiscalPeriod, by: 0)),
        ("next-fiscal-period", .shifted(.fiscalPeriod, by: 1)), ("last-fiscal-year", .shifted(.fiscalYear, by: -1)),
        ("this-fiscal-year", .shifted(.fiscalYear, by: 0)), ("next-fiscal-year", .shifted(.fiscalYear, by: 1)),
        ("last-x-hours", .during(.last, .hour)), ("next-x-hours", .during(.next, .hour)),
        ("last-x-days", .during(.last, .day)), ("next-x-days", .during(.next, .day)),
        ("last-x-weeks", .during(.last, .week)), ("next-x-weeks", .during(.next, .week)),
        ("last-x-months", .during(.last, .month)), ("next-x-months", .during(.next, .month)),
        ("last-x-years", .during(.last, .year)), ("next-x-years", .during(.next, .year)),
        ("last-x-fiscal-periods", .during(.last, .fiscalPeriod)),
        ("next-x-fiscal-periods", .during(.next, .fiscalPeriod)),
        ("last-x-fiscal-years", .during(.last, .fiscalYear)), ("next-x-fiscal-years", .during(.next, .fiscalYear)),
        ("olderthan-x-minutes", .during(.olderThan, .minute)), ("olderthan-x-hours", .during(.olderThan, .hour)),
        ("olderthan-x-days", .during(.olderThan, .day)), ("olderthan-x-weeks", .during(.olderThan, .week)),
        ("olderthan-x-months", .during(.olderThan, .month)), ("olderthan-x-years", .during(.olderThan, .year)),
        ("on", .during(.on, .day)), ("on-or-after", .during(.onOrAfter, .day)),
        ("on-or-before", .during(.onOrBefore, .day)),
        ("in-fiscal-year", .during(.fiscalYear, .fiscalYear)),
        ("in-fiscal-period", .during(.fiscalPeriod, .fiscalPeriod)),
        ("in-fiscal-period-and-year", .during(.fiscalPeriodOfYear, .fiscalPeriod)),
        ("in-or-after-fiscal-period-and-year", .during(.fiscalPeriodOrAfter, .fiscalPeriod)),
        ("in-or-before-fiscal-period-and-year", .during(.fiscalPeriodOrBefore, .fiscalPeriod)),
        ("eq-userid", .isUser(negated: false)), ("ne-userid", .isUser(negated: true)),
        ("eq-businessid", .isBusinessUnit(negated: false)), ("ne-businessid", .isBusinessUnit(negated: true)),
        ("eq-useroruserhierarchy", .isUserOrBelow),
        ("eq-userteams", .isTeam(orSelf: false, orBelow: false)),
        ("eq-useroruserteams", .isTeam(orSelf: true, orBelow: false)),
        ("eq-useroruserhierarchyandteams", .isTeam(orSelf: true, orBelow: true)),
        ("under", .tree(.under, orEqual: false, negated: false)),
        ("not-under", .tree(.under, orEqual: false, negated: true)),
        ("eq-or-under", .tree(.under, orEqual: true, negated: false)),
        ("above", .tree(.above, orEqual: false, negated: false)),
        ("eq-or-above", .tree(.above, orEqual: true, negated: false)),
    ]

    /// What the operator of this name means.
    static func named(_ name: String) -> Meaning? { table.first { $0.name == name }?.meaning }

    /// All names, for suggestions.
    static var names: [String] { table.map(\.name) }
}

/// A pattern of `LIKE` made from the text of a condition.
struct FetchPattern {
    let text: String
    /// The character that makes the next one stand for itself, if one was needed.
    let escape: String?

    /// In a pattern, brackets around one character make it stand for itself (`[%]`); sets and ranges in brackets are refused.
    init(_ source: String, _ form: FetchOperator.LikeForm, at location: SourceLocation) throws(QueryError) {
        var text = ""
        var isEscaped = false
        func literal(_ character: Unicode.Scalar) {
            if character == "%" || character == "_" || character == "\\" {
                text.unicodeScalars.append("\\")
                isEscaped = true
            }
            text.unicodeScalars.append(character)
        }
        var rest = source.unicodeScalars[...]
        while let character = rest.popFirst() {
            guard form == .pattern else {
                literal(character)
                continue
            }
            if character == "[" {
                guard let inside = rest.popFirst(), rest.popFirst() == "]" else {
                    throw QueryError(
                        .syntax,
                        "brackets in a pattern hold one character that stands for itself, like [%]",
                        at: location
                    )
                }
                literal(inside)
            } else if character == "\\" {
                literal(character)
            } else {
                text.unicodeScalars.append(character)
            }
        }
        switch form {
        case .pattern: self.text = text
        case .prefix: self.text = text + "%"
        case .suffix: self.text = "%" + text
        }
        escape = isEscaped ? "\\" : nil
    }
}
