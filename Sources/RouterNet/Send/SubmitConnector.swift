// Connects to the mail system that takes what leaves.

import NIOCore
import NIOPosix
import Router
import Synchronization

final class SubmitConnector: Sendable {
    private let options: SendOptions
    private let group: any EventLoopGroup
    private let encryption: SubmitEncryption
    /// All connections that are open, also those that nobody has been greeted on yet.
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

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
        let key = ObjectIdentifier(channel)
        channels.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0[key] = nil } }
        do {
            try await greeted.futureResult.get()
        } catch {
            try? await channel.close().get()
            throw error
        }
        return SubmitConnection(channel, bound)
    }

    /// Hangs up on everybody: what is being sent ends as lost.
    func abort() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
