// What a database says about itself: for people (`kith status`), for monitoring, and for the wire's `status`, all from one
// structure and one JSON text.

import Engine
import Snapshot

/// Figures of a running database, all of one moment except the two that the disk changes by itself.
public struct DatabaseStatus: Sendable {
    /// Records and memory of one entity.
    public struct EntityFigures: Sendable {
        /// Logical name.
        public var name: String
        /// Bytes of each column, by logical name of the attribute, in the order of the schema.
        public var columns: [(name: String, bytes: Int)]
        /// Living records.
        public var recordCount: Int
        /// Bytes of the columns, allocated.
        public var columnBytes: Int
        /// Bytes of the way from a record's id to its row.
        public var directoryBytes: Int
        /// Bytes of the lookups' way back.
        public var linkBytes: Int
        /// Bytes of the ordered indexes.
        public var orderedBytes: Int
        /// Bytes of the alternate keys.
        public var keyBytes: Int
        /// Bytes of the quick-find index; 0 until somebody searches.
        public var searchBytes: Int
        /// All of these.
        public var totalBytes: Int {
            columnBytes + directoryBytes + linkBytes + orderedBytes + keyBytes + searchBytes
        }
    }

    /// Identity of the data directory: 32 hexadecimal digits.
    public var directory: String
    /// The last transaction executed.
    public var position: Position
    /// The last transaction that is safe on the disk.
    public var durablePosition: Position
    /// Version of the schema in force.
    public var schemaEpoch: UInt32
    /// Standard entities that are not here, since the organisation has one of its own under each of these names (docs/metadata.md).
    public var replacedEntities: [String]
    /// Every entity, in the order of the schema.
    public var entities: [EntityFigures]
    /// Bytes that the process has for records and that none has at the moment: of all its databases.
    public var idleBytes: Int
    /// Bytes of log that a restart would replay.
    public var logBytesSinceSnapshot: UInt64
    /// The newest snapshot, nil before the first one.
    public var newestSnapshot: SnapshotInfo?
    /// Why the last attempt at a snapshot failed; nil when it succeeded, and before the first one since the start.
    public var lastSnapshotFailure: SnapshotFailure?
    /// What the log is doing.
    public var log: LogFigures
    /// What is kept of the past.
    public var history: HistoryFigures
    /// What scrubs found.
    public var scrub: ScrubFigures
    /// Contents of files in the directory, and uploads.
    public var files: ContentStore.Figures
    /// Jobs that stand still, in order of their ids (docs/jobs.md).
    public var jobFaults: [JobFault]
    /// What the last start found and did.
    public var recovery: RecoveryReport

    /// Living records of all entities.
    public var recordCount: Int { entities.reduce(0) { $0 + $1.recordCount } }
    /// Bytes of all entities.
    public var memoryBytes: Int { entities.reduce(0) { $0 + $1.totalBytes } }
}

extension Database {
    /// The figures of this moment. O(entities × columns × chunks), beside the writer, which is held up for O(entities).
    public var status: DatabaseStatus {
        let view = currentView
        let entities = view.schema.entities.indices.map { place in
            let table = view.table(place)
            let memory = table.memory
            return DatabaseStatus.EntityFigures(
                name: table.entity.name,
                columns: zip(table.entity.attributes, memory.columnBytes).map { ($0.name, $1) },
                recordCount: table.liveCount,
                columnBytes: memory.columnBytes.reduce(0, +),
                directoryBytes: memory.directoryBytes,
                linkBytes: memory.linkBytes,
                orderedBytes: memory.orderedBytes,
                keyBytes: memory.keyBytes,
                searchBytes: memory.searchBytes
            )
        }
        return DatabaseStatus(
            directory: directory.id.description,
            position: view.position,
            durablePosition: durablePosition,
            schemaEpoch: view.schema.epoch,
            replacedEntities: view.schema.replacedEntities(of: options.schema),
            entities: entities,
            idleBytes: StoreMemory.idleBytes,
            logBytesSinceSnapshot: directory.logBytesSinceSnapshot,
            newestSnapshot: directory.newestSnapshot,
            lastSnapshotFailure: snapshotAttempts.lastFailure,
            log: directory.logFigures,
            history: historyFigures,
            scrub: scrubbing.figures,
            files: contents.figures,
            jobFaults: jobRunner.faults,
            recovery: recovery
        )
    }
}

extension DatabaseStatus {
    /// One JSON object; docs/commands.md lists the members. Members are only ever added.
    public var json: String { json { _ in } }

