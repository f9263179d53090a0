// An organisation's data in this process: the engine joined with its directory. What an embedding program imports, and what
// a server serves.
//
// The way of a write: `turn` takes the writer's lock, the engine executes the transaction into a log entry, the turn ends by
// handing all its entries to the commit queue, whose thread writes and syncs whatever has queued meanwhile; then everyone
// who waits for a position up to the durable one goes on. A read in a turn sees what was executed, which may not be durable
// yet, so whoever asked is answered only when the position that it saw is.

import CRM
import Engine
import Glibc
import Snapshot
import Synchronization

/// How a database is run.
public struct DatabaseOptions: Sendable {
    /// How the directory is run.
    public var directory = DirectoryOptions()
    /// Threads that restore, snapshot and scan. The default is the number of processors.
    public var threadCount: Int
    /// Whether snapshots are taken by themselves when the log has grown (`SnapshotPolicy`).
    public var takesSnapshots = true
    /// Called when such a snapshot has failed, on a thread of its own: for a log that someone reads.
    public var snapshotFailed: (@Sendable (SnapshotFailure) -> Void)?
    /// Bytes a second at which what lies still is read again and again, beside all work, to find bits that have rotted; 0: never.
    public var scrubBytesPerSecond: UInt64 = 0
    /// Called once for each finding of a scrub, on its thread: for a log that someone reads.
    public var damageFound: (@Sendable (Damage) -> Void)?
    /// Called when a snapshot is on the disk, on the thread that wrote it.
    public var snapshotTaken: (@Sendable (SnapshotInfo) -> Void)?
    /// For how long the past is kept, in seconds, so that records can be seen as they were (docs/history.md); 0: no longer than
    /// recovery needs it. It is written into the directory; nil: as it was set there last.
    public var keptHistorySeconds: Int64?
    /// Bytes of snapshot and log that may be read to rebuild a state of the past. The records take about two to three times as
    /// much memory as their snapshot.
    public var pastBytesMax: UInt64 = 4 << 30
    /// Whether bulk work that is open is worked off, on a thread of its own (docs/jobs.md).
    public var runsJobs = true
    /// Records and time of a slice of a job, and refusals after which a job is aborted.
    package var jobSliceRecordsMax = JobLimits.sliceRecordsMax
    package var jobSliceMicroseconds = JobLimits.sliceMicroseconds
    package var jobFailuresMax = JobLimits.failureCountMax
    /// See `JobLimits.queryStepsMax`.
    package var jobQueryStepsMax = JobLimits.queryStepsMax
    /// See `HistoryRetention.spacingBytes`.
    package var historySpacingBytes: UInt64?
    /// The schema of a new directory, and what an older one is brought up to. Tests take smaller ones.
    package var schema: Schema = .standard
    /// Source of time: microseconds since 1970-01-01T00:00:00Z.
    public var clock: @Sendable () -> Int64

    /// The defaults: system clock, all processors.
    public init() {
        threadCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        clock = DatabaseOptions.systemClock
    }

    /// The system's real-time clock.
    public static let systemClock: @Sendable () -> Int64 = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    }
}

/// Why a database could not be opened or went out of service.
public enum DatabaseError: Error, CustomStringConvertible {
    /// The directory's own refusal.
    case directory(DirectoryError)
    /// The directory was written with a schema that this version cannot take over.
    case incompatibleSchema(String)
    /// A snapshot's content contradicts itself.
    case damaged(String)
    /// A restore found something at the path where it was to make a directory.
    case occupied(String)
    /// A backup that cannot be made, or restored as it was asked for; or one that was opened as if it were a data directory.
    case backup(BackupError)
    /// A state of the past that cannot be shown.
    case past(PastError)

    /// What happened, for people.
    public var description: String {
        switch self {
        case .directory(let error): error.description
        case .incompatibleSchema(let obstacle):
            "this version of Kith cannot take over the directory's schema: \(obstacle)"
        case .damaged(let reason): "the data directory is damaged: \(reason)"
        case .occupied(let path): "there is something at \(path) already"
        case .backup(let error): error.description
        case .past(let error): error.description
        }
    }
}

/// The records of one organisation, durable in a directory.
///
/// Thread rule: all calls from any thread or task. Writers take turns, between which records are read by id; views are read
/// without waiting.
public final class Database: Sendable {
    package let directory: DataDirectory
    package let options: DatabaseOptions
    /// The contents of files.
    package let contents: ContentStore
    /// What opening found and did.
    public let recovery: RecoveryReport

