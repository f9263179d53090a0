// The bare floor of a SwiftNIO server on this machine: as many event loops as Kith, one handler, no engine. Argument: a port.
//
//   request  u32 its own length, u32 the reply's length, both little-endian, then anything
//   reply    as long as asked for: the request's bytes, cut off or followed by zeros
//
// It treats the socket as Kith does: everything that one read brought is answered by one write.

import NIOCore
import NIOPosix

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headBytes = 8
    /// Larger frames than any that the suite measures are a mistake.
    private static let frameBytesMax = 1 << 20
    private var pending = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = Self.unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = incoming } else { pending.writeBuffer(&incoming) }
        var output = context.channel.allocator.buffer(capacity: 4096)
        while let length = pending.getInteger(at: pending.readerIndex, endianness: .little, as: UInt32.self),
            let reply = pending.getInteger(at: pending.readerIndex + 4, endianness: .little, as: UInt32.self)
        {
            let (length, reply) = (Int(length), Int(reply))
            guard (Self.headBytes...Self.frameBytesMax).contains(length), reply <= Self.frameBytesMax else {
                return context.close(promise: nil)
            }
            guard pending.readableBytes >= length else { break }
            let echoed = min(length, reply)
            pending.withUnsafeReadableBytes { bytes in
                _ = output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<echoed]))
            }
            output.writeRepeatingByte(0, count: reply - echoed)
            pending.moveReaderIndex(forwardBy: length)
        }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        guard output.readableBytes > 0 else { return }
        context.writeAndFlush(Self.wrapOutboundOut(output), promise: nil)
    }
}

@main
enum Main {
    static func main() throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            fatalError("usage: nio-echo PORT")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(max(1, System.coreCount), 4))
        // The options of Kith's server.
        let channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(host: "127.0.0.1", port: port).wait()
        try channel.closeFuture.wait()
    }
}
