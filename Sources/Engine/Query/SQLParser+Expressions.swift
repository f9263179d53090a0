// Expressions by precedence climbing, loosest first:
//
//   1 OR    2 AND    3 NOT    4 = <> < <= > >= IN BETWEEN LIKE IS    5 + -    6 * / %    7 ||    8 unary -
//
// Nesting is bounded by `QueryLimits.depthMax`, and so is a chain of arithmetic, whose tree leans to the left; chains of
// AND and OR become one flat node and are bounded by the number of nodes only.

extension SQLParser {
    private enum Level: Int {
        case or = 1
        case and, not, comparison, sum, product, join, unary
    }

    mutating func parseExpression() throws(QueryError) -> Expression { try parse(.or) }

    mutating func node(_ kind: Expression.Kind, at location: SourceLocation) throws(QueryError) -> Expression {
        nodeCount += 1
        guard nodeCount <= QueryLimits.nodeCountMax else {
            throw QueryError(.tooComplex, "the query has more than \(QueryLimits.nodeCountMax) parts", at: location)
        }
        return Expression(kind, at: location)
    }

    func checkDepth(_ depth: Int) throws(QueryError) {
        guard depth <= QueryLimits.depthMax else {
            throw QueryError(
                .tooComplex,
                "expressions are nested more than \(QueryLimits.depthMax) deep",
                at: token.location
            )
        }
    }

    private mutating func parse(_ level: Level) throws(QueryError) -> Expression {
        switch level {
        case .or:
            depth += 1
            defer { depth -= 1 }
            try checkDepth(depth)
            return try parseList("or", .and, Expression.Kind.or)
        case .and:
            return try parseList("and", .not, Expression.Kind.and)
        case .not:
            let location = token.location
            guard try accept("not") else { return try parse(.comparison) }
            if beginsExists { return try parseExists(negated: true, at: location) }
            depth += 1
            defer { depth -= 1 }
            try checkDepth(depth)
            return try node(.not(try parse(.not)), at: location)
        case .comparison:
            return try parseComparison()
        case .sum:
            return try parseChain(.product)
        case .product:
            return try parseChain(.join)
        case .join:
            return try parseChain(.unary)
        case .unary:
            return try parseUnary()
        }
    }

    private mutating func parseList(
        _ word: String,
        _ operandLevel: Level,
        _ make: ([Expression]) -> Expression.Kind
    ) throws(QueryError) -> Expression {
        let location = token.location
        let first = try parse(operandLevel)
        guard isWord(word) else { return first }
        var operands = [first]
        while try accept(word) { operands.append(try parse(operandLevel)) }
        return try node(make(operands), at: location)
    }

    /// Operators of one level between operands of the next, from left to right.
    private mutating func parseChain(_ operandLevel: Level) throws(QueryError) -> Expression {
        var left = try parse(operandLevel)
        var length = 0
        while case .symbol(let symbol) = token.kind, Self.operandLevel(symbol) == operandLevel {
            let location = token.location
            length += 1
            try checkDepth(depth + length)
            try advance()
            let right = try parse(operandLevel)
            let kind: Expression.Kind =
                switch symbol {
                case .plus: .arithmetic(.add, left, right)
                case .minus: .arithmetic(.subtract, left, right)
                case .star: .arithmetic(.multiply, left, right)
                case .slash: .arithmetic(.divide, left, right)
                case .percent: .function(.modulo, [left, right])
                default: .function(.append, [left, right])
                }
            left = try node(kind, at: location)
        }
        return left
    }

    /// The level of an operator's operands; nil for other signs.
    private static func operandLevel(_ symbol: SQLToken.Symbol) -> Level? {
        switch symbol {
        case .plus, .minus: .product
        case .star, .slash, .percent: .join
        case .join: .unary
        default: nil
        }
    }

    /// An operand of a comparison: anything but a condition without parentheses.
    mutating func parseOperand() throws(QueryError) -> Expression { try parse(.sum) }

