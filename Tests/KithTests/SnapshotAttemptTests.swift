// Snapshots of long texts, and snapshots that fail: seen, and not tried again at once.

import Engine
import Kith
import Snapshot
import Synchronization
import Testing

/// A directory in which no snapshot can be made while `refuses` is set.
private final class RefusingStorage: Storage {
    let base: SimulatedStorage
    let refuses = Atomic(true)

    init(_ base: SimulatedStorage) { self.base = base }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        if name == "snapshot.tmp", refuses.load(ordering: .relaxed) {
            throw .outOfSpace(file: name, operation: "open")
        }
        return try base.open(name, creating: creating)
    }

    func openForReading(_ name: String) throws(StorageError) -> any StorageFile { try base.openForReading(name) }
    func list() throws(StorageError) -> [String] { try base.list() }
    func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
    func freeBytes() throws(StorageError) -> UInt64 { try base.freeBytes() }
    func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        try base.folder(name, creating: creating)
    }
}

@Suite struct SnapshotAttemptTests {
    private static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.memo("notes", "Notes", 1_000_000)
            e.primaryName("fullname")
        }
        return builder.build()
    }()

    private static let notesBytes = 1_000_000

    private func options() -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 16 << 20)
        options.threadCount = 2
        options.schema = Self.schema
        return options
    }

    private func notes(_ number: Int) -> String {
        let start = "Notes of number \(number). "
        return start + String(repeating: "x", count: Self.notesBytes - start.utf8.count)
    }

    private func create(_ numbers: Range<Int>, in database: Database) async throws -> [RecordID] {
        var ids: [RecordID] = []
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 4) {
            var transaction = Transaction(Self.schema)
            for number in first..<min(first + 4, numbers.upperBound) {
                try transaction.create("systemuser", ["notes": .text(notes(number))])
            }
            ids += try await database.execute(transaction).operations.flatMap(\.ids)
        }
        return ids
    }

    /// 75 MB in one chunk: more than a block of a snapshot may have.
    @Test func longTextsOfOneChunkAreWrittenAndRestored() async throws {
        let storage = SimulatedStorage(seed: 1)
        var database = try Database.open(in: storage, options: options(), random: 1)
        let ids = try await create(0..<75, in: database)
        let digest = database.turn { $0.digest }
        let info = try database.writeSnapshot()
        #expect(info.blockBytes < 128 << 20)
        try database.close()
        database = try Database.open(in: storage, options: options(), random: 1)
        #expect(database.recovery.snapshot?.position == info.position && database.recovery.replayedEntries == 0)
        #expect(database.turn { $0.digest } == digest)
        for place in [0, 7, 8, 40, 74] {
            let page = try await database.read("systemuser", ["notes"], [ids[place]])
            #expect(page.rows == [[.text(notes(place))]])
        }
        try database.close()
    }

    @Test func failuresAreSeenAndNotRepeatedAtOnce() async throws {
        let storage = RefusingStorage(SimulatedStorage(seed: 2))
        let failures = Monitor<[SnapshotFailure]>([])
        var options = options()
        options.snapshotFailed = { failure in failures.withLock { $0.append(failure) } }
        let database = try Database.open(in: storage, options: options, random: 1)
        #expect(database.status.lastSnapshotFailure == nil)
        _ = try await create(0..<140, in: database)
        #expect(database.directory.isSnapshotDue)
        for _ in 0..<256 { database.turn { _ in } }
        for _ in 0..<1_000 where failures.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(10)) }
        let failure = try #require(database.status.lastSnapshotFailure)
        #expect(failures.withLock { $0 } == [failure])
        #expect(failure.reason.contains("snapshot.tmp") && failure.nextAttemptLogBytes > 256 << 20)
        #expect(database.status.json.contains("\"lastSnapshotFailure\":{\"timeMicroseconds\":"))
        // Still due, but the log has not grown.
        for _ in 0..<1_024 { database.turn { _ in } }
        try await Task.sleep(for: .milliseconds(100))
        #expect(failures.withLock { $0.count } == 1)
        storage.refuses.store(false, ordering: .relaxed)
        try database.writeSnapshot()
        #expect(database.status.lastSnapshotFailure == nil)
        #expect(database.status.json.contains("\"lastSnapshotFailure\":null"))
        try database.close()
    }

    @Test func theNextAttemptWaitsForTheLogToDouble() {
        let attempts = SnapshotAttempts()
        #expect(attempts.begin(logBytes: 100))
        #expect(!attempts.begin(logBytes: 1_000), "one is under way")
        attempts.failed("no", logBytes: 100, timeMicroseconds: 7)
        attempts.end()
        #expect(!attempts.begin(logBytes: 199))
        #expect(attempts.begin(logBytes: 200))
        attempts.failed("no", logBytes: 200, timeMicroseconds: 8)
        attempts.end()
        #expect(!attempts.begin(logBytes: 399))
        attempts.succeeded()
        #expect(attempts.begin(logBytes: 0))
    }
}
