import CRM
import Engine
import Kith
import Snapshot
import Testing

/// The logical clock over databases: a simulated year, restarts and power cuts in the middle of it, work that is refused.
@Suite struct ClockTests {
    private static let start = CalendarText.instant("2026-01-01T00:00:00Z")!
    private static let end = CalendarText.instant("2027-01-01T00:00:00Z")!
    private static let day: Int64 = 86_400_000_000

    private func open(_ storage: SimulatedStorage) throws -> Database {
        try openAtRest(storage, at: ClockTests.start)
    }

    private func rows(_ database: Database, _ sql: String) throws -> [[Value]] {
        let view = database.currentView
        return try PreparedQuery(sql, schema: view.schema).execute(on: view).rows
    }

    /// A daily task with a reminder, and a weekly meeting that reminds.
    private func begin(_ database: Database) async throws -> (task: RecordID, series: RecordID) {
        let morning = ClockTests.start + ClockTests.day / 3
        let task = try await create(
            database,
            "task",
            ["subject": "Daily", "scheduledstart": .instant(morning)]
        )
        try await database.perform(RepeatTask(task, rule: "FREQ=DAILY;UNTIL=20261231"))
        try await database.perform(SetReminder(task, before: 15))
        let appointment = try await create(
            database,
            "appointment",
            ["subject": "Weekly", "scheduledstart": .instant(morning), "scheduleddurationminutes": 60]
        )
        let reply = try await database.perform(RepeatAppointment(appointment, rule: "FREQ=WEEKLY"))
        let series = reply.operations[0].ids[0]
        try await database.perform(SetReminder(series, before: 10))
        return (task, series)
    }

