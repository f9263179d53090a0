import Engine
import Kith
import NIOCore
import Synchronization

// Uploads and downloads. What touches the disk runs on a pool of its own: neither a loop nor a query ever waits for a content.
// One piece of an upload is under way at a time, which is the back-pressure: a client sends the next one when the one before was
// written. What waits of a piece counts with the connection's buffers, as every request does.

/// An upload of a connection. `@unchecked` for `idleSince` and `sweptSince`, which are the loop's.
final class OpenUpload: @unchecked Sendable {
    private struct State {
        /// The store's, once the upload has begun there.
        var number: UInt64?
        var isBusy = false
        var hasFailed = false
        var isGivenUp = false
        var receivedBytes: Int64 = 0
    }

    /// What the client calls it.
    let handle: UInt64
    private let state = Mutex(State())
    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?
    /// When the sweep first saw it.
    var sweptSince: NIODeadline?

    init(_ handle: UInt64) { self.handle = handle }

    /// Whether a call on the pool has it.
    var isBusy: Bool { state.withLock { $0.isBusy } }
    /// Whether a call has failed, and with it the upload.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
    /// What came of it.
    var receivedBytes: Int64 { state.withLock { $0.receivedBytes } }
    /// A call is about to have it.
    func begin() { state.withLock { $0.isBusy = true } }

    /// The call is done. Any failure but a piece in the wrong place is the upload's end.
    func end(_ failure: ContentError? = nil) {
        state.withLock { state in
            state.isBusy = false
            guard let failure else { return }
            if case .wrongPiece = failure { return }
            state.hasFailed = true
        }
    }

    func received(_ bytes: Int) { state.withLock { $0.receivedBytes += Int64(bytes) } }

    /// It has begun in the store; false where it was given up meanwhile, and has to be cancelled there.
    func hasBegun(_ number: UInt64) -> Bool {
        state.withLock { state in
            state.number = number
            return !state.isGivenUp
        }
    }

    /// The store's number of an upload that a client can know.
    var number: UInt64 { state.withLock { $0.number } ?? 0 }

    /// Nobody goes on with it: what has to be cancelled in the store, if it has begun there.
    func giveUp() -> UInt64? {
        state.withLock { state in
            state.isGivenUp = true
            return state.number
        }
    }
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
            try beginUpload(header, body, &turn)
            return false
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

    private func beginUpload(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let length = Int64(bitPattern: try handle(body))
        for upload in uploads.values where upload.hasFailed { uploads[upload.handle] = nil }
        guard uploads.count < core.limits.uploadsMax else {
            throw .wire(
                WireError(.uploadLimit, "\(core.limits.uploadsMax) uploads are open on this connection: end one first.")
            )
        }
        let upload = OpenUpload(core.takeHandle())
        try beginCall(header, [], of: upload, &turn) {
            [database = core.database] _, writer throws(ContentError) in
            let number = try database.beginUpload(ofLength: length)
            guard upload.hasBegun(number) else {
                database.contents.cancelUpload(number)
                throw .unknownUpload
            }
            writer.u64(upload.handle)
        }
        uploads[upload.handle] = upload
    }

    private func sendPiece(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let (handle, offset, first) = try decoding(body) { reader throws(DecodeError) in
            (try reader.u64(), try reader.i64(), reader.offset)
        }
        let upload = try idleUpload(handle)
        let number = upload.number
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
            upload.received(bytes.count)
            writer.u64(UInt64(offset) + UInt64(bytes.count))
        }
    }

    private func endUpload(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let (handle, hash) = try decoding(body) { reader throws(DecodeError) in
            let (handle, hash) = (try reader.u64(), try reader.hash())
            try reader.expectEnd()
            return (handle, hash)
        }
        let upload = try idleUpload(handle)
        let number = upload.number
        try beginCall(header, [], of: upload, &turn) { [database = core.database] _, writer throws(ContentError) in
            writer.i64(try database.endUpload(number, expecting: hash).lengthBytes)
        }
        uploads[handle] = nil
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
            try beginCall(header, bytes.count, observed: 0, turn.schemaEpoch, on: core.contentPool) {
                writer throws(WireFailure) in
                do throws(ContentError) {
                    try work(bytes, &writer)
                    upload.end()
                } catch {
                    upload.end(error)
                    throw .file(error)
                }
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
        try beginCall(header, count, observed: turn.position, turn.schemaEpoch, on: core.contentPool) {
            [contents = core.database.contents] writer throws(WireFailure) in
            do throws(ContentError) {
                writer.raw(try contents.read(part.content, at: part.offset, count: count))
            } catch {
                throw .file(error)
            }
            return CallResult()
        }
    }

    private func idleUpload(_ handle: UInt64) throws(WireFailure) -> OpenUpload {
        guard let upload = uploads[handle], !upload.hasFailed else { throw .file(.unknownUpload) }
        guard !upload.isBusy else {
            throw .wire(WireError(.overloaded, "A piece of this upload is under way: wait for it."))
        }
        upload.idleSince = nil
        return upload
    }

    /// Gives an upload up; a piece that is being written is waited for on the pool.
    private func close(_ upload: OpenUpload) {
        uploads[upload.handle] = nil
        guard let number = upload.giveUp() else { return }
        let contents = core.database.contents
        core.contentPool.submit { _ in contents.cancelUpload(number) }
    }

    /// The client is gone.
    func closeUploads() { for upload in uploads.values { close(upload) } }

    /// Closes uploads of which nothing came for the lifetime of a cursor, and those that have come too slowly since: what an
    /// upload announces is kept from all others.
    func expireUploads(_ now: NIODeadline) {
        guard !uploads.isEmpty else { return }
        let lifetime = TimeAmount.milliseconds(Int64(core.limits.cursorLifetimeMilliseconds))
        for upload in uploads.values where !upload.isBusy {
            let idleSince = upload.idleSince ?? now
            let sweptSince = upload.sweptSince ?? now
            upload.idleSince = idleSince
            upload.sweptSince = sweptSince
            // At most the largest content's milliseconds times the rate, which is far from the bounds of 64 bits.
            let lateMilliseconds = max(0, (now - sweptSince - lifetime).nanoseconds / 1_000_000)
            let owedBytes = lateMilliseconds * core.limits.uploadBytesPerSecondMin / 1_000
            if now - idleSince >= lifetime || upload.receivedBytes < owedBytes { close(upload) }
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
