// Sources that are queries. They are bound by themselves: they read neither the other sources nor a query around, so their
// rows are the same for every row that reads them, and are computed once. The columns of such a source have the names of the
// query's columns.

extension Binder {
    /// The source's rows, when its name is that of a named query or it is a query itself; nil for an entity.
    mutating func derivedTable(_ source: Query.Source) throws(QueryError) -> BoundTable? {
        if let unionTable { return unionTable }
        if let query = source.query { return try bindTable(query, at: source.location) }
        return namedTables[source.entity]
    }

    /// Binds WITH; each query sees those before it.
    mutating func bindNamed(_ query: Query) throws(QueryError) {
        guard query.named.count <= QueryLimits.namedQueryCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.namedQueryCountMax) named queries")
        }
        var names: Set<String> = []
        for named in query.named {
            guard names.insert(named.name).inserted else {
                throw QueryError(.ambiguousName, "\"\(named.name)\" names two queries", at: named.location)
            }
            namedTables[named.name] = try bindTable(named.query, at: named.location)
        }
    }

    /// The branches of a UNION ALL as one table.
    private mutating func bindTable(_ query: Query, at location: SourceLocation) throws(QueryError) -> BoundTable {
        guard depth < QueryLimits.queryDepthMax else {
            throw QueryError(
                .tooComplex,
                "queries are nested more than \(QueryLimits.queryDepthMax) deep",
                at: location
            )
        }
        // The rows of a union that nothing is done to are those of the source: read through a query, they would be kept twice.
        let isPlainUnion = !query.unions.isEmpty && query.named.isEmpty && query.order.isEmpty
        if isPlainUnion, query.limit == nil, query.offset == nil { return try bindUnion(query) }
        return try table([try bindApart(query)], at: location)
    }

    /// The union as one source, and of the query what belongs to all of its rows.
    mutating func readingUnion(_ query: Query) throws(QueryError) -> Query {
        unionTable = try bindUnion(query)
        var reading = Query([.all(of: nil, .unknown)], from: Query.Source("", at: query.source.location))
        reading.order = query.order
        reading.limit = query.limit
        reading.offset = query.offset
        return reading
    }

    /// Binds a query that reads nothing of this one.
    private mutating func bindApart(_ query: Query) throws(QueryError) -> BoundQuery {
        var inner = Binder(schema: schema)
        inner.depth = depth + 1
        inner.namedTables = namedTables
        inner.boundTables = boundTables
        inner.boundCount = boundCount
        try inner.bindQuery(query)
        boundCount = inner.boundCount
        bound.parameterNames.merge(inner.bound.parameterNames) { first, _ in first }
        return inner.bound
    }

    /// The table of a union's rows: the first query gives the names.
    private mutating func bindUnion(_ query: Query) throws(QueryError) -> BoundTable {
        guard query.unions.count < QueryLimits.unionCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.unionCountMax) queries in a UNION ALL")
        }
        var branches: [BoundQuery] = []
        var first = query
        first.unions = []
        first.named = []
        first.order = []
        first.limit = nil
        first.offset = nil
        for branch in [first] + query.unions {
            guard branch.unions.isEmpty, branch.order.isEmpty, branch.limit == nil, branch.offset == nil else {
                throw QueryError(.type, "a query of a UNION ALL has no order, limit or union of its own")
            }
            branches.append(try bindApart(branch))
        }
        return try table(branches, at: query.source.location)
    }

    private func table(_ branches: [BoundQuery], at location: SourceLocation) throws(QueryError) -> BoundTable {
        var columns: [DerivedColumn] = []
        for (number, branch) in branches.enumerated() {
            if number == 0 {
                columns = branch.outputs.map {
                    DerivedColumn(name: $0.name, type: $0.expression.type, targets: targets($0.expression, branch))
                }
                continue
            }
            guard branch.outputs.count == columns.count else {
                throw QueryError(
                    .type,
                    "the queries of a UNION ALL have as many columns: \(columns.count), not \(branch.outputs.count)",
                    at: location
                )
            }
            for (place, output) in branch.outputs.enumerated() {
                guard let type = QueryType.union(columns[place].type, output.expression.type) else {
                    throw QueryError(
                        .type,
                        "column \(place + 1) of a UNION ALL is \(columns[place].type.name) and "
                            + "\(output.expression.type.name)",
                        at: location
                    )
                }
                columns[place].type = type
                for target in targets(output.expression, branch) where !columns[place].targets.contains(target) {
                    columns[place].targets.append(target)
                }
            }
        }
        return boundTables.table(branches, columns)
    }

    /// The entities of a record id that stands in a column as it was stored.
    private func targets(_ expression: Bound, _ query: BoundQuery) -> [EntityID] {
        guard expression.type == .id else { return [] }
        var expression = expression
        if case .slot(let slot) = expression.node, slot < query.groups.count { expression = query.groups[slot] }
        guard case .column(let source, let column) = expression.node else { return [] }
        if case .derived(let table) = query.sources[source].origin {
            return query.tables[table].columns[column - BoundSource.firstDerivedColumn].targets
        }
        let entity = schema.entities[query.sources[source].place]
        if column == Int(SystemAttribute.identifier.rawValue) { return [entity.id] }
        return entity.attributes[column].type.lookupTargets
    }

    // MARK: Names

    /// A column of a query by its name, by `#` and its number, or a path along a record id in it.
    mutating func resolve(
        _ path: ArraySlice<String>,
        in source: Int,
        of table: BoundTable
    ) throws(QueryError) -> Bound? {
        guard let name = path.first else { return nil }
        var found = table.columns.indices.filter { table.columns[$0].name == name }
        if name.hasPrefix("#"), let number = Int(name.dropFirst()), table.columns.indices.contains(number) {
            found = [number]
        }
        guard found.count < 2 else {
            throw QueryError(
                .ambiguousName,
                "\(bound.sources[source].name) has \(found.count) columns \"\(name)\": give them other names with AS"
            )
        }
        guard let place = found.first else { return try resolveName(name, path, in: source, of: table) }
        let column = BoundSource.firstDerivedColumn + place
        if path.count == 1 {
            return Bound(.column(source: source, column: column), table.columns[place].type)
        }
        let targets = table.columns[place].targets
        if targets.isEmpty { return nil }
        return try follow(source, AttributeID(UInt16(column)), targets) { binder, target throws(QueryError) in
            try binder.resolve(path.dropFirst(), in: target)
        }
    }

    /// The label of an option, or the name of the record behind a lookup.
    private mutating func resolveName(
        _ name: String,
        _ path: ArraySlice<String>,
        in source: Int,
        of table: BoundTable
    ) throws(QueryError) -> Bound? {
        guard path.count == 1, name.hasSuffix("name"),
            let place = table.columns.firstIndex(where: { $0.name == name.dropLast(4) })
        else { return nil }
        let column = BoundSource.firstDerivedColumn + place
        if case .option = table.columns[place].type {
            return Bound(
                .label(Bound(.column(source: source, column: column), table.columns[place].type)),
                .text(.general)
            )
        }
        guard !table.columns[place].targets.isEmpty else { return nil }
        return try follow(source, AttributeID(UInt16(column)), table.columns[place].targets) {
            binder,
            target throws(QueryError) in
            let entity = binder.schema.entities[binder.bound.sources[target].place]
            return try binder.value(target, entity.primaryName, entity[entity.primaryName].type)
        }
    }

    func columnName(_ source: Int, _ column: Int) -> String {
        if case .derived(let table) = bound.sources[source].origin {
            return bound.tables[table].columns[column - BoundSource.firstDerivedColumn].name
        }
        return schema.entities[bound.sources[source].place].attributes[column].name
    }

    func attributeNames(_ source: BoundSource) -> [String] {
        if case .derived(let table) = source.origin { return bound.tables[table].columns.map(\.name) }
        return schema.entities[source.place].attributes.map(\.name)
    }

    func unknownColumn(_ path: ArraySlice<String>, in source: Int, at location: SourceLocation) -> QueryError {
        let names = attributeNames(bound.sources[source])
        guard let name = path.first, !names.contains(name) else {
            return QueryError(
                .type,
                "\(bound.sources[source].name).\(path.first ?? "") is no lookup: nothing stands behind it",
                at: location
            )
        }
        return QueryError(
            .unknownName,
            "\(bound.sources[source].name.isEmpty ? "the result" : bound.sources[source].name) has no column \"\(name)\"",
            at: location,
            suggestion: nearestName(to: name, among: names)
        )
    }
}