    /// Not the standard library's `Mutex`: a turn's body is the caller's, and need not be sendable; and readers share it.
    private let writer: SharedState<WriterTurn>
    private let waiters = Mutex(Waiters())
    let snapshotAttempts = SnapshotAttempts()
    let scrubbing: Scrubbing
    /// Held from the image of a snapshot to the end of the collection after it: a collection knows what the present and the kept
    /// snapshots need, and nothing of an image that is still to become one.
    let snapshotTaking = Mutex(())
    let knownCalendar = KnownCalendar()
    let clockState = Mutex(ClockState())
    let snapshotTimes: SnapshotTimes
    let pastKeeping = PastKeeping()
    package let jobRunner = JobRunner()
    /// For how long the past is kept; 0: no longer than recovery needs it.
    let keptHistorySeconds: Int64
    /// Whether a thread is clearing memory for what will be written next.
    private let isClearing = Atomic(false)
    /// Held while a quick-find index is made, so that those who search meanwhile wait for it instead of making it too.
    let searchMaking = Mutex(())
    /// As `searchMaking`, for keys of duplicates.
    let keyMaking = Mutex(())
    /// Held by whoever makes indexes for a change of the schema.
    let indexMaking = Mutex(())

    private struct Waiters {
        var sleeping: [(position: Position, continuation: CheckedContinuation<Void, any Error>)] = []
        var handler: (@Sendable (CommitEvent) -> Void)?
        var failure: DirectoryError?
    }

    /// Opens a data directory, and makes it when there is none. Restores the newest snapshot and replays the log.
    public static func open(
        _ path: String,
        options: DatabaseOptions = DatabaseOptions()
    ) throws(DatabaseError) -> Database {
        do {
            return try open(in: FileStorage(path: path, creating: true), options: options)
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw .directory(.wrapping(error))
        }
    }

    /// As `open(_:options:)`, on any storage: simulations pass their own.
    package static func open(
        in storage: any Storage,
        options: DatabaseOptions,
        random: UInt64? = nil
    ) throws(DatabaseError) -> Database {
        do {
            // A start would write into files whose bytes the manifest vouches for.
            if try BackupManifest.exists(in: storage) { throw DatabaseError.backup(.isBackup) }
            if try !DataDirectory.exists(in: storage) {
                var generator = SystemRandomNumberGenerator()
                let id = random.map { DirectoryID(high: $0, low: ~$0) } ?? DirectoryID.random(using: &generator)
                try DataDirectory.create(in: storage, id: id)
            }
            let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
            let recovery = EngineRecovery(parallel: parallel, buildsAhead: options.threadCount > 1)
            if let seconds = options.keptHistorySeconds { try HistorySetting.set(seconds: seconds, in: storage) }
            let keptSeconds = try HistorySetting.seconds(in: storage)
            let times = SnapshotTimes()
            var directoryOptions = options.directory
            directoryOptions.history = HistoryRetention(keptSeconds: keptSeconds, times, options)
            let directory = try DataDirectory.open(
                storage,
                options: directoryOptions,
                parallel: parallel,
                sink: recovery.sink,
                replay: recovery.replay,
                endReplay: recovery.endReplay
            )
            do {
                let contents = try ContentStore.open(
                    in: storage,
                    bytesKeptFree: UInt64(2 * options.directory.segmentBytes),
                    clock: options.clock
                )
                return try Database(directory, contents, try recovery.finish(), options, times, keptSeconds)
            } catch {
                try? directory.close()
                throw error
            }
        } catch let error as DirectoryError {
            throw .directory(error)
        } catch let error as StorageError {
            throw .directory(.storage(error))
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw .damaged("\(error)")
        }
    }

    private init(
        _ directory: DataDirectory,
        _ contents: ContentStore,
        _ engine: Engine,
        _ options: DatabaseOptions,
        _ snapshotTimes: SnapshotTimes,
        _ keptHistorySeconds: Int64
    ) throws {
        self.directory = directory
        self.snapshotTimes = snapshotTimes
        self.keptHistorySeconds = keptHistorySeconds
        self.contents = contents
        engine.contents = contents
        self.options = options
        scrubbing = Scrubbing(bytesPerSecond: options.scrubBytesPerSecond)
        recovery = directory.recovery
        if options.threadCount > 1 { engine.background = .thread }
        var turn = WriterTurn(
            engine: engine,
            queue: directory.queue,
            segmentBytes: options.directory.segmentBytes,
            clock: options.clock,
            calendar: knownCalendar
        )
        if let obstacle = turn.install(options.schema) { throw DatabaseError.incompatibleSchema(obstacle) }
        writer = SharedState(turn)
        directory.queue.onCommit { [weak self] event in self?.committed(event) }
        runJobs()
        if options.scrubBytesPerSecond > 0 { Database.scrubInBackground(scrubbing) { [weak self] in self } }
    }

