import CRM
import Engine

extension TestOrganisation {
    /// Works off what messages have started, as a database does it, and returns what was shown of the messages. Each job's records are frozen
    /// at its beginning, it acts as whoever made it, or else owns it, and its record says how far it came.
    mutating func runJobs() throws -> Set<MessageScript.Seen> {
        var seen: Set<MessageScript.Seen> = []
        for job in try ids(
            "SELECT bulkoperationid FROM bulkoperation WHERE statecode = 'Open' ORDER BY bulkoperationid"
        ) {
            let records = Records(engine, actor: .none, timeMicroseconds: timeMicroseconds) { BusinessCalendar() }
            let message = records.text(job, "message") ?? ""
            let user = actor
            actor = records.worker(of: job)
            let members = try ids(records.text(job, "querytext") ?? "")
            var met: Set<RecordID> = []
            var refusals: [(RecordID, Refusal)] = []
            for member in members where met.insert(member).inserted {
                var words = try MessageRequest.words(of: message)
                words.insert(engine.schema.text(of: member), at: 1)
                let request = try MessageRequest(words: words, in: engine.schema)
                do {
                    try perform(request)
                    seen.insert(.init(message: request.number, rule: ""))
                } catch let refusal as Refusal {
                    refusals.append((member, refusal))
                    let code = refusal.code == .ruleBroken ? refusal.rule : "\(refusal.code)"
                    seen.insert(.init(message: request.number, rule: code))
                }
            }
            actor = user
            var transaction = Transaction(engine.schema)
            for (member, refusal) in refusals {
                try transaction.createRecord(
                    "bulkoperationlog",
                    [
                        ("name", .text(engine.schema.text(of: member))), ("bulkoperationid", .reference(job)),
                        ("rule", .text(refusal.rule)), ("description", .text(refusal.message)),
                    ]
                )
            }
            try transaction.updateRecord(
                job,
                [
                    ("statecode", .option(1)), ("statuscode", .option(4)),
                    ("targetcount", .integer(Int64(met.count))), ("processedcount", .integer(Int64(met.count))),
                    ("failedcount", .integer(Int64(refusals.count))),
                ]
            )
            try execute(transaction)
        }
        return seen
    }

    private func ids(_ sql: String) throws -> [RecordID] {
        let environment = QueryEnvironment(nowMicroseconds: timeMicroseconds, user: actor)
        let result = try PreparedQuery(sql, schema: engine.schema).execute(on: engine.view, environment: environment)
        return result.rows.compactMap { if case .reference(let id) = $0[0] { id } else { nil } }
    }
}
