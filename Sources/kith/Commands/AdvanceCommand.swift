import ArgumentParser
import Engine
import Kith

struct AdvanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advance",
        abstract: "Carry out what is due in a data directory: reminders, tasks that repeat.",
        discussion: """
            In order, each piece at its own moment, exactly once (docs/time.md). A server does this by itself; this is for \
            directories that none serves, and for simulations: with --to the time goes on to a moment that may lie ahead, and \
            does not come back.

            EXAMPLES
              kith advance --at ./data
              kith advance --at ./copy --to 2027-01-01
            """
    )

    @OptionGroup var at: AtOption

    @Option(
        help: ArgumentHelp("Up to when: a date, or a moment in UTC. Now, where it is not given.", valueName: "moment")
    )
    var to: String?

    func run() async throws {
        guard case .directory(let path) = at.place else {
            throw CommandFailure(.refused, "a server does what is due by itself; name a data directory")
        }
        var moment = DatabaseOptions.systemClock()
        if let to {
            guard let given = CalendarText.instant(to) else {
                throw CommandFailure(.usage, "'\(to)' is no moment: write 2027-01-01 or 2027-01-01T08:00:00Z")
            }
            moment = given
        }
        let connection = try DirectoryConnection(path, mustExist: true)
        let report: ClockReport
        do {
            report = try await connection.database.advance(to: moment)
        } catch {
            // The first failure is the one to report.
            try? connection.close()
            throw error
        }
        let schema = connection.database.schema
        try connection.close()
        for refused in report.refused {
            StandardError.write("\(schema.text(of: refused.record)): \(refused.refusal.message)\n")
        }
        StandardError.write("Done: \(report.performedCount).\n")
        if !report.refused.isEmpty { throw CommandFailure(.incomplete, "") }
    }
}
