// Applying changes: the only way into the tables, for a transaction that was just checked, for a replay, and, backwards,
// for a revert.

/// Why a log entry could not be replayed: the log and the state do not belong together, or a byte is wrong.
public struct ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The transaction.
    public var position: Position
    /// What did not fit.
    public var reason: String
    /// Position and reason.
    public var description: String { "transaction \(position) cannot be replayed: \(reason)" }
}

extension Engine {
    /// Applies the change that was just written into the entry.
    func applyChange(at start: Int, of entry: borrowing ByteWriter, _ running: inout RunningTransaction) {
        undo.changeOffsets.append(start)
        let change = decodeOwnChange(at: start, of: entry)
        apply(change, running.envelope, running.position, recordsUndo: true)
    }

    /// Applies the create or update that was just written into the entry from `operation`: the same values as the entry's
    /// bytes hold, without decoding them again.
    func applyChange(
        _ kind: ChangeKind,
        _ operation: Operation,
        at start: Int,
        of entry: borrowing ByteWriter,
        _ running: inout RunningTransaction
    ) {
        undo.changeOffsets.append(start)
        let idsOffset = start + Change.headBytes(attributeCount: operation.attributes.count)
        let change = Change(kind, operation, hasIDRun: kind == .create, idsOffset: idsOffset, in: entry)
        apply(change, running.envelope, running.position, recordsUndo: true)
    }

