// Opening is recovery, always: the newest good snapshot, the log after it, and then a new segment with a new epoch, which
// holds whatever nothing proves to be on the disk. Only when that segment is durable is anything else touched, so that a
// crash at any point, also in the middle of the recovery from a crash, leaves what the next start needs.

extension DataDirectory {
    /// Opens a directory: takes its lock, delivers a snapshot's blocks to `sink` and the log's entries after it to
    /// `replay`, and makes the log ready to be appended to.
    ///
    /// - Parameters:
    ///   - parallel: runs the restore of blocks.
    ///   - sink: takes the blocks. `prepare` is called at least once, with no keys where there is no snapshot.
    ///   - replay: takes each entry after the snapshot, in order, on the calling thread.
    ///   - endReplay: is called after the last entry and before anything in the directory is changed: the time to refuse
    ///     an entry that `replay` took and held back.
    /// - Throws: `.notFound`, `.storage(.inUse)`, `.damaged` (then nothing was changed), `.diskFull`, or the sink's and
    ///   the replay's own refusals.
    public static func open(
        _ storage: any Storage,
        options: DirectoryOptions = DirectoryOptions(),
        parallel: @escaping ParallelFor = serialFor,
        sink: any SnapshotSink,
        replay: EntryBody,
        endReplay: () throws -> Void = {}
    ) throws(DirectoryError) -> DataDirectory {
        let lock = try take(storage, .exclusive)
        do throws(DirectoryError) {
            let contents = try DirectoryContents(of: storage)
            guard !contents.isEmpty else { throw .notFound }
            guard !contents.segments.isEmpty else { throw .damaged(contents.missingLog) }
            let id = try contents.directoryID(in: storage)
            var recovery = Recovery(storage: storage, id: id, options: options, contents: contents)
            let scan = try recovery.readState(parallel: parallel, sink: sink, replay: replay, endReplay: endReplay)
            return try recovery.run(lock: lock, scan)
        } catch {
            lock.release()
            throw error
        }
    }
}

/// The files of a directory by kind.
struct DirectoryContents {
    var segments: [SegmentName] = []
    /// Newest first.
    var snapshotPositions: [UInt64] = []
    var spares: [String] = []
    var hasReserve = false
    var temporaryFiles: [String] = []

    init(of storage: any Storage) throws(DirectoryError) {
        let names: [String]
        do throws(StorageError) { names = try storage.list() } catch { throw .storage(error) }
        self.init(names: names)
    }

    init(names: [String]) {
        for name in names {
            if let segment = SegmentName(name) {
                segments.append(segment)
            } else if let position = SnapshotFormat.position(ofFile: name) {
                snapshotPositions.append(position)
            } else if SegmentCatalog.spareNumber(of: name) != nil {
                spares.append(name)
            } else if name == SegmentCatalog.reserveName {
                hasReserve = true
            } else if DirectoryContents.temporaryNames.contains(name) {
                temporaryFiles.append(name)
            }
        }
        segments = LogScanner.ordered(segments)
        snapshotPositions.sort(by: >)
    }

    private static let temporaryNames = [
        SegmentCatalog.newSegmentName, SegmentCatalog.temporaryName, SnapshotFormat.temporaryName,
        HistorySetting.temporaryName,
    ]

    /// Spares and the reserve are made only beside a log: where they are, there was one.
    var isEmpty: Bool { segments.isEmpty && snapshotPositions.isEmpty && spares.isEmpty && !hasReserve }

    var missingLog: Damage {
        guard let newest = snapshotPositions.first else {
            return Damage(
                file: spares.first ?? SegmentCatalog.reserveName,
                offset: 0,
                what: "this file of a log is there, but no log and no snapshot",
                consequence: "all entries are missing"
            )
        }
        return Damage(
            file: SnapshotFormat.fileName(position: newest),
            offset: 0,
            what: "there is a snapshot but no log",
            consequence: "entries after position \(newest) are missing"
        )
    }

