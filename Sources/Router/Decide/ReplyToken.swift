// Reply addresses that nobody can make up: `crm+TOKEN@example.org`.
//
//   token = base32( thread id, 8 bytes big-endian ‖ first 6 bytes of HMAC-SHA256(key, "kith reply 1" ‖ thread id) )
//
// 14 bytes are 23 characters of RFC 4648's alphabet without padding, in any case. A guess is right once in 2⁴⁸ tries, and each try
// is a message. Six bytes keep local parts far below the 64 characters that an address may have.

/// Makes and reads tokens. The first key signs; all keys are accepted, so that a key can be replaced while old mail is answered.
public struct ReplyToken: Sendable {
    /// Characters of a token.
    public static let length = 23

    private let signer: TokenSigner

    /// Keys of 32 random bytes. With none there are no tokens.
    public init(keys: [[UInt8]]) { signer = TokenSigner(purpose: "kith reply 1", keys: keys) }

    /// The token of a thread; nil without a key.
    public func token(for thread: MailThreadID) -> String? { signer.token(thread.rawValue.bigEndianBytes) }

    /// The thread of a token; nil when it is none, or not signed by one of the keys.
    public func thread(of token: some StringProtocol) -> MailThreadID? {
        signer.content(of: token, byteCount: 8).map { MailThreadID(rawValue: UInt64(bigEndianBytes: $0)) }
    }

    /// `crm+TOKEN@example.org`, to which answers go; nil without a key.
    package func address(for thread: MailThreadID, mailbox: String = "crm", domain: String) -> String? {
        token(for: thread).map { "\(mailbox)+\($0.lowercased())@\(domain)" }
    }

    /// What stands behind the last `+` of a local part, if it is as long as a token.
    static func candidate(in address: MailAddress) -> Substring? {
        TokenSigner.candidate(in: address, length: length)?.token
    }
}

extension MailAddress {
    /// The key without what stands behind a `+` in the local part, which mail systems deliver to the same mailbox.
    package var plainKey: String {
        guard let plus = key.firstIndex(of: "+"), let at = key.lastIndex(of: "@"), plus < at else { return key }
        return String(key[..<plus] + key[at...])
    }
}
