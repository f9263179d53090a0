// Encoded words (RFC 2047), written.
//
// Guarantees: each word is whole by itself, in UTF-8, and cut between characters as people see them; only a character that alone is
// longer than a word is cut, between its scalars. A word has at most 75 characters, and a line with one at most 76. Of the two
// encodings the shorter is taken. Linear time.

enum EncodedWordWriter {
    /// `=?utf-8?q?` and `?=`.
    private static let frameCount = 12
    private static let wordMax = 75

    /// A text as words, to be separated by blanks or folds. `firstMax`: characters that the line has left for the first word.
    static func words(_ text: String, firstMax: Int = wordMax) -> [String] {
        let bytes = Array(text.utf8)
        let quotedCount = bytes.reduce(0) { $0 + (isPlain($1) || $1 == .space ? 1 : 3) }
        let isQuoted = quotedCount <= (bytes.count + 2) / 3 * 4
        var words: [String] = []
        var pending: [UInt8] = []
        var room = min(firstMax, wordMax) - frameCount
        func size(_ bytes: [UInt8], and more: [UInt8]) -> Int {
            isQuoted
                ? (bytes + more).reduce(0) { $0 + (isPlain($1) || $1 == .space ? 1 : 3) }
                : (bytes.count + more.count + 2) / 3 * 4
        }
        func end() {
            if pending.isEmpty { return }
            words.append(isQuoted ? "=?utf-8?q?\(quoted(pending))?=" : "=?utf-8?b?\(Base64.text(pending))?=")
            pending = []
            room = wordMax - frameCount
        }
        func add(_ piece: [UInt8]) {
            if size(pending, and: piece) > room { end() }
            pending += piece
        }
        for character in text {
            let piece = Array(character.utf8)
            if size([], and: piece) <= wordMax - frameCount {
                add(piece)
            } else {
                for scalar in character.unicodeScalars { add(Array(String(Character(scalar)).utf8)) }
            }
        }
        end()
        return words
    }

    /// What may stand in a word of a name as it is: RFC 2047, 5 (3).
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"): true
        default: false
        }
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if byte == .space {
                text.append(UInt8(ascii: "_"))
            } else if isPlain(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "=")] + Hexadecimal.digits(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Two capital hexadecimal digits, as quoted-printable and percent encoding have them.
enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func digits(_ byte: UInt8) -> [UInt8] { [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
}

/// RFC 4648's base64 with padding.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String { String(decoding: encoded(bytes[...]), as: UTF8.self) }

    static func encoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes
        while let first = rest.popFirst() {
            let second = rest.popFirst()
            let third = rest.popFirst()
            let bits = Int(first) << 16 | Int(second ?? 0) << 8 | Int(third ?? 0)
            result.append(digits[bits >> 18])
            result.append(digits[bits >> 12 & 63])
            result.append(second == nil ? UInt8(ascii: "=") : digits[bits >> 6 & 63])
            result.append(third == nil ? UInt8(ascii: "=") : digits[bits & 63])
        }
        return result
    }
}
