import Foundation
import Testing

/// Status, verification, snapshots and restores of a directory.
@Suite struct DirectoryCommandTests {
    private func query(_ at: String, in folder: Folder) async throws -> String {
        let outcome = try await kith("query", "--at", at, "--format", "csv", FormatTests.question, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func statusCounts() async throws {
        let folder = try await PeopleFixture.make()
        let outcome = try await kith("status", "--at", "data", "--format", "json", in: folder)
        #expect(outcome.status == 0)
        let status = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        )
        // One position for the schema, one for the batch.
        #expect(status["position"] as? Int == 2 && status["durablePosition"] as? Int == 2)
        #expect(status["recordCount"] as? Int == 4)
        let account = (status["entities"] as? [String: [String: Int]])?["account"]
        #expect(account?["recordCount"] == 4)
        let parts = ["columnBytes", "directoryBytes", "linkBytes", "orderedBytes", "keyBytes", "searchBytes"]
        #expect(account?["memoryBytes"] == parts.reduce(0) { $0 + (account?[$1] ?? 0) })
        #expect((status["recovery"] as? [String: Any])?["replayedEntries"] as? Int == 2)

        let table = try await kith("status", "--at", "data", in: folder)
        #expect(table.status == 0)
        #expect(table.output.contains("\naccount "))
        #expect(!table.output.contains("\ncontact "), "entities without records are left out")
    }

    @Test func findNamesRecords() async throws {
        let folder = try await PeopleFixture.make()
        let csv = try await kith("find", "--at", "data", "--format", "csv", "--limit", "5", "sostr", in: folder)
        #expect(csv.status == 0, "\(csv.errors)")
        let lines = csv.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == "record,match,name,attribute,text")
        #expect(lines[1].hasPrefix("account/") && lines[1].hasSuffix(",prefix,Søstrene Grøn,name,Søstrene Grøn"))
        let json = try await kith("find", "--at", "data", "--format", "json", "--entity", "account", "本", in: folder)
        #expect(json.output.contains("\"match\":\"infix\",\"name\":\"日本電気\""), "\(json.output)")
        let wrong = try await kith("find", "--at", "data", "--entity", "acount", "x", in: folder)
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean account?"), "\(wrong.errors)")
        #expect(try await kith("find", "--at", "data", "--limit", "0", "x", in: folder).status == 2)
    }

    @Test func aSnapshotComesBackAlone() async throws {
        let folder = try await PeopleFixture.make()
        let snapshot = try await kith("snapshot", "--at", "data", in: folder)
        #expect(snapshot.status == 0)
        let name = snapshot.output.trimmingCharacters(in: .newlines)
        #expect(try folder.names(in: "data").contains(name))
        // A backup may have any name.
        try FileManager.default.copyItem(atPath: folder.path("data/\(name)"), toPath: folder.path("backup"))
        let restored = try await kith("restore", "backup", "fromfile", in: folder)
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(restored.output.isEmpty)
        #expect(try await query("fromfile", in: folder) == query("data", in: folder))
        #expect(try await kith("verify", "fromfile", in: folder).status == 0)
    }

    @Test func aDirectoryIsRestoredWithItsLog() async throws {
        let folder = try await PeopleFixture.make()
        try await kith("snapshot", "--at", "data", in: folder)
        try folder.write("number,name,revenue,staff,note,phone\nA-5,Later,1,1,,\n", to: "accounts.csv")
        try await PeopleFixture.load(in: folder)
        #expect(try await kith("restore", "data", "copy", in: folder).status == 0)
        let rows = try await query("copy", in: folder)
        #expect(rows.contains("A-5"))
        #expect(try await rows == query("data", in: folder))

        let again = try await kith("restore", "data", "copy", in: folder)
        #expect(again.status == 2, "nothing is overwritten")
        #expect(again.errors.contains("copy"))
        #expect(try folder.names(in: ".").allSatisfy { !$0.hasSuffix(".restoring") })
    }

    @Test func aDamagedDirectoryIsSalvaged() async throws {
        let folder = try await PeopleFixture.make()
        let before = try await query("data", in: folder)
        #expect(try await kith("salvage", "data", "whole", in: folder).status == 0)
        #expect(try await query("whole", in: folder) == before)
        // A bit of the first group: a seal stands before it, in the second sector.
        let log = try #require(try folder.names(in: "data").filter { $0.hasPrefix("log-") }.sorted().first)
        try folder.flip("data/\(log)", atByte: 1120)
        #expect(try await kith("status", "--at", "data", in: folder).status == 3)
        let nothing = try await kith("salvage", "data", "saved", in: folder)
        #expect(nothing.status == 3, "without its first entry the log gives no state: \(nothing.output)")
        try folder.flip("data/\(log)", atByte: 1120)

        try await kith("snapshot", "--at", "data", in: folder)
        try folder.flip("data/\(log)", atByte: 1120)
        let saved = try await kith("salvage", "data", "saved", in: folder)
        #expect(saved.status == 0, "the snapshot has it: \(saved.errors)")
        #expect(saved.output.contains("nothing is lost"))
        #expect(try await query("saved", in: folder) == before)
        #expect(try await kith("verify", "saved", in: folder).status == 0)
        #expect(try await kith("salvage", "data", "saved", in: folder).status == 2)
    }

    @Test func verifyFindsAFlippedBitInTheLogAndInASnapshot() async throws {
        let folder = try await PeopleFixture.make()
        try await kith("snapshot", "--at", "data", in: folder)
        #expect(try await kith("verify", "data", in: folder).status == 0)
        let snapshot = try #require(try folder.names(in: "data").first { $0.hasPrefix("snapshot-") })
        try folder.flip("data/\(snapshot)", atByte: 2000)
        let outcome = try await kith("verify", "data", in: folder)
        #expect(outcome.status == 3)
        #expect(outcome.output.hasPrefix("file"))
        #expect(outcome.output.contains(snapshot))
        try folder.flip("data/\(snapshot)", atByte: 2000)
        #expect(try await kith("verify", "data", in: folder).status == 0)

        let segment = try #require(try folder.names(in: "data").first { $0.hasPrefix("log-") })
        // Behind the header and the seal that a start writes: in the first group.
        try folder.flip("data/\(segment)", atByte: 1100)
        let log = try await kith("verify", "data", in: folder)
        #expect(log.status == 3)
        #expect(log.output.contains(segment))
        #expect(log.errors.contains("restore"), "says what to do")
    }

    @Test func aDamagedDirectoryIsNotOpened() async throws {
        let folder = try await PeopleFixture.make()
        for segment in try folder.names(in: "data") where segment.hasPrefix("log-") {
            try folder.flip("data/\(segment)", atByte: 40)
        }
        let outcome = try await kith("query", "--at", "data", "SELECT name FROM account", in: folder)
        #expect(outcome.status == 3)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("damaged"))
        #expect(try await kith("verify", "data", in: folder).status == 3)
    }

    @Test func aDirectoryInUseIsRefused() async throws {
        let folder = try await PeopleFixture.make()
        let server = try await ServerProcess.start("data", in: folder)
        for arguments in [
            ["query", "--at", "data", "SELECT name FROM account"], ["verify", "data"], ["restore", "data", "copy"],
            ["serve", "--data", "data", "--listen", "127.0.0.1:0"],
        ] {
            let outcome = try await run(Binary.kith, arguments, in: folder)
            #expect(outcome.status == 4, "\(arguments)")
            #expect(outcome.errors.contains("in use by process"))
            #expect(outcome.errors.contains("kith restore data/snapshot-") == (arguments[0] == "verify"))
        }
        #expect(await server.stop() == 0)
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }
}
