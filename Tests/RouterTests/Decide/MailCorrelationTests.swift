import Router
import Testing

/// Named situations, most of them threads in which other systems failed.
@Suite struct MailCorrelationTests {
    private static let tokens = ReplyToken(keys: [[UInt8](repeating: 7, count: 32)])
    private static let ticket = MailThreadID(rawValue: 0x0190_0000_0000_002A)

    /// A CRM that has one conversation: ann@a.example asked about an invoice, and was answered.
    private static func knowledge() throws -> InMemoryMailKnowledge {
        var knowledge = InMemoryMailKnowledge(ownAddresses: ["crm@crm.example"], ownDomains: ["staff.example"])
        let first = try delivery(
            """
            Message-ID: <ask@a.example>
            From: Ann <ann@a.example>
            To: crm@crm.example
            Cc: bert@b.example
            Subject: Invoice 17 is wrong
            Thread-Index: AdYyAAAAAAAAAAAAAAAAAAAAAAAAAAAA

            Please help.
            """
        )
        knowledge.add(first.message, fingerprint: first.fingerprint, to: ticket)
        let answer = try delivery(
            """
            Message-ID: <answer@crm.example>
            In-Reply-To: <ask@a.example>
            From: crm@crm.example
            To: ann@a.example
            Subject: Re: Invoice 17 is wrong

            We look.
            """
        )
        knowledge.add(answer.message, fingerprint: answer.fingerprint, to: ticket)
        knowledge.add(
            MailThread(subject: "invoice 17 is wrong", participants: [], accountDomains: ["a.example"]),
            as: ticket,
            tag: "0001001"
        )
        return knowledge
    }

    private static func delivery(_ text: String, to recipients: [String] = []) throws -> MailDelivery {
        try MailDelivery(
            Array(text.replacing("\n", with: "\r\n").utf8),
            recipients: recipients.map { MailAddress(address: $0) }
        )
    }

    private static func decide(_ text: String, to recipients: [String] = []) throws -> MailDecision {
        let rules = MailRules(tokens: tokens, subjectTagPrefix: "CRM:")
        return MailRouter(rules: rules).decide(try delivery(text, to: recipients), knowing: try knowledge())
    }

    private static func reason(_ decision: MailDecision, _ step: MailStep) -> MailReason? {
        decision.steps.first { $0.step == step }?.reason
    }

    @Test func aTokenLinksWhateverElseIsLost() throws {
        let token = try #require(MailCorrelationTests.tokens.token(for: MailCorrelationTests.ticket))
        for place in [
            "To: crm+\(token)@crm.example", "Cc: CRM+\(token.lowercased())@crm.example",
            "Delivered-To: crm+\(token)@crm.example", "X-Original-To: a+b+\(token)@crm.example",
        ] {
            let decision = try MailCorrelationTests.decide(
                "From: new@x.example\nSubject: something else\n\(place)\n\nx"
            )
            #expect(decision.link == .thread(MailCorrelationTests.ticket), "\(place)")
            #expect(MailCorrelationTests.reason(decision, .token) == .validToken)
            // And it is noticed that it is about something else.
            #expect(decision.proposesNewRecord)
        }
        let envelope = try MailCorrelationTests.decide("From: n@x.example\n\nx", to: ["crm+\(token)@crm.example"])
        #expect(envelope.link == .thread(MailCorrelationTests.ticket))
    }

    @Test func aTokenCannotBeMadeUp() throws {
        let token = try #require(MailCorrelationTests.tokens.token(for: MailCorrelationTests.ticket))
        for index in 0..<ReplyToken.length {
            var letters = Array(token)
            letters[index] = letters[index] == "A" ? "B" : "A"
            let decision = try MailCorrelationTests.decide("To: crm+\(String(letters))@crm.example\n\nx")
            #expect(decision.link == .none)
            #expect(MailCorrelationTests.reason(decision, .token) == .forgedToken)
        }
        let other = try #require(ReplyToken(keys: [[1]]).token(for: MailCorrelationTests.ticket))
        #expect(MailCorrelationTests.tokens.thread(of: other) == nil)
        let body = try MailCorrelationTests.decide(
            "From: n@x.example\nSubject: crm+\(token)@crm.example\n\ncrm+\(token)@crm.example"
        )
        #expect(body.link == .none, "only addresses count")
        let gone = try #require(MailCorrelationTests.tokens.token(for: MailThreadID(rawValue: 5)))
        let deleted = try MailCorrelationTests.decide("To: crm+\(gone)@crm.example\n\nx")
        #expect(MailCorrelationTests.reason(deleted, .token) == .tokenOfNoThread)
    }

