// A data directory as a whole: created, opened (which is always a recovery), written, snapshotted, closed.
//
// What it holds: segments `log-<first position>-<epoch>`, snapshots `snapshot-<position>`, some `spare-…` and one
// `reserve`, `lock`, and, after a crash, temporary files that the next start removes. Other names are left alone.

/// How a directory is run.
public struct DirectoryOptions: Sendable {
    /// Size of new log segments, in bytes. The batch limit is half of it. 64 MiB is half a second of the heaviest load;
    /// simulations take 64 KiB.
    public var segmentBytes: Int
    /// Whether a thread commits (`GroupCommitter`) or the caller does (`InlineCommitQueue`, and then no thread is ever
    /// started).
    public var usesThreads: Bool
    /// How much of the past is kept; nil: what recovery needs.
    public var history: HistoryRetention?

    public init(segmentBytes: Int = 64 << 20, usesThreads: Bool = true) {
        // A segment holds at least a header, a seal and a batch worth having, in whole sectors.
        self.segmentBytes = roundedUpToSector(max(16 << 10, min(segmentBytes, 1 << 30)))
        self.usesThreads = usesThreads
    }
}

/// What opening a directory found and did.
public struct RecoveryReport: Sendable {
    /// The snapshot that the state began with; nil where the log was replayed from its beginning.
    public internal(set) var snapshot: SnapshotInfo?
    /// Newer snapshots that could not be used, and why. Nothing was lost: the log since an older one stood in.
    public internal(set) var damagedSnapshots: [Damage] = []
    /// The last position of the recovered state.
    public internal(set) var lastPosition: UInt64 = 0
    /// Entries replayed after the snapshot.
    public internal(set) var replayedEntries: UInt64 = 0
    /// Their frames' bytes in the log.
    public internal(set) var replayedBytes: UInt64 = 0
    /// The incomplete last group that was cut, if there was one. Nothing in it was acknowledged.
    public internal(set) var tornTail: TornTail?
    /// Entries of the last group, which nothing proved to be on the disk, and which were therefore written again.
    public internal(set) var rewrittenEntries = 0
    /// The number of this recovery; every start has its own.
    public internal(set) var epoch: UInt32 = 0
    /// Leftovers of a crash that were removed.
    public internal(set) var removedFiles: [String] = []
}

/// An open data directory. All calls may come from any thread.
public final class DataDirectory: Sendable {
    public let id: DirectoryID
    public let recovery: RecoveryReport
    /// Where executed transactions go.
    public let queue: any CommitQueue

    package let storage: any Storage
    let core: CommitCore
    let catalog: SegmentCatalog
    let lock: any StorageLock
    let history: HistoryRetention?
    let state: Monitor<State>

    struct State {
        /// Those known or believed good, newest first.
        var snapshots: [SnapshotInfo]
        /// `loggedBytes` when the newest one was begun.
        var loggedBytesAtSnapshot: UInt64 = 0
        var isSnapshotting = false
        var isClosed = false
    }

    init(
        id: DirectoryID,
        recovery: RecoveryReport,
        core: CommitCore,
        lock: any StorageLock,
        snapshots: [SnapshotInfo],
        history: HistoryRetention?,
        usesThreads: Bool
    ) {
        self.history = history
        self.id = id
        self.recovery = recovery
        self.core = core
        self.lock = lock
        catalog = core.catalog
        storage = core.catalog.storage
        queue = usesThreads ? GroupCommitter(core: core, lock: lock) : InlineCommitQueue(core: core)
        state = Monitor(State(snapshots: snapshots))
    }

    /// Makes an empty data directory and closes it again. Throws `.alreadyExists` where there is a log or a snapshot.
    ///
    /// - Parameter id: 16 random bytes, which no other directory has.
    public static func create(in storage: any Storage, id: DirectoryID) throws(DirectoryError) {
        let lock = try take(storage, .exclusive)
        defer { lock.release() }
        do {
            guard try DirectoryContents(of: storage).isEmpty else { throw DirectoryError.alreadyExists }
            try makeFirstSegment(in: storage, id: id, firstPosition: 1)
        } catch {
            throw .wrapping(error)
        }
    }

    /// Makes the segment that a directory begins with, durably. The first start supersedes it at once, so that it is as
    /// small as can be.
    static func makeFirstSegment(
        in storage: any Storage,
        id: DirectoryID,
        firstPosition: UInt64
    ) throws(StorageError) {
        let header = SegmentHeader(
            directory: id,
            epoch: 1,
            firstPosition: firstPosition,
            previousHash: id.chainStart,
            segmentBytes: UInt64(2 * LogFormat.sectorBytes)
        )
        let memory = AlignedMemory(byteCount: 2 * LogFormat.sectorBytes)
        memory.bytes.zero(0..<memory.bytes.count)
        header.encode(into: memory.bytes)
        let file = try storage.open(SegmentCatalog.newSegmentName, creating: true)
        try file.truncate(to: 0)
        try file.write(UnsafeRawBufferPointer(memory.bytes), at: 0)
        try file.sync()
        try storage.rename(SegmentCatalog.newSegmentName, to: header.fileName)
        try storage.syncDirectory()
    }

    /// Whether there is a data directory, whole or damaged.
    public static func exists(in storage: any Storage) throws(StorageError) -> Bool {
        !DirectoryContents(names: try storage.list()).isEmpty
    }

    static func take(_ storage: any Storage, _ mode: StorageLockMode) throws(DirectoryError) -> any StorageLock {
        do throws(StorageError) { return try storage.lock(mode) } catch { throw .storage(error) }
    }

    /// The queue, where the directory was opened without threads.
    public var inlineQueue: InlineCommitQueue? { queue as? InlineCommitQueue }

    public var durablePosition: UInt64 { core.durablePosition }

    /// Delivers the durable entries after `position` up to `limit`, gap-free and in order. Reads from the disk; the log
    /// may grow meanwhile. Throws `.trimmed` where the log begins later, also when it is trimmed while being read.
    public func readLog(
        after position: UInt64,
        through limit: UInt64 = .max,
        _ body: EntryBody
    ) throws(DirectoryError) {
        let last = min(limit, core.durablePosition)
        guard position < last else { return }
        let segments = catalog.segments
        do throws(DirectoryError) {
            let scanner = LogScanner(storage: storage, directory: id, segments: segments)
            _ = try scanner.scan(after: position, through: last, body)
        } catch {
            // A segment that was retired since `segments` was read is gone, or has another header by now.
            let first = catalog.segments.first?.firstPosition ?? 0
            if first > position + 1 { throw .trimmed(firstPosition: first) }
            throw error
        }
    }

    /// Commits what is queued, seals the log and gives the directory up. Idempotent. Throws what halted the log, if
    /// something did; the directory is given up all the same.
    public func close() throws(DirectoryError) {
        state.wait(for: .progress) { $0.isSnapshotting ? nil : () }
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        defer { lock.release() }
        try queue.close()
    }
}

extension DirectoryError {
    package static func wrapping(_ error: any Error) -> DirectoryError {
        switch error {
        case let error as DirectoryError: error
        case let error as StorageError: .storage(error)
        default: .storage(.failed(operation: "call", file: "", errorNumber: 0))
        }
    }
}
