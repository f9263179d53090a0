// Queries inside that do not depend on the row outside run once, before the query itself, and become constants: a value, a
// truth value, or a set for IN. So their answers reach indexes and zone maps like constants that were written.

extension Specializer {
    /// The sub-query specialised, or its answer.
    func settled(_ subquery: BoundSubquery, _ operands: [Bound], _ type: QueryType) throws(QueryError) -> Bound {
        let outerCount = subquery.outerCount(operands: operands.count)
        guard operands[..<outerCount].allSatisfy(\.isConstant) else {
            let query = isSpecialized ? subquery.query : try inner([]).query(subquery.query)
            return Bound(.subquery(BoundSubquery(query, subquery.form), operands), type)
        }
        var query = try inner(Array(operands[..<outerCount])).query(subquery.query)
        switch subquery.form {
        case .scalar:
            let rows = try run(&query, rowsMax: 2)
            guard rows.rowCount < 2 else { throw Self.severalRows }
            return rows.rowCount == 0 ? Bound(.null, type) : rows.columns[0].constant(0)
        case .exists(let negated):
            return .constant((try run(&query, rowsMax: 1).rowCount > 0) != negated)
        case .isIn(let negated):
            let column = try run(&query, rowsMax: .max).columns[0]
            // Nothing is in an empty list, not even null.
            if column.count == 0 { return .constant(negated) }
            let items = (0..<column.count).map(column.constant)
            try context.meter.keep(
                rows: items.count,
                bytes: items.count * MemoryLayout<Bound>.stride + column.byteCount
            )
            if let set = ConstantSet(items, for: operands[outerCount].type) {
                return Bound(.inSet(operands[outerCount], set, negated: negated), .boolean)
            }
            return Bound(.isIn(operands[outerCount], items, negated: negated), .boolean)
        }
    }

    static let severalRows = QueryError(
        .type,
        "a query that stands for a value has more than one row: use an aggregate, LIMIT 1 or a narrower filter"
    )

    private func inner(_ outer: [Bound]) -> Specializer {
        Specializer(
            context: context,
            parameters: parameters,
            parameterNames: parameterNames,
            outer: outer,
            isSpecialized: isSpecialized
        )
    }

    private func run(_ query: inout BoundQuery, rowsMax: Int) throws(QueryError) -> QueryResult {
        query.limitRows(to: rowsMax)
        let execution = Execution(query, context)
        let result = try execution.run()
        // What runs for each row outside would fill memory with notes.
        if outer.isEmpty { context.notes += ["sub-query, once:"] + execution.explanation().map { "  \($0)" } }
        return result
    }
}

extension BoundQuery {
    /// Lowers the limit: nobody asks for more rows.
    mutating func limitRows(to rowsMax: Int) {
        if case .number(let count)? = limit?.node, count <= rowsMax { return }
        limit = Bound(.number(Int64(rowsMax)), .integer)
    }
}
