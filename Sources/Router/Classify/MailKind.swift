// What a message is, before anybody asks where it belongs.

/// The kind of a message. Each case that is not `message` keeps its sender from getting an automatic answer.
public enum MailKind: Sendable {
    /// Somebody wrote it.
    case message
    /// The same message was taken in before.
    case duplicate
    /// It comes back to where it was made, or has gone in circles.
    case loop
    /// Nobody outside wrote it, and nobody outside gets it.
    case internalMessage
    /// A program answers: absence, receipt, acknowledgement. Or a program reports something by itself.
    case automatic
    /// It could not be delivered, or not yet.
    case bounce(BounceReport)
    /// A recipient called a message unwanted.
    case complaint(ComplaintReport)
    /// A mailing list, a newsletter, an advertisement.
    case bulk

    /// One word for tables and programs.
    public var name: String {
        switch self {
        case .message: "message"
        case .duplicate: "duplicate"
        case .loop: "loop"
        case .internalMessage: "internal"
        case .automatic: "automatic"
        case .bounce: "bounce"
        case .complaint: "complaint"
        case .bulk: "bulk"
        }
    }
}

/// Why a message did not arrive.
public enum BounceReason: String, Sendable, CaseIterable {
    /// There is no such mailbox, or no longer.
    case addressUnknown = "address-unknown"
    /// There is no such domain, or nobody takes mail there.
    case hostUnknown = "host-unknown"
    case addressMoved = "address-moved"
    case noMailThere = "no-mail-there"
    case mailboxFull = "mailbox-full"
    case mailboxDisabled = "mailbox-disabled"
    case tooLarge = "too-large"
    case refused = "refused"
    case expired = "expired"
    case network = "network"
    case content = "content"
    case system = "system"
    case unclear = "unclear"

    /// Whether the address is of no use any more. Everything else may be different tomorrow, or for another message.
    public var isHard: Bool {
        switch self {
        case .addressUnknown, .hostUnknown, .addressMoved, .noMailThere: true
        default: false
        }
    }
}

/// What happened to one recipient.
public struct BouncedRecipient: Equatable, Sendable {
    /// Empty when the report does not say.
    public var address: String
    /// `5.1.1` and the like (RFC 3463), as the report gives it; nil when it gives none.
    public var status: String?
    /// `550` and the like, of the SMTP reply; nil when there is none.
    public var replyCode: String?
    public var reason: BounceReason
    /// What the mail systems said, on one line, cut at 500 characters.
    public var diagnostic: String
    /// Whether it is still being tried.
    public var isDelayed: Bool

    /// Marks the address; otherwise it is only counted.
    public var isHard: Bool { reason.isHard && !isDelayed }
}

/// A report that a message was not delivered.
public struct BounceReport: Equatable, Sendable {
    public var recipients: [BouncedRecipient]
    /// The Message-ID of what was not delivered, if the report has its head.
    public var originalID: MessageID?

    package init(recipients: [BouncedRecipient], originalID: MessageID? = nil) {
        self.recipients = recipients
        self.originalID = originalID
    }
}

/// A report that a message was unwanted (RFC 5965).
public struct ComplaintReport: Equatable, Sendable {
    /// `abuse`, `not-spam`, `unsubscribe`, …
    public var type: String
    /// Who complains; empty when the report hides it.
    public var recipient: String
    public var originalID: MessageID?

    package init(type: String, recipient: String, originalID: MessageID?) {
        self.type = type
        self.recipient = recipient
        self.originalID = originalID
    }
}
