// Answers of a mail system (RFC 5321, 4.2), out of bytes as they come.
//
//   answer = *( 3 digits "-" text line-end ) 3 digits [ SP text ] line-end
//
// Guarantees: the answers do not depend on how the bytes are cut; what is held is bounded by `SubmitLimits`; bytes that are no answer
// are said to be none at the same byte, and nothing behind them is read. A line ends with a line feed, with or without a carriage return before
// it: nothing is hidden behind either, as this side believes all that the other says.

/// The lines of an answer.
struct SubmitLines: Equatable {
    var code = 0
    /// Behind the code and what separates it.
    var lines: [[UInt8]] = []

    /// What is kept of it.
    func reply(_ limits: SubmitLimits) -> SubmitReply {
        var status = ""
        var words: [String] = []
        for line in lines {
            let first = line.prefix { $0 != .space }
            var text = line[...]
            if let own = SubmitLines.status(first, code) {
                if status.isEmpty { status = own }
                text = text.dropFirst(first.count)
            }
            let one = MailFields.oneLine(String(decoding: text.drop { $0 == .space }, as: UTF8.self))
            if !one.isEmpty { words.append(one) }
        }
        var text = words.joined(separator: " ")
        while text.utf8.count > limits.textBytesMax { text.unicodeScalars.removeLast() }
        return SubmitReply(code, status, text)
    }

    /// `5.1.1`, where it agrees with the code.
    private static func status(_ word: ArraySlice<UInt8>, _ code: Int) -> String? {
        let pieces = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces.allSatisfy({ 1...3 ~= $0.count && $0.allSatisfy { 0x30...0x39 ~= $0 } }),
            pieces[0].elementsEqual("\(code / 100)".utf8)
        else { return nil }
        return String(decoding: word, as: UTF8.self)
    }
}

/// Reads answers.
struct SubmitReplyReader: Sendable {
    enum Progress: Equatable {
        case unfinished
        case answer(SubmitLines)
        case noAnswer
    }

    private let limits: SubmitLimits
    private var input: [UInt8] = []
    /// How far `input` is done with.
    private var start = 0
    private var code = 0
    private var lines: [[UInt8]] = []
    private var byteCount = 0

    init(_ limits: SubmitLimits) { self.limits = limits }

    /// Whether bytes are there that no answer was made of.
    var isEmpty: Bool { start == input.count && lines.isEmpty }

    /// Bytes that no answer was made of, but for lines of one that is not whole.
    var heldBytes: Int { input.count - start }

    mutating func take(_ bytes: some Sequence<UInt8>) { input.append(contentsOf: bytes) }

    /// The next answer. Nothing is read any more once there was none.
    mutating func next() -> Progress {
        while true {
            let end = min(input.count, start + limits.lineBytesMax)
            guard let place = input[start..<end].firstIndex(of: .lineFeed) else {
                return end - start == limits.lineBytesMax ? .noAnswer : .unfinished
            }
            var line = input[start..<place]
            if line.last == .carriageReturn { line = line.dropLast() }
            byteCount += place + 1 - start
            guard let code = SubmitReplyReader.code(line), lines.isEmpty || code == self.code,
                lines.count < limits.linesMax, byteCount <= limits.replyBytesMax
            else { return .noAnswer }
            let mark = line.dropFirst(3).first
            guard mark == nil || mark == .space || mark == .hyphen else { return .noAnswer }
            self.code = code
            lines.append(Array(line.dropFirst(4)))
            consume(place + 1)
            if mark == .hyphen { continue }
            defer { (lines, byteCount) = ([], 0) }
            return .answer(SubmitLines(code: code, lines: lines))
        }
    }

    private mutating func consume(_ place: Int) {
        start = place
        guard start == input.count || start >= 1 << 16 else { return }
        input.removeFirst(start)
        start = 0
    }

    private static func code(_ line: ArraySlice<UInt8>) -> Int? {
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return 200..<600 ~= code ? code : nil
    }
}
