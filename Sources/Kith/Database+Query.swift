import Engine
import FetchXML

extension Database {
    /// Answers an SQL `SELECT` (docs/queries.md) or a FetchXML document (docs/fetchxml.md) about the records as they are now. Returns when what it saw is durable, so
    /// that nobody acts on a write that can still vanish. Writing goes on meanwhile.
    ///
    /// Runs on the calling task's thread. For answers that are too large to hold, or a statement that is executed many
    /// times, prepare it: `PreparedQuery`.
    ///
    /// - Parameters:
    ///   - parameters: values for `?`, in order.
    ///   - user: who asks: what `CURRENTUSER()` is.
    /// - Throws: `QueryError` with the place in the text.
    public func query(
        _ text: String,
        _ parameters: [Value] = [],
        as user: RecordID = .none
    ) async throws -> QueryResult {
        let view = currentView
        let result = try PreparedQuery(text: text, schema: view.schema).execute(
            on: view,
            parameters: parameters,
            environment: environment(of: user, view)
        )
        try await settle(view.position)
        return result
    }

    /// What a question asked now takes from outside: the clock is read here, at the edge.
    package func environment(of user: RecordID, _ view: View) -> QueryEnvironment {
        QueryEnvironment(nowMicroseconds: options.clock(), user: user, calendar: knownCalendar.calendar(view))
    }
}
