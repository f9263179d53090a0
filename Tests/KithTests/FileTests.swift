import Engine
import Kith
import Snapshot
import TestSupport
import Testing

/// Files of an open database: stored once, kept while needed, removed afterwards, and proved.
@Suite struct FileTests {
    private func contents(_ storage: SimulatedStorage) throws -> [String] {
        try storage.folder("files", creating: false).list()
    }

    @Test(arguments: [0, 1, 999, 1_000, 1_001, 300_000])
    func whatIsStoredIsRead(_ count: Int) async throws {
        let storage = SimulatedStorage(seed: 1)
        let bytes = FileFixture.bytes(count, count: count)
        var id = RecordID.none
        do {
            let database = try Database.openWithFiles(storage)
            let content = try await database.store(bytes, piece: 70_001)
            #expect(content.hash == FileFixture.hash(bytes))
            id = try await database.document(content)
            #expect(try await database.bytes(of: id) == bytes)
            try database.close()
        }
        let database = try Database.openWithFiles(storage)
        #expect(try await database.bytes(of: id) == bytes)
        #expect(database.status.files.contentBytes == Int64(count))
        try database.close()
    }

    @Test func theHashIsSHA256() {
        #expect(
            "\(FileFixture.hash(Array("abc".utf8)))"
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
    }