    /// Commits what is queued, seals the log and gives the directory up; no thread of the database's
    /// own touches its files when this has returned. Idempotent; nothing may be executed afterwards.
    public func close() throws(DatabaseError) {
        scrubbing.stop()
        pastKeeping.drop()
        jobRunner.stop()
        contents.close()
        do throws(DirectoryError) { try directory.close() } catch { throw .directory(error) }
        committed(.halted(.closed))
    }

    // MARK: Turns

    /// Runs `body` as the only writer. What it executes goes to the log together, at the end.
    package func turn<R>(_ body: (inout WriterTurn) -> R) -> R {
        let (result, isDue, hasJob) = writer.write { whole(&$0, body) }
        if isDue { snapshotInBackground() }
        if hasJob { runJobs() }
        if StoreMemory.isClearedMemoryLow { clearMemoryInBackground() }
        return result
    }

    /// Has memory cleared beside the writer, if there is a processor for it.
    private func clearMemoryInBackground() {
        guard options.threadCount > 1, !isClearing.exchange(true, ordering: .acquiringAndReleasing) else { return }
        startThread { [self] in
            StoreMemory.clearAhead()
            isClearing.store(false, ordering: .releasing)
        }
    }

    @inline(__always)
    private func whole<R>(_ turn: inout WriterTurn, _ body: (inout WriterTurn) -> R) -> (R, isDue: Bool, hasJob: Bool) {
        let result = body(&turn)
        turn.end()
        return (result, options.takesSnapshots && turn.asksForSnapshot(directory), turn.takeStartedJob())
    }

    /// Runs `body` while nobody writes; others may read at the same time, each with a reader of their own.
    @inline(__always)
    package func read<R>(with reader: RecordReader, _ body: (borrowing ReaderTurn) -> R) -> R {
        writer.read { body($0.reading(with: reader)) }
    }

    /// The last position that is safe on the disk.
    package var durablePosition: Position { directory.durablePosition }

    /// All records at this moment. Answer questions from it only after its position is durable (`settle`).
    package var currentView: View { writer.write { $0.view } }

    /// Has `handler` called after each commit, on the committer's thread: it should only hand on the news.
    package func onCommit(_ handler: (@Sendable (CommitEvent) -> Void)?) { waiters.withLock { $0.handler = handler } }

    private func committed(_ event: CommitEvent) {
        let (woken, handler): ([(Position, CheckedContinuation<Void, any Error>)], (@Sendable (CommitEvent) -> Void)?) =
            waiters.withLock { waiters in
                var woken: [(Position, CheckedContinuation<Void, any Error>)] = []
                switch event {
                case .durable(let position):
                    woken = waiters.sleeping.filter { $0.position <= position }
                    if !woken.isEmpty { waiters.sleeping.removeAll { $0.position <= position } }
                case .halted(let error):
                    waiters.failure = error
                    woken = waiters.sleeping
                    waiters.sleeping = []
                }
                return (woken, waiters.handler)
            }
        for (_, continuation) in woken {
            if case .halted(let error) = event {
                continuation.resume(throwing: DatabaseError.directory(error))
            } else {
                continuation.resume()
            }
        }
        handler?(event)
    }

    /// Returns when a position is durable.
    package func settle(_ position: Position) async throws {
        if position <= durablePosition { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let failure = waiters.withLock { waiters -> DirectoryError? in
                if let failure = waiters.failure { return failure }
                waiters.sleeping.append((position, continuation))
                return nil
            }
            if let failure { return continuation.resume(throwing: DatabaseError.directory(failure)) }
            // The commit may have come between the first look and the entry in the list.
            let durable = durablePosition
            if position <= durable { committed(.durable(durable)) }
        }
    }

    // MARK: Snapshots

    /// Writes a snapshot of the present state while work goes on, and returns when it is durable. Blocks the calling
    /// thread; one snapshot at a time.
    @discardableResult
    public func writeSnapshot() throws(DatabaseError) -> SnapshotInfo {
        try snapshotTaking.withLock { (_) throws(DatabaseError) in try takeSnapshot() }
    }

