import ArgumentParser
import Kith
import Snapshot

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that a data directory or a backup is sound, or say what is wrong and where.",
        discussion: """
            Reads every snapshot, the log and every file's content, checks all checksums and hashes, and rebuilds the records as a \
            start would. Changes nothing. Exit status 0: sound; 3: damaged, with each finding on standard output: file, byte, \
            what is wrong, what that means; 4: the directory is in use. While a server runs on it, verify a snapshot of \
            its: 'kith restore' of the file proves it sound. Of a backup, every byte is compared with the manifest as well.

            EXAMPLES
              kith verify ./data
              kith verify /backup/kith && echo sound
            """
    )

    @Argument(help: ArgumentHelp("The data directory or backup.", valueName: "dir"))
    var directory: String

    /// Findings, a line each.
    static func table(of damage: [Damage]) -> String {
        var table = TextTable(["file", "byte", "what", "consequence"].map { TextTable.Column(title: $0) })
        for finding in damage {
            table.append([finding.file, String(finding.offset), finding.what, finding.consequence])
        }
        return table.text
    }

    private func verified() throws -> DatabaseVerification {
        do throws(DatabaseError) {
            return try Database.verify(directory)
        } catch .directory(.storage(.inUse(let processID))) {
            throw CommandFailure(
                .refused,
                """
                \(StorageError.inUse(processID: processID)), so nothing was verified. Stop that process first; or restore \
                its newest snapshot into a new directory, which verifies it: kith restore \(directory)/snapshot-… NEW_DIR
                """
            )
        }
    }

    func run() async throws {
        let verification = try verified()
        for note in verification.directory.notes + verification.contents.notes {
            StandardError.write("Note: \(note).\n")
        }
        guard verification.isSound else {
            StandardOutput.write(VerifyCommand.table(of: verification.damage))
            throw CommandFailure(
                .damaged,
                """
                \(directory) is damaged: \(verification.damage.count) finding(s). 'kith restore SNAPSHOT NEW_DIR' makes a \
                new directory from a snapshot that is whole, 'kith salvage \(directory) NEW_DIR' from everything that can be read.
                """
            )
        }
        if let backup = verification.backup {
            StandardError.write("A backup, which holds the states \(backup.reach).\n")
        }
        let report = verification.directory
        StandardError.write(
            """
            \(directory) is sound: \(verification.recordCount) records at position \(report.lastPosition), \
            \(report.snapshots.count) snapshot(s), \(report.entryCount) log entries, \
            \(verification.contents.contentCount) content(s) of files with \(verification.contents.contentBytes) bytes.

            """
        )
    }
}
