// Resolves a query tree against a schema: names become columns, operands get types, labels become numbers, aggregates and
// group keys become slots. The only reader of `Query`; nothing behind it sees names.
//
// Clauses are bound in the order in which they come to exist: sources and joins, WHERE, GROUP BY, then the columns, HAVING
// and ORDER BY, which may use aggregates and the names of columns.

struct Binder {
    let schema: Schema
    let coercion: Coercion
    var bound: BoundQuery
    /// Sources that names may refer to: while a join is bound, those up to it.
    var visibleCount = 0
    /// Whether an aggregate may stand here; nil where none may, with the reason in `aggregateRefusal`.
    var mayAggregate = false
    var aggregateRefusal = ""
    /// Named output columns, for GROUP BY, HAVING and ORDER BY.
    var aliases: [String: Expression] = [:]
    /// Expressions bound so far, repetitions included.
    var boundCount = 0
    /// Derived attributes that are being bound, and those that were: see Binder+Derived.
    var derived = DerivedScope()
    /// The query around this one, and what this one reads of its rows: see Binder+Subqueries.swift.
    var outside: OutsideBinder?
    var outerValues: [Bound] = []
    /// Queries around this one.
    var depth = 0
    /// Queries with a name, and the rows of this query when it is a union: see Binder+DerivedTables.swift.
    var namedTables: [String: BoundTable] = [:]
    var unionTable: BoundTable?
    /// All tables of this query, those around it and those inside.
    var boundTables = BoundTables()
    /// Whether a window function may stand here.
    var mayUseWindows = false

    static func bind(_ query: Query, schema: Schema) throws(QueryError) -> BoundQuery {
        var binder = Binder(schema: schema)
        try binder.bindQuery(query)
        return binder.bound
    }

    init(schema: Schema, outside: OutsideBinder? = nil) {
        self.schema = schema
        self.outside = outside
        coercion = Coercion(schema: schema)
        bound = BoundQuery(sources: [], namedCount: 0)
    }

    // MARK: Clauses

    mutating func bindQuery(_ query: Query) throws(QueryError) {
        bound.isExplain = query.isExplain
        for (keys, clause) in [(query.groups, "GROUP BY"), (query.order.map(\.expression), "ORDER BY")]
        where keys.count > QueryLimits.keyCountMax {
            throw QueryError(
                .tooComplex,
                "more than \(QueryLimits.keyCountMax) keys in \(clause)",
                at: keys[QueryLimits.keyCountMax].location
            )
        }
        try bindNamed(query)
        let query = query.unions.isEmpty ? query : try readingUnion(query)
        try bindSources(spellingOutActivities(query))
        aggregateRefusal = "WHERE sees single rows: put conditions on aggregates into HAVING"
        if let filter = query.filter { bound.filter = Self.conjuncts(try condition(filter)) }

        let columns = try spelledOut(query.columns)
        for column in columns {
            if let alias = column.alias, aliases[alias] == nil { aliases[alias] = column.expression }
        }
        aggregateRefusal = "GROUP BY sees single rows, not aggregates"
        for expression in query.groups {
            var key = try bindKey(expression, columns)
            // A selection is grouped by its options, so that CONTAINS can ask a group for them.
            if case .choices(let options, _) = key.node { key = options }
            if !bound.groups.contains(key) { bound.groups.append(key) }
        }

        bound.isGrouped =
            !query.groups.isEmpty || query.groupFilter != nil || columns.contains { $0.expression.containsAggregate }
            || query.order.contains { $0.expression.containsAggregate || aliasContainsAggregate($0.expression) }
        let hasWindows =
            columns.contains { $0.expression.containsWindow } || query.order.contains { $0.expression.containsWindow }
        if !bound.isGrouped, query.isDistinct, !hasWindows { return try bindDistinct(query, columns) }

        mayAggregate = bound.isGrouped
        if hasWindows, !bound.isGrouped {
            bound.isGrouped = true
            bound.keepsRows = true
        }
        mayUseWindows = true
        aggregateRefusal = "an aggregate cannot stand here"
        for column in columns {
            let expression = try grouped(try bind(column.expression, expecting: nil), at: column.expression.location)
            bound.outputs.append(BoundOutput(name: column.name, expression: expression))
        }
        mayUseWindows = false
        if let filter = query.groupFilter {
            bound.groupFilter = Self.conjuncts(try grouped(try condition(filter), at: filter.location))
        }
        mayUseWindows = true
        for key in query.order {
            let expression = try grouped(try bindKey(key.expression, columns), at: key.expression.location)
            bound.order.append(BoundOrder(expression: expression, isDescending: key.isDescending))
        }
        mayUseWindows = false
        bound.isDistinct = query.isDistinct
        try numberWindows()
        if bound.isDistinct { try checkDistinctOrder(query) }
        try bindRowCounts(query)
    }