    /// What a whole year leaves, whichever way it passed.
    private func expectYear(_ database: Database, _ series: RecordID) async throws {
        // One task a day, each made when the one before began, each reminded of once.
        let tasks = try rows(database, "SELECT scheduledstart, remindedon, createdon, repeaton FROM task ORDER BY 1")
        #expect(tasks.count == 365)
        for (index, task) in tasks.enumerated() {
            let begins = ClockTests.start + ClockTests.day / 3 + Int64(index) * ClockTests.day
            #expect(task[0] == .instant(begins))
            #expect(task[1] == .instant(begins - 15 * 60_000_000))
            #expect(task[2] == .instant(index == 0 ? ClockTests.start : begins - ClockTests.day))
            #expect(task[3] == .null)
        }
        // 53 Thursdays, and the next is that of 7 January.
        let history = try await database.history(of: series, limit: 10_000)
        let rung = history.steps.filter { $0.message == RingActivity.head.number }
        #expect(rung.count == 53)
        let moments = rung.map(\.timeMicroseconds)
        #expect(
            moments
                == (0..<53).map { week in
                    ClockTests.start + ClockTests.day / 3 - 600_000_000 + Int64(week) * 7 * ClockTests.day
                }
        )
    }

    @Test func aYearPasses() async throws {
        let database = try open(SimulatedStorage(seed: 1))
        let (_, series) = try await begin(database)
        let report = try await database.advance(to: ClockTests.end)
        // 364 tasks and one that ends the rule, 365 reminders, 53 meetings.
        #expect(report == ClockReport(performed: 365 + 365 + 53, isDone: true))
        try await expectYear(database, series)
        // Nothing is left to do up to then.
        #expect(try await database.advance(to: ClockTests.end) == ClockReport(performed: 0, isDone: true))
        try database.close()
    }

    /// Reminders for one moment by the hundred, and refused work by the hundred before them: each turn takes up where the last one
    /// was, and nothing is done twice or left out.
    @Test func manyAreDueAtOneMoment() async throws {
        let database = try open(SimulatedStorage(seed: 9))
        let schema = database.schema
        let moment = ClockTests.start + ClockTests.day
        var batch = try RecordBatch(schema, .create, "task", attributes: ["subject", "remindon"])
        for number in 0..<500 { try batch.append([.text("Task \(number)"), .instant(moment)]) }
        var transaction = Transaction(schema)
        transaction.append(batch)
        let tasks = try await database.execute(transaction).operations[0].ids
        // Something earlier comes in between two calls, and goes first.
        let first = try await database.advance(to: ClockTests.end, limit: 100)
        #expect(first == ClockReport(performed: 100, isDone: false))
        let early = try await create(database, "task", ["subject": "Early", "remindon": .instant(moment - 1)])
        #expect(try await database.advance(to: moment - 1).performedCount == 1)
        let rest = try await database.advance(to: ClockTests.end)
        #expect(rest == ClockReport(performed: 400, isDone: true))
        for task in [tasks[0], tasks[250], tasks[499], early] {
            let steps = try await database.history(of: task, limit: 10).steps
            #expect(steps.count { $0.message == RingActivity.head.number } == 1)
        }
        try database.close()
    }

    @Test func stepsAreBounded() async throws {
        let database = try open(SimulatedStorage(seed: 2))
        let (_, series) = try await begin(database)
        let first = try await database.advance(to: ClockTests.end, limit: 100)
        #expect(first == ClockReport(performed: 100, isDone: false))
        var performed = 100
        while true {
            let step = try await database.advance(to: ClockTests.end, limit: 7)
            #expect(step.performedCount <= 7)
            performed += step.performedCount
            if step.isDone { break }
        }
        #expect(performed == 365 + 365 + 53)
        try await expectYear(database, series)
        try database.close()
    }

    /// The year in pieces, with restarts in between: nothing twice, nothing left out.
    @Test func restartsInBetween() async throws {
        let storage = SimulatedStorage(seed: 3)
        var database = try open(storage)
        let (_, series) = try await begin(database)
        var performed = 0
        for part in 1...10 {
            performed += try await database.advance(to: ClockTests.start + Int64(part) * 20 * ClockTests.day)
                .performedCount
            performed += try await database.advance(to: ClockTests.end, limit: 10).performedCount
            if part == 5 { try database.writeSnapshot() }
            try database.close()
            database = try open(storage)
        }
        performed += try await database.advance(to: ClockTests.end).performedCount
        #expect(performed == 365 + 365 + 53)
        try await expectYear(database, series)
        try database.close()
    }

    /// Power fails at some call of the storage, again and again: what was lost is done again, what was kept is not.
    @Test(arguments: 1...UInt64(4)) func powerCutsInBetween(seed: UInt64) async throws {
        let storage = SimulatedStorage(seed: seed)
        var database = try open(storage)
        let (_, series) = try await begin(database)
        try await throughPowerCuts(&database, storage, after: 3, by: 5, open: open) { database in
            let report = try await database.advance(to: ClockTests.end)
            #expect(report.isDone)
        }
        try await expectYear(database, series)
        try database.close()
    }

    /// A rule of the organisation's own refuses a piece of work: the rest is done, and the piece is tried again after a restart.
    @Test func refusedWorkStopsNothing() async throws {
        let storage = SimulatedStorage(seed: 5)
        var database = try open(storage)
        let first = try await create(
            database,
            "task",
            ["subject": "One", "scheduledstart": .instant(ClockTests.start + ClockTests.day), "category": "x"]
        )
        try await database.perform(RepeatTask(first, rule: "FREQ=DAILY"))
        var key = SchemaDocument()
        var task = EntityDeclaration("task")
        task.keys = [KeyDeclaration("one", ["category"])]
        key.entities = [task]
        #expect(try await database.change(key).problems.isEmpty)
        let second = try await create(
            database,
            "task",
            ["subject": "Two", "remindon": .instant(ClockTests.start + 2 * ClockTests.day)]
        )
        let report = try await database.advance(to: ClockTests.end)
        #expect(report.performedCount == 1 && report.isDone)
        #expect(report.refused.map(\.record) == [first])
        #expect(report.refused.first?.refusal.code == .duplicateKey)
        #expect(try await database.read("task", ["remindon"], [second]).rows == [[.null]])
        #expect(try await database.advance(to: ClockTests.end) == ClockReport(performed: 0, isDone: true))
        try database.close()
        database = try open(storage)
        #expect(try await database.advance(to: ClockTests.end).refused.count == 1)
        try database.close()
    }

    /// Refused work is passed over, and not tried, again and again for each moment behind it.
    @Test func refusedWorkIsPassedOverOnce() async throws {
        let database = try open(SimulatedStorage(seed: 8))
        let (refused, later) = (40, 300)
        // An organisation's own rule that a reminder breaks: who has been reminded is unique.
        var document = SchemaDocument()
        var task = EntityDeclaration("task")
        task.keys = [KeyDeclaration("one", ["remindedon"])]
        document.entities = [task]
        #expect(try await database.change(document).problems.isEmpty)
        let moment = ClockTests.start + ClockTests.day
        func tasks(_ count: Int, _ moments: (Int) -> Int64) async throws {
            var transaction = Transaction(database.schema)
            for number in 0..<count {
                try transaction.create("task", ["subject": "T", "remindon": .instant(moments(number))])
            }
            _ = try await database.execute(transaction)
        }
        // All of one moment: the first is done, and the others may not have the same.
        try await tasks(refused + 1) { _ in moment }
        try await tasks(later) { moment + Int64($0 + 1) * 1_000_000 }
        let report = try await database.advance(to: ClockTests.end)
        #expect(report.performedCount == later + 1 && report.refused.count == refused && report.isDone)
        // Each was looked at when its moment was over, and for some again when a later one was found: not for every later moment.
        #expect(database.passedOverWorkCount <= 2 * refused)
        // What is entered before all of them is found nevertheless.
        let early = try await create(database, "task", ["subject": "Early", "remindon": .instant(moment - 5)])
        #expect(try await database.advance(to: ClockTests.end).performedCount == 1)
        #expect(try await database.read("task", ["remindon"], [early]).rows == [[.null]])
        #expect(try await database.advance(to: ClockTests.end) == ClockReport(performed: 0, isDone: true))
        try database.close()
    }

    /// Work that makes other work due before its own moment, with refused work before both.
    @Test func workMakesEarlierWorkDue() async throws {
        let database = try open(SimulatedStorage(seed: 8))
        let moment = ClockTests.start + 10 * ClockTests.day
        let task = try await create(
            database,
            "task",
            ["subject": "Daily", "scheduledstart": .instant(moment), "category": "x"]
        )
        try await database.perform(RepeatTask(task, rule: "FREQ=DAILY;COUNT=3"))
        // Three days before: the next task's reminder is over when that is made.
        try await database.perform(SetReminder(task, before: 3 * 1440))
        let report = try await database.advance(to: ClockTests.end)
        #expect(report.isDone && report.refused.isEmpty)
        let rows = try rows(database, "SELECT COUNT(*) FROM task WHERE remindon IS NOT NULL OR repeaton IS NOT NULL")
        #expect(rows == [[.integer(0)]])
        try database.close()
    }

    /// Work is the system's own, at its own moment; time goes on from there.
    @Test func timeFollowsTheWork() async throws {
        let database = try open(SimulatedStorage(seed: 6))
        let moment = ClockTests.start + 5 * ClockTests.day
        let task = try await create(database, "task", ["subject": "One", "remindon": .instant(moment)])
        _ = try await database.advance(to: ClockTests.end)
        let later = try await create(database, "task", ["subject": "Two"])
        let page = try await database.read("task", ["modifiedon", "modifiedby"], [task, later])
        #expect(page.rows == [[.instant(moment), .null], [.instant(moment), .null]])
        let history = try await database.history(of: task, limit: 10)
        #expect(history.steps.last?.message == RingActivity.head.number)
        #expect(history.steps.last?.timeMicroseconds == moment)
        try database.close()
    }
}

extension ClockReport {
    fileprivate init(performed: Int, isDone: Bool) {
        self.init()
        performedCount = performed
        self.isDone = isDone
    }
}
