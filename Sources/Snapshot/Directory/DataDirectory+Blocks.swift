// Reading parts of the snapshots that are kept, while work goes on: a snapshot never changes.

import Synchronization

extension DataDirectory {
    /// The snapshots that recovery may begin with, newest first.
    package var keptSnapshots: [SnapshotInfo] { state.withLock { $0.snapshots } }

    /// The positions of snapshot files that are there and not kept: damaged ones, and those that failed when they had their names
    /// already, with which a later start may begin.
    package func otherSnapshotPositions() throws(StorageError) -> [UInt64] {
        let kept = Set(keptSnapshots.map(\.position))
        return try storage.list().compactMap(SnapshotFormat.position(ofFile:)).filter { !kept.contains($0) }
    }

    /// The bytes of all blocks of a kind in a snapshot, in the order of their indexes.
    package static func blocks(
        ofKind kind: UInt16,
        inSnapshotAt position: UInt64,
        _ storage: any Storage
    ) throws(DirectoryError) -> [[UInt8]] {
        let whole = try SnapshotReader(SnapshotFormat.fileName(position: position), in: storage, directory: nil)
        let found = Mutex<[(index: UInt32, bytes: [UInt8])]>([])
        try SnapshotReader(whole, only: kind).forEachBlock(parallel: serialFor) { key, bytes in
            found.withLock { $0.append((key.index, Array(bytes))) }
        }
        return found.withLock { $0.sorted { $0.index < $1.index }.map(\.bytes) }
    }
}
