// Reading templates: texts and tags, sections closed in order, and lines that hold nothing but a tag taken away.
//
// Guarantees: one pass over the bytes, without calling itself; errors say line and column of the tag that is wrong.

struct TemplateParser {
    private enum Tag {
        case value(TemplateName, isRaw: Bool)
        case open(TemplateName, isInverted: Bool)
        case close(TemplateName)
        case comment

        /// Whether it writes something; only others may have a line to themselves.
        var isValue: Bool { if case .value = self { true } else { false } }
    }

    /// A section that is being read.
    private struct Level {
        var name: TemplateName?
        var isInverted = false
        var nodes: [MailTemplate.Node] = []
        var place = (line: 1, column: 1)
    }

    private let bytes: [UInt8]
    private let limits: TemplateLimits
    private var index = 0
    private var tagCount = 0
    private var levels = [Level()]
    /// Where `place` was counted up to.
    private var placeIndex = 0
    /// Line and column of what was counted last, from 1.
    private(set) var place = (line: 1, column: 1)
    private(set) var names: [String] = []
    private var seen: Set<String> = []

    init(_ text: String, _ limits: TemplateLimits) {
        bytes = Array(text.utf8)
        self.limits = limits
    }

    mutating func parse() throws(TemplateError) -> [MailTemplate.Node] {
        guard bytes.count <= limits.templateBytesMax else { throw error(.templateTooLong(byteCount: bytes.count)) }
        while let start = nextTag() {
            count(to: start)
            tagCount += 1
            guard tagCount <= limits.tagsMax else { throw error(.tooManyTags) }
            let (tag, end) = try readTag(at: start)
            var (textEnd, next) = (start, end)
            if !tag.isValue, let line = standalone(start, end) { (textEnd, next) = (line.start, line.end) }
            add(text: textEnd)
            index = next
            try add(tag)
        }
        add(text: bytes.count)
        count(to: bytes.count)
        guard let level = levels.popLast() else { preconditionFailure("the template itself is always a level") }
        if let name = level.name {
            throw TemplateError(
                reason: .unclosedSection(name.text),
                line: level.place.line,
                column: level.place.column
            )
        }
        return level.nodes
    }

    /// Where the next tag begins.
    private func nextTag() -> Int? {
        var place = index
        while place + 1 < bytes.count {
            if bytes[place] == TemplateParser.open, bytes[place + 1] == TemplateParser.open { return place }
            place += 1
        }
        return nil
    }

    private static let open = UInt8(ascii: "{")
    private static let close = UInt8(ascii: "}")

    /// The tag, and the index behind it.
    private func readTag(at start: Int) throws(TemplateError) -> (Tag, Int) {
        let mark = start + 2 < bytes.count ? bytes[start + 2] : 0
        let isTriple = mark == TemplateParser.open
        var end = start + 2
        let braces = isTriple ? 3 : 2
        while end + braces <= bytes.count, !bytes[end..<(end + braces)].allSatisfy({ $0 == TemplateParser.close }) {
            end += 1
        }
        guard end + braces <= bytes.count else { throw error(.unclosedTag) }
        let inner = bytes[(start + 2)..<end]
        switch mark {
        case UInt8(ascii: "!"): return (.comment, end + braces)
        case TemplateParser.open, UInt8(ascii: "&"):
            return (.value(try name(inner.dropFirst()), isRaw: true), end + braces)
        case UInt8(ascii: "#"): return (.open(try name(inner.dropFirst()), isInverted: false), end + braces)
        case UInt8(ascii: "^"): return (.open(try name(inner.dropFirst()), isInverted: true), end + braces)
        case UInt8(ascii: "/"): return (.close(try name(inner.dropFirst())), end + braces)
        case UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: "$"), UInt8(ascii: "%"):
            throw error(.unknownTag(Character(Unicode.Scalar(mark))))
        default: return (.value(try name(inner), isRaw: false), end + braces)
        }
    }

    private func name(_ text: ArraySlice<UInt8>) throws(TemplateError) -> TemplateName {
        let isBlank = { (byte: UInt8) in byte == .space || byte == .tab || byte == .lineFeed || byte == .carriageReturn
        }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text = text.dropLast() }
        guard text.count <= limits.nameBytesMax, let name = TemplateName(Substring(decoding: text, as: UTF8.self))
        else {
            throw error(.invalidName)
        }
        return name
    }

    /// The whole line, where nothing but blanks stands beside the tag.
    private func standalone(_ start: Int, _ end: Int) -> (start: Int, end: Int)? {
        var lineStart = start
        // Not before what was used up: another tag may stand in this line.
        while lineStart > index, bytes[lineStart - 1] == .space || bytes[lineStart - 1] == .tab { lineStart -= 1 }
        guard lineStart == 0 || bytes[lineStart - 1] == .lineFeed else { return nil }
        var lineEnd = end
        while lineEnd < bytes.count, bytes[lineEnd] == .space || bytes[lineEnd] == .tab { lineEnd += 1 }
        if lineEnd == bytes.count { return (lineStart, lineEnd) }
        if bytes[lineEnd] == .carriageReturn, lineEnd + 1 < bytes.count { lineEnd += 1 }
        return bytes[lineEnd] == .lineFeed ? (lineStart, lineEnd + 1) : nil
    }

    private mutating func add(text end: Int) {
        guard end > index else { return }
        levels[levels.count - 1].nodes.append(.text(String(decoding: bytes[index..<end], as: UTF8.self)))
    }

    private mutating func add(_ tag: Tag) throws(TemplateError) {
        switch tag {
        case .comment: break
        case .value(let name, let isRaw):
            note(name)
            levels[levels.count - 1].nodes.append(.value(name, isRaw: isRaw))
        case .open(let name, let isInverted):
            guard levels.count <= limits.depthMax else { throw error(.tooDeep) }
            note(name)
            levels.append(Level(name: name, isInverted: isInverted, place: place))
        case .close(let name):
            guard let level = levels.last, let open = level.name else { throw error(.nothingToClose(name.text)) }
            guard open == name else { throw error(.closesAnother(name.text, open: open.text)) }
            levels.removeLast()
            levels[levels.count - 1].nodes.append(.section(name, isInverted: level.isInverted, level.nodes))
        }
    }

    private mutating func note(_ name: TemplateName) {
        if !name.pieces.isEmpty, seen.insert(name.text).inserted { names.append(name.text) }
    }

    /// Counts lines and columns up to a place that is not before the last one.
    private mutating func count(to end: Int) {
        let part = bytes[placeIndex..<end]
        if let last = part.lastIndex(of: .lineFeed) {
            place.line += part.count { $0 == .lineFeed }
            place.column = 1 + String(decoding: bytes[(last + 1)..<end], as: UTF8.self).count
        } else {
            place.column += String(decoding: part, as: UTF8.self).count
        }
        placeIndex = end
    }

    private func error(_ reason: TemplateError.Reason) -> TemplateError {
        TemplateError(reason: reason, line: place.line, column: place.column)
    }
}
