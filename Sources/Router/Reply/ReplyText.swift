// What somebody wrote anew in an answer, without what it answers and without signatures.
//
// Guarantees: only whole lines are left out, never parts; the lines that stay are as they were and in their order; text that looks like
// nothing known stays. The original is kept by whoever calls. Linear in the text.
//
// From the top: the first thing that begins what is answered ends the text, provided that something stands before it: an attribution
// ("On Monday Ann wrote:"), the head of a message, a line that says "original message", or a drawn line. Where nothing stands before
// it, the answer is below, and only the thing itself is left out. A quote with an attribution that has text behind it is being
// answered point by point: it stays, without the attribution. What hangs at the end, quotes and words of devices, goes.

/// Cuts quotes and signatures.
public enum ReplyText {
    /// The answer in a plain text. Empty when there is nothing but an attributed quote.
    public static func trim(_ text: String) -> String {
        let lines = text.replacing("\r\n", with: "\n").split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        return Cutter(ReplyLines(lines)).answer
    }

    private struct Cutter {
        private let lines: ReplyLines
        /// Indexes of lines that stay.
        private var kept: [Int] = []
        private var hasText = false

        init(_ lines: ReplyLines) {
            self.lines = lines
            var index = 0
            while index < lines.kinds.count, let next = take(index) { index = next }
            cutEnd()
        }

        var answer: String {
            let start = kept.firstIndex { lines.kinds[$0] != .blank } ?? kept.endIndex
            return kept[start...].map { String(lines.lines[$0]) }.joined(separator: "\n")
        }

        /// Takes the line, or leaves it out; the index of the next, or nil where the answer ends.
        private mutating func take(_ index: Int) -> Int? {
            switch lines.kinds[index] {
            case .text:
                hasText = true
                kept.append(index)
                return index + 1
            case .blank, .device, .quote:
                kept.append(index)
                return index + 1
            case .rule, .mark: return hasText ? nil : index + 1
            case .head(let count): return hasText ? nil : index + count
            case .attribution(let count): return attribution(index, count)
            }
        }

        private func attribution(_ index: Int, _ count: Int) -> Int? {
            let first = lines.firstThatIsNotBlank(from: index + count)
            let isQuoted = first.map { lines.isPlainQuote($0) } ?? false
            guard isQuoted, let first else { return hasText ? nil : index + count }
            let end = lines.endOfQuote(from: first)
            let hasTextBehind = lines.hasText(behind: end)
            if hasText { return hasTextBehind ? index + count : nil }
            // The answer stands below the quote; but who quotes again answers point by point.
            return hasTextBehind && lines.hasQuote(behind: end) ? index + count : end
        }

        private mutating func cutEnd() {
            // A quote that begins with an attribution inside it answers nobody.
            if !hasText, let first = kept.first(where: { lines.kinds[$0] != .blank }), lines.isQuotedAttribution(first)
            {
                kept = []
            }
            while let last = kept.last {
                switch lines.kinds[last] {
                case .blank, .device: break
                case .quote where hasText: break
                default: return
                }
                kept.removeLast()
            }
        }
    }
}
