import Engine
import Kith
import NIOCore
import NIOPosix

// From bytes to replies: checks every frame of a read, executes it, and writes its reply behind the one before. Reads by id are
// executed beside those of other loops; from the first frame on that is something else, all are in a turn of the writer. The bytes are hostile until header checksum, version, kind, length and body checksum have been checked, in this
// order; the body is then decoded by whoever executes it, with checks of its own.

/// How far a read was executed.
struct FrameWalk {
    /// Bytes of the frames that were executed or refused.
    var consumedBytes = 0
    /// The replies are as many as may wait, or the log is full: the rest stays where it is.
    var isOutputFull = false
    /// The rest needs a turn of the writer.
    var needsTurn = false
    /// Where the replies begin in the output.
    var outputStart = 0
    /// What ends the connection, and the request that it answers.
    private(set) var failure: WireError?
    private(set) var failedRequest: WireHeader?

    mutating func fail(_ error: WireError, _ request: WireHeader? = nil) {
        failure = error
        failedRequest = request
    }
}

extension ServerConnection {
    /// The frame that begins at `offset`, when it is complete; nil when it is not, or when it ends the connection.
    @inline(__always)
    private func frame(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        _ walk: inout FrameWalk
    ) -> Frame? {
        let available = bytes.count - offset
        guard available >= WireHeader.lengthBytes, let base = bytes.baseAddress else { return nil }
        let frame = base + offset
        guard let header = WireHeader(at: frame) else {
            walk.fail(WireError(.malformedFrame, "The checksum of a frame's header is wrong."))
            return nil
        }
        if let failure = refusal(of: header) {
            walk.fail(failure, header)
            return nil
        }
        let length = Int(header.bodyLengthBytes)
        guard available - WireHeader.lengthBytes >= length else { return nil }
        let body = UnsafeRawBufferPointer(start: frame + WireHeader.lengthBytes, count: length)
        guard header.matches(body: body) else {
            walk.fail(WireError(.malformedFrame, "The checksum of a frame's body is wrong."), header)
            return nil
        }
        return Frame(header: header, body: body, endOffset: offset + WireHeader.lengthBytes + length)
    }

    /// Finds the next complete frames. What is wrong with a frame behind the first counts when its turn comes.
    private func lookAhead(
        _ bytes: UnsafeRawBufferPointer,
        _ walk: inout FrameWalk,
        _ ahead: inout FramesAhead
    ) {
        ahead.removeAll()
        guard let first = frame(bytes, at: walk.consumedBytes, &walk) else { return }
        ahead.append(first)
        var unused = FrameWalk()
        while !ahead.isFull, let next = frame(bytes, at: ahead.endOffset, &unused) { ahead.append(next) }
    }

    /// Executes complete frames that only read, up to the first that needs a turn of the writer. Returns what they observed.
    func executeReads(_ bytes: UnsafeRawBufferPointer, _ walk: inout FrameWalk, _ output: inout ByteWriter) -> Position
    {
        // Most often what needs a turn is told by its first frame, which the turn will check.
        let unread = UnsafeRawBufferPointer(rebasing: bytes[walk.consumedBytes...])
        if let operation = WireHeader.operation(ofWhole: unread), operation != WireOperation.read.rawValue {
            walk.needsTurn = true
            return 0
        }
        var ahead = core.takeFramesAhead()
        var position: Position = 0
        lookAhead(bytes, &walk, &ahead)
        if ahead.areReads {
            position = core.database.read(with: core.reader) { turn in
                executeReads(bytes, &walk, turn, &output, &ahead)
                return turn.position
            }
        }
        walk.needsTurn = !ahead.isEmpty && !walk.isOutputFull
        core.putFramesAhead(ahead)
        return position
    }

    /// Executes complete frames of any kind.
    func execute(
        _ bytes: UnsafeRawBufferPointer,
        _ walk: inout FrameWalk,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) {
        var ahead = core.takeFramesAhead()
        lookAhead(bytes, &walk, &ahead)
        execute(bytes, &walk, &turn, &output, &ahead)
        core.putFramesAhead(ahead)
    }

