// Knowledge in dictionaries: for tests, and for explaining a decision against a folder of messages.
//
// Guarantees: the same messages added in the same order give the same answers; an identifier stays with the thread that had it
// first, and a message that arrives takes its own identifier from a thread that only mentioned it.

/// What is known from messages that were added. Lookups take constant time, suggestions time by threads of the same subject.
public struct InMemoryMailKnowledge: MailKnowledge, Sendable {
    private var threads: [MailThreadID: MailThread] = [:]
    private var received: [MessageID: MailThreadID] = [:]
    private var mentioned: [MessageID: MailThreadID] = [:]
    private var indexes: [[UInt8]: MailThreadID] = [:]
    private var tags: [String: MailThreadID] = [:]
    private var bySubject: [String: [MailThreadID]] = [:]
    private var delivered: Set<MailFingerprint> = []
    private var ownAddresses: Set<String>
    private var ownDomains: Set<String>

    /// Knows nothing but where the CRM receives mail: addresses, and domains that are all its own.
    public init(ownAddresses: Set<String> = [], ownDomains: Set<String> = []) {
        self.ownAddresses = Set(ownAddresses.map { $0.lowercased() })
        self.ownDomains = Set(ownDomains.map { $0.lowercased() })
    }

    /// Makes a thread, or adds to what is known of it.
    public mutating func add(_ thread: MailThread, as id: MailThreadID, tag: String? = nil) {
        if let known = threads[id] {
            threads[id]?.participants = known.participants.union(thread.participants)
            threads[id]?.accountDomains = known.accountDomains.union(thread.accountDomains)
        } else {
            threads[id] = thread
            bySubject[thread.subject, default: []].append(id)
        }
        if let tag { tags[tag.uppercased()] = tags[tag.uppercased()] ?? id }
    }

    /// Learns a message that was put into a thread.
    public mutating func add(_ message: MailMessage, fingerprint: MailFingerprint, to id: MailThreadID) {
        let people = message.from + message.replyTo + message.to + message.cc
        let participants = Set(people.filter { !isOwn($0) }.map(\.key))
        add(MailThread(subject: MailSubject(message.subject).core, participants: participants), as: id)
        if let own = message.messageID { received[own] = received[own] ?? id }
        for other in message.mentionedIdentifiers where mentioned[other] == nil { mentioned[other] = id }
        if let index = message.threadIndex, indexes[index] == nil { indexes[index] = id }
        delivered.insert(fingerprint)
    }

    public func thread(ofMessage id: MessageID) -> MailThreadID? { received[id] }
    public func thread(mentioning id: MessageID) -> MailThreadID? { mentioned[id] }
    public func thread(ofIndex index: [UInt8]) -> MailThreadID? { indexes[index] }
    public func thread(ofTag tag: String) -> MailThreadID? { tags[tag.uppercased()] }
    public func thread(_ id: MailThreadID) -> MailThread? { threads[id] }
    public func hasDelivered(_ fingerprint: MailFingerprint) -> Bool { delivered.contains(fingerprint) }

    public func threads(about subject: String, with participants: Set<String>) -> [MailThreadID] {
        Array(
            (bySubject[subject] ?? []).reversed().lazy
                .filter { !(threads[$0]?.participants.isDisjoint(with: participants) ?? true) }.prefix(10)
        )
    }

    public func isOwn(_ address: MailAddress) -> Bool {
        ownAddresses.contains(address.key) || ownDomains.contains(address.domain)
            || ownAddresses.contains(address.plainKey)
    }
}
