/// A CSV file as a table: a header that names the columns, then rows. Without a header, the first row's cells say how
/// many columns there are, and they are named `1`, `2`, ….
package struct TableReader: ~Copyable {
    package let columns: [String]
    private var reader: CSVReader
    /// The first row of a file without a header, which was read to count the columns.
    private var held: CSVRecord?

    /// Opens the file and reads its header.
    ///
    /// - Throws: ``ImportError`` when the file cannot be read as a table at all.
    package init(path: String, dialect: CSVDialect, limits: ImportLimits) throws(ImportError) {
        let source = try TextSource(try ByteSource(path: path), encoding: dialect.encoding)
        var reader = try CSVReader(source, delimiter: dialect.delimiter, limits: limits)
        var first = CSVRecord()
        switch try reader.next(into: &first) {
        case .end: throw ImportError(.format, "\(path) is empty")
        case .malformed(let fault): throw ImportError(.format, "\(path): the first row cannot be read: \(fault)")
        case .record: break
        }
        if dialect.hasHeader {
            columns = (0..<first.cellCount).map { index in
                String(decoding: first.bytes[CellPlan.trimmed(first.bytes, first.range(index))], as: UTF8.self)
            }
            held = nil
        } else {
            columns = (1...max(first.cellCount, 1)).map(String.init)
            held = first
        }
        self.reader = reader
    }

    /// Bytes of the file on disk, and how many of them were read so far.
    package var progress: (read: Int, total: Int) { reader.progress }

    /// Reads the next row, as ``CSVReader/next(into:)``.
    package mutating func next(into record: inout CSVRecord) throws(ImportError) -> CSVReader.Event {
        if let first = held {
            record = first
            held = nil
            return .record
        }
        return try reader.next(into: &record)
    }
}
