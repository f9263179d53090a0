// Types of expressions.
//
//   whole number + - * whole number       whole number; overflow is an error
//   decimal + - decimal or whole number   decimal with the larger scale
//   decimal * decimal                     decimal; scales add up; beyond 10 digits binary floating point
//   anything / anything                   binary floating point; division by zero is null
//   date + - whole number                 date; date - date is a whole number of days
//
// A text literal takes the type of the other operand; so does a parameter, and NULL.

extension Binder {
    /// Binds a condition: anything that is true, false or null.
    mutating func condition(_ expression: Expression) throws(QueryError) -> Bound {
        let bound = try bind(expression, expecting: .boolean)
        guard bound.type == .boolean || bound.type == .null else {
            throw QueryError(
                .type,
                "\(bound.type.name) stands where a condition is expected",
                at: expression.location
            )
        }
        return bound
    }

    mutating func bind(_ expression: Expression, expecting expected: QueryType?) throws(QueryError) -> Bound {
        // BETWEEN binds its operand twice, so nested ones could double the work at every level.
        boundCount += 1
        guard boundCount <= 2 * QueryLimits.nodeCountMax else {
            throw QueryError(.tooComplex, "the query has too many parts", at: expression.location)
        }
        switch expression.kind {
        case .literal(let value):
            let type = expected ?? value.naturalType
            // Only texts and nulls adapt; other literals are what they are.
            if case .text = value { return try coercion.constant(value, as: type, at: expression.location) }
            if case .null = value { return Bound(.null, type) }
            return try coercion.constant(value, as: expected ?? .null, at: expression.location)
        case .name(let parts):
            return try bindName(parts, at: expression.location)
        case .parameter(let index, let name):
            guard let expected, expected != .null else {
                throw QueryError(
                    .parameter,
                    "nothing says which type the parameter \(Self.parameterName(index, name)) has",
                    at: expression.location
                )
            }
            guard index >= 0, index < QueryLimits.parameterCountMax else {
                throw QueryError(.parameter, "there are too many parameters", at: expression.location)
            }
            bound.parameterNames[index] = name
            return Bound(.parameter(index), expected)
        case .negate(let operand):
            let value = try bind(operand, expecting: expected)
            guard value.type.isNumber || value.type == .null else {
                throw QueryError(.type, "\(value.type.name) has no negative", at: expression.location)
            }
            return Bound(.negate(value), value.type)
        case .arithmetic(let sign, let left, let right):
            return try bindArithmetic(sign, left, right, expected, at: expression.location)
        case .compare(let sign, let left, let right):
            let pair = try bindPair(left, right)
            return try compare(sign, pair.0, pair.1, at: expression.location)
        case .and(let list):
            return Bound(.and(try conditions(list)), .boolean)
        case .or(let list):
            return Bound(.or(try conditions(list)), .boolean)
        case .not(let operand):
            return Bound(.not(try condition(operand)), .boolean)
        case .isNull(let operand, let negated):
            return Bound(.isNull(try bind(operand, expecting: nil), negated: negated), .boolean)
        case .between(let operand, let low, let high, let negated):
            let lower = try bindPair(operand, low)
            let upper = try bindPair(operand, high)
            let both = Bound(
                .and([
                    try compare(.greaterOrEqual, lower.0, lower.1, at: expression.location),
                    try compare(.lessOrEqual, upper.0, upper.1, at: expression.location),
                ]),
                .boolean
            )
            return negated ? Bound(.not(both), .boolean) : both
        case .isIn(let operand, let list, let negated):
            return try bindIn(operand, list, negated, at: expression.location)
        case .like(let operand, let pattern, let escape, let negated):
            let value = try bind(operand, expecting: .text(.general))
            let pattern = try bind(pattern, expecting: .text(.general))
            guard value.type.isText, pattern.type.isText else {
                throw QueryError(
                    .type,
                    "LIKE compares texts, not \(value.type.isText ? pattern.type.name : value.type.name)",
                    at: expression.location
                )
            }
            let scalar = escape?.unicodeScalars.first.map(\.value)
            return Bound(.like(value, pattern, escape: scalar, negated: negated), .boolean)
        case .contains(let operand, let list, let all, let negated):
            return try bindContains(operand, list, all: all, negated: negated, at: expression.location)
        case .aggregate(let function, let operand, let distinct):
            return try bindAggregate(function, operand, distinct, at: expression.location)
        case .function(let function, let operands):
            return try bindFunction(function, operands, expected, at: expression.location)
        case .caseWhen(let operand, let branches, let otherwise):
            return try bindCase(operand, branches, otherwise, expected, at: expression.location)
        case .exists(let query, let negated):
            return try bindExists(query, negated: negated, at: expression.location)
        case .inQuery(let operand, let query, let negated):
            return try bindIn(operand, query, negated: negated, at: expression.location)
        case .scalarQuery(let query):
            return try bindScalar(query, at: expression.location)
        case .during(let operand, let period, let negated):
            return try bindDuring(operand, period, negated, at: expression.location)
        case .inTree(let operand, let direction, let root, let orEqual, let negated):
            return try bindTree(operand, direction, root, orEqual: orEqual, negated, at: expression.location)
        case .window(let function, let operand, let window):
            return try bindWindow(function, operand, window, at: expression.location)
        }
    }

