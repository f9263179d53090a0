import Foundation
import Testing

/// `kith do` and `kith history`: what is done, what is refused, and what is seen of both.
@Suite struct MessageCommandTests {
    /// The record of the account with this number.
    private func account(_ number: String, in folder: Folder) async throws -> String {
        let query = "SELECT accountid FROM account WHERE accountnumber = '\(number)'"
        let outcome = try await kith("query", "--at", "data", "--format", "csv", query, in: folder)
        return try #require(outcome.output.split(separator: "\n").last.map(String.init))
    }

    @Test func whatIsDoneIsPrintedAndRemembered() async throws {
        let folder = try await PeopleFixture.make()
        let id = try await account("A-3", in: folder)
        let done = try await kith(
            "do",
            "--at",
            "data",
            "--format",
            "csv",
            "deactivate \(id)",
            "activate \(id)",
            in: folder
        )
        #expect(done.status == 0, "\(done.errors)")
        #expect(
            done.output == """
                done,record,name
                deactivate,\(id),Søstrene Grøn
                activate,\(id),Søstrene Grøn

                """
        )
        let history = try await kith("history", "--at", "data", "--format", "csv", id, in: folder)
        #expect(history.status == 0 && history.errors.isEmpty, "\(history.errors)")
        let lines = history.output.split(separator: "\n").dropFirst().map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).dropFirst(3).joined(separator: ",")
        }
        #expect(lines.contains("create,name,,Søstrene Grøn"))
        #expect(
            lines.suffix(4) == [
                "deactivate,statecode,Active,Inactive", "deactivate,statuscode,Active,Inactive",
                "activate,statecode,Inactive,Active", "activate,statuscode,Inactive,Active",
            ]
        )
        let newest = try await kith("history", "--at", "data", "--limit", "1", id, in: folder)
        #expect(newest.errors == "There are older steps: --limit shows more.\n")
        #expect(!newest.output.contains("deactivate") && newest.output.contains(" activate "))
    }

    @Test func theFirstRefusalEndsIt() async throws {
        let folder = try await PeopleFixture.make()
        let id = try await account("A-3", in: folder)
        let messages = ["deactivate \(id)", "deactivate \(id)", "activate \(id)"]
        let outcome = try await run(Binary.kith, ["do", "--at", "data", "--format", "csv"] + messages, in: folder)
        #expect(outcome.status == 4)
        #expect(outcome.output == "done,record,name\ndeactivate,\(id),Søstrene Grøn\n")
        #expect(
            outcome.errors
                == "kith: refused: account: \(id) is Inactive; to deactivate it, it must be Active. (rule 'state')\n"
        )
        let again = try await kith("do", "--at", "data", "deactivate \(id)", in: folder)
        #expect(again.status == 4 && again.output.isEmpty)
    }

    @Test func wrongWordsEndWithTwo() async throws {
        let folder = try await PeopleFixture.make()
        for message in ["win", "deactivate account/7", "frobnicate account/11", "deactivate account/11 --now"] {
            let outcome = try await kith("do", "--at", "data", message, in: folder)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(message): \(outcome.errors)")
        }
        for arguments in [["account/7"], ["nosuch/11"], ["--limit", "0", "account/11"]] {
            let outcome = try await run(Binary.kith, ["history", "--at", "data"] + arguments, in: folder)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(arguments): \(outcome.errors)")
        }
        let none = try await kith("history", "--at", "data", "lead/11", in: folder)
        #expect(none.status == 4 && none.errors == "kith: there is no record lead/11\n", "\(none.errors)")
    }

    @Test func aVerbIsDescribed() async throws {
        let outcome = try await kith("do", "--about", "reopen", in: try Folder())
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("reopen lead/…\n"))
        #expect(outcome.output.contains("\nreopen opportunity/…\n"))
    }
}