    /// The directory's id, from the last segment that counts: every start needs that one intact.
    func directoryID(in storage: any Storage) throws(DirectoryError) -> DirectoryID {
        guard let last = segments.last else { throw .damaged(missingLog) }
        return try SegmentReader(last, in: storage, directory: nil).header.directory
    }
}

/// One reading of a directory by `readState`. `run` goes on to make it ready to be appended to; `DataDirectory.read` does not.
struct Recovery {
    let storage: any Storage
    let id: DirectoryID
    let options: DirectoryOptions
    let contents: DirectoryContents
    private(set) var report = RecoveryReport()

    init(storage: any Storage, id: DirectoryID, options: DirectoryOptions, contents: DirectoryContents) {
        self.storage = storage
        self.id = id
        self.options = options
        self.contents = contents
    }

    /// Makes the directory ready to be appended to, after `readState` gave `scan`.
    mutating func run(lock: any StorageLock, _ scan: LogScanResult) throws(DirectoryError) -> DataDirectory {
        try removeTemporaryFiles()
        let catalog = SegmentCatalog(
            storage: storage,
            directory: id,
            segmentBytes: options.segmentBytes,
            usesThreads: options.usesThreads
        )
        catalog.adopt(segments: contents.segments, spares: try keptSpares())
        var start = RecoverySegment(catalog: catalog, scan: scan, hasReserve: contents.hasReserve)
        let writer = try start.make()
        report.rewrittenEntries = scan.unproven?.entryCount ?? 0
        report.epoch = writer.epoch
        let isSmall = writer.segmentBytes < options.segmentBytes

        let core = CommitCore(catalog: catalog, writer: writer, loggedBytes: scan.deliveredBytes)
        let known = knownSnapshots(newest: report.snapshot)
        let past = catalog.keptPast(known, options.history)
        let snapshots = known.filter { past.snapshots.contains($0.position) }
        try cleanUp(catalog, scan, snapshots, retiredThrough: past.retiredThrough)
        if !start.hasReserve { makeReserve() }
        // Beside the caller: what is written now soon needs a whole segment.
        if isSmall { catalog.prepareAhead() }
        return DataDirectory(
            id: id,
            recovery: report,
            core: core,
            lock: lock,
            snapshots: snapshots,
            history: options.history,
            usesThreads: options.usesThreads
        )
    }

    /// Delivers the newest good snapshot and the log after it. Changes nothing on the disk.
    mutating func readState(
        parallel: @escaping ParallelFor,
        sink: any SnapshotSink,
        replay: EntryBody,
        endReplay: () throws -> Void
    ) throws(DirectoryError) -> LogScanResult {
        let base = try restoreNewest(parallel: parallel, sink: sink)
        let scanner = LogScanner(storage: storage, directory: id, segments: contents.segments)
        let scan = try scanner.scan(after: base?.position ?? 0, anchors: base.map { [$0.anchor] } ?? [], replay)
        do {
            try endReplay()
        } catch let error as DirectoryError {
            throw error
        } catch {
            throw .entryRejected(position: scan.nextPosition - 1, reason: String(describing: error))
        }
        report.lastPosition = scan.nextPosition - 1
        report.replayedEntries = scan.entryCount
        report.replayedBytes = scan.deliveredBytes
        report.tornTail = scan.tornTail
        return scan
    }

    /// Restores the newest snapshot that is intact and that the log continues; nil where the log is complete without.
    private mutating func restoreNewest(
        parallel: @escaping ParallelFor,
        sink: any SnapshotSink
    ) throws(DirectoryError) -> SnapshotFooter? {
        let logStart = contents.segments.map(\.firstPosition).min() ?? .max
        for position in contents.snapshotPositions {
            let name = SnapshotFormat.fileName(position: position)
            do throws(DirectoryError) {
                guard logStart <= position &+ 1 else { throw .damaged(gap(name, logStart)) }
                let reader = try SnapshotReader(name, in: storage, directory: id)
                try reader.restore(into: sink, parallel: parallel)
                report.snapshot = reader.info
                return reader.footer
            } catch {
                // What cannot be read is as lost as what is read wrong.
                switch error {
                case .damaged(let damage): report.damagedSnapshots.append(damage)
                case .storage(let cause):
                    report.damagedSnapshots.append(
                        Damage(
                            file: name,
                            offset: 0,
                            what: cause.description,
                            consequence: "this snapshot cannot be used"
                        )
                    )
                default: throw error
                }
            }
        }
        guard logStart == 1 else {
            let missing = Damage(
                file: contents.segments.first?.fileName ?? "",
                offset: 0,
                what: "the log begins at position \(logStart) and no snapshot is there",
                consequence: "earlier entries are missing"
            )
            throw .damaged(report.damagedSnapshots.first ?? missing)
        }
        do {
            try sink.prepare([])
        } catch {
            let key = SnapshotBlockKey(kind: 0, entity: 0, column: 0, index: 0)
            throw .blockRejected(key: key, reason: String(describing: error))
        }
        return nil
    }

