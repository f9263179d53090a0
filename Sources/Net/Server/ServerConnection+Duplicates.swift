import CRM
import Engine
import Kith
import NIOCore

// Questions about duplicates, and transactions and messages that are to be refused where a record is like another one: on the pool, since
// keys of many records may have to be made first.

extension ServerConnection {
    /// Answers a question about duplicates, from a view that it takes there.
    func beginDuplicates(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let question: DuplicateQuestion
        do throws(DecodeError) { question = try DuplicateQuestion(decoding: body) } catch { throw .malformed(error) }
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch) {
            [database = core.database, actor, cancellation] writer throws(WireFailure) in
            do throws(Refusal) {
                let report = try database.duplicates(question, actor: actor, cancellation)
                report.encode(into: &writer)
                return CallResult(observed: report.position)
            } catch {
                throw .refusal(error)
            }
        }
    }

    /// Executes a transaction or a message in a turn that it takes there. The reply comes later: false.
    func beginChecked(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        isMessage: Bool,
        _ turn: inout WriterTurn
    ) throws(WireFailure) -> Bool {
        let request = Array(body)
        try beginCall(header, request.count, observed: turn.position, turn.schemaEpoch) {
            [database = core.database, actor] writer throws(WireFailure) in
            do throws(Refusal) {
                let (reply, position) = try database.executeChecked(request, isMessage: isMessage, actor: actor)
                writer.raw(reply)
                return CallResult(observed: position)
            } catch {
                throw .refusal(error)
            }
        }
        return false
    }
}
