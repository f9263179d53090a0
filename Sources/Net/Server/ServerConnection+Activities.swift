import CRM
import Engine
import Kith
import NIOCore

// Timelines and agendas are answered beside the writer, as queries are.

extension ServerConnection {
    /// Answers a question about activities on the pool, from a view that it takes there.
    func beginActivities(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        var reader = ByteReader(body)
        let question: ActivityQuestion
        do throws(DecodeError) {
            question = try ActivityQuestion(from: &reader)
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch) {
            [database = core.database] writer throws(WireFailure) in
            do throws(Refusal) {
                let answer = try database.answer(question)
                answer.encode(into: &writer)
                return CallResult(observed: answer.position)
            } catch {
                throw .refusal(error)
            }
        }
    }
}
