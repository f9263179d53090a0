import ArgumentParser
import Kith
import Snapshot

struct SalvageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Make a new, sound data directory from what can be read of a damaged one.",
        discussion: """
            For when a server refuses to start on a directory and there is no backup that is new enough. Tries every snapshot \
            and every group of the log, and takes the newest state that they still give: the one after exactly one \
            transaction, as if it had been the last. The damaged directory is only read and must not be in use. Everything \
            that is damaged stands on standard output: file, byte, what is wrong, what it means. Exit status 0: nothing was \
            lost; 1: something was; 3: there is no state to save, and no new directory.

            EXAMPLES
              kith salvage ./data ./saved
            """
    )

    @Argument(help: ArgumentHelp("The damaged data directory.", valueName: "dir"))
    var source: String

    @Argument(help: ArgumentHelp("Where to make the new directory.", valueName: "to-dir"))
    var target: String

    func run() async throws {
        let salvage = try Database.salvage(from: source, to: target)
        let report = salvage.directory
        if let tornTail = report.tornTail {
            StandardError.write(
                "Note: a crash left an incomplete group at byte \(tornTail.offset) of \(tornTail.file); nobody was told "
                    + "that it was done.\n"
            )
        }
        let findings = report.losses + salvage.missingContents + report.harmless
        if !findings.isEmpty { StandardOutput.write(VerifyCommand.table(of: findings)) }
        StandardError.write(
            """
            Saved \(salvage.recordCount) records at position \(report.lastPosition) into \(target), from \
            \(report.snapshot.map { "the snapshot at position \($0.position)" } ?? "the log's beginning") and \
            \(report.replayedEntries) log entries; verified.

            """
        )
        guard !salvage.isComplete else { return }
        throw CommandFailure(
            .incomplete,
            "\(report.losses.count + salvage.missingContents.count) loss(es), listed above; keep \(source) until they are "
                + "entered again."
        )
    }
}
