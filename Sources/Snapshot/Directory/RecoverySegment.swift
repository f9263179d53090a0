// The segment that a recovery begins: header, the group that nothing proves to be on the disk, and a seal. It is built
// under a temporary name and appears, with all of that durable, in one rename.
//
// Why the group is written again: a process that is killed, or whose sync failed, may leave in the page cache what the
// disk lacks. It was just read, so it counts from now on, so it must not be able to vanish.

struct RecoverySegment {
    let catalog: SegmentCatalog
    let scan: LogScanResult
    private(set) var hasReserve: Bool
    private var storage: any Storage { catalog.storage }

    /// A new segment's bytes: room for a thousand small groups, until a spare is there.
    private static let newBytes = 1 << 20

    init(catalog: SegmentCatalog, scan: LogScanResult, hasReserve: Bool) {
        self.catalog = catalog
        self.scan = scan
        self.hasReserve = hasReserve
    }

    /// Makes the segment durable and returns the writer that continues it.
    mutating func make() throws(DirectoryError) -> LogWriter {
        var relogged = GroupBuffer()
        if let unproven = scan.unproven { try load(unproven, into: &relogged) }
        let frameBytes = relogged.entryCount > 0 ? relogged.frame.count : 0
        // Header, group, seal, and the sector that a segment always keeps for its next seal.
        let neededBytes = 3 * LogFormat.sectorBytes + frameBytes
        let (file, segmentBytes) = try acquireFile(neededBytes: neededBytes)

        let epoch = try nextEpoch()
        let firstPosition = scan.unproven?.firstPosition ?? scan.nextPosition
        let previousHash = scan.unproven?.previousHash ?? scan.chain
        let header = SegmentHeader(
            directory: catalog.directory,
            epoch: epoch,
            firstPosition: firstPosition,
            previousHash: previousHash,
            segmentBytes: UInt64(segmentBytes)
        )
        let name = SegmentName(firstPosition: firstPosition, epoch: epoch)
        let seed = catalog.directory.checksumSeed
        var offset = LogFormat.sectorBytes
        do throws(StorageError) {
            let sector = AlignedMemory(byteCount: LogFormat.sectorBytes)
            header.encode(into: sector.bytes)
            try file.write(UnsafeRawBufferPointer(sector.bytes), at: 0)
            if frameBytes > 0 {
                relogged.finishFrame(
                    kind: .group,
                    epoch: epoch,
                    previousHash: previousHash,
                    firstPosition: firstPosition,
                    checksumSeed: seed
                )
                try file.write(sectors: relogged.frame, at: UInt64(offset))
                offset += frameBytes
            }
            var seal = GroupBuffer()
            seal.finishFrame(
                kind: .seal,
                epoch: epoch,
                previousHash: scan.chain,
                firstPosition: scan.nextPosition,
                checksumSeed: seed
            )
            try file.write(sectors: seal.frame, at: UInt64(offset))
            offset += seal.frame.count
            try file.sync()
            try storage.rename(SegmentCatalog.newSegmentName, to: name.fileName)
            try storage.syncDirectory()
        } catch {
            throw .storage(error)
        }
        catalog.add(name)
        return LogWriter(
            catalog: catalog,
            segment: name,
            file: file,
            segmentBytes: segmentBytes,
            offset: offset,
            nextPosition: scan.nextPosition,
            chain: scan.chain,
            isSealed: true
        )
    }

    private func nextEpoch() throws(DirectoryError) -> UInt32 {
        let last = catalog.segments.map(\.epoch).max() ?? 0
        guard last < .max else {
            throw .damaged(
                Damage(
                    file: scan.lastSegment.fileName,
                    offset: 0,
                    what: "epoch \(last) is the last there is",
                    consequence: "the log cannot be continued"
                )
            )
        }
        return last + 1
    }

