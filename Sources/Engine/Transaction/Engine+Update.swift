import Glibc

extension Engine {
    /// Changes records by id. Rows whose values are all as they were change nothing: no version, no entry.
    func update(
        _ given: Operation,
        rowMap: [Int]?,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) {
        var operation = given
        var failures = RowFailures()
        if rowMap == nil { validateColumns(&operation, &failures) }
        let lists = takePartyLists(&operation)
        let place = operation.place
        var rows = findRows(operation, &failures)
        deriveState(&operation, current: rows, &failures)
        keepNumbers(&operation, rows)
        copyRates(&operation, rows: rows)
        checkKeys(operation, rows: rows, &failures)
        guard let good = try settle(failures, operation.count, rowMap, running, &outcome) else { return }
        if running.hasSeveralOperations, let rowMap {
            for row in good { rememberID(operation.id(row), ofRow: rowMap[row]) }
        }

        let changes = try partyChanges(lists, rows: good, isNew: false, &running) { given.id($0) }
        let changed = good.filter { row in
            changes.rows.contains(row)
                || operation.attributes.indices.contains { index in
                    tables[place].differs(operation.attributes[index], Int(rows[row]), operation.columns[index], row)
                }
        }
        let isWhole = changed.count == given.count && rowMap == nil
        if !isWhole {
            var isChanged = [Bool](repeating: false, count: given.count)
            for row in changed { isChanged[row] = true }
            for row in good {
                outcome.set(rowMap?[row] ?? row, isChanged[row] ? .updated : .unchanged, id: operation.id(row))
            }
        } else {
            outcome.setAll(.updated)
        }
        guard !changed.isEmpty else { return }
        if changed.count < operation.count {
            operation = operation.selecting(changed, buffers: &buffers)
            rows = changed.map { rows[$0] }
        }
        let limitBytes = entryBytesMax - (entry.count - running.changeCountOffset)
        try rows.withUnsafeBufferPointer { list throws(Refusal) in
            let set = RowSet(first: 0, count: list.count, list: list.baseAddress)
            try tables[place].requireFits(operation.attributes, rows: set, limitBytes: limitBytes)
        }
        noteNumbersForUndo(place)
        writeUpdate(operation, rows, &running, &entry)
        try write(changes, rowMap: rowMap, running, &entry)
    }

    /// The row of each record that the operation names; failures for those that are not there, stale, or named twice.
    private func findRows(_ operation: Operation, _ failures: inout RowFailures) -> [UInt32] {
        let layout = tables[operation.place].layout
        var seen = HashSlots(count: operation.count)
        return (0..<operation.count).map { index in
            let id = operation.id(index)
            let row = tables[operation.place].row(of: id)
            guard row != Table.noRow else {
                failures.add(index, notFound(id, layout))
                return 0
            }
            let expected = operation.expectedVersion(index)
            if expected != 0 {
                let version = tables[operation.place].version(atRow: Int(row))
                if version != expected {
                    failures.add(
                        index,
                        Refusal(
                            .staleVersion,
                            entity: layout.entity.name,
                            record: id,
                            "\(schema.text(of: id)) is at version \(version), not \(expected): it was changed since you read it."
                        )
                    )
                }
            }
            if operation.count > 1, !seen.insert(combinedHash(1, id.rawValue)) {
                failures.add(
                    index,
                    Refusal(
                        .duplicateRecord,
                        entity: layout.entity.name,
                        record: id,
                        "\(schema.text(of: id)) is named twice in one operation."
                    )
                )
            }
            return row
        }
    }

    func notFound(_ id: RecordID, _ layout: TableLayout) -> Refusal {
        Refusal(.recordNotFound, entity: layout.entity.name, record: id, "There is no \(schema.text(of: id)).")
    }

    /// Writes an update of all rows of `operation` into the entry and applies it.
    private func writeUpdate(
        _ operation: Operation,
        _ rows: [UInt32],
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter
    ) {
        let start = entry.count
        tables[operation.place].encodeUpdate(operation, rows, into: &entry)
        applyChange(.update, operation, at: start, of: entry, &running)
    }

