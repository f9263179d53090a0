// Deleting records: each relationship of the entity says what becomes of the records that refer to it.
//
// The records to delete are collected first, cascades included, each once: cycles end. A restriction counts only when the
// restricting record is not deleted by the same operation. Then references from outside are cleared (as updates), and
// those by which doomed records form a cycle; at last the records are deleted, children before their parents, so that no
// reference ever leads to a record that is gone.

extension Engine {
    func delete(
        _ operation: Operation,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter,
        _ outcome: inout OperationOutcome
    ) throws(Refusal) {
        let place = operation.place
        var failures = RowFailures()
        var plan = DeletePlan()
        for index in 0..<operation.count {
            let id = operation.id(index)
            let row = tables[place].row(of: id)
            guard row != Table.noRow else {
                failures.add(index, notFound(id, tables[place].layout))
                continue
            }
            let expected = operation.expectedVersion(index)
            let version = tables[place].version(atRow: Int(row))
            if expected != 0, expected != version {
                failures.add(
                    index,
                    Refusal(
                        .staleVersion,
                        entity: tables[place].entity.name,
                        record: id,
                        "\(schema.text(of: id)) is at version \(version), not \(expected): it was changed since you read it."
                    )
                )
                continue
            }
            let before = plan.mark
            if let refusal = try collect(id, running.envelope.actor, &plan) {
                failures.add(index, refusal)
                plan.forget(after: before)
            }
        }
        guard let rows = try settle(failures, operation.count, nil, running, &outcome) else { return }
        try write(plan, &running, &entry)
        if rows.count == operation.count {
            outcome.setAll(.deleted)
        } else {
            for row in rows { outcome.set(row, .deleted) }
        }
    }

    /// What one delete does: records in the order in which they were met, and references to clear.
    private struct DeletePlan {
        /// Place in `order` of each record that ends.
        var places: [RecordID: Int] = [:]
        var order: [RecordID] = []
        var cleared: [(record: RecordID, attribute: Int)] = []

        var mark: (order: Int, cleared: Int) { (order.count, cleared.count) }

        mutating func add(_ id: RecordID) -> Bool {
            guard places[id] == nil else { return false }
            places[id] = order.count
            order.append(id)
            return true
        }

        mutating func forget(after mark: (order: Int, cleared: Int)) {
            for id in order[mark.order...] { places[id] = nil }
            order.removeSubrange(mark.order...)
            cleared.removeSubrange(mark.cleared...)
        }
    }

    /// Adds a record and all that goes with it; returns the refusal when something restricts it.
    private func collect(
        _ id: RecordID,
        _ actor: RecordID,
        _ plan: inout DeletePlan
    ) throws(Refusal) -> Refusal? {
        var next = plan.order.count
        guard plan.add(id) else { return nil }
        var restricting: [(record: RecordID, target: RecordID, attribute: Int)] = []
        while next < plan.order.count {
            let target = plan.order[next]
            guard let place = schema.place(of: target.entity) else { continue }
            for reference in schema.references[place] {
                let column = Int(reference.attribute.rawValue)
                for record in referring(to: target, reference) {
                    if let recordPlace = plan.places[record] {
                        // Deleted after its target, since it was met before it: it must let go first.
                        if recordPlace < next { plan.cleared.append((record, column)) }
                        continue
                    }
                    switch reference.onDelete {
                    case .restrict: restricting.append((record, target, column))
                    case .removeLink: plan.cleared.append((record, column))
                    case .cascade: _ = plan.add(record)
                    }
                }
            }
            next += 1
            guard plan.order.count + plan.cleared.count <= Limits.cascadeRecordsMax else {
                throw Refusal(
                    .limitExceeded,
                    entity: schema.entity(id.entity)?.name ?? "",
                    record: id,
                    "The delete touches more than \(Limits.cascadeRecordsMax) records. Delete related records first."
                )
            }
        }
        if plan.places[actor] != nil {
            // `modifiedby` of what the delete changes would lead to a user who is gone.
            return Refusal(
                .restricted,
                entity: schema.entity(actor.entity)?.name ?? "",
                record: actor,
                "\(schema.text(of: actor)) is the acting user, who therefore stays."
            )
        }
        guard let blocking = restricting.first(where: { plan.places[$0.record] == nil }),
            let place = schema.place(of: blocking.record.entity)
        else { return nil }
        return refusal(
            .restricted,
            place,
            blocking.attribute,
            record: blocking.target,
            "\(schema.text(of: blocking.record)) refers to \(schema.text(of: blocking.target)), which therefore stays."
        )
    }

