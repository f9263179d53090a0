// Encoded words (`=?utf-8?q?Gr=C3=BC=C3=9Fe?=`) in fields, decoded.
//
// Guarantees: blanks between two encoded words are none, as the standard has it; words of one character set that follow each
// other are joined as bytes before they are read, since programs cut letters in the middle; each word is decoded by itself, so
// that the padding of one does not end the next (GMime joins them first, and loses what comes behind); what is no encoded word
// stays as it is. Linear time.

package enum EncodedWords {
    package static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result = ""
        // Bytes of encoded words that are still to be read, and their character set.
        var pending: [UInt8] = []
        var charset: String?
        // Where plain text began that is not yet in the result.
        var plainStart = 0
        var index = 0
        var terminator = Terminator()
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "="), let word = Word(bytes, at: index, &terminator) else {
                index += 1
                continue
            }
            let plain = bytes[plainStart..<index]
            let isOnlyBlanks = plain.allSatisfy { $0 == .space || $0 == .tab }
            if let last = charset, !isOnlyBlanks || last != word.charset {
                result += CharacterSets.text(pending, charset: last)
                pending = []
            }
            if charset == nil || !isOnlyBlanks { result += String(decoding: plain, as: UTF8.self) }
            charset = word.charset
            pending += word.bytes
            index = word.end
            plainStart = index
        }
        if let charset { result += CharacterSets.text(pending, charset: charset) }
        return result + String(decoding: bytes[plainStart...], as: UTF8.self)
    }

    /// Digits alone count, as programs break and pad it in many ways.
    static func base64(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits = 0
        var bitCount = 0
        for byte in text {
            let digit: UInt8
            switch byte {
            case 0x41...0x5A: digit = byte - 0x41
            case 0x61...0x7A: digit = byte - 0x61 + 26
            case 0x30...0x39: digit = byte - 0x30 + 52
            case UInt8(ascii: "+"): digit = 62
            case UInt8(ascii: "/"): digit = 63
            default: continue
            }
            bits = (bits << 6 | Int(digit)) & 0xFFFF
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
        }
        return bytes
    }

    /// Where the next `?=` or line feed is, looked for once: words without an end would otherwise each look to the end of the text.
    private struct Terminator {
        private var place = 0

        /// The first at or behind an index, or the end; the indices that are asked for never fall.
        mutating func next(_ text: [UInt8], from start: Int) -> Int {
            place = max(place, start)
            while place < text.count, text[place] != .lineFeed,
                !(text[place] == UInt8(ascii: "?") && place + 1 < text.count && text[place + 1] == UInt8(ascii: "="))
            {
                place += 1
            }
            return place
        }
    }

    /// One encoded word.
    private struct Word {
        let charset: String
        let bytes: [UInt8]
        let end: Int

        /// Nil when there is none at this place.
        init?(_ text: [UInt8], at start: Int, _ terminator: inout Terminator) {
            let mark = UInt8(ascii: "?")
            guard start + 1 < text.count, text[start + 1] == mark else { return nil }
            // The longest allowed word has 75 bytes, and programs write longer ones; the character set's name is short.
            guard let charsetEnd = text[(start + 2)...].prefix(60).firstIndex(of: mark), charsetEnd + 2 < text.count,
                text[charsetEnd + 2] == mark
            else { return nil }
            let contentStart = charsetEnd + 3
            let contentEnd = terminator.next(text, from: contentStart)
            guard contentEnd < text.count, text[contentEnd] == mark else { return nil }
            // A language may stand behind the set: `utf-8*en`.
            let name = text[(start + 2)..<charsetEnd].prefix { $0 != UInt8(ascii: "*") }
            charset = String(decoding: name, as: UTF8.self).lowercased()
            guard !charset.isEmpty else { return nil }
            end = contentEnd + 2
            switch text[charsetEnd + 1] | 0x20 {
            case UInt8(ascii: "b"): bytes = EncodedWords.base64(text[contentStart..<contentEnd])
            case UInt8(ascii: "q"): bytes = Word.quoted(text[contentStart..<contentEnd])
            default: return nil
            }
        }

        private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
            var bytes: [UInt8] = []
            var index = text.startIndex
            while index < text.endIndex {
                let byte = text[index]
                index += 1
                if byte == UInt8(ascii: "_") {
                    bytes.append(.space)
                } else if byte == UInt8(ascii: "="), index + 1 < text.endIndex, let high = digit(text[index]),
                    let low = digit(text[index + 1])
                {
                    bytes.append(high << 4 | low)
                    index += 2
                } else {
                    bytes.append(byte)
                }
            }
            return bytes
        }

        private static func digit(_ byte: UInt8) -> UInt8? {
            switch byte {
            case 0x30...0x39: byte - 0x30
            case 0x41...0x46: byte - 0x41 + 10
            case 0x61...0x66: byte - 0x61 + 10
            default: nil
            }
        }
    }
}
