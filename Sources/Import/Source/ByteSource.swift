import CZlib
import Glibc

/// A file read front to back in bounded memory: plain, or gzip (recognised by its first two bytes, with any number of
/// members one after the other, as `cat a.gz b.gz` and parallel compressors make them).
///
/// Guarantees: at most `inputChunkBytes` of the file and the 32 KiB window of the decompressor are held, however far
/// the data unpacks; a truncated or damaged gzip file throws and never ends silently early. One thread at a time.
package final class ByteSource {
    private static let inputChunkBytes = 256 << 10

    package let path: String
    /// Size of the file on disk when it was opened.
    package let fileBytes: Int
    /// Bytes of the file, as stored, that were consumed so far: progress against `fileBytes`.
    package private(set) var fileBytesRead = 0
    package private(set) var isGzip = false

    private let descriptor: Int32
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var inputStart = 0
    private var inputEnd = 0
    private var inputAtEnd = false
    /// zlib keeps a pointer to this structure inside its state, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var memberIsOpen = false

    /// Opens the regular file at `path`.
    package init(path: String) throws(ImportError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ImportError(.file, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ImportError(.file, "\(path) is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        fileBytes = Int(status.st_size)
        input = .allocate(capacity: Self.inputChunkBytes)
        input.initialize(repeating: 0)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        try refill()
        if inputEnd >= 2, input[0] == 0x1F, input[1] == 0x8B {
            // 15 bits of window plus 16: expect a gzip header and check its CRC and length.
            let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
            guard code == Z_OK else {
                throw ImportError(.file, "cannot start to decompress \(path): zlib says \(code)")
            }
            isGzip = true
            memberIsOpen = true
        }
    }

    deinit {
        if isGzip { inflateEnd(stream) }
        stream.deinitialize(count: 1)
        stream.deallocate()
        input.deallocate()
        close(descriptor)
    }

    /// Fills `buffer` as far as the file goes.
    ///
    /// - Returns: the bytes written; less than the buffer's size only at the end of the file, 0 when nothing is left.
    package func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(ImportError) -> Int {
        var written = 0
        while written < buffer.count {
            let rest = UnsafeMutableBufferPointer(rebasing: buffer[written...])
            let count = isGzip ? try inflateSome(into: rest) : try copySome(into: rest)
            if count == 0 { break }
            written += count
        }
        return written
    }

    private func copySome(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(ImportError) -> Int {
        if inputStart == inputEnd { try refill() }
        let count = min(buffer.count, inputEnd - inputStart)
        guard count > 0, let target = buffer.baseAddress, let source = input.baseAddress else { return 0 }
        memcpy(target, source + inputStart, count)
        inputStart += count
        fileBytesRead += count
        return count
    }

    private func inflateSome(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(ImportError) -> Int {
        // zlib counts in 32 bits.
        let room = min(buffer.count, 1 << 30)
        while true {
            if inputStart == inputEnd { try refill() }
            let available = inputEnd - inputStart
            if !memberIsOpen {
                guard available > 0 else { return 0 }
                // The next member, or the zero padding that tape-minded tools append.
                if input[inputStart] == 0 {
                    inputStart += 1
                    fileBytesRead += 1
                    continue
                }
                guard inflateReset(stream) == Z_OK else {
                    throw ImportError(.format, "\(path): cannot restart the gzip decompressor")
                }
                memberIsOpen = true
            }
            guard available > 0 else {
                throw ImportError(.format, "\(path): the gzip data ends in the middle; the file was cut off")
            }
            stream.pointee.next_in = input.baseAddress.map { $0 + inputStart }
            stream.pointee.avail_in = UInt32(available)
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = UInt32(room)
            let code = inflate(stream, Z_NO_FLUSH)
            let consumed = available - Int(stream.pointee.avail_in)
            inputStart += consumed
            fileBytesRead += consumed
            let produced = room - Int(stream.pointee.avail_out)
            switch code {
            case Z_STREAM_END: memberIsOpen = false
            case Z_OK: break
            default:
                let detail = stream.pointee.msg.map { String(cString: $0) } ?? "zlib code \(code)"
                throw ImportError(.format, "\(path): damaged gzip data at byte \(fileBytesRead): \(detail)")
            }
            if produced > 0 { return produced }
        }
    }

    private func refill() throws(ImportError) {
        inputStart = 0
        inputEnd = 0
        while !inputAtEnd, inputEnd < input.count {
            let count = Glibc.read(descriptor, input.baseAddress.map { $0 + inputEnd }, input.count - inputEnd)
            if count < 0 {
                if errno == EINTR { continue }
                throw ImportError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { inputAtEnd = true }
            inputEnd += count
        }
    }
}
