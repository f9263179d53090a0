import Engine
import Kith
import NIOCore

// Bulk work is started beside the writer: its query may take long, and its list of records is written to the disk.

extension ServerConnection {
    /// Runs a job's query and makes its record. From then on the database's own thread works it off.
    func beginJob(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let (request, key): (JobRequest, RequestKey?)
        do throws(DecodeError) { (request, key) = try JobRequest.decode(body) } catch { throw .malformed(error) }
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch, on: core.pool) {
            [database = core.database, actor, cancellation] writer throws(WireFailure) in
            do {
                let (reply, position) = try database.startJob(
                    request,
                    key: key,
                    actor: actor,
                    cancellation: cancellation
                )
                writer.raw(reply)
                return CallResult(observed: position)
            } catch let error as Refusal {
                throw .refusal(error)
            } catch let error as QueryError {
                throw .query(error)
            } catch {
                throw .wire(WireError(.unavailable, "The job could not be started: \(error)"))
            }
        }
    }
}
