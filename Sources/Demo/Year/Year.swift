import Engine
import Kith
import Synchronization

// A year in the life of a company: a seeded simulation of its salespeople, service agents and marketing, day by day, by messages.
//
// Guarantees
// - The same seed, days and staff give the same messages at the same moments, and so the same records (`Engine.digest`), on every machine: all
//   decisions are drawn from streams of (seed, purpose, number), all events happen in the order of (moment, when they were planned), and
//   the clock is the simulation's own. Nothing is drawn from a dictionary's order, a system's clock or what another thread does.
// - Records are made, and fields filled in for which there is no verb; whatever changes a state is a message. What is due by time (reminders,
//   repeating tasks, contracts, targets, campaigns) is left to the database's clock, which is driven from event to event.
// - A ledger is kept beside, by what was decided and by arithmetic of its own (`YearLedger`): nothing in it was read from a record. At
//   the end queries must give the same figures.

/// The simulation. A value; `run` does it.
public struct Year: Sendable {
    /// What every decision is derived from.
    public let seed: UInt64
    /// The day before whose beginning it ends, in days since 1970-01-01.
    public let endDay: Int
    /// How many days it lasts.
    public let dayCount: Int
    /// Salespeople; each has ten customers when it begins.
    public let salespersonCount: Int
    /// Service agents.
    public let agentCount: Int

    /// Lengths that the simulation is made for.
    public static let days = 14...1_000

    /// A company whose `dayCount` days end at the beginning of `endDay`.
    /// - Precondition: `dayCount` lies in `days`, the first of them not before 1970-01-01; there is somebody of each kind.
    public init(
        seed: UInt64 = 2003,
        endDay: Int32,
        dayCount: Int = 365,
        salespersonCount: Int = 30,
        agentCount: Int = 20
    ) {
        precondition(Year.days.contains(dayCount) && salespersonCount > 0 && agentCount > 0)
        precondition(Int(endDay) >= dayCount, "the simulation counts days from 1970 on")
        self.seed = seed
        self.endDay = Int(endDay)
        self.dayCount = dayCount
        self.salespersonCount = salespersonCount
        self.agentCount = agentCount
    }

    var firstDay: Int { endDay - dayCount }
    var customerCount: Int { 10 * salespersonCount }
    /// Contacts of each customer.
    static let contactsPerCustomer = 3

    /// The first moment: microseconds since 1970 in UTC.
    public var start: Int64 { YearTime.midnight(firstDay) }
    /// The moment before which everything happens.
    public var end: Int64 { YearTime.midnight(endDay) }

    func random(_ purpose: YearPurpose, _ index: Int) -> RecordStream {
        RecordStream(seed: seed, purpose: 1000 + purpose.rawValue, index: index)
    }
}

/// What streams of the simulation are for. Append only.
enum YearPurpose: UInt64 {
    case lead = 1
    case deal, incident, contract, campaign, response, activity, day, contact, call
}

/// How far the simulation is.
public struct YearProgress: Sendable {
    /// Days that are over.
    public var daysDone: Int
    /// Days in all.
    public var dayCount: Int
    /// The day that was simulated last, in days since 1970-01-01.
    public var day: Int
    /// Messages that were sent.
    public var messageCount: Int
}

/// What the simulation did, and whether its figures agree.
public struct YearReport: Sendable {
    /// Messages that were sent.
    public var messageCount = 0
    /// Records made and fields filled in by plain transactions.
    public var plainCount = 0
    /// Pieces of work that the database's clock did.
    public var clockCount = 0
    /// Work that the clock was refused; none, unless something is wrong.
    public var refused: [String] = []
    /// Each figure by the ledger and by the database.
    public var figures: [YearFigure] = []

    /// Whether every figure is the same in both.
    public var reconciles: Bool { figures.allSatisfy(\.agrees) && refused.isEmpty }
}

/// The time of the database in which a year is simulated. Thread rule: any thread.
public final class YearClock: Sendable {
    private let microseconds: Atomic<Int64>

    /// A clock that stands at the beginning of a year.
    public init(_ year: Year) { microseconds = Atomic(year.start) }

    var now: Int64 {
        get { microseconds.load(ordering: .acquiring) }
        set { microseconds.store(newValue, ordering: .releasing) }
    }

    /// The options to open the year's database with: its time is this clock's, and bulk work is worked off when the simulation says so.
    public func options(_ options: DatabaseOptions = DatabaseOptions()) -> DatabaseOptions {
        var options = options
        options.clock = { [self] in now }
        options.runsJobs = false
        // A slice that ended by a real clock would end where another machine is slower or faster.
        options.jobSliceMicroseconds = .max
        return options
    }
}

extension Year {
    /// Simulates the year in a new database that was opened with the clock's options, and compares the figures.
    ///
    /// `progress` is called after each day, when all of it is durable. Throws what the database throws: a refusal that the simulation did
    /// not expect is one as well.
    public func run(
        in database: Database,
        _ clock: YearClock,
        progress: (YearProgress) async -> Void = { _ in }
    ) async throws -> YearReport {
        let run = try YearRun(self, YearStage(database, clock))
        for day in firstDay..<endDay {
            try run.simulate(day)
            try await database.settle(run.stage.position)
            await progress(
                YearProgress(
                    daysDone: day - firstDay + 1,
                    dayCount: dayCount,
                    day: day,
                    messageCount: run.stage.report.messageCount
                )
            )
        }
        try run.finish()
        try await database.settle(run.stage.position)
        var report = run.stage.report
        report.figures = try run.figures()
        return report
    }
}
