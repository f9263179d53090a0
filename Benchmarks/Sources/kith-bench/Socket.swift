// Blocking sockets on loopback for everything that is not measured.

import BenchData
import Glibc

final class Socket {
    let descriptor: Int32
    private var pending: [UInt8] = []

    /// Bounds every wait: a server that says nothing for so long is broken.
    private static let timeoutSeconds = 120

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError.system("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let error = BenchError.system("connect")
            close(descriptor)
            throw error
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var wait = timeval(tv_sec: Socket.timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.unsafelyUnwrapped + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError.system("send") }
            sent += count
        }
    }

    /// Exactly so many bytes.
    func receive(_ count: Int) throws -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while pending.count < count {
            let received = recv(descriptor, &buffer, buffer.count, 0)
            guard received > 0 else { throw BenchError("the server closed the connection or does not answer") }
            pending.append(contentsOf: buffer[..<received])
        }
        let result = pending[..<count]
        pending = Array(pending[count...])
        return result
    }

    /// Up to and with a line feed.
    func receiveLine() throws -> String {
        var line: [UInt8] = []
        while line.last != 10 { line.append(contentsOf: try receive(1)) }
        return String(decoding: line.dropLast(2), as: UTF8.self)
    }

    /// A port that is free now.
    static func freePort() throws -> UInt16 {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe, $0, length) == 0 && getsockname(probe, $0, &length) == 0
            }
        }
        guard isBound else { throw BenchError.system("bind") }
        return UInt16(bigEndian: address.sin_port)
    }
}
