// Reads one segment frame by frame, in large pieces, and believes nothing: every length is compared with the file before
// memory is touched or allocated.

/// What stands where a frame is expected.
enum FrameOutcome {
    /// A whole frame: header and payload, valid until the next call.
    case frame(FrameHeader, UnsafeRawBufferPointer)
    /// Nothing of this epoch and position: the end, a stale frame of a recycled file, or a lost header.
    case absent(startsLikeFrame: Bool)
    /// The header is right, the payload is not.
    case torn(String)
    /// Everything is intact, but it continues another history.
    case foreign(String)
}

final class SegmentReader {
    let name: SegmentName
    let header: SegmentHeader
    let fileBytes: Int
    private let file: any StorageFile
    private let checksumSeed: UInt32
    private var memory: AlignedMemory
    private var bufferStart = 0
    private var bufferCount = 0

    /// Reads in pieces of this size: large enough that a system call's microsecond vanishes beside the copy, small enough
    /// that the copy stays in the cache and its memory is not new to the process each time.
    private static let pieceBytes = 256 << 10

    /// Opens a segment and checks its header against its name and its directory (nil takes the directory from it).
    init(_ name: SegmentName, in storage: any Storage, directory: DirectoryID?) throws(DirectoryError) {
        self.name = name
        let fileName = name.fileName
        let size: UInt64
        do throws(StorageError) {
            file = try storage.openForReading(fileName)
            size = try file.size()
        } catch {
            throw .storage(error)
        }
        guard let fileBytes = Int(exactly: size), size < 1 << 40 else {
            throw SegmentReader.damage(fileName, "the file is \(size) bytes long")
        }
        self.fileBytes = fileBytes
        memory = AlignedMemory(byteCount: max(LogFormat.sectorBytes, min(fileBytes, SegmentReader.pieceBytes)))
        do throws(StorageError) {
            bufferCount = try file.read(into: memory.bytes, at: 0)
        } catch {
            throw SegmentReader.unreadable(fileName, 0, error)
        }
        let sector = UnsafeRawBufferPointer(memory.bytes.part(0..<min(bufferCount, LogFormat.sectorBytes)))
        switch SegmentHeader.decode(sector) {
        case .success(let header): self.header = header
        case .failure(.unsupported(let version)): throw .unsupportedFormat(file: fileName, version: version)
        case .failure(.notAHeader): throw SegmentReader.damage(fileName, "this is not the header of a log segment")
        case .failure(.badChecksum): throw SegmentReader.damage(fileName, "the header's checksum does not match")
        }
        guard header.epoch == name.epoch, header.firstPosition == name.firstPosition else {
            throw SegmentReader.damage(fileName, "the header belongs to a file of another name, \(header.fileName)")
        }
        if let directory, header.directory != directory {
            throw SegmentReader.damage(fileName, "the file belongs to data directory \(header.directory)")
        }
        checksumSeed = header.directory.checksumSeed
    }

    private static func damage(_ file: String, _ what: String) -> DirectoryError {
        .damaged(Damage(file: file, offset: 0, what: what, consequence: "the entries in this segment cannot be read"))
    }

    /// What a disk does not give, at the second attempt, is as lost as what it gives wrong.
    private static func unreadable(_ file: String, _ offset: Int, _ error: StorageError) -> DirectoryError {
        guard case .failed = error else { return .storage(error) }
        return .damaged(
            Damage(
                file: file,
                offset: UInt64(offset),
                what: error.description,
                consequence: "what stands in the log from there on cannot be read"
            )
        )
    }

    /// `count` bytes from `offset`, or nil where the file ends before.
    private func bytes(at offset: Int, count: Int) throws(DirectoryError) -> UnsafeRawBufferPointer? {
        guard offset >= 0, count >= 0, count <= fileBytes, offset <= fileBytes - count else { return nil }
        if offset < bufferStart || offset + count > bufferStart + bufferCount {
            if count > memory.bytes.count { memory = AlignedMemory(byteCount: roundedUpToSector(count)) }
            do throws(StorageError) {
                bufferCount = try file.read(into: memory.bytes, at: UInt64(offset))
            } catch {
                bufferCount = 0
                throw SegmentReader.unreadable(name.fileName, offset, error)
            }
            bufferStart = offset
            guard bufferCount >= count else { return nil }
        }
        let start = offset - bufferStart
        return UnsafeRawBufferPointer(memory.bytes.part(start..<start + count))
    }

    /// The frame at `offset`, which has to continue `position` and `chain`.
    func frame(at offset: Int, position: UInt64, chain: SHA256Digest) throws(DirectoryError) -> FrameOutcome {
        guard let start = try bytes(at: offset, count: LogFormat.frameHeaderBytes) else {
            return .absent(startsLikeFrame: false)
        }
        guard let header = FrameHeader.decode(start, checksumSeed: checksumSeed) else {
            return .absent(startsLikeFrame: start.load(0, as: UInt64.self) == LogFormat.frameMagic)
        }
        // The header is what was written; a recycled file holds such headers of its earlier life.
        guard header.epoch == name.epoch, header.firstPosition >= position else {
            return .absent(startsLikeFrame: false)
        }
        guard header.firstPosition == position else {
            return .foreign("a group that begins with position \(header.firstPosition) stands here")
        }
        guard header.previousHash == chain else { return .foreign("the group does not continue the one before it") }
        guard let frame = try bytes(at: offset, count: LogFormat.frameHeaderBytes + Int(header.payloadBytes)) else {
            return .torn("the group's payload ends beyond the file")
        }
        let payload = frame.part(LogFormat.frameHeaderBytes..<frame.count)
        guard crc32c(payload) == header.payloadChecksum else { return .torn("the payload's checksum does not match") }
        return .frame(header, frame)
    }

    /// The offset of the first frame of this epoch from `offset` on that is not older than `position`. Its header is
    /// enough: it was written only after everything before it was synced.
    func laterFrame(from offset: Int, position: UInt64) throws(DirectoryError) -> (offset: Int, header: FrameHeader)? {
        var offset = offset
        while let start = try bytes(at: offset, count: LogFormat.frameHeaderBytes) {
            if start.load(0, as: UInt64.self) == LogFormat.frameMagic,
                let header = FrameHeader.decode(start, checksumSeed: checksumSeed),
                header.epoch == name.epoch, header.firstPosition >= position
            {
                return (offset, header)
            }
            offset += LogFormat.sectorBytes
        }
        return nil
    }
}
