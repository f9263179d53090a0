import CRM
import Engine
import Kith
import Snapshot
import Testing

/// Contracts and targets of cases under the logical clock, over databases: a year with power cuts in the middle of it is the year without.
@Suite struct ServiceClockTests {
    private static let start = CalendarText.instant("2026-01-01T08:00:00Z")!
    private static let end = CalendarText.instant("2027-02-01T00:00:00Z")!
    private static let day: Int64 = 86_400_000_000

    private func open(_ storage: SimulatedStorage) throws -> Database {
        try openAtRest(storage, at: ServiceClockTests.start)
    }

    /// Contracts for each month, and cases whose targets are due all through it; every third case waits, every fourth is resolved.
    private func begin(_ database: Database) async throws {
        let account = try await create(database, "account", ["name": "Acme"])
        let sla = try await create(
            database,
            "sla",
            ["name": "Gold", "responseminutes": 60, "resolveminutes": 2_400, "businesshours": "Mo-Fr 08:00-17:00"]
        )
        let first = Int32(ServiceClockTests.start / ServiceClockTests.day)
        for month in 0..<12 {
            let contract = try await create(
                database,
                "contract",
                [
                    "title": .text("Month \(month)"), "customerid": .reference(account), "slaid": .reference(sla),
                    "activeon": .date(first + Int32(month) * 30), "expireson": .date(first + Int32(month) * 30 + 29),
                ]
            )
            let line = try await create(
                database,
                "contractdetail",
                ["title": "Cases", "contractid": .reference(contract), "totalallotments": 100]
            )
            try await database.perform(InvoiceContract(contract))
            let incident = try await create(
                database,
                "incident",
                [
                    "title": .text("Case \(month)"), "customerid": .reference(account),
                    "contractdetailid": .reference(line),
                ]
            )
            try await database.perform(StartTargets(incident, sla: sla))
            if month % 3 == 0 { try await database.perform(HoldCase(incident)) }
        }
    }

    private func rows(_ database: Database) throws -> [[Value]] {
        let view = database.currentView
        let contracts = """
            SELECT title, statecodename, modifiedon, activatesat, endsat FROM contract ORDER BY title
            """
        let cases = """
            SELECT title, firstresponseslastatusname, resolvebyslastatusname, modifiedon, targetbreachat FROM incident ORDER BY title
            """
        return try [contracts, cases].flatMap {
            try PreparedQuery($0, schema: view.schema).execute(on: view).rows
        }
    }

    /// 12 contracts begin and end, and the 8 cases that do not wait miss two targets each.
    private static let workCount = 24 + 16

    @Test func aYearOfContractsAndTargets() async throws {
        let database = try open(SimulatedStorage(seed: 21))
        try await begin(database)
        let report = try await database.advance(to: Self.end)
        #expect(report.performedCount == Self.workCount && report.isDone)
        for row in try rows(database).prefix(12) {
            #expect(row[1] == "Expired" && row[3] == .null && row[4] == .null, "\(row)")
        }
        for (index, row) in try rows(database).suffix(12).enumerated() {
            let isWaiting = ["Case 0", "Case 3", "Case 6", "Case 9"].map(Value.text).contains(row[0])
            #expect(row[1] == (isWaiting ? "Paused" : "Noncompliant") && row[2] == row[1], "\(index): \(row)")
        }
        try database.close()
    }

    @Test(arguments: 1...UInt64(3)) func powerCutsChangeNothing(seed: UInt64) async throws {
        let calm = try open(SimulatedStorage(seed: 22))
        try await begin(calm)
        _ = try await calm.advance(to: Self.end)
        let expected = try rows(calm)
        try calm.close()

        let storage = SimulatedStorage(seed: seed)
        var database = try open(storage)
        try await begin(database)
        try await throughPowerCuts(&database, storage, after: 1, by: 1, open: open) { database in
            // Few pieces a call, so that there is something to cut in between.
            while try await !database.advance(to: Self.end, limit: 5).isDone {}
        }
        #expect(try rows(database) == expected, "seed \(seed)")
        try database.close()
    }
}
