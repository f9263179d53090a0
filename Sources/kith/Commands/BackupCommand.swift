import ArgumentParser
import Engine
import Kith
import Snapshot

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back a data directory up, also while a server runs on it.",
        discussion: """
            Copies the log, the newest snapshot and the contents of files into a backup, and proves what it copies; run again, it \
            copies what is new. Everything that was acknowledged before it began is in it. The server need not know: run the \
            command on its host, as its user. The backup of the last run stays good whatever happens to this one. 'kith verify' \
            proves a backup, 'kith restore' makes the state of any moment since the first run from it.

            Exit status 3: the backup was made, and something in the data directory is damaged; each finding is on standard \
            output: file, byte, what is wrong, what that means.

            EXAMPLES
              kith backup ./data /backup/kith
              kith backup /var/lib/kith /backup/kith || mail -s 'no backup' root
            """
    )

    @Argument(help: ArgumentHelp("The data directory, in use or not.", valueName: "dir"))
    var directory: String

    @Argument(help: ArgumentHelp("The backup: made by an earlier run, or nothing yet.", valueName: "to"))
    var target: String

    func run() async throws {
        let report = try Database.backup(directory, to: target)
        if report.isGap {
            StandardError.write(
                """
                The log since the last run is not there any more: what was between position \
                \(report.manifest.stretches.dropLast().last?.lastPosition ?? 0) and \
                \(report.manifest.stretches.last?.firstPosition ?? 0) cannot be restored. Run backups more often.

                """
            )
        }
        StandardError.write(
            """
            Backed up to position \(report.position) in \(target): \(report.copiedBytes) bytes were new, \
            \(report.snapshotCount) snapshot(s) and \(report.contentCount) content(s) of files among them.

            """
        )
        guard !report.damage.isEmpty else { return }
        StandardOutput.write(VerifyCommand.table(of: report.damage))
        throw CommandFailure(
            .damaged,
            "\(report.damage.count) finding(s): everything else was backed up. 'kith verify' of both lists all of them."
        )
    }
}

extension BackupManifest {
    /// Which states can be restored, in words.
    var reach: String {
        stretches.map { "\($0.firstPosition) to \($0.lastPosition)" }.joined(separator: " and ")
    }
}
