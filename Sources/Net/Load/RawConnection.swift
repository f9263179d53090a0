import Engine
import Glibc

// A blocking connection that sends the bytes it is given and hands back frames as they come: for load generators, which
// encode their requests beforehand, and for tests, which send what no client would.

/// A socket call that failed.
package struct SocketError: Error, CustomStringConvertible {
    package var call: String
    package var number: Int32
    package var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// A connection to a server on this machine. One thread at a time.
package final class RawConnection {
    package let descriptor: Int32
    private var received: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    /// Connects; `timeoutMilliseconds` bounds every later send and receive.
    package init(port: Int, timeoutMilliseconds: Int = 30_000, receiveBytes: Int = 256 << 10) throws(SocketError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(call: "socket", number: errno) }
        received = .allocate(byteCount: receiveBytes, alignment: 16)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        waitAtMost(milliseconds: timeoutMilliseconds)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SocketError(call: "connect", number: errno) }
    }

    /// Bounds every later send and receive.
    package func waitAtMost(milliseconds: Int) {
        var wait = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
        received.deallocate()
    }

    /// Sends all of it.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(SocketError) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(
                descriptor,
                bytes.baseAddress.map { $0 + sent },
                bytes.count - sent,
                Int32(MSG_NOSIGNAL)
            )
            if count < 0 {
                if errno == EINTR { continue }
                throw SocketError(call: "send", number: errno)
            }
            sent += count
        }
    }

    /// Sends all of it.
    package func send(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try send($0) } }

    /// Receives once and lends every complete frame to `body`. Returns false when the server has hung up.
    package func receive(_ body: (WireHeader, UnsafeRawBufferPointer) -> Void) throws(SocketError) -> Bool {
        if end == received.count { makeRoom() }
        let target = UnsafeMutableRawBufferPointer(rebasing: received[end...])
        let count = recv(descriptor, target.baseAddress, target.count, 0)
        if count < 0 {
            if errno == EINTR { return true }
            throw SocketError(call: "recv", number: errno)
        }
        if count == 0 { return false }
        end += count
        while let (header, frame) = nextFrame() { body(header, frame) }
        return true
    }

    /// The next frame, waiting for it; nil when the server has hung up.
    package func frame() throws(SocketError) -> (header: WireHeader, body: [UInt8])? {
        while true {
            if let (header, body) = nextFrame() { return (header, Array(body)) }
            if end == received.count { makeRoom() }
            let count = recv(descriptor, received.baseAddress.map { $0 + end }, received.count - end, 0)
            if count < 0 {
                if errno == EINTR { continue }
                throw SocketError(call: "recv", number: errno)
            }
            if count == 0 { return nil }
            end += count
        }
    }

    /// Says hello and returns the answer.
    package func hello(organisation: String = "main", user: String = "") throws -> HelloReply {
        var writer = ByteWriter()
        let start = writer.beginFrame()
        HelloRequest(organisation: organisation, user: user, client: "raw").encode(into: &writer)
        writer.endFrame(start, WireHeader(.request, WireOperation.hello.rawValue, correlation: 0))
        try send(writer.bytes)
        guard let (header, body) = try frame() else { throw ClientError.connectionLost("no answer to the hello") }
        guard header.kind == FrameKind.reply.rawValue else {
            if case .wire(let error) = try body.withUnsafeBytes({ try WireFailure(decoding: $0) }) { throw error }
            throw ClientError.protocolViolation("an error that is not one of the wire")
        }
        return try body.withUnsafeBytes { try HelloReply(decoding: $0) }
    }

    private func nextFrame() -> (WireHeader, UnsafeRawBufferPointer)? {
        guard end - start >= WireHeader.lengthBytes, let base = received.baseAddress,
            let header = WireHeader(at: base + start)
        else { return nil }
        let length = WireHeader.lengthBytes + Int(header.bodyLengthBytes)
        guard end - start >= length else { return nil }
        let body = UnsafeRawBufferPointer(
            start: base + start + WireHeader.lengthBytes,
            count: Int(header.bodyLengthBytes)
        )
        start += length
        if start == end {
            start = 0
            end = 0
        }
        return (header, body)
    }

    /// Moves the beginning of a frame to the front, and doubles the memory when that is not enough.
    private func makeRoom() {
        if start == 0 {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: received.count * 2, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: received[..<end]))
            received.deallocate()
            received = larger
        } else {
            received.copyMemory(from: UnsafeRawBufferPointer(rebasing: received[start..<end]))
            end -= start
            start = 0
        }
    }
}
