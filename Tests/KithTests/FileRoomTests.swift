// Contents and what can go wrong around them: a disk that uploads have filled, contents that rot, calls that fail, a database
// that is closed, and snapshots that wait for each other.

import Engine
import Foundation
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct FileRoomTests {
    private func contents(_ storage: SimulatedStorage) throws -> [String] {
        try storage.folder("files", creating: false).list()
    }

    private func error(_ body: () throws -> Void) -> ContentError? {
        do {
            try body()
            return nil
        } catch { return error as? ContentError }
    }

    /// As `Database.store`, on the calling thread.
    private func store(_ bytes: [UInt8], _ database: Database) throws -> FileContent {
        let upload = try database.beginUpload(ofLength: Int64(bytes.count))
        try bytes.withUnsafeBytes { try database.contents.append($0, at: 0, to: upload) }
        return try database.endUpload(upload, expecting: FileFixture.hash(bytes))
    }

    // MARK: Room

    @Test func whatNothingNeedsGoesAlthoughNoSnapshotFits() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock)
        let (dropped, kept) = (
            try await database.store(FileFixture.bytes(1, count: 200_000), piece: 100_000),
            try await database.store(FileFixture.bytes(2, count: 100))
        )
        let id = try await database.document(dropped)
        let keeper = try await database.document(kept)
        try await database.delete(id)
        clock.pass(hours: 2)
        storage.setCapacity(bytes: 1)
        #expect(throws: DatabaseError.self) { try database.writeSnapshot() }
        #expect(try contents(storage) == ["\(kept.hash)-100"])
        #expect(try await database.bytes(of: keeper) == FileFixture.bytes(2, count: 100))
        storage.setCapacity(bytes: .max)
        try database.close()
    }

    @Test func anUploadWithoutRoomRemovesWhatNothingNeeds() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock, usesThreads: false)
        _ = try store(FileFixture.bytes(1, count: 200_000), database)
        storage.setCapacity(bytes: 4 << 20)
        // A thousand bytes more than there is beside two segments.
        let length = Int64(try storage.freeBytes()) - 2 * (64 << 10) + 1_000
        guard case .diskFull = error({ _ = try database.beginUpload(ofLength: length) }) else {
            Issue.record("an upload that nobody has named yet was removed")
            return
        }
        clock.pass(hours: 2)
        _ = try database.beginUpload(ofLength: length)
        #expect(try contents(storage).isEmpty)
        try database.close()
    }

    @Test func uploadsLeaveRoomForASnapshot() throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage, usesThreads: false)
        let fileBytes = Int64(try database.writeSnapshot().fileBytes)
        #expect(fileBytes > 1_000)
        storage.setCapacity(bytes: 4 << 20)
        let length = Int64(try storage.freeBytes()) - 2 * (64 << 10) - fileBytes
        guard case .diskFull = error({ _ = try database.beginUpload(ofLength: length + 1) }) else {
            Issue.record("an upload took the room of the next snapshot")
            return
        }
        _ = try database.beginUpload(ofLength: length)
        try database.close()
    }

    // MARK: Contents and calls that fail

    @Test func anUploadMendsAContentThatRottedOrWasLost() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        let bytes = FileFixture.bytes(1, count: 5_000)
        let content = try await database.store(bytes)
        let id = try await database.document(content)
        let folder = try storage.folder("files", creating: false)
        let name = "\(content.hash)-5000"
        try [UInt8](repeating: 7, count: 10).withUnsafeBytes {
            try folder.open(name, creating: false).write($0, at: 100)
        }
        await #expect(throws: (any Error).self) { _ = try await database.bytes(of: id) }
        #expect(try await database.store(bytes) == content)
        #expect(try await database.bytes(of: id) == bytes)
        try folder.remove(name)
        #expect(try await database.store(bytes) == content)
        #expect(try await database.bytes(of: id) == bytes)
        #expect(
            database.status.files
                == ContentStore.Figures(contentCount: 1, contentBytes: 5_000, uploadCount: 0, awaitedBytes: 0)
        )
        try database.close()
    }

    @Test func aFailedRenameFailsOneUpload() throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage, usesThreads: false)
        // The first change of names makes the upload's file.
        storage.injectFault(.names, callsBefore: 1, error: .outOfSpace)
        let failure = error { _ = try store(FileFixture.bytes(1, count: 10), database) }
        guard case .diskFull = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(try contents(storage).isEmpty)
        _ = try store(FileFixture.bytes(1, count: 10), database)
        try database.close()
    }

    @Test func aRestoreGoesOnPastWhatCannotBeRead() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/data"
        var options = DatabaseOptions()
        options.schema = FileFixture.schema
        options.directory = DirectoryOptions(segmentBytes: 1 << 20)
        let database = try Database.open(path, options: options)
        let (bad, good) = (
            try await database.store(FileFixture.bytes(1, count: 1_000)),
            try await database.store(FileFixture.bytes(2, count: 1_000))
        )
        _ = try await database.document(bad, name: "Bad.pdf")
        let id = try await database.document(good)
        try database.close()
        // What can be opened and not be read.
        try folder.remove("data/" + FileFixture.name(bad))
        try FileManager.default.createDirectory(
            atPath: path + "/" + FileFixture.name(bad),
            withIntermediateDirectories: false
        )
        let copy = folder.path + "/copy"
        let missing = try Database.restore(from: path, to: copy, options: options).missingContents
        #expect(missing.map(\.file) == [FileFixture.name(bad)])
        #expect(missing.first?.what.contains("cannot be read") == true, "\(missing)")
        #expect(missing.first?.consequence.contains("'Bad.pdf'") == true)
        let restored = try Database.open(copy, options: options)
        #expect(try await restored.bytes(of: id) == FileFixture.bytes(2, count: 1_000))
        try restored.close()
    }

    // MARK: Closing

    @Test func closingWaitsForACollectionAndForbidsOthers() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock)
        let content = try await database.store(FileFixture.bytes(1, count: 10))
        clock.pass(hours: 2)
        #expect(database.contents.beginCollection())
        let closed = Monitor(false)
        startThread {
            try? database.close()
            closed.withLock { $0 = true }
            closed.wakeAll(.progress)
        }
        // Closing has begun when uploads are refused.
        while true {
            guard let upload = try? database.beginUpload(ofLength: 1) else { break }
            database.contents.cancelUpload(upload)
        }
        try await Task.sleep(for: .milliseconds(20))
        #expect(throws: DatabaseError.self, "the directory was given up") {
            try Database.openWithFiles(storage, clock).close()
        }
        #expect(database.contents.collect(keeping: []).removedCount == 1)
        closed.wait(for: .progress) { $0 ? () : nil }
        #expect(!database.contents.beginCollection())
        #expect(error { _ = try database.beginUpload(ofLength: 1) } == .closed)
        let again = try Database.openWithFiles(storage, clock)
        #expect(!again.contents.holds(content))
        try again.close()
    }

    // MARK: Snapshots

    @Test func verifyNamesWhatOnlyTheNewerSnapshotRefersTo() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        try database.writeSnapshot()
        let content = try await database.store(FileFixture.bytes(1, count: 10))
        let id = try await database.document(content)
        let newer = try database.writeSnapshot()
        try await database.delete(id)
        try storage.folder("files", creating: false).remove("\(content.hash)-10")
        let (view, snapshots) = (database.currentView, database.directory.keptSnapshots)
        #expect(snapshots.count == 2)
        let damage = try Database.verifyContents(of: view, snapshots, in: storage, serialFor).damage
        #expect(
            damage.map(\.consequence) == [
                "the snapshot at position \(newer.position) refers to it, and the present state does not"
            ]
        )
        try database.close()
    }

    /// A snapshot that waits for another one while a record goes must not list what the other's collection removes.
    @Test func aSnapshotThatWaitsListsWhatStays() async throws {
        let (base, clock) = (SimulatedStorage(seed: 1), FileClock())
        let storage = HeldStorage(base)
        let database = try Database.openWithFiles(storage, clock)
        let ended = Monitor(0)
        func snapshotBeside() {
            startThread {
                _ = try? database.writeSnapshot()
                ended.withLock { $0 += 1 }
                ended.wakeAll(.progress)
            }
        }
        snapshotBeside()
        storage.waitUntilHeld()
        let content = try await database.store(FileFixture.bytes(1, count: 10))
        let id = try await database.document(content)
        snapshotBeside()
        // So that the second one has begun.
        try await Task.sleep(for: .milliseconds(100))
        try await database.delete(id)
        clock.pass(hours: 2)
        storage.letGo(1)
        ended.wait(for: .progress) { $0 == 1 ? () : nil }
        storage.letGo(2)
        ended.wait(for: .progress) { $0 == 2 ? () : nil }
        let (view, snapshots) = (database.currentView, database.directory.keptSnapshots)
        #expect(snapshots.count == 2)
        #expect(try Database.verifyContents(of: view, snapshots, in: base, serialFor).damage.isEmpty)
        try database.close()
    }
}

/// A disk on which files of snapshots are opened only as the test lets them.
private final class HeldStorage: Storage {
    private let base: SimulatedStorage
    private let counts = Monitor((asked: 0, allowed: 0))

    init(_ base: SimulatedStorage) { self.base = base }

    func waitUntilHeld() { counts.wait(for: .progress) { $0.asked > 0 ? () : nil } }

    /// Lets so many be opened in all.
    func letGo(_ count: Int) {
        counts.withLock { $0.allowed = count }
        counts.wakeAll(.progress)
    }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        if name == "snapshot.tmp" {
            let number = counts.withLock { counts in
                counts.asked += 1
                return counts.asked
            }
            counts.wakeAll(.progress)
            counts.wait(for: .progress) { $0.allowed >= number ? () : nil }
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
