// A run of a backup: what is new in a data directory is copied, proved and synced, and then a manifest says that it counts.
// docs/backup.md has the steps in order and says why the source needs no lock.
//
// Guarantees: the source is only read (and its last segment synced); until the manifest has its name, and after a power cut at
// any moment, the backup is that of the run before; what counts was proved, or is reported as damage and does not count.

import Engine

/// What a run of a backup did.
public struct BackupReport: Sendable {
    /// The backup after it.
    public let manifest: BackupManifest
    /// Bytes of the log, of snapshots and of contents that were copied.
    public internal(set) var copiedBytes: UInt64 = 0
    /// Contents that were copied.
    public internal(set) var contentCount = 0
    /// Snapshots that were copied.
    public internal(set) var snapshotCount = 0
    /// The log could not be continued, and a new stretch was begun: what lies between the two cannot be restored.
    public internal(set) var isGap = false
    /// What is damaged in the source, or in the backup's older manifests, and what that means.
    public internal(set) var damage: [Damage] = []

    /// The last position that can be restored.
    public var position: UInt64 { manifest.stretches.last?.lastPosition ?? 0 }
}

/// One run.
package struct Backup {
    private static let roundsMax = 8

    private let source: any Storage
    private let target: any Storage
    private let directory: DirectoryID
    private let timeMicroseconds: Int64
    private let parallel: ParallelFor

    /// Backs up a data directory, in use or not.
    ///
    /// - Parameters:
    ///   - target: a backup of the same directory, or an empty directory. Locked for the time of the run.
    ///   - timeMicroseconds: now, since 1970.
    /// - Throws: `BackupError`, `DirectoryError`. The backup is that of the run before.
    package static func run(
        from source: any Storage,
        to target: any Storage,
        timeMicroseconds: Int64,
        parallel: @escaping ParallelFor = serialFor
    ) throws -> BackupReport {
        guard try !BackupManifest.exists(in: source) else { throw BackupError.isBackup }
        let lock = try target.lock(.exclusive)
        defer { lock.release() }
        let directory = try directory(of: source)
        let backup = Backup(
            source: source,
            target: target,
            directory: directory,
            timeMicroseconds: timeMicroseconds,
            parallel: parallel
        )
        let (old, damage) = try backup.begin()
        for _ in 0..<roundsMax {
            do {
                return try backup.round(after: old, damage)
            } catch BackupRace.vanished, StorageError.notFound, DirectoryError.storage(.notFound) {
                continue
            }
        }
        throw BackupError.neverStill
    }

    private static func directory(of source: any Storage) throws -> DirectoryID {
        for _ in 0..<roundsMax {
            guard let last = try BackupLog.segments(of: source).last else { throw DirectoryError.notFound }
            do {
                return try SegmentReader(last, in: source, directory: nil).header.directory
            } catch DirectoryError.storage(.notFound) {
                continue
            }
        }
        throw BackupError.neverStill
    }

    /// The manifest to go on from; in an empty directory, the first one, which says that a backup is being made here.
    private func begin() throws -> (BackupManifest, [Damage]) {
        if let (manifest, damage) = try BackupManifest.newest(in: target) {
            guard manifest.directory == directory else {
                throw BackupError.otherDirectory(backup: manifest.directory, source: directory)
            }
            for name in try target.list() where [BackupManifest.temporaryName, Self.snapshotName].contains(name) {
                try target.remove(name)
            }
            return (manifest, damage)
        }
        let others = try target.list().filter { $0 != "lock" && $0 != BackupManifest.temporaryName }
        guard others.isEmpty else { throw BackupError.occupied }
        let manifest = BackupManifest(directory: directory, number: 0, timeMicroseconds: timeMicroseconds)
        try manifest.write(to: target)
        return (manifest, [])
    }

    private func round(after old: BackupManifest, _ damage: [Damage]) throws -> BackupReport {
        let contents = try ContentFolder(in: source)
        let snapshots = try source.list().compactMap(SnapshotFormat.position(ofFile:)).sorted(by: >)
        var manifest = BackupManifest(
            directory: directory,
            number: old.number + 1,
            timeMicroseconds: timeMicroseconds,
            stretches: old.stretches
        )
        var work = BackupWork(damage: damage)
        if let last = old.stretches.last, let stretch = try continued(last, old.stretches.dropLast()) {
            manifest.stretches[manifest.stretches.count - 1] = try withNewest(snapshots, stretch, &work)
        } else {
            work.isGap = !old.stretches.isEmpty
            manifest.stretches.append(try begun(snapshots, beside: old.stretches, &work))
        }
        work.copiedBytes += manifest.segmentBytes - old.segmentBytes
        try copyContents(contents, &work)
        try target.syncDirectory()
        try manifest.write(to: target)
        return work.report(manifest)
    }

    // MARK: Log and snapshots

    private func continued(
        _ stretch: BackupStretch,
        _ others: some Sequence<BackupStretch>
    ) throws -> BackupStretch? {
        var log = BackupLog(from: source, to: target, directory, stretch, beside: others)
        return try log.copy() ? log.stretch : nil
    }

    /// A new stretch: from the newest good snapshot on, or from the beginning of the log.
    private func begun(
        _ snapshots: [UInt64],
        beside others: [BackupStretch],
        _ work: inout BackupWork
    ) throws -> BackupStretch {
        let reached = others.last?.lastPosition ?? 0
        for position in snapshots where position > reached || others.isEmpty {
            guard let file = try copySnapshot(position, &work) else { continue }
            let start = BackupStretch(
                firstPosition: position,
                lastPosition: position,
                hash: directory.chainStart,
                snapshots: [file]
            )
            // Where the log does not reach back to it, there is a newer one by now.
            guard let stretch = try continued(start, others) else { throw BackupRace.vanished }
            try prove(stretch)
            return stretch
        }
        let start = BackupStretch(firstPosition: 0, lastPosition: 0, hash: directory.chainStart)
        if let stretch = try continued(start, others) { return stretch }
        if let first = work.damage.first { throw DirectoryError.damaged(first) }
        throw BackupRace.vanished
    }

    /// The stretch with the newest snapshot that is good.
    private func withNewest(
        _ positions: [UInt64],
        _ stretch: BackupStretch,
        _ work: inout BackupWork
    ) throws -> BackupStretch {
        let newest = stretch.snapshots.last.flatMap { SnapshotFormat.position(ofFile: $0.name) } ?? 0
        for position in positions where position > newest && position <= stretch.lastPosition {
            guard let file = try copySnapshot(position, &work) else { continue }
            var stretch = stretch
            stretch.snapshots.append(file)
            try prove(stretch)
            return stretch
        }
        return stretch
    }

    private static let snapshotName = "snapshot.tmp"

    /// Copies a snapshot and reads it back; nil where it is damaged.
    private func copySnapshot(_ position: UInt64, _ work: inout BackupWork) throws -> BackupFile? {
        let name = SnapshotFormat.fileName(position: position)
        let from = try source.openForReading(name)
        let to = try BackupFileWriter(Self.snapshotName, in: target)
        let memory = AlignedMemory(byteCount: 1 << 20)
        var offset: UInt64 = 0
        while true {
            let got = try from.read(into: memory.bytes, at: offset)
            try to.append(UnsafeRawBufferPointer(memory.bytes.part(0..<got)))
            offset += UInt64(got)
            if got < memory.bytes.count { break }
        }
        var file = try to.finish()
        file.name = name
        do {
            // A name that is not its own is checked by the reader only where it is told the directory.
            let reader = try SnapshotReader(Self.snapshotName, in: target, directory: nil)
            guard reader.footer.directory == directory, reader.footer.position == position else {
                throw DirectoryError.damaged(BackupWork.foreign(name))
            }
            try reader.forEachBlock(parallel: parallel) { _, _ in }
        } catch DirectoryError.damaged(let damage) {
            work.damage.append(damage.inFile(name))
            return nil
        }
        try target.rename(Self.snapshotName, to: name)
        work.copiedBytes += file.bytes
        work.snapshotCount += 1
        return file
    }

    /// That the newest snapshot of a stretch belongs to its log.
    private func prove(_ stretch: BackupStretch) throws {
        guard let file = stretch.snapshots.last else { return }
        let view = BackupView(target, stretch)
        let footer = try SnapshotReader(file.name, in: view, directory: directory).footer
        let segments = stretch.segments.compactMap { SegmentName($0.name) }
        let scanner = LogScanner(storage: view, directory: directory, segments: segments)
        _ = try scanner.scan(after: footer.position, anchors: [footer.anchor]) { _, _ in }
    }

    // MARK: Contents

    /// Copies the contents that are there now, or were when the run began, and that the backup has not got.
    private func copyContents(_ before: ContentFolder, _ work: inout BackupWork) throws {
        let now = try ContentFolder(in: source)
        let all = Set(before.contents).union(now.contents)
        guard !all.isEmpty else { return }
        let store = try ContentStore.open(in: target, bytesKeptFree: 0) { 0 }
        for content in all.sorted() where !store.holds(content) {
            do throws(ContentError) {
                try now.copy(content, to: store)
                work.contentCount += 1
                work.copiedBytes += UInt64(content.lengthBytes)
            } catch {
                if case .notHeld = error { throw BackupRace.vanished }
                guard let damage = ContentFolder.damage(content, error, "it is not in the backup") else { throw error }
                work.damage.append(damage)
            }
        }
    }
}

/// What a round has done so far.
private struct BackupWork {
    var copiedBytes: UInt64 = 0
    var contentCount = 0
    var snapshotCount = 0
    var isGap = false
    var damage: [Damage]

    init(damage: [Damage]) { self.damage = damage }

    func report(_ manifest: BackupManifest) -> BackupReport {
        var report = BackupReport(manifest: manifest)
        report.copiedBytes = copiedBytes
        report.contentCount = contentCount
        report.snapshotCount = snapshotCount
        report.isGap = isGap
        report.damage = damage
        return report
    }

    static func foreign(_ name: String) -> Damage {
        Damage(file: name, offset: 0, what: "it is a snapshot of another state", consequence: "it cannot be used")
    }
}

extension BackupManifest {
    /// Bytes of all segments, as far as they count.
    fileprivate var segmentBytes: UInt64 {
        stretches.reduce(0) { $0 + $1.segments.reduce(0) { $0 + $1.bytes } }
    }
}

extension Damage {
    fileprivate func inFile(_ name: String) -> Damage {
        Damage(file: name, offset: offset, what: what, consequence: consequence)
    }
}
