// What is checked before a foreign parser sees a byte: everything that is known to cost GMime its stack, more than linear time, or
// much more memory than the message has.
//
// Guarantees: looks at exactly the bytes that the parser gets, in two passes, without allocation and without a trap on any bytes.
// Fields are looked for everywhere, not only in the head, because messages inside the message have heads too. What GMime might take
// for a field is one here: all that stands before the first colon of a line, without blanks and control characters around it,
// however many; also in a line that continues another. So some texts count as fields that are none: the limits are far above
// what texts reach.

struct MailBounds {
    let limits: MailLimits

    /// Throws what is wrong with the size of what came, before anything is copied.
    func checkSize(_ bytes: [UInt8]) throws(MailError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= limits.messageByteMax else { throw .tooLarge(byteCount: bytes.count) }
    }

    /// Throws what is wrong with the bytes that the parser is about to get, if anything is.
    func check(_ bytes: [UInt8]) throws(MailError) {
        try checkHead(bytes)
        let mentions = Mentions(bytes)
        if mentions.multipartCount > 0 {
            guard mentions.hyphenLineCount <= limits.boundaryLineMax else {
                throw .tooManyParts(count: mentions.hyphenLineCount)
            }
            // GMime opens no more than 1,024 parts in one another.
            let opened = min(mentions.multipartCount, 1_024)
            let (count, overflow) = mentions.hyphenLineCount.multipliedReportingOverflow(by: opened)
            guard !overflow, count <= limits.boundaryComparisonMax else {
                throw .tooManyBoundaries(comparisonCount: overflow ? .max : count)
            }
        }
        try checkFields(bytes, hasParts: mentions.multipartCount > 0 || mentions.hasMessages)
    }

    private func checkHead(_ bytes: [UInt8]) throws(MailError) {
        var lineStart = 0
        var fieldCount = 0
        while lineStart < bytes.count, !MailBounds.isEmptyLine(bytes, at: lineStart) {
            if bytes[lineStart] != .space, bytes[lineStart] != .tab { fieldCount += 1 }
            lineStart = MailBounds.endOfLine(bytes, from: lineStart)
            guard lineStart <= limits.headByteMax else { throw .headTooLarge(byteCount: lineStart) }
        }
        guard fieldCount <= limits.headerCountMax else { throw .tooManyHeaders(count: fieldCount) }
    }

    /// Fields of one kind, for which the parser has one kind of work.
    private enum FieldKind {
        case content, address, subject
    }

    private static let addressFields: [StaticString] = [
        "from", "to", "cc", "bcc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-bcc",
        "resent-sender", "resent-reply-to", "disposition-notification-to", "return-path", "delivered-to",
        "x-original-to", "envelope-to", "x-envelope-to",
    ]

    /// One pass over the lines: of the head alone where nothing says that there are others.
    private func checkFields(_ bytes: [UInt8], hasParts: Bool) throws(MailError) {
        var fieldCount = 0
        // Of the field that is being read, with the lines that continue it.
        var kinds: (content: Bool, address: Bool) = (false, false)
        var fieldByteCount = 0
        var colonCount = 0
        // Of the head that is being read, and the sum of the squares of all heads before.
        var listByteCount = 0
        var isInList = false
        var subject = (isRead: false, byteCount: 0, wordCount: 0)
        var work = 0
        var line = 0
        while line < bytes.count {
            let end = MailBounds.endOfLine(bytes, from: line)
            if MailBounds.isEmptyLine(bytes, at: line) {
                if !hasParts { return }
                kinds = (false, false)
                isInList = false
                work += listByteCount * listByteCount
                work += MailBounds.subjectWork(subject.byteCount, subject.wordCount)
                listByteCount = 0
                subject = (false, 0, 0)
                line = end
                continue
            }
            if bytes[line] != .space, bytes[line] != .tab {
                kinds = (false, false)
                isInList = false
                subject.isRead = false
                fieldByteCount = 0
                colonCount = 0
            }
            let colon = bytes[line..<end].firstIndex(of: .colon)
            if let colon {
                fieldCount += 1
                switch MailBounds.kind(bytes[line..<colon]) {
                case .content: kinds.content = true
                case .address:
                    kinds.address = true
                    isInList = true
                case .subject: subject.isRead = true
                case nil: break
                }
            }
            fieldByteCount += end - line
            if let colon, kinds.address { colonCount += bytes[colon..<end].count { $0 == .colon } }
            if isInList { listByteCount += end - line }
            guard !kinds.content || fieldByteCount <= limits.parameterFieldByteMax else {
                throw .parametersTooLong(byteCount: fieldByteCount)
            }
            guard colonCount <= limits.addressColonMax else { throw .tooManyGroups(colonCount: colonCount) }
            if subject.isRead {
                subject.byteCount += end - line
                subject.wordCount += MailBounds.wordCount(bytes[line..<end])
            }
            let headWork = MailBounds.subjectWork(subject.byteCount, subject.wordCount)
            guard listByteCount <= limits.listByteMax, work + headWork <= limits.listWorkMax else {
                throw .listsTooLong(byteCount: listByteCount + subject.byteCount)
            }
            line = end
        }
        guard fieldCount <= limits.innerHeaderCountMax else { throw .tooManyHeaders(count: fieldCount) }
    }

    /// GMime looks for the end of each word in all that is behind; the shortest word has eight bytes. Far below what overflows:
    /// both are at most the bytes of a message, 2²⁶ by default.
    private static func subjectWork(_ byteCount: Int, _ wordCount: Int) -> Int { 8 * wordCount * byteCount }

    /// How many encoded words begin.
    private static func wordCount(_ line: ArraySlice<UInt8>) -> Int {
        var count = 0
        for index in line.indices.dropLast()
        where line[index] == UInt8(ascii: "=") && line[index + 1] == UInt8(ascii: "?") {
            count += 1
        }
        return count
    }

    private static func kind(_ beforeColon: ArraySlice<UInt8>) -> FieldKind? {
        var name = beforeColon
        while let first = name.first, first <= 0x20 { name.removeFirst() }
        while let last = name.last, last <= 0x20 { name.removeLast() }
        if name.starts(withLowercased: "content-") { return .content }
        if name.equals(lowercased: "subject") { return .subject }
        return addressFields.contains { name.equals(lowercased: $0) } ? .address : nil
    }

    /// What the lines of a message mention.
    private struct Mentions {
        private(set) var multipartCount = 0
        private(set) var hasMessages = false
        private(set) var hyphenLineCount = 0

        init(_ bytes: [UInt8]) {
            for index in bytes.indices {
                switch bytes[index] {
                case UInt8(ascii: "m"), UInt8(ascii: "M"):
                    // GMime takes blanks and comments before the slash, so that what stands behind the word says nothing.
                    let word = bytes[index...]
                    if word.starts(withLowercased: "multipart") {
                        multipartCount += 1
                    } else if word.starts(withLowercased: "message"), !word.starts(withLowercased: "message-") {
                        hasMessages = true
                    }
                case .hyphen where index + 1 < bytes.count && bytes[index + 1] == .hyphen:
                    if index == 0 || bytes[index - 1] == .lineFeed { hyphenLineCount += 1 }
                default: break
                }
            }
        }
    }

    private static func isEmptyLine(_ bytes: [UInt8], at start: Int) -> Bool {
        bytes[start] == .lineFeed
            || (bytes[start] == .carriageReturn && start + 1 < bytes.count && bytes[start + 1] == .lineFeed)
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
