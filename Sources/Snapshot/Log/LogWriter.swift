// Appends groups to the log, one at a time: append, sync, and only then the next. No threads, no clock.
//
// That a frame is written only after the one before it was synced is what lets a reader tell a torn tail from damage.
// After any failure nothing is known about the disk: the writer stays halted, and the directory has to be opened anew.

package struct LogWriter: ~Copyable {
    private let catalog: SegmentCatalog
    private let checksumSeed: UInt32
    package let epoch: UInt32
    private var segment: SegmentName
    private var file: any StorageFile
    package private(set) var segmentBytes: Int
    /// Where the next frame goes.
    package private(set) var offset: Int
    /// The position that the next group begins with.
    package private(set) var nextPosition: UInt64
    /// The hash of the last group.
    package private(set) var chain: SHA256Digest
    private var isSealed: Bool
    /// Between `append` and `sync`.
    private var hasUnsynced = false
    private var failure: StorageError?
    /// The group that is being written; swapped with the one that fills.
    var group = GroupBuffer()

    /// Continues a segment that recovery, or the directory's creation, has just made durable.
    init(
        catalog: SegmentCatalog,
        segment: SegmentName,
        file: any StorageFile,
        segmentBytes: Int,
        offset: Int,
        nextPosition: UInt64,
        chain: SHA256Digest,
        isSealed: Bool
    ) {
        self.catalog = catalog
        checksumSeed = catalog.directory.checksumSeed
        epoch = segment.epoch
        self.segment = segment
        self.file = file
        self.segmentBytes = segmentBytes
        self.offset = offset
        self.nextPosition = nextPosition
        self.chain = chain
        self.isSealed = isSealed
    }

    /// Whether a frame of so many bytes fits at an offset of a segment; one sector is always left for a seal.
    static func fits(frameBytes: Int, at offset: Int, segmentBytes: Int) -> Bool {
        offset + frameBytes + LogFormat.sectorBytes <= segmentBytes
    }

    /// Writes `group`, in a new segment where it does not fit in this one. Not durable before `sync`.
    mutating func append() throws(DirectoryError) {
        try requireWorking()
        precondition(!hasUnsynced && group.entryCount > 0, "a group is appended after the one before it was synced")
        let frameBytes = roundedUpToSector(LogFormat.frameHeaderBytes + group.payloadBytes)
        if !LogWriter.fits(frameBytes: frameBytes, at: offset, segmentBytes: segmentBytes) { try rotate() }
        try write(.group)
    }

    /// Makes the appended group durable and advances the positions. The group's bytes stay until `finishGroup`.
    mutating func sync() throws(DirectoryError) {
        try requireWorking()
        try halting { [file] () throws(StorageError) in try file.sync() }
        hasUnsynced = false
        nextPosition += UInt64(group.entryCount)
    }

    /// Hashes the group that was synced and forgets its bytes. Apart from `sync`, so that whoever waits for the group
    /// does not wait for its hash, which only the next frame needs.
    mutating func finishGroup() {
        chain = SHA256Digest(of: group.hashed)
        group.removeAll()
    }

    /// Proves on the disk that everything so far is durable. Does nothing where that is proven already.
    mutating func seal() throws(DirectoryError) {
        guard !isSealed else { return }
        try requireWorking()
        group.removeAll()
        try write(.seal)
        try halting { [file] () throws(StorageError) in try file.sync() }
        hasUnsynced = false
        isSealed = true
    }

    private mutating func write(_ kind: FrameHeader.Kind) throws(DirectoryError) {
        group.finishFrame(
            kind: kind,
            epoch: epoch,
            previousHash: chain,
            firstPosition: nextPosition,
            checksumSeed: checksumSeed
        )
        let frame = group.frame
        hasUnsynced = true
        isSealed = false
        try halting { [file, offset] () throws(StorageError) in try file.write(sectors: frame, at: UInt64(offset)) }
        offset += frame.count
    }

    private mutating func rotate() throws(DirectoryError) {
        do throws(DirectoryError) {
            (segment, file) = try catalog.openNext(epoch: epoch, firstPosition: nextPosition, previousHash: chain)
        } catch {
            // Space was reserved before anything was executed, so that this is a failing disk, or a caller who did not
            // reserve: the group cannot be written and must not be skipped.
            let cause: StorageError
            if case .storage(let inner) = error {
                cause = inner
            } else {
                cause = .outOfSpace(file: "spare", operation: "prepare")
            }
            failure = cause
            throw .halted(cause)
        }
        segmentBytes = catalog.segmentBytes
        offset = LogFormat.sectorBytes
        isSealed = false
    }

    private mutating func halting(_ body: () throws(StorageError) -> Void) throws(DirectoryError) {
        do throws(StorageError) {
            try body()
        } catch {
            failure = error
            throw .halted(error)
        }
    }

    private func requireWorking() throws(DirectoryError) {
        if let failure { throw .halted(failure) }
    }
}