    /// The group's entries, once more from the file: they were checked a moment ago, and are checked again.
    private func load(_ unproven: UnprovenGroup, into buffer: inout GroupBuffer) throws(DirectoryError) {
        let reader = try SegmentReader(unproven.segment, in: storage, directory: catalog.directory)
        let outcome = try reader.frame(
            at: unproven.offset,
            position: unproven.firstPosition,
            chain: unproven.previousHash
        )
        guard case .frame(let header, let frame) = outcome, Int(header.payloadBytes) == unproven.payloadBytes,
            SHA256Digest(of: frame.part(LogFormat.hashedFrom..<frame.count)) == scan.chain
        else {
            throw .damaged(
                Damage(
                    file: unproven.segment.fileName,
                    offset: UInt64(unproven.offset),
                    what: "the last group reads differently the second time",
                    consequence: "the disk does not hold what it is given"
                )
            )
        }
        buffer.append(frame.part(LogFormat.frameHeaderBytes..<frame.count), count: unproven.entryCount)
    }

    /// A file of the temporary name: a new one, or a spare, or on a full disk the reserve.
    ///
    /// A new one is small, because whoever starts waits for its zeros and its sync, and the next start searches it for
    /// damage to its end: 64 MiB are 70 ms and 10 ms. It need not be synced here: it gets a segment's name only after the
    /// one sync that follows its header, and without that it is a leftover.
    private mutating func acquireFile(neededBytes: Int) throws(DirectoryError) -> (any StorageFile, bytes: Int) {
        let wanted = max(min(RecoverySegment.newBytes, catalog.segmentBytes), roundedUpToSector(neededBytes))
        do throws(StorageError) {
            // A spare is synced already; one that is larger than what is wanted waits for when the log has grown.
            if wanted == catalog.segmentBytes, let spare = catalog.firstSpare { return (try take(spare), wanted) }
            do throws(StorageError) {
                guard try storage.freeBytes() >= UInt64(wanted) else {
                    throw .outOfSpace(file: SegmentCatalog.newSegmentName, operation: "prepare")
                }
                return (try makeFile(bytes: wanted), wanted)
            } catch {
                guard case .outOfSpace = error else { throw error }
                if wanted <= catalog.segmentBytes, let spare = catalog.firstSpare {
                    return (try take(spare), catalog.segmentBytes)
                }
                guard hasReserve else { throw error }
                let bytes = Int(clamping: try storage.openForReading(SegmentCatalog.reserveName).size())
                let usable = bytes / LogFormat.sectorBytes * LogFormat.sectorBytes
                guard usable >= neededBytes else { throw error }
                hasReserve = false
                return (try adopt(SegmentCatalog.reserveName), usable)
            }
        } catch {
            guard case .outOfSpace = error else { throw .storage(error) }
            throw .diskFull(neededBytes: UInt64(wanted), freeBytes: (try? storage.freeBytes()) ?? 0)
        }
    }

    private func take(_ spare: String) throws(StorageError) -> any StorageFile {
        let file = try adopt(spare)
        catalog.removeSpare(spare)
        return file
    }

    /// A file of zeros; where that fails, none.
    private func makeFile(bytes: Int) throws(StorageError) -> any StorageFile {
        let file = try storage.open(SegmentCatalog.newSegmentName, creating: true)
        do throws(StorageError) {
            try file.truncate(to: 0)
            try file.zeroFill(to: UInt64(bytes))
            return file
        } catch {
            try? storage.remove(SegmentCatalog.newSegmentName)
            throw error
        }
    }

    /// Gives a file the temporary name, durably before a byte of it changes. Otherwise a crash could leave groups of this
    /// epoch in a file called a spare; the next recovery, which gets the same epoch, would take it, and what was lost in
    /// between could rise from it.
    private func adopt(_ name: String) throws(StorageError) -> any StorageFile {
        try storage.rename(name, to: SegmentCatalog.newSegmentName)
        try storage.syncDirectory()
        return try storage.open(SegmentCatalog.newSegmentName, creating: false)
    }
}
