import Engine
import Kith
import NIOCore

// Queries about the records as they were (docs/history.md): the state is rebuilt, and its first block computed, on the thread for
// histories, one at a time; later blocks are fetched as of any query.
// Where the connection ends meanwhile, the rebuild does too: it takes seconds, and others wait for the thread.

extension ServerConnection {
    /// Rebuilds a state of the past and runs a query on it.
    func beginQueryAsOf(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        var reader = ByteReader(body)
        let point: RestorePoint
        do throws(DecodeError) { point = try RestorePoint(from: &reader) } catch { throw .malformed(error) }
        let bytes = Array(body[(body.startIndex + reader.offset)...])
        let position = turn.position
        let id = core.takeHandle()
        let budget = QueryBudget(bytesMax: core.limits.queryBytesMax)
        let (database, actor, cancellation) = (core.database, actor, cancellation)
        let (places, memories) = (cursorPlaces, [cursorMemory, core.cursorMemory])
        try beginCall(header, bytes.count, observed: position, turn.schemaEpoch, on: core.historyPool) {
            writer throws(WireFailure) in
            let past: PastState
            do throws(DatabaseError) {
                past = try database.past(point, seeing: position, alone: true, cancellation: cancellation)
            } catch {
                guard case .past(let error) = error else {
                    throw .wire(WireError(.unavailable, "That moment could not be rebuilt: \(error)"))
                }
                throw .wire(WireError(.pastRefused, "\(error)"))
            }
            let (query, rowCount, arguments) = try ServerConnection.decode(bytes, past.view) {
                reader,
                view throws(WireFailure) in
                let form: QueryForm
                do throws(DecodeError) { form = try QueryForm(from: &reader) } catch { throw .malformed(error) }
                do throws(QueryError) { return try form.prepared(view.schema) } catch { throw .query(error) }
            }
            let cursor: OpenCursor
            do throws(QueryError) {
                cursor = try OpenCursor(
                    id: id,
                    position: past.position,
                    places: places,
                    memories: memories,
                    columnCount: query.columns.count,
                    past: past,
                    query.cursor(
                        on: past.view,
                        parameters: arguments.ordered(for: query),
                        chunkRows: rowCount,
                        budget: budget,
                        environment: past.environment(of: actor),
                        cancellation: cancellation
                    )
                )
            } catch {
                throw .query(error)
            }
            QueryColumn.encode(query.columns, into: &writer)
            return CallResult(rowCount: try cursor.encodeNext(into: &writer), cursor: cursor)
        }
    }
}
