import Foundation
import Testing

/// The commands on a server, and the server's own beginning and end.
@Suite struct ServeTests {
    /// A dry run on the server says what one on `twin`, a copy of its directory, says: rows find those of earlier transactions, and
    /// links those of later ones. Neither changes anything, as the import that follows shows.
    private func compareDryRuns(_ folder: Folder, _ at: [String]) async throws {
        let mapping =
            PeopleFixture.mapping + """

                      parentaccountid: {column: parent, lookup: {entity: account, by: accountnumber}}
                """
        try folder.write(mapping, to: "parents.yaml")
        try folder.write(
            """
            number,name,revenue,staff,note,phone,parent
            A-1,Smith,1,1,,,A-7
            A-5,Five,1,1,,,A-6
            A-5,Five,1,1,,,A-6
            A-6,Six,many,1,,,
            A-7,Seven,1,1,,,A-5

            """,
            to: "accounts.csv"
        )
        let arguments =
            ["import", "--mapping", "parents.yaml", "--format", "json", "--dry-run", "--batch-rows", "1"]
            + ["--rejects", "bad.csv", "accounts.csv"]
        let overTheWire = try await run(Binary.kith, arguments + at, in: folder)
        let rejects = try String(contentsOf: folder.url.appending(path: "bad.csv"), encoding: .utf8)
        let onDirectory = try await run(Binary.kith, arguments + ["--at", "twin"], in: folder)
        #expect(overTheWire.status == 1)
        #expect(overTheWire.output == onDirectory.output)
        #expect(try String(contentsOf: folder.url.appending(path: "bad.csv"), encoding: .utf8) == rejects)
        #expect(overTheWire.output.contains("\"created\":2"), "\(overTheWire.output) \(overTheWire.errors)")
        let left = try await run(
            Binary.kith,
            ["query", "--format", "csv", "SELECT COUNT(*) AS n FROM account"] + at,
            in: folder
        )
        #expect(left.output == "n\n4\n")
    }

    @Test func whatWorksOnADirectoryWorksOnAServer() async throws {
        let folder = try await PeopleFixture.make()
        let question = ["query", "--format", "csv", FormatTests.question]
        let record = ["get", "--format", "json", "account/11"]
        let onDirectory = try await run(Binary.kith, question + ["--at", "data"], in: folder)
        let recordOnDirectory = try await run(Binary.kith, record + ["--at", "data"], in: folder)

        #expect(try await kith("restore", "data", "twin", in: folder).status == 0)
        let server = try await ServerProcess.start("data", in: folder)
        let at = ["--at", server.address]
        let overTheWire = try await run(Binary.kith, question + at, in: folder)
        #expect(overTheWire.status == 0, "\(overTheWire.errors)")
        #expect(overTheWire.output == onDirectory.output)
        #expect(try await run(Binary.kith, record + at, in: folder).output == recordOnDirectory.output)

        try await compareDryRuns(folder, at)

        try folder.write("number,name,revenue,staff,note,phone\nA-9,Nine,1,,,\nA-8,Eight,x,,,\n", to: "accounts.csv")
        let imported = try await run(
            Binary.kith,
            ["import", "--mapping", "accounts.yaml", "accounts.csv"] + at,
            in: folder
        )
        #expect(imported.status == 1)
        let count = try await run(
            Binary.kith,
            [
                "query", "--format", "csv", "--param", "least=1",
                "SELECT COUNT(*) AS n FROM account WHERE revenue >= :least",
            ]
                + at,
            in: folder
        )
        #expect(count.output == "n\n3\n")

        let status = try await run(Binary.kith, ["status", "--format", "json"] + at, in: folder)
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
        #expect(object?["recordCount"] as? Int == 5)
        #expect(try await run(Binary.kith, ["status"] + at, in: folder).output.contains("\naccount "))

        let snapshot = try await run(Binary.kith, ["snapshot"] + at, in: folder)
        let name = snapshot.output.trimmingCharacters(in: .newlines)
        // A snapshot file of a running server is as good as any.
        #expect(try await kith("restore", "data/\(name)", "copy", in: folder).status == 0)

        #expect(try await run(Binary.kith, ["query", "SELECT nam FROM account"] + at, in: folder).status == 2)
        #expect(try await run(Binary.kith, ["get", "account/ZZ0"] + at, in: folder).status == 4)
        #expect(
            try await run(
                Binary.kith,
                ["query", "--at", server.address + "/other", "SELECT name FROM account"],
                in: folder
            ).status == 4,
            "an organisation that is not there"
        )
        #expect(await server.stop() == 0)
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalStopsItCleanly(_ signal: Int32) async throws {
        let folder = try Folder()
        let server = try await ServerProcess.start("data", in: folder)
        #expect(server.address.hasPrefix("kith://127.0.0.1:"))
        #expect(server.port > 0)
        #expect(await server.stop(signal) == 0)
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }

    @Test func onlyLoopbackAndOnlyOneListener() async throws {
        let folder = try Folder()
        let server = try await ServerProcess.start("data", in: folder)
        let second = try await kith("serve", "--data", "other", "--listen", "127.0.0.1:\(server.port)", in: folder)
        #expect(second.status == 4)
        let open = try await kith("serve", "--data", "other", "--listen", "0.0.0.0:0", in: folder)
        #expect(open.status == 4)
        #expect(open.errors.contains("127.0.0.1"), "says what to do")
        #expect(await server.stop() == 0)
    }

    @Test func noServerIsSaidSo() async throws {
        let folder = try Folder()
        let port = try freePort()
        let outcome = try await kith(
            "query",
            "--at",
            "kith://127.0.0.1:\(port)",
            "SELECT name FROM account",
            in: folder
        )
        #expect(outcome.status == 4)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("cannot be reached"))
        #expect(outcome.errors.hasSuffix("(Connection refused)\n"))
    }

    /// What `make run` does, twice: the second run finds the data again.
    @Test func theDemonstrationRunsUntilItIsStopped() async throws {
        let folder = try Folder()
        let environment = [
            "KITH": Binary.kith.path(), "KITH_DATA": folder.path("data"), "KITH_LISTEN": "127.0.0.1:0",
            // The binary is built: what is tested is what comes after.
            "SWIFT": "true",
        ]
        for command in [["make", "run"], ["tools/run"]] {
            let process = try FollowedProcess(
                URL(fileURLWithPath: "/usr/bin/env"),
                command,
                in: Binary.package,
                environment: environment
            )
            let lines = try #require(await process.lines { $0.contains("until Ctrl-C") })
            #expect(lines.contains("Pipeline by stage"))
            #expect(lines.contains("Top accounts by won value"))
            #expect(lines.contains("Overdue cases, the longest first"))
            #expect(lines.contains("Running campaigns"))
            #expect(lines.contains { $0.hasPrefix("Stonegate") || $0.contains("deals") })
            let status = await process.end(SIGTERM)
            // make reports that a signal ended it; the script reports the server's own end.
            #expect(status == (command == ["make", "run"] ? 128 + SIGTERM : 0))
            try await untilFree(folder)
        }
        let found = try await kith("demo", "--at", "data", in: folder)
        #expect(found.status == 0)
        #expect(found.errors.contains("already"))
        let count = try await kith(
            "query",
            "--at",
            "data",
            "--format",
            "csv",
            "SELECT COUNT(*) AS n FROM account",
            in: folder
        )
        #expect(count.output == "n\n200\n")
    }

    /// make ends before the server that it told to stop: waits for the server's lock.
    private func untilFree(_ folder: Folder) async throws {
        while try await kith("verify", "data", in: folder).status == 4 {}
        #expect(try await kith("verify", "data", in: folder).status == 0)
    }
}