    /// The same, with members behind those of the database.
    package func json(_ more: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object { status in
            status.member("directory", directory)
            status.member("position", position)
            status.member("durablePosition", durablePosition)
            status.member("schemaEpoch", schemaEpoch)
            status.member("recordCount", recordCount)
            status.member("memoryBytes", memoryBytes)
            status.member("idleBytes", idleBytes)
            status.member("logBytesSinceSnapshot", logBytesSinceSnapshot)
            status.key("newestSnapshot")
            newestSnapshot.map { $0.write(to: &status) } ?? status.null()
            status.key("lastSnapshotFailure")
            lastSnapshotFailure.map { $0.write(to: &status) } ?? status.null()
            status.object("history") { kept in
                kept.member("keptSeconds", history.keptSeconds)
                kept.member("sincePosition", history.sincePosition)
                kept.key("sinceMicroseconds")
                if let since = history.sinceMicroseconds { kept.number(since) } else { kept.null() }
                kept.member("snapshotCount", history.snapshotCount)
            }
            status.object("files") { list in
                list.member("contentCount", files.contentCount)
                list.member("contentBytes", files.contentBytes)
                list.member("uploadCount", files.uploadCount)
                list.member("awaitedBytes", files.awaitedBytes)
            }
            status.object("recovery") { recovery.writeMembers(to: &$0) }
            status.object("entities") { list in
                for entity in entities { entity.write(to: &list) }
            }
            status.object("log") { log.writeMembers(to: &$0) }
            status.object("scrub") { scrub.writeMembers(to: &$0) }
            status.array("jobFaults") { list in
                for fault in jobFaults {
                    list.object { entry in
                        entry.member("job", "bulkoperation/\(fault.job.code)")
                        entry.member("reason", fault.reason)
                    }
                }
            }
            status.array("replacedEntities") { list in
                for name in replacedEntities { list.string(name) }
            }
            status.object("columnBytes") { list in
                for entity in entities where entity.recordCount > 0 {
                    list.object(entity.name) { for column in entity.columns { $0.member(column.name, column.bytes) } }
                }
            }
            more(&status)
        }
        return writer.text
    }
}

extension DatabaseStatus.EntityFigures {
    fileprivate func write(to list: inout JSONWriter) {
        list.object(name) { figures in
            figures.member("recordCount", recordCount)
            figures.member("memoryBytes", totalBytes)
            figures.member("columnBytes", columnBytes)
            figures.member("directoryBytes", directoryBytes)
            figures.member("linkBytes", linkBytes)
            figures.member("orderedBytes", orderedBytes)
            figures.member("keyBytes", keyBytes)
            figures.member("searchBytes", searchBytes)
        }
    }
}

extension LogFigures {
    fileprivate func writeMembers(to log: inout JSONWriter) {
        log.member("firstPosition", firstPosition)
        log.member("segmentCount", segmentCount)
        log.member("pendingEntries", pendingEntries)
        log.member("pendingBytes", pendingBytes)
        log.member("pendingBytesMax", pendingBytesMax)
        log.member("haltReason", haltReason)
        log.object("syncs") { figures in
            figures.member("count", syncs.count)
            figures.member("sumMicroseconds", syncs.sumMicroseconds)
            figures.member("p50Microseconds", syncs.percentile(50) ?? 0)
            figures.member("p99Microseconds", syncs.percentile(99) ?? 0)
            figures.member("maxMicroseconds", syncs.maxMicroseconds)
        }
    }
}

extension SnapshotInfo {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { snapshot in
            snapshot.member("position", position)
            snapshot.member("fileBytes", fileBytes)
        }
    }
}

extension SnapshotFailure {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { failure in
            failure.member("timeMicroseconds", timeMicroseconds)
            failure.member("reason", reason)
            failure.member("nextAttemptLogBytes", nextAttemptLogBytes)
        }
    }
}

extension RecoveryReport {
    fileprivate func writeMembers(to report: inout JSONWriter) {
        report.member("epoch", epoch)
        report.member("lastPosition", lastPosition)
        report.key("snapshot")
        snapshot.map { $0.write(to: &report) } ?? report.null()
        report.member("replayedEntries", replayedEntries)
        report.member("replayedBytes", replayedBytes)
        report.member("rewrittenEntries", rewrittenEntries)
        report.key("tornTail")
        if let tornTail {
            report.object { tail in
                tail.member("file", tornTail.file)
                tail.member("offset", tornTail.offset)
                tail.member("position", tornTail.position)
                tail.member("what", tornTail.what)
            }
        } else {
            report.null()
        }
        report.array("damagedSnapshots") { list in
            for damage in damagedSnapshots {
                list.object { entry in
                    entry.member("file", damage.file)
                    entry.member("offset", damage.offset)
                    entry.member("what", damage.what)
                    entry.member("consequence", damage.consequence)
                }
            }
        }
        report.array("removedFiles") { list in
            for file in removedFiles { list.string(file) }
        }
    }
}
