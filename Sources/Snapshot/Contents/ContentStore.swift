// The contents of files, out of line in the folder `files`: one file for each content, however many records refer to it.
//
// Guarantees
// - A content that `holds` answers for is whole and durable: written under another name, hashed while it came, synced, renamed,
//   and the folder synced. So whatever name a power cut leaves has its right bytes behind it.
// - It stays for as long as a state that could still be recovered refers to it (`collect`). Whether a content is named by a
//   transaction and whether it is removed are decided under one lock.
// - What is left of an upload that did not end is gone at the next start.
//
// Two locks: `state`, held for a look at a table, which the writer's turn waits for; and `changing`, held while names change on
// the disk, which only uploads that end and collections wait for.

import Engine
import Synchronization

/// The contents of one data directory. Thread rule: all calls from any thread.
public final class ContentStore: FileContents, Sendable {
    /// Uploads that may be open: each has a file and the state of a hash.
    public static let uploadCountMax = 256
    /// How long a content is kept that nobody refers to yet: an upload and the transaction that names it are seconds apart.
    public static let graceMicroseconds: Int64 = 3_600_000_000
    /// Below this a collection is not worth a snapshot.
    static let leastBytesToCollect: Int64 = 256 << 20

    let folder: any Storage
    let clock: @Sendable () -> Int64
    /// Bytes of the disk that uploads leave to the log.
    private let bytesKeptFree: UInt64
    let changing = Mutex(())
    let state: Monitor<State>

    struct Held {
        var lengthBytes: Int64
        /// By the store's clock.
        var keptUntil: Int64
    }

    struct Open {
        let upload: ContentUpload
        var awaitedBytes: Int64
    }

    struct State {
        var held: [ContentHash: Held] = [:]
        var heldBytes: Int64 = 0
        /// What transactions named since a collection began; nil while there is none.
        var named: Set<ContentHash>?
        var openUploads: [UInt64: Open] = [:]
        /// Announced and not written yet, of all of them.
        var awaitedBytes: Int64 = 0
        var nextUpload: UInt64 = 1
        /// The folder's names could not be synced: what it holds is known again after a start.
        var failure: StorageError?
        var bytesSinceCollection: Int64 = 0
        var bytesAfterCollection: Int64 = 0
        /// Another process may have the directory: no name is changed any more.
        var isClosed = false
    }

    private init(
        _ folder: any Storage,
        _ contents: [FileContent],
        bytesKeptFree: UInt64,
        clock: @escaping @Sendable () -> Int64
    ) {
        self.folder = folder
        self.clock = clock
        self.bytesKeptFree = bytesKeptFree
        var state = State()
        for content in contents {
            // Whoever was about to name one has lost its connection; it is told to upload the content again.
            state.held[content.hash] = Held(lengthBytes: content.lengthBytes, keptUntil: .min)
            state.heldBytes += content.lengthBytes
        }
        state.bytesAfterCollection = state.heldBytes
        self.state = Monitor(state)
    }

    /// Opens the contents of a data directory that is locked by the caller; removes what uploads left behind.
    ///
    /// - Parameters:
    ///   - bytesKeptFree: of the disk, for the log.
    ///   - clock: microseconds; only differences count.
    /// - Complexity: O(contents), none of which is opened.
    public static func open(
        in storage: any Storage,
        bytesKeptFree: UInt64,
        clock: @escaping @Sendable () -> Int64
    ) throws(StorageError) -> ContentStore {
        let folder = try storage.folder(ContentName.folder, creating: true)
        let names = try folder.list()
        for name in names where ContentName.isUpload(name) { try folder.remove(name) }
        // A name that is seen may still be one that the disk lacks: a process can end between a rename and its sync.
        try folder.syncDirectory()
        return ContentStore(
            folder,
            names.compactMap(ContentName.content),
            bytesKeptFree: bytesKeptFree,
            clock: clock
        )
    }

