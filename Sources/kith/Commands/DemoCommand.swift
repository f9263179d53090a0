import ArgumentParser
import Demo
import Engine
import Glibc
import Kith

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Load the demonstration CRM, ask it what managers would ask, or simulate a year.",
        discussion: """
            Invents a company that makes scales and sensors, with its customers, deals, cases and two years of daily work: \
            the same records for the same seed, day and scale. Scale 1 has 200 accounts and about 19,000 records. A \
            demonstration that is there already is not loaded again.

            --year does another thing: in a new directory it simulates the year of a company that ends today, lead by lead and \
            case by case, all of it by messages and under the clock of the simulation, and keeps books beside it. At the end the \
            figures of the books and those of the database are printed; the status is 1 where they differ.

            EXAMPLES
              kith demo --at ./data
              kith demo --at ./data --questions
              kith demo --at kith://127.0.0.1:7411 --scale 10 --today 2026-03-01
              kith demo --at ./year --year --today 2027-01-01
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "What names and numbers are derived from.")
    var seed: UInt64 = 2003

    @Option(help: "Multiple of the smallest demonstration, 1 to \(Demo.scales.upperBound).")
    var scale = 1

    @Option(help: ArgumentHelp("The day that it is told from; today by default.", valueName: "yyyy-mm-dd"))
    var today: Day?

    @Flag(help: "Load nothing; print pipeline, top accounts, overdue work and cases, running campaigns, and more.")
    var questions = false

    @Flag(help: "Simulate a year in a new directory, and compare its figures with those of a ledger.")
    var year = false

    func validate() throws {
        guard Demo.scales.contains(scale) else {
            throw ValidationError("--scale must be between \(Demo.scales.lowerBound) and \(Demo.scales.upperBound).")
        }
        guard !year || (scale == 1 && !questions) else {
            throw ValidationError("--year takes --seed and --today, and neither --scale nor --questions.")
        }
        guard !year || (today ?? .current).number >= 365 else {
            throw ValidationError("--today of a year must be 1971-01-01 or later.")
        }
    }

    func run() async throws {
        if year { return try await simulateYear() }
        let demo = Demo(seed: seed, today: (today ?? .current).number, scale: scale)
        let (place, asks) = (at.place, questions)
        try await place.withConnection(mustExist: asks) { connection in
            if asks { return try await ask(demo, connection) }
            if try await isPresent(demo, connection) {
                StandardError.write("The demonstration is in \(place) already.\n")
                return
            }
            try await load(demo, into: connection.session)
        }
    }

    private func isPresent(_ demo: Demo, _ connection: any Connection) async throws -> Bool {
        try await connection.rows(demo.presenceQuery) == [[.integer(1)]]
    }

    private func load(_ demo: Demo, into session: some Session) async throws {
        let progress = Progress("Loading the demonstration")
        defer { progress.finish() }
        let report = try await demo.load(into: session) { report in
            progress.show(report.progress, "\(report.entity), \(report.created) records")
        }
        progress.finish()
        StandardError.write("Loaded \(report.created) records.\n")
    }

    private func ask(_ demo: Demo, _ connection: any Connection) async throws {
        for (index, question) in demo.queries.enumerated() {
            StandardOutput.write("\(index == 0 ? "" : "\n")\(question.title)\n\n")
            var writer = RowWriter(.table)
            try await connection.query(question.sql, QueryParameters(), into: &writer)
        }
    }
}

/// A calendar day as an argument.
struct Day: ExpressibleByArgument {
    /// Days since 1970-01-01.
    var number: Int32

    init?(argument: String) {
        guard let number = CalendarText.date(argument) else { return nil }
        self.number = number
    }

    private init(number: Int32) { self.number = number }

    /// Today, in UTC.
    static var current: Day { Day(number: Int32(time(nil) / 86_400)) }
}
