import Glibc

/// Cuts a text table into rows and cells: RFC 4180, and what people really send.
///
/// - Rows end with LF, CRLF or CR, also mixed; the last may lack its end. Rows without any character are skipped.
/// - A cell is quoted when its first byte is a quote. Inside, delimiters and line breaks are text and two quotes stand
///   for one. The cell ends at a quote that a delimiter, a row's end or the file's end follows, blanks between being
///   dropped; any other quote (`"He said "hi" to me"`) is text, except one behind a line break and a delimiter: there the
///   cell of a later row opens, and the first quote was a lost one. In a cell that does not begin with a quote, quotes
///   are text (`5" nail`).
/// - A row that cannot be cut (see ``CSVFault``) is reported once, with its line, and reading goes on at the next
///   physical line: one lost quote costs the rows up to the next quote that closes, not the file.
///
/// Memory: the window, at most twice `recordBytesMax`, and the caller's record. One thread at a time.
package struct CSVReader: ~Copyable {
    package enum Event: Sendable, Equatable {
        case record
        case malformed(CSVFault)
        case end
    }

    private static let windowBytes = 256 << 10
    /// Bytes of a malformed row that are kept for the rejects file.
    private static let excerptBytesMax = 4096

    package private(set) var delimiter = UInt8(ascii: ",")
    private let source: TextSource
    private let limits: ImportLimits

    private var window: [UInt8]
    private var head = 0
    private var filled = 0
    private var isAtEnd = false
    private var line = 1
    private var malformedCount = 0
    private var cells: [CellSpan] = []

    package init(_ source: TextSource, delimiter: UInt8?, limits: ImportLimits) throws(ImportError) {
        self.source = source
        self.limits = limits
        window = [UInt8](repeating: 0, count: Self.windowBytes)
        (filled, isAtEnd) = try Self.fill(&window, from: 0, source)
        let sampleBytes = min(filled, 64 << 10)
        self.delimiter = delimiter ?? CSVDialect.detectDelimiter(in: window.span.extracting(first: sampleBytes))
    }

    /// Reads the next row into `record`. After `.malformed`, the record holds the line and the cells, or as its only
    /// cell the beginning of the text that could not be cut.
    package mutating func next(into record: inout CSVRecord) throws(ImportError) -> Event {
        while true {
            switch scan() {
            case .end:
                return .end
            case .needsMore:
                if filled - head > limits.recordBytesMax {
                    return try recover(from: .recordTooLong(limitBytes: limits.recordBytesMax), into: &record)
                }
                try refill()
            case .blank(let bytes):
                head += bytes
                line += 1
            case .fault(let fault):
                return try recover(from: fault, into: &record)
            case .record(let bytes, let lines):
                record.reset(line: line)
                let fault = copyCells(bytes, into: &record)
                head += bytes
                line += lines
                guard let fault else { return .record }
                try countMalformed(fault)
                return .malformed(fault)
            }
        }
    }

    // MARK: Cells

    /// The cells move to a local for the call, since a window's span and the cells may not be borrowed from `self` at
    /// once.
    private mutating func scan() -> CSVScanner.Outcome {
        var found: [CellSpan] = []
        swap(&found, &cells)
        let outcome = CSVScanner(delimiter: delimiter, limits: limits)
            .scan(window.span.extracting(head..<filled), isAtEnd: isAtEnd, into: &found)
        swap(&found, &cells)
        return outcome
    }

    /// Copies the row into the record in one piece; behind it go the cells that are not text as they stand. A cell with
    /// a fault is decoded as well as can be, for the rejects file.
    private func copyCells(_ byteCount: Int, into record: inout CSVRecord) -> CSVFault? {
        record.bytes.append(contentsOf: window[head..<head + byteCount])
        var fault: CSVFault?
        for index in cells.indices {
            let cell = cells[index]
            var range = cell.start..<cell.end
            if cell.hasEscapes {
                let quoted = Array(record.bytes[range])
                range = record.bytes.count..<record.bytes.count
                CSVScanner.appendUnescaped(quoted.span, to: &record.bytes)
                range = range.lowerBound..<record.bytes.count
            }
            if !cell.isPlainASCII {
                let decoding = Self.decoding(of: record.bytes.span.extracting(range), as: source.cellEncoding)
                switch decoding {
                case .none: break
                case .hasNUL: fault = fault ?? .nulByte(cell: index)
                case .fromWindows1252, .isInvalid:
                    if case .isInvalid = decoding { fault = fault ?? .invalidUTF8(cell: index) }
                    let oneByteText = Array(record.bytes[range])
                    let start = record.bytes.count
                    TextEncoding.appendWindows1252(oneByteText.span, to: &record.bytes)
                    range = start..<record.bytes.count
                }
            }
            record.cells.append(range)
        }
        return fault
    }

    private enum Decoding {
        case none
        case fromWindows1252
        case hasNUL
        case isInvalid
    }

    /// What has to be done to a cell with bytes that are not plain ASCII.
    private static func decoding(of cell: Span<UInt8>, as encoding: TextEncoding) -> Decoding {
        for index in cell.indices where cell[index] == 0 { return .hasNUL }
        if encoding == .latin1 || encoding == .windows1252 { return .fromWindows1252 }
        if TextEncoding.isValidUTF8(cell) { return .none }
        return encoding == .utf8 ? .isInvalid : .fromWindows1252
    }

    // MARK: Window

    /// Makes room behind the unread bytes, growing only for a row longer than the window, and reads on.
    private mutating func refill() throws(ImportError) {
        let unread = filled - head
        if head > 0 {
            window.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                memmove(base, base + head, unread)
            }
            head = 0
        } else if unread == window.count {
            window.append(contentsOf: repeatElement(0, count: window.count))
        }
        (filled, isAtEnd) = try Self.fill(&window, from: unread, source)
    }

    private static func fill(
        _ window: inout [UInt8],
        from start: Int,
        _ source: TextSource
    ) throws(ImportError) -> (filled: Int, isAtEnd: Bool) {
        let result = window.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(ImportError) in
                try source.read(into: UnsafeMutableBufferPointer(rebasing: buffer[start...]))
            }
        }
        let count = try result.get()
        return (start + count, start + count < window.count)
    }

    // MARK: Malformed rows

    private mutating func countMalformed(_ fault: CSVFault) throws(ImportError) {
        malformedCount += 1
        guard malformedCount <= limits.malformedRecordCountMax else {
            throw ImportError(
                .limit,
                "more than \(limits.malformedRecordCountMax) rows cannot be read, the last because: \(fault); "
                    + "check delimiter, encoding and quotes"
            )
        }
    }

    /// Drops the physical line at `head`, keeping its beginning in the record.
    private mutating func recover(from fault: CSVFault, into record: inout CSVRecord) throws(ImportError) -> Event {
        record.reset(line: line)
        var isDone = false
        while !isDone {
            if let end = window[head..<filled].firstIndex(where: { $0 == 10 || $0 == 13 }) {
                // CR at the very end of the window may be half of CRLF.
                if window[end] == 13, end + 1 == filled, !isAtEnd {
                    try refill()
                    continue
                }
                keepExcerpt(upTo: end, in: &record)
                let isPair = window[end] == 13 && end + 1 < filled && window[end + 1] == 10
                head = end + (isPair ? 2 : 1)
                line += 1
                isDone = true
            } else {
                keepExcerpt(upTo: filled, in: &record)
                head = filled
                isDone = isAtEnd
                if !isAtEnd { try refill() }
            }
        }
        if !TextEncoding.isValidUTF8(record.bytes.span) {
            let raw = record.bytes
            record.bytes.removeAll(keepingCapacity: true)
            TextEncoding.appendWindows1252(raw.span, to: &record.bytes)
        }
        record.cells.append(0..<record.bytes.count)
        try countMalformed(fault)
        return .malformed(fault)
    }

    private func keepExcerpt(upTo end: Int, in record: inout CSVRecord) {
        let room = Self.excerptBytesMax - record.bytes.count
        guard room > 0 else { return }
        record.bytes.append(contentsOf: window[head..<min(end, head + room)])
    }
}