    static func parameterName(_ index: Int, _ name: String) -> String {
        name.isEmpty ? "number \(index + 1)" : ":\(name)"
    }

    private mutating func conditions(_ list: [Expression]) throws(QueryError) -> [Bound] {
        var result: [Bound] = []
        result.reserveCapacity(list.count)
        for item in list { result.append(try condition(item)) }
        return result
    }

    // MARK: Operands that take their type from each other

    static func isUntyped(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .literal(.text), .literal(.null), .parameter: true
        case .negate(let operand): isUntyped(operand)
        default: false
        }
    }

    /// Binds two operands, the one that has a type of its own first. Yes/no takes 0 and 1 as well, options their numbers.
    mutating func bindPair(_ left: Expression, _ right: Expression) throws(QueryError) -> (Bound, Bound) {
        if Self.adapts(left), !Self.adapts(right) {
            let typed = try bind(right, expecting: nil)
            return (try bind(left, expecting: typed.type), typed)
        }
        let first: Bound
        if Self.isUntyped(left) {
            if Self.isUntyped(right), case .parameter = left.kind, case .parameter = right.kind {
                throw QueryError(
                    .parameter,
                    "two parameters are compared: nothing says which type they have",
                    at: left.location
                )
            }
            let typed = try bind(right, expecting: Self.isUntyped(right) ? .text(.general) : nil)
            return (try bind(left, expecting: typed.type), typed)
        }
        first = try bind(left, expecting: nil)
        return (first, try bind(right, expecting: Self.adapts(right) ? first.type : nil))
    }

    static func adapts(_ expression: Expression) -> Bool {
        if case .literal = expression.kind { return true }
        return isUntyped(expression)
    }

    func compare(
        _ sign: ComparisonOperator,
        _ left: Bound,
        _ right: Bound,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        var (left, right) = try ordered(left, right, at: location)
        if left.type == .date, right.type == .instant { left = Bound(.startOfDay(left), .instant) }
        if left.type == .instant, right.type == .date { right = Bound(.startOfDay(right), .instant) }
        guard Self.isComparable(left.type, right.type) else {
            throw QueryError(.type, "\(left.type.name) cannot be compared with \(right.type.name)", at: location)
        }
        return Bound(.compare(sign, left, right), .boolean)
    }

    private static func isComparable(_ a: QueryType, _ b: QueryType) -> Bool {
        if a == b || a == .null || b == .null || a.isText && b.isText { return true }
        switch (a, b) {
        case (.option, .option), (.option, .integer), (.integer, .option): return true
        default: return a.isNumber && b.isNumber
        }
    }

    private mutating func bindIn(
        _ operand: Expression,
        _ list: [Expression],
        _ negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard !list.isEmpty else { throw QueryError(.syntax, "IN needs at least one value", at: location) }
        let value = try bind(operand, expecting: Self.isUntyped(operand) ? .text(.general) : nil)
        var items: [Bound] = []
        items.reserveCapacity(list.count)
        for item in list {
            let bound = try bind(item, expecting: Self.adapts(item) ? value.type : nil)
            // The comparison knows about dates and moments; its right side is what the list keeps.
            guard case .compare(_, let left, let right) = try compare(.equal, value, bound, at: item.location).node,
                left == value
            else {
                throw QueryError(
                    .type,
                    "\(bound.type.name) cannot stand in a list that is compared with \(value.type.name)",
                    at: item.location
                )
            }
            items.append(right)
        }
        return Bound(.isIn(value, items, negated: negated), .boolean)
    }

    // MARK: Arithmetic

    private mutating func bindArithmetic(
        _ sign: ArithmeticOperator,
        _ left: Expression,
        _ right: Expression,
        _ expected: QueryType?,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        var (a, b): (Bound, Bound)
        if Self.isUntyped(left), Self.isUntyped(right) {
            (a, b) = (try bind(left, expecting: expected), try bind(right, expecting: expected))
        } else if Self.isUntyped(left) {
            b = try bind(right, expecting: nil)
            a = try bind(left, expecting: b.type)
        } else {
            a = try bind(left, expecting: nil)
            // What is added to a date is a number of days, unless it is subtracted and a text.
            var wanted = a.type
            if a.type == .date, case .parameter = right.kind { wanted = .integer }
            b = try bind(right, expecting: Self.isUntyped(right) ? wanted : nil)
        }
        guard let type = Self.arithmeticType(sign, a.type, b.type) else {
            throw QueryError(
                .type,
                "\(a.type.name) \(sign.symbol) \(b.type.name) means nothing",
                at: location
            )
        }
        return Bound(.arithmetic(sign, a, b), type)
    }

    private static func arithmeticType(_ sign: ArithmeticOperator, _ a: QueryType, _ b: QueryType) -> QueryType? {
        if a == .null || b == .null {
            let other = a == .null ? b : a
            return other.isNumber || other == .date || other == .null ? .null : nil
        }
        switch (a, b, sign) {
        case (.date, .integer, .add), (.integer, .date, .add), (.date, .integer, .subtract): return .date
        case (.date, .date, .subtract): return .integer
        default: break
        }
        guard a.isNumber, b.isNumber else { return nil }
        if sign == .divide || a == .double || b == .double { return .double }
        if a == .integer, b == .integer { return .integer }
        guard sign == .multiply else { return .decimal(scale: max(a.scale, b.scale)) }
        return a.scale + b.scale <= 10 ? .decimal(scale: a.scale + b.scale) : .double
    }

    // MARK: Aggregates

    private mutating func bindAggregate(
        _ function: AggregateFunction,
        _ operand: Expression?,
        _ distinct: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard mayAggregate else { throw QueryError(.type, aggregateRefusal, at: location) }
        let outer = (mayAggregate, mayUseWindows, aggregateRefusal)
        (mayAggregate, mayUseWindows, aggregateRefusal) = (false, false, "an aggregate cannot contain another")
        defer { (mayAggregate, mayUseWindows, aggregateRefusal) = outer }
        guard let operand else {
            guard function == .count else {
                throw QueryError(.type, "\(function.name.uppercased()) needs an operand", at: location)
            }
            return slot(of: BoundAggregate(function: .count, operand: nil, isDistinct: false, type: .integer))
        }
        let value = try bind(operand, expecting: nil)
        if value.readsOuter, value.sources.isEmpty {
            throw QueryError(
                .type,
                "the aggregate reads only the query outside: it would count the same value for every row here",
                at: operand.location
            )
        }
        let type: QueryType
        switch function {
        case .count: type = .integer
        case .minimum, .maximum: type = value.type
        case .sum, .average:
            guard value.type.isNumber || value.type == .null else {
                throw QueryError(
                    .type,
                    "\(function.name.uppercased()) needs numbers: this is \(value.type.name)",
                    at: operand.location
                )
            }
            type = function == .sum ? value.type : .double
        }
        // The smallest and largest are the same with and without repetitions.
        let isDistinct = distinct && function != .minimum && function != .maximum
        return slot(of: BoundAggregate(function: function, operand: value, isDistinct: isDistinct, type: type))
    }
}
