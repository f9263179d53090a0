import Router
import Testing

/// Answers and what is done about them, state by state.
@Suite struct SubmitSessionTests {
    private static let clear = SubmitSettings(hostName: "crm.example", tls: .never)
    private static let hello = "S 220 a.example\nC EHLO crm.example\nS 250 a.example\n= ready\n"
    private static let pipelined =
        "S 220 a.example\nC EHLO crm.example\nS 250-a.example\nS 250-PIPELINING\nS 250 SIZE 1000\n= ready\n"
    private static let content = "C Subject: x\nC \nC Hello\nC ..dot\nC .\n"

    private func check(
        _ script: String,
        _ settings: SubmitSettings = clear,
        recipients: [String] = ["c@d.example"],
        sender: String = "a@b.example",
        message: String = "Subject: x\r\n\r\nHello\r\n.dot\r\n",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var dialogue = Dialogue(settings, sender: sender, recipients: recipients, message: message)
        let log = try dialogue.play(script)
        #expect(log == script.split(separator: "\n").map(String.init), sourceLocation: sourceLocation)
    }

    @Test func twoMessages() throws {
        let one = """
            > submit
            C MAIL FROM:<a@b.example>
            S 250 2.1.0 ok
            C RCPT TO:<c@d.example>
            S 250-2.1.5 yes,
            S 250 2.1.5 well
            C DATA
            S 354 go on
            \(Self.content)S 250 2.0.0 queued as 17
            = result accepted 250 2.0.0 queued as 17
            = ready

            """
        try check(Self.hello + one + one + "> quit\nC QUIT\nS 221 bye\n= close\n> lost")
    }

    @Test func withPipeliningAndAllThatIsOffered() throws {
        try check(
            """
            S 220-a.example greets
            S 220 you at length
            C EHLO crm.example
            S 250-a.example
            S 250-pipelining
            S 250-8BITMIME
            S 250-SMTPUTF8
            S 250-SIZE
            S 250-XYZZY 1 2
            S 250 ENHANCEDSTATUSCODES
            = ready
            > submit
            C MAIL FROM:<jürg@b.example> SIZE=12 BODY=8BITMIME SMTPUTF8
            C RCPT TO:<a@b.example>
            C RCPT TO:<é@d.example>
            S 250 ok
            S 250 ok
            S 251 forwards
            C DATA
            S 354 go on
            C A: b
            C \("")
            C é
            C .
            S 250 2.0.0 taken
            = result accepted 250 2.0.0 taken; accepted 250 2.0.0 taken
            = ready
            """,
            recipients: ["a@b.example", "é@d.example"],
            sender: "jürg@b.example",
            message: "A: b\r\n\r\né\r\n"
        )
    }

    @Test func recipientsHaveOutcomesOfTheirOwn() throws {
        try check(
            Self.pipelined + """
                > submit
                C MAIL FROM:<> SIZE=27
                C RCPT TO:<a@d.example>
                C RCPT TO:<b@d.example>
                C RCPT TO:<c@d.example>
                C RCPT TO:<d@d.example>
                S 250 ok
                S 550 5.1.1 unknown
                S 451 4.7.1 later
                S 250 ok
                S 552 too many
                C DATA
                S 354 go on
                \(Self.content)S 250 taken
                = result permanent 550 5.1.1 unknown; temporary 451 4.7.1 later; accepted 250 taken; temporary 552 too many
                = ready
                """,
            recipients: ["a", "b", "c", "d"].map { "\($0)@d.example" },
            sender: ""
        )
    }