    @Test func anAnswerIsKnownByWhatItAnswers() throws {
        for field in ["In-Reply-To: <answer@crm.example>", "References: <x@y> <ask@a.example> <z@y>"] {
            let decision = try MailCorrelationTests.decide(
                "From: n@x.example\nSubject: AW: Invoice 17 is wrong\n\(field)\n\nx"
            )
            #expect(decision.link == .thread(MailCorrelationTests.ticket))
            #expect(MailCorrelationTests.reason(decision, .identifiers) == .knownIdentifier)
            #expect(!decision.proposesNewRecord)
        }
    }

    /// Two mails answer one that the CRM never saw: the first made the record, the second belongs to it (zammad 5716).
    @Test func twoAnswersToAnUnseenMessageBelongTogether() throws {
        var knowledge = try MailCorrelationTests.knowledge()
        let first = try MailCorrelationTests.delivery(
            "Message-ID: <1@x>\nFrom: a@a.example\nTo: c@c.example\nIn-Reply-To: <unseen@x>\nReferences: <old@x> <unseen@x>\n\nx"
        )
        let id = MailThreadID(rawValue: 9)
        knowledge.add(first.message, fingerprint: first.fingerprint, to: id)
        let second = try MailCorrelationTests.delivery(
            "Message-ID: <2@x>\nFrom: c@c.example\nIn-Reply-To: <unseen@x>\n\nx"
        )
        let decision = MailRouter().decide(second, knowing: knowledge)
        #expect(decision.link == .thread(id))
        #expect(MailCorrelationTests.reason(decision, .identifiers) == .sharedAncestor)
        // Who has nobody in common answers the same newsletter, and is another customer.
        let stranger = try MailCorrelationTests.delivery(
            "Message-ID: <4@x>\nFrom: b@b.example\nIn-Reply-To: <unseen@x>\n\nx"
        )
        #expect(MailRouter().decide(stranger, knowing: knowledge).link == .suggested([id]))
        knowledge.add(MailThread(subject: "", participants: [], accountDomains: ["b.example"]), as: id)
        #expect(MailRouter().decide(stranger, knowing: knowledge).link == .thread(id))
        // What is only inherited in a list of references is a suggestion.
        let third = try MailCorrelationTests.delivery("Message-ID: <3@x>\nReferences: <old@x>\n\nx")
        #expect(MailRouter().decide(third, knowing: knowledge).link == .suggested([id]))
        // The unseen message arrives at last.
        let late = try MailCorrelationTests.delivery("Message-ID: <unseen@x>\n\nx")
        let lateDecision = MailRouter().decide(late, knowing: knowledge)
        #expect(lateDecision.link == .thread(id))
        #expect(MailCorrelationTests.reason(lateDecision, .identifiers) == .announcedIdentifier)
    }

    /// Old programs name the person in brackets; two answers to two of Ann's messages are not one conversation.
    @Test func anAddressIsNoIdentifier() throws {
        var knowledge = InMemoryMailKnowledge()
        let field = "In-Reply-To: Message from Ann <ann@a.example> of \"Mon, 2 Mar\""
        let first = try MailCorrelationTests.delivery("Message-ID: <1@x>\nTo: x@y.example\n\(field)\n\nx")
        knowledge.add(first.message, fingerprint: first.fingerprint, to: MailThreadID(rawValue: 1))
        let second = try MailCorrelationTests.delivery("Message-ID: <2@x>\nTo: ann@a.example\n\(field)\n\ny")
        #expect(MailRouter().decide(second, knowing: knowledge).link == .none)
        #expect(second.message.ancestorIdentifiers.isEmpty)
    }

