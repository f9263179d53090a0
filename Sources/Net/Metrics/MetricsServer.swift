import Kith
import Logging
import NIOCore
import NIOPosix

// A responder for one page of text, `/metrics`, over as little of HTTP/1.1 as a scraper needs: one request a connection, of
// which the first line counts.
//
// Guarantees: a connection costs 8 KiB and 5 seconds at most, and there are 16 at most; whatever is sent, nothing but the four
// answers below comes back.

/// Serves the metrics of a server to Prometheus. Stop it before the server.
public final class MetricsServer: Sendable {
    static let headBytesMax = 8 << 10
    package static let connectionsMax = 16
    static let deadline = TimeAmount.seconds(5)

    /// The real one when 0 was asked for.
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    private init(group: MultiThreadedEventLoopGroup, channel: any Channel) {
        self.group = group
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    /// Begins to listen. `host` must be a loopback address or `localhost`; port 0 lets the system choose.
    public static func start(
        _ server: Server,
        host: String = "127.0.0.1",
        port: Int
    ) async throws(ServerError) -> MetricsServer {
        let address = try Server.loopbackAddress(host, port)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let places = MetricsPlaces()
        do {
            let channel = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(MetricsResponder(places) { server.metrics })
                    }
                }
                .childChannelOption(
                    .recvAllocator,
                    value: FixedSizeRecvByteBufferAllocator(capacity: MetricsServer.headBytesMax)
                )
                .bind(to: address).get()
            return MetricsServer(group: group, channel: channel)
        } catch {
            try? await group.shutdownGracefully()
            throw .cannotListen("\(error)")
        }
    }

    /// Stops listening and closes all connections.
    public func stop() async {
        try? await channel.close().get()
        try? await group.shutdownGracefully()
    }
}
