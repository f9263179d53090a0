import Demo
import Engine
import Kith
import Snapshot
import Testing

/// A year in the life, over a shorter time and a smaller company: its figures reconcile, its log recovers to the same records, and the same seed gives
/// the same records again.
@Suite struct YearTests {
    /// 2027-01-01. The days before hold the closures of the second month, contracts that expire, and two campaigns of which one rests.
    private static let endDay: Int32 = 20_819

    private func year(seed: UInt64) -> Year {
        Year(seed: seed, endDay: YearTests.endDay, dayCount: 100, salespersonCount: 3, agentCount: 2)
    }

    private func open(_ storage: SimulatedStorage, _ clock: YearClock) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20, usesThreads: true)
        options.threadCount = 1
        options.takesSnapshots = false
        return try Database.open(in: storage, options: clock.options(options), random: 1)
    }

    private func digest(_ database: Database) -> UInt128 { database.turn { $0.digest } }

    @Test(arguments: [2003, 7] as [UInt64]) func figuresReconcileAndTheLogRecovers(seed: UInt64) async throws {
        let year = year(seed: seed)
        let clock = YearClock(year)
        let storage = SimulatedStorage(seed: seed)
        let database = try open(storage, clock)
        var days = 0
        let report = try await year.run(in: database, clock) { progress in
            days += 1
            #expect(progress.daysDone == days && progress.dayCount == 100)
        }
        #expect(days == 100)
        #expect(report.refused == [])
        for figure in report.figures where !figure.agrees {
            let found = figure.database.map(figure.text) ?? "nothing"
            Issue.record("\(figure.title): \(figure.text(figure.ledger)) by the ledger, \(found) by the database")
        }
        #expect(report.reconciles)
        // Figures of which nothing came would agree for no reason.
        let empty = report.figures.filter { $0.ledger == 0 }.map(\.title)
        #expect(empty.count <= 4, "\(empty)")
        database.turn { $0.checkInvariants() }
        let before = digest(database)
        try database.close()

        let reopened = try open(storage, clock)
        #expect(digest(reopened) == before)
        reopened.turn { $0.checkInvariants() }
        // Nothing is left to do at this moment.
        #expect(try await reopened.advance(to: year.end).performedCount == 0)
        #expect(digest(reopened) == before)
        try reopened.close()
    }

    @Test func theSameSeedGivesTheSameRecords() async throws {
        var digests: [UInt128] = []
        var ledgers: [Int64] = []
        for (seed, disk) in [(2003, 1), (2003, 2), (2004, 1)] as [(UInt64, UInt64)] {
            let year = Year(seed: seed, endDay: YearTests.endDay, dayCount: 40, salespersonCount: 2, agentCount: 1)
            let clock = YearClock(year)
            let database = try open(SimulatedStorage(seed: disk), clock)
            let report = try await year.run(in: database, clock)
            #expect(report.reconciles)
            digests.append(digest(database))
            ledgers.append(report.figures.reduce(Int64(report.messageCount)) { $0 &* 31 &+ $1.ledger })
            try database.close()
        }
        #expect(digests[0] == digests[1] && digests[0] != digests[2])
        // Machines agree as well: nothing is drawn but from the seed. No digest is written down here, since every attribute that the standard
        // gets would change it.
        #expect(ledgers[0] == ledgers[1] && ledgers[0] != ledgers[2])
    }

    @Test func figuresAreWrittenAsPeopleDo() {
        let amount = YearFigure(title: "", sql: "", scale: 2, ledger: 0, database: nil)
        #expect(
            amount.text(120_431_050) == "1,204,310.50" && amount.text(-5) == "-0.05" && amount.text(99_999) == "999.99"
        )
        let count = YearFigure(title: "", sql: "", scale: 0, ledger: 0, database: nil)
        #expect(count.text(0) == "0" && count.text(999) == "999" && count.text(1_000) == "1,000")
    }
}
