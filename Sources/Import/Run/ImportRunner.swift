import Engine

/// Carries an import out: pass by pass, batch by batch. One task at a time.
///
/// A pass reads one file from its beginning. First come the mapping's files in their order, without links whose targets
/// may come later; then, for the files that have such links, a second pass that upserts the same rows with those links
/// and their key, and nothing else: each attribute is written by one pass, so that of several rows with one key the last
/// one counts in all of them. A row without a link takes away what its record had. So forward and self references need
/// no memory, and a second run of everything changes nothing.
///
/// Rows that the first pass could not bring in have no record, and must not get one from the second: `refusedLines`.
final class ImportRunner {
    struct Step {
        /// Place in the mapping's files.
        var file: Int
        /// The second pass, for links alone.
        var linksOnly: Bool
    }

    let mapping: ImportMapping
    let files: ImportFiles
    let options: ImportOptions
    let target: ImportTarget
    let steps: [Step]
    /// Entities that each file's lookups cannot count on yet.
    private let laterEntities: [Set<String>]
    private let progressPath: String?

    var rejects: RejectsFile
    var rejectedKeys: RejectedKeys
    /// Per file of the mapping, ascending: lines of rows that the database refused in the first pass, eight bytes each.
    /// Kept for files with a second pass only; rows that cannot be converted are not among them, for they fail again.
    private var refusedLines: [[Int]]
    var resume: ResumeRecord
    private var resumedRows = 0
    private var rowsSeen = 0
    private var bytesOfFinishedSteps = 0
    private var inFlight: [(batch: RowBatch, ticket: ImportTarget.Ticket?)] = []
    /// Rows that went in and are like others, or could not be compared; nil where nobody asked.
    private var alike: RejectsFile?

    /// A runner that goes on where an interrupted run with the same mapping and files stopped, if its rejects are still
    /// there and the database still holds the last row that was brought in.
    static func make(
        _ mapping: ImportMapping,
        _ files: ImportFiles,
        _ options: ImportOptions,
        _ target: ImportTarget
    ) async throws(ImportError) -> ImportRunner {
        let parts = ["\(mapping.digest)"] + files.digests.map(\.description)
        let identity = try FileDigest(of: Array(parts.joined(separator: "\n").utf8)).description
        let path = ResumeRecord.path(besides: options.rejectsPath)
        let fileCount = mapping.files.count
        if !options.isDryRun, let earlier = ResumeRecord.read(path: path, identity: identity, fileCount: fileCount) {
            var isThere = RejectsFile.holds(earlier.rejectsBytes, path: options.rejectsPath)
            if isThere, let anchor = earlier.anchor {
                isThere = try await target.text(of: anchor.record, anchor.attribute) == anchor.text
            }
            isThere = isThere && RejectsFile.holds(earlier.duplicatesBytes, path: options.duplicatesPath)
            if isThere { return try ImportRunner(mapping, files, options, target, earlier) }
        }
        let anew = ResumeRecord(
            identity: identity,
            counts: Array(repeating: ImportCounts(), count: fileCount)
        )
        return try ImportRunner(mapping, files, options, target, anew)
    }

    private init(
        _ mapping: ImportMapping,
        _ files: ImportFiles,
        _ options: ImportOptions,
        _ target: ImportTarget,
        _ resume: ResumeRecord
    ) throws(ImportError) {
        self.mapping = mapping
        self.files = files
        self.options = options
        self.target = target
        var laterEntities: [Set<String>] = []
        for index in mapping.files.indices { laterEntities.append(Set(mapping.files[index...].map(\.entity))) }
        self.laterEntities = laterEntities

        // Everything that a mapping can get wrong against the schema is said before the first row is read.
        var plans: [StepPlan] = []
        for (index, file) in mapping.files.enumerated() {
            plans.append(
                try StepPlan(file, schema: target.schema, columns: nil, laterEntities: laterEntities[index])
            )
        }
        steps =
            plans.indices.map { Step(file: $0, linksOnly: false) }
            + plans.indices.filter { !plans[$0].deferredCells.isEmpty }.map { Step(file: $0, linksOnly: true) }
        rejectedKeys = RejectedKeys(plans: plans)
        refusedLines = plans.map { _ in [] }

        progressPath = options.isDryRun ? nil : ResumeRecord.path(besides: options.rejectsPath)
        self.resume = resume
        rejects = try RejectsFile(path: options.rejectsPath, keptBytes: resume.rejectsBytes)
        if options.duplicates != nil || resume.duplicatesBytes > 0 {
            alike = try RejectsFile(path: options.duplicatesPath, keptBytes: resume.duplicatesBytes)
        }
        if resume.rejectsBytes > 0 { try recallRejects() }
    }