    @Test func aTagCountsOnlyForThoseWhoTakePart() throws {
        for sender in ["ann@a.example", "bert@b.example", "colleague@a.example"] {
            let decision = try MailCorrelationTests.decide("From: \(sender)\nSubject: invoice CRM:0001001\n\nx")
            #expect(decision.link == .thread(MailCorrelationTests.ticket), "\(sender)")
        }
        let stranger = try MailCorrelationTests.decide("From: eve@e.example\nSubject: invoice CRM:0001001\n\nx")
        #expect(stranger.link == .suggested([MailCorrelationTests.ticket]))
        #expect(MailCorrelationTests.reason(stranger, .tag) == .tagOfStranger)
        let unknown = try MailCorrelationTests.decide("From: ann@a.example\nSubject: CRM:0009999\n\nx")
        #expect(MailCorrelationTests.reason(unknown, .tag) == .unknownTag)
        let two = try MailCorrelationTests.decide("From: ann@a.example\nSubject: CRM:0009999 CRM:0001001\n\nx")
        #expect(MailCorrelationTests.reason(two, .tag) == .noTag, "which of two is meant, nobody knows")
    }

    @Test func aSubjectIsASuggestionAtMost() throws {
        let decision = try MailCorrelationTests.decide("From: ann@a.example\nSubject: RE: Invoice 17 is  WRONG\n\nx")
        #expect(decision.link == .suggested([MailCorrelationTests.ticket]))
        let stranger = try MailCorrelationTests.decide("From: eve@e.example\nSubject: Re: Invoice 17 is wrong\n\nx")
        #expect(stranger.link == .none)
        let new = try MailCorrelationTests.decide("From: ann@a.example\nSubject: Invoice 17 is wrong\n\nx")
        #expect(new.link == .none, "it does not say that it is an answer")
    }

    @Test(arguments: [
        "Fwd: Invoice 17 is wrong", "WG: AW: Invoice 17 is wrong", "TR : Invoice 17", "RV: x", "转发：x", "ENC: x",
    ])
    func aForwardIsNoReply(_ subject: String) throws {
        let decision = try MailCorrelationTests.decide(
            "From: ann@a.example\nSubject: \(subject)\nIn-Reply-To: <answer@crm.example>\n\nx"
        )
        #expect(decision.isForward)
        #expect(decision.link == .suggested([MailCorrelationTests.ticket]))
        #expect(MailCorrelationTests.reason(decision, .identifiers) == .forwardedThread)
    }

    @Test func programsSayThatTheyForward() throws {
        let decision = try MailCorrelationTests.decide(
            "From: ann@a.example\nSubject: Invoice\nX-Forwarded-Message-Id: <ask@a.example>\nReferences: <ask@a.example>\n\nx"
        )
        #expect(decision.isForward)
        #expect(decision.link == .suggested([MailCorrelationTests.ticket]))
    }

    @Test func withoutIdentifierTheHeadBelongsToTheMessage() throws {
        let empty = "From: a@a.example\nTo: b@b.example\nSubject: scan 1\n"
        let first = try MailCorrelationTests.delivery(empty + "\n").fingerprint
        #expect(try MailCorrelationTests.delivery("Received: by x\n" + empty + "\n").fingerprint == first)
        for (old, new) in [("scan 1", "scan 2"), ("a@a", "c@a"), ("b@b", "c@b")] {
            #expect(try MailCorrelationTests.delivery(empty.replacing(old, with: new) + "\n").fingerprint != first)
        }
    }

    /// Who knows an identifier and a text cannot make the genuine message a second delivery.
    @Test func whatPeopleSeeBelongsToTheMessage() throws {
        let text = "Message-ID: <1@a.example>\nFrom: a@a.example\nTo: b@b.example\nSubject: offer\nDate: today\n\nx\n"
        let first = try MailCorrelationTests.delivery(text).fingerprint
        #expect(try MailCorrelationTests.delivery("Received: by x\n" + text).fingerprint == first)
        #expect(try MailCorrelationTests.delivery(text.replacing("To: b@b", with: "To: c@b")).fingerprint == first)
        for (old, new) in [("a@a.example\nTo", "c@a.example\nTo"), ("offer", "[list] offer"), ("today", "later")] {
            #expect(try MailCorrelationTests.delivery(text.replacing(old, with: new)).fingerprint != first, "\(new)")
        }
    }

