// The head of a message, mended where real programs break it and the parser would lose what follows.
//
// Guarantees: only these are mended, and only in the copy that is parsed: lines that end with a carriage return alone, where the
// whole message has no line feed; empty lines and blanks before the first field; a mbox line in front; a head that is not ended
// by an empty line but by text. A line in a head that is no field is text only when no field comes behind it: else a program
// has broken a long line without the blank that continues it, and the fields behind it are wanted.

enum MailHead {
    static func mended(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        if !bytes.contains(.lineFeed), bytes.contains(.carriageReturn) {
            for index in bytes.indices where bytes[index] == .carriageReturn { bytes[index] = .lineFeed }
        }
        let start = bytes.firstIndex { $0 != .lineFeed && $0 != .carriageReturn && $0 != .space && $0 != .tab } ?? 0
        // Text with empty lines in front and no field is a body.
        guard isField(bytes, at: start) || isMailboxLine(bytes, at: start) else { return [.lineFeed] + bytes }
        if start > 0 { bytes.removeFirst(start) }
        guard let end = textStart(bytes) else { return bytes }
        bytes.insert(.lineFeed, at: end)
        return bytes
    }

    /// Where text begins in a head that no empty line ends; nil when the head is as it should be.
    private static func textStart(_ bytes: [UInt8]) -> Int? {
        var firstStray: Int?
        var line = isMailboxLine(bytes, at: 0) ? next(bytes, 0) : 0
        while line < bytes.count {
            let byte = bytes[line]
            if byte == .lineFeed || (byte == .carriageReturn && line + 1 < bytes.count && bytes[line + 1] == .lineFeed)
            {
                return firstStray
            }
            if byte == .space || byte == .tab {
                // Continues whatever came before.
            } else if isField(bytes, at: line) {
                firstStray = nil
            } else if firstStray == nil {
                firstStray = line
            }
            line = next(bytes, line)
        }
        return firstStray
    }

    private static func next(_ bytes: [UInt8], _ start: Int) -> Int {
        (bytes[start...].firstIndex(of: .lineFeed) ?? bytes.count - 1) + 1
    }

    private static func isMailboxLine(_ bytes: [UInt8], at start: Int) -> Bool {
        bytes[start...].starts(with: "From ".utf8)
    }

    /// Whether a name and a colon stand here. No known name has more than 60 bytes; longer ones are text.
    static func isField(_ bytes: [UInt8], at start: Int) -> Bool {
        var index = start
        while index < bytes.count, index - start < 78, bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != .colon
        {
            index += 1
        }
        guard index > start else { return false }
        while index < bytes.count, bytes[index] == .space || bytes[index] == .tab { index += 1 }
        return index < bytes.count && bytes[index] == .colon
    }
}
