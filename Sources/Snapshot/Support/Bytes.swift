// Little-endian numbers in raw memory. Callers have compared the length before: an offset outside traps.

extension UnsafeRawBufferPointer {
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    func digest(at offset: Int) -> SHA256Digest {
        SHA256Digest(words: loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self))
    }

    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}

extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }

    func store(_ digest: SHA256Digest, at offset: Int) {
        storeBytes(of: digest.words, toByteOffset: offset, as: SIMD4<UInt64>.self)
    }

    func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self[range])
    }

    func zero(_ range: Range<Int>) { part(range).initializeMemory(as: UInt8.self, repeating: 0) }
}

/// Rounds up to the unit that a disk writes whole.
@inline(__always)
func roundedUpToSector(_ bytes: Int) -> Int { (bytes + (LogFormat.sectorBytes - 1)) & ~(LogFormat.sectorBytes - 1) }

/// Fixed-width hexadecimal, as file names carry it: sorted names are sorted numbers.
package func hexadecimal(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// The reverse: exactly `digits` lower-case digits, or nil.
package func parseHexadecimal(_ text: Substring, digits: Int) -> UInt64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
        return nil
    }
    return UInt64(text, radix: 16)
}

/// Memory aligned to a page, owned once.
final class AlignedMemory {
    let bytes: UnsafeMutableRawBufferPointer
    init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 4096) }
    deinit { bytes.deallocate() }
}
