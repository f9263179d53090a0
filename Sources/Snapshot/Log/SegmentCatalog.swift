// The files of the log: which segments there are, the spares that the next ones are made from, and the reserve.
//
// - `spare-…`: files of full size whose blocks are written, so that syncs of the segment made from one flush data and no
//   metadata. Their content is never trusted: zeros, or groups of an earlier life with lower positions.
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

    static let reserveName = "reserve"
    static let newSegmentName = "segment.tmp"
    /// What zeros are written to. Only one file is made at a time.
    static let temporaryName = "spare.tmp"
    /// Enough for a header, a group of ordinary size written again, a seal and some thousand small groups.
    static let reserveBytes = 1 << 20
    /// A snapshot frees at least two segments at once, which the log needs again before the next snapshot: kept, they
    /// spare the disk the zeros. Four are 256 MiB.
    static let spareLimit = 4
    /// Zeros that are written beside a running log are synced in pieces, so that a commit waits for one of them at most:
    /// 2 to 5 ms, instead of the 0.2 s of a whole segment.
    private static let gentlePieceBytes = 1 << 20

    private let state: Monitor<State>

    fileprivate struct State {
        var segments: [SegmentName] = []
        /// Names of those that are durable.
        var spares: [String] = []
        /// Someone is making a spare from nothing.
        var isPreparing = false
        var spareNumber: UInt64 = 0
    }

    init(storage: any Storage, directory: DirectoryID, segmentBytes: Int, usesThreads: Bool) {
        self.storage = storage
        self.directory = directory
        self.segmentBytes = segmentBytes
        self.usesThreads = usesThreads
        state = Monitor(State())
    }

    var segments: [SegmentName] { state.withLock { $0.segments } }

    var firstSpare: String? { state.withLock { $0.spares.first } }

    /// Takes over what is on the disk. Call once, before any other call.
    func adopt(segments: [SegmentName], spares: [String]) {
        state.withLock {
            $0.segments = LogScanner.ordered(segments)
            $0.spares = spares
            $0.spareNumber = (spares.compactMap(SegmentCatalog.spareNumber(of:)).max() ?? 0) &+ 1
        }
    }

    static func spareNumber(of fileName: String) -> UInt64? {
        fileName.hasPrefix("spare-") ? parseHexadecimal(fileName.dropFirst(6), digits: 16) : nil
    }

    /// Says that a spare got another name.
    func removeSpare(_ name: String) { state.withLock { $0.spares.removeAll { $0 == name } } }

    func add(_ name: SegmentName) { state.withLock { $0.segments.append(name) } }

    // MARK: The spares

    /// Begins to make a spare beside the caller where there is none. Failure shows later, when one is needed.
    func prepareAhead() {
        guard usesThreads, let name = state.withLock({ $0.beginSpare() }) else { return }
        startThread { [self] in
            do throws(DirectoryError) {
                try makeSpare(name, pieceBytes: SegmentCatalog.gentlePieceBytes)
                finishPreparing(name)
            } catch {
                finishPreparing(nil)
            }
        }
    }

    /// Returns when there is a spare. Throws `.diskFull` without trying where the space is missing.
    func ensureSpare() throws(DirectoryError) {
        let toMake = state.wait(for: .progress) { state -> String?? in
            if !state.spares.isEmpty { return .some(nil) }
            if state.isPreparing { return nil }
            return .some(state.beginSpare())
        }
        guard let toMake else { return }
        do throws(DirectoryError) {
            try makeSpare(toMake, pieceBytes: segmentBytes)
        } catch {
            finishPreparing(nil)
            throw error
        }
        finishPreparing(toMake)
    }

    /// Returns when no spare is in the making.
    func waitUntilIdle() {
        state.wait(for: .progress) { $0.isPreparing ? nil : () }
    }

    private func finishPreparing(_ name: String?) {
        state.withLock { state in
            if let name { state.spares.append(name) }
            state.isPreparing = false
        }
        state.wakeAll(.progress)
    }

    private func makeSpare(_ name: String, pieceBytes: Int) throws(DirectoryError) {
        do throws(StorageError) {
            let free = try storage.freeBytes()
            guard free >= UInt64(segmentBytes) else { throw .outOfSpace(file: name, operation: "prepare") }
            try SegmentCatalog.makeFile(name, bytes: segmentBytes, pieceBytes: pieceBytes, in: storage)
        } catch {
            guard case .outOfSpace = error else { throw .storage(error) }
            throw .diskFull(neededBytes: UInt64(segmentBytes), freeBytes: (try? storage.freeBytes()) ?? 0)
        }
    }

    /// Makes a durable file of zeros; where that fails, leaves none. It gets its name only after its sync: a file whose
    /// sync failed may look whole and lack bytes on the disk for ever.
    static func makeFile(
        _ name: String,
        bytes: Int,
        pieceBytes: Int = .max,
        in storage: any Storage
    ) throws(StorageError) {
        let file = try storage.open(temporaryName, creating: true)
        do throws(StorageError) {
            try file.truncate(to: 0)
            var size = 0
            while size < bytes {
                size += min(pieceBytes, bytes - size)
                try file.zeroFill(to: UInt64(size))
                try file.sync()
            }
            try storage.rename(temporaryName, to: name)
            try storage.syncDirectory()
        } catch {
            try? storage.remove(temporaryName)
            throw error
        }
    }

    // MARK: Segments

    /// Makes the next segment of this epoch from a spare. One caller at a time: the writer.
    func openNext(
        epoch: UInt32,
        firstPosition: UInt64,
        previousHash: SHA256Digest
    ) throws(DirectoryError) -> (name: SegmentName, file: any StorageFile) {
        try ensureSpare()
        guard let spare = firstSpare else { throw .closed }
        let header = SegmentHeader(
            directory: directory,
            epoch: epoch,
            firstPosition: firstPosition,
            previousHash: previousHash,
            segmentBytes: UInt64(segmentBytes)
        )
        let name = SegmentName(firstPosition: firstPosition, epoch: epoch)
        do throws(StorageError) {
            let file = try storage.open(spare, creating: false)
            let sector = AlignedMemory(byteCount: LogFormat.sectorBytes)
            header.encode(into: sector.bytes)
            try file.write(UnsafeRawBufferPointer(sector.bytes), at: 0)
            try file.sync()
            try storage.rename(spare, to: name.fileName)
            try storage.syncDirectory()
            state.withLock { state in
                // A segment that holds no group yet is replaced by one of the same name, where its first group is too
                // large for it (it was made from the reserve).
                if state.segments.last != name { state.segments.append(name) }
                state.spares.removeAll { $0 == spare }
            }
            return (name, file)
        } catch {
            throw .storage(error)
        }
    }

    /// Removes the segments that hold nothing after `position`, and those that hold nothing at all; some of full size
    /// become spares. Whatever a power cut leaves of this is leftovers, which no reader needs.
    func retire(through position: UInt64) throws(DirectoryError) {
        let retired = state.withLock { $0.takeRetired(through: position) }
        guard !retired.isEmpty else { return }
        var spares: [String] = []
        do throws(StorageError) {
            for name in retired {
                let isReusable = try storage.openForReading(name.fileName).size() == UInt64(segmentBytes)
                if isReusable, let spare = state.withLock({ $0.nameForSpare(beside: spares.count) }) {
                    try storage.rename(name.fileName, to: spare)
                    spares.append(spare)
                } else {
                    try storage.remove(name.fileName)
                }
            }
            // Before any of them counts as a spare: otherwise a power cut could leave the old name on a file that has a
            // new header. Removals alone need not be durable.
            if !spares.isEmpty { try storage.syncDirectory() }
        } catch {
            throw .storage(error)
        }
        state.withLock { $0.spares += spares }
        state.wakeAll(.progress)
    }
}

extension SegmentCatalog.State {
    /// Claims the making of a spare and names it; nil where there is one or someone else makes it.
    fileprivate mutating func beginSpare() -> String? {
        guard spares.isEmpty, !isPreparing else { return nil }
        isPreparing = true
        return nextSpareName()
    }

    fileprivate mutating func nameForSpare(beside others: Int) -> String? {
        spares.count + others < SegmentCatalog.spareLimit ? nextSpareName() : nil
    }

    private mutating func nextSpareName() -> String {
        defer { spareNumber &+= 1 }
        return "spare-" + hexadecimal(spareNumber, digits: 16)
    }

    fileprivate mutating func takeRetired(through position: UInt64) -> [SegmentName] {
        let kept = segments.lastIndex { $0.firstPosition <= position &+ 1 } ?? 0
        var retired: [SegmentName] = []
        var remaining: [SegmentName] = []
        for (index, name) in segments.enumerated() {
            // A segment whose successor begins at the same position holds nothing, wherever it stands.
            let isSuperseded = index + 1 < segments.count && segments[index + 1].firstPosition == name.firstPosition
            if index < kept || isSuperseded { retired.append(name) } else { remaining.append(name) }
        }
        segments = remaining
        return retired
    }
}
