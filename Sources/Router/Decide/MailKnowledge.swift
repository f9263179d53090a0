// What the CRM knows, as far as a decision asks. A decision is a function of a message and this; nothing here changes anything.

/// A conversation that the CRM keeps together: in the CRM, the record that its messages regard.
public struct MailThreadID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The record's 64-bit identity.
    public let rawValue: UInt64

    /// Wraps a record's identity.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// By number.
    public static func < (a: MailThreadID, b: MailThreadID) -> Bool { a.rawValue < b.rawValue }

    /// In hexadecimal digits.
    public var description: String { String(rawValue, radix: 16) }
}

/// What is known of a thread's messages.
public struct MailThread: Sendable {
    /// What the first message is about, as `MailSubject.core` has it.
    public var subject: String
    /// Keys of all addresses that wrote or received one, without the CRM's own.
    public var participants: Set<String>
    /// Domains of the account that the record belongs to, without those where anybody gets an address.
    public var accountDomains: Set<String>

    public init(subject: String, participants: Set<String>, accountDomains: Set<String> = []) {
        self.subject = subject
        self.participants = participants
        self.accountDomains = accountDomains
    }
}

/// The same message, delivered again.
public struct MailFingerprint: Hashable, Sendable {
    public let messageID: MessageID?
    /// SHA-256 of From, Date, Subject and everything behind the head, since each way adds its own `Received` fields; without a
    /// Message-ID, of the recipients too.
    public let bodyDigest: [UInt8]

    public init(messageID: MessageID?, bodyDigest: [UInt8]) {
        self.messageID = messageID
        self.bodyDigest = bodyDigest
    }
}

/// The questions of a decision. Answers must not depend on the order of a dictionary.
public protocol MailKnowledge {
    /// The thread of a message that the CRM has received or sent.
    func thread(ofMessage id: MessageID) -> MailThreadID?

    /// The thread in which a message was mentioned that the CRM itself never saw.
    func thread(mentioning id: MessageID) -> MailThreadID?

    /// The thread of a message whose `Thread-Index` began with these 22 bytes.
    func thread(ofIndex index: [UInt8]) -> MailThreadID?

    /// The thread with that number in subjects.
    func thread(ofTag tag: String) -> MailThreadID?

    /// Nil when there is no such thread, for instance because its record was deleted.
    func thread(_ id: MailThreadID) -> MailThread?

    /// Threads about that, with one of these participants; the latest first, at most ten.
    func threads(about subject: String, with participants: Set<String>) -> [MailThreadID]

    /// Whether that message was taken in before.
    func hasDelivered(_ fingerprint: MailFingerprint) -> Bool

    /// Whether the CRM receives mail there, or sends it from there: queues, users, reply addresses.
    func isOwn(_ address: MailAddress) -> Bool
}
