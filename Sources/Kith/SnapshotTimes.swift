import Engine
import Snapshot
import Synchronization

/// The times of the states in snapshots, which never change: read once each.
///
/// Thread rule: any thread.
final class SnapshotTimes: Sendable {
    private let known = Mutex<[Position: Int64]>([:])
    /// Snapshots that a directory keeps are some dozen; what is forgotten is read again.
    private static let knownMax = 1024

    /// The time of the last transaction in the snapshot at a position; nil where it cannot be read.
    func time(of position: Position, in storage: any Storage) -> Int64? {
        if let time = known.withLock({ $0[position] }) { return time }
        guard
            let block = try? DataDirectory.blocks(ofKind: ImagePart.stateKind, inSnapshotAt: position, storage).first,
            let time = try? block.withUnsafeBytes({ bytes in
                var reader = ByteReader(bytes)
                _ = try reader.u64()
                return try reader.i64()
            })
        else { return nil }
        known.withLock { known in
            if known.count >= SnapshotTimes.knownMax { known.removeAll() }
            known[position] = time
        }
        return time
    }

    func time(of position: Position, in source: PastSource) -> Int64? { time(of: position, in: source.storage) }

    /// The refusal of what is before everything that is kept.
    func notKept(_ source: PastSource) -> PastError {
        let first = source.firstPosition
        return .notKept(sinceMicroseconds: time(of: first, in: source) ?? 0, position: first)
    }
}

extension HistoryRetention {
    /// Keeps so many seconds before the present, or before the newest snapshot where the clock says more: one that is ahead for a
    /// single start must not throw the past away. nil for none.
    init?(keptSeconds: Int64, _ times: SnapshotTimes, _ options: DatabaseOptions) {
        guard keptSeconds > 0 else { return nil }
        let clock = options.clock
        self.init(
            since: { newest in min(clock(), newest).addingClamped(-keptSeconds * 1_000_000) },
            time: { times.time(of: $0, in: $1) }
        )
        spacingBytes = options.historySpacingBytes
    }
}
