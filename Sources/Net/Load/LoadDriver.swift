import Engine
import Glibc

/// Keeps a number of connections busy from one thread: each has `depth` requests on the way at any time, and sends as many new
/// ones as were answered. Requests are frames made beforehand, so that the driver costs little more than its socket calls.
package final class LoadDriver {
    private let connections: [RawConnection]
    private let depth: Int
    private var polls: [pollfd]

    /// Connects and says hello on each connection.
    package init(port: Int, connections count: Int, depth: Int) throws {
        connections = try (0..<count).map { _ in
            let connection = try RawConnection(port: port)
            _ = try connection.hello()
            return connection
        }
        self.depth = depth
        polls = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    }

    /// Answers of a run.
    package struct Tally: Sendable {
        package var replies = 0
        package var errors = 0
        package var bodyBytes = 0
        package var nanoseconds: UInt64 = 0
        package var perSecond: Double { Double(replies) * 1e9 / Double(max(nanoseconds, 1)) }
    }

    /// Sends `requestCount` requests in all, which `next` appends one at a time for a connection, and waits for the answers.
    package func run(
        requestCount: Int,
        next: (_ connection: Int, _ output: inout ByteWriter) -> Void
    ) throws -> Tally {
        var tally = Tally()
        var left = requestCount
        var output = ByteWriter(capacityBytes: 64 << 10)
        let began = now()
        func send(_ count: Int, on place: Int) throws {
            output.removeAll()
            for _ in 0..<min(count, left) { next(place, &output) }
            left -= min(count, left)
            try output.withUnsafeBytes { try connections[place].send($0) }
        }
        for place in connections.indices { try send(depth, on: place) }
        while tally.replies + tally.errors < requestCount {
            guard poll(&polls, nfds_t(polls.count), 10_000) > 0 else {
                throw SocketError(call: "poll", number: ETIMEDOUT)
            }
            for place in polls.indices where polls[place].revents != 0 {
                var answered = 0
                let isOpen = try connections[place].receive { header, body in
                    answered += 1
                    tally.bodyBytes += body.count
                    if header.kind == FrameKind.reply.rawValue { tally.replies += 1 } else { tally.errors += 1 }
                }
                guard isOpen else { throw ClientError.connectionLost("the server hung up") }
                if left > 0 { try send(answered, on: place) }
            }
        }
        tally.nanoseconds = now() - began
        return tally
    }

    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
