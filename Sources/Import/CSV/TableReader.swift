/// A file as a table: columns with names, then rows. A CSV file names its columns in a header; without one, the first row's cells
/// say how many columns there are, and they are named `1`, `2`, …. A file whose name ends in `.json` (or `.json.gz`) is read
/// as records (``JSONRecords``).
package struct TableReader: ~Copyable {
    package let columns: [String]
    private var csv: CSVReader?
    /// What the CSV reader reads.
    private var text: TextSource?
    private var json: JSONRecords?
    /// The first row of a file without a header, which was read to count the columns.
    private var held: CSVRecord?

    /// Opens the file and reads the names of its columns.
    ///
    /// - Throws: ``ImportError`` when the file cannot be read as a table at all.
    package init(path: String, dialect: CSVDialect, limits: ImportLimits) throws(ImportError) {
        if path.hasSuffix(".json") || path.hasSuffix(".json.gz") {
            let records = try JSONRecords(path: path, limits: limits)
            columns = records.columns
            json = records
            return
        }
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
        csv = consume reader
        text = source
    }

    /// Bytes of the file on disk, and how many of them were read so far.
    package var progress: (read: Int, total: Int) {
        text.map { ($0.fileBytesRead, $0.fileBytes) } ?? json?.progress ?? (0, 0)
    }

    /// Reads the next row, as ``CSVReader/next(into:)``.
    package mutating func next(into record: inout CSVRecord) throws(ImportError) -> CSVReader.Event {
        if let first = held {
            record = first
            held = nil
            return .record
        }
        if let event = try csv?.next(into: &record) { return event }
        return try json?.next(into: &record) ?? .end
    }
}
