import CKernels
import Engine

// Frames are written body first: a place for the header is kept, the body is appended behind it, and the header is
// filled in when the body's length and checksum are known. So a reply is encoded once, straight into what is sent.

extension ByteWriter {
    /// Keeps room for a header and returns where the frame begins.
    @inline(__always)
    package mutating func beginFrame() -> Int {
        let start = count
        _ = claim(WireHeader.lengthBytes)
        return start
    }

    /// Fills in the header of the frame that begins at `start` and ends here.
    @inline(__always)
    package mutating func endFrame(_ start: Int, _ header: WireHeader) {
        var header = header
        let bodyLength = count - start - WireHeader.lengthBytes
        let frame = address(start)
        header.bodyLengthBytes = UInt32(truncatingIfNeeded: bodyLength)
        header.bodyChecksum = kith_crc32c(0, frame + WireHeader.lengthBytes, bodyLength)
        header.store(at: frame)
    }

    /// Appends a whole frame.
    package mutating func frame(_ header: WireHeader, body: UnsafeRawBufferPointer) {
        let start = beginFrame()
        raw(body)
        endFrame(start, header)
    }

    /// Takes back what was written of the frame's body and makes it an error instead.
    package mutating func endFrame(_ start: Int, _ error: WireFailure, answering header: WireHeader, epoch: UInt32) {
        truncate(start + WireHeader.lengthBytes)
        error.encode(into: &self)
        endFrame(
            start,
            WireHeader(.error, header.operation, correlation: header.correlation, schemaEpoch: epoch)
        )
    }
}