    private func gap(_ name: String, _ logStart: UInt64) -> Damage {
        Damage(
            file: name,
            offset: 0,
            what: "the log begins only at position \(logStart)",
            consequence: "this snapshot is older than what the log continues"
        )
    }

    private mutating func removeTemporaryFiles() throws(DirectoryError) {
        do throws(StorageError) {
            for name in contents.temporaryFiles {
                try storage.remove(name)
                report.removedFiles.append(name)
            }
        } catch {
            throw .storage(error)
        }
    }

    /// The spares of the right size; others, and those over the limit, are removed.
    private mutating func keptSpares() throws(DirectoryError) -> [String] {
        var kept: [String] = []
        do throws(StorageError) {
            for name in contents.spares {
                let size = try storage.openForReading(name).size()
                if size == UInt64(options.segmentBytes), kept.count < SegmentCatalog.spareLimit {
                    kept.append(name)
                } else {
                    try storage.remove(name)
                    report.removedFiles.append(name)
                }
            }
        } catch {
            throw .storage(error)
        }
        return kept
    }

    /// The snapshot in use and those before it that the log continues, the first of which may stand in for it. Not opened here:
    /// if one is damaged, the log that is kept for it is merely longer than needed.
    private func knownSnapshots(newest: SnapshotInfo?) -> [SnapshotInfo] {
        guard let newest else { return [] }
        let logStart = contents.segments.map(\.firstPosition).min() ?? .max
        let older = contents.snapshotPositions.filter { $0 < newest.position && logStart <= $0 + 1 }
        return [newest] + older.map { SnapshotInfo(position: $0, blockCount: 0, fileBytes: 0, blockBytes: 0) }
    }

    /// Gives back what the old end of the log no longer needs, and what a crash kept from being removed. The new segment
    /// is durable by now.
    private mutating func cleanUp(
        _ catalog: SegmentCatalog,
        _ scan: LogScanResult,
        _ snapshots: [SnapshotInfo],
        retiredThrough: UInt64
    ) throws(DirectoryError) {
        let end = scan.unproven.flatMap { $0.segment == scan.lastSegment ? $0.offset : nil } ?? scan.lastSegmentEnd
        let restart = scan.unproven?.firstPosition ?? scan.nextPosition
        do throws(StorageError) {
            if scan.lastSegment.firstPosition < restart {
                let file = try storage.open(scan.lastSegment.fileName, creating: false)
                if try file.size() > UInt64(end) { try file.truncate(to: UInt64(end)) }
            }
            if snapshots.count >= 2 {
                let kept = Set(snapshots.map(\.position))
                for position in contents.snapshotPositions
                where position < snapshots[0].position && !kept.contains(position) {
                    let name = SnapshotFormat.fileName(position: position)
                    try storage.remove(name)
                    report.removedFiles.append(name)
                }
            }
        } catch {
            throw .storage(error)
        }
        try catalog.retire(through: retiredThrough)
    }

    /// Best effort: without space there is none, until the next start.
    private func makeReserve() {
        let bytes = min(SegmentCatalog.reserveBytes, options.segmentBytes)
        guard let free = try? storage.freeBytes(), free > UInt64(bytes) * 4 else { return }
        try? SegmentCatalog.makeFile(SegmentCatalog.reserveName, bytes: bytes, in: storage)
    }
}