    /// Changes records found by an alternate key, and makes those that are not there. Rows with the same key in one
    /// operation take effect one after the other.
    func upsert(
        _ given: Operation,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) {
        var operation = given
        var failures = RowFailures()
        validateColumns(&operation, &failures)
        let layout = tables[operation.place].layout
        var keyValues: [ColumnView] = []
        for column in layout.keyColumns[operation.key] {
            guard let values = operation.column(of: column) else {
                throw Refusal(
                    .unknownKey,
                    entity: layout.entity.name,
                    attribute: layout.entity.attributes[column].name,
                    "An upsert by key \(layout.entity.keys[operation.key].name) must give all its attributes."
                )
            }
            keyValues.append(values)
        }
        let hashes = (0..<operation.count).map { row -> UInt64 in
            if let hash = tables[operation.place].keyHash(operation.key, of: keyValues, row) { return hash }
            failures.add(
                row,
                Refusal(
                    .required,
                    entity: layout.entity.name,
                    attribute: layout.entity.keys[operation.key].name,
                    "A value is required to find the record by this key."
                )
            )
            return 0
        }
        guard let good = try settle(failures, operation.count, nil, running, &outcome) else { return }
        // One round after the other: the first row of each key, then the second ones, which find the record, and so on. Rows of
        // one key are chained, so that a round costs what it does, and a key in every row costs no more than other keys.
        var (round, next) = Engine.chained(good, hashes)
        while !round.isEmpty {
            var creates: [Int] = []
            var updates: [Int] = []
            var ids: [RecordID] = []
            for row in round {
                if let found = tables[operation.place].find(
                    key: operation.key,
                    hash: hashes[row],
                    values: keyValues,
                    row
                ) {
                    updates.append(row)
                    ids.append(tables[operation.place].recordID(atRow: Int(found)))
                } else {
                    creates.append(row)
                }
            }
            if !creates.isEmpty { try upsertCreate(operation, creates, &running, &entry, &outcome) }
            if !updates.isEmpty {
                var selected = operation.selecting(updates, buffers: &buffers)
                let buffer = ColumnBuffer { writer in
                    writer.u8(0)
                    for id in ids { writer.u64(id.rawValue) }
                }
                buffers.append(buffer)
                selected.ids = buffer.column(kind: .id, count: ids.count).values
                try update(selected, rowMap: updates, &running, &entry, &outcome)
            }
            round = round.compactMap { next[$0] }.sorted()
        }
    }

    /// The first row of each hash, in order, and for each row the next one with the same hash.
    private static func chained(_ rows: [Int], _ hashes: [UInt64]) -> (first: [Int], next: [Int: Int]) {
        guard rows.count > 1 else { return (rows, [:]) }
        var first: [Int] = []
        var next: [Int: Int] = [:]
        var last: [UInt64: Int] = [:]
        for row in rows {
            if let previous = last.updateValue(row, forKey: hashes[row]) {
                next[previous] = row
            } else {
                first.append(row)
            }
        }
        return (first, next)
    }

    private func upsertCreate(
        _ operation: Operation,
        _ rows: [Int],
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) {
        let isWhole = rows.count == operation.count
        let selected = isWhole ? operation : operation.selecting(rows, buffers: &buffers)
        try create(selected, rowMap: rows, &running, &entry, &outcome)
    }
}

extension Table {
    /// Encodes the change that an update of these rows is: ids, versions, old and new values.
    ///
    /// A method of the table, so that no copy of it lives on while the change is applied: the writer would take the copy
    /// for a view, and copy every block that it touches.
    func encodeUpdate(_ operation: Operation, _ rows: [UInt32], into entry: inout ByteWriter) {
        Change.encodeHead(
            .update,
            entity: entity.id,
            count: operation.count,
            hasIDRun: false,
            attributes: operation.attributes,
            into: &entry
        )
        for index in 0..<operation.count { entry.u64(operation.id(index).rawValue) }
        for row in rows { entry.u64(version(atRow: Int(row))) }
        rows.withUnsafeBufferPointer { list in
            let set = RowSet(first: 0, count: list.count, list: list.baseAddress)
            for (index, attribute) in operation.attributes.enumerated() {
                encode(attribute, rows: set, into: &entry)
                entry.raw(operation.columns[index].encoded)
            }
        }
    }

    /// Whether a stored value differs from one of a batch: texts by bytes, so that a change of case is a change.
    func differs(_ column: Int, _ row: Int, _ values: ColumnView, _ index: Int) -> Bool {
        let head = head(column, row).flatMap { $0.isValid(row & 8191) ? $0 : nil }
        guard let head else { return values.isValid(index) }
        guard values.isValid(index) else { return true }
        if layout.columns[column] == .text {
            let (stored, given) = (head.text(row & 8191), values.text(index))
            guard stored.count == given.count else { return true }
            guard let a = stored.baseAddress, let b = given.baseAddress else { return false }
            return memcmp(a, b, stored.count) != 0
        }
        return physicalNumber(column, head.number(row & 8191, layout.columns[column])) != values.number(index)
    }
}
