// The one form of a column of values outside memory blocks: in batches, in the log, in results and on the wire.
//
//   u8   flags       bit 0: some values are null and a bitmap follows; bit 1: all are null and nothing follows
//   …    bitmap      (count + 7) / 8 bytes, bit i % 8 of byte i / 8 set when value i is there; only with bit 0
//   …    values      fixed width: count × stride; null values are zero
//                    text: count × u32 end offset (the first text begins at 0), then the bytes
//
// The number of values and their kind stand outside: a batch says them once for all columns.

/// A decoded column that borrows its bytes; valid only while the bytes are lent.
package struct ColumnView {
    package let kind: PhysicalKind
    package let count: Int
    /// nil: every value is there.
    package let validity: UnsafeRawPointer?
    /// Fixed width values or end offsets; nil: every value is null.
    package let values: UnsafeRawPointer?
    /// Bytes of texts.
    package let heap: UnsafeRawPointer
    /// Where the encoded column begins and how long it is, to be copied as it stands.
    package let encoded: UnsafeRawBufferPointer

    /// Reads a column of `count` values. Checks every length, offset and text, so that later access cannot fail.
    package init(from reader: inout ByteReader, kind: PhysicalKind, count: Int) throws(DecodeError) {
        let start = reader.base + reader.offset
        let startOffset = reader.offset
        let flags = try reader.u8()
        guard flags <= 2 else { throw DecodeError("unknown column flags \(flags)", at: startOffset) }
        self.kind = kind
        self.count = count
        var validity: UnsafeRawPointer?
        var values: UnsafeRawPointer?
        var heap = start
        if flags & 2 == 0 {
            if flags & 1 != 0 { validity = try reader.take((count + 7) / 8) }
            let fixed = try reader.take(count, stride: kind.strideBytes)
            values = fixed
            switch kind {
            case .text:
                var previous: UInt32 = 0
                for i in 0..<count {
                    let end = UInt32(littleEndian: fixed.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self))
                    guard end >= previous else { throw DecodeError("text offsets are not rising", at: startOffset) }
                    previous = end
                }
                heap = try reader.take(Int(previous))
            case .bool:
                for i in 0..<count where fixed.load(fromByteOffset: i, as: UInt8.self) > 1 {
                    throw DecodeError("a yes/no value is neither 0 nor 1", at: startOffset)
                }
            case .int32, .int64, .id, .double: break
            }
        }
        self.validity = validity
        self.values = values
        self.heap = heap
        encoded = UnsafeRawBufferPointer(start: start, count: reader.offset - startOffset)
    }

    @inline(__always)
    package func isValid(_ index: Int) -> Bool {
        if values == nil { return false }
        guard let validity else { return true }
        return validity.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1 != 0
    }

    /// A valid value of any kind but text and double, widened.
    @inline(__always)
    package func number(_ index: Int) -> Int64 {
        assert(index < count)
        // Guarded by `isValid`: a column without values has no valid one.
        let values = values.unsafelyUnwrapped
        switch kind {
        case .bool: return Int64(values.load(fromByteOffset: index, as: UInt8.self))
        case .int32, .text: return Int64(values.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
        case .int64, .id, .double: return values.loadUnaligned(fromByteOffset: index * 8, as: Int64.self)
        }
    }

    /// A valid text.
    @inline(__always)
    package func text(_ index: Int) -> UnsafeRawBufferPointer {
        assert(index < count && kind == .text)
        let values = values.unsafelyUnwrapped
        let start = index == 0 ? 0 : Int(values.loadUnaligned(fromByteOffset: index * 4 - 4, as: UInt32.self))
        let end = Int(values.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
        return UnsafeRawBufferPointer(start: heap + start, count: end - start)
    }
}

/// Collects the values of one column and encodes them. For building batches value by value; bulk paths encode straight
/// from memory.
package struct ColumnBuilder: ~Copyable {
    package let kind: PhysicalKind
    package private(set) var count = 0
    private var nullCount = 0
    private var bitmap = ByteWriter(capacityBytes: 16)
    private var values: ByteWriter
    private var heap: ByteWriter

    package init(kind: PhysicalKind) {
        self.kind = kind
        values = ByteWriter()
        heap = ByteWriter(capacityBytes: kind == .text ? 256 : 16)
    }

    @inline(__always)
    private mutating func mark(_ isValid: Bool) {
        if count & 7 == 0 { bitmap.u8(0) }
        if isValid {
            bitmap.address(count >> 3).assumingMemoryBound(to: UInt8.self).pointee |= 1 << UInt8(count & 7)
        } else {
            nullCount += 1
        }
        count += 1
    }

    package mutating func appendNull() {
        mark(false)
        switch kind {
        case .bool: values.u8(0)
        case .int32: values.u32(0)
        case .text: values.u32(UInt32(heap.count))
        case .int64, .id, .double: values.u64(0)
        }
    }

    /// Appends a number of any kind but text; doubles as bit patterns.
    package mutating func append(_ number: Int64) {
        mark(true)
        switch kind {
        case .bool: values.u8(UInt8(truncatingIfNeeded: number))
        case .int32: values.integer(Int32(truncatingIfNeeded: number))
        case .int64, .id, .double: values.i64(number)
        case .text: preconditionFailure("a number in a text column")
        }
    }

    package mutating func append(text bytes: UnsafeRawBufferPointer) {
        precondition(kind == .text)
        mark(true)
        heap.raw(bytes)
        values.u32(UInt32(heap.count))
    }

    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(text: UnsafeRawBufferPointer($0)) }
    }

    /// Bytes that `encode` will write, at most.
    package var encodedBytesMax: Int { 1 + bitmap.count + values.count + heap.count }

    package func encode(into writer: inout ByteWriter) {
        if nullCount == count {
            writer.u8(count == 0 ? 0 : 2)
            return
        }
        writer.u8(nullCount > 0 ? 1 : 0)
        if nullCount > 0 { bitmap.withUnsafeBytes { writer.raw($0) } }
        values.withUnsafeBytes { writer.raw($0) }
        heap.withUnsafeBytes { writer.raw($0) }
    }

    package mutating func removeAll() {
        count = 0
        nullCount = 0
        bitmap.removeAll()
        values.removeAll()
        heap.removeAll()
    }
}
