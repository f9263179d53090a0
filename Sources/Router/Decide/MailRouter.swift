// The decision: what a message is, and where it belongs.

import COpenSSL

/// A message as it arrived: what was parsed, and what only its delivery says.
public struct MailDelivery: Sendable {
    public var message: MailMessage
    /// Whom it was delivered to; from the mail system, and so better than any field.
    public var recipients: [MailAddress]
    public var fingerprint: MailFingerprint

    /// Parses raw bytes. Throws what the parser refuses.
    public init(_ bytes: [UInt8], recipients: [MailAddress] = [], parser: MailParser = MailParser()) throws(MailError) {
        message = try parser.parse(bytes)
        self.recipients = recipients
        fingerprint = MailFingerprint(messageID: message.messageID, bodyDigest: MailDelivery.digest(message, bytes))
    }

    /// What people see of the head belongs to the message: else whoever knows an identifier and a text makes the genuine message vanish
    /// by sending the text first. Without an identifier, its recipients as well: all empty mails of a scanner would be one.
    private static func digest(_ message: MailMessage, _ bytes: [UInt8]) -> [UInt8] {
        let names = ["From", "Date", "Subject"] + (message.messageID == nil ? ["To", "Cc"] : [])
        let head = names.map { message.values(of: $0).joined(separator: "\u{1}") }.joined(separator: "\u{2}")
        return sha256(Array(head.utf8) + [0] + bytes[bodyStart(bytes)...])
    }

    /// Behind the first empty line. Ways that change line ends change the digest; then the message is taken in twice, which a
    /// person sees, instead of lost, which nobody sees.
    private static func bodyStart(_ bytes: [UInt8]) -> Int {
        var isEmpty = false
        for (index, byte) in bytes.enumerated() where byte != .carriageReturn {
            if byte == .lineFeed, isEmpty { return index + 1 }
            isEmpty = byte == .lineFeed
        }
        return bytes.count
    }

    private static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let isMade = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(isMade == 1, "libcrypto has SHA-256")
        return digest
    }
}

/// Decides about messages. A value without state: the same delivery and the same knowledge give the same decision.
public struct MailRouter: Sendable {
    public var rules: MailRules

    public init(rules: MailRules = MailRules()) { self.rules = rules }

    /// What to do with a message, and why. Constant time beside the parsing, and a few lookups for each identifier.
    public func decide(_ delivery: MailDelivery, knowing knowledge: some MailKnowledge) -> MailDecision {
        var decision = MailDecision()
        decision.kind = MailClassifier(rules: rules, knowledge: knowledge).classify(delivery, into: &decision)
        switch decision.kind {
        case .duplicate, .loop: return decision
        default: break
        }
        MailCorrelation(rules: rules, knowledge: knowledge)
            .correlate(delivery.message, kind: decision.kind, recipients: delivery.recipients, into: &decision)
        return decision
    }
}
