import Engine
import Kith
import Logging
import NIOCore
import NIOPosix

/// Why a server did not start.
public enum ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The address is not one of this machine's loopback addresses.
    case notLoopback(String)
    /// The system did not let the server listen.
    case cannotListen(String)

    /// What to do about it.
    public var description: String {
        switch self {
        case .notLoopback(let host):
            "\(host) can be reached from other machines, and the server cannot tell who asks yet: listen on 127.0.0.1 or ::1."
        case .cannotListen(let reason): "The server cannot listen: \(reason)"
        }
    }
}

/// Serves one database over the wire protocol (docs/protocol.md).
///
/// Each connection belongs to one of several threads, which reads, executes and answers what it asks; queries that take long,
/// snapshots and status run on two others, and what concerns contents of files on two more. The database stays its owner's: stop the server, then close the database.
public final class Server: Sendable {
    /// Threads that serve connections, one a processor: changes are made by one at a time, so that more than a few would mostly
    /// wait for each other.
    private static let loopsMax = 4

    /// Where the server listens; the port is the real one when 0 was asked for.
    public let host: String
    /// See `host`.
    public let port: Int

    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let contentPool: NIOThreadPool
    private let historyPool: NIOThreadPool
    private let channel: any Channel
    private let cores: [NIOLoopBound<ServerCore>]
    let database: Database
    let census: ServerCensus
    private let clock: ServerClock
    private let logger: Logger

    private init(
        group: MultiThreadedEventLoopGroup,
        pool: NIOThreadPool,
        contentPool: NIOThreadPool,
        historyPool: NIOThreadPool,
        channel: any Channel,
        cores: [NIOLoopBound<ServerCore>],
        census: ServerCensus,
        database: Database,
        host: String,
        logger: Logger
    ) {
        self.group = group
        self.pool = pool
        self.contentPool = contentPool
        self.historyPool = historyPool
        self.channel = channel
        self.cores = cores
        self.census = census
        self.database = database
        self.host = host
        self.logger = logger
        clock = ServerClock(database, on: group.any(), logger: logger)
        port = channel.localAddress?.port ?? 0
        clock.start()
    }

    /// Begins to listen. `host` must be a loopback address or `localhost`; port 0 lets the system choose.
    public static func start(
        _ database: Database,
        host: String = "127.0.0.1",
        port: Int,
        organisation: String = "main",
        limits: WireLimits = WireLimits(),
        logger: Logger = Logger(label: "kith.server")
    ) async throws(ServerError) -> Server {
        try await start(
            database,
            host: host,
            port: port,
            organisation: organisation,
            limits: limits,
            logger: logger,
            loopCount: min(max(1, System.coreCount), Server.loopsMax)
        )
    }

