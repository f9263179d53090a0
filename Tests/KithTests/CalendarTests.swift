import Engine
import Kith
import Snapshot
import Testing

/// The calendar of an organisation is its records, and the time of a query is read at the edge.
@Suite struct CalendarTests {
    private func database(_ storage: SimulatedStorage, now: String) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 1
        let moment = CalendarText.instant(now) ?? 0
        options.clock = { moment }
        return try Database.open(in: storage, options: options, random: 1)
    }

    @Test func recordsDecide() async throws {
        let storage = SimulatedStorage(seed: 4)
        let database = try database(storage, now: "2024-06-30T22:30:00Z")
        let user = try await database.execute(.creating("systemuser", ["fullname": "Ada"], database.schema))
            .operations[0].ids[0]
        let question = "SELECT TODAY(), FISCALYEAR(TODAY()), FISCALPERIOD(TODAY()), CURRENTUSER() FROM systemuser"
        func answer(_ database: Database) async throws -> [Value] {
            try await database.query(question, as: user).rows[0]
        }
        let june = try #require(CalendarText.date("2024-06-30"))
        #expect(try await answer(database) == [.date(june), 2024, 2, .reference(user)])

        var settings = CalendarSettings()
        settings.timeZone = StandardTimeZone.named("europe/zurich")
        try await database.setCalendar(settings)
        #expect(try await answer(database) == [.date(june + 1), 2024, 3, .reference(user)])

        settings = CalendarSettings()
        settings.fiscalStart = CalendarText.date("2000-07-01")
        settings.fiscalPeriods = .month
        settings.isFiscalYearNamedByItsEnd = true
        settings.weekStart = 0
        try await database.setCalendar(settings)
        #expect(try await answer(database) == [.date(june + 1), 2025, 1, .reference(user)])

        // Twice is once; and a changed rule counts from its commit on.
        var again = CalendarSettings()
        again.timeZone = StandardTimeZone.named("Europe/Zurich")
        try await database.setCalendar(again)
        let counts = try await database.query(
            "SELECT count(*) FROM timezonerule WHERE timezonedefinitionid.standardname = 'Europe/Zurich'"
        )
        #expect(counts.rows == [[1]])
        let rule = try await database.query("SELECT timezoneruleid FROM timezonerule").rows[0][0]
        guard case .reference(let id) = rule else { throw Missing() }
        var change = Transaction(database.schema)
        try change.update(id, ["bias": 0, "daylightbias": 0])
        _ = try await database.execute(change)
        #expect(try await answer(database)[0] == .date(june))
        try database.close()
    }

    /// A computed attribute of a read by id is what a query says of it, local time included.
    @Test func readsAndQueriesCountTheSameDay() async throws {
        let database = try database(SimulatedStorage(seed: 5), now: "2024-06-30T22:30:00Z")
        var settings = CalendarSettings()
        settings.timeZone = StandardTimeZone.named("Europe/Zurich")
        try await database.setCalendar(settings)
        var day = AttributeDeclaration("joinedon", "calculated")
        day.parameters = [.expression: ["CAST(createdon AS DATE)"], .result: ["date"]]
        var entity = EntityDeclaration("systemuser")
        entity.attributes = [day]
        var document = SchemaDocument()
        document.entities = [entity]
        #expect(try await database.change(document).problems.isEmpty)
        let user = try await database.execute(.creating("systemuser", ["fullname": "Ada"], database.schema))
            .operations[0].ids[0]
        let july = try #require(CalendarText.date("2024-07-01"))
        #expect(try await database.query("SELECT joinedon FROM systemuser").rows == [[.date(july)]])
        #expect(try await database.read("systemuser", ["joinedon"], [user]).rows == [[.date(july)]])
        try database.close()
    }

    private struct Missing: Error {}
}

extension Transaction {
    fileprivate static func creating(
        _ entity: String,
        _ values: KeyValuePairs<String, Value>,
        _ schema: Schema
    ) throws -> Transaction {
        var transaction = Transaction(schema)
        try transaction.create(entity, values)
        return transaction
    }
}
