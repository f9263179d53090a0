import Engine
import Kith

extension KithClient: FindSession {
    /// Finds records by words that stand in their searched columns. Throws `QueryError` when it is refused.
    public func find(_ request: FindRequest) async throws -> [FindHit] {
        guard request.text.utf8.count <= FindLimits.textBytesMax else {
            // The server would take the body for malformed.
            throw QueryError(.tooComplex, "a search text has at most \(FindLimits.textBytesMax) bytes")
        }
        var writer = ByteWriter()
        request.encode(into: &writer)
        let answer = try await call(.find, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            _ = try reader.u64()
            let hits = try FindHit.list(from: &reader)
            try reader.expectEnd()
            return hits
        }
    }
}