    /// Executes frames while all that were found are reads, up to one that needs the writer's turn.
    private func executeReads(
        _ bytes: UnsafeRawBufferPointer,
        _ walk: inout FrameWalk,
        _ turn: borrowing ReaderTurn,
        _ output: inout ByteWriter,
        _ ahead: inout FramesAhead
    ) {
        let epoch = turn.schemaEpoch
        while ahead.areReads {
            if ahead.reads.count > 1 { ahead.reads.withUnsafeBufferPointer { turn.prefetch($0) } }
            while hasRoom(output, bytes, &walk) {
                guard let frame = ahead.next() else { break }
                var isAnswered = true
                _ = reply(to: frame.header, epoch, &output) { output throws(WireFailure) in
                    do throws(Refusal) {
                        isAnswered = try turn.read(frame.body, into: &output)
                    } catch {
                        throw .refusal(error)
                    }
                    return isAnswered ? epoch : nil
                }
                guard isAnswered else { return ahead.putBack() }
                walk.consumedBytes = frame.endOffset
            }
            if walk.isOutputFull { return }
            lookAhead(bytes, &walk, &ahead)
        }
    }

    /// Executes frames of any kind.
    private func execute(
        _ bytes: UnsafeRawBufferPointer,
        _ walk: inout FrameWalk,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter,
        _ ahead: inout FramesAhead
    ) {
        var epoch = turn.schemaEpoch
        while !ahead.isEmpty {
            if ahead.reads.count + ahead.transactions.count > 1 {
                ahead.reads.withUnsafeBufferPointer { reads in
                    ahead.transactions.withUnsafeBufferPointer { turn.prefetch(reads: reads, transactions: $0) }
                }
            }
            while hasRoom(output, bytes, &walk) {
                guard let frame = ahead.next() else { break }
                var isLogFull = false
                epoch = reply(to: frame.header, epoch, &output) { output throws(WireFailure) in
                    do throws(WireFailure) {
                        guard try answer(frame.header, frame.body, &turn, &output) else { return nil }
                    } catch {
                        guard case .refusal(let refusal) = error, refusal.code == .overloaded else { throw error }
                        isLogFull = true
                        return nil
                    }
                    let mayHaveChanged = frame.header.operation == WireOperation.changeSchema.rawValue
                    return mayHaveChanged ? turn.schemaEpoch : epoch
                }
                // This turn itself has filled it: the frame waits, as it would have if the log had been full before.
                guard !isLogFull else {
                    walk.isOutputFull = true
                    return ahead.putBack()
                }
                walk.consumedBytes = frame.endOffset
            }
            if walk.isOutputFull { return }
            lookAhead(bytes, &walk, &ahead)
        }
    }

    /// Whether there may be another reply; otherwise the walk ends here, if anything is left of it.
    @inline(__always)
    private func hasRoom(
        _ output: borrowing ByteWriter,
        _ bytes: UnsafeRawBufferPointer,
        _ walk: inout FrameWalk
    ) -> Bool {
        if output.count - walk.outputStart <= core.limits.pendingReplyBytesMax { return true }
        walk.isOutputFull = bytes.count - walk.consumedBytes >= WireHeader.lengthBytes
        return false
    }

    /// Appends the reply to a request: the body that `answer` writes, or the error that it throws. `answer` returns the epoch
    /// of the schema that is in force then, which is handed on; or nil, and nothing is appended, since the reply comes later.
    @inline(__always)
    private func reply(
        to header: WireHeader,
        _ epoch: UInt32,
        _ output: inout ByteWriter,
        _ answer: (inout ByteWriter) throws(WireFailure) -> UInt32?
    ) -> UInt32 {
        let start = output.beginFrame()
        do throws(WireFailure) {
            guard header.schemaEpoch == 0 || header.schemaEpoch == epoch else {
                throw .wire(
                    WireError(
                        .schemaStale,
                        "The schema has epoch \(epoch); the request was made with \(header.schemaEpoch)."
                    )
                )
            }
            guard let next = try answer(&output) else {
                output.truncate(start)
                return epoch
            }
            guard output.count - start - WireHeader.lengthBytes <= WireLimits.bodyBytesMax else {
                throw .replyTooLarge
            }
            output.endFrame(
                start,
                WireHeader(.reply, header.operation, correlation: header.correlation, schemaEpoch: next)
            )
            return next
        } catch {
            core.noteRefusal(error)
            output.endFrame(start, error, answering: header, epoch: epoch)
            return epoch
        }
    }

