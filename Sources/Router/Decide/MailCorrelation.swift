// Where a message belongs, as a pure function of the message and what the CRM knows.
//
// Guarantees: only what its sender cannot know by chance links a message by itself: a signed token, the identifier of a message of
// the thread, or a tag together with taking part. What strangers can see or guess (a subject, a number) makes a suggestion at most.
// The body and attachments never count. Each step leaves its reason, also those that found nothing.

/// What the router is told about the CRM's own mail.
public struct MailRules: Sendable {
    public var tokens: ReplyToken
    /// What stands before a thread's number in subjects (`CRM:`); nil where subjects carry none.
    public var subjectTagPrefix: String?
    /// A name that no other router has: it stands in `X-Kith-Router` of everything that is sent, so that mail that comes back to where
    /// it was made is known.
    public var routerName: String?

    public init(tokens: ReplyToken = ReplyToken(keys: []), subjectTagPrefix: String? = nil, routerName: String? = nil) {
        self.tokens = tokens
        self.subjectTagPrefix = subjectTagPrefix
        self.routerName = routerName
    }
}

/// Fills in the link of a decision.
struct MailCorrelation<Knowledge: MailKnowledge> {
    let rules: MailRules
    let knowledge: Knowledge

    func correlate(
        _ message: MailMessage,
        kind: MailKind,
        recipients: [MailAddress],
        into decision: inout MailDecision
    ) {
        var subject = MailSubject(message.subject)
        if message.value(of: "X-Forwarded-Message-Id") != nil { subject.isForward = true }
        decision.isForward = subject.isForward
        var suggestions: [MailThreadID] = []
        var link = token(message, recipients, &decision)
        if link == nil { link = identifiers(message, kind, subject, &decision, &suggestions) }
        if link == nil { link = index(message, subject, &decision, &suggestions) }
        if link == nil { link = tag(message, &decision, &suggestions) }
        if let link {
            decision.link = .thread(link)
            topic(subject, link, &decision)
            return
        }
        same(message, subject, &decision, &suggestions)
        if !suggestions.isEmpty { decision.link = .suggested(suggestions) }
    }

    private func token(
        _ message: MailMessage,
        _ envelopeRecipients: [MailAddress],
        _ decision: inout MailDecision
    ) -> MailThreadID? {
        var result = MailStepResult(.token, .noToken)
        defer { decision.steps.append(result) }
        for address in envelopeRecipients + message.recipients {
            guard let candidate = ReplyToken.candidate(in: address) else { continue }
            guard let thread = rules.tokens.thread(of: candidate) else {
                result = MailStepResult(.token, .forgedToken, address.address)
                continue
            }
            guard knowledge.thread(thread) != nil else {
                result = MailStepResult(.token, .tokenOfNoThread, address.address)
                continue
            }
            result = MailStepResult(.token, .validToken, address.address)
            return thread
        }
        return nil
    }

    private func identifiers(
        _ message: MailMessage,
        _ kind: MailKind,
        _ subject: MailSubject,
        _ decision: inout MailDecision,
        _ suggestions: inout [MailThreadID]
    ) -> MailThreadID? {
        var ancestors = message.ancestorIdentifiers
        // A report names what it reports about inside.
        switch kind {
        case .bounce(let report): ancestors = [report.originalID].compactMap(\.self) + ancestors
        case .complaint(let report): ancestors = [report.originalID].compactMap(\.self) + ancestors
        default: break
        }
        var found: [(thread: MailThreadID, reason: MailReason, id: MessageID)] = []
        for id in ancestors {
            if let thread = knowledge.thread(ofMessage: id) { found.append((thread, .knownIdentifier, id)) }
        }
        // An answer may overtake what it answers.
        if let own = message.messageID, let thread = knowledge.thread(mentioning: own) {
            found.append((thread, .announcedIdentifier, own))
        }
        let answered = Set(message.answeredIdentifiers)
        var haveCommonPeople: [MailThreadID: Bool] = [:]
        for id in ancestors {
            guard let thread = knowledge.thread(mentioning: id) else { continue }
            // A list of references is inherited from what was answered; only what a message itself says it answers is its own word.
            // And of an unseen message with hidden recipients there are answers of people who do not know each other.
            var isOwnWord = false
            if answered.contains(id) {
                isOwnWord =
                    haveCommonPeople[thread] ?? knowledge.thread(thread).map { hasCommonPeople(message, $0) } ?? false
                haveCommonPeople[thread] = isOwnWord
            }
            found.append((thread, isOwnWord ? .sharedAncestor : .inheritedAncestor, id))
        }
        found.removeAll { knowledge.thread($0.thread) == nil }
        guard let best = found.first else {
            let reason: MailReason = ancestors.isEmpty ? .noIdentifiers : .unknownIdentifiers
            decision.steps.append(
                MailStepResult(.identifiers, reason, ancestors.map(\.description).joined(separator: " "))
            )
            return nil
        }
        if subject.isForward {
            // Programs mark a forward as an answer to what it passes on; but it begins something, with other people.
            decision.steps.append(MailStepResult(.identifiers, .forwardedThread, "\(best.id) of thread \(best.thread)"))
            suggestions.add(best.thread)
            return nil
        }
        decision.steps.append(MailStepResult(.identifiers, best.reason, "\(best.id) of thread \(best.thread)"))
        guard best.reason != .inheritedAncestor else {
            suggestions.add(best.thread)
            return nil
        }
        for other in found where other.thread != best.thread && other.reason == .knownIdentifier {
            decision.otherThreads.add(other.thread)
        }
        if !decision.otherThreads.isEmpty {
            let names = decision.otherThreads.map(\.description).joined(separator: " ")
            decision.steps.append(MailStepResult(.identifiers, .severalThreads, "also \(names)"))
        }
        return best.thread
    }

