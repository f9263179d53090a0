import CKernels

// The head of every frame; the table in docs/protocol.md is the same:
//
//   0  u32 body length      8  u64 correlation id     24  u32 CRC-32C of the body
//   4  u8  version         16  u32 count              28  u32 CRC-32C of the 28 bytes before
//   5  u8  kind            20  u32 schema epoch
//   6  u16 operation

/// What a frame is.
package enum FrameKind: UInt8, Sendable {
    case request = 1
    case reply = 2
    case error = 3
}

/// What a request asks for. The numbers are part of the protocol and never change.
package enum WireOperation: UInt16, Sendable, CaseIterable {
    case hello = 1
    case execute = 2
    case read = 3
    case query = 4
    case prepare = 5
    case executePrepared = 6
    case closePrepared = 7
    case fetch = 8
    case ping = 9
    case closeCursor = 10
    case status = 11
    case snapshot = 12
    case schema = 13
    case openRehearsal = 14
    case rehearse = 15
    case rehearseRead = 16
    case closeRehearsal = 17
    case changeSchema = 18
    case find = 19
    case perform = 20
    case beginUpload = 21
    case sendPiece = 22
    case endUpload = 23
    case cancelUpload = 24
    case readFile = 25
    case history = 26
    case queryAsOf = 27
    case startJob = 28
    case activities = 29
    case rehearseMessage = 30
    case duplicates = 31
    case schedule = 32
}

/// A frame's header, read from bytes of which at least `lengthBytes` are there.
package struct WireHeader: Equatable, Sendable {
    /// Bytes of a header, the same in every version of the protocol.
    package static let lengthBytes = 32
    /// Bytes that the header's checksum covers.
    package static let checkedBytes = 28
    /// The version that this code speaks.
    package static let version: UInt8 = 1

    package var bodyLengthBytes: UInt32 = 0
    package var version = WireHeader.version
    package var kind: UInt8
    package var operation: UInt16
    package var correlation: UInt64
    package var count: UInt32 = 0
    package var schemaEpoch: UInt32 = 0
    package var bodyChecksum: UInt32 = 0

    package init(
        _ kind: FrameKind,
        _ operation: UInt16,
        correlation: UInt64,
        count: UInt32 = 0,
        schemaEpoch: UInt32 = 0
    ) {
        self.kind = kind.rawValue
        self.operation = operation
        self.correlation = correlation
        self.count = count
        self.schemaEpoch = schemaEpoch
    }

    /// The operation that the first frame seems to ask for, checked by nothing; nil when the frame is not whole.
    @inline(__always)
    package static func operation(ofWhole bytes: UnsafeRawBufferPointer) -> UInt16? {
        guard bytes.count >= lengthBytes else { return nil }
        let bodyBytes = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        guard bytes.count - lengthBytes >= Int(bodyBytes) else { return nil }
        return UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
    }

    /// Reads a header. nil: its checksum is wrong, so that nothing in it means anything.
    @inline(__always)
    package init?(at start: UnsafeRawPointer) {
        func load<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T {
            T(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
        guard load(28, UInt32.self) == kith_crc32c(0, start, WireHeader.checkedBytes) else { return nil }
        bodyLengthBytes = load(0, UInt32.self)
        version = load(4, UInt8.self)
        kind = load(5, UInt8.self)
        operation = load(6, UInt16.self)
        correlation = load(8, UInt64.self)
        count = load(16, UInt32.self)
        schemaEpoch = load(20, UInt32.self)
        bodyChecksum = load(24, UInt32.self)
    }

    /// Writes the header with its checksum to 32 bytes.
    @inline(__always)
    package func store(at start: UnsafeMutableRawPointer) {
        start.storeBytes(of: bodyLengthBytes.littleEndian, as: UInt32.self)
        start.storeBytes(of: version, toByteOffset: 4, as: UInt8.self)
        start.storeBytes(of: kind, toByteOffset: 5, as: UInt8.self)
        start.storeBytes(of: operation.littleEndian, toByteOffset: 6, as: UInt16.self)
        start.storeBytes(of: correlation.littleEndian, toByteOffset: 8, as: UInt64.self)
        start.storeBytes(of: count.littleEndian, toByteOffset: 16, as: UInt32.self)
        start.storeBytes(of: schemaEpoch.littleEndian, toByteOffset: 20, as: UInt32.self)
        start.storeBytes(of: bodyChecksum.littleEndian, toByteOffset: 24, as: UInt32.self)
        let checksum = kith_crc32c(0, start, WireHeader.checkedBytes)
        start.storeBytes(of: checksum.littleEndian, toByteOffset: 28, as: UInt32.self)
    }

    /// Whether the bytes are the body that the header announces.
    @inline(__always)
    package func matches(body: UnsafeRawBufferPointer) -> Bool {
        kith_crc32c(0, body.baseAddress, body.count) == bodyChecksum
    }
}
