// CASE, and calls of the functions of one row. Those with a grammar of their own:
//
//   CASE [operand] WHEN condition THEN value … [ELSE value] END      IIF(condition, value, value)
//   CAST(value AS type)     SUBSTRING(text FROM start [FOR count])   POSITION(part IN text)
//   type = TEXT | CHAR | VARCHAR [(length)] | INTEGER | INT | BIGINT | DECIMAL | NUMERIC [(digits [, behind the point])]
//        | DOUBLE [PRECISION] | FLOAT | REAL | DATE | DATETIME | TIMESTAMP | BOOLEAN

extension SQLParser {
    /// Whether a word in front of an opening parenthesis names a function. LEFT and RIGHT do, though they are reserved.
    static func canCall(_ word: String) -> Bool { word == "left" || word == "right" || !isReserved(word) }

    /// `CASE` stands at the token.
    mutating func parseCase(_ location: SourceLocation) throws(QueryError) -> Expression {
        try advance()
        let operand = isWord("when") ? nil : try parseExpression()
        var branches: [CaseBranch] = []
        repeat {
            try expect("when")
            let condition = try parseExpression()
            try expect("then")
            branches.append(CaseBranch(when: condition, then: try parseExpression()))
        } while isWord("when")
        let otherwise = try accept("else") ? try parseExpression() : nil
        guard try accept("end") else { throw unexpected("WHEN, ELSE or END") }
        return try node(.caseWhen(operand, branches, otherwise: otherwise), at: location)
    }

    /// The call of a function of one row; nil when there is none of this name.
    mutating func parseScalarCall(_ name: String, _ location: SourceLocation) throws(QueryError) -> Expression? {
        let signature = ScalarFunction.signature(named: name)
        guard signature != nil || ["cast", "position", "iif"].contains(name) else { return nil }
        try advance()
        try expect(.open)
        let call: Expression
        switch name {
        case "cast": call = try parseCast(location)
        case "position":
            let part = try parseOperand()
            try expect("in")
            call = try node(.function(.position, [try parseOperand(), part]), at: location)
        case "iif":
            let condition = try parseExpression()
            try expect(.comma)
            let result = try parseExpression()
            try expect(.comma)
            let branch = CaseBranch(when: condition, then: result)
            call = try node(.caseWhen(nil, [branch], otherwise: try parseExpression()), at: location)
        default:
            guard let signature else { return nil }
            let operands = try parseOperands(signature)
            guard signature.accepts(operands.count) else {
                throw QueryError(.syntax, signature.countRefusal, at: location)
            }
            call = try node(.function(signature.function, operands), at: location)
        }
        try expect(.close)
        return call
    }

    private mutating func parseOperands(_ signature: ScalarFunction.Signature) throws(QueryError) -> [Expression] {
        guard !isSymbol(.close) else { return [] }
        var operands: [Expression] = []
        if case .word(let unit) = token.kind, following.kind == .symbol(.comma), signature.kind(0) == .unit {
            operands.append(try node(.literal(.text(unit)), at: token.location))
            try advance()
        } else {
            operands.append(try parseExpression())
        }
        if signature.function == .substring, try accept("from") {
            operands.append(try parseExpression())
            if try accept("for") { operands.append(try parseExpression()) }
            return operands
        }
        while try accept(.comma) { operands.append(try parseExpression()) }
        return operands
    }

    private mutating func parseCast(_ location: SourceLocation) throws(QueryError) -> Expression {
        let operand = try parseExpression()
        try expect("as")
        let place = token.location
        guard case .word(let type) = token.kind else { throw unexpected("a type") }
        try advance()
        switch type {
        case "text", "char", "varchar", "nvarchar":
            let text = try node(.function(.castText, [operand]), at: location)
            guard let length = try parseSizes(countMax: 1).first else { return text }
            return try node(.function(.left, [text, length]), at: location)
        case "integer", "int", "bigint": return try node(.function(.castInteger, [operand]), at: location)
        case "decimal", "numeric":
            let sizes = try parseSizes(countMax: 2)
            let digits = sizes.isEmpty ? try node(.literal(18), at: place) : sizes[0]
            let scale = sizes.count < 2 ? try node(.literal(0), at: place) : sizes[1]
            return try node(.function(.castDecimal, [operand, digits, scale]), at: location)
        case "double", "float", "real":
            if type == "double" { _ = try accept("precision") }
            return try node(.function(.castDouble, [operand]), at: location)
        case "date": return try node(.function(.castDate, [operand]), at: location)
        case "datetime", "timestamp": return try node(.function(.castInstant, [operand]), at: location)
        case "boolean": return try node(.function(.castBoolean, [operand]), at: location)
        default:
            let known = ["text", "integer", "decimal", "double", "date", "datetime", "boolean", "varchar", "timestamp"]
            throw QueryError(
                .syntax,
                "there is no type \"\(type)\" to cast to",
                at: place,
                suggestion: nearestName(to: type, among: known)?.uppercased()
            )
        }
    }

    /// `(n)` or `(n, m)` behind a type.
    private mutating func parseSizes(countMax: Int) throws(QueryError) -> [Expression] {
        guard try accept(.open) else { return [] }
        var sizes: [Expression] = []
        repeat {
            guard case .number(let digits) = token.kind, sizes.count < countMax else {
                throw unexpected("a size of the type")
            }
            sizes.append(try number(digits, at: token.location))
            try advance()
        } while try accept(.comma)
        try expect(.close)
        return sizes
    }
}

extension ScalarFunction.Signature {
    /// What is said about a call with too few or too many operands.
    var countRefusal: String { "write \(names[0].uppercased())(\(operands))" }
}
