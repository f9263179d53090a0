// Files of records, for whoever has a session: a content is uploaded in pieces, named by a transaction, and read in pieces.

import Engine
import Snapshot

/// A session that can store and read the contents of files (docs/files.md).
public protocol FileSession: Session {
    /// Begins the upload of a content of so many bytes; returns its number.
    func beginUpload(lengthBytes: Int64) async throws -> UInt64
    /// Sends the next piece, of at most `FilePieces.bytesMax` bytes; `offset` is where the one before ended. One piece of an
    /// upload is under way at a time.
    func sendPiece(_ bytes: [UInt8], at offset: Int64, of upload: UInt64) async throws
    /// Ends an upload whose bytes have this hash; returns when the content is durable. Records can be given it from now on.
    func endUpload(_ upload: UInt64, hash: ContentHash) async throws -> FileContent
    /// Gives an upload up.
    func cancelUpload(_ upload: UInt64) async throws
    /// Bytes of a record's file from `offset` on: `count`, or fewer at its end. Refused when the record has another file by now.
    func readFile(
        _ record: RecordID,
        _ attribute: String,
        _ content: FileContent,
        at offset: Int64,
        count: Int
    ) async throws -> [UInt8]
}

/// How contents are cut.
public enum FilePieces {
    /// Bytes of a piece at most: what a connection's buffers are made for, and what a disk takes in some milliseconds.
    public static let bytesMax = 4 << 20
    /// Bytes of the pieces that `upload` and `download` make.
    public static let bytes = 1 << 20
}

extension FileSession {
    /// Stores a content. `next` gives its bytes in pieces of any size, and an empty one at the end.
    ///
    /// - Parameter lengthBytes: how many bytes will come.
    public func upload(lengthBytes: Int64, _ next: () throws -> [UInt8]) async throws -> FileContent {
        let upload = try await beginUpload(lengthBytes: lengthBytes)
        do {
            let hash = SHA256Stream()
            var offset: Int64 = 0
            while true {
                let bytes = try next()
                if bytes.isEmpty { break }
                for start in stride(from: 0, to: bytes.count, by: FilePieces.bytesMax) {
                    let piece = Array(bytes[start..<min(start + FilePieces.bytesMax, bytes.count)])
                    piece.withUnsafeBytes { hash.append($0) }
                    try await sendPiece(piece, at: offset, of: upload)
                    offset += Int64(piece.count)
                }
            }
            return try await endUpload(upload, hash: hash.finish())
        } catch {
            // The first failure is the one to report.
            try? await cancelUpload(upload)
            throw error
        }
    }

    /// What a file attribute of a record is; nil when it has no file.
    public func file(of record: RecordID, _ attribute: String) async throws -> FileReference? {
        guard let entity = try await schema.entity(record.entity) else { return nil }
        let page = try await read(entity.name, [attribute], [record])
        guard case .text(let text)? = page.rows.first?.first else { return nil }
        return try FileReference(text: text)
    }

    /// Reads a record's file piece by piece. The bytes are proved at the end: throws then when they are not the content's.
    public func download(
        _ record: RecordID,
        _ attribute: String,
        _ file: FileReference,
        _ body: ([UInt8]) throws -> Void
    ) async throws {
        let hash = SHA256Stream()
        var offset: Int64 = 0
        while offset < file.content.lengthBytes {
            let piece = try await readFile(record, attribute, file.content, at: offset, count: FilePieces.bytes)
            guard !piece.isEmpty else { break }
            piece.withUnsafeBytes { hash.append($0) }
            try body(piece)
            offset += Int64(piece.count)
        }
        let found = hash.finish()
        guard found == file.content.hash else {
            throw ContentError.wrongHash(received: found, expected: file.content.hash)
        }
    }

    /// Gives a record a file whose content was uploaded, or takes it away.
    @discardableResult
    public func setFile(
        _ file: FileReference?,
        of record: RecordID,
        _ attribute: String
    ) async throws -> TransactionReply {
        var transaction = Transaction(try await schema)
        try transaction.updateRecord(record, [(attribute, file.map { .text($0.text) } ?? .null)])
        return try await execute(transaction)
    }
}
