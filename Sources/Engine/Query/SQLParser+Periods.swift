// What stands behind DURING, UNDER and ABOVE:
//
//   DURING YESTERDAY | TODAY | TOMORROW
//        | LAST unit | THIS unit | NEXT unit | LAST n units | NEXT n units | OLDER THAN n units
//        | ON date | ON OR AFTER date | ON OR BEFORE date
//        | FISCAL YEAR n | FISCAL PERIOD n | FISCAL YEAR n PERIOD n
//        | ON OR AFTER FISCAL YEAR n PERIOD n | ON OR BEFORE FISCAL YEAR n PERIOD n
//   unit = SECOND | MINUTE | HOUR | DAY | WEEK | MONTH | QUARTER | YEAR | FISCAL PERIOD | FISCAL QUARTER | FISCAL YEAR
//   UNDER [OR EQUAL] record    ABOVE [OR EQUAL] record
//
// Numbers, dates and records are literals, parameters or functions of such.

extension SQLParser {
    /// Whether a condition of this file begins at the token. The words are not reserved: an attribute may be called so.
    var isPeriodOrTree: Bool { isWord("during") || isWord("under") || isWord("above") }

    mutating func parsePeriodOrTree(
        _ left: Expression,
        _ negated: Bool,
        _ location: SourceLocation
    ) throws(QueryError) -> Expression {
        if try accept("during") {
            return try node(.during(left, try parsePeriod(), negated: negated), at: location)
        }
        let direction: TreeDirection = isWord("under") ? .under : .above
        try advance()
        var orEqual = false
        if try accept("or") {
            try expect("equal")
            orEqual = true
        }
        let root = try parseOperand()
        return try node(.inTree(left, direction, root: root, orEqual: orEqual, negated: negated), at: location)
    }

    private mutating func parsePeriod() throws(QueryError) -> Period {
        let location = token.location
        func shifted(_ unit: CalendarUnit, _ number: Int64) -> Period {
            Period(.shifted, unit, [Expression(.literal(.integer(number)), at: location)])
        }
        if try accept("yesterday") { return shifted(.day, -1) }
        if try accept("today") { return shifted(.day, 0) }
        if try accept("tomorrow") { return shifted(.day, 1) }
        if try accept("this") { return shifted(try parseUnit(), 0) }
        for (word, number, kind) in [("last", -1, Period.Kind.last), ("next", 1, .next)] where isWord(word) {
            try advance()
            if case .word = token.kind { return shifted(try parseUnit(), Int64(number)) }
            let count = try parseOperand()
            return Period(kind, try parseUnit(), [count])
        }
        if try accept("older") {
            try expect("than")
            let count = try parseOperand()
            return Period(.olderThan, try parseUnit(), [count])
        }
        if try accept("on") {
            var kind = Period.Kind.on
            if try accept("or") {
                if try accept("after") {
                    kind = .onOrAfter
                } else {
                    guard try accept("before") else { throw unexpected("AFTER or BEFORE") }
                    kind = .onOrBefore
                }
            }
            guard kind != .on, isWord("fiscal") else { return Period(kind, .day, [try parseOperand()]) }
            let numbers = try parseFiscal()
            guard numbers.kind == .fiscalPeriodOfYear else { throw unexpected("PERIOD and its number") }
            return Period(
                kind == .onOrAfter ? .fiscalPeriodOrAfter : .fiscalPeriodOrBefore,
                .fiscalPeriod,
                numbers.operands
            )
        }
        if isWord("fiscal") { return try parseFiscal() }
        throw unexpected("a period: TODAY, LAST 30 DAYS, THIS QUARTER, ON a date, …")
    }

    /// `FISCAL YEAR n [PERIOD n]` or `FISCAL PERIOD n`.
    private mutating func parseFiscal() throws(QueryError) -> Period {
        try advance()
        if try accept("period") { return Period(.fiscalPeriod, .fiscalPeriod, [try parseOperand()]) }
        try expect("year")
        let year = try parseOperand()
        guard try accept("period") else { return Period(.fiscalYear, .fiscalYear, [year]) }
        return Period(.fiscalPeriodOfYear, .fiscalPeriod, [year, try parseOperand()])
    }

    private mutating func parseUnit() throws(QueryError) -> CalendarUnit {
        guard case .word(var word) = token.kind else { throw unexpected("a unit: DAYS, MONTHS, …") }
        let location = token.location
        try advance()
        if word == "fiscal", case .word(let part) = token.kind {
            word += part
            try advance()
        }
        guard let unit = CalendarUnit(name: word) else {
            let known = CalendarUnit.allCases.map(\.name)
            throw QueryError(
                .syntax,
                "there is no unit \"\(word)\"",
                at: location,
                suggestion: nearestName(to: word, among: known)?.uppercased()
            )
        }
        return unit
    }
}
