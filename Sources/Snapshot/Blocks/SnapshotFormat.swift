// Bytes of a snapshot file; docs/storage.md tells the same with the reasons.
//
//     file = header (one sector) block* directory footer (one sector)
//
// Blocks lie one behind the other without gaps, so that every byte of the file is under a checksum: a block's own in the
// directory, the directory and the footer under the footer's SHA-256, header and footer under a CRC-32C as well.

package enum SnapshotFormat {
    package static let version: UInt32 = 2
    package static let headerBytes = 512
    package static let footerBytes = 512
    package static let entryBytes = 40
    /// A tebibyte in blocks of 64 KiB; a directory of them takes 640 MiB, more than which no reader allocates.
    package static let blockCountLimit = 1 << 24
    // Little-endian, these spell "KITHSNP1" and "KITHSNPF".
    static let headerMagic: UInt64 = 0x3150_4E53_4854_494B
    static let footerMagic: UInt64 = 0x4650_4E53_4854_494B

    static let temporaryName = "snapshot.tmp"

    package static func fileName(position: UInt64) -> String { "snapshot-" + hexadecimal(position, digits: 16) }

    package static func position(ofFile name: String) -> UInt64? {
        guard name.hasPrefix("snapshot-") else { return nil }
        return parseHexadecimal(name.dropFirst(9), digits: 16)
    }

    static func encodeHeader(directory: DirectoryID, position: UInt64, into sector: UnsafeMutableRawBufferPointer) {
        sector.zero(0..<headerBytes)
        sector.store(headerMagic, at: 0)
        sector.store(version, at: 12)
        directory.store(in: sector, at: 16)
        sector.store(position, at: 32)
        sector.store(crc32c(UnsafeRawBufferPointer(sector.part(12..<headerBytes))), at: 8)
    }
}

/// How a block is stored.
package enum BlockCodec: UInt32, Sendable {
    case raw = 0
    case zstd = 1
}

/// One line of the directory.
package struct BlockEntry: Equatable, Sendable {
    package var key: SnapshotBlockKey
    package var codec: BlockCodec
    package var offset: UInt64
    package var storedBytes: UInt32
    package var rawBytes: UInt32
    /// CRC-32C of the stored bytes.
    package var checksum: UInt32

    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(key.kind, at: 0)
        bytes.store(key.entity, at: 2)
        bytes.store(key.column, at: 4)
        bytes.store(key.index, at: 8)
        bytes.store(codec.rawValue, at: 12)
        bytes.store(offset, at: 16)
        bytes.store(storedBytes, at: 24)
        bytes.store(rawBytes, at: 28)
        bytes.store(checksum, at: 32)
        bytes.store(UInt32(0), at: 36)
    }

    init(
        key: SnapshotBlockKey,
        codec: BlockCodec,
        offset: UInt64,
        storedBytes: UInt32,
        rawBytes: UInt32,
        checksum: UInt32
    ) {
        self.key = key
        self.codec = codec
        self.offset = offset
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
        self.checksum = checksum
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let codec = BlockCodec(rawValue: bytes.load(12)) else { return nil }
        self.init(
            key: SnapshotBlockKey(
                kind: bytes.load(0),
                entity: bytes.load(2),
                column: bytes.load(4),
                index: bytes.load(8)
            ),
            codec: codec,
            offset: bytes.load(16),
            storedBytes: bytes.load(24),
            rawBytes: bytes.load(28),
            checksum: bytes.load(32)
        )
    }
}

/// The last sector. Its SHA-256 covers the directory before it and its own bytes up to the hash.
package struct SnapshotFooter: Equatable, Sendable {
    package var directory: DirectoryID
    package var position: UInt64
    /// A durable group that ends at or after `position`, and its hash: the log has to contain it.
    package var anchor: LogAnchor
    package var directoryOffset: UInt64
    package var blockCount: UInt64
    package var fileBytes: UInt64
    package var blockBytes: UInt64

    static let hashedBytes = 112

    /// Writes all but the hash and the checksum.
    func encodeFields(into sector: UnsafeMutableRawBufferPointer) {
        sector.zero(0..<SnapshotFormat.footerBytes)
        sector.store(SnapshotFormat.footerMagic, at: 0)
        sector.store(SnapshotFormat.version, at: 8)
        directory.store(in: sector, at: 16)
        sector.store(position, at: 32)
        sector.store(anchor.position, at: 40)
        sector.store(anchor.hash, at: 48)
        sector.store(directoryOffset, at: 80)
        sector.store(blockCount, at: 88)
        sector.store(fileBytes, at: 96)
        sector.store(blockBytes, at: 104)
    }

    static func finish(_ sector: UnsafeMutableRawBufferPointer, hash: SHA256Digest) {
        sector.store(hash, at: hashedBytes)
        sector.store(crc32c(UnsafeRawBufferPointer(sector.part(0..<508))), at: 508)
    }

    static func decode(_ sector: UnsafeRawBufferPointer) -> (SnapshotFooter, hash: SHA256Digest)? {
        guard sector.count == SnapshotFormat.footerBytes, sector.load(0, as: UInt64.self) == SnapshotFormat.footerMagic,
            crc32c(sector.part(0..<508)) == sector.load(508, as: UInt32.self)
        else { return nil }
        let footer = SnapshotFooter(
            directory: DirectoryID(in: sector, at: 16),
            position: sector.load(32),
            anchor: LogAnchor(position: sector.load(40), hash: sector.digest(at: 48)),
            directoryOffset: sector.load(80),
            blockCount: sector.load(88),
            fileBytes: sector.load(96),
            blockBytes: sector.load(104)
        )
        return (footer, sector.digest(at: hashedBytes))
    }
}