    /// Why a frame with this header ends the connection, whatever its body; nil when it does not.
    @inline(__always)
    private func refusal(of header: WireHeader) -> WireError? {
        guard header.version == WireHeader.version else {
            return WireError(.wrongVersion, "Version \(header.version) of the protocol; the server speaks version 1.")
        }
        guard header.kind == FrameKind.request.rawValue, header.count == 0 else {
            return WireError(.malformedFrame, "The header is not one of a request.")
        }
        let limit = phase == .open ? WireLimits.bodyBytesMax : WireLimits.helloBodyBytesMax
        guard header.bodyLengthBytes <= UInt32(limit) else {
            return WireError(.bodyTooLarge, "A body of \(header.bodyLengthBytes) bytes; the limit is \(limit).")
        }
        return nil
    }

    /// Appends the reply's body; false when the reply comes later.
    @inline(__always)
    private func answer(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) throws(WireFailure) -> Bool {
        switch WireOperation(rawValue: header.operation) {
        case .read:
            do { try turn.read(body, actor: actor, into: &output) } catch { throw .refusal(error) }
            return true
        case .execute:
            // Keys may have to be made first.
            if TransactionHeader.asksForCheck(body) { return try beginChecked(header, body, isMessage: false, &turn) }
            do { try turn.execute(body, actor: actor, reply: &output) } catch { throw .refusal(error) }
            return true
        default:
            return try answerRare(header, body, &turn, &output)
        }
    }

    /// The operations that are not hot.
    @inline(never)
    private func answerRare(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) throws(WireFailure) -> Bool {
        switch WireOperation(rawValue: header.operation) {
        case .perform:
            if TransactionHeader.asksForCheck(body) { return try beginChecked(header, body, isMessage: true, &turn) }
            do { try turn.perform(body, actor: actor, reply: &output) } catch { throw .refusal(error) }
            return true
        case .history:
            try beginHistory(header, body, &turn)
            return false
        case .activities:
            try beginActivities(header, body, &turn)
            return false
        case .duplicates:
            try beginDuplicates(header, body, &turn)
            return false
        case .schedule:
            try beginSchedule(header, body, &turn)
            return false
        case .rehearseMessage:
            try beginMessageRehearsal(header, body, &turn)
            return false
        case .queryAsOf:
            try beginQueryAsOf(header, body, &turn)
            return false
        case .startJob:
            try beginJob(header, body, &turn)
            return false
        case .ping:
            try expectEmpty(body)
            return true
        case .schema:
            try expectEmpty(body)
            turn.schema.encode(into: &output)
            return true
        case .changeSchema:
            if let ahead = turn.indexesAhead(of: body) {
                try beginChange(header, body, ahead, &turn)
                return false
            }
            do { try turn.changeSchema(body, actor: actor, reply: &output) } catch { throw .refusal(error) }
            return true
        case .status:
            try expectEmpty(body)
            let epoch = turn.schemaEpoch
            try beginCall(header, 0, observed: turn.position, epoch) {
                [database = core.database, census = core.census] writer throws(WireFailure) in
                writer.text(database.status.json { status in status.object("server") { census.write(to: &$0) } })
                return CallResult()
            }
            return false
        case .snapshot:
            try expectEmpty(body)
            let epoch = turn.schemaEpoch
            try beginCall(header, 0, observed: turn.position, epoch) {
                [database = core.database] writer throws(WireFailure) in
                do {
                    writer.u64(try database.writeSnapshot().position)
                    return CallResult()
                } catch {
                    throw .wire(WireError(.unavailable, "The snapshot failed: \(error)"))
                }
            }
            return false
        case .hello:
            throw .wire(WireError(.malformed, "The connection has said hello already."))
        default:
            if let operation = WireOperation(rawValue: header.operation),
                let isAnswered = try answerQuery(operation, header, body, &turn, &output)
            {
                return isAnswered
            }
            throw .wire(WireError(.unknownOperation, "There is no operation \(header.operation)."))
        }
    }

