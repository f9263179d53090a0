/// Why bytes from outside (wire, disk, client library) could not be decoded. The offset is within the decoded unit.
public struct DecodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong, in words that end up in an error frame or a damage report.
    public var reason: String
    /// Where, in bytes from the start of the unit that was being decoded.
    public var offsetBytes: Int

    /// Makes the error; `offsetBytes` counts from the start of the decoded unit.
    public init(_ reason: String, at offsetBytes: Int) {
        self.reason = reason
        self.offsetBytes = offsetBytes
    }

    /// The reason and the place, for people.
    public var description: String { "\(reason) (at byte \(offsetBytes))" }
}

/// Reads little-endian values from borrowed bytes, with a bounds check before each read: a short or lying input ends in
/// `DecodeError`, never in a trap.
///
/// The reader does not own the bytes: it must not outlive the `withUnsafeBytes` call that lent them.
public struct ByteReader {
    package let base: UnsafeRawPointer
    package let count: Int
    package private(set) var offset: Int = 0

    /// Borrows `bytes`; an empty buffer is legal.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no base address; any non-null address serves, since nothing is ever read from it.
        self.init(base: bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!, count: bytes.count)
    }

    @usableFromInline
    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    /// Bytes not read yet.
    package var remaining: Int { count - offset }

    /// Takes `length` bytes and returns where they begin. The one bounds check that every other read rests on.
    @inline(__always)
    package mutating func take(_ length: Int) throws(DecodeError) -> UnsafeRawPointer {
        guard length >= 0, length <= count - offset else { throw tooShort(length) }
        let start = base + offset
        offset += length
        return start
    }

    @inline(never)
    private func tooShort(_ length: Int) -> DecodeError {
        DecodeError("\(length) bytes expected, \(count - offset) left", at: offset)
    }

    /// Takes `count` elements of `stride` bytes each; the product is checked, so a hostile count cannot wrap around.
    package mutating func take(_ count: Int, stride: Int) throws(DecodeError) -> UnsafeRawPointer {
        let (length, overflow) = count.multipliedReportingOverflow(by: stride)
        guard !overflow else { throw DecodeError("count \(count) overflows", at: offset) }
        return try take(length)
    }

    /// Passes over bytes that were looked at already.
    @inline(__always)
    package mutating func skip(_ length: Int) {
        precondition(length >= 0 && length <= count - offset)
        offset += length
    }

    package mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(DecodeError) -> T {
        T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
    }

    package mutating func u8() throws(DecodeError) -> UInt8 { try integer() }
    package mutating func u16() throws(DecodeError) -> UInt16 { try integer() }
    package mutating func u32() throws(DecodeError) -> UInt32 { try integer() }
    package mutating func u64() throws(DecodeError) -> UInt64 { try integer() }
    package mutating func i64() throws(DecodeError) -> Int64 { try integer() }

    /// A text preceded by its length in bytes (u32), valid UTF-8, at most `lengthBytesMax` bytes.
    package mutating func text(lengthBytesMax: Int) throws(DecodeError) -> String {
        let at = offset
        let length = Int(try u32())
        guard length <= lengthBytesMax else {
            throw DecodeError("text of \(length) bytes is over the limit of \(lengthBytesMax)", at: at)
        }
        let bytes = UnsafeRawBufferPointer(start: try take(length), count: length)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DecodeError("text is not valid UTF-8", at: at)
        }
        return text
    }

    /// Refuses trailing bytes: a decoder that ignores them would let two different inputs mean the same.
    package func expectEnd() throws(DecodeError) {
        guard offset == count else { throw DecodeError("\(count - offset) bytes too many", at: offset) }
    }
}
