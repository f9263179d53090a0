import CRM
import Engine
import Kith

extension KithClient: ScheduleSession {
    /// When something can be done, or whether what is booked still stands.
    public func schedule(_ question: ScheduleQuestion) async throws -> ScheduleAnswer {
        var writer = ByteWriter()
        question.encode(into: &writer)
        let answer = try await call(.schedule, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let decoded = try ScheduleAnswer(from: &reader)
            try reader.expectEnd()
            return decoded
        }
    }
}