    /// Thousands of identifiers and of addresses, and of each only one is another's.
    @Test func manyIdentifiersAndAddresses() throws {
        let people = (0..<150).map { "p\($0)@a.example" }.joined(separator: ", ")
        let references = (0..<990).map { "<r\($0)@a.example>" }.joined(separator: "\n ")
        let decision = try MailCorrelationTests.decide(
            "From: \(people)\nTo: \(people)\nCc: \(people)\nReferences: \(references)\n <P7@a.example>\n <ask@a.example>\n\nx"
        )
        #expect(decision.link == .thread(MailCorrelationTests.ticket))
        let steps = decision.steps.filter { $0.step == .identifiers }
        #expect(steps.map(\.reason) == [.knownIdentifier])
    }

    /// Whose the addresses are is asked only where the answer counts: each is a search.
    @Test func whoAnswersNothingIsNotAskedAbout() throws {
        let knowledge = AskingKnowledge(base: try MailCorrelationTests.knowledge())
        for (subject, isAsked) in [("hello", false), ("Re: hello", true)] {
            let delivery = try MailCorrelationTests.delivery(
                "From: a@x.example\nCc: far@x.example\nSubject: \(subject)\n\nx"
            )
            knowledge.asked = []
            _ = MailRouter().decide(delivery, knowing: knowledge)
            #expect(knowledge.asked.contains("far@x.example") == isAsked, "\(subject)")
        }
    }

    @Test func anEmptyPrefixIsNoTag() { #expect(MailSubject.tag("Invoice 0001001", prefix: "") == nil) }

    @Test func anAnswerToAForwardIsAReply() throws {
        let decision = try MailCorrelationTests.decide(
            "Subject: Re: Fwd: Invoice 17 is wrong\nIn-Reply-To: <ask@a.example>\n\nx"
        )
        #expect(!decision.isForward)
        #expect(decision.link == .thread(MailCorrelationTests.ticket))
    }

    @Test func aHijackedThreadIsNoticed() throws {
        let decision = try MailCorrelationTests.decide("Subject: Order of 40 chairs\nIn-Reply-To: <ask@a.example>\n\nx")
        #expect(decision.link == .thread(MailCorrelationTests.ticket))
        #expect(decision.proposesNewRecord)
        let longer = try MailCorrelationTests.decide(
            "Subject: Chairs (was: Invoice 17 is wrong)\nIn-Reply-To: <ask@a.example>\n\nx"
        )
        #expect(!longer.proposesNewRecord)
    }

    @Test func twoThreadsAreNotJoinedButNamed() throws {
        var knowledge = try MailCorrelationTests.knowledge()
        let other = try MailCorrelationTests.delivery("Message-ID: <other@x>\nSubject: Delivery\n\nx")
        knowledge.add(other.message, fingerprint: other.fingerprint, to: MailThreadID(rawValue: 2))
        let both = try MailCorrelationTests.delivery("In-Reply-To: <ask@a.example>\nReferences: <other@x>\n\nx")
        let decision = MailRouter().decide(both, knowing: knowledge)
        #expect(decision.link == .thread(MailCorrelationTests.ticket))
        #expect(decision.otherThreads == [MailThreadID(rawValue: 2)])
    }

    @Test func anIndexCountsWithSubjectAndPeople() throws {
        let index = "Thread-Index: AdYyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
        let same = try MailCorrelationTests.decide(
            "From: ann@a.example\nSubject: RE: Invoice 17 is wrong\n\(index)\n\nx"
        )
        #expect(same.link == .thread(MailCorrelationTests.ticket))
        #expect(MailCorrelationTests.reason(same, .index) == .knownIndex)
        let stranger = try MailCorrelationTests.decide(
            "From: eve@e.example\nSubject: RE: Invoice 17 is wrong\n\(index)\n\nx"
        )
        #expect(stranger.link == .suggested([MailCorrelationTests.ticket]))
    }

    @Test func everyStepLeavesAReason() throws {
        let decision = try MailCorrelationTests.decide("From: n@x.example\nSubject: hello\n\nx")
        for step in [MailStep.duplicate, .token, .identifiers, .index, .tag, .subject] {
            #expect(decision.steps.contains { $0.step == step }, "\(step)")
        }
    }
}

/// Notes about whom it was asked.
private final class AskingKnowledge: MailKnowledge {
    let base: InMemoryMailKnowledge
    var asked: Set<String> = []

