import Router
import Testing

@Suite struct MailClassifierTests {
    private static func decide(
        _ text: String,
        to recipients: [String] = [],
        knowing knowledge: InMemoryMailKnowledge = InMemoryMailKnowledge(ownDomains: ["crm.example"])
    ) throws -> MailDecision {
        let delivery = try MailDelivery(
            Array(text.replacing("\n", with: "\r\n").utf8),
            recipients: recipients.map { MailAddress(address: $0) }
        )
        return MailRouter(rules: MailRules(routerName: "router-1")).decide(delivery, knowing: knowledge)
    }

    @Test(arguments: [
        ("From: ann@a.example\nTo: x@crm.example\n\nhello", "message", MailReason.ordinary),
        ("From: a@crm.example\nTo: b@crm.example\n\nhello", "internal", .ownSenderAndRecipients),
        ("From: a@crm.example\nTo: b@crm.example, ann@a.example\n\nhello", "message", .ordinary),
        ("From: ann@a.example\nAuto-Submitted: auto-replied\n\nx", "automatic", .autoSubmitted),
        ("From: ann@a.example\nAuto-Submitted: no\n\nx", "message", .ordinary),
        ("From: ann@a.example\nX-Autoreply: yes\n\nx", "automatic", .autoReplyMark),
        ("From: ann@a.example\nPrecedence: auto_reply\n\nx", "automatic", .autoReplyMark),
        ("From: ann@a.example\nSubject: Automatische Antwort: Angebot\n\nx", "automatic", .autoReplySubject),
        ("From: ann@a.example\nSubject: Out of Office: x\n\nx", "automatic", .autoReplySubject),
        ("From: ann@a.example\nSubject: Re: Out of office furniture\n\nx", "message", .ordinary),
        ("Return-Path: <>\nFrom: ann@a.example\nSubject: received\n\nx", "automatic", .nullSender),
        ("From: n@a.example\nList-Unsubscribe: <mailto:x@a.example>\n\nx", "bulk", .listMark),
        ("From: n@a.example\nPrecedence: bulk\n\nx", "bulk", .bulkPrecedence),
        ("From: n@a.example\nX-Auto-Response-Suppress: All\n\nx", "message", .ordinary),
        ("From: a@b.example\nX-Kith-Router: router-1\n\nx", "loop", .ownLoopMark),
        ("From: a@b.example\nX-Kith-Router: router-2\n\nx", "message", .ordinary),
    ])
    func kinds(_ text: String, _ kind: String, _ reason: MailReason) throws {
        let decision = try MailClassifierTests.decide(text)
        #expect(decision.kind.name == kind)
        #expect(decision.steps.contains { $0.reason == reason })
    }

    @Test func whatGoesInCirclesIsStopped() throws {
        let hops = String(repeating: "Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000\n", count: 51)
        #expect(try MailClassifierTests.decide(hops + "From: a@b.example\n\nx").kind.name == "loop")
    }

    @Test func theSameMessageIsTakenOnce() throws {
        let text = "Message-ID: <1@x>\nReceived: from a\nFrom: a@b.example\n\nbody"
        var knowledge = InMemoryMailKnowledge()
        let delivery = try MailDelivery(Array(text.replacing("\n", with: "\r\n").utf8))
        knowledge.add(delivery.message, fingerprint: delivery.fingerprint, to: MailThreadID(rawValue: 1))
        let again = try MailClassifierTests.decide("Received: from c\n" + text, knowing: knowledge)
        #expect(again.kind.name == "duplicate")
        #expect(again.steps.map(\.reason) == [.deliveredBefore])
        let other = try MailClassifierTests.decide(text + "!", knowing: knowledge)
        #expect(other.kind.name == "message", "the identifier alone is no proof")
    }

    private static func report(_ fields: String, text: String = "It failed.") -> String {
        """
        Return-Path: <>
        From: Mail Delivery System <MAILER-DAEMON@mx.example>
        To: crm@crm.example
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        Content-Type: multipart/report; report-type=delivery-status; boundary=b

        --b
        Content-Type: text/plain

        \(text)
        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example

        \(fields)
        --b
        Content-Type: message/rfc822

        Message-ID: <sent@crm.example>
        From: crm@crm.example
        To: ann@a.example
        Subject: Offer

        text
        --b--
        """
    }

    private static func bounce(_ text: String) throws -> BounceReport {
        guard case .bounce(let report) = try decide(text).kind else {
            Issue.record("no bounce: \(text)")
            return BounceReport(recipients: [])
        }
        return report
    }

