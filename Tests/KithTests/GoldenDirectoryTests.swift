// Directories that were written by earlier versions, byte by byte: they open for ever. And what a later version writes is
// refused by name, and left alone.
//
// `Golden` has a folder for each combination of formats that was ever written, with the files of a small directory, without the
// zeros at their ends; `sizes` says how long they were. A new format gets a new folder, made by the last version before it.

import Engine
import Foundation
import Kith
import Snapshot
import Testing

@Suite struct GoldenDirectoryTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    /// Log format 1 without the position of the following segment, snapshot format 2: of 26 November 2026. Two snapshots and
    /// the log since the older one, sealed.
    private static let directories = ["log-1-snapshot-2"]

    private func load(_ name: String) throws -> SimulatedStorage {
        let storage = SimulatedStorage(seed: 1)
        let folder = Self.folder.appending(path: name)
        let sizes = try String(contentsOf: folder.appending(path: "sizes"), encoding: .utf8)
        for line in sizes.split(separator: "\n") {
            let words = line.split(separator: " ")
            var bytes = Array(try Data(contentsOf: folder.appending(path: String(words[0]))))
            bytes += repeatElement(0, count: try #require(Int(words[1])) - bytes.count)
            storage.setContents(of: String(words[0]), to: bytes)
        }
        return storage
    }

    private func open(_ storage: SimulatedStorage) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 512 << 10, usesThreads: false)
        options.threadCount = 1
        options.takesSnapshots = false
        return try Database.open(in: storage, options: options, random: 1)
    }

    private func accounts(_ database: Database) async throws -> [[Value]] {
        let sql = "SELECT accountnumber, name, numberofemployees FROM account ORDER BY accountnumber"
        try database.directory.inlineQueue?.commit()
        return try await database.query(sql).rows
    }

    private static let rows: [[Value]] = [
        ["A-1", "Smith and Sons", .integer(13)], ["A-2", "日本電気", .integer(7)], ["A-3", "Søstrene Grøn", .null],
        ["A-4", "مؤسسة", .integer(1)],
    ]

    @Test(arguments: directories)
    func whatEarlierVersionsWroteOpens(_ name: String) async throws {
        let storage = try load(name)
        #expect(try DataDirectory.verify(storage).isSound)
        let newest = try #require(try storage.list().last { $0.hasPrefix("snapshot-") })
        // From the newest snapshot, and from the older one.
        for isDamaged in [false, true] {
            let copy = storage.copy(seed: 2)
            if isDamaged { copy.flipBit(0, ofByte: 700, in: newest) }
            let database = try open(copy)
            #expect(database.recovery.damagedSnapshots.count == (isDamaged ? 1 : 0))
            #expect(try await accounts(database) == Self.rows)
            var transaction = Transaction(database.schema)
            try transaction.create("account", ["accountnumber": "A-5", "name": "New"])
            let encoded = transaction.encoded()
            try database.turn { turn in
                var reply = ByteWriter()
                return Result { try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) } }
            }.get()
            #expect(try await accounts(database).count == Self.rows.count + 1)
            try database.close()
            #expect(try await accounts(try open(copy)).count == Self.rows.count + 1)
        }
    }

    @Test(arguments: directories)
    func whatALaterVersionWroteIsRefusedAndLeftAlone(_ name: String) throws {
        let storage = try load(name)
        let names = try storage.list()
        let newest = [names.last { $0.hasPrefix("log-") }, names.last { $0.hasPrefix("snapshot-") }]
        for file in newest.compactMap({ $0 }) {
            let later = storage.copy(seed: 1)
            var bytes = try #require(later.contents(of: file))
            bytes[12] = 99
            let checksum = crc32cReference(bytes[12..<512])
            withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(8..<12, with: $0) }
            later.setContents(of: file, to: bytes)
            do {
                _ = try open(later)
                Issue.record("\(file) was opened")
            } catch DatabaseError.directory(.unsupportedFormat(let refused, let version)) {
                #expect(refused == file && version == 99)
            }
            #expect(throws: DirectoryError.unsupportedFormat(file: file, version: 99)) {
                _ = try DataDirectory.verify(later)
            }
            for name in names {
                let before = name == file ? bytes : storage.contents(of: name)
                #expect(later.contents(of: name) == before)
            }
            #expect(try later.list() == names)
        }
    }
}
