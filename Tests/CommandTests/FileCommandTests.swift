import Foundation
import Testing

/// `kith file` on a directory and on a server, and what verify, restore and status say of contents.
@Suite struct FileCommandTests {
    private static let schema = """
        entities:
          account:
            attributes:
              logo: {type: file, maximum: 3000000, types: [image/png, text/plain]}
              scan: file

        """

    /// Lines that are all different, some two megabytes: more than one piece.
    private static let content = (0..<200_000).map { "line \($0)\n" }.joined()

    private func work(_ folder: Folder, at: [String]) async throws {
        func command(_ names: String..., rest: [String]) async throws -> Outcome {
            try await run(Binary.kith, names + at + rest, in: folder)
        }
        func file(_ command: String, _ arguments: String...) async throws -> Outcome {
            try await run(Binary.kith, ["file", command] + at + arguments, in: folder)
        }
        try folder.write(Self.schema, to: "files.yaml")
        #expect(try await command("schema", "apply", rest: ["files.yaml"]).status == 0)
        let ids = try await command("query", rest: ["--format", "csv", "SELECT accountid FROM account LIMIT 2"])
        let records = ids.output.split(separator: "\n").dropFirst().map(String.init)
        #expect(records.count == 2)
        try folder.write(Self.content, to: "a.txt")
        try folder.write("small", to: "b.txt")

        let put = try await file("put", records[0], "logo", "a.txt", "--type", "text/plain", "--name", "Größe.txt")
        #expect(put.status == 0 && put.output.isEmpty && put.errors.contains("Stored Größe.txt"), "\(put)")
        #expect(try await file("put", records[1], "scan", "a.txt").status == 0)
        #expect(try await file("put", records[1], "logo", "b.txt", "--type", "text/plain").status == 0)
        #expect(try folder.names(in: "data/files").count == 2, "one content is stored once")

        let rows = try await command(
            "query",
            rest: [
                "--format", "csv", "SELECT logo, logosize, logotype FROM account WHERE logo IS NOT NULL ORDER BY logo",
            ]
        )
        let length = Self.content.utf8.count
        #expect(rows.output == "logo,logosize,logotype\nb.txt,5,text/plain\nGröße.txt,\(length),text/plain\n")
        let get = try await command("get", rest: [records[0]])
        #expect(get.output.contains("Größe.txt") && get.output.contains("logohash"), "\(get)")

        let fetched = try await file("get", records[0], "logo", "-")
        #expect(fetched.output == Self.content)
        #expect(try await file("get", records[0], "logo").status == 0)
        #expect(try String(contentsOf: folder.url.appending(path: "Größe.txt"), encoding: .utf8) == Self.content)
        let again = try await file("get", records[0], "logo")
        #expect(again.status == 2 && again.errors.contains("cannot create Größe.txt"), "\(again)")
        try FileManager.default.removeItem(at: folder.url.appending(path: "Größe.txt"))

        let wrongs: [(arguments: [String], status: Int32, message: String)] = [
            (["put", records[0], "logo", "b.txt"], 4, "allowed are image/png, text/plain"),
            (["put", records[0], "logo", "b.txt", "--type", "Text"], 2, "is no content type"),
            (["put", records[0], "scan", "b.txt", "--name", "a/b"], 2, "no path"),
            (["put", records[0], "name", "b.txt"], 2, "'name' is no file attribute of account; it has logo, scan"),
            (["put", records[0], "logo", "nothere"], 2, "cannot read nothere"),
            (["put", records[0], "logo", "data"], 2, "data is no file"),
            (["get", records[0], "scan"], 4, "has no file in 'scan'"),
            (["get", "account/1", "logo"], 2, "is no record"),
        ]
        for wrong in wrongs {
            let outcome = try await run(
                Binary.kith,
                ["file", wrong.arguments[0]] + at + wrong.arguments.dropFirst(),
                in: folder
            )
            #expect(outcome.status == wrong.status && outcome.output.isEmpty, "\(wrong): \(outcome)")
            #expect(outcome.errors.contains(wrong.message), "\(wrong): \(outcome)")
        }
        #expect(try await file("remove", records[1], "logo").status == 0)
        #expect(try await file("get", records[1], "logo").status == 4)
        let status = try await command("status", rest: ["--format", "json"])
        #expect(status.output.contains("\"contentCount\":2"), "\(status)")
    }

    /// Two snapshots later the removed content is gone; what is left is proved, copied, and missed when it is not there.
    private func afterwards(_ folder: Folder) async throws {
        let verify = try await kith("verify", "data", in: folder)
        #expect(verify.status == 0 && verify.errors.contains("2 content(s) of files"), "\(verify)")
        #expect(try await kith("snapshot", "--at", "data", in: folder).status == 0)
        #expect(try folder.names(in: "data/files").count == 1)
        #expect(try await kith("restore", "data", "copy", in: folder).status == 0)
        #expect(try await kith("verify", "copy", in: folder).status == 0)
        let name = try folder.names(in: "data/files")[0]
        try folder.flip("data/files/" + name, atByte: 1_000_000)
        let damaged = try await kith("verify", "data", in: folder)
        #expect(damaged.status == 3 && damaged.output.contains("logo 'Größe.txt'"), "\(damaged)")
        let restored = try await kith("restore", "data", "partial", in: folder)
        #expect(restored.status == 3 && restored.errors.contains("all else was restored"), "\(restored)")
        #expect(try await kith("status", "--at", "partial", in: folder).status == 0)
    }

    @Test func aDirectoryHoldsFiles() async throws {
        let folder = try await PeopleFixture.make()
        try await work(folder, at: ["--at", "data"])
        try await afterwards(folder)
    }

    @Test func aServerHoldsFiles() async throws {
        let folder = try await PeopleFixture.make()
        let server = try await ServerProcess.start("data", in: folder)
        try await work(folder, at: ["--at", server.address])
        #expect(await server.stop() == 0)
        try await afterwards(folder)
    }
}
