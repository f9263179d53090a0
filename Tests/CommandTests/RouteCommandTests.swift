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

    private static let circular = """
        Message-ID: <3@a.example>
        Date: Wed, 4 Mar 2026 10:00:00 +0100
        From: Ann <ann@a.example>
        To: support@crm.example
        Subject: Another thing

        From here on it is another one.
        """

    @Test func anArchiveIsReplayed() async throws {
        let folder = try Folder()
        // The answer stands first; what counts are dates. The last one is there twice.
        let mails = [RouteCommandTests.answer, RouteCommandTests.question, RouteCommandTests.circular]
        let quoted = (mails + [RouteCommandTests.circular]).map {
            $0.replacingOccurrences(of: "\nFrom here", with: "\n>From here")
        }
        try folder.write(
            quoted.map { "From ann@a.example Mon Mar  2 10:00:00 2026\n\($0)\n\n" }.joined(),
            to: "support.mbox"
        )
        let outcome = try await kith(
            "route",
            "replay",
            "--own",
            "crm.example",
            "--format",
            "csv",
            "support.mbox",
            in: folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = outcome.output.split(separator: "\r\n", omittingEmptySubsequences: true)
            .flatMap { $0.split(separator: "\n") }.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(
            rows.map { $0[0] } == ["message", "support.mbox:2", "support.mbox:1", "support.mbox:3", "support.mbox:4"]
        )
        #expect(rows.map { $0[4] } == ["kind", "message", "message", "message", "duplicate"])
        #expect(rows.map { $0[5] } == ["thread", "1", "1", "2", ""])
        #expect(rows.map { $0[7] } == ["reasons", "\"\"", "known-identifier", "\"\"", "delivered-before"])
        #expect(
            outcome.errors == """
                4 messages in 2 threads, 1 joined one that was there.
                Kinds: message 3, duplicate 1.
                Reasons: delivered-before 1, known-identifier 1.

                """
        )
        let people = try await kith("route", "replay", "--own", "crm.example", "support.mbox", in: folder)
        #expect(!people.output.contains("\u{1B}"), "a terminal does not obey a subject")
    }

    @Test func whatIsNoMessageIsLeftOut() async throws {
        let folder = try RouteCommandTests.folder()
        let outcome = try await kith("route", "replay", "archive", in: folder)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("Left out: archive/empty.eml is not read: the message is empty\n1 messages"))
        #expect(outcome.errors.hasSuffix("kith: 1 of 2 were left out\n"))
        let nowhere = try await kith("route", "replay", "nowhere", in: folder)
        #expect(nowhere.status == 2)
        #expect(nowhere.errors == "kith: nowhere is not there: name a folder of messages or an mbox file\n")
    }

    /// What would let every e-mail fail is said before any is begun.
    @Test func optionsOfSendingAreChecked() async throws {
        let folder = try Folder()
        let url = "smtp://mail.example:587"
        for (arguments, words) in [
            (["--submit", url], "--submit needs --mail-domain"),
            (["--submit", url, "--mail-domain", "münchen.example"], "--mail-domain is a domain in ASCII"),
            (["--submit", url, "--mail-domain", "crm..example"], "--mail-domain is a domain in ASCII"),
            (["--submit", url, "--mail-domain", "crm.example", "--submit-login", "plain"], "needs --submit-user"),
        ] {
            let outcome = try await run(Binary.kith, ["route", "serve", "--spool", "spool"] + arguments, in: folder)
            #expect(outcome.status != 0 && outcome.errors.contains(words), "\(outcome.errors)")
        }
    }
}