    /// Whether the content is there; see `FileContents`.
    public func holds(_ content: FileContent) -> Bool {
        state.withLock { state in
            guard state.held[content.hash]?.lengthBytes == content.lengthBytes else { return false }
            state.named?.insert(content.hash)
            return true
        }
    }

    /// Figures for people and monitoring.
    public struct Figures: Hashable, Sendable {
        /// Contents that are there, those included that nobody refers to any more.
        public var contentCount: Int
        /// Their bytes.
        public var contentBytes: Int64
        /// Uploads that have begun and not ended.
        public var uploadCount: Int
        /// What they have announced and not sent.
        public var awaitedBytes: Int64

        package init(contentCount: Int, contentBytes: Int64, uploadCount: Int, awaitedBytes: Int64) {
            self.contentCount = contentCount
            self.contentBytes = contentBytes
            self.uploadCount = uploadCount
            self.awaitedBytes = awaitedBytes
        }
    }

    /// The figures of this moment. O(1).
    public var figures: Figures {
        state.withLock {
            Figures(
                contentCount: $0.held.count,
                contentBytes: $0.heldBytes,
                uploadCount: $0.openUploads.count,
                awaitedBytes: $0.awaitedBytes
            )
        }
    }

    // MARK: Uploads

    /// Begins a content of so many bytes. Refused where the disk has no room for it beside what others have announced, what is
    /// kept free in any case, and `snapshotBytes`: a snapshot has to find room, or nothing could be removed ever. Writes nothing
    /// yet.
    public func beginUpload(lengthBytes: Int64, besides snapshotBytes: UInt64 = 0) throws(ContentError) -> UInt64 {
        guard 0...FileReference.lengthBytesMax ~= lengthBytes else { throw .impossibleLength(lengthBytes) }
        let free: UInt64
        do throws(StorageError) { free = try folder.freeBytes() } catch { throw .storage(error) }
        return try state.withLock { (state) throws(ContentError) -> UInt64 in
            if state.isClosed { throw .closed }
            if let failure = state.failure { throw .storage(failure) }
            guard state.openUploads.count < ContentStore.uploadCountMax else {
                throw .tooManyUploads(limit: ContentStore.uploadCountMax)
            }
            // The first two are at most 257 files of 16 GiB, the others sizes of what is on a disk.
            let needed = UInt64(state.awaitedBytes) + UInt64(lengthBytes) + bytesKeptFree + snapshotBytes
            guard needed <= free else { throw .diskFull(neededBytes: needed, freeBytes: free) }
            let number = state.nextUpload
            state.nextUpload += 1
            state.awaitedBytes += lengthBytes
            let upload = ContentUpload(ContentName.upload(number), in: folder, lengthBytes: lengthBytes)
            state.openUploads[number] = Open(upload: upload, awaitedBytes: lengthBytes)
            return number
        }
    }

    /// Appends a piece to an upload: `offset` is where the one before ended. After an error but `wrongPiece` the upload is
    /// given up.
    public func append(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int64,
        to number: UInt64
    ) throws(ContentError) {
        let upload = try openUpload(number)
        do throws(ContentError) {
            try upload.append(bytes, at: offset)
        } catch {
            if case .wrongPiece = error { throw error }
            cancelUpload(number)
            throw error
        }
        state.withLock { state in
            guard state.openUploads[number] != nil else { return }
            state.openUploads[number]?.awaitedBytes -= Int64(bytes.count)
            state.awaitedBytes -= Int64(bytes.count)
        }
    }

    /// Ends an upload: from now on records can refer to the content, which is kept for `graceMicroseconds` in any case.
    /// Returns when it is durable. After an error the upload is given up.
    ///
    /// - Parameter expected: what the hash shall be.
    public func endUpload(_ number: UInt64, expecting expected: ContentHash) throws(ContentError) -> FileContent {
        let upload = try openUpload(number)
        do throws(ContentError) {
            let content = try upload.finish(expecting: expected)
            try keep(content, from: ContentName.upload(number))
            state.withLock { $0.openUploads[number] = nil }
            return content
        } catch {
            cancelUpload(number)
            throw error
        }
    }

