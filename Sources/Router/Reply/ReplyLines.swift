// What each line of a mail is, judged by its form alone.
//
// Guarantees: constant work a line (windows of six lines at most, lines are looked at up to 400 bytes); lines between fences of code
// are text, whatever they look like.

struct ReplyLines {
    enum Kind: Equatable {
        case text
        case blank
        /// Behind `>`.
        case quote
        /// Drawn: `-- `, `____`, `***`.
        case rule
        /// `----- Original Message -----` in one of many languages.
        case mark
        /// The first of so many lines that are the head of a message.
        case head(Int)
        /// The first of so many lines that say who wrote what follows.
        case attribution(Int)
        /// `Sent from my iPhone`.
        case device
    }

    let lines: [Substring]
    private(set) var kinds: [Kind] = []
    /// For each line, and the end: whether somebody wrote something from there on, before a line that ends what is written.
    private var hasTextFrom: [Bool] = []
    private var lastQuote: Int?

    init(_ lines: [Substring]) {
        self.lines = lines
        let words = lines.map { ReplyWords.normal($0) }
        var isCode = false
        var index = 0
        while index < lines.count {
            let isFence = words[index].hasPrefix("```")
            if isFence { isCode.toggle() }
            if isCode || isFence {
                kinds.append(words[index].isEmpty ? .blank : .text)
            } else if let count = ReplyLines.attribution(words, at: index) {
                kinds.append(.attribution(count))
                for _ in 1..<count { kinds.append(.text) }
                index += count - 1
            } else if let count = ReplyLines.head(words, at: index) {
                kinds.append(.head(count))
                for _ in 1..<count { kinds.append(.text) }
                index += count - 1
            } else {
                kinds.append(ReplyLines.kind(words[index]))
            }
            index += 1
        }
        lastQuote = kinds.lastIndex(of: .quote)
        lookBehind()
    }

    /// Once for all lines: a mail may have an attribution in every third.
    private mutating func lookBehind() {
        hasTextFrom = Array(repeating: false, count: kinds.count + 1)
        for index in kinds.indices.reversed() {
            switch kinds[index] {
            case .text: hasTextFrom[index] = true
            case .rule, .mark, .head: break
            case .blank, .quote, .attribution, .device: hasTextFrom[index] = hasTextFrom[index + 1]
            }
        }
    }

    func firstThatIsNotBlank(from start: Int) -> Int? { kinds.indices.dropFirst(start).first { kinds[$0] != .blank } }

    /// Whether nothing but blanks stands before the `>`, as programs quote; `Ann> ` is how people did.
    func isPlainQuote(_ index: Int) -> Bool {
        kinds[index] == .quote && lines[index].first { !$0.isWhitespace } == ">"
    }

    /// Whether a quoted line says who wrote it, or that it is passed on.
    func isQuotedAttribution(_ index: Int) -> Bool {
        guard kinds[index] == .quote else { return false }
        let words = lines[index...].prefix(4).map { ReplyWords.normal($0.drop { $0 == ">" || $0 == " " }) }
        return ReplyLines.attribution(Array(words), at: 0) != nil || ReplyWords.isMark(words[0])
    }

    /// Behind a quote that begins there, and the blank lines that end it.
    func endOfQuote(from start: Int) -> Int {
        var index = start
        while index < kinds.count, kinds[index] == .quote || kinds[index] == .blank { index += 1 }
        return index
    }

    /// Whether somebody wrote something from that line on, before a line that ends what is written.
    func hasText(behind index: Int) -> Bool { hasTextFrom[index] }

    func hasQuote(behind index: Int) -> Bool { lastQuote.map { $0 >= index } ?? false }

    private static func kind(_ words: String) -> Kind {
        guard let first = words.unicodeScalars.first else { return .blank }
        if first == ">" { return .quote }
        if isRule(words) { return .rule }
        if ReplyWords.isMark(words) { return .mark }
        if ReplyWords.isDevice(words) { return .device }
        // `Ann> text`, with no blank before the mark.
        let name = words.prefix { $0.isLetter || $0.isNumber }
        if name.count <= 12, words.dropFirst(name.count).first == ">" { return .quote }
        return .text
    }

    private static func isRule(_ words: String) -> Bool {
        if words == "—" || words == "–" { return true }
        return words.count >= 2 && words.allSatisfy { "-=_*~#+—–".contains($0) }
    }

    /// Three or more fields in a row, the first of them a sender's; a field may go on in the next line.
    private static func head(_ words: [String], at start: Int) -> Int? {
        guard ReplyWords.isSenderField(words[start]) else { return nil }
        var fieldCount = 0
        var index = start
        while index < words.count, index - start < 20, !words[index].isEmpty {
            if ReplyWords.isField(words[index]) { fieldCount += 1 }
            index += 1
        }
        return fieldCount >= 3 ? index - start : nil
    }

    /// The number of lines that are an attribution together.
    private static func attribution(_ words: [String], at start: Int) -> Int? {
        guard let count = matchingCount(words, at: start) else { return nil }
        // A sentence above it is none of it.
        if count > 1, ReplyWords.isStart(words[start + 1]), matchingCount(words, at: start + 1) == count - 1 {
            return nil
        }
        return count
    }

    private static func matchingCount(_ words: [String], at start: Int) -> Int? {
        guard start < words.count, !words[start].isEmpty, words[start].first != ">" else { return nil }
        let mayHaveGaps = ReplyWords.hasTime(words[start])
        var joined = ""
        for count in 1...6 {
            guard start + count <= words.count else { return nil }
            let line = words[start + count - 1]
            if line.isEmpty, !mayHaveGaps { return nil }
            // What is quoted belongs to it only as the end of an address: `> wrote:`.
            if line.first == ">", !line.hasSuffix(":") { return nil }
            joined += joined.isEmpty ? line : " " + line
            guard joined.utf8.count <= 400 else { return nil }
            if ReplyWords.isAttribution(joined, first: words[start], lineCount: count) { return count }
        }
        return nil
    }
}