    @Test func whatIsRefusedOnTheWay() throws {
        for (answers, outcome) in [
            // Who may submit is no matter of this message; its size and letters are.
            ("S 550 5.7.1 not you\nS 503 sender first", "temporary 550 5.7.1 not you"),
            ("S 552 5.3.4 too large\nS 503 sender first", "permanent 552 5.3.4 too large"),
            ("S 553 5.6.7 letters\nS 503 sender first", "permanent 553 5.6.7 letters"),
            ("S 452 4.3.1 full\nS 503 sender first", "temporary 452 4.3.1 full"),
            ("S 250 ok\nS 550 5.1.1 nobody", "permanent 550 5.1.1 nobody"),
            ("S 250 ok\nS 450 grey", "temporary 450 grey"),
        ] {
            try check(
                Self.pipelined
                    + "> submit\nC MAIL FROM:<a@b.example> SIZE=27\nC RCPT TO:<c@d.example>\n\(answers)\n= result \(outcome)\nC RSET\nS 250 ok\n= ready"
            )
        }
        try check(
            Self.hello
                + "> submit\nC MAIL FROM:<a@b.example>\nS 550 5.7.1 not you\n= result temporary 550 5.7.1 not you\nC RSET\nS 250 ok\n= ready"
        )
        let envelope =
            Self.hello + "> submit\nC MAIL FROM:<a@b.example>\nS 250 ok\nC RCPT TO:<c@d.example>\nS 250 ok\nC DATA\n"
        try check(envelope + "S 554 5.5.1 no\n= result permanent 554 5.5.1 no\nC RSET\nS 250 ok\n= ready")
        try check(
            envelope + "S 250 what?\n= result temporary 250 what?\n= failed for now protocolError: 250 what?\n= close"
        )
        for code in ["530 5.7.0", "535 5.7.8", "538 5.7.11"] {
            try check(
                envelope
                    + "S \(code) no\n= result temporary \(code) no\n= failed for good credentials: \(code) no\n= close"
            )
        }
        let sent = envelope + "S 354 go on\n" + Self.content
        try check(sent + "S 554 5.6.0 no\n= result permanent 554 5.6.0 no\n= ready")
        try check(sent + "S 451 4.3.0 later\n= result temporary 451 4.3.0 later\n= ready")
        try check(sent + "S 354 what?\n= result unknown\n= failed for now protocolError: 354 what?\n= close")
        try check(
            envelope
                + "S 554 no\n= result permanent 554 no\nC RSET\nS 500 no\n= failed for now protocolError: 500 no\n= close"
        )
    }

    @Test func theConnectionIsLost() throws {
        let lost = "> lost\n= failed for now connectionLost: 4.4.2 the connection ended\n= close"
        let result = "> lost\n= result temporary 4.4.2 the connection ended\n" + lost.dropFirst(7)
        try check(lost)
        try check("S 220 a\nC EHLO crm.example\n" + lost)
        try check(Self.hello + lost)
        let mail = Self.hello + "> submit\nC MAIL FROM:<a@b.example>\n"
        try check(mail + result)
        let data = mail + "S 250 ok\nC RCPT TO:<c@d.example>\nS 250 ok\nC DATA\n"
        try check(data + result)
        try check(data + "S 354 go on\n" + Self.content + "> lost\n= result unknown\n" + lost.dropFirst(7))
        try check(Self.hello + "> quit\nC QUIT\n> lost\n= close")
    }

    @Test func theOtherSideEndsAtAnyTime() throws {
        let end = "S 421 4.3.2 stopping\n= failed for now closing: 421 4.3.2 stopping\n= close\n> lost"
        let result = "S 421 4.3.2 stopping\n= result temporary 421 4.3.2 stopping\n" + end.dropFirst(21)
        try check(end)
        try check("S 220 a\nC EHLO crm.example\n" + end)
        try check(Self.hello + end)
        let mail = Self.hello + "> submit\nC MAIL FROM:<a@b.example>\n"
        try check(mail + result)
        let recipient = mail + "S 250 ok\nC RCPT TO:<c@d.example>\n"
        try check(recipient + result)
        try check(recipient + "S 250 ok\nC DATA\n" + result)
        // It says that it did not take it.
        try check(recipient + "S 250 ok\nC DATA\nS 354 go on\n" + Self.content + result)
        try check(Self.hello + "> quit\nC QUIT\nS 421 bye\n= close")
    }

    /// A system that refuses in the middle and hangs up is heard, where the message was not yet whole.
    @Test func anAnswerInTheMiddleOfAMessage() throws {
        var settings = Self.clear
        settings.limits.pieceBytes = 10
        var session = SubmitSession(settings)
        for line in ["220 a", "250 a", "250 ok", "250 ok", "354 go"] {
            session.receive(Array("\(line)\r\n".utf8))
            while line != "354 go", let action = session.nextAction() {
                guard action == .ready else { continue }
                session.submit(
                    try SubmitMessage(
                        sender: "",
                        recipients: ["a@b.example"],
                        bytes: Array("A: b\r\n\r\nlonger text\r\n".utf8)
                    )
                )
            }
        }
        #expect(session.nextAction() == .write(Array("A: b\r\n\r\nlo".utf8)))
        var flooded = session
        for _ in 0..<65 { flooded.receive([UInt8](repeating: 0x32, count: 1 << 10)) }
        guard case .result(let outcomes)? = flooded.nextAction() else { Issue.record("all was kept"); return }
        #expect(outcomes == [.temporary(SubmitReply.own("4.5.0", "it says too much while the message comes"))])
        session.receive(Array("552 5.3.4 too large\r\n".utf8))
        session.connectionLost()
        let reply = "552 5.3.4 too large"
        var log: [String] = []
        while let action = session.nextAction() { log += Dialogue.lines(action) }
        #expect(log == ["= result permanent \(reply)", "= failed for now closing: \(reply)", "= close"])
    }