    private func takeSnapshot() throws(DatabaseError) -> SnapshotInfo {
        let image = writer.write { $0.image }
        let parallel = options.threadCount > 1 ? threadedFor(threads: options.threadCount) : serialFor
        let logBytes = directory.logBytesSinceSnapshot
        do throws(DirectoryError) {
            let info = try directory.writeSnapshot(
                at: image.view.position,
                source: ImageSource(image.prepared()),
                parallel: parallel
            )
            snapshotAttempts.succeeded()
            collectContents()
            options.snapshotTaken?(info)
            return info
        } catch {
            // Being closed is no failure.
            if error != .closed {
                snapshotAttempts.failed(error.description, logBytes: logBytes, timeMicroseconds: options.clock())
                // On a full disk this is what makes room for the next one.
                collectContents()
            }
            throw .directory(error)
        }
    }

    func snapshotInBackground() {
        guard snapshotAttempts.begin(logBytes: directory.logBytesSinceSnapshot) else { return }
        startThread { [self] in
            // A snapshot that fails leaves the directory as it was: the log is kept, and a later turn tries again.
            let before = snapshotAttempts.lastFailure
            _ = try? writeSnapshot()
            snapshotAttempts.end()
            if let failure = snapshotAttempts.lastFailure, failure != before { options.snapshotFailed?(failure) }
        }
    }

    /// The user with this record id or domain name; `.none` for the empty text, which is the system. Nil when unknown.
    package func user(_ text: String) -> RecordID? {
        if text.isEmpty { return RecordID.none }
        let view = currentView
        guard let entity = view.schema.entity(named: "systemuser"), let place = view.schema.place(of: entity.id) else {
            return nil
        }
        if let id = view.schema.recordID(text) {
            return view.table(place).row(of: id) == Table.noRow ? nil : id
        }
        guard let key = entity.keys.firstIndex(where: { $0.name == "domainname" }) else { return nil }
        var text = text
        let row = text.withUTF8 { view.table(place).find(key: key, text: UnsafeRawBufferPointer($0)) }
        return row.map { view.table(place).recordID(atRow: Int($0)) }
    }
}

extension Database: Session {
    /// The schema in force.
    public var schema: Schema { writer.read { $0.schema } }

    /// Executes a transaction as the system and returns when it is durable. Where more changes wait for the disk than may, it
    /// waits as well: whoever awaits a reply has nothing better to do than what a server's client is told, to come again.
    public func execute(_ transaction: Transaction) async throws -> TransactionReply {
        // No key unless the caller brought one: within one process no outcome is ever unknown.
        try await reply { turn, reply throws(Refusal) in
            try transaction.withEncoded { encoded in
                Result { () throws(Refusal) in try turn.execute(encoded, actor: .none, reply: &reply) }
            }.get()
        }
    }

    /// Runs `change` in turns until the log takes it, and returns its reply when it is durable.
    func reply(
        to change: (inout WriterTurn, inout ByteWriter) throws(Refusal) -> Void
    ) async throws -> TransactionReply {
        while true {
            var reply = ByteWriter()
            let (refusal, wanted, position) = turn { turn -> (Refusal?, DuplicateKeys?, Position) in
                do throws(Refusal) {
                    try change(&turn, &reply)
                    return (nil, nil, turn.position)
                } catch {
                    return (error, turn.takeWantedKeys(), turn.position)
                }
            }
            guard let refusal else {
                let decoded = try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
                try await settle(position)
                return decoded
            }
            guard refusal.code == .overloaded else { throw refusal }
            if let wanted {
                makeDuplicateKeys(wanted)
                continue
            }
            // Until the next group is durable, or at once where all are by now.
            try await settle(min(durablePosition + 1, position))
        }
    }

    /// Reads attributes of records of one entity by id.
    public func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        let schema = schema
        let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
        let request = RecordPage.request(declared, columns, ids)
        let (page, position) = try turn { turn -> Result<(RecordPage, Position), any Error> in
            Result {
                var reply = ByteWriter()
                try request.withUnsafeBytes { try turn.read($0, into: &reply) }
                let page = try reply.withUnsafeBytes {
                    try RecordPage(declared, columns, count: ids.count, in: schema, decoding: $0)
                }
                return (page, turn.position)
            }
        }.get()
        try await settle(position)
        return page
    }
}
