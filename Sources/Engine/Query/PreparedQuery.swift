/// A query bound to one schema: parsed and checked once, executed many times with different parameters.
///
/// Thread rule: may be used from any number of threads at once, on any view of the same schema.
public struct PreparedQuery: Sendable {
    /// Epoch of the schema that the names were resolved in.
    public let schemaEpoch: UInt32
    /// Names of the parameters in the order in which values are given; empty for `?`.
    public let parameterNames: [String]
    /// Name and type of each column of the result.
    public let columns: [(name: String, type: QueryType)]
    private let bound: BoundQuery
    private let isExplain: Bool

    /// Resolves every name. Throws with the place of the first one that is unknown or does not fit.
    public init(_ query: Query, schema: Schema) throws(QueryError) {
        bound = try Binder.bind(query, schema: schema)
        schemaEpoch = schema.epoch
        isExplain = query.isExplain
        var names: [String] = []
        for index in 0..<bound.parameterCount { names.append(bound.parameterNames[index] ?? "") }
        parameterNames = names
        columns = isExplain ? [("plan", .text(.general))] : bound.outputs.map { ($0.name, $0.expression.type) }
    }

    /// Parses and resolves an SQL `SELECT`.
    public init(_ sql: String, schema: Schema) throws(QueryError) {
        self = try PreparedQuery(Query.parse(sql), schema: schema)
    }

    /// The values in the order of `parameterNames`. Throws when one is missing or has no place.
    public func parameters(named values: [String: Value]) throws(QueryError) -> [Value] {
        if let name = values.keys.sorted().first(where: { !parameterNames.contains($0) }) {
            throw QueryError(
                .parameter,
                "the query has no parameter :\(name)",
                suggestion: nearestName(to: name, among: parameterNames).map { ":\($0)" }
            )
        }
        var result: [Value] = []
        for name in parameterNames {
            guard let value = values[name] else {
                throw QueryError(.parameter, "the parameter \(name.isEmpty ? "?" : ":\(name)") has no value")
            }
            result.append(value)
        }
        return result
    }

    /// The whole answer.
    /// - Parameters:
    ///   - view: what is asked; its schema must be the one that the query was prepared for.
    ///   - parameters: one value for each of `parameterNames`.
    ///   - budget: what the execution may use.
    ///   - environment: the time and the user that the query is asked at and by.
    ///   - visible: rows that may be seen; nil is all.
    ///   - cancellation: stops the execution from another thread.
    public func execute(
        on view: View,
        parameters: [Value] = [],
        budget: QueryBudget = QueryBudget(),
        environment: QueryEnvironment = QueryEnvironment(),
        visible: VisibleRows? = nil,
        cancellation: QueryCancellation? = nil
    ) throws(QueryError) -> QueryResult {
        let execution = try execution(view, parameters, budget, environment, visible, cancellation, blockRows: .max)
        let result = try execution.run()
        guard isExplain else { return result }
        var column = ResultColumn(name: "plan", type: .text(.general))
        for line in execution.explanation(resultRows: result.rowCount) { column.append(text: line) }
        return QueryResult(columns: [column])
    }

    /// The answer piece by piece, each of at most `chunkRows` rows, all from one view.
    public func cursor(
        on view: View,
        parameters: [Value] = [],
        chunkRows: Int = 8192,
        budget: QueryBudget = QueryBudget(),
        environment: QueryEnvironment = QueryEnvironment(),
        visible: VisibleRows? = nil,
        cancellation: QueryCancellation? = nil
    ) throws(QueryError) -> QueryCursor {
        if isExplain {
            return QueryCursor(
                whole: try execute(
                    on: view,
                    parameters: parameters,
                    budget: budget,
                    environment: environment,
                    visible: visible,
                    cancellation: cancellation
                )
            )
        }
        return QueryCursor(
            try execution(
                view,
                parameters,
                budget,
                environment,
                visible,
                cancellation,
                blockRows: max(1, chunkRows)
            )
        )
    }

    /// The columns for these rows of the only entity, one after the other as listed; the query has neither filter nor order.
    func values(
        ofRows rows: [UInt32],
        on view: View,
        budget: QueryBudget,
        environment: QueryEnvironment
    ) throws(QueryError) -> QueryResult {
        let execution = try execution(view, [], budget, environment, nil, nil, blockRows: .max)
        execution.start(at: rows)
        return try execution.run()
    }

    private func execution(
        _ view: View,
        _ parameters: [Value],
        _ budget: QueryBudget,
        _ environment: QueryEnvironment,
        _ visible: VisibleRows?,
        _ cancellation: QueryCancellation?,
        blockRows: Int
    ) throws(QueryError) -> Execution {
        guard view.schema.epoch == schemaEpoch else {
            throw QueryError(.staleSchema, "the schema has changed since the query was prepared")
        }
        guard parameters.count == parameterNames.count else {
            throw QueryError(
                .parameter,
                "the query has \(parameterNames.count) parameters, \(parameters.count) values were given"
            )
        }
        let context = ExecutionContext(
            view: view,
            visible: visible,
            environment: environment,
            meter: QueryMeter(budget, cancellation)
        )
        let query = try Specializer(
            context: context,
            parameters: parameters,
            parameterNames: parameterNames
        ).query(bound)
        return Execution(query, context, blockRows: blockRows)
    }
}

/// An answer that is fetched piece by piece. It pins the view that it reads.
///
/// Thread rule: one thread at a time.
public final class QueryCursor {
    private let execution: Execution?
    private var whole: QueryResult?

    init(_ execution: Execution) { self.execution = execution }

    init(whole: QueryResult) {
        execution = nil
        self.whole = whole
    }

    /// Bytes kept for what is to come: of a sorted or grouped answer, all that is left of it.
    package var keptBytes: Int { execution?.keptBytes ?? whole?.byteCount ?? 0 }

    /// The next rows; nil behind the last. After an error the cursor is of no more use.
    public func next() throws(QueryError) -> QueryResult? {
        if let execution { return try execution.next() }
        defer { whole = nil }
        return whole
    }
}
