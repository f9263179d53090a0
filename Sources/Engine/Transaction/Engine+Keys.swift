// Uniqueness of alternate keys, asked for a whole operation before it is applied: against the index, and among the rows of
// the operation itself.

extension Engine {
    /// Checks the keys that the operation touches. `rows` are those of records that are updated, nil for a create.
    func checkKeys(_ operation: Operation, rows: [UInt32]?, _ failures: inout RowFailures) {
        let layout = tables[operation.place].layout
        guard operation.attributes.contains(where: { layout.isKeyColumn[$0] }) else { return }
        for key in layout.keyColumns.indices {
            let given = layout.keyColumns[key].map { operation.column(of: $0) }
            // A create without one of the attributes has a null there (no key attribute has a default): nothing to check.
            let isTouched =
                rows == nil ? given.allSatisfy { $0 != nil } && !given.isEmpty : given.contains { $0 != nil }
            if isTouched { checkKey(key, given, operation, rows, &failures) }
        }
    }

    private func checkKey(
        _ key: Int,
        _ given: [ColumnView?],
        _ operation: Operation,
        _ rows: [UInt32]?,
        _ failures: inout RowFailures
    ) {
        let place = operation.place
        let columns = tables[place].layout.keyColumns[key]
        var hashes: [UInt64?] = []
        hashes.reserveCapacity(operation.count)
        if rows == nil, failures.isEmpty, given.count == 1, let texts = given[0], texts.kind == .text {
            // A bulk create with a key of one text: most of them.
            let collation = tables[place].layout.collations[columns[0]]
            for row in 0..<operation.count {
                hashes.append(texts.isValid(row) ? combinedHash(0, Table.hash(text: texts.text(row), collation)) : nil)
            }
        }
        for row in hashes.count..<operation.count {
            let isFailed = failures.contains(row)
            hashes.append(isFailed ? nil : keyHash(given, row, columns, rows.map { Int($0[row]) }, place))
        }
        tables[place].keys[key].findEach(hashes) { row, candidate in
            let present = rows.map { Int($0[row]) }
            return Int(candidate) != present && agrees(Int(candidate), given, row, columns, present, place)
        } found: { row, holder in
            let record = tables[place].recordID(atRow: Int(holder))
            failures.add(row, duplicate(key, place, record, "\(schema.text(of: record)) has this value already."))
        }
        if operation.count == 1 { return }
        var seen = HashSlots(count: operation.count)
        for row in 0..<operation.count where !failures.contains(row) {
            guard let hash = hashes[row] else { continue }
            // Equal 64-bit hashes within one operation are taken for equal keys: 65,536 rows collide by chance once in 8
            // billion operations, and the loser is told so and may send the row again.
            if !seen.insert(hash) {
                failures.add(
                    row,
                    duplicate(key, place, .none, "An earlier row of this operation has this value.")
                )
            }
        }
    }

    private func duplicate(_ key: Int, _ place: Int, _ record: RecordID, _ message: String) -> Refusal {
        let entity = schema.entities[place]
        return Refusal(
            .duplicateKey,
            entity: entity.name,
            attribute: entity.keys[key].name,
            record: record,
            message
        )
    }

    /// Hash of the values that a row will have under a key; nil when one is null.
    @inline(__always)
    private func keyHash(_ given: [ColumnView?], _ row: Int, _ columns: [Int], _ present: Int?, _ place: Int) -> UInt64?
    {
        var hash: UInt64 = 0
        for index in columns.indices {
            guard let part = keyPart(given[index], row, columns[index], present, place) else { return nil }
            hash = combinedHash(hash, part)
        }
        return hash
    }

    /// Hash of one value of a key: the given one, or else the record's; nil for null.
    private func keyPart(_ given: ColumnView?, _ row: Int, _ column: Int, _ present: Int?, _ place: Int) -> UInt64? {
        if let given {
            guard given.isValid(row) else { return nil }
            guard given.kind == .text else { return Table.hash(number: given.number(row)) }
            return Table.hash(text: given.text(row), tables[place].layout.collations[column])
        }
        guard let present, let head = tables[place].head(column, present), head.isValid(present & 8191) else {
            return nil
        }
        let layout = tables[place].layout.columns[column]
        if layout == .text {
            return Table.hash(text: head.text(present & 8191), tables[place].layout.collations[column])
        }
        return Table.hash(number: tables[place].physicalNumber(column, head.number(present & 8191, layout)))
    }

    /// Whether a record has the values that the operation's row will have.
    private func agrees(
        _ candidate: Int,
        _ given: [ColumnView?],
        _ row: Int,
        _ columns: [Int],
        _ present: Int?,
        _ place: Int
    ) -> Bool {
        for (index, column) in columns.enumerated() {
            if let given = given[index] {
                if !tables[place].matches(column, candidate, given, row) { return false }
            } else if let present {
                let (left, right) = (tables[place].value(column, candidate), tables[place].value(column, present))
                if left != right, !equalTexts(left, right, tables[place].layout.collations[column]) { return false }
            }
        }
        return true
    }

    private func equalTexts(_ left: Value, _ right: Value, _ collation: Collation) -> Bool {
        guard case .text(var a) = left, case .text(var b) = right else { return false }
        return a.withUTF8 { a in b.withUTF8 { b in collation.equal(a, b) } }
    }
}

/// A set of hashes of known size: open addressing, no removal.
struct HashSlots {
    private var slots: [UInt64]
    private let mask: Int

    init(count: Int) {
        var capacity = 2
        while capacity < count * 2 { capacity *= 2 }
        mask = capacity - 1
        slots = count > 1 ? Array(repeating: 0, count: capacity) : []
    }

    /// False when the hash was there.
    mutating func insert(_ hash: UInt64) -> Bool {
        let hash = hash == 0 ? 1 : hash
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            if slots[index] == hash { return false }
            index = (index + 1) & mask
        }
        slots[index] = hash
        return true
    }
}
