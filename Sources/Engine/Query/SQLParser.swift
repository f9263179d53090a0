// Recursive descent over the tokens of one SELECT statement; expressions are in SQLParser+Expressions.swift, queries inside
// them in SQLParser+Subqueries.swift.
//
//   statement = [EXPLAIN] query [;]
//   query     = [WITH name AS ( query ) {, …}] select {UNION ALL select}
//               [ORDER BY expr [ASC|DESC] {, …}] [LIMIT n [OFFSET m]]
//   select    = SELECT [DISTINCT] column {, column} FROM source {join}
//               [WHERE expr] [GROUP BY expr {, expr}] [HAVING expr]
//   column    = * | name.* | expr [[AS] name]
//   source    = name [[AS] name] | ( query ) [AS] name
//   join      = [INNER | LEFT [OUTER]] JOIN source ON expr | CROSS JOIN source
//
// The parser knows no schema: it makes the tree, and the binder checks the names.

struct SQLParser {
    private var lexer: SQLLexer
    private(set) var token: SQLToken
    private(set) var following: SQLToken
    private(set) var parameterNames: [String] = []
    var nodeCount = 0
    var depth = 0
    /// Queries around the one that is being read.
    var queryDepth = 0

    /// Words that end an expression or a source, so that they cannot be an alias without AS.
    private static let reserved: Set<String> = [
        "select", "distinct", "from", "inner", "left", "outer", "join", "on", "where", "group", "by", "having", "order",
        "limit", "offset", "as", "and", "or", "not", "in", "between", "like", "escape", "is", "null", "true", "false",
        "asc", "desc", "union", "cross", "right", "full", "case",
    ]

    init(_ text: String) throws(QueryError) {
        lexer = try SQLLexer(text)
        token = try lexer.next()
        following = try lexer.next()
    }

    mutating func advance() throws(QueryError) {
        token = following
        following = try lexer.next()
    }

    // MARK: Words and signs

    func isWord(_ word: String) -> Bool { token.kind == .word(word) }
    func isSymbol(_ symbol: SQLToken.Symbol) -> Bool { token.kind == .symbol(symbol) }

    mutating func accept(_ word: String) throws(QueryError) -> Bool {
        guard isWord(word) else { return false }
        try advance()
        return true
    }

    mutating func accept(_ symbol: SQLToken.Symbol) throws(QueryError) -> Bool {
        guard isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ word: String) throws(QueryError) {
        guard try accept(word) else { throw unexpected("\(word.uppercased())") }
    }

    mutating func expect(_ symbol: SQLToken.Symbol) throws(QueryError) {
        guard try accept(symbol) else { throw unexpected("\"\(symbol.rawValue)\"") }
    }

    func unexpected(_ wanted: String) -> QueryError {
        QueryError(.syntax, "expected \(wanted), found \(token.description)", at: token.location)
    }

    /// A name: a word that is not reserved, or anything in double quotes.
    mutating func name(_ what: String) throws(QueryError) -> String {
        switch token.kind {
        case .quoted(let name):
            try advance()
            return name
        case .word(let name) where !Self.reserved.contains(name):
            try advance()
            return name
        default:
            throw unexpected(what)
        }
    }

    /// Whether the token can begin an alias without AS.
    private var isName: Bool {
        switch token.kind {
        case .quoted: true
        case .word(let word): !Self.reserved.contains(word)
        default: false
        }
    }

    static func isReserved(_ word: String) -> Bool { reserved.contains(word) }

