// What HTML says, as plain text.
//
// Guarantees: blocks on lines of their own, one empty line at most between them; a quoted block has `> ` before each of its lines,
// as in a plain reply, so that one rule cuts both; list items have a hyphen; blanks are one blank except in `pre`. Linear time.

public enum HTMLText {
    /// The text of a stranger's HTML, cut where it has `byteMax` bytes with its marks of quotes. Nothing for HTML that `HTMLBounds`
    /// refuses.
    public static func text(_ html: String, byteMax: Int = 4 << 20) -> String {
        let writer = Writer(byteMax: byteMax)
        HTMLEvents.parse(html, writer)
        return writer.finished()
    }

    private static let blocks: Set<String> = [
        "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
        "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
        "tr", "ul",
    ]

    /// Blocks with an empty line before and behind.
    private static let spaced: Set<String> = [
        "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "ul", "ol", "dl",
    ]

    /// More levels of quotes than this look like this many: each level costs two characters in every line.
    private static let quoteMax = 20

    private final class Writer: HTMLListener {
        private let byteMax: Int
        private var byteCount = 0
        private var lines: [String] = []
        private var line = ""
        private var needsBlank = false
        /// How deep an empty line is quoted that comes before the next text; nil when there is none.
        private var emptyLineQuotes: Int?
        private var silence = 0
        private var quotes = 0
        private var preformatted = 0

        init(byteMax: Int) { self.byteMax = byteMax }

        func open(_ name: String, _ attributes: [(name: String, value: String)]) {
            if HTMLSanitiser.silent.contains(name) { silence += 1 }
            guard silence == 0 else { return }
            if HTMLText.blocks.contains(name) { endBlock(isSpaced: HTMLText.spaced.contains(name)) }
            switch name {
            case "blockquote": quotes += 1
            case "pre": preformatted += 1
            case "br": endLine()
            case "li": append("- ")
            case "hr": append("---"); endLine()
            case "td", "th": needsBlank = !line.isEmpty
            case "img": append(attributes.first { $0.name == "alt" }?.value ?? "")
            default: break
            }
        }

        func close(_ name: String) {
            if HTMLSanitiser.silent.contains(name) {
                silence = max(silence - 1, 0)
                return
            }
            guard silence == 0 else { return }
            if HTMLText.blocks.contains(name) { endBlock(isSpaced: HTMLText.spaced.contains(name)) }
            switch name {
            case "blockquote": quotes = max(quotes - 1, 0)
            case "pre": preformatted = max(preformatted - 1, 0)
            default: break
            }
        }

        func characters(_ text: String) {
            if silence == 0 { append(text) }
        }

        func finished() -> String {
            endBlock(isSpaced: false)
            return lines.joined(separator: "\n")
        }

        private func append(_ text: String) {
            for scalar in text.unicodeScalars {
                if preformatted > 0, scalar == "\n" {
                    endLine()
                } else if preformatted > 0, scalar != "\r" {
                    put(scalar)
                } else if scalar.properties.isWhitespace {
                    // Blanks at the beginning of a line are none.
                    needsBlank = needsBlank || !line.isEmpty
                } else {
                    put(scalar)
                }
            }
        }

        private func put(_ scalar: Unicode.Scalar) {
            if line.isEmpty, let depth = emptyLineQuotes {
                if let last = lines.last, !last.isEmpty { keep(marked("", depth: min(depth, quotes))) }
                emptyLineQuotes = nil
            }
            if needsBlank { line.unicodeScalars.append(" ") }
            needsBlank = false
            line.unicodeScalars.append(scalar)
        }

        /// Ends a line that `br` ends, which may be empty.
        private func endLine() {
            keep(marked(line, depth: quotes))
            line = ""
            needsBlank = false
        }

        private func keep(_ marked: String) {
            byteCount += marked.utf8.count + 1
            if byteCount <= byteMax { lines.append(marked) }
        }

        private func endBlock(isSpaced: Bool) {
            if !line.isEmpty { endLine() }
            needsBlank = false
            if isSpaced { emptyLineQuotes = min(emptyLineQuotes ?? quotes, quotes) }
        }

        private func marked(_ line: String, depth: Int) -> String {
            guard depth > 0 else { return line }
            let marks = String(repeating: "> ", count: min(depth, HTMLText.quoteMax))
            return line.isEmpty ? String(marks.dropLast()) : marks + line
        }
    }
}
