import Router
import Testing

/// Encryption, credentials, and that nothing that is handed over is read as something else.
@Suite struct SubmitSecurityTests {
    private func check(
        _ script: String,
        _ tls: SubmitTLS,
        _ credentials: SubmitCredentials? = nil,
        allowsClear: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var settings = SubmitSettings(hostName: "crm.example", tls: tls, credentials: credentials)
        settings.allowsClearCredentials = allowsClear
        var dialogue = Dialogue(settings)
        let log = try dialogue.play(script)
        #expect(log == script.split(separator: "\n").map(String.init), sourceLocation: sourceLocation)
    }

    private let offered = "S 220 a\nC EHLO crm.example\nS 250-a\nS 250 STARTTLS\n"
    private let missing = "S 220 a\nC EHLO crm.example\nS 250 a\n"

    @Test func encryptionBegins() throws {
        for tls in [SubmitTLS.required, .ifOffered] {
            try check(
                offered
                    + "C STARTTLS\nS 220 go\n= starttls\n> tls\nC EHLO crm.example\nS 250 a\n= ready\n> quit\nC QUIT\nS 221 bye\n= close",
                tls
            )
        }
        try check(offered + "= ready", .never)
        try check(offered + "= ready", .fromStart)
        try check(missing + "= ready", .ifOffered)
        try check(
            missing + "= failed for good tlsMissing: 5.7.4 TLS is required, and STARTTLS is not offered\n= close",
            .required
        )
        try check(offered + "C STARTTLS\nS 454 later\n= ready", .ifOffered)
        try check(offered + "C STARTTLS\nS 454 later\n= failed for now tls: 454 later\n= close", .required)
        try check(offered + "C STARTTLS\nS 501 no\n= failed for good tls: 501 no\n= close", .required)
        try check("S 220 a\nC EHLO crm.example\nS 502 what?\n= failed for good hello: 502 what?\n= close", .required)
        try check(
            offered
                + "C STARTTLS\nS 220 go\n= starttls\n> lost\n= failed for now connectionLost: 4.4.2 the connection ended\n= close",
            .required
        )
    }

    /// What somebody put in behind the answer would be taken for what the system says under encryption (CVE-2021-38370 and its kin).
    @Test func whatCameInClearDoesNotCount() throws {
        for rest in ["2", "250-a\r\n250 AUTH PLAIN\r\n", "\n"] {
            var session = SubmitSession(SubmitSettings(hostName: "crm.example", tls: .required))
            session.receive(Array("220 a\r\n250-a\r\n250 STARTTLS\r\n".utf8))
            while session.nextAction() != nil {}
            session.receive(Array("220 go\r\n\(rest)".utf8))
            guard case .failed(let failure)? = session.nextAction() else { Issue.record("\(rest)"); continue }
            #expect(failure.reason == .tls && session.nextAction() == .close)
        }
        var session = SubmitSession(SubmitSettings(hostName: "crm.example", tls: .required))
        session.receive(Array("220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n".utf8))
        while let action = session.nextAction(), action != .startTLS {}
        session.receive(Array("2".utf8))
        guard case .failed(let failure)? = session.nextAction() else { Issue.record("taken"); return }
        #expect(failure.reason == .tls)
        try check(
            offered
                + "C STARTTLS\nS 220 go\n= starttls\n> no tls\n= failed for now tls: 4.7.0 certificate of another\n= close",
            .required
        )
        // What was offered in clear is not believed either.
        try check(
            "S 220 a\nC EHLO crm.example\nS 250-a\nS 250-AUTH PLAIN\nS 250 STARTTLS\nC STARTTLS\nS 220 go\n= starttls\n> tls\nC EHLO crm.example\nS 250 a\n= failed for good mechanismMissing: 5.7.4 PLAIN and LOGIN not offered\n= close",
            .required,
            SubmitCredentials(user: "u", secret: "s")
        )
    }

    private func hello(_ mechanisms: String) -> String {
        "S 220 a\nC EHLO crm.example\nS 250-a\nS 250 AUTH \(mechanisms)\n"
    }

    @Test func whoSubmits() throws {
        let password = SubmitCredentials(user: "ann", secret: "pässword")
        let plain = hello("LOGIN PLAIN") + "C AUTH PLAIN AGFubgBww6Rzc3dvcmQ=\n"
        try check(plain + "S 235 2.7.0 welcome\n= ready", .fromStart, password)
        try check(plain + "S 535 5.7.8 no\n= failed for good credentials: 535 5.7.8 no\n= close", .fromStart, password)
        try check(
            plain + "S 454 4.7.0 later\n= failed for now credentials: 454 4.7.0 later\n= close",
            .fromStart,
            password
        )
        try check(plain + "S 334 x\n= failed for now protocolError: 334 x\n= close", .fromStart, password)
        try check(hello("=PLAIN") + "C AUTH PLAIN AGFubgBww6Rzc3dvcmQ=\nS 235 ok\n= ready", .fromStart, password)
        let login =
            hello("LOGIN CRAM-MD5") + "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC YW5u\nS 334 UGFzc3dvcmQ6\nC cMOkc3N3b3Jk\n"
        try check(login + "S 235 ok\n= ready", .fromStart, password)
        try check(login + "S 535 no\n= failed for good credentials: 535 no\n= close", .fromStart, password)
        let wanted = SubmitCredentials(user: "ann", secret: "x", mechanism: .login)
        try check(
            hello("PLAIN") + "= failed for good mechanismMissing: 5.7.4 LOGIN not offered\n= close",
            .fromStart,
            wanted
        )
        for user in ["", "a\0b", "a\r\nRSET", "a\u{1}b"] {
            try check(
                hello("PLAIN")
                    + "= failed for good credentials: 5.7.8 user and password have no control characters\n= close",
                .fromStart,
                SubmitCredentials(user: user, secret: "x")
            )
        }
    }

