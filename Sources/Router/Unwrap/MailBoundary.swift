// Where the parts of a multipart stand in its bytes (RFC 2046, section 5.1.1). GMime reads parts, but does not say where they were.

enum MailBoundary {
    /// The `boundary` of a `Content-Type` (RFC 2045, section 5.1); nil where there is none that RFC 2046 allows. One pass.
    static func parameter(of contentType: String) -> [UInt8]? {
        let text = Array(contentType.utf8)
        var place = end(of: text[...], at: .semicolon) ?? text.count
        while place < text.count {
            let name = text[(place + 1)...].prefix { $0 != .equals && $0 != .semicolon }
            place = name.endIndex
            guard place < text.count, text[place] == .equals else { continue }
            let value = text[(place + 1)...].drop { $0 == .space || $0 == .tab }
            let trimmed = name.filter { $0 != .space && $0 != .tab }[...]
            guard trimmed.equals(lowercased: "boundary") else {
                place = end(of: value, at: .semicolon) ?? text.count
                continue
            }
            let boundary = unquoted(value)
            return 1...70 ~= boundary.count && boundary.last != .space ? boundary : nil
        }
        return nil
    }

    /// The bytes of each part, with its head, without the line end that belongs to the next boundary. Bytes behind the last boundary are no
    /// part where it is the closing one, and are the last part where it is missing.
    static func parts(of bytes: [UInt8], _ boundary: [UInt8]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start: Int?
        var line = 0
        while line < bytes.count {
            let end = bytes[line...].firstIndex(of: .lineFeed) ?? bytes.count
            if let isLast = isBoundary(bytes[line..<end], boundary) {
                if let start { parts.append(start..<max(start, lineEnd(before: line, bytes))) }
                if isLast { return parts }
                start = min(end + 1, bytes.count)
            }
            line = end + 1
        }
        if let start { parts.append(start..<bytes.count) }
        return parts
    }

    /// Whether a line is the boundary, and the closing one; nil where it is not. Blanks may stand behind it.
    private static func isBoundary(_ line: ArraySlice<UInt8>, _ boundary: [UInt8]) -> Bool? {
        guard line.starts(with: [.hyphen, .hyphen]), line.dropFirst(2).starts(with: boundary) else { return nil }
        var rest = line.dropFirst(2 + boundary.count)
        let isLast = rest.starts(with: [.hyphen, .hyphen])
        if isLast { rest = rest.dropFirst(2) }
        return rest.allSatisfy { $0 == .space || $0 == .tab || $0 == .carriageReturn } ? isLast : nil
    }

    /// Where the line end before a line begins.
    private static func lineEnd(before line: Int, _ bytes: [UInt8]) -> Int {
        guard line > 0 else { return 0 }
        return line > 1 && bytes[line - 2] == .carriageReturn ? line - 2 : line - 1
    }

    /// The first of a byte that stands in no quoted text.
    private static func end(of text: ArraySlice<UInt8>, at byte: UInt8) -> Int? {
        var isQuoted = false
        var index = text.startIndex
        while index < text.endIndex {
            switch text[index] {
            case .quote: isQuoted.toggle()
            case .backslash where isQuoted: index += 1
            case byte where !isQuoted: return index
            default: break
            }
            index += 1
        }
        return nil
    }

    /// A token, or what stands between quotes.
    private static func unquoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.first == .quote else { return Array(text.prefix { $0 > 0x20 && $0 != .semicolon && $0 != 0x7F }) }
        var value: [UInt8] = []
        var index = text.startIndex + 1
        while index < text.endIndex, text[index] != .quote {
            if text[index] == .backslash, index + 1 < text.endIndex { index += 1 }
            value.append(text[index])
            index += 1
        }
        return value
    }
}

extension UInt8 {
    fileprivate static let semicolon = UInt8(ascii: ";")
    fileprivate static let equals = UInt8(ascii: "=")
    fileprivate static let quote = UInt8(ascii: "\"")
    fileprivate static let backslash = UInt8(ascii: "\\")
}