    /// As `start`, with a number of threads for connections: tests want several wherever they run.
    package static func start(
        _ database: Database,
        host: String = "127.0.0.1",
        port: Int,
        organisation: String = "main",
        limits: WireLimits,
        logger: Logger,
        loopCount: Int
    ) async throws(ServerError) -> Server {
        let address = try loopbackAddress(host, port)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loopCount)
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        let contentPool = NIOThreadPool(numberOfThreads: 2)
        contentPool.start()
        // A history reads the whole log: one at a time, and nobody else waits for it.
        let historyPool = NIOThreadPool(numberOfThreads: 1)
        historyPool.start()
        let census = ServerCensus(limits)
        let cursorMemory = Allowance(limits.cursorBytesInAllMax)
        do {
            var cores: [NIOLoopBound<ServerCore>] = []
            var bells: [CommitBell] = []
            for eventLoop in group.makeIterator() {
                let (core, bell) = try await eventLoop.submit {
                    let core = ServerCore(
                        eventLoop: eventLoop,
                        pool: pool,
                        contentPool: contentPool,
                        historyPool: historyPool,
                        database: database,
                        organisation: organisation,
                        limits: limits,
                        census: census,
                        cursorMemory: cursorMemory,
                        logger: logger
                    )
                    let bell = core.start()
                    return (NIOLoopBound(core, eventLoop: eventLoop), bell)
                }.get()
                cores.append(core)
                bells.append(bell)
            }
            database.onCommit { [bells] event in
                switch event {
                case .durable:
                    for bell in bells { bell.ring() }
                case .halted(let reason):
                    logger.critical("the log halted", metadata: ["reason": "\(reason)"])
                    for bell in bells { bell.halt("\(reason)") }
                }
            }
            let channel = try await bootstrap(group, cores, limits).bind(to: address).get()
            logger.info("listening", metadata: ["address": "\(channel.localAddress.map { "\($0)" } ?? "")"])
            return Server(
                group: group,
                pool: pool,
                contentPool: contentPool,
                historyPool: historyPool,
                channel: channel,
                cores: cores,
                census: census,
                database: database,
                host: host,
                logger: logger
            )
        } catch {
            database.onCommit(nil)
            try? await pool.shutdownGracefully()
            try? await contentPool.shutdownGracefully()
            try? await historyPool.shutdownGracefully()
            try? await group.shutdownGracefully()
            throw .cannotListen(systemReason(error))
        }
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup,
        _ cores: [NIOLoopBound<ServerCore>],
        _ limits: WireLimits
    ) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let core = cores.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        preconditionFailure("a connection on a loop that is not the server's")
                    }
                    try channel.pipeline.syncOperations.addHandler(ServerConnection(core: core.value))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // One read, then the others have their turn. SwiftNIO goes on reading while a connection is paused until so many reads
            // were made: this is what a client that does not read its replies can make the server keep of its requests.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 2 << 10, initial: 4 << 10, maximum: 128 << 10)
            )
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                    low: max(1, limits.pendingReplyBytesMax / 4),
                    high: max(1, limits.pendingReplyBytesMax)
                )
            )
    }

    /// The address to listen on; anything but loopback is refused.
    package static func loopbackAddress(_ host: String, _ port: Int) throws(ServerError) -> SocketAddress {
        let literal = host == "localhost" ? "127.0.0.1" : host
        guard let address = try? SocketAddress(ipAddress: literal, port: port) else { throw .notLoopback(host) }
        switch address {
        case .v4(let v4) where UInt32(bigEndian: v4.address.sin_addr.s_addr) >> 24 == 127: return address
        case .v6 where address.ipAddress == "::1": return address
        default: throw .notLoopback(host)
        }
    }

    /// Stops: accepts nothing more, finishes and answers what was asked, closes all connections. Returns when that is done,
    /// after 10 s at the latest.
    public func stop() async {
        clock.stop()
        try? await channel.close().get()
        let stops = cores.map { core in
            // A client that neither reads nor hangs up must not keep the server from stopping.
            let timer = core.eventLoop.scheduleTask(in: .seconds(10)) { core.value.end() }
            let stop = core.eventLoop.flatSubmit { core.value.stop() }
            stop.whenComplete { _ in timer.cancel() }
            return stop
        }
        for stop in stops { try? await stop.get() }
        await end()
        logger.info("stopped")
    }

    /// Ends as a crash would: every connection is gone at once, answered or not.
    package func abort() async {
        clock.stop()
        try? await channel.close().get()
        await end()
    }

    private func end() async {
        database.onCommit(nil)
        for core in cores { try? await core.eventLoop.submit { core.value.end() }.get() }
        try? await pool.shutdownGracefully()
        try? await contentPool.shutdownGracefully()
        try? await historyPool.shutdownGracefully()
        try? await group.shutdownGracefully()
    }

    /// What the server holds at present.
    package struct Figures: Sendable {
        package var connections: Int
        package var bufferedBytes: Int
        /// Cursors and rehearsals that were given up and wait for the pool to free them.
        package var discarded: Int
    }

    /// Asks the loops, one after the other.
    package var figures: Figures {
        get async {
            var sum = Figures(connections: 0, bufferedBytes: 0, discarded: 0)
            for core in cores {
                let figures = try? await core.eventLoop.submit {
                    (core.value.connections.count, core.value.bufferedBytes, core.value.discardedCount)
                }.get()
                guard let (connections, bufferedBytes, discarded) = figures else { continue }
                sum.connections += connections
                sum.bufferedBytes += bufferedBytes
                sum.discarded += discarded
            }
            return sum
        }
    }
}
