import Engine
import Kith
import NIOCore

// Queries run beside the writer, on a view of what the connection has executed so far; so a dashboard over ten million rows
// holds up nobody's update. The price is a hop to the pool and back, some 30 µs.

extension ServerConnection {
    /// Answers the operations about queries and rehearsals; nil when it is not one of them.
    func answerQuery(
        _ operation: WireOperation,
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) throws(WireFailure) -> Bool? {
        switch operation {
        case .query:
            try beginQuery(header, body, &turn) { reader, view throws(WireFailure) in
                let form: QueryForm
                do throws(DecodeError) { form = try QueryForm(from: &reader) } catch { throw .malformed(error) }
                do throws(QueryError) { return try form.prepared(view.schema) } catch { throw .query(error) }
            }
            return false
        case .executePrepared:
            let statement = try handle(body, exactly: false)
            guard let query = statements[statement] else {
                throw .wire(WireError(.statementUnknown, "There is no statement \(statement) on this connection."))
            }
            try beginQuery(header, body, &turn) { reader, _ throws(WireFailure) in
                do throws(DecodeError) { _ = try reader.u64() } catch { throw .malformed(error) }
                return query
            }
            return false
        case .prepare:
            try prepare(body, turn.schema, &output)
            return true
        case .closePrepared:
            let statement = try handle(body)
            guard statements.removeValue(forKey: statement) != nil else {
                throw .wire(WireError(.statementUnknown, "There is no statement \(statement) on this connection."))
            }
            return true
        case .fetch:
            let cursor = try idleCursor(try handle(body))
            try beginCall(header, 0, observed: cursor.position, turn.schemaEpoch, using: cursor) {
                writer throws(WireFailure) in
                CallResult(rowCount: try cursor.encodeNext(into: &writer), cursor: cursor)
            }
            cursor.isBusy = true
            return false
        case .closeCursor:
            close(try idleCursor(try handle(body)))
            return true
        case .find:
            try beginFind(header, body, &turn)
            return false
        default: return try answerRehearsal(operation, header, body, &turn, &output)
        }
    }

    /// Runs a query on the pool. `prepare` reads the query from the body, `rows in a block` and the arguments follow it.
    private func beginQuery(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ prepare: @escaping @Sendable (inout ByteReader, View) throws(WireFailure) -> PreparedQuery
    ) throws(WireFailure) {
        let bytes = Array(body)
        let view = turn.view
        let id = core.takeHandle()
        let budget = QueryBudget(bytesMax: core.limits.queryBytesMax)
        let environment = core.database.environment(of: actor, view)
        let cancellation = cancellation
        let (places, memories) = (cursorPlaces, [cursorMemory, core.cursorMemory])
        let isQuery = header.operation == WireOperation.query.rawValue
        try beginCall(header, bytes.count, observed: view.position, view.schema.epoch) { writer throws(WireFailure) in
            let (query, rowCount, arguments) = try ServerConnection.decode(bytes, view, prepare)
            let cursor: OpenCursor
            do throws(QueryError) {
                cursor = try OpenCursor(
                    id: id,
                    position: view.position,
                    places: places,
                    memories: memories,
                    columnCount: query.columns.count,
                    query.cursor(
                        on: view,
                        parameters: arguments.ordered(for: query),
                        chunkRows: rowCount,
                        budget: budget,
                        environment: environment,
                        cancellation: cancellation
                    )
                )
            } catch {
                throw .query(error)
            }
            if isQuery { QueryColumn.encode(query.columns, into: &writer) }
            return CallResult(rowCount: try cursor.encodeNext(into: &writer), cursor: cursor)
        }
    }

    /// The query, the rows that a block may have, and the arguments.
    static func decode(
        _ body: [UInt8],
        _ view: View,
        _ prepare: (inout ByteReader, View) throws(WireFailure) -> PreparedQuery
    ) throws(WireFailure) -> (PreparedQuery, Int, QueryArguments) {
        let result = body.withUnsafeBytes { bytes -> Result<(PreparedQuery, Int, QueryArguments), WireFailure> in
            var reader = ByteReader(bytes)
            do throws(WireFailure) {
                let query = try prepare(&reader, view)
                do throws(DecodeError) {
                    let rowCount = Int(try reader.u32())
                    let arguments = try QueryArguments(from: &reader)
                    try reader.expectEnd()
                    let rowsMax = WireLimits.blockRowsMax
                    return .success((query, rowCount == 0 ? rowsMax : min(rowCount, rowsMax), arguments))
                } catch {
                    return .failure(.malformed(error))
                }
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func prepare(
        _ body: UnsafeRawBufferPointer,
        _ schema: Schema,
        _ output: inout ByteWriter
    ) throws(WireFailure) {
        guard statements.count < core.limits.statementsMax else {
            throw .wire(
                WireError(.statementLimit, "The connection has \(statements.count) statements: close one first.")
            )
        }
        let form: QueryForm
        do throws(DecodeError) {
            var reader = ByteReader(body)
            form = try QueryForm(from: &reader)
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        let query: PreparedQuery
        do { query = try form.prepared(schema) } catch { throw .query(error) }
        let id = core.takeHandle()
        statements[id] = query
        output.u64(id)
        QueryColumn.encode(query.columns, into: &output)
        output.u16(UInt16(truncatingIfNeeded: query.parameterNames.count))
        for name in query.parameterNames { output.text(name) }
    }

    func handle(_ body: UnsafeRawBufferPointer, exactly: Bool = true) throws(WireFailure) -> UInt64 {
        do throws(DecodeError) {
            var reader = ByteReader(body)
            let handle = try reader.u64()
            if exactly { try reader.expectEnd() }
            return handle
        } catch {
            throw .malformed(error)
        }
    }

    private func idleCursor(_ id: UInt64) throws(WireFailure) -> OpenCursor {
        guard let cursor = cursors[id] else {
            throw .wire(WireError(.cursorUnknown, "The cursor is closed, has expired, or never was."))
        }
        guard !cursor.isBusy else {
            throw .wire(WireError(.overloaded, "A block of this cursor is under way: wait for it."))
        }
        return cursor
    }

    /// A call has come back with its cursor, or without one; the client may be gone.
    func settle(_ cursor: OpenCursor?) {
        guard let cursor else { return }
        cursor.isBusy = false
        cursor.idleSince = nil
        cursors[cursor.id] = cursor.isAtEnd ? nil : cursor
        if phase != .open { close(cursor) }
    }

    /// Gives a cursor up, unless a call has it: then when the call comes back.
    func close(_ cursor: OpenCursor) {
        guard !cursor.isBusy, cursors.removeValue(forKey: cursor.id) != nil else { return }
        cursor.giveBack()
        core.discard(cursor)
    }

    /// Closes cursors that nobody has used for their lifetime.
    func expireCursors(_ now: NIODeadline) {
        guard !cursors.isEmpty else { return }
        let lifetime = TimeAmount.milliseconds(Int64(core.limits.cursorLifetimeMilliseconds))
        for cursor in cursors.values where !cursor.isBusy {
            let since = cursor.idleSince ?? now
            cursor.idleSince = since
            if now - since >= lifetime { close(cursor) }
        }
    }
}
