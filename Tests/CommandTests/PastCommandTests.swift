import Foundation
import Testing

/// `--as-of` and `--keep-history`.
@Suite struct PastCommandTests {
    private static let count = "SELECT COUNT(*) AS accounts FROM account"

    private func cell(_ outcome: Outcome) throws -> String {
        try #require(outcome.output.split(separator: "\n").last.map(String.init))
    }

    private func position(_ folder: Folder) async throws -> UInt64 {
        let status = try await kith("status", "--at", "data", "--format", "json", in: folder)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
        let history = try #require(json["history"] as? [String: Any])
        #expect(history["sincePosition"] as? Int == 0)
        return try #require(json["position"] as? UInt64)
    }

    @Test func aDirectoryAsItWas() async throws {
        let folder = try await PeopleFixture.make()
        let before = try cell(try await kith("query", "--at", "data", "--format", "csv", Self.count, in: folder))
        let account = try cell(
            try await kith(
                "query",
                "--at",
                "data",
                "--format",
                "csv",
                "SELECT accountid FROM account LIMIT 1",
                in: folder
            )
        )
        let shown = try await kith("get", "--at", "data", account, in: folder)
        let then = "\(try await position(folder))"
        #expect(try await kith("do", "--at", "data", "delete \(account)", in: folder).status == 0)
        let after = try cell(try await kith("query", "--at", "data", "--format", "csv", Self.count, in: folder))
        #expect(Int(after) == Int(before).map { $0 - 1 })

        let past = try await kith("query", "--at", "data", "--as-of", then, "--format", "csv", Self.count, in: folder)
        #expect(past.status == 0 && past.output == "accounts\n\(before)\n", "\(past.errors)")
        let gone = try await kith("get", "--at", "data", account, in: folder)
        #expect(gone.status == 4)
        let asItWas = try await kith("get", "--at", "data", "--as-of", then, account, in: folder)
        #expect(asItWas.status == 0, "\(asItWas.errors)")
        // Everything that was shown then, and in the same words.
        for line in shown.output.split(separator: "\n") { #expect(asItWas.output.contains(line), "\(line)") }
    }

    @Test func aMomentThatIsNotThereEndsWithFour() async throws {
        let folder = try await PeopleFixture.make()
        for moment in ["1980-01-01", "2999-01-01T00:00:00Z", "123456789"] {
            let outcome = try await kith("query", "--at", "data", "--as-of", moment, Self.count, in: folder)
            #expect(outcome.status == 4 && outcome.output.isEmpty, "\(moment): \(outcome.errors)")
        }
        let wrong = try await kith("query", "--at", "data", "--as-of", "yesterday", Self.count, in: folder)
        #expect(wrong.status == 2)
        let typo = try await kith("query", "--at", "data", "--as-of", "2", "SELECT nme FROM account", in: folder)
        #expect(typo.status == 2, "\(typo.errors)")
    }
}
