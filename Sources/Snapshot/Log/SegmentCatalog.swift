// The files of the log: which segments there are, the spare that the next one is made from, and the reserve.
//
// - `spare`: a file of full size whose blocks are written, so that syncs of the segment made from it flush data and no
//   metadata. Its content is never trusted: zeros, or groups of an earlier life with lower positions.
// - `reserve`: a small one, touched only when a recovery finds the disk full, so that a full disk can be opened, read
//   and cleaned.
//
// A segment comes into being in an order that no power cut can break: header, sync, rename, sync of the directory, and
// only then the first group. So a file with a segment's name always has its right header.

package final class SegmentCatalog: Sendable {
    let storage: any Storage
    let directory: DirectoryID
    /// Size of new segments.
    let segmentBytes: Int
    /// Whether spares are made on a thread of their own, or by whoever needs one.
    let usesThreads: Bool

    static let spareName = "spare"
    static let reserveName = "reserve"
    static let newSegmentName = "segment.tmp"
    /// Enough for a header, a group of ordinary size written again, a seal and some thousand small groups.
    static let reserveBytes = 1 << 20

    private let state: Monitor<State>

    fileprivate struct State {
        var segments: [SegmentName] = []
        var spare = Spare.none
    }

    fileprivate enum Spare: Equatable {
        case none
        /// Someone is making it: a thread, or a retirement that renames a segment.
        case preparing
        case ready
    }

    init(storage: any Storage, directory: DirectoryID, segmentBytes: Int, usesThreads: Bool) {
        self.storage = storage
        self.directory = directory
        self.segmentBytes = segmentBytes
        self.usesThreads = usesThreads
        state = Monitor(State())
    }

    var segments: [SegmentName] { state.withLock { $0.segments } }

    var hasSpare: Bool { state.withLock { $0.spare == .ready } }

    /// Takes over what is on the disk. Call once, before any other call.
    func adopt(segments: [SegmentName], hasSpare: Bool) {
        state.withLock {
            $0.segments = LogScanner.ordered(segments)
            $0.spare = hasSpare ? .ready : .none
        }
    }

    func add(_ name: SegmentName) { state.withLock { $0.segments.append(name) } }

    // MARK: The spare

    /// Begins to make a spare beside the caller where there is none. Failure shows later, when one is needed.
    func prepareAhead() {
        guard usesThreads, state.withLock({ State.begin(&$0) }) else { return }
        startThread { [self] in
            do throws(DirectoryError) {
                try makeSpare()
                finishPreparing(true)
            } catch {
                finishPreparing(false)
            }
        }
    }

    /// Returns when there is a spare. Throws `.diskFull` without trying where the space is missing.
    func ensureSpare() throws(DirectoryError) {
        let mustMake = state.wait(for: .progress) { state -> Bool? in
            switch state.spare {
            case .preparing: return nil
            case .ready: return false
            case .none: return State.begin(&state)
            }
        }
        guard mustMake else { return }
        do throws(DirectoryError) {
            try makeSpare()
        } catch {
            finishPreparing(false)
            throw error
        }
        finishPreparing(true)
    }

    /// Returns when no spare is in the making.
    func waitUntilIdle() {
        state.wait(for: .progress) { $0.spare == .preparing ? nil : () }
    }

    private func finishPreparing(_ succeeded: Bool) {
        state.withLock { $0.spare = succeeded ? .ready : .none }
        state.wakeAll(.progress)
    }

    private func makeSpare() throws(DirectoryError) {
        do throws(StorageError) {
            let free = try storage.freeBytes()
            guard free >= UInt64(segmentBytes) else {
                throw .outOfSpace(file: SegmentCatalog.spareName, operation: "prepare")
            }
            try SegmentCatalog.makeFile(SegmentCatalog.spareName, bytes: segmentBytes, in: storage)
        } catch {
            throw directoryError(error)
        }
    }

    private func directoryError(_ error: StorageError) -> DirectoryError {
        guard case .outOfSpace = error else { return .storage(error) }
        return .diskFull(neededBytes: UInt64(segmentBytes), freeBytes: (try? storage.freeBytes()) ?? 0)
    }

    /// Makes a synced file of zeros; where that fails, leaves none.
    static func makeFile(_ name: String, bytes: Int, in storage: any Storage) throws(StorageError) {
        let file = try storage.open(name, creating: true)
        do throws(StorageError) {
            try file.zeroFill(to: UInt64(bytes))
            try file.sync()
            try storage.syncDirectory()
        } catch {
            try? storage.remove(name)
            throw error
        }
    }

    // MARK: Segments

    /// Makes the next segment of this epoch from the spare.
    func openNext(
        epoch: UInt32,
        firstPosition: UInt64,
        previousHash: SHA256Digest
    ) throws(DirectoryError) -> (name: SegmentName, file: any StorageFile) {
        try ensureSpare()
        let header = SegmentHeader(
            directory: directory,
            epoch: epoch,
            firstPosition: firstPosition,
            previousHash: previousHash,
            segmentBytes: UInt64(segmentBytes)
        )
        let name = SegmentName(firstPosition: firstPosition, epoch: epoch)
        do throws(StorageError) {
            let file = try storage.open(SegmentCatalog.spareName, creating: false)
            let sector = AlignedMemory(byteCount: LogFormat.sectorBytes)
            header.encode(into: sector.bytes)
            try file.write(UnsafeRawBufferPointer(sector.bytes), at: 0)
            try file.sync()
            try storage.rename(SegmentCatalog.spareName, to: name.fileName)
            try storage.syncDirectory()
            state.withLock {
                // A segment that holds no group yet is replaced by one of the same name, where its first group is too
                // large for it (it was made from the reserve).
                if $0.segments.last != name { $0.segments.append(name) }
                $0.spare = .none
            }
            return (name, file)
        } catch {
            throw .storage(error)
        }
    }

    /// Removes the segments that hold nothing after `position`, and those that hold nothing at all; the first of full size becomes the spare where there is
    /// none. Whatever a power cut leaves of this is leftovers, which no reader needs.
    func retire(through position: UInt64) throws(DirectoryError) {
        let (retired, mayRecycle) = state.withLock { state -> ([SegmentName], Bool) in
            let kept = state.segments.lastIndex { $0.firstPosition <= position &+ 1 } ?? 0
            // A segment whose successor begins at the same position holds nothing, wherever it stands.
            var retired: [SegmentName] = []
            var remaining: [SegmentName] = []
            for (index, name) in state.segments.enumerated() {
                let isSuperseded =
                    index + 1 < state.segments.count && state.segments[index + 1].firstPosition == name.firstPosition
                if index < kept || isSuperseded { retired.append(name) } else { remaining.append(name) }
            }
            state.segments = remaining
            guard !retired.isEmpty, state.spare == .none else { return (retired, false) }
            state.spare = .preparing
            return (retired, true)
        }
        var hasSpare = false
        defer { if mayRecycle { finishPreparing(hasSpare) } }
        do throws(StorageError) {
            for name in retired {
                if mayRecycle, !hasSpare, try recycle(name) {
                    hasSpare = true
                } else {
                    try storage.remove(name.fileName)
                }
            }
            if !retired.isEmpty { try storage.syncDirectory() }
        } catch {
            throw .storage(error)
        }
    }

    /// The directory is synced before the file counts as a spare: otherwise a power cut could leave the old name on a
    /// file that has a new header.
    private func recycle(_ name: SegmentName) throws(StorageError) -> Bool {
        guard try storage.openForReading(name.fileName).size() == UInt64(segmentBytes) else { return false }
        try storage.rename(name.fileName, to: SegmentCatalog.spareName)
        try storage.syncDirectory()
        return true
    }
}

extension SegmentCatalog.State {
    /// Claims the making of a spare; false where there is one or someone else makes it.
    fileprivate static func begin(_ state: inout Self) -> Bool {
        guard state.spare == .none else { return false }
        state.spare = .preparing
        return true
    }
}
