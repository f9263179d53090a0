/// Grows a byte buffer by little-endian values. The twin of `ByteReader`.
///
/// It owns its memory and keeps it when emptied, so that a hot path allocates only while it warms up. Values are stored
/// straight into reserved memory: an `[UInt8]` would check uniqueness and capacity for each of the few bytes of a value.
///
/// Thread rule: one thread at a time; it may be handed from one to another.
public struct ByteWriter: ~Copyable, @unchecked Sendable {
    private var base: UnsafeMutableRawPointer
    package private(set) var count = 0
    private var capacity: Int

    /// An empty writer with room for `capacityBytes` bytes.
    public init(capacityBytes: Int = 256) {
        capacity = max(capacityBytes, 16)
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// A copy of what was written so far.
    public var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }

    /// Lends what was written so far. O(1).
    public func withUnsafeBytes<R: ~Copyable, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R
    {
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Makes room for `length` more bytes.
    @inline(__always)
    package mutating func ensure(_ length: Int) {
        if capacity - count < length { grow(length) }
    }

    @inline(never)
    private mutating func grow(_ length: Int) {
        var newCapacity = capacity * 2
        while newCapacity - count < length { newCapacity *= 2 }
        let newBase = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        newBase.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = newBase
        capacity = newCapacity
    }

    /// Makes room for `length` bytes, counts them as written and returns where they begin: the caller fills all of them
    /// before it does anything else with the writer.
    @inline(__always)
    package mutating func claim(_ length: Int) -> UnsafeMutableRawPointer {
        ensure(length)
        let start = base + count
        count += length
        return start
    }

    /// As `claim(_:)`, with room for more: the caller may write `room` bytes, of which the first `length` count.
    @inline(__always)
    package mutating func claim(_ length: Int, room: Int) -> UnsafeMutableRawPointer {
        ensure(room)
        let start = base + count
        count += length
        return start
    }

    @inline(__always)
    package mutating func integer<T: FixedWidthInteger>(_ value: T) {
        claim(MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
    }

    @inline(__always) package mutating func u8(_ value: UInt8) { integer(value) }
    @inline(__always) package mutating func u16(_ value: UInt16) { integer(value) }
    @inline(__always) package mutating func u32(_ value: UInt32) { integer(value) }
    @inline(__always) package mutating func u64(_ value: UInt64) { integer(value) }
    @inline(__always) package mutating func i64(_ value: Int64) { integer(value) }

    /// A text preceded by its length in bytes (u32).
    package mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            u32(UInt32(truncatingIfNeeded: utf8.count))
            raw(UnsafeRawBufferPointer(utf8))
        }
    }

    @inline(__always)
    package mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        claim(bytes.count).copyMemory(from: start, byteCount: bytes.count)
    }

    package mutating func raw(_ start: UnsafeRawPointer, _ length: Int) {
        claim(length).copyMemory(from: start, byteCount: length)
    }

    package mutating func raw(_ bytes: [UInt8]) { bytes.withUnsafeBytes { raw($0) } }

    /// Appends `length` zero bytes and returns their offset, to be filled by `patch`.
    package mutating func reserve(_ length: Int) -> Int {
        let offset = count
        claim(length).initializeMemory(as: UInt8.self, repeating: 0, count: length)
        return offset
    }

    package mutating func patch<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
        base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }

    /// Where a byte written earlier stands; valid until the next write.
    package func address(_ offset: Int) -> UnsafeMutableRawPointer {
        precondition(offset >= 0 && offset <= count)
        return base + offset
    }

    /// Forgets everything behind the first `length` bytes.
    package mutating func truncate(_ length: Int) {
        precondition(length >= 0 && length <= count)
        count = length
    }

    /// Empties the writer and keeps its memory.
    package mutating func removeAll() { count = 0 }
}
