// Addresses by which what comes back names the e-mail that it is about, and which of its recipients: `bounce+TOKEN@example.org` as the
// envelope's sender (VERP), `unsubscribe+TOKEN@example.org` in List-Unsubscribe.
//
//   token = base32( e-mail's id, 8 bytes ‖ recipient's index, 2 bytes ‖ first 6 bytes of HMAC-SHA256(key, purpose ‖ both) )
//   purpose = "kith bounce 1" or "kith unsubscribe 1"
//
// Numbers are big-endian; 16 bytes are 26 characters. Guarantees: none of the three kinds, with that of replies, is taken for another,
// though the keys are the same; the name in front of the `+` has to be that of the purpose as well.

/// What an address that something comes back to stands for.
package struct DeliveryReference: Hashable, Sendable {
    /// The record of the e-mail.
    package var email: UInt64
    /// Which of its recipients, as whoever sent it counts them.
    package var recipient: UInt16

    package init(email: UInt64, recipient: UInt16) { (self.email, self.recipient) = (email, recipient) }
}

/// Makes and reads these addresses. The first key signs; all keys are accepted.
package struct DeliveryToken: Sendable {
    /// What comes to an address.
    package enum Purpose: String, Sendable, CaseIterable {
        /// Reports about delivery.
        case bounce
        /// The wish to get no more of this kind.
        case unsubscribe
    }

    /// Characters of a token.
    package static let length = TokenSigner.length(byteCount)

    private static let byteCount = 10
    private let keys: [[UInt8]]

    /// The keys of `ReplyToken` will do. With none there are no tokens.
    package init(keys: [[UInt8]]) { self.keys = keys }

    /// Whether there is a key to sign with.
    package var canSign: Bool { !keys.isEmpty }

    /// `bounce+TOKEN@domain`; nil without a key.
    package func address(_ purpose: Purpose, _ reference: DeliveryReference, domain: String) -> String? {
        let content = reference.email.bigEndianBytes + reference.recipient.bigEndianBytes
        return signer(purpose).token(content).map { "\(purpose.rawValue)+\($0.lowercased())@\(domain)" }
    }

    /// What a recipient of the envelope stands for; nil where it is no such address, or not signed by one of the keys. Whose domain it is, is
    /// for the caller to know.
    package func read(_ recipient: MailAddress) -> (purpose: Purpose, reference: DeliveryReference)? {
        guard let (mailbox, token) = TokenSigner.candidate(in: recipient, length: DeliveryToken.length),
            let purpose = Purpose(rawValue: mailbox.lowercased()),
            let content = signer(purpose).content(of: token, byteCount: DeliveryToken.byteCount)
        else { return nil }
        let reference = DeliveryReference(
            email: UInt64(bigEndianBytes: content.prefix(8)),
            recipient: UInt16(bigEndianBytes: content.suffix(2))
        )
        return (purpose, reference)
    }

    private func signer(_ purpose: Purpose) -> TokenSigner {
        TokenSigner(purpose: "kith \(purpose.rawValue) 1", keys: keys)
    }
}
