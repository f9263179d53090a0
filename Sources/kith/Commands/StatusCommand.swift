import ArgumentParser
import Engine
import FoundationEssentials

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show position, records, memory, log and what the last start recovered.",
        discussion: """
            The table lists entities that have records; JSON lists all, and is what monitoring should read (members: \
            docs/commands.md).

            EXAMPLES
              kith status --at ./data
              kith status --at kith://127.0.0.1:7411 --format json
            """
    )

    @OptionGroup var at: AtOption

    @Option(help: "table (for people) or json.")
    var format = ReportFormat.table

    func run() async throws {
        let text = try await at.place.withConnection { try await $0.statusText() }
        switch format {
        case .json: StandardOutput.write(text + "\n")
        case .table: StandardOutput.write(try table(text))
        }
    }

    private func table(_ text: String) throws -> String {
        let status: StatusDocument
        do {
            status = try JSONDecoder().decode(StatusDocument.self, from: Data(text.utf8))
        } catch {
            throw CommandFailure(.refused, "the status of \(at.place) is of another version: use --format json")
        }
        var facts = TextTable([TextTable.Column(title: "what"), TextTable.Column(title: "value", isRightAligned: true)])
        facts.append(["position", String(status.position)])
        facts.append(["durable position", String(status.durablePosition)])
        facts.append(["schema epoch", String(status.schemaEpoch)])
        if let replaced = status.replacedEntities, !replaced.isEmpty {
            facts.append(["standard entities replaced by own ones", replaced.joined(separator: ", ")])
        }
        facts.append(["records", String(status.recordCount)])
        facts.append(["memory, bytes", String(status.memoryBytes)])
        facts.append(["memory kept idle, bytes", String(status.idleBytes)])
        facts.append(["log since snapshot, bytes", String(status.logBytesSinceSnapshot)])
        facts.append(["newest snapshot at", status.newestSnapshot.map { String($0.position) } ?? "none"])
        if let history = status.history { facts.append(["history kept since", history.since]) }
        facts.append(["last snapshot failed", status.lastSnapshotFailure?.reason ?? "no"])
        if let log = status.log {
            facts.append(["entries waiting for the disk", String(log.pendingEntries)])
            facts.append(["log halted", log.haltReason ?? "no"])
            facts.append(["syncs of the log, 99 of 100 within, µs", String(log.syncs.p99Microseconds)])
        }
        if let scrub = status.scrub { facts.append(["damage found by the scrub", String(scrub.damage.count)]) }
        if let faults = status.jobFaults {
            facts.append(["jobs that stand still", String(faults.count)])
            for fault in faults { facts.append([fault.job, fault.reason]) }
        }
        if let server = status.server {
            facts.append(["connections", String(server.connectionCount)])
            facts.append(["refused requests", String(server.refusedRequests.values.reduce(0, +))])
        }
        if let files = status.files {
            facts.append(["contents of files", String(files.contentCount)])
            facts.append(["contents of files, bytes", String(files.contentBytes)])
            facts.append(["open uploads", String(files.uploadCount)])
        }
        facts.append(["last start: snapshot at", status.recovery.snapshot.map { String($0.position) } ?? "none"])
        facts.append(["last start: log entries replayed", String(status.recovery.replayedEntries)])
        facts.append(["last start: damaged snapshots", String(status.recovery.damagedSnapshots.count)])
        let heads = ["records", "bytes", "bytes a record", "columns", "directory", "links", "orders", "keys", "find"]
        var entities = TextTable(
            [TextTable.Column(title: "entity")] + heads.map { TextTable.Column(title: $0, isRightAligned: true) }
        )
        // A decoded object has no order: by name, as the schema's order is not known here.
        for (name, figures) in status.entities.sorted(by: { $0.key < $1.key }) where figures.recordCount > 0 {
            let numbers = [
                figures.recordCount, figures.memoryBytes, figures.memoryBytes / figures.recordCount,
                figures.columnBytes,
                figures.directoryBytes, figures.linkBytes, figures.orderedBytes, figures.keyBytes,
                figures.searchBytes ?? 0,
            ]
            entities.append([name] + numbers.map(String.init))
        }
        return facts.text + "\n" + entities.text
    }
}

/// What the table shows of a status; unknown members are left alone.
private struct StatusDocument: Decodable {
    struct Figures: Decodable {
        var recordCount, memoryBytes, columnBytes, directoryBytes, linkBytes, orderedBytes, keyBytes: Int
        /// Servers of earlier versions have none.
        var searchBytes: Int?
    }

    struct Snapshot: Decodable {
        var position: UInt64
    }

    struct Files: Decodable {
        var contentCount, contentBytes, uploadCount: Int
    }

    struct History: Decodable {
        var keptSeconds: Int64
        var sincePosition: UInt64
        var sinceMicroseconds: Int64?

        var since: String {
            guard sincePosition > 0 else { return "the beginning" }
            let time = sinceMicroseconds.map { CalendarText.text(microseconds: $0) }
            return (time.map { "\($0), " } ?? "") + "position \(sincePosition)"
        }
    }

    struct Log: Decodable {
        struct Syncs: Decodable {
            var p99Microseconds: UInt64
        }

        var pendingEntries: Int
        var haltReason: String?
        var syncs: Syncs
    }

    struct Scrub: Decodable {
        var damage: [Recovery.Damage]
    }

    struct JobFault: Decodable {
        var job, reason: String
    }

    struct Server: Decodable {
        var connectionCount: Int
        var refusedRequests: [String: Int]
    }

    struct SnapshotFailure: Decodable {
        var reason: String
    }

    struct Recovery: Decodable {
        struct Damage: Decodable {
            var file: String
        }

        var snapshot: Snapshot?
        var replayedEntries: UInt64
        var damagedSnapshots: [Damage]
    }

    var position, durablePosition: UInt64
    var schemaEpoch, recordCount, memoryBytes, idleBytes: Int
    var logBytesSinceSnapshot: UInt64
    var newestSnapshot: Snapshot?
    var lastSnapshotFailure: SnapshotFailure?
    /// Servers of earlier versions have none.
    var files: Files?
    var history: History?
    var log: Log?
    var scrub: Scrub?
    var jobFaults: [JobFault]?
    var replacedEntities: [String]?
    /// Directories have none.
    var server: Server?
    var recovery: Recovery
    var entities: [String: Figures]
}