    init(base: InMemoryMailKnowledge) { self.base = base }

    func thread(ofMessage id: MessageID) -> MailThreadID? { base.thread(ofMessage: id) }
    func thread(mentioning id: MessageID) -> MailThreadID? { base.thread(mentioning: id) }
    func thread(ofIndex index: [UInt8]) -> MailThreadID? { base.thread(ofIndex: index) }
    func thread(ofTag tag: String) -> MailThreadID? { base.thread(ofTag: tag) }
    func thread(_ id: MailThreadID) -> MailThread? { base.thread(id) }
    func threads(about subject: String, with participants: Set<String>) -> [MailThreadID] {
        base.threads(about: subject, with: participants)
    }
    func hasDelivered(_ fingerprint: MailFingerprint) -> Bool { base.hasDelivered(fingerprint) }
    func isOwn(_ address: MailAddress) -> Bool {
        asked.insert(address.key)
        return base.isOwn(address)
    }
}

@Suite struct MailSubjectTests {
    @Test(arguments: [
        ("Re: a", "a", true, false), ("RE : AW: SV: a  b", "a b", true, false), ("Re[2]: a", "a", true, false),
        ("Re(3): a", "a", true, false), ("Fwd: Re: a", "a", false, true), ("Re: Fwd: a", "a", true, false),
        ("[list] Re: [list] a", "a", true, false), ("[only]", "[only]", false, false),
        ("Rental: a", "rental: a", false, false),
        ("Betreff: a", "betreff: a", false, false), ("回复：a", "a", true, false), ("", "", false, false),
        ("re:", "", true, false),
        ("[Fwd: a]", "a", false, true), ("Re: [Fwd: a]", "a", true, false), ("EXTERNAL: FW: a", "a", false, true),
        ("[EXT] Re: a", "a", true, false), ("EXT: a", "a", false, false),
        ("Ré: a", "ré: a", false, false), ("答复: 转发: a", "a", true, false), ("Отв: a", "a", true, false),
    ])
    func takenApart(_ text: String, _ core: String, _ isReply: Bool, _ isForward: Bool) {
        let subject = MailSubject(text)
        #expect(subject.core == core)
        #expect(subject.isReply == isReply)
        #expect(subject.isForward == isForward)
    }
}

@Suite struct ReplyTokenTests {
    @Test func tokensAreReadBack() throws {
        var random = SeededRandom(3)
        let tokens = ReplyToken(keys: [[1, 2, 3], [4]])
        for _ in 0..<1_000 {
            let thread = MailThreadID(rawValue: random.next())
            let token = try #require(tokens.token(for: thread))
            #expect(token.utf8.count == ReplyToken.length)
            #expect(tokens.thread(of: token) == thread)
            #expect(tokens.thread(of: token.lowercased()) == thread)
            // An old key still counts; a key that is gone does not.
            #expect(ReplyToken(keys: [[9], [1, 2, 3]]).thread(of: token) == thread)
            #expect(ReplyToken(keys: [[9]]).thread(of: token) == nil)
        }
    }

    /// Pinned, because mail with old tokens is answered for years. The HMAC was computed by Python's `hmac`.
    @Test func theFormStays() {
        let token = ReplyToken(keys: [Array(0..<32)]).token(for: MailThreadID(rawValue: 0x0102_0304_0506_0708))
        #expect(token == "AEBAGBAFAYDQRAW3L7UYG7A")
        #expect(ReplyToken(keys: []).token(for: MailThreadID(rawValue: 1)) == nil)
    }
}
