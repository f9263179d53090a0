// The rule of file attributes: a value is well formed, within the attribute's bounds, and its content is there.
//
// Whether it is there is a fact from outside that comes in as `Engine.contents`, asked once for each value that a transaction
// gives. The entry holds the value, so that a replay asks nobody.

extension Engine {
    func validateFiles(_ values: ColumnView, _ place: Int, _ column: Int, _ failures: inout RowFailures) {
        guard case .file(let bytesMax, let contentTypes) = schema.entities[place].attributes[column].type else {
            return
        }
        for row in 0..<values.count where values.isValid(row) {
            if let flaw = fileFlaw(values.text(row), bytesMax, contentTypes) {
                failures.add(row, refusal(.fileRefused, place, column, flaw))
            }
        }
    }

    private func fileFlaw(_ bytes: UnsafeRawBufferPointer, _ bytesMax: Int64, _ contentTypes: [String]) -> String? {
        guard case .good = TextCheck.check(bytes, lengthMax: FileReference.textBytesMax) else {
            return "The value is not UTF-8, or too long."
        }
        let file: FileReference
        do throws(FileReferenceFlaw) {
            file = try FileReference(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            return error.description
        }
        guard file.content.lengthBytes <= bytesMax else {
            return "The file has \(file.content.lengthBytes) bytes; at most \(bytesMax) are allowed."
        }
        guard file.isOfType(contentTypes) else {
            return "The file is of type \(file.contentType); allowed are \(contentTypes.joined(separator: ", "))."
        }
        guard contents?.holds(file.content) == true else {
            return "There is no content \(file.content.hash) of \(file.content.lengthBytes) bytes: upload it first."
        }
        return nil
    }
}

extension Engine {
    /// The file of a record; nil where the attribute has none, or there is no such record or attribute. O(1).
    package func file(of record: RecordID, _ attribute: AttributeID) -> FileReference? {
        guard let place = schema.place(of: record.entity) else { return nil }
        let column = Int(attribute.rawValue)
        let attributes = schema.entities[place].attributes
        guard attributes.indices.contains(column), attributes[column].type.isFile else { return nil }
        let row = tables[place].row(of: record)
        guard row != Table.noRow, let head = tables[place].head(column, Int(row)), head.isValid(Int(row) & 8191) else {
            return nil
        }
        return FileReference(bytes: head.text(Int(row) & 8191))
    }
}

extension FileReference {
    /// Reads the bytes of a stored value; nil when they are none.
    init?(bytes: some Collection<UInt8>) {
        guard let file = try? FileReference(text: String(decoding: bytes, as: UTF8.self)) else { return nil }
        self = file
    }
}

extension View {
    /// A file of a record.
    package struct RecordFile: Sendable {
        package var record: RecordID
        package var attribute: String
        package var file: FileReference
    }

    /// Calls `body` with every file of every record, in the order of entities, attributes and rows. Reads columns of files only.
    package func forEachFile<E: Error>(_ body: (RecordFile) throws(E) -> Void) throws(E) {
        for table in tables {
            for (column, attribute) in table.entity.attributes.enumerated() where attribute.type.isFile {
                for chunk in 0..<table.blockCount {
                    guard let block = table.block(column, chunk) else { continue }
                    for row in 0..<block.capacity where block.head.isValid(row) {
                        let id = table.recordID(atRow: chunk * Table.blockRows + row)
                        guard id != .none, let file = FileReference(bytes: block.head.text(row)) else { continue }
                        try body(RecordFile(record: id, attribute: attribute.name, file: file))
                    }
                }
            }
        }
    }

    /// The contents that records refer to, sorted, each once.
    package var fileContents: [FileContent] {
        var contents: Set<FileContent> = []
        forEachFile { contents.insert($0.file.content) }
        return contents.sorted()
    }
}
