// A database with files on a simulated disk: what the tests of files share.

import Engine
import Kith
import Snapshot
import Synchronization

enum FileFixture {
    static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "document", "Document", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.file("content", "Content", bytesMax: 10_000_000)
            e.file("preview", "Preview")
            e.primaryName("name")
        }
        return builder.build()
    }()

    /// Bytes that depend on a number only.
    static func bytes(_ number: Int, count: Int) -> [UInt8] {
        var random = SplitMix64(seed: UInt64(number))
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    static func hash(_ bytes: [UInt8]) -> ContentHash {
        let hash = SHA256Stream()
        bytes.withUnsafeBytes { hash.append($0) }
        return hash.finish()
    }

    static func name(_ content: FileContent) -> String { "files/\(content.hash)-\(content.lengthBytes)" }
}

/// A clock that a test moves.
final class FileClock: Sendable {
    private let microseconds = Mutex<Int64>(1_000_000)
    var now: Int64 { microseconds.withLock { $0 } }
    func pass(hours: Int64) { microseconds.withLock { $0 += hours * 3_600_000_000 } }
    func pass(microseconds passed: Int64) { microseconds.withLock { $0 += passed } }
}

extension Database {
    static func openWithFiles(
        _ storage: any Storage,
        _ clock: FileClock = FileClock(),
        usesThreads: Bool = true
    ) throws(DatabaseError) -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 64 << 10, usesThreads: usesThreads)
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = FileFixture.schema
        options.clock = { clock.now }
        return try Database.open(in: storage, options: options, random: 7)
    }

    /// Stores bytes, a piece at a time.
    func store(_ bytes: [UInt8], piece: Int = 1_000) async throws -> FileContent {
        var start = 0
        return try await upload(lengthBytes: Int64(bytes.count)) {
            defer { start = min(start + piece, bytes.count) }
            return Array(bytes[start..<min(start + piece, bytes.count)])
        }
    }

    /// Makes a document with a file.
    func document(_ content: FileContent, name: String = "a.pdf") async throws -> RecordID {
        var transaction = Transaction(schema)
        try transaction.create(
            "document",
            ["name": .text(name), "content": .text(FileReference(content, name: name).text)]
        )
        return try await execute(transaction).operations[0].ids[0]
    }

    func delete(_ id: RecordID) async throws {
        var transaction = Transaction(schema)
        try transaction.delete(id)
        _ = try await execute(transaction)
    }

    /// All bytes of a record's file.
    func bytes(of id: RecordID, _ attribute: String = "content") async throws -> [UInt8]? {
        guard let file = try await file(of: id, attribute) else { return nil }
        var bytes: [UInt8] = []
        try await download(id, attribute, file) { bytes += $0 }
        return bytes
    }
}