    func run() async throws(ImportError) -> ImportReport {
        for index in steps.indices {
            let size = files.sizesBytes[steps[index].file]
            if index >= resume.step {
                try await pass(index)
                while !inFlight.isEmpty { try await settleFirst() }
                resume.step = index + 1
                resume.line = 0
                try saveProgress()
            }
            bytesOfFinishedSteps += size
        }
        if let progressPath { ResumeRecord.remove(path: progressPath) }
        return ImportReport(
            files: mapping.files.indices.map { index in
                ImportReport.File(
                    file: mapping.files[index].file,
                    entity: mapping.files[index].entity,
                    counts: resume.counts[index]
                )
            },
            resumedRows: resumedRows,
            isDryRun: options.isDryRun,
            rejectsPath: rejects.lengthBytes > 0 ? options.rejectsPath : nil,
            duplicatesPath: resume.duplicatesBytes > 0 ? options.duplicatesPath : nil
        )
    }

    // MARK: Reading

    private func pass(_ index: Int) async throws(ImportError) {
        let step = steps[index]
        let file = mapping.files[step.file]
        var table = try TableReader(path: files.paths[step.file], dialect: file.dialect, limits: options.limits)
        let plan = try StepPlan(
            file,
            schema: target.schema,
            columns: table.columns,
            laterEntities: laterEntities[step.file]
        )
        let deferred = plan.deferredCells
        let cells = plan.cells.indices.filter {
            step.linksOnly ? deferred.contains($0) || plan.keyCells.contains($0) : !deferred.contains($0)
        }
        var refused = refusedLines[step.file][...]
        let firstLine = index == resume.step ? resume.line : 0
        var batch = RowBatch(plan: plan, cells: cells, digest: files.digests[step.file])
        var record = CSVRecord()
        var row = TypedRow()
        reading: while true {
            let event = try table.next(into: &record)
            if event == .end { break reading }
            if record.line <= firstLine {
                resumedRows += step.linksOnly ? 0 : 1
                continue
            }
            rowsSeen += 1
            batch.lastLine = record.line
            if step.linksOnly {
                while let line = refused.first, line < record.line { refused.removeFirst() }
                if refused.first == record.line { continue }
            }
            if case .malformed(let fault) = event {
                batch.counts.read += 1
                batch.reject(record, RowFault(column: "", fault.description))
            } else {
                take(record, &row, &batch)
            }
            let isFull =
                batch.rowCount >= options.batchRows || batch.byteCount >= options.batchBytes
                || batch.faults.count >= options.batchRows || batch.counts.skipped >= 100 * options.batchRows
            guard isFull else { continue }
            try await send(batch)
            batch = RowBatch(plan: plan, cells: cells, digest: files.digests[step.file])
            options.onProgress?(progress(file.file, bytes: bytesOfFinishedSteps + table.progress.read))
        }
        if !batch.isEmpty { try await send(batch) }
        options.onProgress?(progress(file.file, bytes: bytesOfFinishedSteps + table.progress.read))
    }

    /// Converts a row into the batch.
    private func take(_ record: CSVRecord, _ row: inout TypedRow, _ batch: inout RowBatch) {
        do throws(RowFault) {
            if record.cellCount == batch.plan.columnCount, !batch.plan.takes(record) {
                batch.counts.skipped += 1
                return
            }
            batch.counts.read += 1
            try batch.plan.fill(&row, from: record)
            batch.append(record, row)
        } catch {
            batch.reject(record, error)
        }
    }

    private func progress(_ file: String, bytes: Int) -> ImportProgress {
        ImportProgress(
            file: file,
            rowCount: rowsSeen + resumedRows,
            bytesRead: bytes,
            bytesTotal: steps.reduce(0) { $0 + files.sizesBytes[$1.file] }
        )
    }

    // MARK: Sending

    private func send(_ batch: RowBatch) async throws(ImportError) {
        if let handling = options.duplicates, !steps[resume.step].linksOnly {
            return try await sendLookedAt(batch, handling)
        }
        while inFlight.count >= max(1, options.batchesInFlight) { try await settleFirst() }
        let rows = Array(0..<batch.rowCount)
        let ticket = rows.isEmpty ? nil : target.submit(try batch.transaction(target.schema, rows: rows))
        inFlight.append((batch, ticket))
    }

