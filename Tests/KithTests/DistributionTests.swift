import CRM
import Engine
import Kith
import Snapshot
import TestSupport
import Testing

/// Campaign activities distributed by a database: as messages ask for it, by the clock, and through power cuts.
@Suite struct DistributionTests {
    private static let memberCount = 30

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func open(
        _ storage: SimulatedStorage,
        runs: Bool = true,
        usesThreads: Bool = false,
        slice: Int = 7,
        stepsMax: Int = JobLimits.queryStepsMax
    ) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 1 << 20, usesThreads: runs || usesThreads)
        options.threadCount = 1
        options.takesSnapshots = false
        options.runsJobs = runs
        options.jobSliceRecordsMax = slice
        options.jobSliceMicroseconds = .max
        options.jobQueryStepsMax = stepsMax
        options.clock = { 1_000_000 }
        return try Database.open(in: storage, options: options, random: 7)
    }

    /// Contacts on a list, of whom every fifth wishes no marketing, and a launched campaign with an activity that reaches them.
    private func setUp(_ schema: Schema) throws -> Transaction {
        var setup = Transaction(schema)
        let campaign = try setup.createRecord("campaign", [("name", "Spring"), ("statuscode", .option(2))])
        let list = try setup.createRecord("list", [("listname", "All"), ("createdfromcode", .option(2))])
        let activity = try setup.createRecord(
            "campaignactivity",
            [
                ("subject", "Mailing"), ("channeltypecode", .option(7)), ("regardingobjectid", .reference(campaign)),
            ]
        )
        _ = try setup.createRecord(
            "campaignactivityitem",
            [("campaignactivityid", .reference(activity)), ("itemid", .reference(list))]
        )
        for number in 0..<Self.memberCount {
            let member = try setup.createRecord(
                "contact",
                [
                    ("fullname", .text("\(number)")), ("emailaddress1", .text("\(number)@example.com")),
                    ("donotsendmm", .boolean(number % 5 == 0)),
                ]
            )
            _ = try setup.createRecord("listmember", [("listid", .reference(list)), ("entityid", .reference(member))])
        }
        return setup
    }

    private func execute(_ database: Database, _ setup: borrowing Transaction) throws -> TransactionReply {
        var reply = ByteWriter()
        let encoded = try setup.encoded()
        try database.turn { turn in
            Result { () throws(Refusal) in
                try encoded.withUnsafeBytes { bytes in
                    Result { () throws(Refusal) in try turn.execute(bytes, actor: .none, reply: &reply) }
                }.get()
            }
        }.get()
        return try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    private func perform(_ database: Database, _ message: some Message) throws {
        var reply = ByteWriter()
        let encoded = message.request.encoded(key: nil)
        try database.turn { turn in
            Result { () throws(Refusal) in
                try encoded.withUnsafeBytes { bytes in
                    Result { () throws(Refusal) in try turn.perform(bytes, actor: .none, reply: &reply) }
                }.get()
            }
        }.get()
    }

    private func rows(_ view: View, _ sql: String) throws -> [[Value]] {
        try PreparedQuery(text: sql, schema: view.schema).execute(on: view).rows
    }

    private func count(_ view: View, _ sql: String) throws -> Int {
        guard case .integer(let number)? = try rows(view, sql).first?[0] else {
            throw Failure(description: "no number")
        }
        return Int(number)
    }

    private func activity(_ view: View) throws -> RecordID {
        guard case .reference(let id)? = try rows(view, "SELECT activityid FROM campaignactivity").first?[0] else {
            throw Failure(description: "no campaign activity")
        }
        return id
    }

    private static let reachedTwice = """
        SELECT COUNT(*) FROM (SELECT partyid, COUNT(*) AS n FROM activityparty GROUP BY partyid) AS x WHERE n > 1
        """

    @Test func aMessageStartsTheWorkThatADatabaseDoes() async throws {
        let database = try open(SimulatedStorage(seed: 1))
        _ = try execute(database, try setUp(database.schema))
        try await database.perform(DistributeCampaignActivity(try activity(database.currentView)))
        guard
            case .reference(let job)? = try rows(database.currentView, "SELECT bulkoperationid FROM campaignactivity")
                .first?[0]
        else { throw Failure(description: "no job") }
        while true {
            let progress = try #require(try await database.job(job))
            if progress.status.isOver {
                #expect(progress.status == .completed && progress.targetCount == Self.memberCount)
                #expect(progress.processedCount == Self.memberCount && progress.failedCount == Self.memberCount / 5)
                break
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let view = database.currentView
        #expect(try count(view, "SELECT COUNT(*) FROM email") == Self.memberCount * 4 / 5)
        #expect(
            try count(view, "SELECT COUNT(*) FROM bulkoperationlog WHERE rule = 'do-not-market'") == Self.memberCount
                / 5
        )
        #expect(
            try rows(view, "SELECT reachedcount, refusedcount FROM campaignactivity") == [
                [.integer(Int64(Self.memberCount * 4 / 5)), .integer(Int64(Self.memberCount / 5))]
            ]
        )
        try database.close()
    }

    @Test func theClockStartsWhatWasScheduled() async throws {
        let database = try open(SimulatedStorage(seed: 2), runs: false, usesThreads: true)
        _ = try execute(database, try setUp(database.schema))
        let moment: Int64 = 86_400_000_000
        try perform(database, ScheduleCampaignActivity(try activity(database.currentView), at: moment))
        let early = try await database.advance(to: moment - 1)
        #expect(early.performedCount == 0)
        #expect(try count(database.currentView, "SELECT COUNT(*) FROM bulkoperation") == 0)
        let report = try await database.advance(to: moment)
        #expect(report.performedCount == 1 && report.refused.isEmpty)
        var work = JobWork()
        while case .more = database.workOnJobs(&work) {}
        #expect(try count(database.currentView, "SELECT COUNT(*) FROM email") == Self.memberCount * 4 / 5)
        try database.close()
    }

    /// Puts a dynamic list beside the one that the campaign activity has.
    private func addList(_ query: String, _ database: Database) throws -> RecordID {
        var setup = Transaction(database.schema)
        let list = try setup.createRecord(
            "list",
            [("listname", "Odd"), ("type", .option(1)), ("query", .text(query))]
        )
        _ = try setup.createRecord(
            "campaignactivityitem",
            [("campaignactivityid", .reference(try activity(database.currentView))), ("itemid", .reference(list))]
        )
        return try execute(database, setup).operations[0].ids[0]
    }

    /// The status of each job and its reason.
    private func jobs(_ database: Database) throws -> [[Value]] {
        try rows(database.currentView, "SELECT statuscodename, reason FROM bulkoperation ORDER BY bulkoperationid")
    }

    @Test func aListThatCannotBeAskedAbortsTheWorkWithTheReasonUntilItIsMended() throws {
        let database = try open(SimulatedStorage(seed: 3), runs: false)
        _ = try execute(database, try setUp(database.schema))
        let odd = try addList("SELECT contactid FROM nowhere", database)
        try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
        var work = JobWork()
        while case .more = database.workOnJobs(&work) {}
        #expect(work.standingStill.isEmpty)
        let job = try rows(database.currentView, "SELECT statuscodename, reason, processedcount FROM bulkoperation")
        #expect(job.first?[0] == "Aborted" && job.first?[2] == 0)
        if case .text(let reason)? = job.first?[1] {
            #expect(reason.contains("nowhere"), "\(reason)")
        } else {
            Issue.record("no reason")
        }
        var mended = Transaction(database.schema)
        try mended.updateRecord(odd, [("query", "SELECT contactid FROM contact")])
        _ = try execute(database, mended)
        try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
        while case .more = database.workOnJobs(&work) {}
        #expect(try jobs(database).last == ["Completed", .null])
        #expect(try count(database.currentView, "SELECT COUNT(*) FROM email") == Self.memberCount * 4 / 5)
        try database.close()
    }

    @Test func whatTheClockStartsIsDoneAsTheOwner() async throws {
        let database = try open(SimulatedStorage(seed: 7), runs: false, usesThreads: true)
        _ = try execute(database, try setUp(database.schema))
        let activity = try activity(database.currentView)
        var setup = Transaction(database.schema)
        let user = try setup.createRecord("systemuser", [("fullname", "Ann")])
        _ = try setup.createRecord(
            "contact",
            [("fullname", "Mine"), ("emailaddress1", "mine@example.com"), ("ownerid", .reference(user))]
        )
        try setup.updateRecord(activity, [("ownerid", .reference(user))])
        _ = try execute(database, setup)
        _ = try addList("SELECT contactid FROM contact WHERE ownerid = CURRENTUSER()", database)
        try perform(database, ScheduleCampaignActivity(activity, at: 1_000_000))
        _ = try await database.advance(to: 1_000_000)
        var work = JobWork()
        while case .more = database.workOnJobs(&work) {}
        let view = database.currentView
        #expect(try count(view, "SELECT COUNT(*) FROM email") == Self.memberCount * 4 / 5 + 1)
        #expect(
            try count(view, "SELECT COUNT(*) FROM email WHERE createdby.fullname = 'Ann'") == Self.memberCount * 4 / 5
                + 1
        )
        try database.close()
    }

    @Test func aListThatAsksForTooMuchAbortsTheWork() throws {
        let database = try open(SimulatedStorage(seed: 4), runs: false, stepsMax: 1_000)
        _ = try execute(database, try setUp(database.schema))
        _ = try addList(Self.endless, database)
        try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
        var work = JobWork()
        while case .more = database.workOnJobs(&work) {}
        let job = try #require(try jobs(database).first)
        #expect(job[0] == "Aborted")
        if case .text(let reason) = job[1] {
            #expect(reason.contains("looked at more than 1000 rows"), "\(reason)")
        } else {
            Issue.record("no reason")
        }
        try database.close()
    }

    /// Looks at each pair, triple and so on of the contacts: longer than anybody waits.
    private static let endless = """
        SELECT a.contactid FROM contact a CROSS JOIN contact b CROSS JOIN contact c CROSS JOIN contact d CROSS JOIN contact e \
        CROSS JOIN contact f CROSS JOIN contact g CROSS JOIN contact h WHERE a.fullname = 'nobody' OR h.fullname = a.emailaddress1
        """

    @Test func closingEndsAQueryThatIsBeingAskedAndLeavesTheJob() throws {
        let storage = SimulatedStorage(seed: 5)
        var database = try open(storage, stepsMax: .max)
        _ = try execute(database, try setUp(database.schema))
        _ = try addList(Self.endless, database)
        try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
        try database.close()
        database = try open(storage, runs: false)
        #expect(try jobs(database) == [["Pending", .null]])
        try database.close()
    }

    @Test func aJobWhoseQueryWasStoppedIsOpenAndBeginsAnew() throws {
        let database = try open(SimulatedStorage(seed: 6), runs: false)
        _ = try execute(database, try setUp(database.schema))
        try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
        database.jobRunner.stop()
        var work = JobWork()
        guard case .mustRest = database.workOnJobs(&work) else {
            Issue.record("a query went on after it was stopped")
            return
        }
        #expect(work.standingStill.isEmpty)
        #expect(try jobs(database) == [["Pending", .null]])
        try database.close()
    }

    @Test func everyMemberIsReachedOnceThroughPowerCuts() throws {
        var cuts = 0
        for seed in 0..<UInt64(Effort.count(6, torture: 400, full: 4_000)) {
            var random = SplitMix64(seed: seed)
            let storage = SimulatedStorage(seed: seed)
            let slice = 1 + random.below(8)
            do {
                var database = try open(storage, runs: false, slice: slice)
                _ = try execute(database, try setUp(database.schema))
                try perform(database, DistributeCampaignActivity(try activity(database.currentView)))
                try database.directory.queue.waitUntilDurable(database.turn { $0.position })
                var isOver = false
                while !isOver {
                    storage.cutPower(afterChanges: random.below(30))
                    var work = JobWork()
                    work: while true {
                        if random.below(12) == 0 { _ = try? database.writeSnapshot() }
                        switch database.workOnJobs(&work) {
                        case .more: continue
                        case .nothing:
                            isOver = true
                            break work
                        case .mustRest: break work
                        }
                    }
                    if !work.standingStill.isEmpty { isOver = false }
                    storage.crash()
                    cuts += 1
                    database = try open(storage, runs: false, slice: slice)
                    let view = database.currentView
                    // At every position the progress is that of what is there, and nobody was reached twice.
                    let sent = try count(view, "SELECT COUNT(*) FROM email")
                    let done = try count(view, "SELECT processedcount - failedcount FROM bulkoperation")
                    let listed = try count(view, "SELECT COUNT(*) FROM bulkoperationlog")
                    let failed = try count(view, "SELECT failedcount FROM bulkoperation")
                    guard sent == done, listed == failed, try count(view, Self.reachedTwice) == 0 else {
                        throw Failure(description: "\(sent) sent, \(done) done, \(failed) refused, \(listed) listed")
                    }
                }
                let view = database.currentView
                guard try count(view, "SELECT COUNT(*) FROM email") == Self.memberCount * 4 / 5,
                    try count(view, "SELECT COUNT(*) FROM bulkoperationlog") == Self.memberCount / 5,
                    try count(view, "SELECT COUNT(*) FROM bulkoperation WHERE statuscode = 'Completed'") == 1
                else { throw Failure(description: "the distribution did not end as it should") }
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        print("\(cuts) power cuts in the middle of distributions")
        #expect(cuts > 8)
    }
}
