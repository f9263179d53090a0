import Engine
import Net
import Testing

@Suite struct WireHeaderTests {
    @Test func goldenBytes() {
        var writer = ByteWriter()
        writer.frame(
            WireHeader(.request, WireOperation.ping.rawValue, correlation: 7),
            body: UnsafeRawBufferPointer(start: nil, count: 0)
        )
        let hex = writer.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        // The example of docs/protocol.md.
        #expect(
            hex == "00000000" + "01" + "01" + "0900" + "0700000000000000" + "00000000" + "00000000" + "00000000"
                + "1a45fc0b"
        )
    }

    @Test func roundTrip() throws {
        var header = WireHeader(.reply, 0xBEEF, correlation: 0x0102_0304_0506_0708, count: 9, schemaEpoch: 77)
        var writer = ByteWriter()
        let body: [UInt8] = [1, 2, 3]
        body.withUnsafeBytes { writer.frame(header, body: $0) }
        header.bodyLengthBytes = 3
        let bytes = writer.bytes
        let read = bytes.withUnsafeBytes { WireHeader(at: $0.baseAddress!) }
        header.bodyChecksum = try #require(read).bodyChecksum
        #expect(read == header)
        #expect(body.withUnsafeBytes { header.matches(body: $0) })
        #expect([UInt8]([1, 2, 4]).withUnsafeBytes { !header.matches(body: $0) })
    }

    @Test func everyFlippedBitOfAHeaderIsNoticed() {
        let frame = frame(.read, 0x55AA, epoch: 3)
        for bit in 0..<WireHeader.lengthBytes * 8 {
            var damaged = frame
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(damaged.withUnsafeBytes { WireHeader(at: $0.baseAddress!) } == nil, "bit \(bit)")
        }
    }

    @Test func errorsRoundTrip() throws {
        let failures: [WireFailure] = [
            .wire(WireError(.schemaStale, "old")),
            .refusal(Refusal(.staleVersion, entity: "account", operation: 2, row: 9, "changed")),
        ]
        for failure in failures {
            var writer = ByteWriter()
            failure.encode(into: &writer)
            #expect(try writer.withUnsafeBytes { try WireFailure(decoding: $0) } == failure)
            for length in 0..<writer.count {
                #expect(throws: DecodeError.self) {
                    try writer.withUnsafeBytes {
                        try WireFailure(decoding: UnsafeRawBufferPointer(rebasing: $0[..<length]))
                    }
                }
            }
        }
    }

    @Test func codesOfErrorsSayWhetherTheConnectionEnds() {
        #expect(WireError(.evicted, "").endsConnection)
        #expect(!WireError(.malformed, "").endsConnection)
    }
}
