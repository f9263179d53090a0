// The memory of one commit group: entries are copied in while the previous group is written, behind room for the frame's
// header, so that the whole frame goes to the disk in one write without another copy.

/// `@unchecked` because the memory has one owner, which moves between the submitting and the committing thread.
struct GroupBuffer: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var payloadBytes = 0
    private(set) var entryCount = 0

    /// Enough for 400 entries of 150 bytes; it doubles as needed.
    private static let initialBytes = 64 << 10
    /// A buffer that one large batch made bigger than this is given back after use.
    private static let keptBytes = 16 << 20

    init() { memory = .allocate(byteCount: GroupBuffer.initialBytes, alignment: 4096) }

    deinit { memory.deallocate() }

    mutating func append(_ entries: UnsafeRawBufferPointer, count: Int) {
        let start = LogFormat.frameHeaderBytes + payloadBytes
        let needed = roundedUpToSector(start + entries.count)
        if needed > memory.count { grow(to: max(needed, memory.count * 2)) }
        memory.part(start..<start + entries.count).copyMemory(from: entries)
        payloadBytes += entries.count
        entryCount += count
    }

    mutating func removeAll() {
        payloadBytes = 0
        entryCount = 0
        if memory.count > GroupBuffer.keptBytes {
            memory.deallocate()
            memory = .allocate(byteCount: GroupBuffer.initialBytes, alignment: 4096)
        }
    }

    private mutating func grow(to byteCount: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        let used = LogFormat.frameHeaderBytes + payloadBytes
        larger.part(0..<used).copyMemory(from: UnsafeRawBufferPointer(memory.part(0..<used)))
        memory.deallocate()
        memory = larger
    }

    /// Completes the frame: header, and zeros up to the sector's end.
    mutating func finishFrame(
        kind: FrameHeader.Kind,
        epoch: UInt32,
        previousHash: SHA256Digest,
        firstPosition: UInt64,
        checksumSeed: UInt32
    ) {
        let end = LogFormat.frameHeaderBytes + payloadBytes
        let header = FrameHeader(
            payloadChecksum: crc32c(UnsafeRawBufferPointer(memory.part(LogFormat.frameHeaderBytes..<end))),
            epoch: epoch,
            kind: kind,
            previousHash: previousHash,
            firstPosition: firstPosition,
            entryCount: UInt32(truncatingIfNeeded: entryCount),
            payloadBytes: UInt32(truncatingIfNeeded: payloadBytes)
        )
        header.encode(into: memory, checksumSeed: checksumSeed)
        memory.zero(end..<roundedUpToSector(end))
    }

    /// The finished frame with its padding.
    var frame: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(memory.part(0..<roundedUpToSector(LogFormat.frameHeaderBytes + payloadBytes)))
    }

    /// The part of the finished frame that its hash covers.
    var hashed: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(memory.part(LogFormat.hashedFrom..<LogFormat.frameHeaderBytes + payloadBytes))
    }
}
