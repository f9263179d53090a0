// Numbers of a few bits each, one behind the other, the lowest bit first.

/// Reads packed numbers. Borrows their bytes.
struct PackedNumbers {
    /// A number is cut from eight bytes that begin up to seven bits before it.
    static let bitsMax = 56
    /// Zeros at the end, so that eight bytes can be read at any number.
    private static let paddingBytes = 8

    private let bytes: UnsafeRawPointer
    private let bits: Int
    private let mask: UInt64

    /// Takes `count` numbers of `bits` bits each.
    init(from reader: inout ByteReader, count: Int, bits: Int) throws(DecodeError) {
        guard 0...PackedNumbers.bitsMax ~= bits else { throw DecodeError("numbers of \(bits) bits", at: reader.offset) }
        let (allBits, overflow) = count.multipliedReportingOverflow(by: bits)
        guard !overflow else { throw DecodeError("count \(count) overflows", at: reader.offset) }
        bytes = try reader.take(allBits / 8 + (allBits % 8 == 0 ? 0 : 1) + PackedNumbers.paddingBytes)
        self.bits = bits
        mask = (1 << UInt64(bits)) - 1
    }

    /// The number at an index, which must be below the count.
    @inline(__always)
    subscript(_ index: Int) -> UInt64 {
        let bit = index &* bits
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
        return word &>> UInt64(truncatingIfNeeded: bit & 7) & mask
    }

    /// Bits of the numbers up to `largest`.
    static func bits(upTo largest: UInt64) -> Int { UInt64.bitWidth - largest.leadingZeroBitCount }

    /// Bytes that `encode` writes.
    static func byteCount(_ count: Int, bits: Int) -> Int { (count * bits + 7) / 8 + paddingBytes }

    /// Writes `count` numbers, each below 2^bits.
    static func encode(_ count: Int, bits: Int, into writer: inout ByteWriter, _ number: (Int) -> UInt64) {
        let start = writer.claim(byteCount(count, bits: bits))
        var at = 0
        var pending: UInt64 = 0
        var pendingBits = 0
        for index in 0..<count {
            // Fewer than eight bits wait, and at most 56 come.
            pending |= number(index) << UInt64(pendingBits)
            pendingBits += bits
            // The bytes that are not full are written again with the next number.
            start.storeBytes(of: pending.littleEndian, toByteOffset: at, as: UInt64.self)
            let full = pendingBits >> 3
            at += full
            pending >>= UInt64(full * 8)
            pendingBits &= 7
        }
        let end = (count * bits + 7) / 8
        (start + end).initializeMemory(as: UInt8.self, repeating: 0, count: paddingBytes)
    }
}
