// A slice of a job, within a turn of the writer. Whatever happens between two of its transactions, the job's record says exactly
// how far it is: a record's transaction moves the progress with it, and refusals, which change nothing, are written with the
// next one.

import CRM
import Engine

/// What became of a slice.
struct JobSlice {
    /// Nothing is left to do: it is over, or cannot go on.
    var isOver = false
    /// Why it stopped before its time: the log is full, the disk is, or it has failed. The record in question has its turn again.
    var obstacle: Refusal?
    /// Why its own record could not be changed: it stands still.
    var fault: Refusal?
}

extension WriterTurn {
    private struct Failure {
        var record: RecordID
        var place: Int
        var refusal: Refusal
    }

    /// How far a job is, and what its next transaction writes about it.
    private struct Progress {
        var processed: Int
        var failed: Int
        var isPending: Bool
        /// Its record says that it stands still, which is over with the next transaction.
        var isHeld: Bool
        var failures: [Failure] = []
        let actor: RecordID
    }

    private static let entity = "bulkoperation"
    private static let open = Int32(0)

    /// The jobs that are not over, in order of their ids. O(jobs).
    var openJobs: [RecordID] {
        guard let place = engine.schema.standardPlace(named: WriterTurn.entity),
            let column = engine.schema.entities[place].attributeID("statecode").map({ Int($0.rawValue) })
        else { return [] }
        var found: [RecordID] = []
        for row in 0..<engine.tables[place].rowCount {
            let id = engine.tables[place].recordID(atRow: row)
            if id != .none, engine.tables[place].value(column, row) == .option(WriterTurn.open) { found.append(id) }
        }
        return found.sorted()
    }

    /// A job's message, its list and how many records are in it, as its record says, and who acts; nil when there is no such job. One that a
    /// message has started has neither list nor count until it begins.
    func job(
        _ id: RecordID
    ) -> (message: String, query: String, list: FileReference?, targetCount: Int?, actor: RecordID)? {
        guard let entity = engine.schema.entity(id.entity),
            case let records = Records(engine, actor: .none, timeMicroseconds: 0, calendar: { BusinessCalendar() }),
            records.exists(id)
        else { return nil }
        let list = entity.attributeID("records").flatMap { engine.file(of: id, $0) }
        var count: Int?
        if case .integer(let number) = records.value(id, "targetcount") { count = Int(number) }
        return (
            records.text(id, "message") ?? "", records.text(id, "querytext") ?? "", list, count,
            records.worker(of: id)
        )
    }

    /// Writes down which records a job is about, before its first.
    mutating func beginJob(_ id: RecordID, _ list: FileReference?, targetCount: Int) throws(Refusal) {
        guard var progress = progress(of: id) else { return }
        var values: [(String, Value)] = [("targetcount", .integer(Int64(targetCount)))]
        if let list { values.append(("records", .text(list.text))) }
        try note(id, &progress, values)
    }

    /// Works off some records of a job.
    ///
    /// - Parameter isTimeOver: asked before each record but the first; ends the slice.
    mutating func runSlice(
        of job: RunningJob,
        recordsMax: Int,
        failuresMax: Int,
        isTimeOver: () -> Bool
    ) -> JobSlice {
        let time = time()
        let records = Records(engine, actor: .none, timeMicroseconds: time) { [calendar, engine] in
            calendar.calendar(engine)
        }
        guard records.state(of: job.id) == WriterTurn.open else { return JobSlice(isOver: true) }
        var progress = Progress(
            processed: JobProgress.number(records.value(job.id, "processedcount")),
            failed: JobProgress.number(records.value(job.id, "failedcount")),
            isPending: records.option(job.id, "statuscode") == JobProgress.Status.pending.rawValue,
            isHeld: records.text(job.id, "reason") != nil,
            actor: records.worker(of: job.id)
        )
        // One that a message has started says itself how many refusals it takes.
        let failuresMax = max(failuresMax, JobProgress.number(records.value(job.id, "failurecountmax")))
        var slice = JobSlice()
        var count = 0
        while progress.processed < job.records.count, count < recordsMax, progress.failed <= failuresMax {
            if count > 0, isTimeOver() { break }
            let record = job.records[progress.processed]
            do throws(Refusal) {
                try perform(record, job, &progress, time)
            } catch {
                if error.isObstacle {
                    slice.obstacle = error
                    break
                }
                progress.failures.append(Failure(record: record, place: progress.processed, refusal: error))
                progress.failed += 1
                progress.processed += 1
            }
            count += 1
        }
        do throws(Refusal) {
            if progress.failed > failuresMax {
                try end(job.id, .aborted, "More than \(failuresMax) records were refused.", &progress, time)
                slice.isOver = true
            } else if progress.processed >= job.records.count {
                try end(job.id, .completed, nil, &progress, time)
                slice.isOver = true
            } else if !progress.failures.isEmpty {
                try note(job.id, &progress, [])
            }
        } catch {
            if error.isObstacle { slice.obstacle = error } else { slice.fault = error }
        }
        return slice
    }

