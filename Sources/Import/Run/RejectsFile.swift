import Glibc

/// The rows that could not go in, as CSV: file, line, entity, column, reason, then the cells as they stood in the file
/// (of a row that could not be cut into cells: its beginning, as one cell).
///
/// Made with the first rejected row, so that a clean run leaves none. Rows are appended by one `write` each batch;
/// after a kill the progress file says how much of it counts.
struct RejectsFile: ~Copyable {
    static let header = "file,line,entity,column,reason,cells\r\n"
    /// Columns before the row's own cells.
    static let ownColumnCount = 5

    let path: String
    private var descriptor: Int32 = -1
    private(set) var lengthBytes = 0
    private var pending: [UInt8] = []

    /// - Parameter keptBytes: length of the rows of an interrupted run that count; 0 begins anew.
    init(path: String, keptBytes: Int) throws(ImportError) {
        self.path = path
        if keptBytes > 0 {
            try openFile(flags: O_WRONLY)
            guard ftruncate(descriptor, keptBytes) == 0, lseek(descriptor, 0, SEEK_END) == keptBytes else {
                throw ImportError(.file, "cannot continue \(path): \(String(cString: strerror(errno)))")
            }
            lengthBytes = keptBytes
        } else {
            unlink(path)
        }
    }

    /// Whether the rejects of an interrupted run are all there. What was deleted or cut since cannot be continued: `ftruncate`
    /// would make it as long as it was, of zeros.
    static func holds(_ keptBytes: Int, path: String) -> Bool {
        var information = stat()
        return keptBytes == 0 || stat(path, &information) == 0 && Int(information.st_size) >= keptBytes
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    mutating func append(file: String, entity: String, _ record: CSVRecord, _ fault: RowFault) {
        if lengthBytes == 0, pending.isEmpty { pending += Array(Self.header.utf8) }
        Self.appendCell(Array(file.utf8), to: &pending)
        for text in [String(record.line), entity, fault.column, fault.reason] {
            pending.append(UInt8(ascii: ","))
            Self.appendCell(Array(text.utf8), to: &pending)
        }
        for cell in 0..<record.cellCount {
            pending.append(UInt8(ascii: ","))
            Self.appendCell(Array(record.bytes[record.range(cell)]), to: &pending)
        }
        pending += [0x0D, 0x0A]
    }

    /// Writes what was appended.
    mutating func flush() throws(ImportError) {
        guard !pending.isEmpty else { return }
        if descriptor < 0 { try openFile(flags: O_WRONLY | O_CREAT | O_TRUNC) }
        var start = 0
        while start < pending.count {
            let count = pending.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw ImportError(.file, "cannot write \(path): \(String(cString: strerror(errno)))")
            }
            start += count
        }
        lengthBytes += pending.count
        pending.removeAll(keepingCapacity: true)
    }

    private mutating func openFile(flags: Int32) throws(ImportError) {
        descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ImportError(.file, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func appendCell(_ cell: [UInt8], to text: inout [UInt8]) {
        guard cell.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
            text += cell
            return
        }
        text.append(0x22)
        for byte in cell {
            if byte == 0x22 { text.append(0x22) }
            text.append(byte)
        }
        text.append(0x22)
    }
}
