// Queries inside queries:
//
//   scalar = ( query )        exists = [NOT] EXISTS ( query )        in = expr [NOT] IN ( query )
//
// Each level counts against `QueryLimits.queryDepthMax` and against the depth of expressions around it.

extension SQLParser {
    /// Whether a query begins here, behind a parenthesis.
    var beginsQuery: Bool {
        if isWord("select") { return true }
        // WITH is a word like any other unless a name follows.
        guard isWord("with") else { return false }
        switch following.kind {
        case .quoted: return true
        case .word(let word): return !Self.isReserved(word)
        default: return false
        }
    }

    /// A whole query, up to its end or to a token that it cannot contain.
    mutating func parseQuery() throws(QueryError) -> Query {
        let named = isWord("with") ? try parseNamed() : []
        var query = try parseSelect()
        query.named = named
        while try accept("union") {
            guard try accept("all") else {
                throw QueryError(
                    .syntax,
                    "only UNION ALL is known: for rows without repetitions select DISTINCT from it",
                    at: token.location
                )
            }
            guard query.unions.count + 1 < QueryLimits.unionCountMax else {
                throw QueryError(
                    .tooComplex,
                    "more than \(QueryLimits.unionCountMax) queries in a UNION ALL",
                    at: token.location
                )
            }
            query.unions.append(try parseSelect())
        }
        try parseEnd(of: &query)
        if isWord("union") {
            throw QueryError(
                .syntax,
                "ORDER BY and LIMIT stand behind the last SELECT of a UNION ALL",
                at: token.location
            )
        }
        return query
    }

    private mutating func parseNamed() throws(QueryError) -> [Query.Named] {
        try advance()
        if isWord("recursive"), following.kind != .word("as") {
            throw QueryError(
                .syntax,
                "a query cannot contain itself: hierarchies have operators of their own",
                at: token.location
            )
        }
        var result: [Query.Named] = []
        repeat {
            let location = token.location
            guard result.count < QueryLimits.namedQueryCountMax else {
                throw QueryError(.tooComplex, "more than \(QueryLimits.namedQueryCountMax) named queries", at: location)
            }
            let name = try name("a name for the query")
            try expect("as")
            try expect(.open)
            guard beginsQuery else { throw unexpected("SELECT") }
            result.append(Query.Named(name, try parseSubquery(), at: location))
        } while try accept(.comma)
        return result
    }

    /// FROM (SELECT …) AS name.
    mutating func parseQuerySource() throws(QueryError) -> Query.Source {
        let location = token.location
        try expect(.open)
        guard beginsQuery else { throw unexpected("SELECT") }
        let query = try parseSubquery()
        _ = try accept("as")
        return Query.Source(query, as: try name("a name for the query in front"), at: location)
    }

    mutating func parseCrossJoin() throws(QueryError) -> Query.Join {
        let location = token.location
        try advance()
        try expect("join")
        let source = try parseSource()
        return Query.Join(.inner, source, on: try node(.literal(.boolean(true)), at: location))
    }

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