    func decodeOwnChange(at start: Int, of entry: borrowing ByteWriter) -> Change {
        entry.withUnsafeBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start...]))
            // The bytes stay where they are until the next write to the entry, which comes after the change was applied.
            guard let change = try? Change(from: &reader, schema: schema, tables: tables) else {
                preconditionFailure("a change that the engine encoded itself does not decode")
            }
            return change
        }
    }

    /// Replays one log entry on the state before it. Checks that the entry fits; a mismatch leaves the engine unusable.
    public func replay(_ entry: UnsafeRawBufferPointer, position: Position) throws(ReplayError) {
        guard position == self.position + 1 else {
            throw ReplayError(position: position, reason: "the state is at position \(self.position)")
        }
        do throws(DecodeError) {
            var reader = ByteReader(entry)
            let header = try EntryHeader(from: &reader)
            if header.kind == EntryHeader.changesKind {
                for _ in 0..<(try reader.u32()) {
                    let change = try Change(from: &reader, schema: schema, tables: tables)
                    try checkFits(change)
                    apply(change, header.envelope, position, recordsUndo: false)
                }
            } else {
                try replaySchema(try Schema(from: &reader), kind: header.kind)
            }
            if let key = header.envelope.key {
                let length = Int(try reader.u32())
                results.store(
                    key,
                    UnsafeRawBufferPointer(start: try reader.take(length), count: length),
                    at: position
                )
            }
            try reader.expectEnd()
            timeMicroseconds = header.envelope.timeMicroseconds
        } catch {
            throw ReplayError(position: position, reason: error.description)
        }
        self.position = position
    }

    private func apply(_ change: Change, _ envelope: Envelope, _ position: Position, recordsUndo: Bool) {
        switch change.kind {
        case .create: applyCreate(change, envelope, position)
        case .update: applyUpdate(change, envelope, position, recordsUndo: recordsUndo)
        case .delete:
            for index in 0..<change.count {
                removeRecord(change.place, Int(tables[change.place].row(of: change.id(index))))
            }
        }
    }

    // MARK: Create

    /// Takes rows, enters the ids and writes the given columns.
    private func insertRecords(_ change: Change, _ body: (RowSet) -> Void) {
        let place = change.place
        var list = rowList
        rowList = []
        let first = tables[place].takeRows(change.count, list: &list)
        list.withUnsafeBufferPointer { buffer in
            let rows = RowSet(first: first ?? 0, count: change.count, list: first == nil ? buffer.baseAddress : nil)
            tables[place].setIDs(rows: rows, change.id)
            for (index, column) in change.attributes.enumerated() {
                tables[place].store(column, change.columns[index], rows: rows, isNew: true)
                linkNew(place, column, change.columns[index], rows)
            }
            body(rows)
            for key in tables[place].keys.indices { tables[place].insertKeys(key, rows: rows) }
            tables[place].insertComposites(rows)
            tables[place].insertWords(rows)
            tables[place].insertRecordKeys(rows)
        }
        rowList = list
    }

    func applyCreate(_ change: Change, _ envelope: Envelope, _ position: Position) {
        let place = change.place
        let layout = tables[place].layout
        if !layout.autoNumbers.isEmpty { tables[place].noteNumbers(change.attributes, change.columns) }
        insertRecords(change) { rows in
            tables[place].fill(Int(SystemAttribute.version.rawValue), Int64(bitPattern: position), rows: rows)
            tables[place].fill(Int(SystemAttribute.createdOn.rawValue), envelope.timeMicroseconds, rows: rows)
            tables[place].fill(Int(SystemAttribute.modifiedOn.rawValue), envelope.timeMicroseconds, rows: rows)
            if let actor = actorRow(envelope.actor) {
                tables[place].fill(
                    Int(SystemAttribute.createdBy.rawValue),
                    Int64(bitPattern: envelope.actor.rawValue),
                    rows: rows
                )
                tables[place].fill(
                    Int(SystemAttribute.modifiedBy.rawValue),
                    Int64(bitPattern: envelope.actor.rawValue),
                    rows: rows
                )
                if layout.ownerColumn >= 0, !change.attributes.contains(layout.ownerColumn) {
                    tables[place].fill(layout.ownerColumn, Int64(bitPattern: envelope.actor.rawValue), rows: rows)
                    let link = Int(layout.linkPlaces[layout.ownerColumn])
                    if let ordinal = tables[place].linkTarget(layout.ownerColumn, envelope.actor.entity) {
                        for index in 0..<rows.count {
                            tables[place].links[link].insert(
                                row: UInt32(rows[index]),
                                target: ordinal,
                                targetRow: actor
                            )
                        }
                    }
                }
            }
            for (column, number) in layout.defaults where !change.attributes.contains(column) {
                tables[place].fill(column, number, rows: rows)
            }
        }
        if let background { tables[place].mergeOrders(beside: background) }
    }

    /// The row of the acting user; nil for the system, and for a user who is gone.
    func actorRow(_ actor: RecordID) -> UInt32? {
        guard actor != .none, actor.entity == schema.userEntity, let place = schema.place(of: actor.entity) else {
            return nil
        }
        let row = tables[place].row(of: actor)
        return row == Table.noRow ? nil : row
    }

    /// Enters the lookups of new rows in the reverse index.
    private func linkNew(_ place: Int, _ column: Int, _ values: ColumnView, _ rows: RowSet) {
        let link = Int(tables[place].layout.linkPlaces[column])
        guard link >= 0, values.values != nil else { return }
        let allowed = tables[place].layout.links[link].targets
        withUnsafeTemporaryAllocation(of: LinkTarget.self, capacity: rows.count) { targets in
            // Most often all rows of a batch refer to one entity: it is looked up when it changes.
            var (entity, targetPlace, ordinal) = (EntityID?.none, 0, 0)
            for index in 0..<rows.count {
                var target = LinkTarget.none
                if values.isValid(index) {
                    let id = RecordID(rawValue: UInt64(bitPattern: values.number(index)))
                    if id.entity != entity {
                        guard let found = schema.place(of: id.entity), let among = allowed.firstIndex(of: id.entity)
                        else {
                            preconditionFailure("a lookup to an entity that the attribute does not allow")
                        }
                        (entity, targetPlace, ordinal) = (id.entity, found, among)
                    }
                    target = LinkTarget(ordinal: UInt32(ordinal), row: tables[targetPlace].row(of: id))
                    precondition(target.row != Table.noRow, "a lookup that leads nowhere")
                }
                targets.initializeElement(at: index, to: target)
            }
            tables[place].links[link].insert(rows, UnsafeBufferPointer(targets))
        }
    }

    @inline(__always)
    private func insertLink(_ place: Int, _ link: Int, row: UInt32, _ target: RecordID) {
        guard let targetPlace = schema.place(of: target.entity),
            let ordinal = tables[place].layout.links[link].targets.firstIndex(of: target.entity)
        else { preconditionFailure("a lookup to an entity that the attribute does not allow") }
        let targetRow = tables[targetPlace].row(of: target)
        precondition(targetRow != Table.noRow, "a lookup that leads nowhere")
        tables[place].links[link].insert(row: row, target: ordinal, targetRow: targetRow)
    }

    @inline(__always)
    private func removeLink(_ place: Int, _ link: Int, row: UInt32, _ target: RecordID) {
        guard let targetPlace = schema.place(of: target.entity),
            let ordinal = tables[place].layout.links[link].targets.firstIndex(of: target.entity)
        else { preconditionFailure("a lookup to an entity that the attribute does not allow") }
        let targetRow = tables[targetPlace].row(of: target)
        tables[place].links[link].remove(row: row, target: ordinal, targetRow: targetRow)
    }

    // MARK: Update

    private func applyUpdate(_ change: Change, _ envelope: Envelope, _ position: Position, recordsUndo: Bool) {
        let place = change.place
        if !tables[place].layout.autoNumbers.isEmpty { tables[place].noteNumbers(change.attributes, change.newColumns) }
        let modifiedOn = Int(SystemAttribute.modifiedOn.rawValue)
        let modifiedBy = Int(SystemAttribute.modifiedBy.rawValue)
        rewriteRecords(change, change.newColumns) { rows in
            if recordsUndo {
                for index in 0..<rows.count {
                    let row = rows[index]
                    let on = tables[place].head(modifiedOn, row)?.number(row & 8191, .int64) ?? 0
                    let by = tables[place].head(modifiedBy, row).flatMap { head in
                        head.isValid(row & 8191) ? head.number(row & 8191, .id) : nil
                    }
                    undo.modified.append((on, by))
                }
            }
            stamp(rows, place, envelope, position)
        }
    }

    /// Writes into rows that were updated when, by whom and by which transaction.
    func stamp(_ rows: RowSet, _ place: Int, _ envelope: Envelope, _ position: Position) {
        tables[place].fill(Int(SystemAttribute.version.rawValue), Int64(bitPattern: position), rows: rows)
        tables[place].fill(Int(SystemAttribute.modifiedOn.rawValue), envelope.timeMicroseconds, rows: rows)
        let actor = actorRow(envelope.actor) == nil ? nil : Int64(bitPattern: envelope.actor.rawValue)
        tables[place].fill(Int(SystemAttribute.modifiedBy.rawValue), actor, rows: rows)
    }

    /// Writes columns of existing records, and keeps keys and links.
    private func rewriteRecords(_ change: Change, _ columns: [ColumnView], _ body: (RowSet) -> Void) {
        let place = change.place
        let layout = tables[place].layout
        var list = rowList
        rowList = []
        list.removeAll(keepingCapacity: true)
        for index in 0..<change.count { list.append(tables[place].row(of: change.id(index))) }
        list.withUnsafeBufferPointer { buffer in
            let rows = RowSet(first: 0, count: buffer.count, list: buffer.baseAddress)
            let keys = layout.keyColumns.indices.filter { key in
                layout.keyColumns[key].contains { change.attributes.contains($0) }
            }
            for key in keys { for index in 0..<rows.count { tables[place].removeKey(key, row: rows[index]) } }
            let composites = layout.composites(touchedBy: change.attributes)
            for composite in composites { tables[place].removeComposite(composite, rows) }
            let isSearched = change.attributes.contains { layout.isSearched[$0] }
            if isSearched { tables[place].keepWords(rows) }
            let isKeyed = tables[place].keepRecordKeys(rows) { change.attributes.contains($0) }
            for (index, column) in change.attributes.enumerated() {
                relink(place, column, columns[index], rows)
                tables[place].store(column, columns[index], rows: rows, isNew: false)
            }
            for key in keys { for index in 0..<rows.count { tables[place].insertKey(key, row: rows[index]) } }
            if isSearched { tables[place].replaceWords(rows) }
            body(rows)
            for composite in composites { tables[place].insertComposite(composite, rows) }
            if isKeyed { tables[place].replaceRecordKeys(rows) }
        }
        rowList = list
    }

    /// Moves rows whose lookup changes from the list of the old target to that of the new one.
    private func relink(_ place: Int, _ column: Int, _ values: ColumnView, _ rows: RowSet) {
        let link = Int(tables[place].layout.linkPlaces[column])
        guard link >= 0 else { return }
        for index in 0..<rows.count {
            let row = rows[index]
            let old = tables[place].head(column, row).flatMap { head in
                head.isValid(row & 8191) ? head.number(row & 8191, .id) : nil
            }
            let new = values.isValid(index) ? values.number(index) : nil
            guard old != new else { continue }
            if let old { removeLink(place, link, row: UInt32(row), RecordID(rawValue: UInt64(bitPattern: old))) }
            if let new { insertLink(place, link, row: UInt32(row), RecordID(rawValue: UInt64(bitPattern: new))) }
        }
    }

    // MARK: Delete

    /// Ends a record. Nothing refers to it any more but records that are ending with it.
    private func removeRecord(_ place: Int, _ row: Int) {
        tables[place].removeWords(row: row)
        tables[place].removeRecordKeys(row: row)
        for key in tables[place].keys.indices { tables[place].removeKey(key, row: row) }
        for composite in tables[place].composites.indices {
            tables[place].removeComposite(composite, RowSet(first: row, count: 1, list: nil))
        }
        for (link, declaration) in tables[place].layout.links.enumerated() {
            guard let head = tables[place].head(declaration.column, row), head.isValid(row & 8191) else { continue }
            let target = RecordID(rawValue: UInt64(bitPattern: head.number(row & 8191, .id)))
            removeLink(place, link, row: UInt32(row), target)
        }
        tables[place].clear(row: row)
    }

    // MARK: Revert

    /// Takes back all changes of the running transaction, newest first.
    func revert(_ entry: borrowing ByteWriter, _ running: RunningTransaction) {
        for start in undo.changeOffsets.reversed() {
            let change = decodeOwnChange(at: start, of: entry)
            switch change.kind {
            case .create:
                for index in (0..<change.count).reversed() {
                    removeRecord(change.place, Int(tables[change.place].row(of: change.id(index))))
                }
            case .update: revertUpdate(change)
            case .delete:
                insertRecords(change) { rows in
                    for index in 0..<rows.count { restoreVersion(change, index, rows[index]) }
                }
            }
        }
        for (place, next) in undo.sequences.reversed() { tables[place].nextSequence = next }
        for (place, last) in undo.numbers.reversed() { tables[place].lastNumbers = last }
    }

    private func revertUpdate(_ change: Change) {
        rewriteRecords(change, change.columns) { rows in
            for index in (0..<rows.count).reversed() {
                let one = RowSet(first: rows[index], count: 1, list: nil)
                let modified = undo.modified.removeLast()
                tables[change.place].fill(Int(SystemAttribute.modifiedOn.rawValue), modified.on, rows: one)
                // Where the change itself cleared `modifiedby`, its own old value was just written back.
                if !change.attributes.contains(Int(SystemAttribute.modifiedBy.rawValue)) {
                    tables[change.place].fill(Int(SystemAttribute.modifiedBy.rawValue), modified.by, rows: one)
                }
                restoreVersion(change, index, rows[index])
            }
        }
    }

    private func restoreVersion(_ change: Change, _ index: Int, _ row: Int) {
        tables[change.place].fill(
            Int(SystemAttribute.version.rawValue),
            Int64(bitPattern: change.previousPosition(index)),
            rows: RowSet(first: row, count: 1, list: nil)
        )
    }
}
