import CKernels
import Engine
import NIOCore

/// One connection of a client: says hello, then turns bytes into answers and frames into bytes.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: ClientCore
    private var context: ChannelHandlerContext?
    private var pending = ByteBuffer()
    private var isGreeted = false
    private var failure: ClientError?
    private var helloTimer: Scheduled<Void>?

    init(core: ClientCore) { self.core = core }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func buffer(capacity: Int) -> ByteBuffer {
        context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
    }

    func write(_ buffer: ByteBuffer) {
        context?.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        var writer = ByteWriter()
        let options = core.options
        HelloRequest(organisation: options.organisation, user: options.user, client: options.name).encode(into: &writer)
        var buffer = ByteBuffer()
        buffer.writeFrame(WireHeader(.request, WireOperation.hello.rawValue, correlation: 0), writer.bytes)
        write(buffer)
        let bound = NIOLoopBound(self, eventLoop: core.eventLoop)
        helloTimer = core.eventLoop.scheduleTask(in: .milliseconds(Int64(options.connectTimeoutMilliseconds))) {
            bound.value.fail(.notReachable("the server did not answer the hello"))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        helloTimer?.cancel()
        core.connectionFailed(failure ?? .connectionLost("the server closed it"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.connectionLost("\(error)")) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        var incoming = Self.unwrapInboundIn(data)
        if pending.readableBytes == 0 { pending = incoming } else { pending.writeBuffer(&incoming) }
        var consumed = 0
        do throws(ClientError) {
            try pending.withUnsafeReadableBytes { bytes throws(ClientError) in try receive(bytes, &consumed) }
        } catch {
            return fail(error)
        }
        if consumed == pending.readableBytes {
            pending = ByteBuffer()
        } else {
            pending.moveReaderIndex(forwardBy: consumed)
            pending.discardReadBytes()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Answers made room in the window.
        if isGreeted { core.pump() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isGreeted, context.channel.isWritable { core.pump() }
    }

    private func receive(_ bytes: UnsafeRawBufferPointer, _ consumed: inout Int) throws(ClientError) {
        guard let base = bytes.baseAddress else { return }
        while bytes.count - consumed >= WireHeader.lengthBytes {
            guard let header = WireHeader(at: base + consumed), header.version == WireHeader.version,
                header.kind == FrameKind.reply.rawValue || header.kind == FrameKind.error.rawValue,
                header.bodyLengthBytes <= WireLimits.bodyBytesMax
            else { throw .protocolViolation("a header that makes no sense") }
            let length = Int(header.bodyLengthBytes)
            guard bytes.count - consumed - WireHeader.lengthBytes >= length else { return }
            let body = UnsafeRawBufferPointer(start: base + consumed + WireHeader.lengthBytes, count: length)
            guard header.matches(body: body) else { throw .protocolViolation("a wrong checksum") }
            consumed += WireHeader.lengthBytes + length
            if isGreeted { try core.receive(header, body) } else { try receiveHello(header, body) }
        }
    }

    private func receiveHello(_ header: WireHeader, _ body: UnsafeRawBufferPointer) throws(ClientError) {
        do {
            guard header.kind == FrameKind.reply.rawValue else {
                switch try WireFailure(decoding: body) {
                case .wire(let error): throw ClientError.server(error)
                case .refusal(let refusal): throw ClientError.protocolViolation(refusal.message)
                }
            }
            let hello = try HelloReply(decoding: body)
            isGreeted = true
            helloTimer?.cancel()
            core.connectionReady(self, hello)
        } catch let error as ClientError {
            throw error
        } catch {
            throw .protocolViolation("\(error)")
        }
    }

    private func fail(_ error: ClientError) {
        if failure == nil { failure = error }
        context?.close(promise: nil)
    }
}

extension ByteBuffer {
    /// Appends a whole frame.
    mutating func writeFrame(_ header: WireHeader, _ body: [UInt8]) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: WireHeader.lengthBytes + body.count) { target in
            guard let start = target.baseAddress else { return 0 }
            var header = header
            header.bodyLengthBytes = UInt32(truncatingIfNeeded: body.count)
            body.withUnsafeBytes { bytes in
                header.bodyChecksum = kith_crc32c(0, bytes.baseAddress, bytes.count)
                if let source = bytes.baseAddress {
                    (start + WireHeader.lengthBytes).copyMemory(from: source, byteCount: bytes.count)
                }
            }
            header.store(at: start)
            return WireHeader.lengthBytes + body.count
        }
    }
}
