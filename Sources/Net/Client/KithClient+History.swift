import Engine
import Kith

extension KithClient: HistorySession {
    /// The changes of a record that the server's log still holds, the newest `limit` of them (1 to 10,000).
    public func history(of record: RecordID, limit: Int) async throws -> RecordHistory {
        var writer = ByteWriter()
        writer.u64(record.rawValue)
        writer.u32(UInt32(clamping: limit))
        let answer = try await call(.history, epoch: 0, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let history = try RecordHistory(from: &reader)
            try reader.expectEnd()
            return history
        }
    }
}
