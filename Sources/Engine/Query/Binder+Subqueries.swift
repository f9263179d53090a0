// Binds queries inside queries. Each is bound by a binder of its own that looks for unknown names in the query around it;
// what it finds there becomes a numbered value of the row outside (`.outer`), and the expression that gives this value is
// an operand of the sub-query in the query around it. A name of a query two levels out passes through the one between, so
// that every query knows only its own rows and numbered values: moving, grouping and planning need no further rule.

/// The binder of the query around, while the one inside is bound.
final class OutsideBinder {
    var binder: Binder

    init(_ binder: Binder) { self.binder = binder }
}

extension Binder {
    /// A query as a value.
    mutating func bindScalar(_ query: Query, at location: SourceLocation) throws(QueryError) -> Bound {
        let (inner, operands) = try bindInside(query, at: location)
        guard inner.outputs.count == 1, let output = inner.outputs.first else {
            throw Self.notOneColumn("a query that stands for a value", inner, at: location)
        }
        return Bound(.subquery(BoundSubquery(inner, .scalar), operands), output.expression.type)
    }

    mutating func bindExists(
        _ query: Query,
        negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        let (inner, operands) = try bindUnordered(query, at: location)
        return Bound(.subquery(BoundSubquery(inner, .exists(negated: negated)), operands), .boolean)
    }

    mutating func bindIn(
        _ operand: Expression,
        _ query: Query,
        negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        var (inner, operands) = try bindUnordered(query, at: location)
        guard inner.outputs.count == 1, let output = inner.outputs.first else {
            throw Self.notOneColumn("the query behind IN", inner, at: location)
        }
        let value = try bind(operand, expecting: Self.adapts(operand) ? output.expression.type : nil)
        // The comparison says which side becomes a moment where the other is a date.
        let tested = Bound(.outer(operands.count), value.type)
        guard case .compare(_, let left, let right) = try compare(.equal, tested, output.expression, at: location).node
        else { return Bound(.null, .boolean) }
        inner.outputs[0].expression = right
        if case .startOfDay = left.node {
            operands.append(Bound(.startOfDay(value), .instant))
        } else {
            operands.append(value)
        }
        return Bound(.subquery(BoundSubquery(inner, .isIn(negated: negated)), operands), .boolean)
    }

    /// Whether there are rows, and which values, does not depend on their order or on repetitions. The order is bound all the same,
    /// for its mistakes and its parameters.
    private mutating func bindUnordered(
        _ query: Query,
        at location: SourceLocation
    ) throws(QueryError) -> (BoundQuery, [Bound]) {
        guard query.limit == nil, query.offset == nil else { return try bindInside(query, at: location) }
        var repeating = query
        repeating.isDistinct = false
        var (inner, operands) = try bindInside(repeating, at: location)
        inner.order = []
        return (inner, operands)
    }

    private static func notOneColumn(_ what: String, _ query: BoundQuery, at location: SourceLocation) -> QueryError {
        QueryError(.type, "\(what) has one column, not \(query.outputs.count)", at: location)
    }

    private mutating func bindInside(
        _ query: Query,
        at location: SourceLocation
    ) throws(QueryError) -> (BoundQuery, [Bound]) {
        guard depth < QueryLimits.queryDepthMax else {
            throw QueryError(
                .tooComplex,
                "queries are nested more than \(QueryLimits.queryDepthMax) deep",
                at: location
            )
        }
        let around = OutsideBinder(self)
        var inner = Binder(schema: schema, outside: around)
        inner.derived.running = derived.running
        inner.boundCount = boundCount
        inner.depth = depth + 1
        inner.boundTables = boundTables
        // A roll-up means the entities of the schema, whatever the query around names.
        inner.namedTables = derived.source == nil ? namedTables : [:]
        try inner.bindQuery(query)
        // Names that were found here may have led to further records, parameters and aggregates.
        let countInside = inner.boundCount - boundCount
        self = around.binder
        boundCount += countInside
        bound.parameterNames.merge(inner.bound.parameterNames) { first, _ in first }
        return (inner.bound, inner.outerValues)
    }

    /// The name as a value of the row outside; nil when no query outside knows it.
    mutating func outerValue(_ parts: [String], at location: SourceLocation) throws(QueryError) -> Bound? {
        guard let outside, let value = try outside.binder.resolveName(parts, at: location) else { return nil }
        // A selection stays one, so that CONTAINS and comparisons find its options.
        if case .choices(let bits, let set) = value.node { return Bound(.choices(outer(bits), set), value.type) }
        return outer(value)
    }

    private mutating func outer(_ value: Bound) -> Bound {
        let number = outerValues.firstIndex(of: value) ?? outerValues.count
        if number == outerValues.count { outerValues.append(value) }
        return Bound(.outer(number), value.type)
    }
}
