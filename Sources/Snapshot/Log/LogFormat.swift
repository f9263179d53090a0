// Bytes of the log. docs/storage.md tells the same with the reasons; tests pin it with golden bytes.
//
//     segment  = header (one sector) frame*            every frame begins on a sector boundary
//     frame    = header (80 bytes) payload padding      padding: zeros up to the next sector
//     payload  = (u32 length, entry bytes)*             a seal has no payload
//
// Because a frame never shares a sector with another, a write that is torn cannot damage an earlier group, and a reader
// that looks for later frames need look at sector boundaries only.

package enum LogFormat {
    package static let version: UInt32 = 1
    package static let sectorBytes = 512
    package static let frameHeaderBytes = 80
    /// Where the part of a frame begins that its SHA-256 covers: previous hash, position, count, length, payload. Epoch
    /// and durable position stay outside, so that a group keeps its hash when recovery writes it again.
    package static let hashedFrom = 32

    // Read as little-endian numbers, these spell "KITHLOG1" and "KITHGRP1".
    static let segmentMagic: UInt64 = 0x3147_4F4C_4854_494B
    static let frameMagic: UInt64 = 0x3150_5247_4854_494B
}

/// The first sector of a segment. It is synced before the file gets its name, and it says that everything before
/// `firstPosition` was durable then.
package struct SegmentHeader: Equatable, Sendable {
    package var directory: DirectoryID
    package var epoch: UInt32
    package var firstPosition: UInt64
    /// The hash of the last group before `firstPosition`.
    package var previousHash: SHA256Digest
    /// The size that the file was made with. A last segment that is shorter was cut.
    package var segmentBytes: UInt64

    package init(
        directory: DirectoryID,
        epoch: UInt32,
        firstPosition: UInt64,
        previousHash: SHA256Digest,
        segmentBytes: UInt64
    ) {
        self.directory = directory
        self.epoch = epoch
        self.firstPosition = firstPosition
        self.previousHash = previousHash
        self.segmentBytes = segmentBytes
    }

    package var fileName: String {
        "log-" + hexadecimal(firstPosition, digits: 16) + "-" + hexadecimal(UInt64(epoch), digits: 8)
    }

    /// Writes one sector.
    package func encode(into sector: UnsafeMutableRawBufferPointer) {
        sector.zero(0..<LogFormat.sectorBytes)
        sector.store(LogFormat.segmentMagic, at: 0)
        sector.store(LogFormat.version, at: 12)
        directory.store(in: sector, at: 16)
        sector.store(epoch, at: 32)
        sector.store(UInt32(LogFormat.sectorBytes), at: 36)
        sector.store(firstPosition, at: 40)
        sector.store(segmentBytes, at: 48)
        sector.store(previousHash, at: 56)
        sector.store(crc32c(UnsafeRawBufferPointer(sector.part(12..<LogFormat.sectorBytes))), at: 8)
    }

    /// Reads one sector; the reason in words where it is not a header.
    package static func decode(_ sector: UnsafeRawBufferPointer) -> Result<SegmentHeader, SegmentHeaderFault> {
        guard sector.count >= LogFormat.sectorBytes, sector.load(0, as: UInt64.self) == LogFormat.segmentMagic else {
            return .failure(.notAHeader)
        }
        guard crc32c(sector.part(12..<LogFormat.sectorBytes)) == sector.load(8, as: UInt32.self) else {
            return .failure(.badChecksum)
        }
        let version = sector.load(12, as: UInt32.self)
        guard version == LogFormat.version, sector.load(36, as: UInt32.self) == UInt32(LogFormat.sectorBytes) else {
            return .failure(.unsupported(version: version))
        }
        return .success(
            SegmentHeader(
                directory: DirectoryID(in: sector, at: 16),
                epoch: sector.load(32),
                firstPosition: sector.load(40),
                previousHash: sector.digest(at: 56),
                segmentBytes: sector.load(48)
            )
        )
    }
}

package enum SegmentHeaderFault: Error, Equatable {
    case notAHeader
    case badChecksum
    case unsupported(version: UInt32)
}

