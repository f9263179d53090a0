import Engine
import Kith
import NIOCore

// Quick find runs beside the writer, as queries do.

extension ServerConnection {
    /// Runs a search on the pool. It takes its view there, since it may have to wait for the index that the view then has.
    func beginFind(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        var reader = ByteReader(body)
        let request: FindRequest
        do throws(DecodeError) {
            request = try FindRequest(from: &reader)
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        let budget = QueryBudget(bytesMax: core.limits.queryBytesMax)
        let (database, cancellation) = (core.database, cancellation)
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch) { writer throws(WireFailure) in
            do throws(QueryError) {
                let (hits, position) = try database.find(request, budget: budget, cancellation: cancellation)
                writer.u64(position)
                writer.u32(UInt32(hits.count))
                for hit in hits { hit.encode(into: &writer) }
                return CallResult(observed: position)
            } catch {
                throw .query(error)
            }
        }
    }
}
