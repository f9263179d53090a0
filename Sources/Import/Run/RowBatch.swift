import Engine

/// Rows on their way into the database: their values by column, and their cells as they stood in the file, for the
/// rejects file. Once filled it is sent, kept until its reply is there, and settled.
struct RowBatch: Sendable {
    /// Values of one attribute.
    private struct Column: Sendable {
        let isText: Bool
        var isNull: [Bool] = []
        /// Numbers, or end offsets in `heap`.
        var numbers: [Int64] = []
        var heap: [UInt8] = []
    }

    let plan: StepPlan
    /// The plan's cells that are sent: all of them, or all but the links that wait for later rows.
    let cells: [Int]
    /// Identity of the file for rows without a key; nil when the mapping has a key.
    private let fileKey: String?
    private var columns: [Column]
    private var externalIDs: [String] = []
    /// The rows that are sent, as they stood in the file, one behind the other.
    private var rowBytes: [UInt8] = []
    private var rowCells: [Range<Int>] = []
    private var rows: [(line: Int, bytesEnd: Int, cellsEnd: Int)] = []
    /// Rows that did not get so far.
    private(set) var faults: [(record: CSVRecord, fault: RowFault)] = []
    private(set) var byteCount = 0
    /// What happened on the way here: rows read and skipped.
    var counts = ImportCounts()
    /// Physical line of the last row taken up, whatever became of it: where a resumed run goes on.
    var lastLine = 0

    init(plan: StepPlan, cells: [Int], digest: FileDigest) {
        self.plan = plan
        self.cells = cells
        fileKey = plan.keyCells.isEmpty ? digest.description : nil
        columns = cells.map { Column(isText: plan.cells[$0].isText) }
    }

    var rowCount: Int { rows.count }
    var isEmpty: Bool { lastLine == 0 }

    mutating func append(_ record: CSVRecord, _ row: TypedRow) {
        for (place, cell) in cells.enumerated() {
            switch row.cells[cell] {
            case .null:
                columns[place].isNull.append(true)
                columns[place].numbers.append(Int64(columns[place].heap.count))
            case .number(let number):
                columns[place].isNull.append(false)
                columns[place].numbers.append(number)
            case .text(let range):
                columns[place].isNull.append(false)
                columns[place].heap.append(contentsOf: row.text[range])
                columns[place].numbers.append(Int64(columns[place].heap.count))
            }
        }
        if let fileKey { externalIDs.append("\(fileKey):\(record.line)") }
        byteCount += row.text.count + 9 * cells.count + 80
        rowBytes.append(contentsOf: record.bytes)
        rowCells.append(contentsOf: record.cells)
        rows.append((record.line, rowBytes.count, rowCells.count))
    }

    /// The line in which a row began.
    func line(_ row: Int) -> Int { rows[row].line }

    /// A row that was sent, as it stood in the file.
    func record(_ row: Int) -> CSVRecord {
        var record = CSVRecord()
        record.line = rows[row].line
        record.bytes = Array(rowBytes[(row == 0 ? 0 : rows[row - 1].bytesEnd)..<rows[row].bytesEnd])
        record.cells = Array(rowCells[(row == 0 ? 0 : rows[row - 1].cellsEnd)..<rows[row].cellsEnd])
        return record
    }

    mutating func reject(_ record: CSVRecord, _ fault: RowFault) { faults.append((record, fault)) }

    /// The text of a cell of a row, by place in `cells`; nil for null and numbers.
    func text(_ place: Int, row: Int) -> [UInt8]? {
        guard !columns[place].isNull[row], columns[place].isText else { return nil }
        let start = row == 0 ? 0 : Int(columns[place].numbers[row - 1])
        return Array(columns[place].heap[start..<Int(columns[place].numbers[row])])
    }

    /// Where rows from one on end that have different keys, so many of them at most.
    func endOfDistinctKeys(from start: Int, countMax: Int) -> Int {
        var keys: Set<UInt64> = []
        var end = start
        while end < rowCount, end - start < countMax {
            if let key = keyHash(row: end), !keys.insert(key).inserted { break }
            end += 1
        }
        return end
    }

    /// A hash of a row's key, folded; nil where every row has a key of its own.
    private func keyHash(row: Int) -> UInt64? {
        guard fileKey == nil else { return nil }
        return cells.indices.filter { plan.keyCells.contains(cells[$0]) }.reduce(0) { hash, place in
            if let text = text(place, row: row) {
                return text.withUnsafeBufferPointer { Collation.hash($0, seed: hash) }
            }
            let number = columns[place].isText || columns[place].isNull[row] ? 0 : columns[place].numbers[row]
            return Array(String(number).utf8).withUnsafeBufferPointer { Collation.hash($0, seed: hash) }
        }
    }

    mutating func setNull(_ place: Int, row: Int) { columns[place].isNull[row] = true }

    /// A record that the reply to these rows says is there, with a text of its key.
    func anchor(_ reply: TransactionReply, rows sent: [Int]) -> ResumeRecord.Anchor? {
        guard let ids = reply.operations.first?.ids, ids.count == sent.count,
            let place = ids.lastIndex(where: { $0 != .none })
        else { return nil }
        let (row, id) = (sent[place], ids[place])
        if fileKey != nil {
            let attribute = plan.entity[SystemAttribute.externalID].name
            return ResumeRecord.Anchor(record: id, attribute: attribute, text: externalIDs[row])
        }
        for (place, cell) in cells.enumerated() where plan.keyCells.contains(cell) && plan.cells[cell].lookup == nil {
            guard let text = text(place, row: row) else { continue }
            return ResumeRecord.Anchor(
                record: id,
                attribute: plan.cells[cell].name,
                text: String(decoding: text, as: UTF8.self)
            )
        }
        return nil
    }

    // MARK: Transaction

    /// The transaction that upserts these rows by the mapping's key, each row succeeding or failing on its own.
    func transaction(_ schema: Schema, rows: [Int]) throws(ImportError) -> Transaction {
        var names = cells.map { plan.cells[$0].name }
        if fileKey != nil { names.append(plan.entity[SystemAttribute.externalID].name) }
        var references: [String: (entity: String, key: String)] = [:]
        for cell in cells {
            guard let lookup = plan.cells[cell].lookup else { continue }
            references[plan.cells[cell].name] = (lookup.entityName, lookup.keyAttribute)
        }
        do throws(Refusal) {
            var batch = try RecordBatch(
                schema,
                .upsert,
                plan.entity.name,
                attributes: names,
                key: plan.entity.keys[plan.keyIndex].name,
                references: references
            )
            for row in rows {
                for place in cells.indices { Self.append(columns[place], row, column: place, to: &batch) }
                if fileKey != nil {
                    Array(externalIDs[row].utf8).withUnsafeBytes { batch.appendText(column: cells.count, $0) }
                }
                batch.endRow()
            }
            var transaction = Transaction(schema)
            transaction.isIndependent = true
            transaction.append(batch)
            return transaction
        } catch {
            throw ImportError(.session, "the schema has changed while the import ran: \(error)")
        }
    }

    private static func append(_ column: Column, _ row: Int, column place: Int, to batch: inout RecordBatch) {
        if column.isNull[row] {
            batch.appendNull(column: place)
        } else if column.isText {
            let start = row == 0 ? 0 : Int(column.numbers[row - 1])
            column.heap.withUnsafeBytes { heap in
                let text = UnsafeRawBufferPointer(rebasing: heap[start..<Int(column.numbers[row])])
                batch.appendText(column: place, text)
            }
        } else {
            batch.appendNumber(column: place, column.numbers[row])
        }
    }
}
