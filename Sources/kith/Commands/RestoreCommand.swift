import ArgumentParser
import Kith

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Make a new data directory from another one, or from a snapshot file.",
        discussion: """
            From a directory: its newest good snapshot and the log after it, which is everything that was acknowledged. From \
            a snapshot file: the state of its moment. The source is only read; a directory must not be in use, a snapshot \
            file may be a running server's. Contents of files are copied and checked; those of a snapshot file lie in the \
            folder 'files' beside it. The new directory appears when it is complete and verified; nothing is ever \
            overwritten.

            EXAMPLES
              kith restore ./data ./copy
              kith restore ./data/snapshot-00000000000004d2 ./yesterday
            """
    )

    @Argument(help: ArgumentHelp("A data directory or a snapshot file.", valueName: "from"))
    var source: String

    @Argument(help: ArgumentHelp("Where to make the new directory.", valueName: "to-dir"))
    var target: String

    func run() async throws {
        let report = try Database.restore(from: source, to: target)
        for damage in report.source?.damagedSnapshots ?? [] {
            StandardError.write("kith: an older snapshot stood in for one that is damaged: \(damage)\n")
        }
        StandardError.write(
            "Restored \(report.recordCount) records at position \(report.position) into \(target); verified.\n"
        )
        guard !report.missingContents.isEmpty else { return }
        StandardOutput.write(VerifyCommand.table(of: report.missingContents))
        throw CommandFailure(
            .damaged,
            "\(report.missingContents.count) content(s) of files are missing in \(source); all else was restored."
        )
    }
}
