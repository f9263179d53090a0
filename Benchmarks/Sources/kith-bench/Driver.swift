// Drives one server from one thread over many connections: every connection has one batch of requests under way, sent at
// once, and sends the next when all replies to it are there. "Depth 64" is a batch of 64 one-record requests.
//
// It knows no protocol: the length of the replies to every batch is known before the clock starts, and so are their bytes
// where they can be; every sixteenth answer is compared byte by byte. So the client costs little beside the server, and
// the same for every server.

import BenchData
import CEpoll
import Glibc

/// Requests that are sent together and answered together.
struct Batch {
    var request: Range<Int>
    var replyBytes: Int
    /// Where the expected replies stand in the plan, if they are known.
    var expected: Range<Int>?
    var operations: Int
}

/// What every connection sends, encoded before the clock starts.
struct Plan {
    var requests: [UInt8] = []
    var replies: [UInt8] = []
    /// By connection.
    var batches: [[Batch]] = []
}

/// What a run took.
struct Sample {
    var operations = 0
    var wallNanoseconds: UInt64 = 0
    var serverCPUNanoseconds: UInt64 = 0
    /// Times from sending a batch to having its last reply, in microseconds, sorted.
    var batchMicroseconds: [UInt32] = []
    /// By connection: batches done, over all runs of the plan.
    var done: [Int] = []
    /// By connection: all replies, one after another; only when asked for.
    var captured: [[UInt8]] = []

    var perSecond: Double { Double(operations) / Double(wallNanoseconds) * 1e9 }
    var cpuPerOperation: Double { Double(serverCPUNanoseconds) / Double(operations) }

    func batchPercentile(_ part: Double) -> Double {
        guard !batchMicroseconds.isEmpty else { return 0 }
        return Double(batchMicroseconds[min(batchMicroseconds.count - 1, Int(Double(batchMicroseconds.count) * part))])
    }
}

struct Driver {
    enum Length {
        case seconds(Double)
        /// Every batch once.
        case once
    }

    private static let compareEvery = 16
    private static let stallMilliseconds: Int32 = 60_000

    private struct Connection {
        let descriptor: Int32
        var done: Int
        var sent = 0
        var received = 0
        var started: UInt64 = 0
        var awaitsRoom = false
        var captured: [UInt8] = []
    }

    /// Runs a plan. `done` continues where an earlier run of it ended.
    static func run(
        _ plan: Plan,
        _ sockets: [Socket],
        _ length: Length,
        process: ServerProcess,
        done: [Int]? = nil,
        capturing: Bool = false
    ) throws -> Sample {
        let poll = epoll_create1(0)
        guard poll >= 0 else { throw BenchError.system("epoll_create1") }
        defer { close(poll) }
        var connections: [Connection] = []
        for (index, batches) in plan.batches.enumerated() where !batches.isEmpty {
            connections.append(Connection(descriptor: sockets[index].descriptor, done: done?[index] ?? 0))
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.u64 = UInt64(index)
            guard epoll_ctl(poll, EPOLL_CTL_ADD, sockets[index].descriptor, &event) == 0 else {
                throw BenchError.system("epoll_ctl")
            }
        }
        var sample = Sample()
        sample.batchMicroseconds.reserveCapacity(1 << 18)
        let cpuBefore = try process.cpuNanoseconds
        let start = now()
        var deadline = UInt64.max
        if case .seconds(let seconds) = length { deadline = start + UInt64(seconds * 1e9) }

        var run = Run(plan: plan, poll: poll, connections: connections, capturing: capturing)
        for index in connections.indices { try run.startBatch(index, at: start) }
        var active = connections.count
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var time = start
        while active > 0 {
            let count = epoll_wait(poll, &events, 64, stallMilliseconds)
            guard count > 0 else { throw BenchError("no answer for a minute") }
            for event in events[..<Int(count)] {
                let index = Int(event.data.u64)
                if event.events & EPOLLOUT.rawValue != 0 { try run.send(index) }
                guard event.events & ~EPOLLOUT.rawValue != 0, try run.receive(index) else { continue }
                let batch = run.batch(index)
                sample.operations += batch.operations
                time = now()
                let elapsed = (time - run.connections[index].started) / 1000
                sample.batchMicroseconds.append(UInt32(clamping: elapsed))
                run.connections[index].done += 1
                let isOver =
                    switch length {
                    case .seconds: time >= deadline
                    case .once: run.connections[index].done == plan.batches[index].count
                    }
                if isOver { active -= 1 } else { try run.startBatch(index, at: time) }
            }
        }
        sample.wallNanoseconds = time - start
        sample.serverCPUNanoseconds = try process.cpuNanoseconds - cpuBefore
        sample.batchMicroseconds.sort()
        sample.done = run.connections.map(\.done)
        sample.captured = run.connections.map(\.captured)
        return sample
    }

    /// The state of a run: plans and buffers that must not be copied stay in one place.
    private struct Run {
        let plan: Plan
        let poll: Int32
        var connections: [Connection]
        let capturing: Bool
        var buffer = [UInt8](repeating: 0, count: 256 << 10)

        init(plan: Plan, poll: Int32, connections: [Connection], capturing: Bool) {
            self.plan = plan
            self.poll = poll
            self.connections = connections
            self.capturing = capturing
        }

        func batch(_ index: Int) -> Batch {
            let batches = plan.batches[index]
            return batches[connections[index].done % batches.count]
        }

        mutating func startBatch(_ index: Int, at time: UInt64) throws {
            connections[index].sent = 0
            connections[index].received = 0
            connections[index].started = time
            try send(index)
        }

        mutating func send(_ index: Int) throws {
            let request = batch(index).request
            let descriptor = connections[index].descriptor
            while connections[index].sent < request.count {
                let offset = request.lowerBound + connections[index].sent
                let count = plan.requests.withUnsafeBytes {
                    Glibc.send(
                        descriptor,
                        $0.baseAddress.unsafelyUnwrapped + offset,
                        request.upperBound - offset,
                        Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
                    )
                }
                if count < 0 {
                    guard errno == EAGAIN else { throw BenchError.system("send") }
                    try waitForRoom(index, true)
                    return
                }
                connections[index].sent += count
            }
            if connections[index].awaitsRoom { try waitForRoom(index, false) }
        }

        private mutating func waitForRoom(_ index: Int, _ isWaiting: Bool) throws {
            connections[index].awaitsRoom = isWaiting
            var event = epoll_event()
            event.events = isWaiting ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
            event.data.u64 = UInt64(index)
            guard epoll_ctl(poll, EPOLL_CTL_MOD, connections[index].descriptor, &event) == 0 else {
                throw BenchError.system("epoll_ctl")
            }
        }

        /// Takes what has come. Returns whether the batch is answered.
        mutating func receive(_ index: Int) throws -> Bool {
            let batch = batch(index)
            let received = connections[index].received
            let count = recv(connections[index].descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN { return false }
            guard count > 0 else { throw BenchError("the server closed a connection") }
            guard received + count <= batch.replyBytes else {
                throw BenchError("a reply is longer than it must be: \(received + count) for \(batch.replyBytes) bytes")
            }
            if let expected = batch.expected, (connections[index].done + index) % Driver.compareEvery == 0 {
                let isEqual = plan.replies.withUnsafeBytes {
                    memcmp($0.baseAddress.unsafelyUnwrapped + expected.lowerBound + received, buffer, count) == 0
                }
                guard isEqual else { throw BenchError("a reply is not what was written") }
            }
            if capturing {
                connections[index].captured.append(contentsOf: buffer[..<count])
            }
            connections[index].received = received + count
            return received + count == batch.replyBytes
        }
    }
}
