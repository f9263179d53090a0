// Files over the wire: there and back, and clients that send too much, too little, the wrong bytes, or nothing.

import Engine
import Kith
import Net
import Snapshot
import Testing

@Suite struct WireFileTests {
    /// A server whose accounts have a logo.
    private func withFiles(
        limits: WireLimits = .patient,
        _ body: (Server, Database) async throws -> Void
    ) async throws {
        try await withServer(limits: limits) { server, database in
            var entity = EntityDeclaration("account")
            entity.attributes = [AttributeDeclaration("logo", "file")]
            var document = SchemaDocument()
            document.entities = [entity]
            let reply = try await database.change(document)
            #expect(reply.isApplied)
            try await body(server, database)
        }
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) } }

    private func store(_ bytes: [UInt8], _ client: KithClient) async throws -> FileContent {
        var isSent = false
        return try await client.upload(lengthBytes: Int64(bytes.count)) {
            defer { isSent = true }
            return isSent ? [] : bytes
        }
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

    @Test func aFileGoesThereAndBack() async throws {
        try await withFiles { server, database in
            let client = try await connect(server)
            try await client.refreshSchema()
            let account = try await client.execute(.accounts(1, client.schema)).operations[0].ids[0]
            // More than one piece.
            let sent = bytes(1_500_001)
            let content = try await store(sent, client)
            #expect(content.lengthBytes == 1_500_001)
            let file = try FileReference(content, name: "logo.png", contentType: "image/png")
            try await client.setFile(file, of: account, "logo")
            #expect(try await client.file(of: account, "logo") == file)
            var received: [UInt8] = []
            try await client.download(account, "logo", file) { received += $0 }
            #expect(received == sent)
            var cursor = try await client.query("SELECT logo, logosize FROM account")
            #expect(try await cursor.rows() == [["logo.png", 1_500_001]])
            // Another file by now: a download that is under way ends.
            let other = try await store([1], client)
            try await client.setFile(FileReference(other, name: "b"), of: account, "logo")
            #expect(await code { try await client.download(account, "logo", file) { _ in } } == .fileUnknown)
            #expect(try await client.status().contains("\"contentCount\":2"))
            await client.close()
        }
    }

    @Test func wrongUploadsAreRefusedAndLeaveNothing() async throws {
        try await withFiles { server, database in
            let client = try await connect(server)
            let sent = bytes(1_000)
            let wrong = try #require(ContentHash(String(repeating: "a", count: 64).utf8))

            #expect(await code { _ = try await client.beginUpload(lengthBytes: -5) } == .uploadRefused)
            #expect(await code { _ = try await client.beginUpload(lengthBytes: 1 << 50) } == .uploadRefused)
            #expect(await code { try await client.sendPiece(sent, at: 0, of: 12_345) } == .uploadUnknown)
            #expect(await code { _ = try await client.endUpload(12_345, hash: wrong) } == .uploadUnknown)

            let long = try await client.beginUpload(lengthBytes: 999)
            #expect(await code { try await client.sendPiece(sent, at: 0, of: long) } == .uploadRefused)
            #expect(await code { try await client.sendPiece([1], at: -1, of: long) } == .uploadRefused)
            #expect(await code { try await client.sendPiece([1], at: .max, of: long) } == .uploadRefused)
            #expect(await code { _ = try await client.endUpload(long, hash: wrong) } == .uploadRefused)

            let mistaken = try await client.beginUpload(lengthBytes: 1_000)
            try await client.sendPiece(sent, at: 0, of: mistaken)
            #expect(await code { _ = try await client.endUpload(mistaken, hash: wrong) } == .uploadRefused)
            #expect(await code { try await client.sendPiece([], at: 1_000, of: mistaken) } == .uploadUnknown)

            let huge = try await client.beginUpload(lengthBytes: 10 << 20)
            let piece = [UInt8](repeating: 0, count: FilePieces.bytesMax + 1)
            #expect(await code { try await client.sendPiece(piece, at: 0, of: huge) } == .uploadRefused)
            try await client.cancelUpload(huge)

            let given = try #require(try? FileReference(FileContent(hash: wrong, lengthBytes: 3), name: "x"))
            let account = try await client.execute(.accounts(1, client.schema)).operations[0].ids[0]
            try await client.refreshSchema()
            await #expect(throws: (any Error).self) { try await client.setFile(given, of: account, "logo") }
            await until { database.status.files.uploadCount == 0 }
            #expect(database.status.files.contentCount == 0)
            #expect(database.status.files.awaitedBytes == 0)
            await client.close()
        }
    }

    @Test func anUploadBelongsToItsConnection() async throws {
        try await withFiles { server, _ in
            let (a, b) = (try await connect(server), try await connect(server))
            let upload = try await a.beginUpload(lengthBytes: 2)
            #expect(await code { try await b.sendPiece([1], at: 0, of: upload) } == .uploadUnknown)
            #expect(await code { try await b.cancelUpload(upload) } == .uploadUnknown)
            try await a.sendPiece([1], at: 0, of: upload)
            await a.close()
            await b.close()
        }
    }

    @Test func thousandsOfUploadsAreRefused() async throws {
        try await withFiles { server, database in
            let client = try await connect(server)
            var refused = 0
            for _ in 0..<2_000 {
                if await code({ _ = try await client.beginUpload(lengthBytes: 1_000) }) == .uploadLimit { refused += 1 }
            }
            #expect(refused == 2_000 - WireLimits().uploadsMax)
            // Of all connections together.
            var others: [KithClient] = []
            for _ in 0..<20 {
                let other = try await connect(server)
                others.append(other)
                for _ in 0..<WireLimits().uploadsMax { _ = try? await other.beginUpload(lengthBytes: 1) }
            }
            #expect(database.status.files.uploadCount == ContentStore.uploadCountMax)
            // They go with their connections.
            for other in others + [client] { await other.close() }
            await until { database.status.files.uploadCount == 0 }
            #expect(database.status.files.uploadCount == 0)
        }
    }

    @Test func anUploadThatNobodyGoesOnWithEnds() async throws {
        var limits = WireLimits.patient
        limits.cursorLifetimeMilliseconds = 50
        try await withFiles(limits: limits) { server, database in
            let client = try await connect(server)
            let upload = try await client.beginUpload(lengthBytes: 10)
            await until { database.status.files.uploadCount == 0 }
            #expect(database.status.files.uploadCount == 0)
            #expect(await code { try await client.sendPiece([4], at: 0, of: upload) } == .uploadUnknown)
            await client.close()
        }
    }

    @Test func truncatedBodiesAreMalformed() async throws {
        try await withFiles { server, _ in
            for operation in [WireOperation.beginUpload, .sendPiece, .endUpload, .cancelUpload, .readFile] {
                let raw = try RawConnection(port: server.port)
                _ = try raw.hello()
                for length in [0, 1, 7, 15, 39, 61] where operation != .sendPiece || length < 15 {
                    try raw.send(frame(operation, UInt64(length), [UInt8](repeating: 1, count: length)))
                    #expect(try wireCode(raw.frame()) == .malformed, "\(operation) of \(length) bytes")
                }
            }
        }
    }

    /// Waits, up to some seconds, for what another thread does.
    private func until(_ condition: () -> Bool) async {
        for _ in 0..<500 where !condition() { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
