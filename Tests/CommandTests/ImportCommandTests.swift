import Foundation
import Testing

/// Reports, statuses and files of an import.
@Suite struct ImportCommandTests {
    private func counts(_ text: String) throws -> [String: Int] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return object?["total"] as? [String: Int] ?? [:]
    }

    private func importAccounts(_ folder: Folder, _ more: String...) async throws -> Outcome {
        let arguments = ["import", "--at", "data", "--mapping", "accounts.yaml", "--format", "json"] + more
        return try await run(Binary.kith, arguments + ["accounts.csv"], in: folder)
    }

    @Test func asSecondRunChangesNothing() async throws {
        let folder = try await PeopleFixture.make()
        let outcome = try await importAccounts(folder)
        #expect(outcome.status == 0)
        let counts = try counts(outcome.output)
        #expect(counts["read"] == 4 && counts["unchanged"] == 4)
        #expect(try folder.names(in: ".") == ["accounts.csv", "accounts.yaml", "data"], "no file is left behind")
    }

    @Test func rejectedRowsEndWithOneAndStandInAFile() async throws {
        let folder = try await PeopleFixture.make()
        try folder.write("number,name,revenue,staff,note,phone\nB-1,New,many,1,,\nB-2,Good,1,1,,\n", to: "accounts.csv")
        let outcome = try await importAccounts(folder, "--rejects", "bad.csv")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("bad.csv"))
        let counts = try counts(outcome.output)
        #expect(counts["rejected"] == 1 && counts["created"] == 1)
        let rejects = try String(contentsOf: folder.url.appending(path: "bad.csv"), encoding: .utf8)
        #expect(rejects.contains("accounts.csv,2,account,revenue,"))
    }

    @Test func aDryRunSaysWhatWouldHappenAndTouchesNothing() async throws {
        let folder = try await PeopleFixture.make()
        try folder.write("number,name,revenue,staff,note,phone\nA-1,Other,1,1,,\nB-2,Good,1,1,,\n", to: "accounts.csv")
        let before = try folder.names(in: "data")
        let outcome = try await importAccounts(folder, "--dry-run")
        #expect(outcome.status == 0)
        let counts = try counts(outcome.output)
        #expect(counts["updated"] == 1 && counts["created"] == 1)
        #expect(try folder.names(in: "data") == before)
        let left = try await kith(
            "query",
            "--at",
            "data",
            "--format",
            "csv",
            "SELECT COUNT(*) AS n FROM account",
            in: folder
        )
        #expect(left.output == "n\n4\n")

        let absent = try await kith(
            "import",
            "--at",
            "elsewhere",
            "--mapping",
            "accounts.yaml",
            "--dry-run",
            "accounts.csv",
            in: folder
        )
        #expect(absent.status == 0)
        #expect(!(try folder.names(in: ".").contains("elsewhere")), "not even the directory is made")
    }

    @Test func aWrongMappingIsWrongUsage() async throws {
        let folder = try await PeopleFixture.make()
        try folder.write(
            PeopleFixture.mapping.replacing("revenue: revenue", with: "revenu: revenue"),
            to: "accounts.yaml"
        )
        let outcome = try await importAccounts(folder)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("accounts.yaml") && outcome.errors.contains("revenue"))
    }
}
