import Engine
import Kith
import NIOCore
import Synchronization

// Uploads and downloads. What touches the disk runs on the pool: a loop never waits for it. One piece of an upload is under way
// at a time, which is the back-pressure: a client sends the next one when the one before was written. What waits of a piece
// counts with the connection's buffers, as every request does.

/// An upload of a connection. `@unchecked` for `idleSince`, which is the loop's.
final class OpenUpload: @unchecked Sendable {
    let number: UInt64
    private let busy = Atomic(false)
    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?

    init(_ number: UInt64) { self.number = number }

    /// Whether a call on the pool has it.
    var isBusy: Bool { busy.load(ordering: .acquiring) }
    /// A call is about to have it.
    func begin() { busy.store(true, ordering: .releasing) }
    /// The call is done.
    func end() { busy.store(false, ordering: .releasing) }
}

extension ServerConnection {
    /// Answers the operations about files; nil when it is not one of them.
    func answerFile(
        _ operation: WireOperation,
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) throws(WireFailure) -> Bool? {
        switch operation {
        case .beginUpload:
            try beginUpload(body, &output)
            return true
        case .cancelUpload:
            close(try idleUpload(try handle(body)))
            return true
        case .sendPiece:
            try sendPiece(header, body, &turn)
            return false
        case .endUpload:
            try endUpload(header, body, &turn)
            return false
        case .readFile:
            try readFile(header, body, &turn)
            return false
        default: return nil
        }
    }

    private func beginUpload(_ body: UnsafeRawBufferPointer, _ output: inout ByteWriter) throws(WireFailure) {
        let length = Int64(bitPattern: try handle(body))
        guard uploads.count < core.limits.uploadsMax else {
            throw .wire(
                WireError(.uploadLimit, "\(core.limits.uploadsMax) uploads are open on this connection: end one first.")
            )
        }
        let number: UInt64
        do throws(ContentError) {
            number = try core.database.contents.beginUpload(lengthBytes: length)
        } catch {
            throw .file(error)
        }
        uploads[number] = OpenUpload(number)
        output.u64(number)
    }

    private func sendPiece(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let (number, offset, first) = try decoding(body) { reader throws(DecodeError) in
            (try reader.u64(), try reader.i64(), reader.offset)
        }
        let upload = try idleUpload(number)
        let bytes = Array(body[first...])
        guard bytes.count <= FilePieces.bytesMax else {
            throw .wire(WireError(.uploadRefused, "A piece has at most \(FilePieces.bytesMax >> 20) MiB."))
        }
        try beginCall(header, bytes, of: upload, &turn) {
            [contents = core.database.contents] bytes, writer throws(ContentError) in
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(ContentError) in try contents.append(bytes, at: offset, to: number) }
            }
            try result.get()
            writer.u64(UInt64(offset) + UInt64(bytes.count))
        }
    }

    private func endUpload(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let (number, hash) = try decoding(body) { reader throws(DecodeError) in
            let (number, hash) = (try reader.u64(), try reader.hash())
            try reader.expectEnd()
            return (number, hash)
        }
        let upload = try idleUpload(number)
        try beginCall(header, [], of: upload, &turn) { [database = core.database] _, writer throws(ContentError) in
            writer.i64(try database.endUpload(number, expecting: hash).lengthBytes)
        }
        uploads[number] = nil
    }

    /// Runs a call that has an upload for itself.
    private func beginCall(
        _ header: WireHeader,
        _ bytes: [UInt8],
        of upload: OpenUpload,
        _ turn: inout WriterTurn,
        _ work: @escaping @Sendable ([UInt8], inout ByteWriter) throws(ContentError) -> Void
    ) throws(WireFailure) {
        // Before the call, which may end on its thread before this one goes on.
        upload.begin()
        do throws(WireFailure) {
            try beginCall(header, bytes.count, observed: 0, turn.schema.epoch) { writer throws(WireFailure) in
                defer { upload.end() }
                do throws(ContentError) { try work(bytes, &writer) } catch { throw .file(error) }
                return CallResult()
            }
        } catch {
            upload.end()
            throw error
        }
    }

    private func readFile(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let part: FilePart
        do throws(DecodeError) { part = try FilePart(decoding: body) } catch { throw .malformed(error) }
        guard turn.file(of: part.record, part.attribute)?.content == part.content else {
            throw .file(.notHeld(part.content.hash))
        }
        let count = min(part.count, FilePieces.bytesMax)
        try beginCall(header, count, observed: turn.position, turn.schema.epoch) {
            [contents = core.database.contents] writer throws(WireFailure) in
            do throws(ContentError) {
                writer.raw(try contents.read(part.content, at: part.offset, count: count))
            } catch {
                throw .file(error)
            }
            return CallResult()
        }
    }

    private func idleUpload(_ number: UInt64) throws(WireFailure) -> OpenUpload {
        // One that failed keeps its place here until it is given up, or expires.
        guard let upload = uploads[number] else { throw .file(.unknownUpload) }
        guard !upload.isBusy else {
            throw .wire(WireError(.overloaded, "A piece of this upload is under way: wait for it."))
        }
        upload.idleSince = nil
        return upload
    }

    /// Gives an upload up; a piece that is being written is waited for on the pool.
    private func close(_ upload: OpenUpload) {
        uploads[upload.number] = nil
        let contents = core.database.contents
        core.pool.submit { _ in contents.cancelUpload(upload.number) }
    }

    /// The client is gone.
    func closeUploads() { for upload in uploads.values { close(upload) } }

    /// Closes uploads of which nothing came for the lifetime of a cursor.
    func expireUploads(_ now: NIODeadline) {
        guard !uploads.isEmpty else { return }
        let lifetime = TimeAmount.milliseconds(Int64(core.limits.cursorLifetimeMilliseconds))
        for upload in uploads.values where !upload.isBusy {
            let since = upload.idleSince ?? now
            upload.idleSince = since
            if now - since >= lifetime { close(upload) }
        }
    }

    private func decoding<R>(
        _ body: UnsafeRawBufferPointer,
        _ read: (inout ByteReader) throws(DecodeError) -> R
    ) throws(WireFailure) -> R {
        do throws(DecodeError) {
            var reader = ByteReader(body)
            return try read(&reader)
        } catch {
            throw .malformed(error)
        }
    }
}

extension WireFailure {
    /// What a client is told of a content that could not be stored or read.
    static func file(_ error: ContentError) -> WireFailure {
        switch error {
        case .impossibleLength, .wrongPiece, .incomplete, .wrongHash:
            .wire(WireError(.uploadRefused, error.description))
        case .tooManyUploads: .wire(WireError(.uploadLimit, error.description))
        case .unknownUpload: .wire(WireError(.uploadUnknown, error.description))
        case .notHeld: .wire(WireError(.fileUnknown, error.description))
        case .diskFull: .refusal(Refusal(.diskFull, error.description))
        case .storage, .unreadable, .closed: .wire(WireError(.unavailable, error.description))
        }
    }
}
