// Window functions:
//
//   window = name ( [expr [, rows]] ) OVER ( [PARTITION BY expr {, …}] [ORDER BY expr [ASC|DESC] {, …}] )
//
// OVER is a word like any other unless a parenthesis follows.

extension SQLParser {
    private var beginsWindow: Bool { isWord("over") && following.kind == .symbol(.open) }

    /// ROW_NUMBER and its like, which stand only before OVER.
    mutating func parseWindowCall(
        _ function: WindowFunction,
        at location: SourceLocation
    ) throws(QueryError) -> Expression {
        var function = function
        try advance()
        try expect(.open)
        var operand: Expression?
        if !isSymbol(.close) {
            operand = try parseExpression()
            if try accept(.comma) { function = try parseDistance(function) }
        }
        try expect(.close)
        guard beginsWindow else { throw unexpected("OVER (") }
        return try parseWindow(function, operand, at: location)
    }

    /// The number of rows of LAG and LEAD.
    private mutating func parseDistance(_ function: WindowFunction) throws(QueryError) -> WindowFunction {
        guard case .number(let digits) = token.kind, let rows = Int(digits), rows >= 0 else {
            throw unexpected("a number of rows")
        }
        switch function {
        case .lag:
            try advance()
            return .lag(rows)
        case .lead:
            try advance()
            return .lead(rows)
        default: throw unexpected("\")\"")
        }
    }

    /// An aggregate, or with OVER behind it the window function.
    mutating func parseOver(_ aggregate: Expression) throws(QueryError) -> Expression {
        guard beginsWindow, case .aggregate(let function, let operand, let distinct) = aggregate.kind else {
            return aggregate
        }
        guard !distinct else {
            throw QueryError(.syntax, "DISTINCT cannot stand in a window function", at: aggregate.location)
        }
        return try parseWindow(.aggregate(function), operand, at: aggregate.location)
    }

    private mutating func parseWindow(
        _ function: WindowFunction,
        _ operand: Expression?,
        at location: SourceLocation
    ) throws(QueryError) -> Expression {
        try advance()
        try expect(.open)
        var window = Window()
        if try accept("partition") {
            try expect("by")
            repeat { window.partition.append(try parseExpression()) } while try accept(.comma)
        }
        if try accept("order") {
            try expect("by")
            repeat {
                let expression = try parseExpression()
                var isDescending = false
                if try accept("desc") { isDescending = true } else { _ = try accept("asc") }
                window.order.append(Query.Order(expression, descending: isDescending))
            } while try accept(.comma)
        }
        guard window.expressions.count <= QueryLimits.keyCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.keyCountMax) keys in OVER", at: location)
        }
        if isWord("rows") || isWord("range") || isWord("groups") {
            throw QueryError(
                .syntax,
                "a window reaches from its first row to this one: no frame can be given",
                at: token.location
            )
        }
        try expect(.close)
        return try node(.window(function, operand, window), at: location)
    }
}
