// The bytes on disk, pinned: a change here is a new format and needs a new version number.

import Snapshot
import Testing

@Suite struct FormatTests {
    private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    private let digest = Array("abc".utf8).withUnsafeBytes { SHA256Digest(of: $0) }

    @Test func digestIsSHA256() {
        // FIPS 180-2, appendix B.1.
        #expect(digest.description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func checksumIsCRC32C() {
        // RFC 3720, appendix B.4.
        #expect([UInt8](repeating: 0, count: 32).withUnsafeBytes { crc32c($0) } == 0x8A91_36AA)
        #expect((0..<32).map { UInt8($0) }.withUnsafeBytes { crc32c($0) } == 0x46DD_794E)
    }

    @Test func kernelAndItsTwinAgree() {
        var random = SplitMix64(seed: 1)
        for length in 0..<300 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let seed = UInt32(truncatingIfNeeded: random.next())
            #expect(bytes.withUnsafeBytes { crc32c($0, seed: seed) } == crc32cReference(bytes, seed: seed))
        }
    }

    @Test func segmentHeaderBytes() throws {
        let header = SegmentHeader(
            directory: ToyDirectory.id,
            epoch: 0x0102_0304,
            firstPosition: 0x1112_1314_1516_1718,
            previousHash: digest,
            segmentBytes: 64 << 20
        )
        var sector = [UInt8](repeating: 0xFF, count: 512)
        sector.withUnsafeMutableBytes { header.encode(into: $0) }
        #expect(
            hexadecimal(sector[..<88])
                == "4b4954484c4f4731" + "\(hexadecimal(sector[8..<12]))" + "01000000" + "efcdab8967452301"
                + "1032547698badcfe" + "04030201" + "00020000" + "1817161514131211" + "0000000400000000"
                + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(crc32cReference(sector[12...]) == sector[8..<12].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        #expect(sector[88...].allSatisfy { $0 == 0 })
        #expect(try sector.withUnsafeBytes { try SegmentHeader.decode($0).get() } == header)
        #expect(header.fileName == "log-1112131415161718-01020304")
        #expect(SegmentName(header.fileName) == SegmentName(firstPosition: header.firstPosition, epoch: header.epoch))
    }

    @Test(arguments: [
        "log-", "log-1112131415161718-0102030", "log-111213141516171g-01020304", "log-1112131415161718_01020304",
        "log-0000000000000000-00000001",
    ])
    func otherNamesAreNoSegments(name: String) { #expect(SegmentName(name) == nil) }

    @Test func frameHeaderBytes() throws {
        let header = FrameHeader(
            payloadChecksum: 0xA1A2_A3A4,
            epoch: 7,
            kind: .group,
            previousHash: digest,
            firstPosition: 10,
            entryCount: 3,
            payloadBytes: 500
        )
        var bytes = [UInt8](repeating: 0, count: 80)
        bytes.withUnsafeMutableBytes { header.encode(into: $0, checksumSeed: 5) }
        #expect(
            hexadecimal(bytes)
                == "4b49544847525031" + "\(hexadecimal(bytes[8..<12]))" + "a4a3a2a1" + "07000000" + "01000000"
                + "0900000000000000" + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
                + "0a00000000000000" + "03000000" + "f4010000"
        )
        #expect(header.frameBytes == 1024)
        #expect(bytes.withUnsafeBytes { FrameHeader.decode($0, checksumSeed: 5) } == header)
        #expect(bytes.withUnsafeBytes { FrameHeader.decode($0, checksumSeed: 6) } == nil)
    }

    /// A whole segment as the first life of a directory writes it, by its hash.
    @Test func segmentIsPinned() throws {
        let storage = SimulatedStorage(seed: 1)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        try toy.commit([ToyEntry(slot: 1, value: 2, padding: 3), ToyEntry(slot: 4, value: 5, padding: 600)])
        try toy.directory.close()
        let bytes = try #require(storage.contents(of: "log-0000000000000001-00000002"))
        #expect(bytes.count == 16 << 10)
        let hash = bytes.withUnsafeBytes { SHA256Digest(of: $0) }
        #expect(hash.description == "15231e9feba5e5f1122b57e1ffec880556cd7478fc2ece1634172fb0a43b1848")
    }

    @Test func snapshotIsPinned() throws {
        let storage = SimulatedStorage(seed: 1)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        try toy.commit([ToyEntry(slot: 1, value: 2, padding: 3)])
        _ = try toy.directory.writeSnapshot(at: 1, source: PlainSource())
        let bytes = try #require(storage.contents(of: "snapshot-0000000000000001"))
        #expect(bytes.count == 512 + 40 + 2 * 40 + 512)
        let directory = 512 + 40
        #expect(Array(bytes[512..<directory]) == [UInt8](0..<40))
        #expect(
            hexadecimal(bytes[directory..<directory + 40])
                == "0100" + "0200" + "03000000" + "00000000" + "00000000" + "0002000000000000" + "28000000" + "28000000"
                + "\(hexadecimal(littleEndian(crc32cReference(0..<40))))" + "00000000"
        )
        #expect(
            bytes.withUnsafeBytes { SHA256Digest(of: $0) }.description
                == "bc83871846ea68fa71744774c2a0da43f7b7fe4ea4f504b43480a07dec16157c"
        )
    }

    private func littleEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// Blocks too short to be compressed, so that no version of libzstd changes their bytes.
private struct PlainSource: SnapshotSource {
    var blockCount: Int { 2 }

    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        if index == 0 { bytes += 0..<40 }
        return SnapshotBlockKey(kind: 1, entity: 2, column: 3, index: UInt32(index))
    }
}