    /// Gives an upload up, if it is still open; what was written of it is removed.
    public func cancelUpload(_ number: UInt64) {
        forget(number)?.cancel()
    }

    /// Gives all uploads up and begins no more, waits for a collection that is under way, and forbids others: when this returns
    /// the store changes no name any more, and another opener can have the directory. Idempotent.
    public func close() {
        state.withLock { $0.isClosed = true }
        for number in state.withLock({ $0.openUploads.keys.sorted() }) { cancelUpload(number) }
        state.wait(for: .progress) { $0.named == nil ? () : nil }
        // An upload that was about to end.
        changing.withLock { _ in }
    }

    private func openUpload(_ number: UInt64) throws(ContentError) -> ContentUpload {
        guard let upload = state.withLock({ $0.openUploads[number]?.upload }) else { throw .unknownUpload }
        return upload
    }

    private func forget(_ number: UInt64) -> ContentUpload? {
        state.withLock { state in
            guard let open = state.openUploads.removeValue(forKey: number) else { return nil }
            state.awaitedBytes -= open.awaitedBytes
            return open.upload
        }
    }

    /// Gives a written and synced file the name of its content, durably. One that has the name already is replaced: what came
    /// is proved, and what is there may have rotted.
    private func keep(_ content: FileContent, from name: String) throws(ContentError) {
        try changing.withLock { (_) throws(ContentError) in
            try state.withLock { (state) throws(ContentError) in
                if state.isClosed { throw .closed }
                if let failure = state.failure { throw .storage(failure) }
            }
            do throws(StorageError) {
                try folder.rename(name, to: ContentName.text(content))
            } catch {
                // The names are as they were.
                throw .wrapping(error, needed: 0)
            }
            do throws(StorageError) { try folder.syncDirectory() } catch {
                // Whether the name is durable is not known, nor that of any later one: the log's rule.
                state.withLock { $0.failure = error }
                throw .storage(error)
            }
            let keptUntil = clock() + ContentStore.graceMicroseconds
            state.withLock { state in
                let before = state.held[content.hash]
                state.held[content.hash] = Held(
                    lengthBytes: content.lengthBytes,
                    keptUntil: max(keptUntil, before?.keptUntil ?? .min)
                )
                let growth = content.lengthBytes - (before?.lengthBytes ?? 0)
                state.heldBytes += growth
                state.bytesSinceCollection += max(0, growth)
            }
        }
    }

    // MARK: Reading

    /// Up to `count` bytes from `offset` on; fewer only at the end.
    public func read(_ content: FileContent, at offset: Int64, count: Int) throws(ContentError) -> [UInt8] {
        guard state.withLock({ $0.held[content.hash]?.lengthBytes == content.lengthBytes }) else {
            throw .notHeld(content.hash)
        }
        guard offset >= 0, offset <= content.lengthBytes else {
            throw .wrongPiece(offset: offset, expected: 0, lengthBytes: content.lengthBytes)
        }
        var bytes = [UInt8](repeating: 0, count: Int(min(Int64(max(0, count)), content.lengthBytes - offset)))
        let got: Int
        do throws(StorageError) {
            let file = try folder.openForReading(ContentName.text(content))
            got = try readAll(file, into: &bytes, at: UInt64(offset))
        } catch {
            if case .notFound = error { throw .notHeld(content.hash) }
            throw .unreadable(content.hash, error)
        }
        guard got == bytes.count else {
            throw .incomplete(received: offset + Int64(got), lengthBytes: content.lengthBytes)
        }
        return bytes
    }

    private func readAll(
        _ file: any StorageFile,
        into bytes: inout [UInt8],
        at offset: UInt64
    ) throws(StorageError) -> Int {
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(StorageError) in try file.read(into: buffer, at: offset) }
        }
        return try result.get()
    }
}