    /// Number of a parameter: `?` is always a new one, `:name` the same at every appearance.
    mutating func parameter(_ name: String) throws(QueryError) -> Int {
        if !name.isEmpty, let index = parameterNames.firstIndex(of: name) { return index }
        guard parameterNames.count < QueryLimits.parameterCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.parameterCountMax) parameters", at: token.location)
        }
        parameterNames.append(name)
        return parameterNames.count - 1
    }

    // MARK: Clauses

    mutating func parseStatement() throws(QueryError) -> Query {
        let isExplain = try accept("explain")
        var query = try parseQuery()
        query.isExplain = isExplain
        _ = try accept(.semicolon)
        guard token.kind == .end else { throw unexpectedAtEnd() }
        return query
    }

    /// One SELECT up to its HAVING.
    mutating func parseSelect() throws(QueryError) -> Query {
        try expect("select")
        let isDistinct = try accept("distinct")
        var columns: [Query.Column] = []
        repeat {
            guard columns.count < QueryLimits.columnCountMax else {
                throw QueryError(.tooComplex, "more than \(QueryLimits.columnCountMax) columns", at: token.location)
            }
            columns.append(try parseColumn())
        } while try accept(.comma)
        try expect("from")
        var query = Query(columns, from: try parseSource())
        query.isDistinct = isDistinct
        while let join = try parseJoin() {
            guard query.joins.count + 1 < QueryLimits.sourceCountMax else {
                throw QueryError(
                    .tooComplex,
                    "more than \(QueryLimits.sourceCountMax) entities",
                    at: join.source.location
                )
            }
            query.joins.append(join)
        }
        if try accept("where") { query.filter = try parseExpression() }
        if try accept("group") {
            try expect("by")
            repeat { query.groups.append(try parseExpression()) } while try accept(.comma)
        }
        if try accept("having") { query.groupFilter = try parseExpression() }
        return query
    }

    /// ORDER BY, LIMIT and OFFSET.
    mutating func parseEnd(of query: inout Query) throws(QueryError) {
        if try accept("order") {
            try expect("by")
            repeat {
                let expression = try parseExpression()
                var isDescending = false
                if try accept("desc") { isDescending = true } else { _ = try accept("asc") }
                query.order.append(Query.Order(expression, descending: isDescending))
            } while try accept(.comma)
        }
        if try accept("limit") {
            query.limit = try parseRowCount()
            if try accept("offset") { query.offset = try parseRowCount() }
        }
    }

    /// Says which clause stands too late, or what cannot be read.
    func unexpectedAtEnd() -> QueryError {
        if case .word(let word) = token.kind {
            let clauses = ["where", "group", "having", "order", "limit"]
            if clauses.contains(word) {
                return QueryError(
                    .syntax,
                    "\(word.uppercased()) stands too late: the order is WHERE, GROUP BY, HAVING, ORDER BY, LIMIT",
                    at: token.location
                )
            }
            if let near = nearestName(to: word, among: clauses + ["join", "left", "inner", "and", "or", "desc", "asc"])
            {
                return QueryError(
                    .syntax,
                    "unexpected \(token.description)",
                    at: token.location,
                    suggestion: near.uppercased()
                )
            }
        }
        return QueryError(.syntax, "unexpected \(token.description)", at: token.location)
    }

    private mutating func parseColumn() throws(QueryError) -> Query.Column {
        let location = token.location
        if try accept(.star) { return .all(of: nil, location) }
        let expression = try parseExpression()
        // `a.*`: the expression parser stopped at the star behind the point and left the mark.
        if case .name(let parts) = expression.kind, parts.last == "*" {
            return .all(of: parts[0], location)
        }
        if try accept("as") { return .expression(expression, alias: try name("a name for the column")) }
        if isName { return .expression(expression, alias: try name("a name for the column")) }
        return .expression(expression, alias: nil)
    }

    mutating func parseSource() throws(QueryError) -> Query.Source {
        let location = token.location
        if isSymbol(.open) { return try parseQuerySource() }
        let entity = try name("the name of an entity")
        if try accept("as") { return Query.Source(entity, as: try name("an alias"), at: location) }
        if isName { return Query.Source(entity, as: try name("an alias"), at: location) }
        return Query.Source(entity, at: location)
    }

    private mutating func parseJoin() throws(QueryError) -> Query.Join? {
        var kind = Query.JoinKind.inner
        if try accept("left") {
            kind = .left
            _ = try accept("outer")
            try expect("join")
        } else if try accept("inner") {
            try expect("join")
        } else if isWord("cross") {
            return try parseCrossJoin()
        } else if isWord("right") || isWord("full") {
            throw QueryError(
                .syntax,
                "INNER, LEFT and CROSS JOIN are known: for RIGHT JOIN exchange the entities",
                at: token.location
            )
        } else if isSymbol(.comma) {
            throw QueryError(.syntax, "write JOIN … ON instead of a comma between entities", at: token.location)
        } else {
            guard try accept("join") else { return nil }
        }
        let source = try parseSource()
        try expect("on")
        return Query.Join(kind, source, on: try parseExpression())
    }

    private mutating func parseRowCount() throws(QueryError) -> Expression {
        let expression = try parseExpression()
        switch expression.kind {
        case .literal(.integer(let count)) where count >= 0: return expression
        case .parameter: return expression
        default:
            throw QueryError(.syntax, "expected a number of rows or a parameter", at: expression.location)
        }
    }
}
