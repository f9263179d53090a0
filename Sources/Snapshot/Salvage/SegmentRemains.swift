// What can be read of one log segment, however damaged: every group whose header and payload are intact, wherever it stands.
//
// A recovery stops at the first place where no group stands; this goes on, sector by sector, to the next one. It takes nothing
// on trust: a group counts where both its checksums match (the header's begins with the directory's id, so that bytes of a
// payload cannot pass for one), its epoch is its segment's and its positions lie where the segment's are.

/// A group that was read whole.
struct FoundGroup {
    var segment: SegmentName
    var offset: Int
    var firstPosition: UInt64
    var lastPosition: UInt64
    var previousHash: SHA256Digest
    var hash: SHA256Digest
}

/// Positions of a segment that no intact group holds.
struct MissingEntries {
    var segment: SegmentName
    var offset: Int
    var firstPosition: UInt64
    var lastPosition: UInt64
    var what: String
}

struct SegmentRemains {
    private(set) var groups: [FoundGroup] = []
    private(set) var missing: [MissingEntries] = []
    /// What is wrong with the file; entries that it cost are among the missing ones.
    private(set) var flaws: [Damage] = []
    /// Signs that there was more behind the end.
    private(set) var lostEnds: [Damage] = []
    /// An incomplete group at the log's end, as recovery would cut it.
    private(set) var tornTail: TornTail?
    private let name: SegmentName
    /// The first position that counts in the next segment; nil in the last one.
    private let end: UInt64?

    /// Reads a segment.
    init(_ name: SegmentName, upTo end: UInt64?, in storage: any Storage, directory: DirectoryID) {
        self.name = name
        self.end = end
        let bytes = SalvagedBytes(of: name.fileName, in: storage)
        if let failure = bytes.failure { flaws.append(flaw(bytes.firstUnread, "\(failure)")) }
        let hasHeader = readHeader(bytes, directory)
        let isSealed = readFrames(bytes, seed: directory.checksumSeed)
        // Only the header knows how long the file should be, and only a seal that the log had come to rest.
        if end == nil, !hasHeader, !isSealed {
            lostEnds.append(lostEnd(bytes.all.count, "without its header it cannot be told whether the file was cut"))
        }
    }

    private func flaw(_ offset: Int, _ what: String) -> Damage {
        let consequence = "what else stands in this file was read all the same"
        return Damage(file: name.fileName, offset: UInt64(offset), what: what, consequence: consequence)
    }

    private func lostEnd(_ offset: Int, _ what: String) -> Damage {
        let consequence = "entries behind what was read are lost, it cannot be told how many"
        return Damage(file: name.fileName, offset: UInt64(offset), what: what, consequence: consequence)
    }

    /// Whether there is one.
    private mutating func readHeader(_ bytes: SalvagedBytes, _ directory: DirectoryID) -> Bool {
        let all = bytes.all
        switch SegmentHeader.decode(all.part(0..<min(all.count, LogFormat.sectorBytes))) {
        case .success(let header):
            if header.directory != directory {
                flaws.append(flaw(0, "the file belongs to data directory \(header.directory)"))
            }
            if UInt64(all.count) < header.segmentBytes, end == nil {
                lostEnds.append(lostEnd(all.count, "the file was cut; it was \(header.segmentBytes) bytes long"))
            }
            return true
        case .failure:
            flaws.append(flaw(0, "the header of the segment is damaged"))
            return false
        }
    }

    /// Whether a seal is the last thing that stands there.
    private mutating func readFrames(_ bytes: SalvagedBytes, seed: UInt32) -> Bool {
        let all = bytes.all
        var expected = name.firstPosition
        var offset = LogFormat.sectorBytes
        var isSealed = false
        var bad: (offset: Int, what: String, isTorn: Bool)?
        while offset < all.count, expected < end ?? .max {
            let (frame, what) = SegmentRemains.frame(all, at: offset, name.epoch, from: expected, end, seed)
            guard let frame else {
                if bad == nil { bad = (offset, what, what != SegmentRemains.nothing) }
                offset += LogFormat.sectorBytes
                continue
            }
            if frame.firstPosition > expected {
                note(expected, frame.firstPosition - 1, bad?.offset ?? offset, bad?.what ?? "groups are missing")
            }
            bad = nil
            expected = frame.firstPosition
            isSealed = frame.kind == .seal
            if frame.kind == .group {
                let last = frame.firstPosition + UInt64(frame.entryCount) - 1
                let hashed = all.part(
                    offset + LogFormat.hashedFrom..<offset + LogFormat.frameHeaderBytes + Int(frame.payloadBytes)
                )
                groups.append(
                    FoundGroup(
                        segment: name,
                        offset: offset,
                        firstPosition: frame.firstPosition,
                        lastPosition: last,
                        previousHash: frame.previousHash,
                        hash: SHA256Digest(of: hashed)
                    )
                )
                expected = last + 1
            }
            offset += frame.frameBytes
        }
        if let end {
            if expected < end { note(expected, end - 1, bad?.offset ?? offset, bad?.what ?? "the file ends here") }
        } else if let bad, bad.isTorn {
            tornTail = TornTail(file: name.fileName, offset: UInt64(bad.offset), position: expected, what: bad.what)
            isSealed = false
        }
        return isSealed
    }