    /// The records that refer to `target` through one lookup, newest first; by the link index, or by a scan for the two
    /// columns that have none.
    private func referring(to target: RecordID, _ reference: Schema.Reference) -> [RecordID] {
        guard let place = schema.place(of: reference.entity), let targetPlace = schema.place(of: target.entity) else {
            return []
        }
        let column = Int(reference.attribute.rawValue)
        guard let link = tables[place].link(column), let ordinal = tables[place].linkTarget(column, target.entity)
        else {
            return tables[place].scan(column, for: Int64(bitPattern: target.rawValue))
        }
        var records: [RecordID] = []
        var row = link.first(target: ordinal, targetRow: tables[targetPlace].row(of: target))
        while row != LinkIndex.none {
            records.append(tables[place].recordID(atRow: Int(row)))
            row = link.next(after: row)
        }
        return records
    }

    private func write(
        _ plan: DeletePlan,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        // References, one update per entity and attribute, in order of both.
        // A record that turned out to end after it was to be cleared is cleared all the same; no harm is done.
        let cleared = plan.cleared
            .sorted { ($0.record.entity, $0.attribute, $0.record) < ($1.record.entity, $1.attribute, $1.record) }
        var start = 0
        while start < cleared.count {
            var end = start
            while end < cleared.count, cleared[end].record.entity == cleared[start].record.entity,
                cleared[end].attribute == cleared[start].attribute
            {
                end += 1
            }
            try clear(cleared[start..<end].map(\.record), cleared[start].attribute, &running, &entry)
            start = end
        }
        // Records, children first, one change per run of an entity.
        let doomed = Array(plan.order.reversed())
        start = 0
        while start < doomed.count {
            var end = start
            while end < doomed.count, doomed[end].entity == doomed[start].entity, end - start < Limits.operationRowsMax
            {
                end += 1
            }
            try writeDelete(Array(doomed[start..<end]), &running, &entry)
            start = end
        }
    }

    private func clear(
        _ records: [RecordID],
        _ attribute: Int,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        guard let place = schema.place(of: records[0].entity) else { return }
        let start = entry.count
        let rows = records.map { tables[place].row(of: $0) }
        try requireRoom([attribute], rows, place, entry.count - running.changeCountOffset)
        Change.encodeHead(
            .update,
            entity: records[0].entity,
            count: records.count,
            hasIDRun: false,
            attributes: [attribute],
            into: &entry
        )
        for record in records { entry.u64(record.rawValue) }
        for row in rows { entry.u64(tables[place].version(atRow: Int(row))) }
        rows.withUnsafeBufferPointer { list in
            let set = RowSet(first: 0, count: list.count, list: list.baseAddress)
            tables[place].encode(attribute, rows: set, into: &entry)
        }
        entry.u8(2)
        applyChange(at: start, of: entry, &running)
    }

    /// Refuses a delete whose old values would not fit into one log entry.
    private func requireRoom(
        _ columns: [Int],
        _ rows: [UInt32],
        _ place: Int,
        _ usedBytes: Int
    ) throws(Refusal) {
        let limitBytes = entryBytesMax - usedBytes
        try rows.withUnsafeBufferPointer { list throws(Refusal) in
            let set = RowSet(first: 0, count: list.count, list: list.baseAddress)
            try tables[place].requireFits(columns, rows: set, limitBytes: limitBytes)
        }
    }

    private func writeDelete(
        _ records: [RecordID],
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter
    ) throws(Refusal) {
        guard let place = schema.place(of: records[0].entity) else { return }
        let start = entry.count
        let texts = tables[place].layout.columns.indices.filter { tables[place].layout.columns[$0] == .text }
        let rows = records.map { tables[place].row(of: $0) }
        try requireRoom(texts, rows, place, entry.count - running.changeCountOffset)
        tables[place].encodeDelete(records, into: &entry)
        applyChange(at: start, of: entry, &running)
    }
}

extension Table {
    /// Encodes the change that deleting these records is: ids, versions and every value that they have.
    func encodeDelete(_ records: [RecordID], into entry: inout ByteWriter) {
        let rows = records.map { row(of: $0) }
        let attributes = layout.columns.indices.filter { column in
            column > Int(SystemAttribute.version.rawValue)
                && rows.contains { row in head(column, Int(row))?.isValid(Int(row) & 8191) ?? false }
        }
        Change.encodeHead(
            .delete,
            entity: entity.id,
            count: records.count,
            hasIDRun: false,
            attributes: attributes,
            into: &entry
        )
        for record in records { entry.u64(record.rawValue) }
        for row in rows { entry.u64(version(atRow: Int(row))) }
        rows.withUnsafeBufferPointer { list in
            let set = RowSet(first: 0, count: list.count, list: list.baseAddress)
            for attribute in attributes { encode(attribute, rows: set, into: &entry) }
        }
    }

    /// The records whose column holds this number, by a scan that skips blocks by their bounds.
    func scan(_ column: Int, for number: Int64) -> [RecordID] {
        var found: [RecordID] = []
        for index in 0..<blockCount {
            guard let block = block(column, index), block.minimum <= number, number <= block.maximum else { continue }
            let head = block.head
            for place in 0..<block.capacity where head.isValid(place) && head.number(place, block.layout) == number {
                found.append(recordID(atRow: index * Table.blockRows + place))
            }
        }
        return found
    }
}