    /// DISTINCT without aggregates is a grouping by all columns.
    private mutating func bindDistinct(_ query: Query, _ columns: [NamedColumn]) throws(QueryError) {
        bound.isGrouped = true
        mayAggregate = false
        for column in columns {
            let expression = try bind(column.expression, expecting: nil)
            if !bound.groups.contains(expression) { bound.groups.append(expression) }
            bound.outputs.append(BoundOutput(name: column.name, expression: slot(of: expression) ?? expression))
        }
        for key in query.order {
            let expression = try bindKey(key.expression, columns)
            guard let slot = slot(of: expression) else { throw Self.orderOutsideDistinct(key) }
            bound.order.append(BoundOrder(expression: slot, isDescending: key.isDescending))
        }
        try bindRowCounts(query)
    }

    private func checkDistinctOrder(_ query: Query) throws(QueryError) {
        for (key, written) in zip(bound.order, query.order)
        where !bound.outputs.contains(where: { $0.expression == key.expression }) {
            throw Self.orderOutsideDistinct(written)
        }
    }

    private static func orderOutsideDistinct(_ key: Query.Order) -> QueryError {
        QueryError(
            .type,
            "with DISTINCT, ORDER BY can only use columns of the result",
            at: key.expression.location
        )
    }

    private mutating func bindRowCounts(_ query: Query) throws(QueryError) {
        aggregateRefusal = "an aggregate cannot stand here"
        mayAggregate = false
        if let limit = query.limit { bound.limit = try bind(limit, expecting: .integer) }
        if let offset = query.offset { bound.offset = try bind(offset, expecting: .integer) }
    }

