import ArgumentParser
import Demo
import Engine
import Glibc
import Kith
import Snapshot

// `kith demo --year`: the simulation in a new directory, and its figures by both books.

extension DemoCommand {
    /// Simulates the year that ends today, and prints each figure by the ledger and by the database.
    func simulateYear() async throws {
        guard case .directory(let path) = at.place else {
            throw CommandFailure(
                .usage,
                "a server's time is the real one, and a year is simulated: name a new directory, and serve it afterwards"
            )
        }
        if access(path, F_OK) == 0, try DataDirectory.exists(in: FileStorage(path: path)) {
            throw CommandFailure(.usage, "\(path) holds data already: a year begins in a new directory")
        }
        let year = Year(seed: seed, endDay: (today ?? .current).number)
        let clock = YearClock(year)
        let database = try Database.open(path, options: clock.options())
        let report: YearReport
        do {
            report = try await simulate(year, database, clock)
        } catch {
            // The first failure is the one to report.
            try? database.close()
            throw error
        }
        try database.close()
        StandardError.write(
            """
            \(report.messageCount) messages, \(report.clockCount) pieces of work by the clock, \(report.plainCount) plain \
            changes.

            """
        )
        StandardOutput.write(DemoCommand.table(report.figures))
        for refused in report.refused { StandardError.write("The clock was refused: \(refused)\n") }
        guard report.reconciles else { throw CommandFailure(.incomplete, "the books do not agree") }
    }

    private func simulate(_ year: Year, _ database: Database, _ clock: YearClock) async throws -> YearReport {
        let progress = Progress("Simulating a year")
        defer { progress.finish() }
        return try await year.run(in: database, clock) { done in
            let month = CalendarText.text(days: Int32(done.day)).prefix(7)
            progress.show(
                Double(done.daysDone) / Double(done.dayCount),
                "\(month), \(done.messageCount) messages"
            )
        }
    }

    private static func table(_ figures: [YearFigure]) -> String {
        var table = TextTable([
            .init(title: "figure"), .init(title: "by the ledger", isRightAligned: true),
            .init(title: "by the database", isRightAligned: true), .init(title: ""),
        ])
        for figure in figures {
            table.append([
                figure.title, figure.text(figure.ledger), figure.database.map(figure.text) ?? "-",
                figure.agrees ? "" : "differs",
            ])
        }
        return table.text
    }
}
