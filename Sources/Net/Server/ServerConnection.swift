import Engine
import Kith
import NIOCore
import NIOPosix

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
    /// The schema's epoch, where it changed.
    var epoch: UInt32?
}

final class ServerConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        case greeting, open, closing
    }

    /// What a turn of the writer left to be done after it.
    private struct Executed {
        var walk: FrameWalk
        /// Where the replies end in the turn's output.
        var outputEnd: Int
        var position: Position
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
    /// The socket, for sending past the channel's queue.
    private var socket = DirectSocket()
    /// Writes in the channel's queue: what the socket had no room for, and all that came behind it.
    private var queuedCount = 0
    private var isPaused = false
    /// What was read waits for the writer's turn.
    private var isDeferred = false
    /// Between the turn and what follows it.
    private var executed: Executed?
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
        socket = DirectSocket(context.channel)
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

    func read(context: ChannelHandlerContext) {
        if isPaused { wantsRead = true } else { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        account(unsentBytes)
        if context.channel.isWritable { resume() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Requests

    /// Executes what came as far as it only reads, and has the rest executed in the loop's next turn of the writer.
    private func process() {
        guard mayExecute() else { return }
        var output = core.takeOutput()
        var walk = FrameWalk()
        if phase == .greeting { pending.withUnsafeReadableBytes { greet($0, &walk, &output) } }
        var position: Position = 0
        if phase == .open { position = pending.withUnsafeReadableBytes { executeReads($0, &walk, &output) } }
        output.withUnsafeBytes { finish(walk, $0, observed: position) }
        core.putOutput(output)
    }

    /// Whether anything can be executed now; otherwise whatever has to come first is waited for.
    private func mayExecute() -> Bool {
        guard phase != .closing, !isFinishing else {
            pending = ByteBuffer()
            return false
        }
        guard pending.readableBytes >= WireHeader.lengthBytes else {
            account(unsentBytes)
            return false
        }
        guard core.isLogFull else { return true }
        // Executing would only bring refusals: the next commit makes room.
        isPaused = true
        waitForCommit()
        account(unsentBytes)
        return false
    }

    /// Bytes that wait for a turn of the writer.
    var deferredBytes: Int { pending.readableBytes }

    /// Executes every complete frame, or as many as their replies have room for, in a turn that several connections share: so
    /// nothing is sent or waited for before the turn is over, and `finishTurn` says what became of it.
    func execute(in turn: inout WriterTurn, _ output: inout ByteWriter) {
        guard isDeferred, phase == .open, !isFinishing, !isPaused, !core.isLogFull else { return }
        var walk = FrameWalk(outputStart: output.count)
        pending.withUnsafeReadableBytes { execute($0, &walk, &turn, &output) }
        executed = Executed(walk: walk, outputEnd: output.count, position: turn.position)
    }

    /// Sends the replies that the turn wrote into `output`, and goes on.
    func finishTurn(_ output: UnsafeRawBufferPointer) {
        isDeferred = false
        let executed = executed.take()
        // What happened to another connection may have ended this one.
        guard phase == .open, !isFinishing, let executed else {
            if !isPaused { process() }
            return
        }
        let replies = output[executed.walk.outputStart..<executed.outputEnd]
        finish(executed.walk, UnsafeRawBufferPointer(rebasing: replies), observed: executed.position)
    }

    /// Forgets what was executed and answers it.
    private func finish(_ walk: FrameWalk, _ replies: UnsafeRawBufferPointer, observed position: Position) {
        if walk.consumedBytes > 0 { clock.incompleteSince = nil }
        if walk.consumedBytes == pending.readableBytes {
            // Without a reference to it the channel can use the buffer for its next read.
            pending = ByteBuffer()
        } else {
            pending.moveReaderIndex(forwardBy: walk.consumedBytes)
            pending.discardReadBytes()
        }
        send(replies, observed: position)
        if let failure = walk.failure { return fail(failure, answering: walk.failedRequest) }
        account(unsentBytes)
        if walk.isOutputFull || heldBytes > core.limits.pendingReplyBytesMax { return pause() }
        if walk.needsTurn {
            isDeferred = true
            core.deferTurn(self)
        }
    }

    /// Sends replies now, or holds them until what they observed is durable.
    func send(_ bytes: UnsafeRawBufferPointer, observed position: Position) {
        guard bytes.count > 0, let context else { return }
        if held.isEmpty, position <= core.database.durablePosition {
            return transmit(bytes, context)
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
        var ready = ByteBuffer()
        while count < held.count, held[count].position <= durable {
            if count == 0 { ready = held[count].buffer } else { ready.writeBuffer(&held[count].buffer) }
            count += 1
        }
        held.removeFirst(count)
        if !held.isEmpty { waitForCommit() }
        if count > 0 {
            heldBytes -= ready.readableBytes
            ready.withUnsafeReadableBytes { transmit($0, context) }
            account(unsentBytes)
        }
        resume()
        if isFinishing { finish() }
    }

    /// Whether what it waits for has not come yet: its first replies durable, or room in the log.
    var mustWait: Bool {
        held.isEmpty ? core.isLogFull : held[0].position > core.database.durablePosition
    }

    /// Gives bytes to the socket; what it does not take now goes the channel's way, and so does everything behind it.
    private func transmit(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
        let sent = queuedCount == 0 && context.channel.isActive ? socket.send(bytes) : 0
        guard sent < bytes.count else { return }
        queuedCount += 1
        let rest = ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[sent...]))
        let bound = NIOLoopBound(self, eventLoop: core.eventLoop)
        context.writeAndFlush(Self.wrapOutboundOut(rest)).whenComplete { _ in bound.value.queuedCount -= 1 }
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
        if !isPaused, wantsRead {
            wantsRead = false
            context.read()
        }
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
        on pool: NIOThreadPool,
        _ work: @escaping @Sendable (inout ByteWriter) -> CallResult
    ) {
        callCount += 1
        callBytes += bytes
        let bound = NIOLoopBound(self, eventLoop: core.eventLoop)
        let eventLoop = core.eventLoop
        pool.submit { state in
            // What had not begun when the server stopped has no answer: its connection is gone.
            guard state == .active else { return }
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
        core.noteEnd(error, of: address)
        var output = core.takeOutput()
        let start = output.beginFrame()
        output.endFrame(start, .wire(error), answering: request ?? WireHeader(.request, 0, correlation: 0), epoch: 0)
        let buffer = output.withUnsafeBytes { ByteBuffer(bytes: $0) }
        core.putOutput(output)
        // Nothing overtakes the error.
        socket = DirectSocket()
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
