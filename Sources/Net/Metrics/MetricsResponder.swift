import NIOCore
import Synchronization

/// Counts connections. Thread rule: any thread.
final class MetricsPlaces: Sendable {
    private let taken = Atomic(0)

    /// Takes a place; false when there is none.
    func take() -> Bool {
        if taken.add(1, ordering: .relaxed).newValue <= MetricsServer.connectionsMax { return true }
        give()
        return false
    }

    func give() { taken.subtract(1, ordering: .relaxed) }
}

/// One connection of the metrics endpoint.
final class MetricsResponder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let places: MetricsPlaces
    private let page: @Sendable () -> String
    private var head: [UInt8] = []
    private var hasPlace = false
    private var isAnswered = false
    private var timer: Scheduled<Void>?

    init(_ places: MetricsPlaces, _ page: @escaping @Sendable () -> String) {
        self.places = places
        self.page = page
    }

    func channelActive(context: ChannelHandlerContext) {
        hasPlace = places.take()
        guard hasPlace else { return context.close(promise: nil) }
        let channel = context.channel
        // Also for who does not read the answer.
        timer = context.eventLoop.scheduleTask(in: MetricsServer.deadline) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if hasPlace { places.give() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard hasPlace, !isAnswered else { return }
        head += Self.unwrapInboundIn(data).readableBytesView
        guard let answer = MetricsResponder.answer(head, page) else { return }
        isAnswered = true
        var buffer = context.channel.allocator.buffer(capacity: answer.utf8.count)
        buffer.writeString(answer)
        let channel = context.channel
        let isSent = context.eventLoop.makePromise(of: Void.self)
        isSent.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: isSent)
    }

    /// The answer to what has come so far; nil while the head goes on.
    static func answer(_ head: [UInt8], _ page: () -> String) -> String? {
        let isComplete = head.indices.contains { index in
            head[index] == UInt8(ascii: "\n")
                && (head[(index + 1)...].first == UInt8(ascii: "\n")
                    || head[(index + 1)...].starts(with: "\r\n".utf8))
        }
        guard isComplete else {
            return head.count < MetricsServer.headBytesMax
                ? nil : response("400 Bad Request", "The head is too large.\n")
        }
        let line = head.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].starts(with: "HTTP/1.".utf8) else {
            return response("400 Bad Request", "This is no request of HTTP/1.1.\n")
        }
        let path = parts[1].prefix { $0 != UInt8(ascii: "?") }
        guard path.elementsEqual("/metrics".utf8) else { return response("404 Not Found", "There is /metrics.\n") }
        guard parts[0].elementsEqual("GET".utf8) else {
            return response("405 Method Not Allowed", "There is GET.\n", more: "Allow: GET\r\n")
        }
        return response("200 OK", page(), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    private static func response(
        _ status: String,
        _ body: String,
        type: String = "text/plain; charset=utf-8",
        more: String = ""
    ) -> String {
        """
        HTTP/1.1 \(status)\r
        Content-Type: \(type)\r
        Content-Length: \(body.utf8.count)\r
        Connection: close\r
        \(more)\r
        \(body)
        """
    }
}
