import Foundation
import Testing

/// Backups of a directory that a server has open, and what is made from them.
@Suite struct BackupCommandTests {
    private func count(_ at: String, in folder: Folder) async throws -> String {
        let arguments = ["query", "--at", at, "--format", "csv", "SELECT COUNT(*) AS n FROM account"]
        let outcome = try await run(Binary.kith, arguments, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return String(outcome.output.split(separator: "\n").last ?? "")
    }

    @Test func aServedDirectoryIsBackedUpAndComesBack() async throws {
        let folder = try await PeopleFixture.make()
        let server = try await ServerProcess.start("data", in: folder)
        let first = try await kith("backup", "data", "copy", in: folder)
        #expect(first.status == 0 && first.output.isEmpty, "\(first.errors)")
        #expect(first.errors.hasPrefix("Backed up to position 2 in copy"), "\(first.errors)")
        let before = try await count(server.address, in: folder)

        try folder.write("number,name,revenue,staff,note,phone\nA-9,Nine,1,,,\n", to: "accounts.csv")
        let imported = try await run(
            Binary.kith,
            ["import", "--mapping", "accounts.yaml", "--at", server.address, "accounts.csv"],
            in: folder
        )
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(try await kith("snapshot", "--at", server.address, in: folder).status == 0)
        #expect(try await kith("backup", "data", "copy", in: folder).status == 0)
        let after = try await count(server.address, in: folder)
        #expect(before != after)

        let verified = try await kith("verify", "copy", in: folder)
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.errors.contains("A backup, which holds the states 0 to 3."), "\(verified.errors)")
        #expect(try await kith("restore", "copy", "now", in: folder).status == 0)
        #expect(try await count("now", in: folder) == after)
        let earlier = try await kith("restore", "copy", "then", "--to-position", "2", in: folder)
        #expect(earlier.status == 0 && earlier.errors.contains("at position 2, 20"), "\(earlier.errors)")
        #expect(try await count("then", in: folder) == before)
        #expect(try await kith("restore", "copy", "future", "--to-time", "2999-01-01", in: folder).status == 0)
        #expect(try await count("future", in: folder) == after)

        for wrong in [["--to-position", "4"], ["--to-time", "1999-01-01"], ["--to-time", "noon"]] {
            let outcome = try await run(Binary.kith, ["restore", "copy", "none"] + wrong, in: folder)
            #expect(outcome.status == 2 && !outcome.errors.isEmpty, "\(wrong) \(outcome.errors)")
        }
        let opened = try await kith("query", "--at", "copy", "SELECT name FROM account", in: folder)
        #expect(opened.status == 4 && opened.errors.contains("this is a backup"), "\(opened.errors)")
        #expect(try await kith("backup", "now", "copy", in: folder).status == 4)
        #expect(try await kith("backup", "now", "then", in: folder).status == 2)
        #expect(await server.stop() == 0)
    }
}
