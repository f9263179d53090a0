// Which snapshots and how much of the log a directory keeps beyond what recovery needs, so that states of the past can be
// rebuilt.
//
// Guarantees
// - The two newest snapshots and the log since the older one stay, whatever is asked for: recovery never has less than without.
// - Every state since `since` can be rebuilt: the newest snapshot that is not later stays, and the log after it. Where there is
//   none, the log stays from where it begins. A snapshot whose time cannot be read is taken to be later than `since`.
// - Between those, snapshots are thinned out from the oldest on: one goes where its neighbours have less than `spacingBytes` of log
//   between them. So a question replays less than that, or what lies between two snapshots as they were made; and since any two
//   neighbouring gaps together are no shorter than the spacing, which is twice a snapshot and more, these snapshots take no more
//   of the disk than the log that is kept. The price: history reaches up to a spacing of log further back than was asked for.

/// How much of the past a directory keeps. Without one it keeps what recovery needs.
public struct HistoryRetention: Sendable {
    /// The moment back to which states can be rebuilt, microseconds since 1970, given that of the newest snapshot's state: asked at a
    /// start and after each snapshot.
    public var since: @Sendable (_ newest: Int64) -> Int64
    /// The time of the state in the snapshot at a position, microseconds since 1970; nil where it cannot be read.
    public var time: @Sendable (_ position: UInt64, _ storage: any Storage) -> Int64?
    /// Log between neighbours of a snapshot from which on it stays; nil: as the snapshots' size says. Tests have small logs.
    package var spacingBytes: UInt64?

    /// Makes a retention.
    public init(
        since: @escaping @Sendable (_ newest: Int64) -> Int64,
        time: @escaping @Sendable (_ position: UInt64, _ storage: any Storage) -> Int64?
    ) {
        self.since = since
        self.time = time
    }

    /// A gap of log that a question may have to replay: 1 GiB takes some seconds, and no snapshot is written for less than an
    /// eighth of it.
    static let spacingBytesMin: UInt64 = 1 << 30
    /// However large the snapshots are, no two of them are further apart than the log grows between two (`SnapshotPolicy`), twice.
    static let spacingBytesMax: UInt64 = 2 * SnapshotPolicy.mostLogBytes

    /// The spacing for snapshots of a size.
    package static func spacingBytes(snapshotBytes: UInt64) -> UInt64 {
        min(max(2 * min(snapshotBytes, spacingBytesMax), spacingBytesMin), spacingBytesMax)
    }
}

/// What stays of a directory's past.
package struct KeptPast: Equatable {
    /// Positions of snapshots, newest first.
    package var snapshots: [UInt64]
    /// The log up to here may go.
    package var retiredThrough: UInt64

    /// Decides.
    ///
    /// - Parameters:
    ///   - snapshots: positions of those that the log continues, newest first.
    ///   - isLogWhole: whether the log begins with the first transaction.
    ///   - since: nil keeps what recovery needs.
    ///   - time: of a snapshot's state.
    ///   - logBytes: of the log after one position up to another.
    package init(
        of snapshots: [UInt64],
        isLogWhole: Bool,
        since: Int64?,
        spacingBytes: UInt64,
        time: (UInt64) -> Int64?,
        logBytes: (_ after: UInt64, _ through: UInt64) -> UInt64
    ) {
        let needed = snapshots.prefix(2)
        self.snapshots = Array(needed)
        retiredThrough = needed.count == 2 ? needed[1] : 0
        guard let since, let oldestNeeded = needed.last else { return }
        let older = snapshots.dropFirst(2)
        let times = snapshots.map(time)
        let base: Int
        if let found = times.firstIndex(where: { $0.map { $0 <= since } ?? false }) {
            base = found
        } else {
            base = isLogWhole ? snapshots.count : snapshots.count - 1
        }
        let start = base < snapshots.count ? snapshots[base] : 0
        // The newest may be older than all that is asked for; what recovery needs stays all the same.
        retiredThrough = needed.count == 2 ? min(start, oldestNeeded) : 0
        guard base >= 2 else { return }
        var kept: [UInt64] = base < snapshots.count ? [start] : []
        var last = start
        for index in stride(from: min(base, snapshots.count) - 1, through: older.startIndex, by: -1) {
            guard logBytes(last, snapshots[index - 1]) >= spacingBytes else { continue }
            last = snapshots[index]
            kept.append(last)
        }
        self.snapshots += kept.reversed()
    }
}

extension SegmentCatalog {
    /// The log between two positions, about: each segment that begins there counts whole.
    func logBytes(after first: UInt64, through last: UInt64) -> UInt64 {
        UInt64(segments.count { $0.firstPosition > first && $0.firstPosition <= last }) * UInt64(segmentBytes)
    }

    /// What stays beside the newest snapshots, given those that the log continues, newest first.
    ///
    /// Where the time of the newest snapshot cannot be read, nothing of the past goes.
    func keptPast(_ snapshots: [SnapshotInfo], _ history: HistoryRetention?) -> KeptPast {
        let newest = snapshots.first.flatMap { [storage] newest in history?.time(newest.position, storage) }
        return KeptPast(
            of: snapshots.map(\.position),
            isLogWhole: segments.map(\.firstPosition).min() == 1,
            since: history.map { history in newest.map(history.since) ?? .min },
            spacingBytes: history?.spacingBytes
                ?? HistoryRetention.spacingBytes(snapshotBytes: snapshots.first?.fileBytes ?? 0),
            time: { [storage] position in history.flatMap { $0.time(position, storage) } },
            logBytes: logBytes
        )
    }
}
