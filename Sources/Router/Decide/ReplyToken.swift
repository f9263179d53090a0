// Reply addresses that nobody can make up: `crm+TOKEN@example.org`.
//
//   token = base32( thread id, 8 bytes big-endian ‖ first 6 bytes of HMAC-SHA256(key, "kith reply 1" ‖ thread id) )
//
// 14 bytes are 23 characters of RFC 4648's alphabet without padding, in any case. A guess is right once in 2⁴⁸ tries, and each try
// is a message. Six bytes keep local parts far below the 64 characters that an address may have.

import COpenSSL

/// Makes and reads tokens. The first key signs; all keys are accepted, so that a key can be replaced while old mail is answered.
public struct ReplyToken: Sendable {
    /// Characters of a token.
    public static let length = 23

    private static let signatureByteCount = 6
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    private let keys: [[UInt8]]

    /// Keys of 32 random bytes. With none there are no tokens.
    public init(keys: [[UInt8]]) { self.keys = keys }

    /// The token of a thread; nil without a key.
    public func token(for thread: MailThreadID) -> String? {
        guard let key = keys.first, let signature = ReplyToken.signature(thread, key) else { return nil }
        let bytes = ReplyToken.bytes(thread) + signature
        var text = ""
        var bits: UInt64 = 0
        var bitCount: UInt64 = 0
        for byte in bytes {
            bits = (bits << 8 | UInt64(byte)) & 0xFFFF
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                text.unicodeScalars.append(Unicode.Scalar(ReplyToken.alphabet[Int(bits >> bitCount & 31)]))
            }
        }
        // 112 bits are 22 characters and two bits.
        text.unicodeScalars.append(Unicode.Scalar(ReplyToken.alphabet[Int(bits << (5 - bitCount) & 31)]))
        return text
    }

    /// The thread of a token; nil when it is none, or not signed by one of the keys.
    public func thread(of token: some StringProtocol) -> MailThreadID? {
        guard let bytes = ReplyToken.decoded(token) else { return nil }
        let thread = MailThreadID(rawValue: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        for key in keys {
            guard let signature = ReplyToken.signature(thread, key) else { continue }
            // Compared to the end, so that time tells nothing.
            if zip(signature, bytes.dropFirst(8)).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 { return thread }
        }
        return nil
    }

    /// What stands behind the last `+` of a local part, if it is as long as a token.
    static func candidate(in address: MailAddress) -> Substring? {
        guard let at = address.address.lastIndex(of: "@") else { return nil }
        let local = address.address[..<at]
        guard let plus = local.lastIndex(of: "+") else { return nil }
        let candidate = local[local.index(after: plus)...]
        return candidate.utf8.count == length ? candidate : nil
    }

    private static func decoded(_ token: some StringProtocol) -> [UInt8]? {
        guard token.utf8.count == length else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt64 = 0
        var bitCount: UInt64 = 0
        for letter in token.utf8 {
            let upper = letter >= 0x61 && letter <= 0x7A ? letter - 0x20 : letter
            guard let digit = alphabet.firstIndex(of: upper) else { return nil }
            bits = (bits << 5 | UInt64(digit)) & 0xFFFF
            bitCount += 5
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        }
        // The three bits that are left must be zero: each thread has one token.
        return bits & 7 == 0 ? bytes : nil
    }

    private static func bytes(_ thread: MailThreadID) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: thread.rawValue >> UInt64(56 - 8 * $0)) }
    }

    private static func signature(_ thread: MailThreadID, _ key: [UInt8]) -> [UInt8]? {
        let text = Array("kith reply 1".utf8) + bytes(thread)
        var digest = [UInt8](repeating: 0, count: 32)
        var count = 0
        let result = EVP_Q_mac(
            nil,
            "HMAC",
            nil,
            "SHA256",
            nil,
            key,
            key.count,
            text,
            text.count,
            &digest,
            digest.count,
            &count
        )
        guard result != nil, count == 32 else { return nil }
        return Array(digest.prefix(signatureByteCount))
    }
}

extension MailAddress {
    /// The key without what stands behind a `+` in the local part, which mail systems deliver to the same mailbox.
    package var plainKey: String {
        guard let plus = key.firstIndex(of: "+"), let at = key.lastIndex(of: "@"), plus < at else { return key }
        return String(key[..<plus] + key[at...])
    }
}