    /// Ends a job that cannot be worked off.
    mutating func abortJob(_ id: RecordID, _ reason: String) throws(Refusal) {
        guard var progress = progress(of: id) else { return }
        try end(id, .aborted, reason, &progress, time())
    }

    /// Says in a job's record why it stands still: the first reason, so that a disk that answers differently each time fills no log.
    mutating func holdJob(_ id: RecordID, _ reason: String) throws(Refusal) {
        guard var progress = progress(of: id), !progress.isHeld else { return }
        try note(id, &progress, [("reason", .text(WriterTurn.cut(reason)))])
    }

    /// How far an open job is, with its status left as it is; nil when it is over.
    private func progress(of id: RecordID) -> Progress? {
        let records = Records(engine, actor: .none, timeMicroseconds: 0, calendar: { BusinessCalendar() })
        guard records.state(of: id) == WriterTurn.open else { return nil }
        return Progress(
            processed: JobProgress.number(records.value(id, "processedcount")),
            failed: JobProgress.number(records.value(id, "failedcount")),
            isPending: false,
            isHeld: records.text(id, "reason") != nil,
            actor: records.worker(of: id)
        )
    }

    /// One record's message, and the job's progress with it.
    private mutating func perform(
        _ record: RecordID,
        _ job: RunningJob,
        _ progress: inout Progress,
        _ time: Int64
    ) throws(Refusal) {
        let records = Records(engine, actor: progress.actor, timeMicroseconds: time) { [calendar, engine] in
            calendar.calendar(engine)
        }
        var transaction = try Messages.plan(try job.request(for: record, schema), key: nil, records)
        var next = progress
        next.processed += 1
        guard transaction.operationCount + 2 <= Limits.transactionOperationsMax else {
            throw Refusal(.limitExceeded, record: record, "The message changes too much for a job: send it by itself.")
        }
        try write(job.id, next, [], to: &transaction)
        try execute(transaction, progress.actor)
        next.failures.removeAll()
        (next.isPending, next.isHeld) = (false, false)
        progress = next
    }

    private mutating func end(
        _ id: RecordID,
        _ status: JobProgress.Status,
        _ reason: String?,
        _ progress: inout Progress,
        _ time: Int64
    ) throws(Refusal) {
        progress.isPending = false
        var values: [(String, Value)] = [
            ("statecode", .option(1)), ("statuscode", .option(status.rawValue)),
            ("completedon", .instant(max(time, engine.timeMicroseconds))),
        ]
        if let reason { values.append(("reason", .text(WriterTurn.cut(reason)))) }
        try note(id, &progress, values)
    }

    private mutating func note(
        _ id: RecordID,
        _ progress: inout Progress,
        _ values: [(String, Value)]
    ) throws(Refusal) {
        var transaction = Transaction(schema)
        try write(id, progress, values, to: &transaction)
        try execute(transaction, progress.actor)
        progress.failures.removeAll()
        (progress.isPending, progress.isHeld) = (false, false)
    }

    /// The progress and what was refused, behind whatever a transaction does.
    private func write(
        _ id: RecordID,
        _ progress: Progress,
        _ more: [(String, Value)],
        to transaction: inout Transaction
    ) throws(Refusal) {
        var values: [(String, Value)] = [("processedcount", .integer(Int64(progress.processed)))]
        if !progress.failures.isEmpty {
            values.append(("failedcount", .integer(Int64(progress.failed))))
            var batch = try RecordBatch(
                schema,
                .create,
                "bulkoperationlog",
                attributes: ["name", "bulkoperationid", "place", "errorcode", "rule", "description"]
            )
            for failure in progress.failures {
                let refusal = failure.refusal
                try batch.append([
                    .text(WriterTurn.cut(schema.text(of: failure.record), 100)), .reference(id),
                    .integer(Int64(failure.place)),
                    .text("\(refusal.code)"), refusal.rule.isEmpty ? .null : .text(refusal.rule),
                    .text(WriterTurn.cut(refusal.message)),
                ])
            }
            transaction.append(batch)
        }
        if progress.isPending { values.append(("statuscode", .option(JobProgress.Status.inProgress.rawValue))) }
        if progress.isHeld, !more.contains(where: { $0.0 == "reason" }) { values.append(("reason", .null)) }
        try transaction.updateRecord(id, values + more)
    }

    private mutating func execute(_ transaction: Transaction, _ actor: RecordID) throws(Refusal) {
        var reply = ByteWriter()
        try transaction.withEncoded { encoded in
            Result { () throws(Refusal) in try executeAny(encoded, actor, &reply) }
        }.get()
    }

    /// What a reason has room for.
    private static func cut(_ text: String, _ scalarsMax: Int = 2_000) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(scalarsMax)))
    }
}

extension Refusal {
    /// Whether it is no word about the record: the log has no room now, or has failed.
    var isObstacle: Bool {
        switch code {
        case .overloaded, .diskFull, .halted: true
        default: false
        }
    }
}
