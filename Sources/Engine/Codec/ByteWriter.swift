/// Grows a byte buffer by little-endian values. The twin of `ByteReader`.
///
/// Reusable: `removeAll(keepingCapacity:)` keeps the storage, so that a hot path allocates only while it warms up.
public struct ByteWriter: Sendable {
    /// What was written so far.
    public var bytes: [UInt8] = []

    /// An empty writer.
    public init() {}

    /// An empty writer with room for `capacityBytes` bytes.
    public init(capacityBytes: Int) { bytes.reserveCapacity(capacityBytes) }

    package var count: Int { bytes.count }

    package mutating func integer<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func u8(_ value: UInt8) { bytes.append(value) }
    package mutating func u16(_ value: UInt16) { integer(value) }
    package mutating func u32(_ value: UInt32) { integer(value) }
    package mutating func u64(_ value: UInt64) { integer(value) }
    package mutating func i64(_ value: Int64) { integer(value) }

    /// A text preceded by its length in bytes (u32).
    package mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            u32(UInt32(truncatingIfNeeded: utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    package mutating func raw(_ start: UnsafeRawPointer, _ length: Int) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: length))
    }

    /// Appends `length` zero bytes and returns their offset, to be filled by `patch` or `withUnsafeMutableBytes`.
    package mutating func reserve(_ length: Int) -> Int {
        let offset = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: length))
        return offset
    }

    package mutating func patch<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= bytes.count)
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self) }
    }

    package mutating func removeAll(keepingCapacity: Bool = true) { bytes.removeAll(keepingCapacity: keepingCapacity) }
}
