import Foundation
import Testing

/// `kith route explain`: what is printed of a message, and why.
@Suite struct RouteCommandTests {
    private static let question = """
        Message-ID: <1@a.example>
        Date: Mon, 2 Mar 2026 10:00:00 +0100
        From: Ann <ann@a.example>
        To: support@crm.example
        Subject: Invoice 17

        It is wrong.
        """

    private static let answer = """
        Message-ID: <2@a.example>
        In-Reply-To: <1@a.example>
        Date: Tue, 3 Mar 2026 10:00:00 +0100
        From: Ann <ann@a.example>
        To: support@crm.example
        Subject: =?utf-8?q?Re:_Invoice_17_=1B[31m?=

        Still wrong.
        """

    private static func folder() throws -> Folder {
        let folder = try Folder()
        let archive = folder.url.appending(path: "archive")
        try FileManager.default.createDirectory(at: archive, withIntermediateDirectories: true)
        try Data(question.utf8).write(to: archive.appending(path: "question.eml"))
        try Data().write(to: archive.appending(path: "empty.eml"))
        try folder.write(answer, to: "answer.eml")
        return folder
    }

    @Test func aMessageIsExplained() async throws {
        let folder = try RouteCommandTests.folder()
        let outcome = try await kith(
            "route",
            "explain",
            "--seen",
            "archive",
            "--own",
            "crm.example",
            "answer.eml",
            in: folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "Left out: archive/empty.eml is not read: the message is empty\n")
        #expect(outcome.output.contains("Date         2026-03-03T09:00:00Z\n"))
        #expect(outcome.output.contains("Belongs to   thread 1 (question.eml: Invoice 17)\n"))
        #expect(outcome.output.contains("identifiers  known-identifier  <1@a.example> of thread 1\n"))
        #expect(!outcome.output.contains("\u{1B}"), "a terminal does not obey a subject")
        let alone = try await kith("route", "explain", "answer.eml", in: folder)
        #expect(alone.output.contains("Belongs to   nothing that is known\n"))
    }

    @Test func programsGetAnObject() async throws {
        let folder = try RouteCommandTests.folder()
        let outcome = try await kith(
            "route",
            "explain",
            "--seen",
            "archive",
            "--format",
            "json",
            "answer.eml",
            in: folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        )
        #expect(object["kind"] as? String == "message")
        #expect(object["thread"] as? String == "1")
        let steps = try #require(object["steps"] as? [[String: String]])
        #expect(steps.map { $0["step"] } == ["duplicate", "loop", "kind", "token", "identifiers", "topic"])
    }

    @Test(arguments: [["nothere.eml"], ["archive"], ["archive/empty.eml"], ["--seen", "nothere", "answer.eml"]])
    func whatCannotBeReadIsUsage(_ arguments: [String]) async throws {
        let folder = try RouteCommandTests.folder()
        let outcome = try await run(Binary.kith, ["route", "explain"] + arguments, in: folder)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("kith: "), "\(outcome.errors)")
    }
}