    @Test func whatThisSideKnowsNeedsNoQuestion() throws {
        let large = "A: b\r\n\r\n" + String(repeating: "x\r\n", count: 400)
        try check(
            Self.pipelined + "> submit\n= result permanent 5.3.4 it has 1208 bytes, and 1000 are taken\n= ready",
            message: large
        )
        try check(
            Self.hello + "> submit\n= result permanent 5.6.3 it takes no bytes beyond ASCII\n= ready",
            message: "A: b\r\n\r\né\r\n"
        )
        try check(
            Self.hello + "> submit\n= result permanent 5.6.7 it takes no heads beyond ASCII\n= ready",
            message: "A: é\r\n\r\n"
        )
        try check(
            Self.hello + "> submit\n= result permanent 5.6.7 it takes no addresses beyond ASCII\n= ready",
            recipients: ["é@b.example"]
        )
        try check(
            Self.hello + """
                > submit
                C MAIL FROM:<a@b.example>
                S 250 ok
                C RCPT TO:<c@d.example>
                S 250 ok
                C DATA
                S 354 go on
                \(Self.content)S 250 ok
                = result permanent 5.6.7 it takes no addresses beyond ASCII; accepted 250 ok
                = ready
                """,
            recipients: ["é@b.example", "c@d.example"]
        )
    }

    @Test func greetings() throws {
        try check("S 554 5.7.1 not you\n= failed for good greeting: 554 5.7.1 not you\n= close")
        try check("S 450 later\n= failed for now greeting: 450 later\n= close")
        try check(
            "S 220 a\nC EHLO crm.example\nS 502 what?\nC HELO crm.example\nS 250 a\n= ready\n> quit\nC QUIT\nS 221 bye\n= close"
        )
        try check("S 220 a\nC EHLO crm.example\nS 450 no\n= failed for now hello: 450 no\n= close")
        try check(
            "S 220 a\nC EHLO crm.example\nS 550 no\nC HELO crm.example\nS 550 no\n= failed for good hello: 550 no\n= close"
        )
        for name in ["", "a b", "a\r\nMAIL FROM:<x>", "ä.example", String(repeating: "a", count: 256)] {
            var session = SubmitSession(SubmitSettings(hostName: name, tls: .never))
            guard case .failed(let failure)? = session.nextAction() else { Issue.record("\(name)"); continue }
            #expect(failure.reason == .hello && session.nextAction() == .close && session.nextAction() == nil)
        }
    }

    @Test func whatIsNoAnswer() throws {
        for answer in ["", "22", "2x0 a", "220+a", "620 a", "199 a", "HTTP/1.1 400 Bad Request", "220-a\r\n221 b"] {
            var session = SubmitSession(Self.clear)
            session.receive(Array("\(answer)\r\n".utf8))
            guard case .failed(let failure)? = session.nextAction() else { Issue.record("\(answer)"); continue }
            #expect(failure.reason == .protocolError && failure.isTemporary, "\(answer)")
            #expect(session.nextAction() == .close)
        }
    }

    @Test func answersAreBounded() {
        func reason(_ bytes: String) -> SubmitFailure.Reason? {
            var session = SubmitSession(Self.clear)
            session.receive(Array(bytes.utf8))
            guard case .failed(let failure)? = session.nextAction() else { return nil }
            return failure.reason
        }
        #expect(reason("220 " + String(repeating: "x", count: 2_043)) == nil)
        #expect(reason("220 " + String(repeating: "x", count: 2_044)) == .protocolError)
        #expect(reason(String(repeating: "220-a\r\n", count: 199)) == nil)
        #expect(reason(String(repeating: "220-a\r\n", count: 201)) == .protocolError)
        #expect(
            reason(String(repeating: "220-" + String(repeating: "x", count: 1_500) + "\r\n", count: 50))
                == .protocolError
        )
        var session = SubmitSession(Self.clear)
        session.receive(Array("554 5.7.1 \(String(repeating: "é", count: 700))\u{7}\r\n".utf8))
        guard case .failed(let failure)? = session.nextAction() else { return }
        #expect(failure.reply.text == String(repeating: "é", count: 500))
    }
}
