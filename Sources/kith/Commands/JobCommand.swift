// Bulk work: started, listed, shown, waited for, ended.

import ArgumentParser
import Engine
import Kith

struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Do one message to every record that a query gives.",
        discussion: """
            A job runs inside the engine, a slice at a time beside all other work, and goes on after a restart. Its message \
            stands without its record; the query's first column is the records. docs/jobs.md says what is promised.

            EXAMPLES
              kith job start --at ./data 'assign --to systemuser/1N' \\
                "SELECT accountid FROM account WHERE address1_city = 'Oslo'"
              kith job start --at kith://127.0.0.1:7411 deactivate \\
                'SELECT contactid FROM contact WHERE emailaddress1 IS NULL'
              kith job list --at kith://127.0.0.1:7411
              kith job wait --at kith://127.0.0.1:7411 bulkoperation/1N
              kith job show --at kith://127.0.0.1:7411 bulkoperation/1N
              kith job cancel --at kith://127.0.0.1:7411 bulkoperation/1N
            """,
        subcommands: [Start.self, List.self, Show.self, Wait.self, Cancel.self]
    )

    private static let columns =
        "bulkoperationid, name, statuscodename, processedcount, targetcount, failedcount, createdbyname, createdon, completedon, reason"

    private static func id(_ text: String, in schema: Schema) throws(CommandFailure) -> RecordID {
        guard let id = schema.recordID(text), schema.entity(id.entity)?.name == "bulkoperation" else {
            throw CommandFailure(.usage, "'\(text)' is no job: write it as 'kith job list' prints it, bulkoperation/1N")
        }
        return id
    }

    /// Follows a job to its end, with a bar on a terminal.
    private static func wait(_ id: RecordID, _ session: any JobSession) async throws {
        let text = try await session.schema.text(of: id)
        let bar = Progress(text)
        var fault = ""
        while true {
            guard let job = try await session.job(id) else {
                bar.finish()
                throw CommandFailure(.refused, "there is no job \(text)")
            }
            // One that has not begun does not know its records yet.
            let whole = job.status.isOver ? 1.0 : 0.0
            let fraction = job.targetCount == 0 ? whole : Double(job.processedCount) / Double(job.targetCount)
            bar.show(fraction, "\(job.processedCount) of \(job.targetCount), \(job.failedCount) refused")
            guard job.status.isOver else {
                if job.reason != fault {
                    fault = job.reason
                    bar.finish()
                    StandardError.write(fault.isEmpty ? "it goes on\n" : "it stands still: \(fault)\n")
                }
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            bar.finish()
            StandardError.write("\(job.processedCount) of \(job.targetCount) records, \(job.failedCount) refused.\n")
            switch job.status {
            case .canceled: throw CommandFailure(.refused, "the job was canceled")
            case .aborted: throw CommandFailure(.refused, "the job was aborted: \(job.reason)")
            default: break
            }
            guard job.failedCount == 0 else {
                throw CommandFailure(.incomplete, "\(job.failedCount) records were refused: 'kith job show' lists them")
            }
            return
        }
    }
}

extension JobCommand {
    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a job; prints its record.",
            discussion: """
                On a server the command ends when the job has begun, unless --wait is given. On a directory, which nobody else \
                works on, it waits until the job is done. Then the status is 1 when records were refused.

                EXAMPLES
                  kith job start --at ./data 'complete --minutes 15' \\
                    "SELECT activityid FROM task WHERE statecode = 'Open'"
                """
        )

        @OptionGroup var at: AtOption

        @Option(help: "What people see in a list of jobs; without it the message.")
        var name: String = ""

        @Flag(help: "Wait until it is done.")
        var wait = false

        @Argument(help: "The message without its record, in quotes: 'assign --to systemuser/1N'.")
        var message: String

        @Argument(help: "A SELECT whose first column is the records.")
        var sql: String

        func run() async throws {
            let request = JobRequest(name: name, message: message, query: sql)
            let waits: Bool
            if case .directory = at.place { waits = true } else { waits = wait }
            let sql = sql
            try await at.place.withConnection { connection in
                let session = connection.session
                let id: RecordID
                do {
                    id = try await session.startJob(request)
                } catch let error as QueryError {
                    var failure = CommandFailure(error) ?? CommandFailure(.usage, "")
                    failure.message = error.rendered(in: sql)
                    throw failure
                }
                StandardOutput.write(try await session.schema.text(of: id) + "\n")
                StandardOutput.flush()
                if waits { try await JobCommand.wait(id, session) }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs, the newest first.",
            discussion: """
                EXAMPLES
                  kith job list --at kith://127.0.0.1:7411
                """
        )

        @OptionGroup var at: AtOption

        @Option(help: "How many at most.")
        var limit = 50

        @Option(help: "table (for people), json, csv or ndjson.")
        var format = RowFormat.table

        func run() async throws {
            guard limit > 0 else { throw CommandFailure(.usage, "--limit is at least 1") }
            let (format, limit) = (format, limit)
            try await at.place.withConnection { connection in
                var writer = RowWriter(format)
                let sql = "SELECT \(JobCommand.columns) FROM bulkoperation ORDER BY createdon DESC LIMIT \(limit)"
                try await connection.query(sql, QueryParameters(), into: &writer)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the records of a job that were refused, with the reasons.",
            discussion: """
                How far the job is stands on standard error.

                EXAMPLES
                  kith job show --at kith://127.0.0.1:7411 bulkoperation/1N
                """
        )

        @OptionGroup var at: AtOption

        @Option(help: "table (for people), json, csv or ndjson.")
        var format = RowFormat.table

        @Argument(help: "The job, such as bulkoperation/1N.")
        var job: String

        func run() async throws {
            let (job, format) = (job, format)
            try await at.place.withConnection { connection in
                let id = try JobCommand.id(job, in: try await connection.session.schema)
                guard let progress = try await connection.session.job(id) else {
                    throw CommandFailure(.refused, "there is no job \(job)")
                }
                StandardError.write(
                    "\(job): \(progress.status), \(progress.processedCount) of \(progress.targetCount) records, "
                        + "\(progress.failedCount) refused. \(progress.reason)\n"
                )
                var writer = RowWriter(format)
                try await connection.query(
                    "SELECT name AS record, place, errorcode, rule, description FROM bulkoperationlog "
                        + "WHERE bulkoperationid = ? ORDER BY place",
                    QueryParameters(positional: [.text(job)]),
                    into: &writer
                )
            }
        }
    }

    struct Wait: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Wait until a job is done, with a bar on a terminal.",
            discussion: """
                0: done. 1: done, and records were refused. 4: canceled or aborted.

                EXAMPLES
                  kith job wait --at kith://127.0.0.1:7411 bulkoperation/1N
                """
        )

        @OptionGroup var at: AtOption

        @Argument(help: "The job, such as bulkoperation/1N.")
        var job: String

        func run() async throws {
            let job = job
            try await at.place.withConnection { connection in
                let id = try JobCommand.id(job, in: try await connection.session.schema)
                try await JobCommand.wait(id, connection.session)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a job before its next record; what was done stays done.",
            discussion: """
                EXAMPLES
                  kith job cancel --at kith://127.0.0.1:7411 bulkoperation/1N
                """
        )

        @OptionGroup var at: AtOption

        @Argument(help: "The job, such as bulkoperation/1N.")
        var job: String

        func run() async throws {
            let job = job
            try await at.place.withConnection { connection in
                let id = try JobCommand.id(job, in: try await connection.session.schema)
                try await connection.session.perform(CancelJob(id))
            }
        }
    }
}
