// Starting a job: the query's records are frozen in a content, and a record of the job is made, from which on it runs.

import CRM
import Engine
import FetchXML
import Snapshot

extension Database: JobSession {
    /// Starts a job as the system and returns its record when it is durable. The query runs on the calling task's thread.
    public func startJob(_ request: JobRequest) async throws -> RecordID {
        let (reply, position) = try startJob(request, key: nil, actor: .none)
        try await settle(position)
        let decoded = try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
        return decoded.operations[0].ids[0]
    }

    /// Starts a job as `actor`; returns the reply of the transaction that made its record, and the position to wait for. Blocks
    /// the calling thread. With a key that was executed already, the reply of then.
    package func startJob(
        _ request: JobRequest,
        key: RequestKey?,
        actor: RecordID,
        cancellation: QueryCancellation? = nil
    ) throws -> (reply: [UInt8], position: Position) {
        let view = currentView
        guard let entity = view.schema.entity(named: "bulkoperation"), !entity.isOwn else {
            throw Refusal(.unknownEntity, entity: "bulkoperation", "This organisation's schema has no jobs.")
        }
        let (records, list) = try freeze(request, on: view, actor, cancellation)
        var values: [(String, Value)] = [
            ("name", .text(request.name.isEmpty ? Database.name(of: request) : request.name)),
            ("message", .text(request.message)), ("querytext", .text(request.query)),
            ("targetcount", .integer(Int64(records.count))), ("processedcount", .integer(0)),
            ("failedcount", .integer(0)),
        ]
        if let list { values.append(("records", .text(list.text))) }
        var transaction = Transaction(view.schema)
        _ = try transaction.createRecord("bulkoperation", values)
        let result = turn { turn -> Result<([UInt8], Position), Refusal> in
            Result { () throws(Refusal) in
                var reply = ByteWriter()
                try transaction.withEncoded(key: key) { encoded in
                    Result { () throws(Refusal) in try turn.execute(encoded, actor: actor, reply: &reply) }
                }.get()
                return (reply.bytes, turn.position)
            }
        }
        let started = try result.get()
        runJobs()
        return started
    }

    /// The records of a job that a message has started, and their list on the disk; nil where there are none. All jobs wait for that, so
    /// that its query has less room than one that somebody waits for, and ends with the runner.
    func freeze(
        _ query: String,
        _ message: String,
        _ actor: RecordID
    ) throws -> (records: [RecordID], list: FileReference?) {
        try freeze(
            JobRequest(message: message, query: query),
            on: currentView,
            actor,
            jobRunner.cancellation,
            stepsMax: options.jobQueryStepsMax
        )
    }

    private func freeze(
        _ request: JobRequest,
        on view: View,
        _ actor: RecordID,
        _ cancellation: QueryCancellation?,
        stepsMax: Int = QueryBudget().stepsMax
    ) throws -> (records: [RecordID], list: FileReference?) {
        let records = try records(of: request.query, view, actor, cancellation, stepsMax)
        try check(request, records, view.schema)
        do throws(DirectoryError) { try directory.queue.waitUntilDurable(view.position) } catch {
            throw DatabaseError.directory(error)
        }
        if records.isEmpty { return (records, nil) }
        return (records, try FileReference(store(RunningJob.encode(records)), name: "records"))
    }

    /// Has open jobs worked off beside all else.
    func runJobs() {
        guard options.runsJobs, options.directory.usesThreads else { return }
        jobRunner.start { [weak self] in self }
    }

    private static func name(of request: JobRequest) -> String {
        String(String.UnicodeScalarView(request.message.unicodeScalars.prefix(JobLimits.nameBytesMax)))
    }

    /// The records that a query gives in its first column, each once.
    private func records(
        of text: String,
        _ view: View,
        _ actor: RecordID,
        _ cancellation: QueryCancellation?,
        _ stepsMax: Int
    ) throws -> [RecordID] {
        let query = try PreparedQuery(text: text, schema: view.schema)
        let first = query.columns[0]
        guard first.type == .id || first.type.isText else {
            throw Refusal(
                .wrongType,
                "The query's first column has to be the records: '\(first.name)' is no record's id."
            )
        }
        let cursor = try query.cursor(
            on: view,
            parameters: [],
            chunkRows: Table.blockRows,
            budget: QueryBudget(bytesMax: JobLimits.queryKeptBytesMax, stepsMax: stepsMax),
            environment: environment(of: actor, view),
            cancellation: cancellation
        )
        var seen: Set<RecordID> = []
        var records: [RecordID] = []
        while let piece = try cursor.next() {
            for row in 0..<piece.rowCount {
                let record: RecordID
                switch piece.columns[0][row] {
                case .null: continue
                case .reference(let id): record = id
                case .text(let text):
                    guard let id = view.schema.recordID(text) else {
                        throw Refusal(.wrongType, "The query's first column has to be the records: '\(text)' is none.")
                    }
                    record = id
                default: continue
                }
                if seen.insert(record).inserted { records.append(record) }
            }
            guard records.count <= JobLimits.recordCountMax else {
                throw Refusal(
                    .limitExceeded,
                    "The query gives more than \(JobLimits.recordCountMax) records, which is more than a job may have."
                )
            }
        }
        return records
    }

    /// That the message can be read about each kind of record in the list.
    private func check(_ request: JobRequest, _ records: [RecordID], _ schema: Schema) throws(Refusal) {
        guard request.message.utf8.count <= JobLimits.messageBytesMax,
            request.query.utf8.count <= JobLimits.queryBytesMax, request.name.utf8.count <= JobLimits.nameBytesMax
        else {
            throw Refusal(
                .limitExceeded,
                "A job has at most \(JobLimits.nameBytesMax) bytes of name, \(JobLimits.messageBytesMax) of message and "
                    + "\(JobLimits.queryBytesMax) of query."
            )
        }
        let message = JobMessage(request.message)
        try message.checkVerb()
        var checked: Set<EntityID> = []
        for record in records where checked.insert(record.entity).inserted {
            _ = try message.request(for: record, schema)
        }
    }

    private func store(_ bytes: [UInt8]) throws(ContentError) -> FileContent {
        let number = try beginUpload(ofLength: Int64(bytes.count))
        do throws(ContentError) {
            let hash = SHA256Stream()
            var start = 0
            while start < bytes.count {
                let piece = Array(bytes[start..<min(start + FilePieces.bytesMax, bytes.count)])
                piece.withUnsafeBytes { hash.append($0) }
                try piece.withUnsafeBytes { piece in
                    Result { () throws(ContentError) in try contents.append(piece, at: Int64(start), to: number) }
                }.get()
                start += piece.count
            }
            return try endUpload(number, expecting: hash.finish())
        } catch {
            contents.cancelUpload(number)
            throw error
        }
    }
}
