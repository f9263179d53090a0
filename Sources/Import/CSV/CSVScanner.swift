/// Where a cell's text lies, relative to the row's first byte, without its enclosing quotes.
struct CellSpan {
    var start: Int
    var end: Int
    /// Two quotes in it stand for one.
    var hasEscapes: Bool
    /// No byte is 0 or above 127: nothing to decode, nothing to refuse.
    var isPlainASCII: Bool
}

/// Finds the cells of one row in bytes that begin at that row. Pure: no state, no I/O, nothing copied.
struct CSVScanner {
    enum Outcome {
        /// The row and its line break take `bytes` bytes and `lines` physical lines; the cells are set.
        case record(bytes: Int, lines: Int)
        /// An empty line, one line break long.
        case blank(bytes: Int)
        /// The row does not end within the bytes given.
        case needsMore
        case fault(CSVFault)
        /// No byte is left.
        case end
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    let delimiter: UInt8
    let limits: ImportLimits

    /// Cuts the row at the beginning of `text`. `isAtEnd`: nothing follows `text` in the file. O(row).
    func scan(_ text: Span<UInt8>, isAtEnd: Bool, into cells: inout [CellSpan]) -> Outcome {
        cells.removeAll(keepingCapacity: true)
        if text.isEmpty { return isAtEnd ? .end : .needsMore }
        var position = 0
        var lines = 1
        while true {
            let ending: CellEnd
            if position < text.count, text[position] == Self.quote {
                ending = quotedCell(text, from: position, isAtEnd: isAtEnd, lines: &lines, cells: &cells)
            } else {
                ending = plainCell(text, from: position, isAtEnd: isAtEnd, cells: &cells)
            }
            switch ending {
            case .needsMore: return .needsMore
            case .fault(let fault): return .fault(fault)
            case .delimiter(let next):
                position = next
                if cells.count >= limits.columnCountMax { return .fault(.tooManyCells(limit: limits.columnCountMax)) }
            case .row(let next):
                if next > limits.recordBytesMax { return .fault(.recordTooLong(limitBytes: limits.recordBytesMax)) }
                if position == 0, cells[0].start == 0, cells[0].end == 0 { return .blank(bytes: next) }
                return .record(bytes: next, lines: lines)
            }
        }
    }

    /// What stands behind a cell; the position is that of the next cell or row.
    private enum CellEnd {
        case delimiter(Int)
        case row(Int)
        case needsMore
        case fault(CSVFault)
    }

    private func plainCell(_ text: Span<UInt8>, from start: Int, isAtEnd: Bool, cells: inout [CellSpan]) -> CellEnd {
        var index = start
        var ones: UInt8 = 0
        var hasNUL = false
        let count = text.count
        while index < count {
            let byte = text[index]
            if byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn { break }
            ones |= byte
            if byte == 0 { hasNUL = true }
            index += 1
        }
        if index == count, !isAtEnd { return .needsMore }
        if index - start > limits.cellBytesMax { return .fault(.cellTooLong(limitBytes: limits.cellBytesMax)) }
        cells.append(CellSpan(start: start, end: index, hasEscapes: false, isPlainASCII: ones < 0x80 && !hasNUL))
        return end(text, at: index, isAtEnd: isAtEnd)
    }

    private func quotedCell(
        _ text: Span<UInt8>,
        from start: Int,
        isAtEnd: Bool,
        lines: inout Int,
        cells: inout [CellSpan]
    ) -> CellEnd {
        var index = start + 1
        var ones: UInt8 = 0
        var hasNUL = false
        var hasEscapes = false
        let count = text.count
        let linesBefore = lines
        while index < count {
            let byte = text[index]
            if byte == Self.quote {
                // Further lines are in the cell, and here one of their cells opens: the quote at `start` was a lost one, and
                // what looks like its text are rows.
                if lines > linesBefore, isCellEnd(text[index - 1]), index + 1 < count, !isCellEnd(text[index + 1]),
                    text[index + 1] != Self.quote
                {
                    return .fault(.unclosedQuote)
                }
                var next = index + 1
                if next < count, text[next] == Self.quote {
                    hasEscapes = true
                    index += 2
                    continue
                }
                while next < count, text[next] == UInt8(ascii: " "), delimiter != UInt8(ascii: " ") { next += 1 }
                if next == count, !isAtEnd { return .needsMore }
                if next == count || isCellEnd(text[next]) {
                    if index - start - 1 > limits.cellBytesMax {
                        return .fault(.cellTooLong(limitBytes: limits.cellBytesMax))
                    }
                    cells.append(
                        CellSpan(
                            start: start + 1,
                            end: index,
                            hasEscapes: hasEscapes,
                            isPlainASCII: ones < 0x80 && !hasNUL
                        )
                    )
                    return end(text, at: next, isAtEnd: isAtEnd)
                }
            } else if byte == Self.lineFeed {
                lines += 1
            } else if byte == Self.carriageReturn, index + 1 < count, text[index + 1] != Self.lineFeed {
                lines += 1
            } else if byte == 0 {
                hasNUL = true
            }
            ones |= byte
            index += 1
        }
        if !isAtEnd {
            // Bounds the search for a quote that is missing.
            return count > limits.recordBytesMax
                ? .fault(.recordTooLong(limitBytes: limits.recordBytesMax)) : .needsMore
        }
        return .fault(.unclosedQuote)
    }

    private func isCellEnd(_ byte: UInt8) -> Bool {
        byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn
    }

    /// `index` is that of a delimiter, of a line break, or the text's end.
    private func end(_ text: Span<UInt8>, at index: Int, isAtEnd: Bool) -> CellEnd {
        guard index < text.count else { return .row(index) }
        if text[index] == delimiter { return .delimiter(index + 1) }
        if text[index] == Self.lineFeed { return .row(index + 1) }
        guard index + 1 < text.count else { return isAtEnd ? .row(index + 1) : .needsMore }
        return .row(text[index + 1] == Self.lineFeed ? index + 2 : index + 1)
    }

    /// Appends the text of a quoted cell, each pair of quotes as one.
    static func appendUnescaped(_ cell: Span<UInt8>, to bytes: inout [UInt8]) {
        var index = 0
        while index < cell.count {
            let byte = cell[index]
            bytes.append(byte)
            let isPair = byte == quote && index + 1 < cell.count && cell[index + 1] == quote
            index += isPair ? 2 : 1
        }
    }
}
