import Engine

/// A content that is being written: its file, how far it is, and the hash so far. Thread rule: any thread; a piece waits for the
/// one before.
final class ContentUpload: Sendable {
    /// Written bytes after which the file is synced, so that no sync of gigabytes holds up the log's.
    private static let syncBytes: Int64 = 32 << 20

    private let name: String
    private let folder: any Storage
    private let lengthBytes: Int64
    private let state: Monitor<State>

    /// `@unchecked` for the hash, which is reached under the lock only.
    private struct State: @unchecked Sendable {
        /// Made with the first piece, or at the end where there is none.
        var file: (any StorageFile)?
        var hasEnded = false
        var writtenBytes: Int64 = 0
        var unsyncedBytes: Int64 = 0
        let hash = SHA256Stream()
    }

    init(_ name: String, in folder: any Storage, lengthBytes: Int64) {
        self.name = name
        self.folder = folder
        self.lengthBytes = lengthBytes
        state = Monitor(State())
    }

    /// Takes no more, and removes what was written. Waits for a piece that is being written.
    func cancel() {
        let hasFile = state.withLock { state in
            defer { state.file = nil }
            state.hasEnded = true
            return state.file != nil
        }
        // What cannot be removed is removed at the next start.
        if hasFile { try? folder.remove(name) }
    }

    func append(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(ContentError) {
        try state.withLock { (state) throws(ContentError) in
            guard !state.hasEnded else { throw .unknownUpload }
            guard offset == state.writtenBytes, Int64(bytes.count) <= lengthBytes - state.writtenBytes else {
                throw .wrongPiece(offset: offset, expected: state.writtenBytes, lengthBytes: lengthBytes)
            }
            do throws(StorageError) {
                let file = try open(&state)
                try file.write(bytes, at: UInt64(offset))
                state.unsyncedBytes += Int64(bytes.count)
                if state.unsyncedBytes >= ContentUpload.syncBytes {
                    try file.sync()
                    state.unsyncedBytes = 0
                }
            } catch {
                throw .wrapping(error, needed: lengthBytes - offset)
            }
            state.hash.append(bytes)
            state.writtenBytes += Int64(bytes.count)
        }
    }

    /// Syncs the file; what it holds is the content.
    func finish(expecting expected: ContentHash) throws(ContentError) -> FileContent {
        try state.withLock { (state) throws(ContentError) in
            guard !state.hasEnded else { throw .unknownUpload }
            guard state.writtenBytes == lengthBytes else {
                throw .incomplete(received: state.writtenBytes, lengthBytes: lengthBytes)
            }
            // No piece after the end, and no second end.
            state.hasEnded = true
            let hash = state.hash.finish()
            guard hash == expected else { throw .wrongHash(received: hash, expected: expected) }
            do throws(StorageError) { try open(&state).sync() } catch { throw .wrapping(error, needed: 0) }
            return FileContent(hash: hash, lengthBytes: lengthBytes)
        }
    }

    private func open(_ state: inout State) throws(StorageError) -> any StorageFile {
        if let file = state.file { return file }
        let file = try folder.open(name, creating: true)
        state.file = file
        try file.truncate(to: 0)
        return file
    }
}
