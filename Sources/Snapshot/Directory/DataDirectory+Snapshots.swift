// Snapshots of a running directory, and what they allow to be thrown away: two snapshots are kept, and the log since the
// older one, so that a damaged newest snapshot costs time at the next start and nothing else; and as much more of the past as
// is asked for (HistoryRetention.swift).

extension DataDirectory {
    /// Writes a snapshot of the state at `position`, waits until it is durable, and removes what it replaces. The log is
    /// appended to meanwhile; only one snapshot is made at a time, a second call waits for the first.
    ///
    /// - Parameters:
    ///   - position: the last transaction in the source's state. It must be durable, or become so while this waits
    ///     (without threads: be durable).
    ///   - source: the state, unchanging.
    ///   - parallel: runs the encoding, compressing and writing of blocks.
    /// - Throws: `.blockNotEncoded`, `.storage`, `.halted`, `.closed`, `.notDurable`. The directory is as before.
    public func writeSnapshot(
        at position: UInt64,
        source: any SnapshotSource,
        parallel: @escaping ParallelFor = serialFor
    ) throws(DirectoryError) -> SnapshotInfo {
        let isClosed = state.wait(for: .progress) { state -> Bool? in
            if state.isClosed { return true }
            if state.isSnapshotting { return nil }
            state.isSnapshotting = true
            return false
        }
        guard !isClosed else { throw .closed }
        defer {
            state.withLock { $0.isSnapshotting = false }
            state.wakeAll(.progress)
        }
        if let known = state.withLock({ $0.snapshots.first }), known.position == position, known.blockCount > 0 {
            return known
        }
        let loggedBytes = core.loggedBytes
        try queue.waitUntilDurable(position)
        let anchor = try core.anchor(atLeast: position)
        let writer = SnapshotWriter(storage: storage, directory: id, parallel: parallel)
        let info = try writer.write(position: position, anchor: anchor, source: source)
        try retain(info, loggedBytes: loggedBytes)
        return info
    }

    /// Bytes of log that a restart would read after the newest snapshot.
    public var logBytesSinceSnapshot: UInt64 {
        let logged = core.loggedBytes
        return state.withLock { logged - min(logged, $0.loggedBytesAtSnapshot) }
    }

    /// The newest snapshot, if there is one.
    public var newestSnapshot: SnapshotInfo? { state.withLock { $0.snapshots.first } }

    /// Whether the log has grown enough to be worth a snapshot; see `SnapshotPolicy`.
    public var isSnapshotDue: Bool {
        SnapshotPolicy.isDue(
            logBytesSinceSnapshot: logBytesSinceSnapshot,
            snapshotBytes: newestSnapshot?.fileBytes ?? 0
        )
    }

    private func retain(_ info: SnapshotInfo, loggedBytes: UInt64) throws(DirectoryError) {
        // Nobody else changes the list: snapshots are taken one at a time.
        let known = ([info] + state.withLock { $0.snapshots }.filter { $0.position != info.position })
            .sorted { $0.position > $1.position }
        let past = catalog.keptPast(known, history)
        let kept = known.filter { past.snapshots.contains($0.position) }
        state.withLock { state in
            state.snapshots = kept
            state.loggedBytesAtSnapshot = loggedBytes
        }
        do throws(StorageError) {
            for name in try storage.list() {
                guard let position = SnapshotFormat.position(ofFile: name) else { continue }
                if !kept.contains(where: { $0.position == position }) { try storage.remove(name) }
            }
        } catch {
            throw .storage(error)
        }
        try catalog.retire(through: past.retiredThrough)
    }
}

/// When a snapshot pays.
public enum SnapshotPolicy {
    /// Below this a replay takes about a second, which no one minds.
    public static let leastLogBytes: UInt64 = 128 << 20
    /// Above this a restart would spend more than some ten seconds on the log, however large the snapshot is.
    public static let mostLogBytes: UInt64 = 4 << 30

    /// Whether `logBytesSinceSnapshot` has reached the size of the snapshot, within the limits above. So the disk gets at
    /// most about twice the log's bytes, a restart reads at most about twice the snapshot's, and the directory holds at
    /// most about two snapshots and twice that log.
    public static func isDue(logBytesSinceSnapshot: UInt64, snapshotBytes: UInt64) -> Bool {
        logBytesSinceSnapshot >= min(max(snapshotBytes, leastLogBytes), mostLogBytes)
    }
}
