import Engine
import Kith
import NIOCore

// One client's connection. A read of the socket is handled as a whole: all frames that are complete are executed, those that
// only read beside other loops' and the others in one turn of the writer; their replies are encoded into one buffer, and that
// buffer is written once.
//
// Life: greeting → open → closing. Closing sends an error, waits for the client to hang up, and hears nothing more.
//
// Back-pressure: when replies that wait for the log or the client exceed the limit, the connection pauses: it neither
// executes what was read nor reads more, until enough is gone.

/// What a call on the thread pool leaves behind besides its frame.
struct CallResult: Sendable {
    /// Rows of the block in the frame.
    var rowCount = 0
    /// The cursor that it came from.
    var cursor: OpenCursor?
    /// What it has observed beyond the position with which it began.
    var observed: Position = 0
}

final class ServerConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case greeting, open, closing
    }

    /// Replies that must not leave before the log is durable up to a position.
    private struct Held {
        var position: Position
        var buffer: ByteBuffer
    }

    let core: ServerCore
    private(set) var address = ""
    private(set) var clientName = ""
    /// Place among the core's connections; nil when it is not one of them.
    var place: Int?
    private(set) var accountedBytes = 0

    var context: ChannelHandlerContext?
    var phase = Phase.greeting
    /// The acting user.
    var actor = RecordID.none
    /// What was read and not executed yet: the beginning of a frame, or whole frames while paused.
    private var pending = ByteBuffer()
    private var held: [Held] = []
    private var heldBytes = 0
    private(set) var isWaiting = false
    private var needsFlush = false
    private var isPaused = false
    /// What was read waits for the writer's turn.
    private var isDeferred = false
    /// A read was asked for while paused.
    private var wantsRead = false
    /// No more frames are executed; the connection closes when all are answered.
    private var isFinishing = false
    /// Calls under way on the thread pool, and the bytes that they hold.
    private var callCount = 0
    private var callBytes = 0

    /// What queries left open, by handle.
    var statements: [UInt64: PreparedQuery] = [:]
    var cursors: [UInt64: OpenCursor] = [:]
    let cursorPlaces: Allowance
    let cursorMemory: Allowance
    /// What the client tries out.
    var rehearsal: OpenRehearsal?
    /// Contents that it sends, by number.
    var uploads: [UInt64: OpenUpload] = [:]
    /// Stops every query of the connection when the client is gone.
    let cancellation = QueryCancellation()

    /// What the sweep remembers; see ServerConnection+Deadlines.
    var clock = ConnectionClock()

    init(core: ServerCore) {
        self.core = core
        cursorPlaces = Allowance(core.limits.cursorsMax)
        cursorMemory = Allowance(core.limits.cursorBytesMax)
    }

    // MARK: Events of the channel

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        address = context.remoteAddress?.ipAddress ?? ""
        clock.begin(.now())
        do {
            try core.admit(self)
        } catch {
            fail(error)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closing
        held.removeAll()
        cancellation.cancel()
        for cursor in cursors.values { close(cursor) }
        statements = [:]
        closeRehearsal()
        closeUploads()
        // Without its context nothing of the connection counts any more, the beginning of a frame included.
        self.context = nil
        account(0)
        core.remove(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        core.logger.debug("connection lost", metadata: ["client": "\(clientName)", "error": "\(error)"])
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closing else { return }
        clock.heard()
        var incoming = Self.unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = incoming } else { pending.writeBuffer(&incoming) }
        if !isPaused, !isDeferred { process() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if needsFlush { flush() }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { wantsRead = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        account(unsentBytes)
        if context.channel.isWritable { resume() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Requests

    /// Executes every complete frame, or as many as their replies have room for.
    private func process(waits: Bool = false) {
        guard phase != .closing, !isFinishing else {
            pending = ByteBuffer()
            return
        }
        guard pending.readableBytes >= WireHeader.lengthBytes else { return account(unsentBytes) }
        if core.isLogFull {
            // Executing would only bring refusals: the next commit makes room.
            isPaused = true
            waitForCommit()
            return account(unsentBytes)
        }
        var output = core.takeOutput()
        var walk = FrameWalk()
        if phase == .greeting { pending.withUnsafeReadableBytes { greet($0, &walk, &output) } }
        var position: Position = 0
        if phase == .open { position = pending.withUnsafeReadableBytes { execute($0, &walk, &output, waits: waits) } }
        if walk.consumedBytes > 0 { clock.incompleteSince = nil }
        if walk.consumedBytes == pending.readableBytes {
            // Without a reference to it the channel can use the buffer for its next read.
            pending = ByteBuffer()
        } else {
            pending.moveReaderIndex(forwardBy: walk.consumedBytes)
            pending.discardReadBytes()
        }
        output.withUnsafeBytes { send($0, observed: position) }
        core.putOutput(output)
        if let failure = walk.failure { return fail(failure, answering: walk.failedRequest) }
        account(unsentBytes)
        if walk.isOutputFull || heldBytes > core.limits.pendingReplyBytesMax { return pause() }
        if walk.needsTurn {
            isDeferred = true
            core.deferTurn(self)
        }
    }

    /// Executes what needs the writer's turn: the loop has done everything else meanwhile.
    func processDeferred() {
        isDeferred = false
        guard !isPaused else { return }
        process(waits: true)
        if needsFlush { flush() }
    }

    /// Sends replies now, or holds them until what they observed is durable.
    func send(_ bytes: UnsafeRawBufferPointer, observed position: Position) {
        guard bytes.count > 0, let context else { return }
        if held.isEmpty, position <= core.database.durablePosition {
            context.write(Self.wrapOutboundOut(core.buffer(toSend: bytes)), promise: nil)
            needsFlush = true
            return
        }
        held.append(Held(position: position, buffer: ByteBuffer(bytes: bytes)))
        heldBytes += bytes.count
        waitForCommit()
    }

    /// Sends what is durable, and goes on where the log was full.
    func release(through durable: Position) {
        isWaiting = false
        guard let context else { return }
        var count = 0
        while count < held.count, held[count].position <= durable {
            heldBytes -= held[count].buffer.readableBytes
            context.write(Self.wrapOutboundOut(held[count].buffer), promise: nil)
            count += 1
        }
        held.removeFirst(count)
        if !held.isEmpty { waitForCommit() }
        if count > 0 {
            flush()
            account(unsentBytes)
        }
        resume()
        if isFinishing { finish() }
    }

    /// Whether what it waits for has not come yet: its first replies durable, or room in the log.
    var mustWait: Bool {
        guard let first = held.first else { return core.isLogFull }
        return first.position > core.database.durablePosition
    }

    private func waitForCommit() {
        guard !isWaiting else { return }
        isWaiting = true
        core.wait(self)
    }

    // MARK: Back-pressure

    private func pause() {
        guard !isPaused else { return }
        isPaused = true
        flush()
        // Everything may have gone out at once; then go on, after the others had their turn.
        guard let context, context.channel.isWritable, heldBytes <= core.limits.pendingReplyBytesMax else { return }
        let bound = NIOLoopBound(self, eventLoop: core.eventLoop)
        core.eventLoop.execute { bound.value.resume() }
    }

    private func resume() {
        guard isPaused, let context, context.channel.isWritable, heldBytes <= core.limits.pendingReplyBytesMax else {
            return
        }
        isPaused = false
        process()
        flush()
        if !isPaused, wantsRead {
            wantsRead = false
            context.read()
        }
    }

    private func flush() {
        needsFlush = false
        context?.flush()
    }

    /// Bytes that the client has not taken yet, as far as they are more than the socket's own buffer takes at once.
    var unsentBytes: Int {
        guard let context, !context.channel.isWritable else { return 0 }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Whether the client has to read before anything goes on.
    var isBlockedByClient: Bool { context.map { !$0.channel.isWritable } ?? false }
    /// Whether the rest of a frame is awaited.
    var awaitsRestOfFrame: Bool { pending.readableBytes > 0 && !isPaused }
    /// Whether nothing is to be done or answered.
    var isIdle: Bool { pending.readableBytes == 0 && held.isEmpty && callCount == 0 }

    private func account(_ unsent: Int) {
        let bytes = context == nil ? 0 : pending.readableBytes + heldBytes + callBytes + unsent
        guard bytes != accountedBytes else { return }
        let difference = bytes - accountedBytes
        accountedBytes = bytes
        core.account(difference)
    }

    // MARK: Calls on the thread pool

    /// Whether another call may begin.
    var hasRoomForCall: Bool { callCount < core.limits.callsMax }

    /// Runs `work` beside the writer and sends the frame that it writes. What it observed is at most `position`,
    /// unless its result says more.
    func call(
        holding bytes: Int,
        observed position: Position,
        _ work: @escaping @Sendable (inout ByteWriter) -> CallResult
    ) {
        callCount += 1
        callBytes += bytes
        let bound = NIOLoopBound(self, eventLoop: core.eventLoop)
        let eventLoop = core.eventLoop
        core.pool.submit { _ in
            var writer = ByteWriter()
            let result = work(&writer)
            let reply = writer.bytes
            let observed = max(position, result.observed)
            eventLoop.execute { bound.value.finishCall(reply, result.cursor, holding: bytes, observed: observed) }
        }
    }

    private func finishCall(
        _ reply: [UInt8],
        _ cursor: OpenCursor?,
        holding bytes: Int,
        observed position: Position
    ) {
        callCount -= 1
        callBytes -= bytes
        settle(cursor)
        guard phase == .open else { return }
        reply.withUnsafeBytes { send($0, observed: position) }
        flush()
        account(unsentBytes)
        if isFinishing { finish() }
    }

    // MARK: Hello and end

    /// The client has said who it is.
    func open(actor: RecordID, clientName: String) {
        self.actor = actor
        self.clientName = clientName
        phase = .open
    }

    /// Sends the error behind all replies that are durable, and closes when the client has hung up or had time to read it.
    func fail(_ error: WireError, answering request: WireHeader? = nil) {
        guard phase != .closing, let context else { return }
        phase = .closing
        clock.begin(.now())
        pending = ByteBuffer()
        core.logger.info(
            "connection closed",
            metadata: ["client": "\(clientName)", "address": "\(address)", "reason": "\(error.message)"]
        )
        var output = core.takeOutput()
        let start = output.beginFrame()
        output.endFrame(start, .wire(error), answering: request ?? WireHeader(.request, 0, correlation: 0), epoch: 0)
        let buffer = output.withUnsafeBytes { ByteBuffer(bytes: $0) }
        core.putOutput(output)
        // Closing at once would make the system discard what the client has not read yet, if it has sent more than was
        // read here. So: end our half, hear nothing more, and let the sweep close what the client does not.
        let bound = NIOLoopBound(context, eventLoop: core.eventLoop)
        context.writeAndFlush(Self.wrapOutboundOut(buffer)).whenComplete { _ in
            bound.value.close(mode: .output, promise: nil)
        }
        if isPaused {
            isPaused = false
            context.read()
        }
        account(unsentBytes)
    }

    /// The log failed: what is held will never be sent.
    func halt(_ error: WireError) {
        held.removeAll()
        heldBytes = 0
        isWaiting = false
        fail(error)
    }

    /// Closes at once, after an attempt to say why.
    func drop(_ error: WireError) {
        fail(error)
        context?.close(promise: nil)
    }

    /// Executes nothing more, and closes when everything is answered.
    func finish() {
        isFinishing = true
        pending = ByteBuffer()
        guard held.isEmpty, callCount == 0 else { return }
        fail(WireError(.stopping, "The server stops."))
    }

    /// Closes at once.
    func abort() { context?.close(promise: nil) }
}
