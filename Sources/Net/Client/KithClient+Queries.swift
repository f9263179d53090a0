import Engine

/// The answer to a query, fetched block by block while the rows before are worked on. It reads one view throughout.
///
/// A cursor lives on its connection: when that is lost, or nobody fetches for a minute, the next fetch fails and the query has
/// to be asked again. One task at a time.
public struct ClientCursor: Sendable {
    /// The columns.
    public let columns: [QueryColumn]
    private let client: KithClient
    /// 0 when the server has no more.
    private var cursor: UInt64
    private var block: QueryBlock?

    init(_ client: KithClient, _ columns: [QueryColumn], _ cursor: UInt64, _ block: QueryBlock) {
        self.client = client
        self.columns = columns
        self.cursor = cursor
        self.block = block
    }

    /// The next rows; nil behind the last.
    public mutating func next() async throws -> QueryBlock? {
        if let block {
            self.block = nil
            return block
        }
        guard cursor != 0 else { return nil }
        var writer = ByteWriter()
        writer.u64(cursor)
        let answer = try await client.call(.fetch, epoch: 0, body: writer.bytes, isResendable: false)
        let (next, block) = try client.block(answer, columns)
        cursor = next
        return block
    }

    /// Gives the cursor back before its end; at the end there is nothing to give back.
    public mutating func close() async throws {
        block = nil
        guard cursor != 0 else { return }
        var writer = ByteWriter()
        writer.u64(cursor)
        cursor = 0
        _ = try await client.call(.closeCursor, epoch: 0, body: writer.bytes, isResendable: false)
    }

    /// All rows that are left. For answers that fit in memory.
    public mutating func rows() async throws -> [[Value]] {
        var rows: [[Value]] = []
        while let block = try await next() { rows += block.rows }
        return rows
    }
}

/// A query that the server has parsed and resolved, to be executed many times. Prepared again by itself on a new connection.
public actor ClientStatement {
    /// The columns of its answers.
    public nonisolated let columns: [QueryColumn]
    /// Names of its parameters in order; empty for `?`.
    public nonisolated let parameterNames: [String]
    private let client: KithClient
    private let form: QueryForm
    private var statement: UInt64

    fileprivate init(_ client: KithClient, _ form: QueryForm, _ prepared: KithClient.Prepared) {
        self.client = client
        self.form = form
        columns = prepared.columns
        parameterNames = prepared.parameterNames
        statement = prepared.statement
    }

    /// Executes it.
    public func execute(_ arguments: QueryArguments = [], rowsPerBlock: Int = 4096) async throws -> ClientCursor {
        do {
            return try await attempt(arguments, rowsPerBlock)
        } catch ClientError.server(let error) where error.code == .statementUnknown {
            statement = try await client.prepared(form).statement
        } catch let error as QueryError where error.code == .staleSchema {
            statement = try await client.prepared(form).statement
        }
        return try await attempt(arguments, rowsPerBlock)
    }

    private func attempt(_ arguments: QueryArguments, _ rowsPerBlock: Int) async throws -> ClientCursor {
        var writer = ByteWriter()
        writer.u64(statement)
        writer.u32(UInt32(clamping: rowsPerBlock))
        arguments.encode(into: &writer)
        let answer = try await client.call(.executePrepared, epoch: 0, body: writer.bytes)
        let (cursor, block) = try client.block(answer, columns)
        return ClientCursor(client, columns, cursor, block)
    }

    /// Gives the statement back.
    public func close() async throws {
        var writer = ByteWriter()
        writer.u64(statement)
        _ = try await client.call(.closePrepared, epoch: 0, body: writer.bytes, isResendable: false)
    }
}

extension KithClient {
    struct Prepared {
        var statement: UInt64
        var columns: [QueryColumn]
        var parameterNames: [String]
    }

    /// Asks an SQL `SELECT`; the answer has come as far as its first block. Throws `QueryError` when it is refused.
    public func query(
        _ sql: String,
        _ arguments: QueryArguments = [],
        rowsPerBlock: Int = 4096
    ) async throws -> ClientCursor {
        try await query(.sql(sql), arguments, rowsPerBlock)
    }

    /// Asks a query that was built as a tree.
    public func query(
        _ tree: Query,
        _ arguments: QueryArguments = [],
        rowsPerBlock: Int = 4096
    ) async throws -> ClientCursor {
        try await query(.tree(tree), arguments, rowsPerBlock)
    }

    private func query(
        _ form: QueryForm,
        _ arguments: QueryArguments,
        _ rowsPerBlock: Int
    ) async throws -> ClientCursor {
        var writer = ByteWriter()
        form.encode(into: &writer)
        writer.u32(UInt32(clamping: rowsPerBlock))
        arguments.encode(into: &writer)
        return try cursor(try await call(.query, epoch: 0, body: writer.bytes))
    }

    /// Reads the answer to a query.
    func cursor(_ answer: ClientCall.Answer) throws -> ClientCursor {
        let (columns, cursor, block) = try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let columns = try QueryColumn.list(from: &reader)
            let cursor = try reader.u64()
            return (columns, cursor, try QueryBlock(from: &reader, columns, rowCount: Int(answer.count)))
        }
        return ClientCursor(self, columns, cursor, block)
    }

    /// Has the server parse and resolve a `SELECT` once for many executions.
    public func prepare(_ sql: String) async throws -> ClientStatement {
        let form = QueryForm.sql(sql)
        return ClientStatement(self, form, try await prepared(form))
    }

    fileprivate func prepared(_ form: QueryForm) async throws -> Prepared {
        var writer = ByteWriter()
        form.encode(into: &writer)
        let answer = try await call(.prepare, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let statement = try reader.u64()
            let columns = try QueryColumn.list(from: &reader)
            var names: [String] = []
            for _ in 0..<Int(try reader.u16()) {
                names.append(try reader.text(lengthBytesMax: QueryLimits.nameBytesMax))
            }
            return Prepared(statement: statement, columns: columns, parameterNames: names)
        }
    }

    fileprivate func block(
        _ answer: ClientCall.Answer,
        _ columns: [QueryColumn]
    ) throws -> (cursor: UInt64, block: QueryBlock) {
        try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let cursor = try reader.u64()
            return (cursor, try QueryBlock(from: &reader, columns, rowCount: Int(answer.count)))
        }
    }
}