    private mutating func note(_ first: UInt64, _ last: UInt64, _ offset: Int, _ what: String) {
        missing.append(
            MissingEntries(segment: name, offset: offset, firstPosition: first, lastPosition: last, what: what)
        )
    }

    private static let nothing = "no group stands here"

    /// The frame at an offset where it is intact and counts; otherwise what stands there.
    private static func frame(
        _ all: UnsafeRawBufferPointer,
        at offset: Int,
        _ epoch: UInt32,
        from expected: UInt64,
        _ end: UInt64?,
        _ seed: UInt32
    ) -> (FrameHeader?, String) {
        guard all.count - offset >= LogFormat.frameHeaderBytes else { return (nil, nothing) }
        let start = all.part(offset..<offset + LogFormat.frameHeaderBytes)
        guard let header = FrameHeader.decode(start, checksumSeed: seed) else {
            let isLike = start.load(0, as: UInt64.self) == LogFormat.frameMagic
            return (nil, isLike ? "the group's header is damaged" : nothing)
        }
        // Of an earlier life of the file, or beyond what counts of it.
        guard header.epoch == epoch, header.firstPosition >= expected, header.firstPosition < end ?? .max else {
            return (nil, nothing)
        }
        if header.kind == .seal { return (header.payloadBytes == 0 ? header : nil, nothing) }
        let size = LogFormat.frameHeaderBytes + Int(header.payloadBytes)
        guard all.count - offset >= size else { return (nil, "the group's payload ends beyond the file") }
        let payload = all.part(offset + LogFormat.frameHeaderBytes..<offset + size)
        guard crc32c(payload) == header.payloadChecksum else { return (nil, "the payload's checksum does not match") }
        let (following, overflow) = header.firstPosition.addingReportingOverflow(UInt64(header.entryCount))
        guard !overflow, header.entryCount > 0, following <= end ?? .max, entries(payload, header.entryCount) != nil
        else {
            return (nil, "the entries do not fill their group")
        }
        return (header, "")
    }

    /// The entries of a payload, where it is made of exactly so many.
    static func entries(_ payload: UnsafeRawBufferPointer, _ count: UInt32) -> [UnsafeRawBufferPointer]? {
        var entries: [UnsafeRawBufferPointer] = []
        var cursor = 0
        while cursor < payload.count {
            guard payload.count - cursor >= 4 else { return nil }
            let length = Int(payload.load(cursor, as: UInt32.self))
            cursor += 4
            guard length <= payload.count - cursor else { return nil }
            entries.append(payload.part(cursor..<cursor + length))
            cursor += length
        }
        return entries.count == Int(count) ? entries : nil
    }
}

/// A whole file in memory; sectors that the disk does not give are zeros.
final class SalvagedBytes {
    private let memory: AlignedMemory
    private(set) var count = 0
    /// The first refusal.
    private(set) var failure: StorageError?
    private(set) var firstUnread = 0

    var all: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory.bytes.part(0..<count)) }

    /// Segments are not larger; whatever is, is not read further.
    private static let bytesMax = 1 << 30
    private static let pieceBytes = 1 << 20

    init(of name: String, in storage: any Storage) {
        do throws(StorageError) {
            let file = try storage.openForReading(name)
            let size = Int(clamping: min(try file.size(), UInt64(SalvagedBytes.bytesMax)))
            memory = AlignedMemory(byteCount: max(size, LogFormat.sectorBytes))
            memory.bytes.zero(0..<memory.bytes.count)
            read(file, 0..<size, step: SalvagedBytes.pieceBytes)
            count = size
        } catch {
            memory = AlignedMemory(byteCount: LogFormat.sectorBytes)
            failure = error
        }
    }

    /// In pieces, and where one fails by sectors.
    private func read(_ file: any StorageFile, _ range: Range<Int>, step: Int) {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
            let piece = start..<min(start + step, range.upperBound)
            do throws(StorageError) {
                _ = try file.read(into: memory.bytes.part(piece), at: UInt64(start))
            } catch {
                guard step == LogFormat.sectorBytes else {
                    read(file, piece, step: LogFormat.sectorBytes)
                    continue
                }
                if failure == nil { (failure, firstUnread) = (error, start) }
            }
        }
    }
}