    private func index(
        _ message: MailMessage,
        _ subject: MailSubject,
        _ decision: inout MailDecision,
        _ suggestions: inout [MailThreadID]
    ) -> MailThreadID? {
        guard let index = message.threadIndex, let id = knowledge.thread(ofIndex: index),
            let thread = knowledge.thread(id)
        else {
            decision.steps.append(MailStepResult(.index, .noIndex))
            return nil
        }
        // Some programs make it of the subject alone: so it counts only where subject and people agree.
        guard !subject.isForward, thread.subject == subject.core, isParticipant(message, thread) else {
            decision.steps.append(MailStepResult(.index, .indexOfOthers, "thread \(id)"))
            suggestions.add(id)
            return nil
        }
        decision.steps.append(MailStepResult(.index, .knownIndex, "thread \(id)"))
        return id
    }

    private func tag(
        _ message: MailMessage,
        _ decision: inout MailDecision,
        _ suggestions: inout [MailThreadID]
    ) -> MailThreadID? {
        guard let prefix = rules.subjectTagPrefix, let tag = MailSubject.tag(message.subject, prefix: prefix) else {
            decision.steps.append(MailStepResult(.tag, .noTag))
            return nil
        }
        guard let id = knowledge.thread(ofTag: tag), let thread = knowledge.thread(id) else {
            decision.steps.append(MailStepResult(.tag, .unknownTag, prefix + tag))
            return nil
        }
        let isOfAccount = message.from.contains { thread.accountDomains.contains($0.domain) }
        guard isParticipant(message, thread) || isOfAccount else {
            decision.steps.append(MailStepResult(.tag, .tagOfStranger, prefix + tag))
            suggestions.add(id)
            return nil
        }
        decision.steps.append(MailStepResult(.tag, .tagOfParticipant, prefix + tag))
        return id
    }

    private func same(
        _ message: MailMessage,
        _ subject: MailSubject,
        _ decision: inout MailDecision,
        _ suggestions: inout [MailThreadID]
    ) {
        // An empty subject, and a message that claims to answer nothing, say nothing; then nobody is asked about.
        var threads: [MailThreadID] = []
        if subject.isReply, !subject.core.isEmpty {
            let people = Set((message.from + message.to + message.cc).filter { !knowledge.isOwn($0) }.map(\.key))
            threads = knowledge.threads(about: subject.core, with: people)
        }
        for thread in threads { suggestions.add(thread) }
        let names = threads.map { "thread \($0)" }.joined(separator: " ")
        decision.steps.append(MailStepResult(.subject, threads.isEmpty ? .noSuchSubject : .sameSubject, names))
    }

    private func topic(_ subject: MailSubject, _ id: MailThreadID, _ decision: inout MailDecision) {
        guard let thread = knowledge.thread(id) else { return }
        let isSame = MailSubject.isSameTopic(subject.core, thread.subject)
        decision.proposesNewRecord = !isSame
        decision.steps.append(
            MailStepResult(.topic, isSame ? .sameTopic : .newTopic, isSame ? "" : "was: \(thread.subject)")
        )
    }

    /// Whether one of its people takes part, or writes from a domain of the account.
    private func hasCommonPeople(_ message: MailMessage, _ thread: MailThread) -> Bool {
        let people = message.from + message.replyTo + message.to + message.cc
        return people.contains { !knowledge.isOwn($0) && thread.participants.contains($0.key) }
            || message.from.contains { thread.accountDomains.contains($0.domain) }
    }

    private func isParticipant(_ message: MailMessage, _ thread: MailThread) -> Bool {
        message.from.contains { thread.participants.contains($0.key) }
    }
}

extension [MailThreadID] {
    /// Appends what is not there.
    fileprivate mutating func add(_ thread: MailThreadID) {
        if !contains(thread) { append(thread) }
    }
}