    private mutating func bindSources(_ query: Query) throws(QueryError) {
        let named = [query.source] + query.joins.map(\.source)
        guard named.count <= QueryLimits.sourceCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.sourceCountMax) entities")
        }
        for source in named {
            if bound.sources.contains(where: { $0.name == source.alias }) {
                throw QueryError(
                    .ambiguousName,
                    "\"\(source.alias)\" names two entities of this query: give one an alias",
                    at: source.location
                )
            }
            if let table = try derivedTable(source) {
                bound.sources.append(BoundSource(place: -1, name: source.alias, origin: .derived(bound.tables.count)))
                bound.tables.append(table)
                continue
            }
            guard let entity = schema.entity(named: source.entity), let place = schema.place(of: entity.id) else {
                let known = schema.entities.map(\.name) + namedTables.keys.sorted()
                throw QueryError(
                    .unknownName,
                    "there is no entity \"\(source.entity)\"",
                    at: source.location,
                    suggestion: nearestName(to: source.entity, among: known)
                )
            }
            bound.sources.append(BoundSource(place: place, name: source.alias, origin: .named))
        }
        bound.namedCount = named.count
        aggregateRefusal = "ON sees single rows, not aggregates"
        for (index, join) in query.joins.enumerated() {
            visibleCount = index + 2
            let conditions = Self.conjuncts(try condition(join.condition))
            bound.joins.append(BoundJoin(kind: join.kind, source: index + 1, conditions: conditions))
        }
        visibleCount = named.count
    }

    struct NamedColumn {
        var expression: Expression
        var alias: String?
        var name: String
    }

    /// The columns with `*` replaced by every attribute, and a name for each.
    private func spelledOut(_ columns: [Query.Column]) throws(QueryError) -> [NamedColumn] {
        var result: [NamedColumn] = []
        for column in columns {
            switch column {
            case .expression(let expression, let alias):
                result.append(NamedColumn(expression: expression, alias: alias, name: alias ?? expression.columnName))
            case .all(let alias, let location):
                let sources = bound.sources[..<bound.namedCount].filter { alias == nil || $0.name == alias }
                guard !sources.isEmpty else { throw unknownSource(alias ?? "", at: location) }
                for source in sources {
                    if case .derived(let table) = source.origin {
                        for (number, column) in bound.tables[table].columns.enumerated() {
                            let expression = Expression(.name([source.name, "#\(number)"]), at: location)
                            let name = bound.namedCount == 1 ? column.name : "\(source.name).\(column.name)"
                            result.append(NamedColumn(expression: expression, alias: nil, name: name))
                        }
                        continue
                    }
                    for attribute in schema.entities[source.place].attributes where !attribute.isDeleted {
                        let expression = Expression(.name([source.name, attribute.name]), at: location)
                        let name = bound.namedCount == 1 ? attribute.name : "\(source.name).\(attribute.name)"
                        result.append(NamedColumn(expression: expression, alias: nil, name: name))
                    }
                }
            }
        }
        guard !result.isEmpty, result.count <= QueryLimits.columnCountMax else {
            throw QueryError(.tooComplex, "a query has 1 to \(QueryLimits.columnCountMax) columns")
        }
        return result
    }

    /// A key of GROUP BY or ORDER BY: an ordinal, a column's name, or any expression.
    private mutating func bindKey(_ expression: Expression, _ columns: [NamedColumn]) throws(QueryError) -> Bound {
        if case .literal(.integer(let ordinal)) = expression.kind {
            guard ordinal >= 1, ordinal <= Int64(columns.count) else {
                throw QueryError(
                    .type,
                    "there is no column number \(ordinal): the result has \(columns.count)",
                    at: expression.location
                )
            }
            return try bind(columns[Int(ordinal) - 1].expression, expecting: nil)
        }
        return try bind(expression, expecting: nil)
    }

    private func aliasContainsAggregate(_ expression: Expression) -> Bool {
        if case .name(let parts) = expression.kind, parts.count == 1, let named = aliases[parts[0]] {
            return named.containsAggregate
        }
        return false
    }

    // MARK: Grouping

    /// The slot that holds a group key.
    private func slot(of expression: Bound) -> Bound? {
        bound.groups.firstIndex(of: expression).map { Bound(.slot($0), expression.type) }
    }

    /// Replaces group keys by their slots and refuses columns that are none, where rows are grouped.
    mutating func grouped(_ expression: Bound, at location: SourceLocation) throws(QueryError) -> Bound {
        guard bound.isGrouped else { return expression }
        return bound.keepsRows ? try keptRow(expression) : try slots(for: expression, at: location)
    }

    private func slots(for expression: Bound, at location: SourceLocation) throws(QueryError) -> Bound {
        if let slot = slot(of: expression) { return slot }
        if case .column(let source, let column) = expression.node {
            throw QueryError(
                .type,
                "\(bound.sources[source].name).\(columnName(source, column)) must stand in GROUP BY or inside an aggregate",
                at: location
            )
        }
        // Slots of aggregates were numbered behind those of the group keys when they were bound.
        return try expression.mapChildren { child throws(QueryError) in try slots(for: child, at: location) }
    }

    /// The slot of an aggregate; equal ones share it.
    mutating func slot(of aggregate: BoundAggregate) -> Bound {
        let index = bound.aggregates.firstIndex(of: aggregate) ?? bound.aggregates.count
        if index == bound.aggregates.count { bound.aggregates.append(aggregate) }
        return Bound(.slot(bound.groups.count + index), aggregate.type)
    }

    static func conjuncts(_ condition: Bound) -> [Bound] {
        if case .and(let list) = condition.node { return list.flatMap(conjuncts) }
        return [condition]
    }
}

extension Expression {
    /// Whether an aggregate stands anywhere inside.
    var containsAggregate: Bool {
        if case .aggregate = kind { return true }
        return children.contains { $0.containsAggregate }
    }

    /// The operands; those of a query inside belong to it.
    var children: [Expression] {
        switch kind {
        case .literal, .name, .parameter, .exists, .scalarQuery: []
        case .negate(let operand), .not(let operand), .isNull(let operand, _): [operand]
        case .arithmetic(_, let left, let right), .compare(_, let left, let right), .like(let left, let right, _, _):
            [left, right]
        case .and(let list), .or(let list): list
        case .isIn(let operand, let list, _), .contains(let operand, let list, _, _): [operand] + list
        case .inQuery(let operand, _, _): [operand]
        case .window(_, let operand, let window): (operand.map { [$0] } ?? []) + window.expressions
        case .between(let operand, let low, let high, _): [operand, low, high]
        case .aggregate(_, let operand, _): operand.map { [$0] } ?? []
        case .function(_, let operands): operands
        case .caseWhen(let operand, let branches, let otherwise):
            [operand].compactMap { $0 } + branches.flatMap { [$0.condition, $0.result] }
                + [otherwise].compactMap { $0 }
        case .during(let operand, let period, _): [operand] + period.operands
        case .inTree(let operand, _, let root, _, _): [operand, root]
        }
    }

    /// Name of a column without an alias: the last part of a path, else the expression as printed.
    var columnName: String {
        if case .name(let parts) = kind { return parts.count > 1 ? parts.dropFirst().joined(separator: ".") : parts[0] }
        return QueryPrinter.text(of: self).shortened
    }
}
