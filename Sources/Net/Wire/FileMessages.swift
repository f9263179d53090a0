// Bodies of the operations about files; docs/protocol.md has the same.
//
//   beginUpload   u64 length                                     reply  u64 upload
//   sendPiece     u64 upload, u64 offset, bytes up to the end    reply  u64 bytes so far
//   endUpload     u64 upload, 32 bytes SHA-256                   reply  u64 length
//   cancelUpload  u64 upload                                     reply  empty
//   readFile      u64 record, u16 attribute, 32 bytes SHA-256, u64 length, u64 offset, u32 bytes
//                                                                reply  bytes

import Engine

/// A part of a record's file.
struct FilePart {
    var record: RecordID
    var attribute: AttributeID
    /// The content that the file had when the client looked.
    var content: FileContent
    var offset: Int64
    var count: Int

    func encode(into writer: inout ByteWriter) {
        writer.u64(record.rawValue)
        writer.u16(attribute.rawValue)
        writer.raw(content.hash.bytes)
        writer.i64(content.lengthBytes)
        writer.i64(offset)
        writer.u32(UInt32(count))
    }
}

extension FilePart {
    init(decoding body: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(body)
        record = RecordID(rawValue: try reader.u64())
        attribute = AttributeID(try reader.u16())
        let hash = try reader.hash()
        content = FileContent(hash: hash, lengthBytes: try reader.i64())
        offset = try reader.i64()
        count = Int(try reader.u32())
        try reader.expectEnd()
    }
}

extension ByteReader {
    /// The 32 bytes of a hash.
    mutating func hash() throws(DecodeError) -> ContentHash {
        let bytes = UnsafeRawBufferPointer(start: try take(ContentHash.byteCount), count: ContentHash.byteCount)
        guard let hash = ContentHash(bytes) else { throw DecodeError("a hash of another length", at: offset) }
        return hash
    }
}
