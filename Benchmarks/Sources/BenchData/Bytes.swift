// Little-endian bytes, decimal text and CRC-32C: what the encoders of the protocols share.

import Glibc

/// What ends a run, in one sentence.
package struct BenchError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }

    /// The system call that failed.
    package static func system(_ call: String) -> BenchError {
        BenchError("\(call): \(String(cString: strerror(errno)))")
    }
}

extension [UInt8] {
    package mutating func little<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    package mutating func big<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    package mutating func ascii(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Length in bytes, then the bytes: text of Kith's protocol.
    package mutating func lengthAndText(_ text: String) {
        little(UInt32(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    package mutating func decimal(_ value: Int64) {
        var magnitude = value.magnitude
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        Swift.withUnsafeMutableBytes(of: &digits) { buffer in
            var start = buffer.count
            repeat {
                start -= 1
                buffer[start] = UInt8(48 + magnitude % 10)
                magnitude /= 10
            } while magnitude > 0
            if value < 0 {
                start -= 1
                buffer[start] = 45
            }
            append(contentsOf: buffer[start...])
        }
    }

    /// A number with leading zeros.
    package mutating func decimal(_ value: Int, digits: Int) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        while power > 0 {
            append(UInt8(48 + value / power % 10))
            power /= 10
        }
    }
}

/// Reads little-endian values; throws at the end of the bytes.
package struct Cursor {
    package let bytes: ArraySlice<UInt8>
    package var offset: Int

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    package mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count <= bytes.endIndex - offset else { throw BenchError("a reply ends too early") }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    package mutating func little<T: FixedWidthInteger>(_ type: T.Type = T.self) throws -> T {
        var value: T = 0
        for (index, byte) in try take(MemoryLayout<T>.size).enumerated() {
            value |= T(truncatingIfNeeded: byte) << T(truncatingIfNeeded: 8 * index)
        }
        return value
    }

    package mutating func text() throws -> String {
        String(decoding: try take(Int(little(UInt32.self))), as: UTF8.self)
    }
}

/// CRC-32C, eight bytes at a step: about 1 GB/s, and frames are encoded before the clock starts.
package enum CRC32C {
    private static let table: [UInt32] = {
        var table = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 != 0 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
            table[index] = value
        }
        for index in 256..<8 * 256 {
            table[index] = table[index - 256] >> 8 ^ table[Int(table[index - 256] & 255)]
        }
        return table
    }()

    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc: UInt32 = ~0
            var offset = 0
            while offset + 8 <= bytes.count {
                let word =
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
                crc = 0
                for step in 0..<8 {
                    crc ^= table[(7 - step) * 256 + Int(truncatingIfNeeded: word >> UInt64(8 * step) & 255)]
                }
                offset += 8
            }
            while offset < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[offset])) & 255)]
                offset += 1
            }
            return ~crc
        }
    }
}

/// SplitMix64: the same sequence on every machine.
package struct Random {
    private var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    package mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}

/// Nanoseconds of the monotonic clock.
package func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
