// What the router makes of a message, with the reason of each step.

/// A step of a decision.
public enum MailStep: String, Sendable, CaseIterable {
    case duplicate, loop, kind, token, identifiers, index, tag, subject, topic
}

/// Why a step said what it said. The texts are part of the output of `kith route`: they never change their meaning.
public enum MailReason: String, Sendable, CaseIterable {
    // duplicate
    case newMessage = "new-message"
    case deliveredBefore = "delivered-before"
    // loop
    case noLoop = "no-loop"
    case ownLoopMark = "own-loop-mark"
    case tooManyHops = "too-many-hops"
    // kind
    case ordinary = "ordinary"
    case deliveryReport = "delivery-report"
    case bounceText = "bounce-text"
    case feedbackReport = "feedback-report"
    case autoSubmitted = "auto-submitted"
    case autoReplyMark = "auto-reply-mark"
    case autoReplySubject = "auto-reply-subject"
    case nullSender = "null-sender"
    case listMark = "list-mark"
    case bulkPrecedence = "bulk-precedence"
    case ownSenderAndRecipients = "own-sender-and-recipients"
    // token
    case noToken = "no-token"
    case validToken = "valid-token"
    case forgedToken = "forged-token"
    case tokenOfNoThread = "token-of-no-thread"
    // identifiers
    case noIdentifiers = "no-identifiers"
    case knownIdentifier = "known-identifier"
    case announcedIdentifier = "announced-identifier"
    case sharedAncestor = "shared-ancestor"
    case inheritedAncestor = "inherited-ancestor"
    case unknownIdentifiers = "unknown-identifiers"
    case severalThreads = "several-threads"
    case forwardedThread = "forwarded-thread"
    // index
    case noIndex = "no-index"
    case knownIndex = "known-index"
    case indexOfOthers = "index-of-others"
    // tag
    case noTag = "no-tag"
    case tagOfParticipant = "tag-of-participant"
    case tagOfStranger = "tag-of-stranger"
    case unknownTag = "unknown-tag"
    // subject
    case sameSubject = "same-subject"
    case noSuchSubject = "no-such-subject"
    // topic
    case sameTopic = "same-topic"
    case newTopic = "new-topic"
}

/// One step and its reason.
public struct MailStepResult: Equatable, Sendable {
    public var step: MailStep
    public var reason: MailReason
    /// For people: what the reason is about.
    public var detail: String

    public init(_ step: MailStep, _ reason: MailReason, _ detail: String = "") {
        self.step = step
        self.reason = reason
        self.detail = detail
    }
}

/// Where a message belongs.
public enum MailLink: Equatable, Sendable {
    /// Into that thread.
    case thread(MailThreadID)
    /// Perhaps into one of these; a person says.
    case suggested([MailThreadID])
    /// Into none that is known.
    case none
}

/// What is to be done with a message. The message itself is kept in every case.
public struct MailDecision: Sendable {
    public var kind = MailKind.message
    public var link = MailLink.none
    /// Whether it is a reply about something else: a new record is proposed.
    public var proposesNewRecord = false
    /// Whether it passes on what others wrote.
    public var isForward = false
    /// Other threads that it refers to: a merge is proposed.
    public var otherThreads: [MailThreadID] = []
    /// In the order in which they were made.
    public var steps: [MailStepResult] = []

    /// The reasons of the steps that found something; all others say that there was nothing to find.
    public var findings: [MailReason] { steps.map(\.reason).filter { !MailDecision.nothings.contains($0) } }

    private static let nothings: Set<MailReason> = [
        .newMessage, .noLoop, .ordinary, .noToken, .noIdentifiers, .unknownIdentifiers, .noIndex, .noTag, .unknownTag,
        .noSuchSubject, .sameTopic,
    ]
}
