// zstd at level 1 for what gains a tenth or more, bytes as they are for the rest.

import CZstd

/// Contexts of libzstd, kept between blocks: making one costs more than compressing a small block.
/// `@unchecked` because each context is in the list or with one caller, never both.
final class Compressor: @unchecked Sendable {
    private struct Idle {
        var compressing: [OpaquePointer] = []
        var decompressing: [OpaquePointer] = []
    }

    private let idle = Monitor(Idle())

    /// libzstd's fastest ordinary level; the columns are encoded already, what is left are mostly strings.
    private static let level: Int32 = 1
    /// Below this a frame's overhead of about 12 bytes eats the gain.
    private static let leastBytes = 64

    deinit {
        idle.withLock { idle in
            for context in idle.compressing { ZSTD_freeCCtx(context) }
            for context in idle.decompressing { ZSTD_freeDCtx(context) }
        }
    }

    /// Compresses into `target` and returns the length, or nil where less than a tenth would be gained.
    func compress(_ raw: UnsafeRawBufferPointer, into target: inout [UInt8]) -> Int? {
        guard raw.count >= Compressor.leastBytes else { return nil }
        // More room than the largest useful result is never given, so that a hopeless block ends early.
        let limit = raw.count - (raw.count + 9) / 10
        if target.count < limit { target = [UInt8](repeating: 0, count: limit) }
        guard let context = idle.withLock({ $0.compressing.popLast() }) ?? ZSTD_createCCtx() else { return nil }
        defer { idle.withLock { $0.compressing.append(context) } }
        let length = target.withUnsafeMutableBytes {
            ZSTD_compressCCtx(context, $0.baseAddress, limit, raw.baseAddress, raw.count, Compressor.level)
        }
        return ZSTD_isError(length) == 0 ? length : nil
    }

    /// Decompresses exactly `target.count` bytes; false where `stored` is anything else than that.
    func decompress(_ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        guard ZSTD_getFrameContentSize(stored.baseAddress, stored.count) == UInt64(target.count),
            let context = idle.withLock({ $0.decompressing.popLast() }) ?? ZSTD_createDCtx()
        else { return false }
        defer { idle.withLock { $0.decompressing.append(context) } }
        let length = ZSTD_decompressDCtx(context, target.baseAddress, target.count, stored.baseAddress, stored.count)
        return ZSTD_isError(length) == 0 && length == target.count
    }
}
