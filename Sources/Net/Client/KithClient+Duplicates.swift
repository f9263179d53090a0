import CRM
import Engine
import Kith

extension KithClient: DuplicateSession {
    /// What records are like by the published duplicate rules; nothing is changed.
    public func duplicates(_ question: DuplicateQuestion) async throws -> DuplicateReport {
        var writer = ByteWriter()
        question.encode(into: &writer)
        let answer = try await call(.duplicates, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let report = try DuplicateReport(from: &reader)
            try reader.expectEnd()
            return report
        }
    }
}
