// Words in addresses that nobody can make up.
//
//   token = base32( content ‖ first 6 bytes of HMAC-SHA256(key, purpose ‖ content) )
//
// Guarantees: a token of one purpose is none of another, since the purpose is in what is signed, and each purpose has contents of one
// length; each content has one token, in any case of its letters. Base32 is RFC 4648's without padding.

import COpenSSL

/// Signs contents for one purpose.
struct TokenSigner: Sendable {
    private static let signatureByteCount = 6
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Begins what is signed, so that it says what for.
    let purpose: String
    /// The first signs, all are accepted.
    let keys: [[UInt8]]

    /// Nil without a key.
    func token(_ content: [UInt8]) -> String? {
        guard let key = keys.first, let signature = signature(content, key) else { return nil }
        var text = ""
        var bits: UInt64 = 0
        var bitCount: UInt64 = 0
        for byte in content + signature {
            bits = (bits << 8 | UInt64(byte)) & 0xFFFF
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                text.unicodeScalars.append(Unicode.Scalar(TokenSigner.alphabet[Int(bits >> bitCount & 31)]))
            }
        }
        guard bitCount > 0 else { return text }
        text.unicodeScalars.append(Unicode.Scalar(TokenSigner.alphabet[Int(bits << (5 - bitCount) & 31)]))
        return text
    }

    /// What was signed; nil when it is no token of this purpose, or not signed by one of the keys.
    func content(of token: some StringProtocol, byteCount: Int) -> [UInt8]? {
        let signedCount = byteCount + TokenSigner.signatureByteCount
        guard token.utf8.count == TokenSigner.length(byteCount), let bytes = TokenSigner.decoded(token),
            bytes.count == signedCount
        else { return nil }
        let content = Array(bytes.prefix(byteCount))
        for key in keys {
            guard let signature = signature(content, key) else { continue }
            // Compared to the end, so that time tells nothing.
            if zip(signature, bytes.dropFirst(byteCount)).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 { return content }
        }
        return nil
    }

    /// Characters of a token with so many bytes of content.
    static func length(_ byteCount: Int) -> Int { ((byteCount + signatureByteCount) * 8 + 4) / 5 }

    /// The parts of `mailbox+token@domain`, if the token is of that length; the token is behind the last `+`.
    static func candidate(in address: MailAddress, length: Int) -> (mailbox: Substring, token: Substring)? {
        guard let at = address.address.lastIndex(of: "@") else { return nil }
        let local = address.address[..<at]
        guard let plus = local.lastIndex(of: "+") else { return nil }
        let token = local[local.index(after: plus)...]
        return token.utf8.count == length ? (local[..<plus], token) : nil
    }

    private static func decoded(_ token: some StringProtocol) -> [UInt8]? {
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
        // The bits that are left must be zero: each content has one token.
        return bits & ((1 << bitCount) - 1) == 0 ? bytes : nil
    }

    private func signature(_ content: [UInt8], _ key: [UInt8]) -> [UInt8]? {
        let text = Array(purpose.utf8) + content
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
        return Array(digest.prefix(TokenSigner.signatureByteCount))
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// The most significant byte first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }

    /// Of bytes, the most significant first; more than fit push the first ones out.
    init(bigEndianBytes bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | Self($1) } }
}
