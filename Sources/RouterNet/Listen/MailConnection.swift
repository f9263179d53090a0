// One connection: bytes of the socket go into the session, what it says goes out.
//
// Guarantees
// - What was said and not read by the other side is bounded: beyond the channel's mark nothing more is done or read, until it is.
// - The last answer is heard, also by who is still sending: what comes after it is read and dropped until the other side hangs up, or
//   `closeTime` is over. (A socket that is closed with bytes unread takes back what it said.)
//
// Thread rule: everything happens on the connection's event loop; what the spool answers is brought there.

import Logging
import NIOCore
import Router

final class MailConnection: ChannelInboundHandler, @unchecked Sendable {
    // `@unchecked`: reached from other threads only by `eventLoop.execute`.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var session: MailSession
    private let places: ListenPlaces
    private let sessions: MailSessions
    private let logger: Logger
    private let store: @Sendable (ReceivedMail, @escaping @Sendable (SpoolOutcome) -> Void) -> Void
    private var number: Int?
    private var hasPlace = false
    /// Bytes of the message that is coming, or being stored, as `places` counts them.
    private var heldBytes = 0
    private var isClosing = false
    /// The last answer is on its way and nothing more is said; waits for the other side to hang up.
    private var isDraining = false
    /// The spool has a message and has not answered.
    private var isStoring = false
    private var isFollowing = false
    private var isReading = true
    /// What this side ends the session with, as soon as it may.
    private var ending: MailReply?
    private var lastRead = NIODeadline.now()
    private var silenceTimer: Scheduled<Void>?
    private var sessionTimer: Scheduled<Void>?
    private var closeTimer: Scheduled<Void>?
    /// How long the last answer may take to leave, and to be heard.
    private static let closeTime = TimeAmount.seconds(5)

    init(
        _ session: MailSession,
        _ places: ListenPlaces,
        _ sessions: MailSessions,
        logger: Logger,
        store: @escaping @Sendable (ReceivedMail, @escaping @Sendable (SpoolOutcome) -> Void) -> Void
    ) {
        (self.session, self.places, self.sessions, self.logger, self.store) = (session, places, sessions, logger, store)
    }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        let (eventLoop, bound) = (context.eventLoop, NIOLoopBound(context, eventLoop: context.eventLoop))
        number = sessions.add { [self] in eventLoop.execute { self.endSoon(bound.value) } }
        hasPlace = number != nil && places.enter()
        guard hasPlace else {
            refuse(number == nil ? .stopping : .tooManyConnections, context)
            return
        }
        sessionTimer = eventLoop.scheduleTask(in: places.limits.session) { [self] in end(.timedOut, bound.value) }
        watchSilence(bound)
        follow(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        lastRead = .now()
        session.receive(unwrapInboundIn(data).readableBytesView)
        follow(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // Not within itself: writing and flushing come back here.
        if context.channel.isWritable, !isFollowing, !isClosing { follow(context) }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        silenceTimer?.cancel()
        sessionTimer?.cancel()
        closeTimer?.cancel()
        if hasPlace { places.leave() }
        hold(0)
        if let number { sessions.remove(number) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.info("a connection failed", metadata: ["reason": "\(error)"])
        context.close(promise: nil)
    }

    // MARK: The session

    /// Does what the session says, until it needs more bytes, an answer of the spool, or a reader of what it said. Where this side
    /// ends it, the few answers that are left go out in any case.
    private func follow(_ context: ChannelHandlerContext) {
        isFollowing = true
        while !isClosing {
            if !context.channel.isWritable, ending == nil {
                context.flush()
                guard context.channel.isWritable else { break }
            }
            guard let event = session.nextEvent() else { break }
            switch event {
            case .send(let bytes): context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .message(let mail): keep(mail, context)
            case .close: close(context)
            }
        }
        context.flush()
        isFollowing = false
        if !isStoring { holdMessage() }
        readOrWait(context)
    }

    /// Reads when what comes can be used, or dropped.
    private func readOrWait(_ context: ChannelHandlerContext) {
        let mustRead = isClosing || (!isStoring && context.channel.isWritable)
        guard mustRead != isReading else { return }
        isReading = mustRead
        context.channel.setOption(.autoRead, value: mustRead).whenComplete { _ in }
    }

    /// What is kept of the message that is coming counts; where it is too much for all, it is not kept.
    private func holdMessage() {
        let bytes = session.keptBytes
        guard bytes != heldBytes else { return }
        let isHeld = places.hold(bytes - heldBytes)
        heldBytes = bytes
        if !isHeld {
            session.dropMessage()
            hold(0)
        }
    }

    private func hold(_ bytes: Int) {
        guard bytes != heldBytes else { return }
        _ = places.hold(bytes - heldBytes)
        heldBytes = bytes
    }

    /// Hands a message to the spool, and reads nothing until it has answered.
    private func keep(_ mail: ReceivedMail, _ context: ChannelHandlerContext) {
        places.countMessage()
        hold(mail.bytes.count)
        isStoring = true
        let (eventLoop, bound) = (context.eventLoop, NIOLoopBound(context, eventLoop: context.eventLoop))
        store(mail) { [self] outcome in
            eventLoop.execute { self.settle(outcome, bound.value) }
        }
    }

    private func settle(_ outcome: SpoolOutcome, _ context: ChannelHandlerContext) {
        lastRead = .now()
        isStoring = false
        switch outcome {
        case .stored: session.settle(.stored)
        case .full: session.settle(.spoolFull)
        case .failed: session.settle(.spoolFailed)
        }
        hold(0)
        guard !isClosing else { return }
        if let ending {
            // Its answer goes out first, then the end; commands behind it are not read.
            if let event = session.nextEvent(), case .send(let bytes) = event {
                context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            }
            return end(ending, context)
        }
        follow(context)
    }

    // MARK: Ends

    private func endSoon(_ context: ChannelHandlerContext) {
        ending = .stopping
        if isDraining { return context.close(promise: nil) }
        end(.stopping, context)
    }

    /// Ends the session, unless a message is being stored: then when it is.
    private func end(_ reply: MailReply, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        ending = reply
        session.end(reply)
        follow(context)
    }

    private func refuse(_ reply: MailReply, _ context: ChannelHandlerContext) {
        ending = reply
        session.end(reply)
        // The greeting is not sent: the refusal stands in its place.
        _ = session.nextEvent()
        follow(context)
    }

    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // Who does not read its last answer must not keep the router from stopping. Before the write, which may fail at once and end all.
        closeTimer = context.eventLoop.scheduleTask(in: MailConnection.closeTime) { bound.value.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { [self] _ in
            // Who hears that the router stops tries again, whether it heard so or not.
            if ending == .stopping { return bound.value.close(promise: nil) }
            isDraining = true
            bound.value.close(mode: .output, promise: nil)
        }
    }

    private func watchSilence(_ bound: NIOLoopBound<ChannelHandlerContext>) {
        let eventLoop = bound.value.eventLoop
        // Not in the past: a session that waits for the disk does not end, and is looked at again.
        let due = max(lastRead + places.limits.silence, .now() + .seconds(1))
        silenceTimer = eventLoop.scheduleTask(deadline: due) { [self] in
            guard !isClosing else { return }
            if !isStoring, lastRead + places.limits.silence <= .now() { end(.timedOut, bound.value) }
            if !isClosing { watchSilence(bound) }
        }
    }
}
