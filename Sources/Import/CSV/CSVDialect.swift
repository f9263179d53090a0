/// How a text table is written. What is `nil` is found out from the file's beginning.
package struct CSVDialect: Sendable, Equatable {
    /// Between two cells: comma, semicolon, tab or pipe, or any other ASCII byte that is no quote, letter, digit, space
    /// or line break. `nil`: the one of the four that splits the first rows most evenly.
    package var delimiter: UInt8?
    package var encoding: TextEncoding
    /// Whether the first row names the columns. Without, columns are named `1`, `2`, ….
    package var hasHeader: Bool

    package init(delimiter: UInt8? = nil, encoding: TextEncoding = .detect, hasHeader: Bool = true) {
        self.delimiter = delimiter
        self.encoding = encoding
        self.hasHeader = hasHeader
    }

    /// The four delimiters that are tried, in the order that decides between equals.
    private static let candidates: [UInt8] = [
        UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"),
    ]

    /// The delimiter of a file that begins with `sample`: the candidate that splits most of the first rows into as many
    /// cells as the first of them, more cells winning between equals; a comma when none splits anything.
    package static func detectDelimiter(in sample: Span<UInt8>) -> UInt8 {
        var best = (delimiter: UInt8(ascii: ","), agreeing: 0, cells: 1)
        for candidate in candidates {
            let counts = cellCounts(in: sample, delimiter: candidate, rowCountMax: 20)
            guard let first = counts.first, first > 1 else { continue }
            let agreeing = counts.count { $0 == first }
            if agreeing > best.agreeing || (agreeing == best.agreeing && first > best.cells) {
                best = (candidate, agreeing, first)
            }
        }
        return best.delimiter
    }

    /// Cells in each of the first complete rows. A quote toggles: enough to skip delimiters inside quoted cells.
    private static func cellCounts(in sample: Span<UInt8>, delimiter: UInt8, rowCountMax: Int) -> [Int] {
        var counts: [Int] = []
        var cells = 1
        var isQuoted = false
        var isBlank = true
        for index in sample.indices {
            let byte = sample[index]
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, byte == delimiter {
                cells += 1
            } else if !isQuoted, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if !isBlank { counts.append(cells) }
                if counts.count == rowCountMax { return counts }
                cells = 1
                isBlank = true
                continue
            }
            isBlank = false
        }
        // A sample without a single line break is a file of one row.
        if counts.isEmpty, !isBlank { counts.append(cells) }
        return counts
    }
}
