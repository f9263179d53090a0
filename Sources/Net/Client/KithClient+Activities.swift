import CRM
import Engine
import Kith

extension KithClient: ActivitySession {
    /// The timeline of a record, or what a calendar shows.
    public func activities(_ question: ActivityQuestion) async throws -> ActivityAnswer {
        var writer = ByteWriter()
        question.encode(into: &writer)
        let answer = try await call(.activities, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let decoded = try ActivityAnswer(from: &reader)
            try reader.expectEnd()
            return decoded
        }
    }
}
