import COpenSSL
import Engine

/// SHA-256 of bytes that come in pieces. Thread rule: one caller at a time.
package final class SHA256Stream {
    private let context: OpaquePointer

    package init() {
        // As for `SHA256Digest`: libcrypto can refuse only for want of memory.
        precondition(LibCrypto.isKept, "libcrypto does not start")
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto refused SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "libcrypto refused SHA-256")
    }

    /// The hash of all bytes. Call once, at the end.
    package func finish() -> ContentHash {
        let hash = withUnsafeTemporaryAllocation(byteCount: ContentHash.byteCount, alignment: 8) { bytes in
            let result = EVP_DigestFinal_ex(context, bytes.bindMemory(to: UInt8.self).baseAddress, nil)
            precondition(result == 1, "libcrypto refused SHA-256")
            return ContentHash(UnsafeRawBufferPointer(bytes))
        }
        guard let hash else { preconditionFailure("a SHA-256 of another length") }
        return hash
    }
}
