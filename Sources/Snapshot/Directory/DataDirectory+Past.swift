// Rebuilding a state of the past: the newest kept snapshot before it, and the log up to it. Reads only.

/// What states of the past are rebuilt from. A value: snapshots and segments that are retired meanwhile are noticed when they are
/// read, and another look finds what is there by then.
package struct PastSource: Sendable, Equatable {
    package let storage: any Storage
    let id: DirectoryID
    let segments: [SegmentName]
    /// Positions of snapshots that the log continues, newest first.
    package let snapshots: [UInt64]
    /// The last position that may be read; the greatest number: to the log's end.
    let lastPosition: UInt64

    /// Whether the log begins with the first transaction.
    package var isWhole: Bool { segments.map(\.firstPosition).min() == 1 }
    /// States from here on can be rebuilt.
    package var firstPosition: UInt64 { isWhole ? 0 : snapshots.last ?? lastPosition }

    package static func == (first: PastSource, second: PastSource) -> Bool {
        first.segments == second.segments && first.snapshots == second.snapshots
    }

    /// Delivers the newest good snapshot that `isBase` accepts, and the entries after it until `replay` returns false.
    ///
    /// - Parameters:
    ///   - begin: is told the snapshot before its blocks are read; nil where the log is replayed from its beginning.
    /// - Returns: false where there is neither such a snapshot nor the log's beginning.
    package func rebuild(
        from isBase: (UInt64) throws -> Bool,
        sink: any SnapshotSink,
        parallel: @escaping ParallelFor,
        begin: (SnapshotInfo?) throws -> Void,
        replay: (_ position: UInt64, _ entry: UnsafeRawBufferPointer) throws -> Bool
    ) throws -> Bool {
        guard let start = try restore(from: isBase, sink, parallel, begin) else { return false }
        guard start < lastPosition else { return true }
        var isOver = false
        var failure: (any Error)?
        do {
            let scanner = LogScanner(storage: storage, directory: id, segments: segments)
            _ = try scanner.scan(after: start, through: lastPosition) { position, entry in
                do {
                    if try replay(position, entry) { return }
                    isOver = true
                } catch {
                    failure = error
                }
                throw Over()
            }
        } catch {
            if let failure { throw failure }
            if !isOver { throw error }
        }
        return true
    }

    private struct Over: Error {}

    /// The position of the snapshot that was restored; 0 for the beginning; nil where there is nothing to begin with.
    private func restore(
        from isBase: (UInt64) throws -> Bool,
        _ sink: any SnapshotSink,
        _ parallel: @escaping ParallelFor,
        _ begin: (SnapshotInfo?) throws -> Void
    ) throws -> UInt64? {
        var failure: DirectoryError?
        for position in snapshots where try isBase(position) {
            do {
                let reader = try SnapshotReader(SnapshotFormat.fileName(position: position), in: storage, directory: id)
                try begin(reader.info)
                try reader.restore(into: sink, parallel: parallel)
                return position
            } catch let error as DirectoryError {
                // An older one, and more of the log, give the same state.
                failure = error
            }
        }
        guard isWhole else {
            if let failure { throw failure }
            return nil
        }
        try begin(nil)
        try sink.prepare([])
        return 0
    }
}

extension DataDirectory {
    /// What states of the past can be rebuilt from, at this moment.
    package var past: PastSource {
        PastSource(
            storage: storage,
            id: id,
            segments: catalog.segments,
            snapshots: keptSnapshots.map(\.position),
            lastPosition: core.durablePosition
        )
    }

    /// As `past`, of a directory that is not in use, for the time of `body`. Several readers may do so at once.
    package static func withPast<R>(of storage: any Storage, _ body: (PastSource) throws -> R) throws -> R {
        let lock = try take(storage, .shared)
        defer { lock.release() }
        let contents = try DirectoryContents(of: storage)
        guard !contents.isEmpty else { throw DirectoryError.notFound }
        guard let logStart = contents.segments.map(\.firstPosition).min() else {
            throw DirectoryError.damaged(contents.missingLog)
        }
        return try body(
            PastSource(
                storage: storage,
                id: try contents.directoryID(in: storage),
                segments: contents.segments,
                snapshots: contents.snapshotPositions.filter { logStart <= $0 + 1 },
                lastPosition: .max
            )
        )
    }
}
