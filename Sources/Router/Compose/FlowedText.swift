// Plain text as `format=flowed` (RFC 3676): paragraphs are broken into lines that a reader joins again, at any width.
//
// Guarantees: joined again, the lines are the text, but for blanks at the ends of its lines, which are cut off, and the one blank
// behind marks of quotes. A line is broken only behind a blank, so a long word stays whole. The line `-- ` stays as it is, and no broken
// line becomes one. No line begins with `From `. Linear time.

enum FlowedText {
    /// Characters that a broken line has at most with its blank, unless a word is longer.
    private static let brokenMax = 72
    /// Characters that a line may have before it is broken.
    private static let lineMax = 78
    /// More marks of quotes than these count as text.
    private static let quoteMax = 40

    private static let signature = Array("-- ".utf8)

    /// The lines of a text, without their ends.
    static func lines(_ lines: [ArraySlice<UInt8>]) -> [[UInt8]] {
        var flowed: [[UInt8]] = []
        for line in lines {
            let quotes = Array(line.prefix(quoteMax).prefix { $0 == UInt8(ascii: ">") })
            var content = line.dropFirst(quotes.count)
            if !quotes.isEmpty, content.first == .space { content = content.dropFirst() }
            if content.elementsEqual(signature) {
                flowed.append(prefix(quotes, content) + content)
                continue
            }
            while content.last == .space { content = content.dropLast() }
            let room = max(20, brokenMax - quotes.count - 1)
            while isWider(content, than: lineMax - quotes.count - 1), let end = end(of: content, room) {
                let piece = content[..<end]
                flowed.append(prefix(quotes, piece) + piece)
                content = content[end...]
            }
            flowed.append(prefix(quotes, content) + content)
        }
        return flowed
    }

    /// Marks of quotes, and the blank that a reader takes away.
    private static func prefix(_ quotes: [UInt8], _ content: ArraySlice<UInt8>) -> [UInt8] {
        let isStuffed =
            quotes.isEmpty
            ? content.first == .space || content.first == UInt8(ascii: ">") || content.starts(with: "From ".utf8)
            : !content.isEmpty
        return isStuffed ? quotes + [.space] : quotes
    }

    /// Where to break: behind the last blank within the room, else behind the first. Never so that the line is `-- `, or the rest
    /// is empty.
    private static func end(of content: ArraySlice<UInt8>, _ room: Int) -> Int? {
        var best: Int?
        var count = 0
        for (index, byte) in zip(content.indices, content) {
            if byte & 0xC0 != 0x80 { count += 1 }
            guard byte == .space, !content[...index].elementsEqual(signature) else { continue }
            if count > room { return best ?? index + 1 }
            best = index + 1
        }
        return best
    }

    /// Whether there are more characters; looks at no more of them than that takes.
    private static func isWider(_ content: ArraySlice<UInt8>, than countMax: Int) -> Bool {
        var count = 0
        for byte in content where byte & 0xC0 != 0x80 {
            count += 1
            if count > countMax { return true }
        }
        return false
    }
}

/// The lines of a text, however they end.
enum TextLines {
    /// CR LF, CR and LF all end a line. Control characters but the tab become blanks: in a text they are mistakes or tricks.
    static func split(_ text: String) -> [ArraySlice<UInt8>] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var isBehindReturn = false
        for byte in text.utf8 {
            switch byte {
            case .lineFeed where isBehindReturn: break
            case .lineFeed, .carriageReturn: bytes.append(.lineFeed)
            case .tab: bytes.append(byte)
            default: bytes.append(byte < 0x20 || byte == 0x7F ? .space : byte)
            }
            isBehindReturn = byte == .carriageReturn
        }
        return bytes.split(separator: .lineFeed, omittingEmptySubsequences: false)
    }
}
