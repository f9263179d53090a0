/// The records of a JSON file as rows of a table: an array of objects, or an object whose first array is taken (`{"records": […]}`
/// of a Salesforce tree, `{"data": […]}` of many services).
///
/// - A member of a record is a cell; members of an object inside it are cells named `outer.inner`.
/// - `null` and members that are not there are empty cells; numbers stand as they are written, so that none loses digits.
/// - An array inside a record is one cell, with its JSON as it is written.
/// - A row's line is the number of its record, from 1: many records may share a line of the file, or all of them one.
/// - Of two members of the same name the last counts. A file that is not JSON ends the run, with its line: nothing behind the
///   mistake can be told from it.
///
/// The file is read twice, once for the names of its columns. Memory: a window and a record. One thread at a time.
struct JSONRecords {
    private let limits: ImportLimits
    private let bytes: JSONBytes
    /// Place of each column.
    private var places: [String: Int] = [:]
    /// Columns in order of their first appearance.
    private(set) var columns: [String] = []
    private let collectsColumns: Bool
    private var recordNumber = 0
    private var isAtEnd = false
    private var isBeforeFirst = true
    /// The array is a member of an object, of which others may follow.
    private var isInObject = false
    /// Cells of the record that is read.
    private var cells: [Range<Int>] = []

    /// Opens the file and learns its columns.
    init(path: String, limits: ImportLimits) throws(ImportError) {
        var first = try JSONRecords(path, limits, columns: nil)
        var record = CSVRecord()
        while try first.next(into: &record) != .end {}
        try self.init(path, limits, columns: first.columns)
    }

    private init(_ path: String, _ limits: ImportLimits, columns: [String]?) throws(ImportError) {
        self.limits = limits
        bytes = try JSONBytes(path: path)
        collectsColumns = columns == nil
        self.columns = columns ?? []
        for (place, column) in self.columns.enumerated() { places[column] = place }
        try findArray()
    }

    /// Bytes of the file on disk, and how many of them were read so far.
    var progress: (read: Int, total: Int) { bytes.progress }

    private mutating func findArray() throws(ImportError) {
        if try bytes.take("[") { return }
        guard try bytes.take("{") else {
            throw bytes.error("a JSON file has an array of records, or an object with one")
        }
        var isFirst = true
        while try bytes.goesOn(&isFirst, to: "}") {
            try bytes.skipText()
            try bytes.expect(":")
            if try bytes.take("[") {
                isInObject = true
                return
            }
            try bytes.skip(bytesMax: limits.recordBytesMax)
        }
        throw bytes.error("there is no array of records")
    }

    /// Reads the next record into `record`; never `.malformed` but for a text that is none.
    mutating func next(into record: inout CSVRecord) throws(ImportError) -> CSVReader.Event {
        guard !isAtEnd else { return .end }
        guard try bytes.goesOn(&isBeforeFirst, to: "]") else {
            isAtEnd = true
            if !isInObject, try bytes.peekPastBlanks() != nil {
                throw bytes.error("something follows the array of records")
            }
            return .end
        }
        recordNumber += 1
        record.reset(line: recordNumber)
        cells = Array(repeating: 0..<0, count: columns.count)
        guard try bytes.take("{") else { throw bytes.error("record \(recordNumber) is no object") }
        try members(of: "", into: &record, level: 0)
        record.cells = cells
        for (place, range) in cells.enumerated() {
            let cell = record.bytes[range]
            if cell.contains(0) { return .malformed(.nulByte(cell: place)) }
            guard String(validating: cell, as: UTF8.self) != nil else { return .malformed(.invalidUTF8(cell: place)) }
        }
        return .record
    }

    /// The members of an object whose brace was taken, up to its end.
    private mutating func members(of outer: String, into record: inout CSVRecord, level: Int) throws(ImportError) {
        guard level < JSONBytes.levelsMax else {
            throw bytes.error("a record has more than \(JSONBytes.levelsMax) levels")
        }
        var isFirst = true
        while try bytes.goesOn(&isFirst, to: "}") {
            var name: [UInt8] = []
            try bytes.text(to: &name, bytesMax: JSONBytes.nameBytesMax)
            let column = outer + String(decoding: name, as: UTF8.self)
            guard column.utf8.count <= JSONBytes.nameBytesMax else {
                throw bytes.error("a member's name has more than \(JSONBytes.nameBytesMax) bytes")
            }
            try bytes.expect(":")
            if try bytes.take("{") {
                try members(of: column + ".", into: &record, level: level + 1)
            } else {
                try cell(column, into: &record)
            }
        }
    }

    private mutating func cell(_ column: String, into record: inout CSVRecord) throws(ImportError) {
        let start = record.bytes.count
        switch try bytes.peekPastBlanks() {
        case UInt8(ascii: "\""): try bytes.text(to: &record.bytes, bytesMax: limits.cellBytesMax)
        case UInt8(ascii: "["): try bytes.raw(to: &record.bytes, bytesMax: limits.recordBytesMax)
        default:
            try bytes.literal(to: &record.bytes)
            if record.bytes[start...].elementsEqual("null".utf8) { record.bytes.removeSubrange(start...) }
        }
        guard record.bytes.count <= limits.recordBytesMax else {
            throw bytes.error("record \(recordNumber) is longer than \(limits.recordBytesMax) bytes")
        }
        if let place = places[column] {
            cells[place] = start..<record.bytes.count
            return
        }
        // The second reading of a file that somebody has changed meanwhile.
        guard collectsColumns else { throw bytes.error("the file has changed while it was read") }
        guard columns.count < limits.columnCountMax else {
            throw bytes.error("the records have more than \(limits.columnCountMax) different members")
        }
        places[column] = columns.count
        columns.append(column)
        cells.append(start..<record.bytes.count)
    }
}