    @Test func equalContentsAreStoredOnce() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        let bytes = FileFixture.bytes(1, count: 5_000)
        let (first, second) = (try await database.store(bytes), try await database.store(bytes, piece: 333))
        #expect(first == second)
        let (a, b) = (try await database.document(first), try await database.document(first, name: "b.pdf"))
        #expect(try contents(storage).count == 1)
        #expect(try await database.bytes(of: a) == database.bytes(of: b))
        #expect(
            database.status.files
                == ContentStore.Figures(contentCount: 1, contentBytes: 5_000, uploadCount: 0, awaitedBytes: 0)
        )
        try database.close()
    }

    private func error(_ body: () async throws -> Void) async -> ContentError? {
        do {
            try await body()
            return nil
        } catch { return error as? ContentError }
    }

    @Test func wrongUploadsLeaveNothing() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        let bytes = FileFixture.bytes(1, count: 100)
        let hash = FileFixture.hash(bytes)
        let other = FileFixture.hash([])

        #expect(await error { _ = try await database.beginUpload(lengthBytes: -1) } == .impossibleLength(-1))
        #expect(await error { _ = try await database.beginUpload(lengthBytes: 1 << 40) } == .impossibleLength(1 << 40))
        #expect(await error { try await database.sendPiece(bytes, at: 0, of: 77) } == .unknownUpload)

        let upload = try await database.beginUpload(lengthBytes: 100)
        let early = ContentError.wrongPiece(offset: 1, expected: 0, lengthBytes: 100)
        #expect(await error { try await database.sendPiece([1], at: 1, of: upload) } == early)
        let long = ContentError.wrongPiece(offset: 0, expected: 0, lengthBytes: 100)
        #expect(await error { try await database.sendPiece(bytes + [1], at: 0, of: upload) } == long)
        // A piece in the wrong place spoils nothing.
        try await database.sendPiece(Array(bytes[..<40]), at: 0, of: upload)
        let short = ContentError.incomplete(received: 40, lengthBytes: 100)
        #expect(await error { _ = try await database.endUpload(upload, hash: hash) } == short)
        #expect(await error { try await database.sendPiece([], at: 40, of: upload) } == .unknownUpload)

        let second = try await database.beginUpload(lengthBytes: 100)
        try await database.sendPiece(bytes, at: 0, of: second)
        #expect(
            await error { _ = try await database.endUpload(second, hash: other) }
                == .wrongHash(received: hash, expected: other)
        )

        let third = try await database.beginUpload(lengthBytes: 100)
        try await database.sendPiece(bytes, at: 0, of: third)
        try await database.cancelUpload(third)
        #expect(try contents(storage).isEmpty)
        #expect(
            database.status.files
                == ContentStore.Figures(contentCount: 0, contentBytes: 0, uploadCount: 0, awaitedBytes: 0)
        )
        await #expect(throws: Refusal.self) {
            _ = try await database.document(FileContent(hash: hash, lengthBytes: 100))
        }
        try database.close()
    }

    @Test func uploadsAreBounded() async throws {
        let database = try Database.openWithFiles(SimulatedStorage(seed: 1))
        for _ in 0..<ContentStore.uploadCountMax { _ = try await database.beginUpload(lengthBytes: 10) }
        let limit = ContentError.tooManyUploads(limit: ContentStore.uploadCountMax)
        #expect(await error { _ = try await database.beginUpload(lengthBytes: 10) } == limit)
        #expect(database.status.files.awaitedBytes == 10 * Int64(ContentStore.uploadCountMax))
        try database.close()
        #expect(database.status.files.uploadCount == 0)
    }

    @Test func aFullDiskRefusesAndTheLogGoesOn() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        storage.setCapacity(bytes: 1 << 20)
        guard case .diskFull = await error({ _ = try await database.beginUpload(lengthBytes: 5 << 20) }) else {
            Issue.record("an upload for which there is no room was begun")
            return
        }
        // The disk fills while the bytes come.
        let upload = try await database.beginUpload(lengthBytes: 100_000)
        try await database.sendPiece(FileFixture.bytes(1, count: 1_000), at: 0, of: upload)
        storage.setCapacity(bytes: 1)
        let full = await error {
            try await database.sendPiece(FileFixture.bytes(2, count: 1_000), at: 1_000, of: upload)
        }
        guard case .diskFull = full else {
            Issue.record("\(String(describing: full))")
            return
        }
        #expect(try contents(storage).isEmpty)
        storage.setCapacity(bytes: .max)
        let content = try await database.store(FileFixture.bytes(3, count: 10))
        let id = try await database.document(content)
        #expect(try await database.bytes(of: id)?.count == 10)
        try database.close()
    }

    @Test func aFailedSyncKeepsNothing() async throws {
        let storage = SimulatedStorage(seed: 1)
        // No thread that syncs the log at the same time.
        let database = try Database.openWithFiles(storage, usesThreads: false)
        storage.injectFault(.sync, callsBefore: 0)
        guard case .storage = await error({ _ = try await database.store(FileFixture.bytes(1, count: 10)) }) else {
            Issue.record("a content was kept that may not be on the disk")
            return
        }
        #expect(try contents(storage).isEmpty)
        // The next one is another file, and its own sync decides.
        _ = try await database.store(FileFixture.bytes(1, count: 10))
        // Names that may be lost: no more uploads until a start has looked.
        storage.injectFault(.directorySync, callsBefore: 0)
        #expect(await error { _ = try await database.store(FileFixture.bytes(2, count: 10)) } != nil)
        #expect(await error { _ = try await database.store(FileFixture.bytes(3, count: 10)) } != nil)
        try database.close()
        let again = try Database.openWithFiles(storage, usesThreads: false)
        _ = try await again.store(FileFixture.bytes(3, count: 10))
        try again.close()
    }

    @Test func whatNobodyRefersToIsRemovedAndNothingElse() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock)
        let kept = try await database.store(FileFixture.bytes(1, count: 10))
        let deleted = try await database.store(FileFixture.bytes(2, count: 20))
        let unused = try await database.store(FileFixture.bytes(3, count: 30))
        let keeper = try await database.document(kept)
        let victim = try await database.document(deleted)
        func held() -> [Bool] { [kept, deleted, unused].map { storage.contents(of: FileFixture.name($0)) != nil } }

        try database.writeSnapshot()
        #expect(held() == [true, true, true], "the grace of an upload is not over")
        clock.pass(hours: 2)
        try await database.delete(victim)
        try database.writeSnapshot()
        #expect(held() == [true, true, false], "the older snapshot refers to the deleted record's file")
        try await database.setFile(nil, of: keeper, "preview")
        var transaction = Transaction(database.schema)
        try transaction.update(keeper, ["name": "again"])
        _ = try await database.execute(transaction)
        try database.writeSnapshot()
        #expect(held() == [true, false, false])
        // A name is not enough when the content is gone; after an upload it is.
        await #expect(throws: Refusal.self) { _ = try await database.document(deleted) }
        let again = try await database.document(try await database.store(FileFixture.bytes(2, count: 20)))
        #expect(try await database.bytes(of: again) == FileFixture.bytes(2, count: 20))
        try database.close()
    }

    /// A transaction that names a content while it is decided what goes.
    @Test func whatIsNamedMeanwhileStays() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock)
        let (named, unnamed) = (
            try await database.store(FileFixture.bytes(1, count: 10)),
            try await database.store(FileFixture.bytes(2, count: 20))
        )
        clock.pass(hours: 2)
        #expect(database.contents.beginCollection())
        #expect(!database.contents.beginCollection())
        let id = try await database.document(named)
        let collection = database.contents.collect(keeping: [])
        #expect(collection == ContentStore.Collection(removedCount: 1, removedBytes: 20))
        #expect(!database.contents.holds(unnamed))
        #expect(try await database.bytes(of: id)?.count == 10)
        try database.close()
    }

    @Test func leftoversOfUploadsGoWithTheNextStart() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try Database.openWithFiles(storage)
        let upload = try await database.beginUpload(lengthBytes: 100)
        try await database.sendPiece([1, 2, 3], at: 0, of: upload)
        #expect(try contents(storage) == ["upload-1"])
        storage.restartProcess()
        let again = try Database.openWithFiles(storage)
        #expect(try contents(storage).isEmpty)
        try again.close()
    }

    @Test func aReadOfAnotherFileIsRefused() async throws {
        let database = try Database.openWithFiles(SimulatedStorage(seed: 1))
        let (a, b) = (
            try await database.store(FileFixture.bytes(1, count: 10)),
            try await database.store(FileFixture.bytes(2, count: 20))
        )
        let id = try await database.document(a)
        #expect(await error { _ = try await database.readFile(id, "content", b, at: 0, count: 9) } == .notHeld(b.hash))
        #expect(await error { _ = try await database.readFile(id, "preview", a, at: 0, count: 9) } == .notHeld(a.hash))
        #expect(await error { _ = try await database.readFile(id, "name", a, at: 0, count: 9) } == .notHeld(a.hash))
        #expect(try await database.readFile(id, "content", a, at: 8, count: 100).count == 2)
        #expect(try await database.readFile(id, "content", a, at: 10, count: 100).isEmpty)
        #expect(await error { _ = try await database.readFile(id, "content", a, at: 11, count: 1) } != nil)
        #expect(await error { _ = try await database.readFile(id, "content", a, at: -1, count: 1) } != nil)
        try database.close()
    }

    @Test func rehearsalsMayNameWhatIsThere() async throws {
        let database = try Database.openWithFiles(SimulatedStorage(seed: 1))
        let content = try await database.store(FileFixture.bytes(1, count: 10))
        let rehearsal = try await database.rehearsal()
        var transaction = Transaction(try await rehearsal.schema)
        try transaction.create("document", ["content": .text(FileReference(content, name: "x").text)])
        _ = try await rehearsal.execute(transaction)
        try database.close()
    }

    // MARK: Directories

    @Test func verifyFindsWhatIsWrongWithContents() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/data"
        var options = DatabaseOptions()
        options.schema = FileFixture.schema
        options.directory = DirectoryOptions(segmentBytes: 1 << 20)
        let database = try Database.open(path, options: options)
        let (a, b) = (
            try await database.store(FileFixture.bytes(1, count: 300_000)),
            try await database.store(FileFixture.bytes(2, count: 20))
        )
        let id = try await database.document(a, name: "Offer.pdf")
        _ = try await database.document(b, name: "B.pdf")
        try database.writeSnapshot()
        try database.close()
        let sound = try Database.verify(path)
        #expect(sound.isSound && sound.contents.contentCount == 2 && sound.contents.contentBytes == 300_020)

        // Into another directory, from the directory and from the snapshot file.
        let snapshot = path + "/snapshot-" + hexadecimalText(database.currentView.position)
        for (index, source) in [path, snapshot].enumerated() {
            let copy = folder.path + "/copy\(index)"
            #expect(try Database.restore(from: source, to: copy).missingContents.isEmpty)
            #expect(try Database.verify(copy).contents.contentCount == 2)
            let restored = try Database.open(copy, options: options)
            #expect(try await restored.bytes(of: id) == FileFixture.bytes(1, count: 300_000))
            try restored.close()
        }

        var bytes = FileFixture.bytes(1, count: 300_000)
        bytes[200_000] ^= 1
        try folder.write("data/" + FileFixture.name(a), bytes)
        let rotten = try Database.verify(path)
        #expect(rotten.damage.count == 1)
        #expect(rotten.damage.first?.file == FileFixture.name(a))
        #expect(rotten.damage.first?.consequence.contains("content 'Offer.pdf'") == true, "\(rotten.damage)")
        try folder.write("data/" + FileFixture.name(a), Array(bytes[..<100]))
        #expect(try Database.verify(path).damage.count == 1)
        try folder.remove("data/" + FileFixture.name(a))
        let missing = try Database.verify(path)
        #expect(missing.damage.map(\.what) == ["the file is missing"])
        let partial = try Database.restore(from: path, to: folder.path + "/partial")
        #expect(partial.missingContents.count == 1 && partial.recordCount == 2)
        // The records are there all the same.
        let opened = try Database.open(path, options: options)
        await #expect(throws: ContentError.self) { _ = try await opened.bytes(of: id) }
        try opened.close()
    }

    private func hexadecimalText(_ position: Position) -> String {
        let digits = String(position, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test func verifyNamesWhatOnlyTheOlderSnapshotRefersTo() async throws {
        let (storage, clock) = (SimulatedStorage(seed: 1), FileClock())
        let database = try Database.openWithFiles(storage, clock)
        let content = try await database.store(FileFixture.bytes(1, count: 10))
        let id = try await database.document(content)
        try database.writeSnapshot()
        try await database.delete(id)
        try database.writeSnapshot()
        let view = database.currentView
        let snapshots = database.directory.keptSnapshots
        func damage() throws -> [Damage] {
            try Database.verifyContents(of: view, snapshots, in: storage, serialFor).damage
        }
        #expect(try damage().isEmpty)
        try storage.folder("files", creating: false).remove("\(content.hash)-10")
        #expect(
            try damage().map(\.consequence) == [
                "the snapshot at position \(snapshots[1].position) refers to it, and the present state does not"
            ]
        )
        try database.close()
    }
}