    @Test func tokens() throws {
        let credentials = SubmitCredentials(user: "someuser@example.com", secret: "ya29.vF9dft4", mechanism: .xoauth2)
        // Google's own example, with a shorter token.
        let said =
            hello("XOAUTH2 PLAIN")
            + "C AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDQBAQ==\n"
        try check(said + "S 235 ok\n= ready", .fromStart, credentials)
        try check(
            said
                + "S 334 eyJzdGF0dXMiOiI0MDEifQ==\nC \nS 535 5.7.8 no\n= failed for good credentials: 535 5.7.8 no {\"status\":\"401\"}\n= close",
            .fromStart,
            credentials
        )
        try check(
            said + "S 334 e30=\nC \nS 235 ok\n= failed for now protocolError: 235 ok\n= close",
            .fromStart,
            credentials
        )
    }

    @Test func credentialsStayWhereNobodyListens() throws {
        let credentials = SubmitCredentials(user: "ann", secret: "x")
        let refused = "= failed for good clearCredentials: 5.7.11 the connection is not encrypted\n= close"
        try check(hello("PLAIN") + refused, .never, credentials)
        try check(hello("PLAIN") + refused, .ifOffered, credentials)
        try check(
            "S 220 a\nC EHLO crm.example\nS 250-a\nS 250-AUTH PLAIN\nS 250 STARTTLS\nC STARTTLS\nS 454 no\n" + refused,
            .ifOffered,
            credentials
        )
        try check(hello("PLAIN") + "C AUTH PLAIN AGFubgB4\nS 235 ok\n= ready", .never, credentials, allowsClear: true)
    }

    /// The endings of SmugglingTests, and more: none is in what may be submitted.
    @Test(arguments: [
        "\n.\n", "\r.\r", "\r.\n", "\n.\r", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\r\n.\r\r\n", "\r\r\n.\r\r\n",
        "\r\n\n.\r\n",
        "\r\n\r.\r\n", "\n\n.\r\n", "\n\r\n.\r\n", "\r\n.\n\r\n", "\r\n.\r\r.\r\n", "\n", "\r", "\r\r\n", "\0",
        "\r\n\0.\r\n",
    ])
    func noSmugglingSequenceIsSent(_ ending: String) {
        let bytes = Array("A: b\r\n\r\ntext\(ending)MAIL FROM:<x@y.example>\r\n.\r\n".utf8)
        #expect(throws: SubmitMessage.Refusal.self) {
            try SubmitMessage(sender: "", recipients: ["a@b.example"], bytes: bytes)
        }
    }

    @Test func whatMayNotBeSubmitted() {
        func refusal(
            _ sender: String,
            _ recipients: [String],
            _ text: String = "A: b\r\n\r\n"
        ) -> SubmitMessage.Refusal? {
            do throws(SubmitMessage.Refusal) {
                _ = try SubmitMessage(sender: sender, recipients: recipients, bytes: Array(text.utf8))
                return nil
            } catch { return error }
        }
        let good = ["a@b.example"]
        #expect(refusal("", good) == nil && refusal("\"a b\"@c.example", ["postmaster"]) == nil)
        #expect(refusal("", []) == .noRecipients && refusal("", good, "") == .noBytes)
        #expect(refusal("", Array(repeating: "a@b.example", count: 1_001)) == .tooManyRecipients(count: 1_001))
        for path in [
            "a>\r\nRCPT TO:<b@c.example", "a b@c.example", "a@b@c.example", "<a@b.example>", "a@b.example> SIZE=1",
            "@x:a@b.example", "a\u{85}@b.example", "a@b.example\0",
        ] {
            #expect(refusal(path, good) == .invalidSender)
            #expect(refusal("", good + [path]) == .invalidRecipient(index: 1))
        }
        #expect(refusal("", [""]) == .invalidRecipient(index: 0))
        #expect(
            refusal("", good, "A: b") == .bareLineEnd(offset: 4)
                && refusal("", good, "A: b\r") == .bareLineEnd(offset: 4)
        )
        let line = String(repeating: "x", count: 998)
        #expect(
            refusal("", good, "\(line)\r\n") == nil
                && refusal("", good, "A: b\r\n\(line)x\r\n") == .lineTooLong(offset: 6)
        )
    }
}
