import Router
import Testing

/// Commands and answers, state by state.
@Suite struct MailSessionTests {
    /// Each line is a command; behind `=>` the answer that it gets.
    private func check(_ script: String, _ conversation: Conversation = Conversation()) {
        var conversation = conversation
        var expected: [String] = []
        for line in script.split(separator: "\n") {
            let parts = line.split(separator: "=>", maxSplits: 1)
            conversation.feed(String(parts[0]).trimmed + "\r\n")
            if parts.count > 1 { expected.append(String(parts[1]).trimmed) }
        }
        #expect(conversation.answers == expected)
    }

    @Test func theGreetingNamesHostAndProtocol() {
        #expect(Conversation(.smtp).sent == "220 crm.example ESMTP kith\r\n")
        #expect(Conversation(.lmtp).sent == "220 crm.example LMTP kith\r\n")
    }

    @Test func whatIsOffered() {
        var conversation = Conversation()
        conversation.feed("EHLO client.example\r\n")
        #expect(
            conversation.sent.split(separator: "\r\n").dropFirst() == [
                "250-crm.example", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250-SIZE 67108864",
                "250 ENHANCEDSTATUSCODES",
            ]
        )
    }

    @Test func oneMessage() {
        var conversation = Conversation()
        conversation.feed(opening + "Subject: x\r\n\r\n..dot\r\n.hidden\r\nend\r\n.\r\nQUIT\r\n")
        #expect(conversation.answers == openingAnswers + ["250 2.0.0", "221 2.0.0"])
        #expect(conversation.isClosed)
        #expect(
            conversation.messages == [
                ReceivedMail(
                    sender: "a@client.example",
                    recipients: ["b@crm.example"],
                    peer: "client.example",
                    bytes: Array("Subject: x\r\n\r\n.dot\r\nhidden\r\nend\r\n".utf8)
                )
            ]
        )
    }

    @Test func anEmptyMessageIsOne() {
        var conversation = Conversation()
        conversation.feed(opening + ".\r\n")
        #expect(conversation.messages.map(\.bytes) == [[]])
    }

    @Test func theOrderOfCommands() {
        check(
            """
            MAIL FROM:<a@b.example> => 503 5.5.1
            RCPT TO:<a@b.example> => 503 5.5.1
            DATA => 503 5.5.1
            NOOP anything => 250 2.0.0
            RSET => 250 2.0.0
            VRFY a => 252 2.5.0
            EHLO x => 250
            RCPT TO:<a@b.example> => 503 5.5.1
            DATA => 503 5.5.1
            MAIL FROM:<> => 250 2.1.0
            MAIL FROM:<> => 503 5.5.1
            DATA => 503 5.5.1
            RCPT TO:<a@b.example> => 250 2.1.5
            RSET => 250 2.0.0
            RCPT TO:<a@b.example> => 503 5.5.1
            MAIL FROM:<> => 250 2.1.0
            RCPT TO:<a@b.example> => 250 2.1.5
            EHLO y => 250
            DATA => 503 5.5.1
            QUIT => 221 2.0.0
            """
        )
    }

    @Test func whatIsNotOfTheForm() {
        check(
            """
            XYZZY => 500 5.5.2
            EHLO => 501 5.5.4
            EHLO two words => 501 5.5.4
            LHLO x => 500 5.5.1
            HELO x => 250
            MAIL => 501 5.1.7
            MAIL FROM a@b.example => 501 5.1.7
            MAIL FROM:a@b.example => 501 5.1.7
            MAIL FROM:<a b@c.example> => 501 5.1.7
            MAIL FROM:<a@b@c.example> => 501 5.1.7
            MAIL FROM:<a@> => 501 5.1.7
            MAIL FROM:<@b.example> => 501 5.1.7
            MAIL FROM:<a@b.example>x => 501 5.1.7
            STARTTLS => 502 5.5.1
            DATA now => 501 5.5.4
            RSET now => 501 5.5.4
            """
        )
        check(
            """
            HELO x => 250
            MAIL FROM:<a@b.example> NEW=1 => 555 5.5.4
            MAIL FROM:<a@b.example> SIZE=x => 501 5.5.4
            MAIL FROM:<a@b.example> SIZE => 555 5.5.4
            MAIL FROM:<a@b.example> BODY=BINARYMIME => 501 5.5.4
            MAIL FROM:<a@b.example> SIZE=1 SIZE=1 => 501 5.1.7
            MAIL FROM:<a@b.example> => 250 2.1.0
            RCPT TO:<> => 501 5.1.3
            RCPT TO:<a@b.example> NOTIFY=NEVER => 555 5.5.4
            """
        )
    }

    /// Paths that people and systems really use.
    @Test(arguments: [
        ("<a@b.example>", "a@b.example"), ("<A.b+c@B.Example>", "A.b+c@B.Example"),
        ("<a..b.@c.example>", "a..b.@c.example"),
        ("<\"a b\"@c.example>", "\"a b\"@c.example"), ("<\"a\\\"b@d\"@c.example>", "\"a\\\"b@d\"@c.example"),
        ("<@x.example,@y.example:a@b.example>", "a@b.example"), ("<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("<postmaster>", "postmaster"), (" <a@b.example>", "a@b.example"),
        ("<a@under_score.example>", "a@under_score.example"),
        ("<=?x@b.example>", "=?x@b.example"),
    ])
    func paths(_ path: String, _ address: String) {
        var conversation = Conversation()
        conversation.feed("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:\(path)\r\nDATA\r\n.\r\n")
        #expect(conversation.messages.first?.recipients == [address])
    }

    @Test func charactersBeyondASCIINeedTheirExtension() {
        check(
            """
            EHLO x => 250
            MAIL FROM:<jürg@b.example> => 553 5.6.7
            MAIL FROM:<a@b.example> BODY=8BITMIME => 250 2.1.0
            RCPT TO:<jürg@b.example> => 553 5.6.7
            RSET => 250 2.0.0
            MAIL FROM:<jürg@b.example> SMTPUTF8 BODY=8bitmime SIZE=100 => 250 2.1.0
            RCPT TO:<κ@παράδειγμα.example> => 250 2.1.5
            """
        )
        var conversation = Conversation()
        conversation.feed(Array("EHLO x\r\nMAIL FROM:<".utf8) + [0xFF] + Array("@b.example> SMTPUTF8\r\n".utf8))
        #expect(conversation.answers == ["250", "501 5.1.7"])
    }

    @Test func sizesAreBoundedTwice() {
        var limits = ReceiveLimits()
        limits.messageBytesMax = 10
        check(
            """
            EHLO x => 250
            MAIL FROM:<a@b.example> SIZE=11 => 552 5.3.4
            MAIL FROM:<a@b.example> SIZE=99999999999999999999 => 552 5.3.4
            MAIL FROM:<a@b.example> SIZE=10 => 250 2.1.0
            """,
            Conversation(limits: limits)
        )
        var conversation = Conversation(limits: limits)
        conversation.feed(opening + "12345678\r\n.\r\n" + opening + "123456789\r\n.\r\nNOOP\r\n")
        #expect(conversation.answers == openingAnswers + ["250 2.0.0"] + openingAnswers + ["552 5.3.4", "250 2.0.0"])
        #expect(conversation.messages.count == 1)
    }

    @Test func aMessageThatMemoryIsMissingForIsRefusedForNow() {
        var conversation = Conversation()
        conversation.feed(opening + "half")
        #expect(conversation.session.keptBytes == 4)
        conversation.session.dropMessage()
        #expect(conversation.session.keptBytes == 0)
        conversation.feed(" and half\r\n.\r\n" + opening + ".\r\n")
        #expect(conversation.answers == openingAnswers + ["452 4.3.1"] + openingAnswers + ["250 2.0.0"])
    }

    @Test func manyRecipients() {
        var limits = ReceiveLimits()
        limits.recipientsMax = 100
        var conversation = Conversation(limits: limits)
        conversation.feed("EHLO x\r\nMAIL FROM:<>\r\n")
        for index in 0..<102 { conversation.feed("RCPT TO:<r\(index)@crm.example>\r\n") }
        conversation.feed("DATA\r\n.\r\n")
        #expect(conversation.answers.suffix(5) == ["250 2.1.5", "452 4.5.3", "452 4.5.3", "354", "250 2.0.0"])
        #expect(conversation.messages.first?.recipients.count == 100)
    }

    @Test func onlyTheDomainsThatAreOnesOwn() {
        check(
            """
            EHLO x => 250
            MAIL FROM:<> => 250 2.1.0
            RCPT TO:<a@CRM.example> => 250 2.1.5
            RCPT TO:<a@other.example> => 550 5.7.1
            RCPT TO:<Postmaster> => 250 2.1.5
            RCPT TO:<somebody> => 550 5.7.1
            RCPT TO:<postmaster@other.example> => 550 5.7.1
            """,
            Conversation(domains: ["crm.example"])
        )
    }

    @Test func lmtpAnswersForEachRecipient() {
        var conversation = Conversation(.lmtp)
        conversation.feed("LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<>\r\nRCPT TO:<b@x.example>\r\n")
        conversation.feed("DATA\r\n.\r\nDATA\r\nEHLO x\r\nHELO x\r\n")
        let rest = ["354", "250 2.0.0", "250 2.0.0", "503 5.5.1", "500 5.5.1", "500 5.5.1"]
        #expect(conversation.answers == ["250", "250 2.1.0", "250 2.1.5", "501 5.1.3", "250 2.1.5"] + rest)
        conversation.outcome = .spoolFull
        conversation.feed("MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<a@x.example>\r\nDATA\r\n.\r\n")
        #expect(conversation.answers.suffix(3) == ["354", "452 4.3.1", "452 4.3.1"])
    }

    /// Nothing behind a message is answered before it is settled.
    @Test func answersWaitForTheDisk() {
        var session = MailSession(.smtp, hostName: "crm.example")
        session.receive(Array((opening + "x\r\n.\r\nNOOP\r\n" + opening).utf8))
        var events: [MailSession.Event] = []
        while let event = session.nextEvent() { events.append(event) }
        guard case .message? = events.last else {
            Issue.record("no message: \(events)")
            return
        }
        session.end(.stopping)
        #expect(session.nextEvent() == nil)
        session.settle(.stored)
        #expect(session.nextEvent() == .send(Array("250 2.0.0 taken, it is on the disk\r\n".utf8)))
        #expect(session.nextEvent() == .send(Array("250 2.0.0 done\r\n".utf8)))
    }

    @Test func whoErrsTooOftenIsSentAway() {
        var conversation = Conversation()
        conversation.feed(String(repeating: "XYZZY\r\n", count: 30) + opening)
        #expect(conversation.answers == Array(repeating: "500 5.5.2", count: 20) + ["421 4.7.0"])
        #expect(conversation.isClosed)
        var limits = ReceiveLimits()
        limits.commandsMax = 5
        var idler = Conversation(limits: limits)
        idler.feed(String(repeating: "NOOP\r\n", count: 9))
        #expect(idler.answers == Array(repeating: "250 2.0.0", count: 5) + ["421 4.7.0"])
    }

    @Test func aCommandWithoutEndIsNone() {
        var conversation = Conversation()
        conversation.feed(String(repeating: "x", count: 2_047))
        #expect(!conversation.isClosed)
        conversation.feed("x")
        #expect(conversation.answers == ["521 5.5.2"] && conversation.isClosed)
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
