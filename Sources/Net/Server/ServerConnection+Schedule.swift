import CRM
import Engine
import Kith
import NIOCore

// Questions about schedules are answered beside the writer, as queries are.

extension ServerConnection {
    /// Answers a question about the time of people and equipment on the pool, from a view that it takes there.
    func beginSchedule(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        var reader = ByteReader(body)
        let question: ScheduleQuestion
        do throws(DecodeError) {
            question = try ScheduleQuestion(from: &reader)
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch) {
            [database = core.database, cancellation = cancellation] writer throws(WireFailure) in
            do throws(Refusal) {
                let answer = try database.answer(question, cancellation: cancellation)
                answer.encode(into: &writer)
                return CallResult(observed: answer.position)
            } catch {
                throw .refusal(error)
            }
        }
    }
}
