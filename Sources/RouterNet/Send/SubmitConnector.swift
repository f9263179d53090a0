// Connects to the mail system that takes what leaves.

import NIOCore
import NIOPosix
import Router
import Synchronization

final class SubmitConnector: Sendable {
    private let options: SendOptions
    private let group: any EventLoopGroup
    private let encryption: SubmitEncryption
    /// All connections, also those that are not open yet; nil when nobody connects any more.
    private let channels = Mutex<[ObjectIdentifier: any Channel]?>([:])

    init(_ options: SendOptions, _ group: any EventLoopGroup) throws(SubmitEncryptionFlaw) {
        (self.options, self.group) = (options, group)
        encryption = try SubmitEncryption(host: options.submit.host, trustFile: options.trustFile)
    }

    /// A conversation in which a message may be submitted. Throws `SubmitFailure`, and what sockets throw.
    func connect() async throws -> SubmitConnection {
        let eventLoop = group.next()
        let greeted = eventLoop.makePromise(of: Void.self)
        let settings = options.settings
        let exchange = options.limits.exchange
        let (encryption, isEncrypted) = (encryption, settings.tls == .fromStart)
        let channel: any Channel
        let bound: NIOLoopBound<SubmitHandler>
        do {
            (channel, bound) = try await ClientBootstrap(group: eventLoop)
                .connectTimeout(options.limits.connecting)
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .connect(host: options.submit.host, port: options.submit.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try self.keep(channel)
                        let handler = SubmitHandler(
                            SubmitSession(settings),
                            encryption,
                            exchange: exchange,
                            greeted: greeted
                        )
                        if isEncrypted { try encryption.add(to: channel.pipeline.syncOperations) }
                        try channel.pipeline.syncOperations.addHandler(handler)
                        return (channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    }
                }
        } catch {
            greeted.fail(error)
            throw error
        }
        // Each step has its own patience; a system that uses all of each is of no use.
        let timer = channel.eventLoop.scheduleTask(in: options.limits.greeting) { channel.close(promise: nil) }
        defer { timer.cancel() }
        do {
            try await greeted.futureResult.get()
        } catch {
            try? await channel.close().get()
            throw error
        }
        return SubmitConnection(channel, bound)
    }

    private func keep(_ channel: any Channel) throws {
        let key = ObjectIdentifier(channel)
        let isOpen = channels.withLock { channels in
            channels?[key] = channel
            return channels != nil
        }
        guard isOpen else { throw SubmitConnectionLost() }
        channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0?[key] = nil } }
    }

    /// Hangs up on everybody, and connects to nobody any more: what is being sent ends as lost.
    func abort() {
        let open = channels.withLock { channels in
            defer { channels = nil }
            return channels.map { Array($0.values) } ?? []
        }
        for channel in open { channel.close(promise: nil) }
    }
}
