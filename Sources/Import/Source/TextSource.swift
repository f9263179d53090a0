/// The bytes of a text file as the CSV reader wants them: without a byte order mark, with UTF-16 turned into UTF-8, and
/// refused with a reason when they are not text at all (a workbook, an archive, binary data).
///
/// One-byte encodings pass through unchanged: they share ASCII's structure bytes with UTF-8, so cells are decoded after
/// they are cut. One thread at a time.
package final class TextSource {
    /// Bytes of UTF-16 read at once.
    private static let chunkBytes = 64 << 10

    private let source: ByteSource
    /// How cells are to be decoded: never a UTF-16 form, which is already UTF-8 here.
    package let cellEncoding: TextEncoding
    private let utf16: TextEncoding?

    /// Bytes that were read and not handed out yet: the file's beginning, or transcoded text.
    private var pending: [UInt8]
    private var pendingStart = 0
    private var rawChunk: [UInt8] = []
    private var oddByte: UInt8?
    private var highSurrogate: UInt32?

    package var fileBytes: Int { source.fileBytes }
    package var fileBytesRead: Int { source.fileBytesRead }

    package init(_ source: ByteSource, encoding: TextEncoding) throws(ImportError) {
        self.source = source
        var start = [UInt8](repeating: 0, count: 4096)
        let count = try Self.read(from: source, into: &start)
        start.removeLast(start.count - count)

        var encoding = encoding
        var markBytes = 0
        if start.starts(with: [0xEF, 0xBB, 0xBF]) {
            // The mark says more than a mapping that was written for another export of the same table.
            markBytes = 3
            if encoding != .utf8 { encoding = .detect }
        } else if start.starts(with: [0xFF, 0xFE]), encoding == .detect || encoding == .utf16LittleEndian {
            (encoding, markBytes) = (.utf16LittleEndian, 2)
        } else if start.starts(with: [0xFE, 0xFF]), encoding == .detect || encoding == .utf16BigEndian {
            (encoding, markBytes) = (.utf16BigEndian, 2)
        }
        let isUTF16 = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
        if !isUTF16 { try Self.refuseBinary(start, path: source.path) }
        utf16 = isUTF16 ? encoding : nil
        cellEncoding = isUTF16 ? .utf8 : encoding
        if isUTF16 {
            pending = []
            transcode(start[markBytes...])
        } else {
            pending = start
            pendingStart = markBytes
        }
    }

    /// Fills `buffer`; the count is 0 only at the end of the text.
    package func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(ImportError) -> Int {
        var written = 0
        while written < buffer.count {
            if pendingStart < pending.count {
                let count = min(buffer.count - written, pending.count - pendingStart)
                _ = UnsafeMutableBufferPointer(rebasing: buffer[written...])
                    .update(fromContentsOf: pending[pendingStart..<pendingStart + count])
                pendingStart += count
                written += count
            } else if utf16 != nil {
                guard try transcodeNext() else { break }
            } else {
                return written + (try source.read(into: UnsafeMutableBufferPointer(rebasing: buffer[written...])))
            }
        }
        return written
    }

    private static func read(from source: ByteSource, into bytes: inout [UInt8]) throws(ImportError) -> Int {
        let result = bytes.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(ImportError) in try source.read(into: buffer) }
        }
        return try result.get()
    }

    /// - Returns: false at the end of the file.
    private func transcodeNext() throws(ImportError) -> Bool {
        if rawChunk.isEmpty { rawChunk = [UInt8](repeating: 0, count: Self.chunkBytes) }
        let count = try Self.read(from: source, into: &rawChunk)
        pending.removeAll(keepingCapacity: true)
        pendingStart = 0
        guard count > 0 else {
            let isCutOff = oddByte != nil || highSurrogate != nil
            (oddByte, highSurrogate) = (nil, nil)
            if isCutOff { TextEncoding.appendUTF8(0xFFFD, to: &pending) }
            return isCutOff
        }
        transcode(rawChunk[..<count])
        return true
    }

    /// Appends UTF-16 bytes as UTF-8 to `pending`. A surrogate without its partner becomes U+FFFD, as in every decoder.
    private func transcode(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            guard let first = oddByte else {
                oddByte = byte
                continue
            }
            oddByte = nil
            let unit =
                utf16 == .utf16LittleEndian
                ? UInt32(first) | UInt32(byte) << 8 : UInt32(first) << 8 | UInt32(byte)
            if let high = highSurrogate {
                highSurrogate = nil
                if unit & 0xFC00 == 0xDC00 {
                    TextEncoding.appendUTF8(0x1_0000 + (high & 0x3FF) << 10 + unit & 0x3FF, to: &pending)
                    continue
                }
                TextEncoding.appendUTF8(0xFFFD, to: &pending)
            }
            switch unit & 0xFC00 {
            case 0xD800: highSurrogate = unit
            case 0xDC00: TextEncoding.appendUTF8(0xFFFD, to: &pending)
            default: TextEncoding.appendUTF8(unit, to: &pending)
            }
        }
    }

    private static func refuseBinary(_ start: [UInt8], path: String) throws(ImportError) {
        let signatures: [(bytes: [UInt8], what: String)] = [
            ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive, perhaps an Excel workbook; save it as CSV"),
            ([0xD0, 0xCF, 0x11, 0xE0], "an old Excel or Word document; save it as CSV"),
            ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd; unpack it, or use gzip"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed by xz; unpack it, or use gzip"),
            ([0x25, 0x50, 0x44, 0x46], "a PDF document"),
        ]
        for signature in signatures where start.starts(with: signature.bytes) {
            throw ImportError(.format, "\(path) is not CSV text but \(signature.what)")
        }
        if start.contains(0) {
            throw ImportError(
                .format,
                "\(path) is not CSV text: it has NUL bytes (if it is UTF-16 without a byte order mark, say "
                    + "'encoding: utf-16le' or 'utf-16be')"
            )
        }
    }
}
