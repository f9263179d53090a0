// Queries inside queries:
//
//   scalar = ( query )        exists = [NOT] EXISTS ( query )        in = expr [NOT] IN ( query )
//
// Each level counts against `QueryLimits.queryDepthMax` and against the depth of expressions around it.

extension SQLParser {
    /// Whether a query begins here, behind a parenthesis.
    var beginsQuery: Bool { isWord("select") }

    /// EXISTS is a word like any other unless a parenthesis follows.
    var beginsExists: Bool { isWord("exists") && following.kind == .symbol(.open) }

    mutating func parseExists(negated: Bool, at location: SourceLocation) throws(QueryError) -> Expression {
        try advance()
        try expect(.open)
        guard beginsQuery else { throw unexpected("SELECT") }
        return try node(.exists(try parseSubquery(), negated: negated), at: location)
    }

    /// A query behind an opening parenthesis, and the closing one.
    mutating func parseSubquery() throws(QueryError) -> Query {
        queryDepth += 1
        depth += 1
        defer {
            queryDepth -= 1
            depth -= 1
        }
        try checkDepth(depth)
        guard queryDepth <= QueryLimits.queryDepthMax else {
            throw QueryError(
                .tooComplex,
                "queries are nested more than \(QueryLimits.queryDepthMax) deep",
                at: token.location
            )
        }
        let query = try parseQuery()
        guard try accept(.close) else { throw token.kind == .end ? unexpected("\")\"") : unexpectedAtEnd() }
        return query
    }
}