    private mutating func parseComparison() throws(QueryError) -> Expression {
        let left = try parse(.sum)
        let location = token.location
        if case .symbol(let symbol) = token.kind, let comparison = Self.comparison(symbol) {
            try advance()
            let comparison = try node(.compare(comparison, left, try parse(.sum)), at: location)
            if case .symbol(let next) = token.kind, Self.comparison(next) != nil {
                throw QueryError(.syntax, "comparisons cannot be chained: write a < b AND b < c", at: token.location)
            }
            return comparison
        }
        if try accept("is") {
            let negated = try accept("not")
            try expect("null")
            return try node(.isNull(left, negated: negated), at: location)
        }
        if isContains { return try parseContains(left, negated: false, location) }
        var negated = false
        if isWord("not") {
            negated = true
            try advance()
            if isContains { return try parseContains(left, negated: true, location) }
            guard isWord("in") || isWord("between") || isWord("like") || isPeriodOrTree else {
                throw unexpected("IN, BETWEEN or LIKE")
            }
        }
        if isPeriodOrTree { return try parsePeriodOrTree(left, negated, location) }
        if try accept("in") { return try parseIn(left, negated, location) }
        if try accept("between") {
            let low = try parse(.sum)
            try expect("and")
            return try node(.between(left, low, try parse(.sum), negated: negated), at: location)
        }
        if try accept("like") {
            let pattern = try parse(.sum)
            var escape: String?
            if try accept("escape") {
                guard case .string(let text) = token.kind, text.unicodeScalars.count == 1 else {
                    throw unexpected("one character in quotes behind ESCAPE")
                }
                escape = text
                try advance()
            }
            return try node(.like(left, pattern, escape: escape, negated: negated), at: location)
        }
        return left
    }