    /// Changes the schema beside the loop, where indexes of many records are made for it first.
    private func beginChange(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ ahead: IndexesAhead,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let request = Array(body)
        // Not on the pool of the queries: it may take a thread for seconds, and a second change waits for the first.
        try beginCall(header, request.count, observed: turn.position, turn.schemaEpoch, on: core.contentPool) {
            [database = core.database, actor] writer throws(WireFailure) in
            do throws(Refusal) {
                let (reply, position, epoch) = try database.changeSchema(request, ahead: ahead, actor: actor)
                writer.raw(reply)
                return CallResult(observed: position, epoch: epoch)
            } catch {
                throw .refusal(error)
            }
        }
    }

    func expectEmpty(_ body: UnsafeRawBufferPointer) throws(WireFailure) {
        guard body.isEmpty else { throw .wire(WireError(.malformed, "The operation has no body.")) }
    }

    /// Runs `work` beside the writer; the frame that it makes is sent when it is ready and what it observed is durable. A
    /// cursor that `work` fails to use is at its end.
    func beginCall(
        _ header: WireHeader,
        _ heldBytes: Int,
        observed position: Position,
        _ epoch: UInt32,
        using cursor: OpenCursor? = nil,
        on pool: NIOThreadPool? = nil,
        _ work: @escaping @Sendable (inout ByteWriter) throws(WireFailure) -> CallResult
    ) throws(WireFailure) {
        guard hasRoomForCall else {
            throw .wire(WireError(.overloaded, "\(core.limits.callsMax) calls are under way on this connection."))
        }
        let counts = core.census.counts
        call(holding: heldBytes, observed: position, on: pool ?? core.pool) { writer in
            let start = writer.beginFrame()
            do throws(WireFailure) {
                let result = try work(&writer)
                guard writer.count - WireHeader.lengthBytes <= WireLimits.bodyBytesMax else { throw .replyTooLarge }
                writer.endFrame(
                    start,
                    WireHeader(
                        .reply,
                        header.operation,
                        correlation: header.correlation,
                        count: UInt32(truncatingIfNeeded: result.rowCount),
                        schemaEpoch: result.epoch ?? epoch
                    )
                )
                return result
            } catch {
                counts.refused(error)
                writer.endFrame(start, error, answering: header, epoch: epoch)
                cursor?.end()
                return CallResult(cursor: cursor)
            }
        }
    }

    // MARK: Hello

    /// Handles the first frame, when it is complete: outside a turn, since finding a user takes a view of its own.
    func greet(_ bytes: UnsafeRawBufferPointer, _ walk: inout FrameWalk, _ output: inout ByteWriter) {
        guard let frame = frame(bytes, at: 0, &walk) else { return }
        let (header, body) = (frame.header, frame.body)
        walk.consumedBytes = frame.endOffset
        let start = output.beginFrame()
        let schema = core.database.currentView.schema
        do throws(WireError) {
            let (user, client) = try greet(header, body)
            HelloReply(
                organisation: core.organisation,
                user: user,
                limits: core.limits,
                durablePosition: core.database.durablePosition,
                schema: schema
            ).encode(into: &output)
            output.endFrame(
                start,
                WireHeader(.reply, header.operation, correlation: header.correlation, schemaEpoch: schema.epoch)
            )
            open(actor: user, clientName: client)
        } catch {
            output.truncate(start)
            walk.fail(error, header)
        }
    }

    private func greet(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer
    ) throws(WireError) -> (user: RecordID, client: String) {
        guard header.operation == WireOperation.hello.rawValue else {
            throw WireError(.helloRequired, "The first request must be a hello.")
        }
        let hello: HelloRequest
        do {
            hello = try HelloRequest(decoding: body)
        } catch {
            throw WireError(.malformedFrame, "The hello cannot be read: \(error)")
        }
        let version = UInt16(WireHeader.version)
        guard hello.lowestVersion <= version, hello.highestVersion >= version else {
            throw WireError(.wrongVersion, "The server speaks version \(version) of the protocol.")
        }
        guard hello.organisation.isEmpty || hello.organisation == core.organisation else {
            throw WireError(.unknownOrganisation, "There is no organisation '\(hello.organisation)' here.")
        }
        guard let user = core.database.user(hello.user) else {
            throw WireError(.unknownUser, "There is no user '\(hello.user)'.")
        }
        return (user, hello.client)
    }
}
