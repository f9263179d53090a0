// The two checks: CRC-32C finds what a disk got wrong (a bit, a torn sector), SHA-256 ties groups into one chain so that
// a piece of another history cannot pass for this one.

import CKernels
import COpenSSL

/// CRC-32C of `bytes`, continuing from `seed`: 8 bytes a step in hardware.
@inline(__always)
package func crc32c(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    kith_crc32c(seed, bytes.baseAddress, bytes.count)
}

/// The same function in Swift, a bit at a time: the twin that a test compares with the kernel.
package func crc32cReference(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
    var crc = ~seed
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
}

/// libcrypto, kept usable until the process is gone: by default it takes itself down in `exit`, while the threads of a database
/// that was not closed still hash, and a hash that it then refuses would turn an orderly end into a crash.
enum LibCrypto {
    static let isKept = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}

/// A SHA-256 value.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes in memory order.
    var words: SIMD4<UInt64>

    init(words: SIMD4<UInt64>) { self.words = words }

    /// Hashes one piece of memory. libcrypto can refuse only for want of memory, which ends the process as any failed
    /// allocation does, and is then an ordinary crash to recover from.
    package init(of bytes: UnsafeRawBufferPointer) {
        precondition(LibCrypto.isKept, "libcrypto does not start")
        var words = SIMD4<UInt64>()
        let result = withUnsafeMutableBytes(of: &words) {
            EVP_Digest(bytes.baseAddress, bytes.count, $0.baseAddress, nil, EVP_sha256(), nil)
        }
        precondition(result == 1, "libcrypto refused SHA-256")
        self.words = words
    }

    /// Lower-case hexadecimal.
    public var description: String {
        withUnsafeBytes(of: words) { bytes in
            bytes.reduce(into: "") { $0 += hexadecimal(UInt64($1), digits: 2) }
        }
    }
}

/// Names one data directory for ever, so that files of two directories cannot be mixed. Chosen by whoever creates the
/// directory: 16 random bytes.
public struct DirectoryID: Hashable, Sendable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> DirectoryID {
        DirectoryID(high: generator.next(), low: generator.next())
    }

    public var description: String { hexadecimal(high, digits: 16) + hexadecimal(low, digits: 16) }

    func store(in bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes.store(high, at: offset)
        bytes.store(low, at: offset + 8)
    }

    init(in bytes: UnsafeRawBufferPointer, at offset: Int) {
        self.init(high: bytes.load(offset), low: bytes.load(offset + 8))
    }

    /// What checksums of this directory's frames start from. Payloads carry bytes that strangers chose; without knowing
    /// the directory's id they cannot make some of them look like a frame's header.
    package var checksumSeed: UInt32 {
        withUnsafeBytes(of: (high.littleEndian, low.littleEndian)) { crc32c($0) }
    }

    /// What the first group's hash continues from.
    var chainStart: SHA256Digest {
        withUnsafeBytes(of: (high.littleEndian, low.littleEndian)) { SHA256Digest(of: $0) }
    }
}
