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
        fingerprint = MailFingerprint(messageID: message.messageID, bodyDigest: MailDelivery.bodyDigest(bytes))
    }

    /// SHA-256 of what stands behind the first empty line. Ways that change line ends change it; then the message is taken in twice,
    /// which a person sees, instead of lost, which nobody sees.
    private static func bodyDigest(_ bytes: [UInt8]) -> [UInt8] {
        var start = bytes.count
        var isEmpty = false
        for (index, byte) in bytes.enumerated() where byte != .carriageReturn {
            if byte == .lineFeed, isEmpty {
                start = index + 1
                break
            }
            isEmpty = byte == .lineFeed
        }
        var digest = [UInt8](repeating: 0, count: 32)
        let isMade = bytes[start...].withUnsafeBytes {
            EVP_Digest($0.baseAddress, $0.count, &digest, nil, EVP_sha256(), nil)
        }
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
