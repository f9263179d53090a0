// Files of an open database, and the removal of contents that nothing refers to any more.

import Engine
import Snapshot

extension Database: FileSession {
    /// Begins the upload of a content.
    public func beginUpload(lengthBytes: Int64) async throws -> UInt64 {
        try beginUpload(ofLength: lengthBytes)
    }

    /// Sends the next piece. Writes it on the calling thread.
    public func sendPiece(_ bytes: [UInt8], at offset: Int64, of upload: UInt64) async throws {
        try bytes.withUnsafeBytes { try contents.append($0, at: offset, to: upload) }
    }

    /// Ends an upload; returns when the content is durable, for which it syncs on the calling thread.
    public func endUpload(_ upload: UInt64, hash: ContentHash) async throws -> FileContent {
        try endUpload(upload, expecting: hash)
    }

    /// Gives an upload up.
    public func cancelUpload(_ upload: UInt64) async throws { contents.cancelUpload(upload) }

    /// Reads a part of a record's file.
    public func readFile(
        _ record: RecordID,
        _ attribute: String,
        _ content: FileContent,
        at offset: Int64,
        count: Int
    ) async throws -> [UInt8] {
        let (present, position) = present(record, attribute)
        guard present == content else { throw ContentError.notHeld(content.hash) }
        try await settle(position)
        return try contents.read(content, at: offset, count: count)
    }

    /// The content of a record's file, and the position at which that was seen.
    private func present(_ record: RecordID, _ attribute: String) -> (FileContent?, Position) {
        turn { turn in
            let attribute = turn.schema.entity(record.entity)?.attributeID(attribute)
            return (attribute.flatMap { turn.file(of: record, $0)?.content }, turn.position)
        }
    }

    /// As the session's, for callers that have a thread to wait on. Where there is no room, what nothing refers to is removed
    /// first. Not within a turn.
    package func beginUpload(ofLength lengthBytes: Int64) throws(ContentError) -> UInt64 {
        do throws(ContentError) {
            return try contents.beginUpload(lengthBytes: lengthBytes, besides: snapshotBytes)
        } catch {
            guard case .diskFull = error else { throw error }
            // A snapshot that is being taken is followed by a collection of its own.
            snapshotTaking.withLockIfAvailable { _ in collectContents() }
            return try contents.beginUpload(lengthBytes: lengthBytes, besides: snapshotBytes)
        }
    }

    /// What the next snapshot will take of the disk, about.
    private var snapshotBytes: UInt64 { directory.newestSnapshot?.fileBytes ?? 0 }

    /// As the session's, for callers that have a thread to wait on.
    package func endUpload(_ upload: UInt64, expecting hash: ContentHash) throws(ContentError) -> FileContent {
        let content = try contents.endUpload(upload, expecting: hash)
        if options.takesSnapshots, contents.isCollectionDue { snapshotInBackground() }
        return content
    }

    /// Removes the contents that neither the records nor a kept snapshot refer to: after each snapshot, also one that failed, and
    /// where an upload finds no room. With `snapshotTaking` held. ContentStore+Collect says why the steps have this order.
    func collectContents() {
        guard contents.figures.contentCount > 0, contents.beginCollection() else { return }
        let view = currentView
        do {
            var kept: Set<ContentHash> = []
            view.forEachFile { kept.insert($0.file.content.hash) }
            for (index, snapshot) in directory.keptSnapshots.enumerated() {
                do {
                    let listed = try Database.contents(ofSnapshotAt: snapshot.position, in: directory.storage)
                    for content in listed { kept.insert(content.hash) }
                } catch {
                    // Behind the two newest are those that are kept for history alone: with one that cannot be read, its moments
                    // are lost (docs/history.md), and must not keep every content for as long as history is kept.
                    if index < 2 { throw error }
                }
            }
            for position in try directory.otherSnapshotPositions() {
                // One that cannot be read is one that nobody can restore.
                let listed = try? Database.contents(ofSnapshotAt: position, in: directory.storage)
                for content in listed ?? [] { kept.insert(content.hash) }
            }
            try directory.queue.waitUntilDurable(view.position)
            contents.collect(keeping: kept)
        } catch {
            // A snapshot that cannot be read, or a log that has failed: nothing is removed then.
            contents.endCollection()
        }
    }
}
