// What uploads may keep from others: nothing that does not concern contents while the disk is slow, and no place or room for
// long when they fail or hardly go on.

import Engine
import Kith
import Net
import Snapshot
import Testing

@Suite struct WireFileTurnTests {
    private static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "account", "Account", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.text("accountnumber", "Number", 100)
            e.primaryName("name")
        }
        return builder.build()
    }()

    private func withServer(
        _ storage: any Storage,
        limits: WireLimits = .patient,
        _ body: (Server, Database) async throws -> Void
    ) async throws {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 64 << 10)
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = Self.schema
        try await NetTests.withServer(over: Database.open(in: storage, options: options), limits: limits, body)
    }

    private func code(_ body: () async throws -> Void) async -> WireError.Code? {
        do {
            try await body()
            return nil
        } catch {
            if case ClientError.server(let error) = error { return error.code }
            return nil
        }
    }

    /// Waits, up to some seconds, for what other threads do.
    private func untilNoneIsOpen(_ database: Database) async {
        for _ in 0..<500 where database.status.files.uploadCount > 0 { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private static let bytes: [UInt8] = [1, 2, 3]

    private static var hash: ContentHash {
        let hash = SHA256Stream()
        bytes.withUnsafeBytes { hash.append($0) }
        return hash.finish()
    }

    /// A disk that does not answer when contents are asked for: changes and queries go on.
    @Test func aSlowDiskOfContentsHoldsUpNothingElse() async throws {
        let storage = HeldFolder()
        try await withServer(storage) { server, _ in
            let (a, b) = (try await connect(server), try await connect(server))
            var uploads: [UInt64] = []
            for _ in 0..<8 {
                uploads.append(try await a.beginUpload(lengthBytes: 3))
                try await a.sendPiece(Self.bytes, at: 0, of: uploads[uploads.count - 1])
            }
            storage.hold()
            // Lets go in any case, so that a failure is one and no hang.
            let guardian = Task {
                try await Task.sleep(for: .seconds(900))
                storage.letGo()
            }
            let ends = uploads.map { upload in Task { try await a.endUpload(upload, hash: Self.hash) } }
            await storage.untilSomeoneIsHeld()
            let begin = Task { try await a.beginUpload(lengthBytes: 1) }
            // The request is on its way before the ones below.
            try await Task.sleep(for: .milliseconds(20))
            for client in [a, b] {
                _ = try await client.execute(.accounts(1, client.schema, prefix: client === a ? "A" : "B"))
                var cursor = try await client.query("SELECT name FROM account")
                #expect(try await cursor.rows().count == (client === a ? 1 : 2))
            }
            #expect(storage.isHeld, "a query waited for the disk of the contents")
            storage.letGo()
            guardian.cancel()
            for end in ends { _ = try await end.value }
            _ = try await begin.value
            await a.close()
            await b.close()
        }
    }

    /// The beginning of an upload asks the disk how much room there is: not in the writer's turn.
    @Test func aBeginningHoldsUpNobody() async throws {
        let storage = HeldFolder()
        try await withServer(storage) { server, _ in
            let (a, b) = (try await connect(server), try await connect(server))
            storage.hold()
            let guardian = Task {
                try await Task.sleep(for: .seconds(900))
                storage.letGo()
            }
            let begin = Task { try await a.beginUpload(lengthBytes: 3) }
            await storage.untilSomeoneIsHeld()
            _ = try await b.execute(.accounts(1, b.schema))
            _ = try await a.execute(.accounts(1, a.schema, prefix: "Other"))
            #expect(storage.isHeld, "a change waited for the disk of the contents")
            storage.letGo()
            guardian.cancel()
            try await a.sendPiece(Self.bytes, at: 0, of: begin.value)
            await a.close()
            await b.close()
        }
    }

    /// A client that goes while its upload begins leaves nothing behind.
    @Test func anUploadThatBeginsForNobodyEnds() async throws {
        let storage = HeldFolder()
        try await withServer(storage) { server, database in
            do {
                let raw = try RawConnection(port: server.port)
                _ = try raw.hello()
                storage.hold()
                try raw.send(frame(.beginUpload, 7, [1, 0, 0, 0, 0, 0, 0, 0]))
                await storage.untilSomeoneIsHeld()
                // It hangs up when it is released.
                withExtendedLifetime(raw) {}
            }
            while await server.figures.connections > 0 { try await Task.sleep(for: .milliseconds(5)) }
            storage.letGo()
            // One more, behind it on the pool or beside it.
            let client = try await connect(server)
            try await client.cancelUpload(client.beginUpload(lengthBytes: 1))
            await untilNoneIsOpen(database)
            #expect(database.status.files.uploadCount == 0)
            #expect(database.status.files.awaitedBytes == 0)
            await client.close()
        }
    }

    @Test func failedUploadsTakeNoPlace() async throws {
        let storage = SimulatedStorage(seed: 1)
        try await withServer(storage) { server, _ in
            let client = try await connect(server)
            for _ in 0..<2 * WireLimits().uploadsMax {
                let upload = try await client.beginUpload(lengthBytes: 3)
                storage.setCapacity(bytes: 1)
                await #expect(throws: (any Error).self) { try await client.sendPiece(Self.bytes, at: 0, of: upload) }
                storage.setCapacity(bytes: .max)
                #expect(await code { try await client.sendPiece(Self.bytes, at: 0, of: upload) } == .uploadUnknown)
            }
            await client.close()
        }
    }

    @Test func anUploadThatHardlyGoesOnEnds() async throws {
        var limits = WireLimits.patient
        limits.cursorLifetimeMilliseconds = 400
        limits.uploadBytesPerSecondMin = 1 << 30
        try await withServer(SimulatedStorage(seed: 1), limits: limits) { server, database in
            let client = try await connect(server)
            let upload = try await client.beginUpload(lengthBytes: 1 << 30)
            var offset: Int64 = 0
            var ended: WireError.Code?
            // It is never idle for long.
            while ended == nil, offset < 1_000 {
                ended = await code { try await client.sendPiece([1], at: offset, of: upload) }
                offset += 1
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(ended == .uploadUnknown)
            await untilNoneIsOpen(database)
            #expect(database.status.files.awaitedBytes == 0)
            await client.close()
        }
    }
}

/// A disk whose folder of contents does not answer while the test says so: neither how much room there is, nor to a sync.
private final class HeldFolder: Storage {
    private struct State {
        var isHeld = false
        var waitingCount = 0
    }

    private let base: any Storage
    private let state: Monitor<State>

    private let isFolder: Bool

    convenience init() { self.init(SimulatedStorage(seed: 1), Monitor(State()), isFolder: false) }

    private init(_ base: any Storage, _ state: Monitor<State>, isFolder: Bool) {
        self.base = base
        self.state = state
        self.isFolder = isFolder
    }

    var isHeld: Bool { state.withLock { $0.isHeld } }

    func hold() { state.withLock { $0.isHeld = true } }

    func letGo() {
        state.withLock { $0.isHeld = false }
        state.wakeAll(.progress)
    }

    func untilSomeoneIsHeld() async {
        while state.withLock({ $0.waitingCount == 0 }) { try? await Task.sleep(for: .milliseconds(2)) }
    }

    fileprivate func pass() {
        state.withLock { $0.waitingCount += $0.isHeld ? 1 : 0 }
        state.wakeAll(.progress)
        state.wait(for: .progress) { $0.isHeld ? nil : () }
    }

    func open(_ name: String, creating: Bool) throws(StorageError) -> any StorageFile {
        let file = try base.open(name, creating: creating)
        return name.hasPrefix("upload-") ? HeldFile(file, self) : file
    }

    func freeBytes() throws(StorageError) -> UInt64 {
        if isFolder { pass() }
        return try base.freeBytes()
    }

    func folder(_ name: String, creating: Bool) throws(StorageError) -> any Storage {
        HeldFolder(try base.folder(name, creating: creating), state, isFolder: true)
    }

    func openForReading(_ name: String) throws(StorageError) -> any StorageFile { try base.openForReading(name) }
    func list() throws(StorageError) -> [String] { try base.list() }
    func rename(_ name: String, to newName: String) throws(StorageError) { try base.rename(name, to: newName) }
    func remove(_ name: String) throws(StorageError) { try base.remove(name) }
    func syncDirectory() throws(StorageError) { try base.syncDirectory() }
    func lock(_ mode: StorageLockMode) throws(StorageError) -> any StorageLock { try base.lock(mode) }
}

private final class HeldFile: StorageFile {
    private let base: any StorageFile
    private let folder: HeldFolder

    init(_ base: any StorageFile, _ folder: HeldFolder) {
        self.base = base
        self.folder = folder
    }

    func sync() throws(StorageError) {
        folder.pass()
        try base.sync()
    }

    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try base.read(into: bytes, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        try base.write(bytes, at: offset)
    }
    func zeroFill(to size: UInt64) throws(StorageError) { try base.zeroFill(to: size) }
    func truncate(to size: UInt64) throws(StorageError) { try base.truncate(to: size) }
    func size() throws(StorageError) -> UInt64 { try base.size() }
}
