import ArgumentParser
import CRMark
import Engine
import Kith

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Fill a database with CRMark's data, for measuring.",
        discussion: """
            Accounts, contacts, leads, deals, cases and the daily work around them, at any size: scale 1 has 100,000 \
            accounts and 7.1 million records, scale 0.001 is for trying out. The same scale and seed give the same \
            records on every machine (docs/crmark.md). The indexes of CRMark's lists are declared first.

            The database must have no accounts, contacts and so on of its own. An interrupted run goes on where it \
            stopped when it is started again; a finished one changes nothing.

            EXAMPLES
              kith generate --at ./data --scale 0.01
              kith generate --at kith://127.0.0.1:7411 --scale 1 --seed 7
              kith generate --at ./sales --scale 10 --only opportunity --only incident
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "Size: 0.001 to 100; 1 has 7.1 million records.")
    var scale: CRMarkScale

    @Option(help: "What every value is derived from.")
    var seed: UInt64 = 7

    @Option(help: ArgumentHelp("Make only these entities, and those that they refer to.", valueName: "entity"))
    var only: [CRMarkEntity] = []

    func run() async throws {
        let kinds = only.isEmpty ? CRMarkEntity.allCases : only
        let mark = CRMark(accountCount: scale.accountCount, seed: seed, only: kinds)
        let place = at.place
        try await place.withConnection(mustExist: false) { connection in
            let presence = try await connection.crmarkPresence()
            if mark.isComplete(presence) {
                StandardError.write("CRMark is in \(place) already, with this scale and seed.\n")
                return
            }
            try await fill(mark, presence, connection)
        }
    }

    private func fill(_ mark: CRMark, _ presence: CRMarkPresence, _ connection: any Connection) async throws {
        let progress = Progress("Generating")
        defer { progress.finish() }
        let began = ContinuousClock.now
        let report: CRMarkLoadReport
        do {
            let change = try await connection.session.change(CRMark.indexes)
            if let problem = change.problems.first { throw CommandFailure(.refused, "\(problem)") }
            report = try await load(mark, presence, connection.session) { report in
                let rate = GenerateCommand.rate(report.created, since: began)
                progress.show(
                    Double(report.present) / Double(report.total),
                    "\(report.entity), \(report.present) records, \(rate) a second"
                )
            }
        } catch let error as CRMarkError {
            throw CommandFailure(.refused, error.description)
        }
        progress.finish()
        let rate = GenerateCommand.rate(report.created, since: began)
        StandardError.write("Made \(report.created) records, \(rate) a second.\n")
    }

    private func load(
        _ mark: CRMark,
        _ presence: CRMarkPresence,
        _ session: some Session,
        _ progress: (CRMarkLoadReport) -> Void
    ) async throws -> CRMarkLoadReport {
        try await mark.load(into: session, from: presence, progress: progress)
    }

    private static func rate(_ records: Int, since began: ContinuousClock.Instant) -> Int {
        let elapsed = ContinuousClock.now - began
        let microseconds = elapsed.components.seconds * 1_000_000 + elapsed.components.attoseconds / 1_000_000_000_000
        return records * 1_000_000 / Int(max(1, microseconds))
    }
}

extension Connection {
    /// What there is of CRMark's entities.
    func crmarkPresence() async throws -> CRMarkPresence {
        var presence = CRMarkPresence()
        for kind in CRMarkEntity.allCases { presence.set(kind, try await rows(CRMarkPresence.query(kind))[0]) }
        if case .text(let mark)? = try await rows(CRMarkPresence.markQuery).first?.first { presence.mark = mark }
        return presence
    }
}

extension CRMarkEntity: ExpressibleByArgument {}

/// A scale as an argument.
struct CRMarkScale: ExpressibleByArgument {
    var accountCount: Int

    init?(argument: String) {
        guard let count = CRMark.accountCount(ofScale: argument) else { return nil }
        accountCount = count
    }
}
