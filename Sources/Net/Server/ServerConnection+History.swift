import Engine
import Kith
import NIOCore

// Histories are read from the log's files, beside the writer and beside queries: a log of some hundred megabytes takes a second.

extension ServerConnection {
    /// Reads a record's history on the thread for histories.
    func beginHistory(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        var reader = ByteReader(body)
        let (record, limit): (RecordID, Int)
        do throws(DecodeError) {
            record = RecordID(rawValue: try reader.u64())
            limit = Int(try reader.u32())
            try reader.expectEnd()
        } catch {
            throw .malformed(error)
        }
        let position = turn.position
        try beginCall(header, body.count, observed: position, turn.schemaEpoch, on: core.historyPool) {
            [database = core.database] writer throws(WireFailure) in
            do throws(DatabaseError) {
                let history = try database.readHistory(of: record, limit: limit, seeing: position)
                history.encode(into: &writer)
                return CallResult(observed: history.position)
            } catch {
                throw .wire(WireError(.unavailable, "The log could not be read: \(error)"))
            }
        }
    }
}
