import ArgumentParser
import Engine

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Write a snapshot of the present state into the data directory.",
        discussion: """
            Prints the snapshot's file name; it stands in the data directory. Work goes on meanwhile. Snapshots are also \
            taken by themselves as the log grows, and the two newest are kept: copy the file away for a backup, and give \
            it to 'kith restore' to get the data back.

            EXAMPLES
              kith snapshot --at ./data
              kith snapshot --at kith://127.0.0.1:7411
            """
    )

    @OptionGroup var at: AtOption

    func run() async throws {
        let position = try await at.place.withConnection { try await $0.writeSnapshot() }
        StandardOutput.write(SnapshotCommand.fileName(position) + "\n")
    }

    static func fileName(_ position: Position) -> String {
        let digits = String(position, radix: 16)
        return "snapshot-" + String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits
    }
}