    @Test func aReportIsRead() throws {
        let report = try MailClassifierTests.bounce(
            MailClassifierTests.report(
                """
                Final-Recipient: rfc822; ann@a.example
                Action: failed
                Status: 5.1.1
                Diagnostic-Code: smtp; 550 5.1.1 <ann@a.example>: User
                 unknown

                Final-Recipient: rfc822;bert@b.example
                Action: failed
                Status: 5.0.0
                Diagnostic-Code: smtp; 452 4.2.2 mailbox full

                Final-Recipient: rfc822; cleo@c.example
                Action: delivered
                Status: 2.0.0
                """
            )
        )
        #expect(report.recipients.map(\.address) == ["ann@a.example", "bert@b.example"])
        #expect(report.recipients.map(\.status) == ["5.1.1", "4.2.2"])
        #expect(report.recipients.map(\.replyCode) == ["550", "452"])
        #expect(report.recipients.map(\.isHard) == [true, false])
        #expect(report.recipients.map(\.reason) == [.addressUnknown, .mailboxFull])
        #expect(report.originalID == MessageID("sent@crm.example"))
    }

    @Test func aDelayIsSoftAndAReceiptIsNone() throws {
        let delayed = try MailClassifierTests.bounce(
            MailClassifierTests.report("Final-Recipient: rfc822; ann@a.example\nAction: delayed\nStatus: 4.4.1")
        )
        #expect(delayed.recipients.map(\.isDelayed) == [true])
        #expect(delayed.recipients.map(\.isHard) == [false])
        let receipt = MailClassifierTests.report(
            "Final-Recipient: rfc822; ann@a.example\nAction: delivered\nStatus: 2.0.0"
        )
        .replacing("Undelivered Mail Returned to Sender", with: "Delivered")
        #expect(try MailClassifierTests.decide(receipt).kind.name == "automatic")
    }

    /// The address exists for who asks, and a filter says otherwise once it has seen the message.
    @Test func whoSaysUnknownAfterTheContentKnowsTheMailbox() throws {
        let fields =
            "Final-Recipient: rfc822; ann@a.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 User unknown"
        let early = try MailClassifierTests.bounce(
            MailClassifierTests.report(fields, text: "said: 550 User unknown (in reply to RCPT TO command)")
        )
        #expect(early.recipients.map(\.isHard) == [true])
        let late = try MailClassifierTests.bounce(
            MailClassifierTests.report(fields, text: "said: 550 User unknown (in reply to end of\n DATA command)")
        )
        #expect(late.recipients.map(\.reason) == [.refused])
    }

    @Test func wordsAreReadToo() throws {
        let report = try MailClassifierTests.bounce(
            """
            Return-Path: <>
            From: MAILER-DAEMON@mx.example
            To: crm@crm.example
            Subject: failure notice

            Hi. This is the mail program at mx.example.

            <ann@a.example>:
            Sorry, no mailbox here by that name. (#5.1.1)

            <bert@b.example>:
            Connected to 192.0.2.1 but sender was rejected.
            Remote host said: 553 5.1.8 Domain of sender address crm@crm.example does not exist

            --- Below this line is a copy of the message.

            From: crm@crm.example
            To: zoe@z.example
            Message-ID: <sent@crm.example>

            mailbox full
            """
        )
        #expect(report.recipients.map(\.address) == ["ann@a.example", "bert@b.example"])
        #expect(report.recipients.map(\.isHard) == [true, false], "what is said of the sender marks nobody")
        #expect(report.originalID == MessageID("sent@crm.example"))
    }

    @Test func quotedReportsAreNone() throws {
        for head in [
            "From: ann@a.example\nSubject: Re: failure notice", "From: ann@a.example\nSubject: Fwd: Undelivered Mail",
        ] {
            let decision = try MailClassifierTests.decide(
                "\(head)\n\n> <x@y.example>: 550 5.1.1 User unknown\nWhat does this mean?"
            )
            #expect(decision.kind.name == "message")
        }
    }

    @Test func aBounceIsLinkedByWhatItReturns() throws {
        var knowledge = InMemoryMailKnowledge(ownDomains: ["crm.example"])
        let sent = try MailDelivery(Array("Message-ID: <sent@crm.example>\r\nSubject: Offer\r\n\r\nx".utf8))
        knowledge.add(sent.message, fingerprint: sent.fingerprint, to: MailThreadID(rawValue: 4))
        let text = MailClassifierTests.report("Final-Recipient: rfc822; ann@a.example\nAction: failed\nStatus: 5.1.1")
        #expect(try MailClassifierTests.decide(text, knowing: knowledge).link == .thread(MailThreadID(rawValue: 4)))
    }

    @Test func aComplaintIsRead() throws {
        let decision = try MailClassifierTests.decide(
            """
            From: feedback@isp.example
            Content-Type: multipart/report; report-type=feedback-report; boundary=b

            --b

            An abuse report.
            --b
            Content-Type: message/feedback-report

            Feedback-Type: abuse
            User-Agent: x
            Original-Rcpt-To: <ann@a.example>
            --b
            Content-Type: message/rfc822

            Message-ID: <sent@crm.example>

            text
            --b--
            """
        )
        guard case .complaint(let complaint) = decision.kind else {
            Issue.record("no complaint")
            return
        }
        #expect(
            complaint
                == ComplaintReport(type: "abuse", recipient: "ann@a.example", originalID: MessageID("sent@crm.example"))
        )
    }
}
