import Engine
import Snapshot

/// A session that says what became of a record (docs/history.md).
public protocol HistorySession: Session {
    /// The changes of a record that the log still holds, the newest `limit` of them; returns when what it saw is durable.
    func history(of record: RecordID, limit: Int) async throws -> RecordHistory
}

extension Database: HistorySession {
    /// The changes of a record that the log still holds, the newest `limit` of them (1 to 10,000). A deleted record has a history
    /// as well. Reads the log from the disk, on the calling task's thread, while work goes on: O(bytes of log).
    public func history(of record: RecordID, limit: Int) async throws -> RecordHistory {
        let position = turn { $0.position }
        try await settle(position)
        return try readHistory(of: record, limit: limit, seeing: position)
    }

    /// As `history(of:limit:)`, with everything up to a position. Blocks the calling thread.
    package func readHistory(
        of record: RecordID,
        limit: Int,
        seeing position: Position
    ) throws(DatabaseError) -> RecordHistory {
        do throws(DirectoryError) { try directory.queue.waitUntilDurable(position) } catch { throw .directory(error) }
        // A snapshot that ends meanwhile gives up the log before the older of two, and another look finds where it begins now.
        var attempt = 0
        while true {
            attempt += 1
            do {
                return try readLog(record, limit)
            } catch let error as DirectoryError {
                switch error {
                case .trimmed where attempt < 3, .storage(.notFound) where attempt < 3: continue
                default: throw .directory(error)
                }
            } catch {
                throw .damaged("\(error)")
            }
        }
    }

    private func readLog(_ record: RecordID, _ limit: Int) throws -> RecordHistory {
        var start: Position = 0
        var schema: Schema?
        if try DataDirectory.firstLoggedPosition(in: directory.storage) != 1, let oldest = directory.keptSnapshots.last
        {
            start = oldest.position
            let blocks = try DataDirectory.blocks(ofKind: ImagePart.schemaKind, inSnapshotAt: start, directory.storage)
            schema = try blocks.first.map { block in
                try block.withUnsafeBytes { bytes in
                    var reader = ByteReader(bytes)
                    return try Schema(from: &reader)
                }
            }
        }
        var collector = HistoryCollector(record, schema: schema, beginsAfter: start, limit: limit)
        try directory.readLog(after: start) { position, entry in try collector.add(entry, position: position) }
        return collector.history
    }
}