    private static func comparison(_ symbol: SQLToken.Symbol) -> ComparisonOperator? {
        switch symbol {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }

    private mutating func parseIn(
        _ left: Expression,
        _ negated: Bool,
        _ location: SourceLocation
    ) throws(QueryError) -> Expression {
        try expect(.open)
        if beginsQuery {
            return try node(.inQuery(left, try parseSubquery(), negated: negated), at: location)
        }
        var list: [Expression] = []
        repeat { list.append(try parse(.sum)) } while try accept(.comma)
        try expect(.close)
        return try node(.isIn(left, list, negated: negated), at: location)
    }

    /// CONTAINS is no reserved word: what follows tells it from a name.
    private var isContains: Bool {
        guard isWord("contains") else { return false }
        switch following.kind {
        case .string, .number, .parameter, .symbol(.open), .word("all"): return true
        default: return false
        }
    }

    private mutating func parseContains(
        _ left: Expression,
        negated: Bool,
        _ location: SourceLocation
    ) throws(QueryError) -> Expression {
        try advance()
        let all = try accept("all")
        var list: [Expression] = []
        if try accept(.open) {
            repeat { list.append(try parse(.sum)) } while try accept(.comma)
            try expect(.close)
        } else {
            list.append(try parse(.sum))
        }
        return try node(.contains(left, list, all: all, negated: negated), at: location)
    }

    private mutating func parseUnary() throws(QueryError) -> Expression {
        let location = token.location
        if try accept(.plus) { return try parseUnary(nested: location) }
        guard try accept(.minus) else { return try parsePrimary() }
        // A minus in front of a number belongs to it, so that the smallest integer can be written.
        if case .number(let digits) = token.kind {
            let literal = try number("-" + digits, at: location)
            try advance()
            return literal
        }
        return try node(.negate(try parseUnary(nested: location)), at: location)
    }

    private mutating func parseUnary(nested location: SourceLocation) throws(QueryError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        try checkDepth(depth)
        return try parseUnary()
    }

    private mutating func parsePrimary() throws(QueryError) -> Expression {
        let location = token.location
        switch token.kind {
        case .string(let text):
            try advance()
            return try node(.literal(.text(text)), at: location)
        case .number(let digits):
            let literal = try number(digits, at: location)
            try advance()
            return literal
        case .double(let value):
            try advance()
            return try node(.literal(.double(value)), at: location)
        case .parameter(let name):
            let index = try parameter(name)
            try advance()
            return try node(.parameter(index, name: name), at: location)
        case .symbol(.open):
            try advance()
            if beginsQuery { return try node(.scalarQuery(try parseSubquery()), at: location) }
            let inner = try parseExpression()
            try expect(.close)
            return inner
        case .word(let word):
            switch word {
            case "true", "false":
                try advance()
                return try node(.literal(.boolean(word == "true")), at: location)
            case "null":
                try advance()
                return try node(.literal(.null), at: location)
            case "case":
                return try parseCase(location)
            default:
                if beginsExists { return try parseExists(negated: false, at: location) }
                if following.kind == .symbol(.open), let function = WindowFunction.named(word) {
                    return try parseWindowCall(function, at: location)
                }
                if following.kind == .symbol(.open), Self.canCall(word) { return try parseCall(word, location) }
                return try parsePath(location)
            }
        case .quoted:
            return try parsePath(location)
        default:
            throw unexpected("an expression")
        }
    }

    private mutating func parseCall(_ name: String, _ location: SourceLocation) throws(QueryError) -> Expression {
        let known = AggregateFunction.allCases
        guard let function = known.first(where: { $0.name == name }) else {
            if let call = try parseScalarCall(name, location) { return call }
            throw QueryError(
                .unknownName,
                "there is no function \"\(name)\"",
                at: location,
                suggestion: nearestName(to: name, among: known.map(\.name) + ScalarFunction.names)
            )
        }
        try advance()
        try expect(.open)
        if isSymbol(.star) {
            guard function == .count else {
                throw QueryError(.syntax, "* stands only in COUNT(*)", at: token.location)
            }
            try advance()
            try expect(.close)
            return try parseOver(try node(.aggregate(.count, nil, distinct: false), at: location))
        }
        let isDistinct = try accept("distinct")
        let operand = try parseExpression()
        try expect(.close)
        return try parseOver(try node(.aggregate(function, operand, distinct: isDistinct), at: location))
    }

    private mutating func parsePath(_ location: SourceLocation) throws(QueryError) -> Expression {
        var parts = [try name("an expression")]
        while try accept(.point) {
            guard parts.count < QueryLimits.pathPartsMax else {
                throw QueryError(.tooComplex, "a path has at most \(QueryLimits.pathPartsMax) parts", at: location)
            }
            if parts.count == 1, try accept(.star) {
                parts.append("*")
                break
            }
            // Behind a point no word is reserved.
            if case .word(let word) = token.kind {
                parts.append(word)
                try advance()
            } else {
                parts.append(try name("the name of an attribute"))
            }
        }
        return try node(.name(parts), at: location)
    }

    /// A whole number, or a decimal with up to 18 digits behind the point.
    mutating func number(_ digits: String, at location: SourceLocation) throws(QueryError) -> Expression {
        guard let value = Value(number: digits) else {
            throw QueryError(.syntax, "the number has more digits than 64 bits hold", at: location)
        }
        return try node(.literal(value), at: location)
    }
}

extension Value {
    /// Reads `123`, `-1.50`, `.5`: an integer without a point, else a decimal. Nil when it does not fit.
    init?(number text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            guard let integer = Int64(text) else { return nil }
            self = .integer(integer)
            return
        }
        let scale = parts[1].utf8.count
        let joined = String(parts[0] + parts[1])
        guard scale <= 18, let units = Int64(joined.isEmpty || joined == "-" ? "0" : joined) else { return nil }
        self = .decimal(Decimal64(units: units, scale: UInt8(scale)))
    }
}
