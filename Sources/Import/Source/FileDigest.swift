import COpenSSL
import Glibc

/// SHA-256 of a file's bytes as stored (compressed files are not unpacked): the file's identity, on which the identity
/// of rows without a key, (file hash, line), and the resumption of a run stand.
package struct FileDigest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the hash.
    package let bytes: [UInt8]

    /// 64 lower-case hexadecimal digits.
    package var description: String { Self.hexadecimal(bytes) }

    /// Reads the file once.
    package init(path: String) throws(ImportError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ImportError(.file, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var hasher = try DigestState()
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw ImportError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            try hasher.update(chunk[..<count])
        }
        bytes = try hasher.finish()
    }

    /// The hash of bytes in memory.
    package init(of content: [UInt8]) throws(ImportError) {
        var hasher = try DigestState()
        try hasher.update(content[...])
        bytes = try hasher.finish()
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = [UInt8]()
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// libcrypto's incremental SHA-256, released with its owner.
private struct DigestState: ~Copyable {
    private let context: OpaquePointer

    init() throws(ImportError) {
        guard let context = EVP_MD_CTX_new() else { throw ImportError(.file, "libcrypto has no memory for SHA-256") }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw ImportError(.file, "libcrypto offers no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: ArraySlice<UInt8>) throws(ImportError) {
        let code = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard code == 1 else { throw ImportError(.file, "libcrypto failed to hash") }
    }

    mutating func finish() throws(ImportError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
            throw ImportError(.file, "libcrypto failed to hash")
        }
        return digest
    }
}
