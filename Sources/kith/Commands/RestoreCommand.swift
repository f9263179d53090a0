import ArgumentParser
import Engine
import Kith

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a new data directory from a backup, from another one, or from a snapshot file.",
        discussion: """
            From a backup or a directory: its newest good snapshot and the log after it, which is everything that was \
            acknowledged; or the state after a transaction, or at a moment, as far back as it reaches. Every transaction has a \
            position and a time; the state at a moment is the one after the last transaction whose time is not later. From \
            a snapshot file: the state of its moment. The source is only read; a directory must not be in use, a snapshot \
            file may be a running server's. Contents of files are copied and checked; those of a snapshot file lie in the \
            folder 'files' beside it. The new directory appears when it is complete and verified; nothing is ever \
            overwritten.

            EXAMPLES
              kith restore /backup/kith ./data
              kith restore /backup/kith ./before --to-time 2026-11-26T17:30:00Z
              kith restore /backup/kith ./before --to-position 123456
              kith restore ./data ./copy
              kith restore ./data/snapshot-00000000000004d2 ./yesterday
            """
    )

    @Argument(help: ArgumentHelp("A backup, a data directory or a snapshot file.", valueName: "from"))
    var source: String

    @Argument(help: ArgumentHelp("Where to make the new directory.", valueName: "to-dir"))
    var target: String

    @Option(
        help: ArgumentHelp(
            "The state at this moment: 2026-11-26T17:30:00Z, with an offset, or a date (midnight, UTC).",
            valueName: "instant"
        )
    )
    var toTime: String?

    @Option(help: ArgumentHelp("The state after this transaction.", valueName: "n"))
    var toPosition: UInt64?

    private func point() throws(ValidationError) -> RestorePoint {
        switch (toTime, toPosition) {
        case (nil, nil): return .latest
        case (nil, let position?): return .position(position)
        case (let text?, nil):
            guard let time = CalendarText.instant(text) else {
                throw ValidationError(
                    "'\(text)' is no moment. Write it as 2026-11-26T17:30:00Z or 2026-11-26T17:30:00+01:00."
                )
            }
            return .time(time)
        case (_?, _?): throw ValidationError("--to-time and --to-position name two states: give one.")
        }
    }

    func validate() throws { _ = try point() }

    func run() async throws {
        let report = try Database.restore(from: source, to: target, at: point())
        for damage in report.source?.damagedSnapshots ?? [] {
            StandardError.write("kith: an older snapshot stood in for one that is damaged: \(damage)\n")
        }
        StandardError.write(
            """
            Restored \(report.recordCount) records at position \(report.position), \
            \(CalendarText.text(microseconds: report.timeMicroseconds)), into \(target); verified.

            """
        )
        guard !report.missingContents.isEmpty else { return }
        StandardOutput.write(VerifyCommand.table(of: report.missingContents))
        throw CommandFailure(
            .damaged,
            "\(report.missingContents.count) content(s) of files are missing in \(source); all else was restored."
        )
    }
}
