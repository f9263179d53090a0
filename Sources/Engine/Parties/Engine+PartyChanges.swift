// Writing lists of parties: they become changes of the records of `activityparty`, behind the change of their activities and in
// the same transaction.
//
// These changes are made by the operations that clients make (create, update and delete of `activityparty`), so that keys, indexes,
// numbers, cascades, the log, replays and reverts are those of any record. What only such an operation can refuse (a key that an
// organisation gave to parties, a required attribute of theirs, a record that restricts the delete of one) refuses the transaction
// as a whole, even where its rows are independent.

/// What happens to the lists of an operation's rows.
struct PartyListChanges {
    /// Whose list it is, its role, and the row of the operation.
    struct Owner {
        var record: RecordID
        var role: Int32
        var row: Int
    }

    private var lists: [(owner: Owner, change: PartyListChange)] = []
    /// The rows whose lists change.
    private(set) var rows: Set<Int> = []

    var isEmpty: Bool { lists.isEmpty }

    mutating func add(_ owner: Owner, _ change: PartyListChange) {
        guard !change.isEmpty else { return }
        lists.append((owner, change))
        rows.insert(owner.row)
    }

    /// The items of one kind, each with its owner, list by list.
    fileprivate func all<Item>(_ items: (PartyListChange) -> [Item]) -> [(owner: Owner, item: Item)] {
        lists.flatMap { list in items(list.change).map { (list.owner, $0) } }
    }
}

extension Engine {
    /// Bytes of a log entry that a new party takes beside its address: activity, role, party, place, and its part of the head.
    private static let partyBytes = 32

    /// What becomes of the parties of some rows of an operation. `id` is the record of a row, which is new or has parties.
    func partyChanges(
        _ lists: [GivenPartyList],
        rows: [Int],
        isNew: Bool,
        _ running: inout RunningTransaction,
        _ id: (Int) -> RecordID
    ) throws(Refusal) -> PartyListChanges {
        var changes = PartyListChanges()
        guard !lists.isEmpty, let parties = schema.parties else { return changes }
        for (index, row) in rows.enumerated() {
            // A record that is being made is counted, one that is there is named by its row.
            let record = id(isNew ? index : row)
            for list in lists {
                let wanted = list.values.isValid(row) ? checkedPartyEntries(of: list.values.text(row)) : []
                let present = isNew ? [] : try presentParties(of: record, list.role, parties, &running)
                let change = PartyListChange(from: present, to: wanted, orderingMax: parties.orderingMax)
                changes.add(PartyListChanges.Owner(record: record, role: list.role, row: row), change)
            }
        }
        return changes
    }

    private func presentParties(
        of record: RecordID,
        _ role: Int32,
        _ parties: PartyAttributes,
        _ running: inout RunningTransaction
    ) throws(Refusal) -> [PresentParty] {
        guard let activities = schema.place(of: record.entity),
            let link = tables[parties.place].link(parties.activity),
            let target = tables[parties.place].linkTarget(parties.activity, record.entity)
        else { return [] }
        let rolePlace = tables[parties.place].layout.optionPlace(parties.role, Int64(role))
        let row = tables[activities].row(of: record)
        var readCount = running.partiesRead
        let rows = try tables[parties.place].partyRows(parties, role: rolePlace, of: target, row: row, in: link) {
            _ throws(Refusal) in
            readCount += 1
            guard readCount <= Limits.transactionPartiesReadMax else {
                throw Refusal(
                    .limitExceeded,
                    entity: PartyAttributes.entityName,
                    record: record,
                    "The activities of the transaction have more than \(Limits.transactionPartiesReadMax) parties to look at. Split it."
                )
            }
            return true
        }
        running.partiesRead = readCount
        return rows.map { row in
            PresentParty(
                record: tables[parties.place].recordID(atRow: Int(row)),
                entry: PartyEntry(
                    party: tables[parties.place].partyID(parties, row),
                    address: tables[parties.place].partyAddress(parties, row).map(Array.init)
                ),
                ordering: tables[parties.place].partyOrdering(parties, row)
            )
        }
    }

    /// Carries out what happens to lists. Rows of refusals are those of `rowMap`.
    func write(
        _ changes: PartyListChanges,
        rowMap: [Int]?,
        _ running: RunningTransaction,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        guard !changes.isEmpty, let parties = schema.parties else { return }
        var writer = PartyWriter(parties: parties, running: running.forParties, rowMap: rowMap)
        try writer.write(changes.all(\.deleted).map { ($0.owner.row, $0.item) }, self, &entry)
        try writer.write(
            .update,
            changes.all(\.moved).map { PartyRow(row: $0.owner.row, id: $0.item.record, ordering: $0.item.ordering) },
            [parties.ordering],
            self,
            &entry
        )
        try writer.write(
            .update,
            changes.all(\.readdressed).map { owner, item in
                PartyRow(row: owner.row, id: item.record, address: item.address, ordering: item.ordering)
            },
            [parties.address, parties.ordering],
            self,
            &entry
        )
        let created = changes.all(\.created).map { owner, item in
            PartyRow(
                row: owner.row,
                activity: owner.record,
                role: owner.role,
                party: item.entry.party,
                address: item.entry.address,
                ordering: item.ordering
            )
        }
        let bytes = created.reduce(0) { $0 + Engine.partyBytes + ($1.address?.count ?? 0) }
        guard entry.count - running.changeCountOffset + bytes <= entryBytesMax else {
            throw Refusal(
                .limitExceeded,
                entity: PartyAttributes.entityName,
                "The transaction makes \(created.count) parties, more than \(entryBytesMax >> 10) KiB. Split it."
            )
        }
        let columns = [parties.activity, parties.role, parties.party, parties.address, parties.ordering]
        try writer.write(.create, created, columns, self, &entry)
    }
}

