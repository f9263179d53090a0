import Engine
import Kith

// An upload lives on its connection: when that is lost, so is the upload, and the caller begins anew. So nothing but reading is
// sent again by itself.

extension KithClient: FileSession {
    /// Begins the upload of a content.
    public func beginUpload(lengthBytes: Int64) async throws -> UInt64 {
        var writer = ByteWriter()
        writer.i64(lengthBytes)
        // Sent again after a lost connection: the upload that no one was told of went with it.
        return try decode(try await call(.beginUpload, epoch: 0, body: writer.bytes)) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let number = try reader.u64()
            try reader.expectEnd()
            return number
        }
    }

    /// Sends the next piece; returns when it is written.
    public func sendPiece(_ bytes: [UInt8], at offset: Int64, of upload: UInt64) async throws {
        var writer = ByteWriter(capacityBytes: bytes.count + 16)
        writer.u64(upload)
        writer.i64(offset)
        writer.raw(bytes)
        _ = try await call(.sendPiece, epoch: 0, body: writer.bytes, isResendable: false)
    }

    /// Ends an upload; returns when the content is durable.
    public func endUpload(_ upload: UInt64, hash: ContentHash) async throws -> FileContent {
        var writer = ByteWriter()
        writer.u64(upload)
        writer.raw(hash.bytes)
        let answer = try await call(.endUpload, epoch: 0, body: writer.bytes, isResendable: false)
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let length = try reader.i64()
            try reader.expectEnd()
            return FileContent(hash: hash, lengthBytes: length)
        }
    }

    /// Gives an upload up.
    public func cancelUpload(_ upload: UInt64) async throws {
        var writer = ByteWriter()
        writer.u64(upload)
        _ = try await call(.cancelUpload, epoch: 0, body: writer.bytes, isResendable: false)
    }

    /// Reads a part of a record's file.
    public func readFile(
        _ record: RecordID,
        _ attribute: String,
        _ content: FileContent,
        at offset: Int64,
        count: Int
    ) async throws -> [UInt8] {
        let schema = try await schema
        guard let attribute = schema.entity(record.entity)?.attributeID(attribute) else {
            throw Refusal(.unknownAttribute, attribute: attribute, record: record, "There is no such attribute.")
        }
        var writer = ByteWriter()
        FilePart(record: record, attribute: attribute, content: content, offset: offset, count: count)
            .encode(into: &writer)
        let answer = try await call(.readFile, epoch: schema.epoch, body: writer.bytes)
        return try decode(answer) { body throws(DecodeError) in Array(body) }
    }
}
