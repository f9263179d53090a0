// One conversation with a mail system over a socket: bytes go into the session, what it says goes out.
//
// Guarantees
// - Each message that is submitted has an outcome for each of its recipients, whatever happens to the connection, and after a time that is
//   bounded: by the session's patience for each answer, and by `SendLimits.exchange` for the whole.
// - What the other side has not read yet is bounded by the channel's mark: no more of a message is handed out before.
//
// Thread rule: everything happens on the connection's event loop; one message is under way at a time.

import NIOCore
import Router

final class SubmitConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<SubmitHandler>

    init(_ channel: any Channel, _ handler: NIOLoopBound<SubmitHandler>) {
        (self.channel, self.handler) = (channel, handler)
    }

    /// Submits a message; never throws, since what became of each recipient is what matters.
    func submit(_ message: SubmitMessage) async -> [(address: String, fate: RecipientFate)] {
        let handler = handler
        let promise = channel.eventLoop.makePromise(of: [SubmitOutcome].self)
        channel.eventLoop.execute { handler.value.submit(message, promise) }
        let outcomes: [SubmitOutcome]
        do {
            outcomes = try await promise.futureResult.get()
        } catch {
            return message.recipients.map { ($0, .later("\(error)")) }
        }
        return zip(message.recipients, outcomes).map { ($0, RecipientFate($1)) }
    }

    /// Whether another message may be submitted.
    func isUsable() async -> Bool {
        let handler = handler
        return (try? await channel.eventLoop.submit { handler.value.isReady }.get()) ?? false
    }

    /// Takes leave, and does not wait until the other side has: the session's patience with that is short.
    func leave() {
        let handler = handler
        channel.eventLoop.execute { handler.value.quit() }
    }

    /// Takes leave, and returns when the other side has.
    func close() async {
        leave()
        try? await channel.closeFuture.get()
    }
}

extension RecipientFate {
    init(_ outcome: SubmitOutcome) {
        switch outcome {
        case .accepted: self = .accepted
        case .temporary(let reply): self = .later("\(reply)")
        case .permanent(let reply): self = .refused("\(reply)")
        case .unknown: self = .later("the connection ended before the answer to the message")
        }
    }
}

/// Drives the session.
final class SubmitHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var session: SubmitSession
    private let exchange: TimeAmount
    /// Makes the handler that encrypts.
    private let encryption: SubmitEncryption
    private var context: ChannelHandlerContext?
    /// Kept until the session says for the first time that a message may be submitted, or that none can be.
    private var greeted: EventLoopPromise<Void>?
    private var result: EventLoopPromise<[SubmitOutcome]>?
    /// What became of the message, while the session is not ready for another.
    private var outcomes: [SubmitOutcome]?
    private var isFollowing = false
    /// STARTTLS was agreed on, and the handshake is under way.
    private var isEncrypting = false
    private var lastProgress = NIODeadline.now()
    private var patience: Scheduled<Void>?
    private var exchangeTimer: Scheduled<Void>?

    init(
        _ session: SubmitSession,
        _ encryption: SubmitEncryption,
        exchange: TimeAmount,
        greeted: EventLoopPromise<Void>
    ) {
        (self.session, self.encryption, self.exchange, self.greeted) = (session, encryption, exchange, greeted)
    }

    var isReady: Bool { session.isReady && result == nil && context?.channel.isActive == true }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        follow(context)
        watch(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastProgress = .now()
        session.receive(unwrapInboundIn(data).readableBytesView)
        follow(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        lastProgress = .now()
        if context.channel.isWritable, !isFollowing { follow(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isEncrypting, encryption.hasBegun(event) {
            isEncrypting = false
            session.tlsStarted()
            follow(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lose("", context)
        patience?.cancel()
        exchangeTimer?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lose("\(error)", context)
        context.close(promise: nil)
    }

    // MARK: The session

    func submit(_ message: SubmitMessage, _ promise: EventLoopPromise<[SubmitOutcome]>) {
        guard let context, isReady else {
            return promise.fail(SubmitConnectionLost())
        }
        result = promise
        lastProgress = .now()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        exchangeTimer = context.eventLoop.scheduleTask(in: exchange) { [self] in
            lose("the message took too long", bound.value)
            bound.value.close(promise: nil)
        }
        session.submit(message)
        follow(context)
    }

    func quit() {
        guard let context else { return }
        session.quit()
        lastProgress = .now()
        follow(context)
        // Whoever leaves waits less.
        patience?.cancel()
        if context.channel.isActive { watch(context) }
    }

    /// Does what the session says, until it needs more bytes, or a reader of what was written.
    private func follow(_ context: ChannelHandlerContext) {
        guard !isFollowing else { return }
        isFollowing = true
        while true {
            if !context.channel.isWritable {
                context.flush()
                guard context.channel.isWritable || !context.channel.isActive else { break }
            }
            guard let action = session.nextAction() else { break }
            perform(action, context)
        }
        context.flush()
        isFollowing = false
    }

    private func perform(_ action: SubmitSession.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .write(let bytes): context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .startTLS:
            context.flush()
            do {
                isEncrypting = true
                try encryption.begin(context)
            } catch {
                session.connectionLost("\(error)")
            }
        case .ready:
            greeted?.succeed()
            greeted = nil
            settle()
        case .result(let outcomes): self.outcomes = outcomes
        case .failed(let failure):
            greeted?.fail(failure)
            greeted = nil
            settle()
        case .close:
            settle()
            context.close(promise: nil)
        }
    }

    private func settle() {
        guard let outcomes, let result else { return }
        exchangeTimer?.cancel()
        (self.outcomes, self.result) = (nil, nil)
        result.succeed(outcomes)
    }

    private func lose(_ why: String, _ context: ChannelHandlerContext) {
        session.connectionLost(why)
        // Nothing is written any more, so it matters not whether anybody reads: what is left to say is said.
        while let action = session.nextAction() { perform(action, context) }
        // The session has said so; these are for a channel that ended before it was active.
        greeted?.fail(SubmitConnectionLost())
        greeted = nil
        result?.fail(SubmitConnectionLost())
        result = nil
    }

    /// Gives the connection up when nothing has happened for as long as the session waits.
    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let due = max(lastProgress + .seconds(Int64(session.patienceSeconds)), .now() + .seconds(1))
        patience = context.eventLoop.scheduleTask(deadline: due) { [self] in
            guard bound.value.channel.isActive else { return }
            if lastProgress + .seconds(Int64(session.patienceSeconds)) <= .now() {
                lose("it did not answer in time", bound.value)
                bound.value.close(promise: nil)
            } else {
                watch(bound.value)
            }
        }
    }
}

/// There is no connection any more.
struct SubmitConnectionLost: Error, CustomStringConvertible {
    var description: String { "the connection ended" }
}
