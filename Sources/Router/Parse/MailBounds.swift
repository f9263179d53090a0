// What is checked before a foreign parser sees a byte: everything that is known to cost GMime its stack or more than linear time.
//
// Guarantees: one pass over the bytes, no allocation, no trap on any bytes. Fields are looked for everywhere, not only in the head,
// because messages inside the message have heads too; the names that are looked for make chance hits in a text harmless, since
// each limit is far above what a text line reaches.

struct MailBounds {
    let limits: MailLimits

    /// Throws what is wrong with the bytes, if anything is.
    func check(_ bytes: [UInt8]) throws(MailError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= limits.messageByteMax else { throw .tooLarge(byteCount: bytes.count) }
        try checkHead(bytes)
        var hyphenLineCount = 0
        var multipartCount = 0
        var lineStart = 0
        while lineStart < bytes.count {
            let first = bytes[lineStart]
            if first == .hyphen, lineStart + 1 < bytes.count, bytes[lineStart + 1] == .hyphen { hyphenLineCount += 1 }
            switch first | 0x20 {
            case UInt8(ascii: "c"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "b"), UInt8(ascii: "s"),
                UInt8(ascii: "r"), UInt8(ascii: "d"):
                try checkField(bytes, at: lineStart)
            default: break
            }
            let end = MailBounds.endOfLine(bytes, from: lineStart)
            multipartCount += MailBounds.multipartCount(bytes, lineStart..<end)
            lineStart = end
        }
        // GMime opens no more than 1,024 parts in one another.
        let (count, overflow) = hyphenLineCount.multipliedReportingOverflow(by: min(multipartCount, 1_024))
        guard !overflow, count <= limits.boundaryComparisonMax else {
            throw .tooManyBoundaries(comparisonCount: overflow ? .max : count)
        }
    }

    private func checkHead(_ bytes: [UInt8]) throws(MailError) {
        var lineStart = 0
        var fieldCount = 0
        while lineStart < bytes.count, bytes[lineStart] != .lineFeed, bytes[lineStart] != .carriageReturn {
            if bytes[lineStart] != .space, bytes[lineStart] != .tab { fieldCount += 1 }
            lineStart = MailBounds.endOfLine(bytes, from: lineStart)
            guard lineStart <= limits.headByteMax else {
                // A text without any field is all body: it has no head that could be too large.
                guard let colon = bytes.firstIndex(of: .colon), colon < 256 else { return }
                throw .headTooLarge(byteCount: lineStart)
            }
        }
        guard fieldCount <= limits.headerCountMax else { throw .tooManyHeaders(count: fieldCount) }
    }

    private static let addressFields: [StaticString] = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc",
        "resent-sender", "resent-reply-to", "disposition-notification-to",
    ]

    private func checkField(_ bytes: [UInt8], at start: Int) throws(MailError) {
        // The longest name has 27 bytes.
        var colon = start
        while colon < bytes.count, colon - start < 40, bytes[colon] != .colon {
            guard bytes[colon] != .lineFeed else { return }
            colon += 1
        }
        guard colon < bytes.count, bytes[colon] == .colon else { return }
        var nameEnd = colon
        while nameEnd > start, bytes[nameEnd - 1] == .space || bytes[nameEnd - 1] == .tab { nameEnd -= 1 }
        let name = bytes[start..<nameEnd]
        let isContent = name.starts(withLowercased: "content-")
        guard isContent || MailBounds.addressFields.contains(where: { name.equals(lowercased: $0) }) else { return }
        var end = colon
        var colonCount = 0
        repeat {
            let next = MailBounds.endOfLine(bytes, from: end)
            if !isContent { colonCount += bytes[end..<next].count { $0 == .colon } }
            end = next
        } while end < bytes.count && (bytes[end] == .space || bytes[end] == .tab)
        if isContent {
            guard end - start <= limits.parameterFieldByteMax else { throw .parametersTooLong(byteCount: end - start) }
        } else {
            guard colonCount <= limits.addressColonMax else { throw .tooManyGroups(colonCount: colonCount) }
        }
    }

    /// The index behind the line feed, or the end of the bytes.
    private static func endOfLine(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            if bytes[index] == .lineFeed { return index + 1 }
            index += 1
        }
        return index
    }

    /// How often `multipart/` is in a line.
    private static func multipartCount(_ bytes: [UInt8], _ line: Range<Int>) -> Int {
        var count = 0
        var index = line.lowerBound + 9
        while index < line.upperBound {
            if bytes[index] == UInt8(ascii: "/"), bytes[(index - 9)..<index].equals(lowercased: "multipart") {
                count += 1
            }
            index += 1
        }
        return count
    }
}

extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let colon = UInt8(ascii: ":")
    static let hyphen = UInt8(ascii: "-")

    /// The small letter of an ASCII capital, else itself.
    var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5A ? self + 0x20 : self }
}

extension ArraySlice<UInt8> {
    /// Whether these bytes, with ASCII capitals made small, are the text.
    func equals(lowercased text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(withLowercased: text)
    }

    /// Whether these bytes, with ASCII capitals made small, begin with the text.
    func starts(withLowercased text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        return text.withUTF8Buffer { letters in
            for index in 0..<length where self[startIndex + index].lowercasedASCII != letters[index] { return false }
            return true
        }
    }
}
