import CRM
import Engine
import Kith
import Snapshot
import Testing

/// Bulk work: what it does, refuses, survives and leaves behind.
@Suite struct JobTests {
    private let clock = FileClock()

    private func options(runs: Bool, slice: Int = 7) -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 512 << 10, usesThreads: true)
        options.threadCount = 1
        options.takesSnapshots = false
        options.runsJobs = runs
        options.jobSliceRecordsMax = slice
        // How far a slice goes shall not depend on how busy the machine is.
        options.jobSliceMicroseconds = .max
        let clock = clock
        options.clock = {
            clock.pass(microseconds: 1)
            return clock.now
        }
        return options
    }

    private func open(
        _ storage: SimulatedStorage = SimulatedStorage(seed: 1),
        runs: Bool = true,
        slice: Int = 7
    ) throws -> Database {
        try Database.open(in: storage, options: options(runs: runs, slice: slice), random: 7)
    }

    private func create(
        _ database: Database,
        _ entity: String,
        _ values: [(String, Value)]
    ) async throws -> RecordID {
        var transaction = Transaction(database.schema)
        _ = try transaction.createRecord(entity, values)
        return try await database.execute(transaction).operations[0].ids[0]
    }

    private func accounts(_ database: Database, _ count: Int) async throws -> [RecordID] {
        var transaction = Transaction(database.schema)
        for number in 0..<count { try transaction.create("account", ["name": .text("\(number)")]) }
        return try await database.execute(transaction).operations.flatMap(\.ids)
    }

    private func rows(_ database: Database, _ sql: String) async throws -> [[String]] {
        let result = try await database.query(sql)
        return (0..<result.rowCount).map { row in
            result.columns.map { $0[row].text(in: database.schema) ?? "-" }
        }
    }

    /// Works jobs off on this thread, up to so many rounds; whether all are done.
    @discardableResult
    private func work(_ database: Database, rounds: Int = .max) -> Bool {
        var work = JobWork()
        var left = rounds
        while left > 0 {
            guard case .more = database.workOnJobs(&work) else { return true }
            left -= 1
        }
        return false
    }

    private func waitUntilOver(_ database: Database, _ job: RecordID) async throws -> JobProgress {
        while true {
            let progress = try #require(try await database.job(job))
            if progress.status.isOver { return progress }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private static let all = "SELECT accountid FROM account ORDER BY accountid"

    @Test func aMessageForEveryRecordThatAQueryGives() async throws {
        let database = try open()
        let ids = try await accounts(database, 40)
        let job = try await database.startJob(
            JobRequest(message: "deactivate", query: "SELECT accountid FROM account WHERE name < '3' ORDER BY name")
        )
        let progress = try await waitUntilOver(database, job)
        #expect(progress.status == .completed && progress.failedCount == 0)
        #expect(progress.processedCount == progress.targetCount && progress.targetCount == 23)
        #expect(
            try await rows(database, "SELECT statecodename, COUNT(*) FROM account GROUP BY statecodename ORDER BY 1")
                == [
                    ["Active", "17"], ["Inactive", "23"],
                ]
        )
        #expect(
            try await rows(database, "SELECT name, message, completedon IS NULL FROM bulkoperation") == [
                ["deactivate", "deactivate", "false"]
            ]
        )
        // Each record's history says through which message it was changed.
        let history = try await database.history(of: ids[0], limit: 10)
        #expect(history.steps.map(\.message) == [0, DeactivateRecord.head.number])
        try database.close()
    }

    @Test func refusalsAreListedAndTheRestIsDone() async throws {
        let database = try open()
        let ids = try await accounts(database, 20)
        for id in [ids[3], ids[11]] { try await database.perform(DeactivateRecord(id)) }
        let job = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        let progress = try await waitUntilOver(database, job)
        #expect(progress.status == .completed && progress.failedCount == 2 && progress.processedCount == 20)
        let refused = try await rows(
            database,
            "SELECT name, place, errorcode, rule, bulkoperationid FROM bulkoperationlog ORDER BY place"
        )
        let text = { (id: RecordID) in database.schema.text(of: id) }
        #expect(
            refused == [
                [text(ids[3]), "3", "ruleBroken", "state", text(job)],
                [text(ids[11]), "11", "ruleBroken", "state", text(job)],
            ]
        )
        // What was refused can be tried again by its name.
        let again = try await database.startJob(
            JobRequest(
                name: "Again",
                message: "activate",
                query: "SELECT name FROM bulkoperationlog WHERE bulkoperationid = '\(text(job))'"
            )
        )
        #expect(try await waitUntilOver(database, again).processedCount == 2)
        #expect(
            try await rows(database, "SELECT COUNT(*) FROM account WHERE statecode = 'Active'") == [["2"]]
        )
        try database.close()
    }

    /// The effect is that of a loop of single messages; what is refused there is listed here.
    @Test func itIsALoopOfSingleMessages() async throws {
        for seed in 0..<8 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let message = ["delete", "deactivate", "activate"][random.below(3)]
            let slice = 1 + random.below(9)
            var digests: [UInt128] = []
            var refusals: [[[String]]] = []
            for isJob in [true, false] {
                var random = SplitMix64(seed: seed &+ 100)
                let database = try open(SimulatedStorage(seed: seed), runs: false, slice: slice)
                let ids = try await accounts(database, 30)
                for id in ids {
                    // Hierarchies, records out of use, and what restricts a delete.
                    switch random.below(4) {
                    case 0: try await database.perform(DeactivateRecord(id))
                    case 1:
                        let parent = ids[random.below(ids.count)]
                        var transaction = Transaction(database.schema)
                        try transaction.update(id, ["parentaccountid": parent == id ? .null : .reference(parent)])
                        _ = try await database.execute(transaction)
                    case 2:
                        _ = try await create(database, "opportunity", [("name", "O"), ("customerid", .reference(id))])
                    default: break
                    }
                }
                if isJob {
                    let job = try await database.startJob(JobRequest(message: message, query: Self.all))
                    #expect(work(database))
                    let progress = try #require(try await database.job(job))
                    #expect(progress.status == .completed && progress.processedCount == ids.count)
                    refusals.append(
                        try await rows(
                            database,
                            "SELECT name, errorcode, rule, description FROM bulkoperationlog ORDER BY place"
                        )
                    )
                    #expect(progress.failedCount == refusals[0].count)
                } else {
                    var refused: [[String]] = []
                    for id in ids {
                        let name = database.schema.text(of: id)
                        let request = try MessageRequest("\(message) \(name)", in: database.schema)
                        do { _ = try await database.perform(request) } catch let error as Refusal {
                            refused.append([
                                name, "\(error.code)", error.rule.isEmpty ? "-" : error.rule, error.message,
                            ])
                        }
                    }
                    refusals.append(refused)
                }
                // Versions and times differ with the job's own changes: what the records say is compared.
                let content = try await rows(
                    database,
                    "SELECT accountid, name, statecode, statuscode, parentaccountid FROM account ORDER BY accountid"
                )
                digests.append(content.description.utf8.reduce(UInt128(0)) { $0 &* 31 &+ UInt128($1) })
                try database.close()
            }
            #expect(digests[0] == digests[1], "seed \(seed)")
            #expect(refusals[0] == refusals[1], "seed \(seed)")
        }
    }

    @Test func whoAskedActs() async throws {
        let database = try open(runs: false)
        let user = try await create(database, "systemuser", [("fullname", "Ann")])
        let ids = try await accounts(database, 3)
        let (reply, _) = try database.startJob(
            JobRequest(message: "deactivate", query: Self.all),
            key: nil,
            actor: user
        )
        let job = try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids[0]
        #expect(work(database))
        for id in ids {
            let history = try await database.history(of: id, limit: 10)
            #expect(history.steps.last?.actor == user)
        }
        #expect(
            try await rows(database, "SELECT createdbyname, modifiedbyname FROM bulkoperation") == [["Ann", "Ann"]]
        )
        #expect(try await database.job(job)?.status == .completed)
        try database.close()
    }

    @Test func cancelEndsItBetweenSlices() async throws {
        let database = try open(runs: false, slice: 5)
        _ = try await accounts(database, 30)
        let job = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        #expect(try await database.job(job)?.status == .pending)
        #expect(!work(database, rounds: 2))
        #expect(try await database.job(job)?.status == .inProgress)
        try await database.perform(CancelJob(job))
        #expect(work(database))
        let progress = try #require(try await database.job(job))
        #expect(progress.status == .canceled && progress.processedCount == 10)
        #expect(
            try await rows(database, "SELECT COUNT(*) FROM account WHERE statecode = 'Inactive'") == [["10"]]
        )
        // A job that is deleted is as much over.
        let other = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        #expect(!work(database, rounds: 1))
        try await database.perform(DeleteRecord(other))
        #expect(work(database))
        #expect(try await database.job(other) == nil)
        #expect(try await rows(database, "SELECT COUNT(*) FROM bulkoperationlog") == [["0"]])
        try database.close()
    }

    @Test func severalTakeTurns() async throws {
        let database = try open(runs: false, slice: 5)
        _ = try await accounts(database, 20)
        var jobs: [RecordID] = []
        for _ in 0..<6 { jobs.append(try await database.startJob(JobRequest(message: "deactivate", query: Self.all))) }
        #expect(!work(database, rounds: 1))
        var counts: [Int] = []
        for job in jobs { counts.append(try #require(try await database.job(job)).processedCount) }
        // Four at a time.
        #expect(counts == [5, 5, 5, 5, 0, 0])
        #expect(work(database))
        var failed = 0
        for job in jobs {
            let progress = try #require(try await database.job(job))
            #expect(progress.status == .completed && progress.processedCount == 20)
            failed += progress.failedCount
        }
        // Each account was put out of use once.
        #expect(failed == 5 * 20)
        try database.close()
    }

    @Test func aRecordIsMetAsItIsAtItsTurn() async throws {
        let database = try open(runs: false, slice: 5)
        let ids = try await accounts(database, 10)
        let job = try await database.startJob(
            JobRequest(message: "deactivate", query: "SELECT accountid FROM account WHERE statecode = 'Active'")
        )
        #expect(!work(database, rounds: 1))
        try await database.perform(DeactivateRecord(ids[7]))
        try await database.perform(DeleteRecord(ids[8]))
        // One that comes meanwhile is not in the list.
        let late = try await accounts(database, 1)[0]
        #expect(work(database))
        #expect(try #require(try await database.job(job)).processedCount == 10)
        #expect(
            try await rows(database, "SELECT place, errorcode FROM bulkoperationlog ORDER BY place") == [
                ["7", "ruleBroken"], ["8", "recordNotFound"],
            ]
        )
        #expect(try await database.read("account", ["statecode"], [late]).rows[0] == [.option(0)])
        try database.close()
    }

    @Test func tooManyRefusalsAbortIt() async throws {
        var options = options(runs: false, slice: 4)
        options.jobFailuresMax = 5
        let database = try Database.open(in: SimulatedStorage(seed: 1), options: options, random: 7)
        _ = try await accounts(database, 30)
        for _ in 0..<2 { _ = try await database.startJob(JobRequest(message: "activate", query: Self.all)) }
        #expect(work(database))
        #expect(
            try await rows(database, "SELECT statuscodename, failedcount, reason FROM bulkoperation") == [
                ["Aborted", "6", "More than 5 records were refused."],
                ["Aborted", "6", "More than 5 records were refused."],
            ]
        )
        #expect(try await rows(database, "SELECT COUNT(*) FROM bulkoperationlog") == [["12"]])
        try database.close()
    }

    @Test func whatIsWrongIsRefusedAtTheStart() async throws {
        let database = try open(runs: false)
        _ = try await accounts(database, 2)
        func refusal(_ message: String, _ query: String) async -> String {
            do {
                _ = try await database.startJob(JobRequest(message: message, query: query))
                return "started"
            } catch let error as Refusal {
                return "\(error.code): \(error.message)"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            await refusal("desactivate", Self.all).contains(
                "malformed: The job's message: there is no message 'desactivate'"
            )
        )
        #expect(await refusal("", Self.all).contains("the message is empty"))
        #expect(await refusal("assign", Self.all).contains("'assign' needs --to"))
        #expect(await refusal("win", Self.all).contains("'win' is for"))
        #expect(await refusal("deactivate", "SELECT revenue FROM account").hasPrefix("wrongType"))
        #expect(await refusal("deactivate", "SELECT name FROM account").contains("'0' is none"))
        #expect(await refusal("deactivate", "SELECT nothing FROM account").contains("nothing"))
        #expect(await refusal(String(repeating: "x", count: 4_001), Self.all).hasPrefix("limitExceeded"))
        #expect(try await rows(database, "SELECT COUNT(*) FROM bulkoperation") == [["0"]])
        // None is as good as some.
        let job = try await database.startJob(
            JobRequest(message: "deactivate", query: "SELECT accountid FROM account WHERE name = 'x'")
        )
        #expect(work(database))
        #expect(try await database.job(job)?.status == .completed)
        try database.close()
    }

    @Test func recordsOfSeveralEntitiesAndThoseThatComeTwice() async throws {
        let database = try open(runs: false)
        let task = try await create(database, "task", [("subject", "Call back")])
        let call = try await create(database, "phonecall", [("subject", "Call")])
        let job = try await database.startJob(
            JobRequest(
                message: "complete --minutes 15",
                query: "SELECT activityid FROM task UNION ALL SELECT activityid FROM phonecall "
                    + "UNION ALL SELECT activityid FROM task"
            )
        )
        #expect(work(database))
        let progress = try #require(try await database.job(job))
        #expect(progress.targetCount == 2 && progress.failedCount == 0)
        for id in [task, call] {
            let entity = try #require(database.schema.entity(id.entity)).name
            #expect(
                try await database.read(entity, ["statecode", "actualdurationminutes"], [id]).rows[0] == [
                    .option(1), .integer(15),
                ]
            )
        }
        try database.close()
    }

    @Test func aRetryStartsNothing() async throws {
        let database = try open(runs: false)
        _ = try await accounts(database, 2)
        let key = RequestKey(client: 5, request: 1)
        let request = JobRequest(message: "deactivate", query: Self.all)
        let first = try database.startJob(request, key: key, actor: .none)
        let second = try database.startJob(request, key: key, actor: .none)
        #expect(first.reply == second.reply)
        #expect(try await rows(database, "SELECT COUNT(*) FROM bulkoperation") == [["1"]])
        try database.close()
    }

    @Test func theNextStartGoesOn() async throws {
        let storage = SimulatedStorage(seed: 1)
        var database = try open(storage, runs: false, slice: 5)
        _ = try await accounts(database, 30)
        let job = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        #expect(!work(database, rounds: 3))
        try database.writeSnapshot()
        try database.close()
        database = try open(storage)
        let progress = try await waitUntilOver(database, job)
        #expect(progress.processedCount == 30 && progress.failedCount == 0)
        try database.close()
    }

    @Test func aListThatTheDiskDoesNotGiveIsToldAndReadAgain() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, runs: false, slice: 5)
        let ids = try await accounts(database, 12)
        let job = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        storage.injectFault(.read, callsBefore: 0, isSticky: true)
        var work = JobWork(retryMicroseconds: 0)
        for _ in 0..<3 {
            guard case .mustRest = database.workOnJobs(&work) else {
                Issue.record("a job without its list went on, or was forgotten")
                return
            }
        }
        let fault = try #require(database.status.jobFaults.first)
        #expect(
            fault.job == job && fault.reason.hasPrefix("Its list of records cannot be read, which is tried again: ")
        )
        #expect(database.status.json.contains("\"job\":\"\(database.schema.text(of: job))\""))
        let held = try #require(try await database.job(job))
        #expect(held.status == .pending && held.reason == fault.reason)
        // Another job whose list is in memory already, or needs none, goes on beside it.
        let other = try await database.startJob(
            JobRequest(message: "deactivate", query: "SELECT accountid FROM account WHERE name = 'x'")
        )
        guard case .more = database.workOnJobs(&work) else {
            Issue.record("a job that stands still kept another one")
            return
        }
        #expect(try await database.job(other)?.status == .completed)
        storage.clearFaults()
        while case .more = database.workOnJobs(&work) {}
        let done = try #require(try await database.job(job))
        #expect(done.status == .completed && done.processedCount == ids.count && done.reason.isEmpty)
        // It was said once, not at each attempt: made, held, one step for each record.
        #expect(try await database.history(of: job, limit: 100).steps.count == 2 + ids.count + 1)
        #expect(database.status.jobFaults.isEmpty)
        try database.close()
    }

    @Test func asManyAsRunAtATimeThatStandStillKeepNoOther() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, runs: false, slice: 5)
        _ = try await accounts(database, 12)
        var held: [RecordID] = []
        for _ in 0..<JobLimits.runningMax {
            held.append(try await database.startJob(JobRequest(message: "deactivate", query: Self.all)))
        }
        storage.injectFault(.read, callsBefore: 0, isSticky: true)
        // Its list is empty: nothing has to be read.
        let none = "SELECT accountid FROM account WHERE name = 'x'"
        let other = try await database.startJob(JobRequest(message: "deactivate", query: none))
        var work = JobWork(retryMicroseconds: 0)
        for _ in 0..<2 {
            guard case .more = database.workOnJobs(&work) else {
                Issue.record("the runner rests although a job could go on")
                return
            }
        }
        #expect(try await database.job(other)?.status == .completed)
        let rests = if case .mustRest = database.workOnJobs(&work) { true } else { false }
        #expect(rests, "nothing can go on")
        #expect(work.standingStill.map(\.job) == held)
        storage.clearFaults()
        while case .more = database.workOnJobs(&work) {}
        for job in held { #expect(try await database.job(job)?.status == .completed) }
        try database.close()
    }

    @Test func aJobThatStandsStillIsNotTriedAtOnceAndCanBeCanceled() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, runs: false)
        _ = try await accounts(database, 3)
        let job = try await database.startJob(JobRequest(message: "deactivate", query: Self.all))
        storage.injectFault(.read, callsBefore: 0, isSticky: true)
        var work = JobWork(retryMicroseconds: .max / 2)
        _ = database.workOnJobs(&work)
        let reads = storage.counts.reads
        _ = database.workOnJobs(&work)
        #expect(storage.counts.reads == reads && database.status.jobFaults.map(\.job) == [job])
        try await database.perform(CancelJob(job))
        guard case .nothing = database.workOnJobs(&work) else {
            Issue.record("a job that was canceled is worked on")
            return
        }
        #expect(database.status.jobFaults.isEmpty)
        try database.close()
    }

    @Test func requestsReadBackAndDamagedOnesAreRefused() throws {
        let request = JobRequest(name: "N", message: "assign --to systemuser/1N", query: "SELECT 1")
        for key in [nil, RequestKey(client: 3, request: 4)] {
            let bytes = request.encoded(key: key)
            let read = try bytes.withUnsafeBytes { try JobRequest.decode($0) }
            #expect(read.request == request && read.key == key)
            for count in 0..<bytes.count {
                #expect(throws: DecodeError.self) {
                    try bytes[..<count].withUnsafeBytes { try JobRequest.decode($0) }
                }
            }
        }
    }
}