    /// Looks what the rows of a batch are like, and sends those that are to go in. Everything before a row is in when it is looked at, and
    /// nothing else, so that what is found does not depend on where a batch ends: rows with one key are not looked at together, since of them
    /// the last one would be; and behind a row that does not go in, which the question has executed, rows are looked at anew. So pieces become
    /// smaller where many rows do not go in, or where a piece is too much for one question, and larger again where all go in. A row that is too
    /// much by itself goes in, and is said to be not compared.
    private func sendLookedAt(_ batch: RowBatch, _ handling: ImportDuplicates) async throws(ImportError) {
        while !inFlight.isEmpty { try await settleFirst() }
        var settlement = BatchSettlement(batch, linksOnly: false, rejectedKeys)
        var alike = AlikeRows(handling)
        var (start, size) = (0, batch.rowCount)
        while start < batch.rowCount {
            let end = batch.endOfDistinctKeys(from: start, countMax: size)
            let rows = Array(start..<end)
            var accepted = rows
            var transaction = try settlement.batch.transaction(target.schema, rows: rows)
            if let report = try await target.duplicates(of: transaction) {
                let rejected = alike.add(report, rows: rows, target.schema) { batch.line($0) }
                accepted = Array(start..<(rejected ?? end))
                size = rejected == nil ? min(size * 2, batch.rowCount) : max(1, rows.count / 2)
                start = rejected.map { $0 + 1 } ?? end
            } else if rows.count > 1 {
                size = rows.count / 2
                continue
            } else {
                alike.addTooLarge(start)
                start = end
            }
            if !accepted.isEmpty {
                // Where all rows go in, it is the one that was asked about.
                if accepted.count < rows.count {
                    transaction = try settlement.batch.transaction(target.schema, rows: accepted)
                }
                try await settle(accepted, target.submit(transaction), &settlement)
            }
        }
        settlement.handle(alike)
        try finish(settlement)
    }

    /// Waits for the oldest batch's reply and writes down what became of its rows.
    private func settleFirst() async throws(ImportError) {
        let (batch, ticket) = inFlight.removeFirst()
        var settlement = BatchSettlement(batch, linksOnly: steps[resume.step].linksOnly, rejectedKeys)
        if let ticket { try await settle(Array(0..<batch.rowCount), ticket, &settlement) }
        try finish(settlement)
    }

    /// Waits for the reply to rows of a batch.
    private func settle(
        _ rows: [Int],
        _ ticket: ImportTarget.Ticket,
        _ settlement: inout BatchSettlement
    ) async throws(ImportError) {
        let reply = try await ticket.value.get()
        try settlement.handle(reply, rows: rows)
        resume.anchor = settlement.batch.anchor(reply, rows: rows) ?? resume.anchor
        // Rows whose missing references the mapping allows go in again without them.
        while !settlement.retries.isEmpty {
            let rows = settlement.takeRetries()
            let ticket = target.submit(try settlement.batch.transaction(target.schema, rows: rows))
            try settlement.handle(try await ticket.value.get(), rows: rows)
        }
    }

    /// Writes down what became of a batch's rows.
    private func finish(_ settled: BatchSettlement) throws(ImportError) {
        var settlement = settled
        let index = resume.step
        let batch = settlement.batch
        settlement.finish()
        rejectedKeys = settlement.rejectedKeys
        if !steps[index].linksOnly, !batch.plan.deferredCells.isEmpty {
            refusedLines[steps[index].file] += settlement.refusedLines.sorted()
        }
        let entity = batch.plan.entity.name
        for reject in settlement.rejects {
            rejects.append(file: batch.plan.mapping.file, entity: entity, reject.record, reject.fault)
        }
        try rejects.flush()
        for row in settlement.alike {
            alike?.append(file: batch.plan.mapping.file, entity: entity, row.record, row.fault)
        }
        try alike?.flush()
        resume.counts[steps[index].file] += settlement.counts
        resume.line = batch.lastLine
        try saveProgress()
    }

    private func saveProgress() throws(ImportError) {
        resume.rejectsBytes = rejects.lengthBytes
        resume.duplicatesBytes = alike?.lengthBytes ?? 0
        if let progressPath { try resume.write(path: progressPath) }
    }

    /// Reads what is to be known of rejected rows back from the rejects file of the interrupted run. They stand there in
    /// the order of the first passes, each file's as many as its counts say; those of second passes follow.
    private func recallRejects() throws(ImportError) {
        var limits = options.limits
        limits.columnCountMax += RejectsFile.ownColumnCount
        var table = try CSVReader(
            try TextSource(try ByteSource(path: options.rejectsPath), encoding: .utf8),
            delimiter: UInt8(ascii: ","),
            limits: limits
        )
        var record = CSVRecord()
        // The header.
        _ = try table.next(into: &record)
        for (index, file) in mapping.files.enumerated() {
            let counts = resume.counts[index]
            let rejectCount = counts.rejected + counts.rejectedWithParent
            guard rejectCount > 0 else { continue }
            let columns = try TableReader(path: files.paths[index], dialect: file.dialect, limits: options.limits)
                .columns
            let plan = try StepPlan(
                file,
                schema: target.schema,
                columns: columns,
                laterEntities: laterEntities[index]
            )
            for _ in 0..<rejectCount {
                guard try table.next(into: &record) != .end else { return }
                let own = RejectsFile.ownColumnCount
                guard record.cellCount > own, let line = Int(record.text(1)) else { continue }
                var row = record
                row.cells.removeFirst(own)
                rejectedKeys.insert(row, plan)
                if !plan.deferredCells.isEmpty { refusedLines[index].append(line) }
            }
        }
    }
}
