// The router as a whole: listeners, spool and carrier, joined.
//
//   mail system ──LMTP, SMTP──▶ MailListener ──▶ SpoolWriter ──▶ MailSpool ──▶ MailCarrier ──wire──▶ server
//   mail system ◀──────submission────────────────────────────────────────── MailSender ◀──wire── server
//
// Guarantees: what was acknowledged is in the spool; stopping answers what has come, delivers and sends what is under way, and loses
// nothing, as a `kill -9` does not either.

import Glibc
import Logging
import NIOCore
import NIOPosix
import Net
import Router
import Snapshot

/// How a router runs.
package struct RouterOptions: Sendable {
    package var carrier: CarrierOptions
    package var spool = SpoolLimits()
    package var listen = ListenLimits()
    /// What it calls itself in its greeting.
    package var hostName = "localhost"
    /// Domains that mail is taken for; nil: for any.
    package var domains: Set<String>?
    package var lmtp: ListenAddress?
    package var smtp: ListenAddress?
    /// How mail leaves; nil: it does not.
    package var send: SendOptions?
    /// Microseconds since 1970.
    package var now: @Sendable () -> Int64 = {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
    /// Reads a message; tests put other readers here.
    package var parse: @Sendable (SpooledMail) throws -> MailDelivery = { try $0.delivery() }
    /// How long reading one may take.
    package var parseTimeMax = MailReader.timeMax
    /// Called when that is over: it should end the process, and somebody start it again.
    package var stalled: @Sendable () -> Void

    package init(_ carrier: CarrierOptions, stalled: @escaping @Sendable () -> Void) {
        (self.carrier, self.stalled) = (carrier, stalled)
    }
}

package final class RouterService: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let spool: MailSpool
    private let writer: SpoolWriter
    private let carrier: MailCarrier
    private let wakeUps: AsyncStream<Void>.Continuation
    private let delivery: Task<Void, Never>
    private let listeners: [MailListener]
    private let places: ListenPlaces
    private let sender: MailSender?
    private let sending: Task<Void, Never>?

    private init(
        _ group: MultiThreadedEventLoopGroup,
        _ spool: MailSpool,
        _ writer: SpoolWriter,
        _ carrier: MailCarrier,
        _ wakeUps: AsyncStream<Void>.Continuation,
        _ delivery: Task<Void, Never>,
        _ listeners: [MailListener],
        _ places: ListenPlaces,
        _ sender: MailSender?
    ) {
        self.sender = sender
        sending = sender.map { sender in Task { await sender.run() } }
        (self.group, self.spool, self.writer, self.carrier) = (group, spool, writer, carrier)
        (self.wakeUps, self.delivery, self.listeners, self.places) = (wakeUps, delivery, listeners, places)
    }

    /// Takes the spool and begins to listen and to deliver. Throws `StorageError` and `ServerError`.
    package static func start(
        _ storage: any Storage,
        _ options: RouterOptions,
        logger: Logger = Logger(label: "kith.router")
    ) async throws -> RouterService {
        let spool = try MailSpool(storage, limits: options.spool)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(2, System.coreCount))
        // What is not read yet is one wake-up, however much came.
        let (stream, wakeUps) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let writer = SpoolWriter(spool, logger: logger) { wakeUps.yield() }
        let places = ListenPlaces(options.listen)
        let reader = MailReader(
            timeMax: options.parseTimeMax,
            parse: options.parse,
            eventLoop: group.next(),
            stalled: options.stalled
        )
        let carrier = MailCarrier(spool, options.carrier, reader, logger: logger)
        let now = options.now
        var listeners: [MailListener] = []
        let sender: MailSender?
        do {
            sender = try options.send.map {
                try MailSender($0, options.carrier.client, group, logger: logger, now: now)
            }
            for (dialect, address) in [(MailDialect.lmtp, options.lmtp), (.smtp, options.smtp)] {
                guard let address else { continue }
                let listener = try await MailListener.start(
                    dialect,
                    at: address,
                    hostName: options.hostName,
                    domains: options.domains,
                    places: places,
                    group: group,
                    logger: logger
                ) { mail, completion in
                    writer.store(SpooledMail(mail, receivedMicroseconds: now()), completion)
                }
                listeners.append(listener)
            }
        } catch {
            for listener in listeners { await listener.stop() }
            writer.stop()
            spool.close()
            try? await group.shutdownGracefully()
            throw error
        }
        let delivery = Task { await carrier.run(stream) }
        return RouterService(group, spool, writer, carrier, wakeUps, delivery, listeners, places, sender)
    }

    /// Ports in the order LMTP, SMTP, of those that are listened on.
    package var ports: [Int] { listeners.map(\.port) }

    /// What waits in the spool.
    package var waiting: (count: Int, bytes: UInt64) { spool.waiting }

    package var listenCounts: ListenCounts { places.counts }
    package var spoolCounts: SpoolCounts { spool.counts }
    package var carrierCounts: CarrierCounts { get async { await carrier.counts } }
    package var sendCounts: SendCounts { get async { await sender?.counts ?? SendCounts() } }

    /// How long e-mails that are being sent may take to end when it stops; what has not ended then is tried again.
    private static let sendingTime = Duration.seconds(10)

    /// Stops: listens no more, answers what has come, ends with the messages that are being delivered and sent.
    package func stop() async {
        sending?.cancel()
        for listener in listeners { await listener.stop() }
        writer.stop()
        delivery.cancel()
        wakeUps.finish()
        await delivery.value
        if let sending, let sender {
            let timer = Task {
                guard (try? await Task.sleep(for: Self.sendingTime)) != nil else { return }
                sender.abort()
            }
            await sending.value
            timer.cancel()
        }
        spool.close()
        try? await group.shutdownGracefully()
    }
}
