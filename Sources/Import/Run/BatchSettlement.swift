import Engine

/// What became of a batch: counts, and the rows to write to the rejects file. Pure: replies in, decisions out.
struct BatchSettlement {
    private(set) var batch: RowBatch
    private(set) var counts: ImportCounts
    private(set) var rejectedKeys: RejectedKeys
    /// In order of their lines once `finish` was called.
    private(set) var rejects: [(record: CSVRecord, fault: RowFault)] = []
    /// Rows that are like others, or could not be compared: `handle(_:)`.
    private(set) var alike: [(record: CSVRecord, fault: RowFault)] = []
    /// Rows of the batch to be sent again with a reference set to null.
    private(set) var retries: [Int] = []
    /// Lines of the rows that the database refused for good, in any order.
    private(set) var refusedLines: [Int] = []

    private let linksOnly: Bool

    init(_ batch: RowBatch, linksOnly: Bool, _ rejectedKeys: RejectedKeys) {
        self.batch = batch
        self.linksOnly = linksOnly
        self.rejectedKeys = rejectedKeys
        counts = linksOnly ? ImportCounts() : batch.counts
        guard !linksOnly else { return }
        for (record, fault) in batch.faults { reject(record, fault) }
    }

    mutating func takeRetries() -> [Int] {
        defer { retries = [] }
        return retries
    }

    /// Takes the reply to a transaction with these rows of the batch.
    mutating func handle(_ reply: TransactionReply, rows: [Int]) throws(ImportError) {
        guard reply.operations.count == 1, reply.operations[0].outcomes.count == rows.count else {
            throw ImportError(.session, "the reply does not fit the rows that were sent")
        }
        let operation = reply.operations[0]
        if linksOnly {
            counts.linked += operation.updated + operation.created
        } else {
            counts.created += operation.created
            counts.updated += operation.updated
            counts.unchanged += operation.unchanged
        }
        for refusal in operation.refusals {
            guard rows.indices.contains(refusal.row) else {
                throw ImportError(.session, "the reply refuses a row that was not sent")
            }
            settle(refusal, row: rows[refusal.row])
        }
    }

    /// Counts the rows that are like others, or could not be compared; those that did not go in for it are rejected. Of the others those are
    /// named that are in.
    mutating func handle(_ found: AlikeRows) {
        let refused = Set(refusedLines)
        for row in Set(found.faults.keys).union(found.omissions.keys).sorted() {
            let record = batch.record(row)
            let (fault, omission) = (found.faults[row], found.omissions[row])
            if let fault, found.handling == .reject {
                counts.duplicates += 1
                refuse(record, fault)
            } else if !refused.contains(record.line) {
                if let fault {
                    counts.duplicates += 1
                    alike.append((record, fault))
                }
                if let omission {
                    counts.uncompared += 1
                    alike.append((record, omission))
                }
            }
        }
    }

    mutating func finish() { rejects.sort { $0.record.line < $1.record.line } }

    private mutating func settle(_ refusal: Refusal, row: Int) {
        let place = batch.cells.firstIndex { batch.plan.cells[$0].name == refusal.attribute }
        let cell = place.map { batch.plan.cells[batch.cells[$0]] }
        var fault = RowFault(column: cell?.columnName ?? refusal.attribute, refusal.message)
        guard refusal.code == .referenceNotFound, let place, let lookup = cell?.lookup else {
            if linksOnly { unlink(row, place, fault) } else { refuse(batch.record(row), fault) }
            return
        }
        if lookup.missing == .null {
            batch.setNull(place, row: row)
            retries.append(row)
            return
        }
        let keyText = batch.text(place, row: row) ?? []
        let isParentRejected = rejectedKeys.contains(lookup, keyText)
        if isParentRejected {
            let key = CellFault.excerpt(of: keyText.span)
            fault.reason = "the row of the \(lookup.entityName) with \(lookup.keyAttribute) '\(key)' was rejected"
        }
        if linksOnly {
            unlink(row, place, fault)
        } else if isParentRejected {
            let record = batch.record(row)
            counts.rejectedWithParent += 1
            refusedLines.append(record.line)
            rejectedKeys.insert(record, batch.plan)
            rejects.append((record, fault))
        } else {
            refuse(batch.record(row), fault)
        }
    }

    /// The row is in, without this reference; its other references are tried without this one.
    private mutating func unlink(_ row: Int, _ place: Int?, _ fault: RowFault) {
        counts.unlinked += 1
        rejects.append(
            (
                batch.record(row),
                RowFault(column: fault.column, "the record went in without this reference: \(fault.reason)")
            )
        )
        guard let place, batch.text(place, row: row) != nil,
            batch.plan.cells[batch.cells[place]].lookup?.isDeferred == true
        else { return }
        batch.setNull(place, row: row)
        retries.append(row)
    }

    private mutating func refuse(_ record: CSVRecord, _ fault: RowFault) {
        refusedLines.append(record.line)
        reject(record, fault)
    }

    private mutating func reject(_ record: CSVRecord, _ fault: RowFault) {
        counts.rejected += 1
        rejectedKeys.insert(record, batch.plan)
        rejects.append((record, fault))
    }
}
