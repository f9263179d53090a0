// Lists of contents, as they stand in snapshots: u32 count, each: 32 bytes of hash, i64 length; sorted, each once.

extension FileContent {
    /// Contents of one part: 2.6 MiB.
    private static let pieceContents = 65_536

    static func pieceCount(of contents: [FileContent]) -> Int { (contents.count + pieceContents - 1) / pieceContents }

    static func encode(_ contents: [FileContent], piece: Int, into writer: inout ByteWriter) {
        let first = piece * pieceContents
        let part = contents[first..<min(first + pieceContents, contents.count)]
        writer.u32(UInt32(part.count))
        for content in part {
            writer.raw(content.hash.bytes)
            writer.i64(content.lengthBytes)
        }
    }

    /// Reads one part that stands alone.
    package static func list(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) -> [FileContent] {
        var reader = ByteReader(bytes)
        let contents = try list(from: &reader)
        try reader.expectEnd()
        return contents
    }

    /// Reads one part.
    package static func list(from reader: inout ByteReader) throws(DecodeError) -> [FileContent] {
        let count = Int(try reader.u32())
        guard count <= pieceContents else { throw DecodeError("\(count) contents in one part", at: 0) }
        var contents: [FileContent] = []
        for _ in 0..<count {
            let bytes = UnsafeRawBufferPointer(
                start: try reader.take(ContentHash.byteCount),
                count: ContentHash.byteCount
            )
            guard let hash = ContentHash(bytes) else {
                throw DecodeError("a hash of another length", at: reader.offset)
            }
            let length = try reader.i64()
            guard 0...FileReference.lengthBytesMax ~= length else {
                throw DecodeError("a content of \(length) bytes", at: reader.offset)
            }
            contents.append(FileContent(hash: hash, lengthBytes: length))
        }
        return contents
    }
}