/// One party that is written.
private struct PartyRow {
    /// The row of the activity's operation.
    var row: Int
    var id = RecordID.none
    var activity = RecordID.none
    var role: Int32 = 0
    var party = RecordID.none
    var address: [UInt8]?
    var ordering: Int64?
}

/// Writes parties as operations on their entity.
private struct PartyWriter {
    let parties: PartyAttributes
    var running: RunningTransaction
    let rowMap: [Int]?

    /// Deletes records.
    mutating func write(
        _ records: [(row: Int, id: RecordID)],
        _ engine: Engine,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        try write(.delete, records.map { PartyRow(row: $0.row, id: $0.id) }, [], engine, &entry)
    }

    mutating func write(
        _ kind: OperationKind,
        _ rows: [PartyRow],
        _ columns: [Int],
        _ engine: Engine,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        var start = 0
        while start < rows.count {
            let part = rows[start..<min(start + Limits.operationRowsMax, rows.count)]
            start = part.endIndex
            let operation = engine.operation(kind, part, columns, parties)
            var outcome = OperationOutcome(kind: kind, rowCount: part.count)
            do throws(Refusal) {
                switch kind {
                case .create: try engine.create(operation, rowMap: nil, &running, &entry, &outcome)
                case .delete: try engine.delete(operation, &running, &entry, &outcome)
                case .update, .upsert: try engine.update(operation, rowMap: nil, &running, &entry, &outcome)
                }
            } catch {
                var refusal = error
                let row =
                    part.indices.contains(part.startIndex + refusal.row) ? part[part.startIndex + refusal.row].row : 0
                refusal.row = rowMap?[row] ?? row
                throw refusal
            }
        }
    }
}

extension Engine {
    /// An operation on parties, as if a client had sent it.
    fileprivate func operation(
        _ kind: OperationKind,
        _ rows: ArraySlice<PartyRow>,
        _ columns: [Int],
        _ parties: PartyAttributes
    ) -> Operation {
        let layout = tables[parties.place].layout
        let views = columns.map { column in
            let kind = layout.kinds[column]
            let buffer = ColumnBuffer { writer in
                var builder = ColumnBuilder(kind: kind)
                for row in rows {
                    if column == parties.address {
                        if let address = row.address {
                            address.withUnsafeBytes { builder.append(text: $0) }
                        } else {
                            builder.appendNull()
                        }
                    } else if let number = row.number(column, parties) {
                        builder.append(number)
                    } else {
                        builder.appendNull()
                    }
                }
                builder.encode(into: &writer)
            }
            buffers.append(buffer)
            return buffer.column(kind: kind, count: rows.count)
        }
        var ids: UnsafeRawPointer?
        if kind != .create {
            let buffer = ColumnBuffer { writer in
                writer.u8(0)
                for row in rows { writer.u64(row.id.rawValue) }
            }
            buffers.append(buffer)
            ids = buffer.column(kind: .id, count: rows.count).values
        }
        return Operation(kind, place: parties.place, count: rows.count, ids: ids, columns, views)
    }
}

extension PartyRow {
    /// The value of a column that is no text.
    fileprivate func number(_ column: Int, _ parties: PartyAttributes) -> Int64? {
        func word(_ id: RecordID) -> Int64? { id == .none ? nil : Int64(bitPattern: id.rawValue) }
        switch column {
        case parties.activity: return word(activity)
        case parties.role: return Int64(role)
        case parties.party: return word(party)
        default: return ordering
        }
    }
}

extension Operation {
    /// An operation of the engine's own.
    fileprivate init(
        _ kind: OperationKind,
        place: Int,
        count: Int,
        ids: UnsafeRawPointer?,
        _ attributes: [Int],
        _ columns: [ColumnView]
    ) {
        self.kind = kind
        self.place = place
        self.count = count
        key = 0
        self.attributes = attributes
        references = []
        self.ids = ids
        versions = nil
        self.columns = columns
    }
}

extension RunningTransaction {
    /// The same transaction for operations on parties: all or nothing, and nobody refers to what they make.
    fileprivate var forParties: RunningTransaction {
        RunningTransaction(
            envelope: envelope,
            position: position,
            isIndependent: false,
            hasSeveralOperations: false,
            changeCountOffset: changeCountOffset,
            operationIndex: operationIndex
        )
    }
}