/// The first 80 bytes of a frame.
package struct FrameHeader: Equatable, Sendable {
    package enum Kind: UInt32, Sendable {
        /// A commit group.
        case group = 1
        /// Written when the log goes idle: no entries, but proof that all before it was synced.
        case seal = 2
    }

    package var payloadChecksum: UInt32
    package var epoch: UInt32
    package var kind: Kind
    /// The last position known durable when this was written: always the one before `firstPosition`, because a frame
    /// is written only after the one before it was synced.
    package var durablePosition: UInt64
    package var previousHash: SHA256Digest
    /// Of the first entry; of a seal, the position that the next group will have.
    package var firstPosition: UInt64
    package var entryCount: UInt32
    package var payloadBytes: UInt32

    package init(
        payloadChecksum: UInt32,
        epoch: UInt32,
        kind: Kind,
        previousHash: SHA256Digest,
        firstPosition: UInt64,
        entryCount: UInt32,
        payloadBytes: UInt32
    ) {
        self.payloadChecksum = payloadChecksum
        self.epoch = epoch
        self.kind = kind
        self.durablePosition = firstPosition &- 1
        self.previousHash = previousHash
        self.firstPosition = firstPosition
        self.entryCount = entryCount
        self.payloadBytes = payloadBytes
    }

    /// Bytes that the whole frame occupies, padding included.
    package var frameBytes: Int { roundedUpToSector(LogFormat.frameHeaderBytes + Int(payloadBytes)) }

    package func encode(into bytes: UnsafeMutableRawBufferPointer, checksumSeed: UInt32) {
        bytes.store(LogFormat.frameMagic, at: 0)
        bytes.store(payloadChecksum, at: 12)
        bytes.store(epoch, at: 16)
        bytes.store(kind.rawValue, at: 20)
        bytes.store(durablePosition, at: 24)
        bytes.store(previousHash, at: 32)
        bytes.store(firstPosition, at: 64)
        bytes.store(entryCount, at: 72)
        bytes.store(payloadBytes, at: 76)
        let checked = UnsafeRawBufferPointer(bytes.part(12..<LogFormat.frameHeaderBytes))
        bytes.store(crc32c(checked, seed: checksumSeed), at: 8)
    }

    /// nil where the bytes are no frame header of this directory.
    package static func decode(_ bytes: UnsafeRawBufferPointer, checksumSeed: UInt32) -> FrameHeader? {
        guard bytes.count >= LogFormat.frameHeaderBytes, bytes.load(0, as: UInt64.self) == LogFormat.frameMagic,
            crc32c(bytes.part(12..<LogFormat.frameHeaderBytes), seed: checksumSeed) == bytes.load(8, as: UInt32.self),
            let kind = Kind(rawValue: bytes.load(20))
        else { return nil }
        var header = FrameHeader(
            payloadChecksum: bytes.load(12),
            epoch: bytes.load(16),
            kind: kind,
            previousHash: bytes.digest(at: 32),
            firstPosition: bytes.load(64),
            entryCount: bytes.load(72),
            payloadBytes: bytes.load(76)
        )
        header.durablePosition = bytes.load(24)
        return header
    }
}

/// What a segment's name says.
package struct SegmentName: Hashable, Sendable {
    package let firstPosition: UInt64
    package let epoch: UInt32

    package init(firstPosition: UInt64, epoch: UInt32) {
        self.firstPosition = firstPosition
        self.epoch = epoch
    }

    package init?(_ fileName: String) {
        guard fileName.utf8.count == 29, fileName.hasPrefix("log-") else { return nil }
        let parts = fileName.dropFirst(4).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let position = parseHexadecimal(parts[0], digits: 16),
            let epoch = parseHexadecimal(parts[1], digits: 8), position > 0
        else { return nil }
        self.init(firstPosition: position, epoch: UInt32(truncatingIfNeeded: epoch))
    }

    package var fileName: String {
        "log-" + hexadecimal(firstPosition, digits: 16) + "-" + hexadecimal(UInt64(epoch), digits: 8)
    }
}
