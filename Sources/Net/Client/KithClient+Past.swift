import Engine
import Kith

extension KithClient {
    /// Asks an SQL `SELECT` about the records as they were at a moment or after a transaction (docs/history.md). The server takes
    /// seconds to rebuild a large state, and answers one such question at a time.
    ///
    /// Throws `ClientError.server` with the code `pastRefused` for what is not kept, in the future or too large, and `QueryError`
    /// when the query is refused.
    public func query(
        _ sql: String,
        _ arguments: QueryArguments = [],
        asOf point: RestorePoint,
        rowsPerBlock: Int = 4096
    ) async throws -> ClientCursor {
        if point == .latest { return try await query(sql, arguments, rowsPerBlock: rowsPerBlock) }
        var writer = ByteWriter()
        point.encode(into: &writer)
        QueryForm.sql(sql).encode(into: &writer)
        writer.u32(UInt32(clamping: rowsPerBlock))
        arguments.encode(into: &writer)
        return try cursor(try await call(.queryAsOf, epoch: 0, body: writer.bytes))
    }
}
