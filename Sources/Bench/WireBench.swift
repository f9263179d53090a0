import CPoll
import Engine
import Glibc
import Net

// The load generator: one thread, many connections, requests from templates. It reads an answer's header and nothing else
// unless it is an error, so that it costs a fraction of the server that it loads; what it costs is part of the result.

/// A bench over the wire.
public final class WireBench {
    /// Pieces under way on a connection at most, where they ask queries: a server takes so many calls, and a page makes eight.
    private static let requestsPerPieceMax = 8

    private let options: BenchOptions
    private var connections: [BenchConnection] = []
    private var idle: [BenchConnection] = []
    private var encoder: BenchEncoder
    private let poll: Int32
    private let timer: Int32
    private var result: BenchResult
    private var window: BenchWindow
    private var dirty: [Int] = []
    private var nextConnection = 0
    /// Intended moments of pieces for which no connection had room, from `waitingStart`.
    private var waiting: [UInt64] = []
    private var waitingStart = 0
    private var underWay = 0
    private var counted: UInt64 = 0
    private var lastMoment: UInt64 = 0
    private var lastEnd: UInt64 = 0

    /// Connects everything. The population is asked for before, by whatever client there is.
    public init(port: Int, organisation: String, population: BenchPopulation, options: BenchOptions) throws {
        self.options = options
        result = BenchResult(options)
        DescriptorLimit.raise()
        for _ in 0..<options.connections {
            let connection = try BenchConnection(port: port, organisation: organisation)
            if options.mix.asksQueries { try connection.prepare(BenchEncoder.statements) }
            let room = options.mix.asksQueries ? max(1, connection.callsMax / WireBench.requestsPerPieceMax) : 256
            switch options.arrival {
            case .closed(let depth):
                guard depth <= room else {
                    throw BenchError("the server takes \(room) such pieces at a time on a connection")
                }
                connection.makeSlots(depth)
            case .open: connection.makeSlots(room)
            }
            connections.append(connection)
        }
        for _ in 0..<options.idleConnections {
            idle.append(try BenchConnection(port: port, organisation: organisation))
        }
        encoder = try BenchEncoder(options.mix, population, connections[0].schema, seed: options.seed, thread: 0)
        window = BenchWindow(options, from: 0)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        guard poll >= 0, timer >= 0 else { throw BenchError.system("epoll_create1") }
        // The kernel may otherwise wake the generator 50 µs late, which would count as latency.
        kith_exact_timers()
        for place in connections.indices { try watch(place, EPOLL_CTL_ADD) }
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = UInt64.max
        guard epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event) == 0 else { throw BenchError.system("epoll_ctl") }
    }

    deinit {
        close(poll)
        close(timer)
    }

    /// Runs to the end. `progress` is called some times a second with the share of the time that is over and the pieces done.
    public func run(progress: (Double, UInt64) -> Void = { _, _ in }) throws -> BenchResult {
        let start = monotonicNanoseconds()
        window = BenchWindow(options, from: start)
        let giveUp = window.end + UInt64(BenchOptions.drainSeconds * 1e9)
        var arrivals: PoissonArrivals?
        switch options.arrival {
        case .closed:
            for place in connections.indices {
                while let slot = connections[place].freeSlots.popLast() { begin(place, slot, intended: start) }
            }
        case .open(let perSecond):
            arrivals = PoissonArrivals(perSecond: perSecond, from: start, seed: options.seed, thread: 0)
        }
        var processorAtStart: UInt64?
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        var nextReport = start
        while true {
            let time = monotonicNanoseconds()
            if processorAtStart == nil, time >= window.measured { processorAtStart = processNanoseconds() }
            if time >= nextReport {
                progress(min(1, Double(time - start) / Double(window.end - start)), counted)
                nextReport = time + 200_000_000
            }
            let isOpen = window.isOpen(at: time, counted: counted)
            if isOpen, arrivals != nil {
                while let next = arrivals?.next, next <= time {
                    arrive(intended: next)
                    arrivals?.advance()
                }
            }
            if !isOpen, underWay == 0, waiting.count == waitingStart { break }
            if time > giveUp { break }
            try flushDirty()
            // Open loops sleep until the next arrival; closed ones have nothing to do before an answer.
            if isOpen, let next = arrivals?.next { setTimer(next) }
            let count = epoll_wait(poll, &events, Int32(events.count), 100)
            guard count >= 0 || errno == EINTR else { throw BenchError.system("epoll_wait") }
            for event in events.prefix(Int(max(0, count))) {
                if event.data.u64 == UInt64.max {
                    var expirations: UInt64 = 0
                    _ = read(timer, &expirations, 8)
                    continue
                }
                let place = Int(event.data.u64)
                if event.events & EPOLLOUT.rawValue != 0 { markDirty(place) }
                if event.events & ~EPOLLOUT.rawValue != 0 { try receive(place) }
            }
        }
        result.unfinished = UInt64(underWay + waiting.count - waitingStart)
        result.measuredNanoseconds = max(lastEnd, window.measured + 1) - window.measured
        result.clientNanoseconds = processNanoseconds() - (processorAtStart ?? processNanoseconds())
        return result
    }

    // MARK: Pieces

    /// A piece of an open loop: on the next connection with room, or behind those that wait.
    private func arrive(intended: UInt64) {
        guard waiting.count == waitingStart else { return waiting.append(intended) }
        for step in 0..<connections.count {
            let place = (nextConnection + step) % connections.count
            guard let slot = connections[place].freeSlots.popLast() else { continue }
            nextConnection = (place + 1) % connections.count
            return begin(place, slot, intended: intended)
        }
        waiting.append(intended)
    }

    private func begin(_ place: Int, _ slot: Int, intended: UInt64) {
        let connection = connections[place]
        // Every update changes something: moments are the wall clock's, but never twice the same.
        lastMoment = max(lastMoment + 1, wallMicroseconds())
        let kind = encoder.encode(
            correlation: UInt64(slot),
            moment: lastMoment,
            statements: connection.statements,
            to: &connection.output
        )
        connection.slots[slot] = BenchSlot(kind: kind, intended: intended, repliesLeft: kind.requestCount)
        underWay += 1
        markDirty(place)
    }

    private func finished(_ place: Int, _ slot: Int, at time: UInt64) {
        let piece = connections[place].slots[slot]
        underWay -= 1
        if piece.intended >= window.measured {
            result.record(piece.kind, nanoseconds: time - piece.intended)
            counted += 1
            lastEnd = time
        }
        if waitingStart < waiting.count {
            begin(place, slot, intended: waiting[waitingStart])
            waitingStart += 1
            if waitingStart > 65_536 {
                waiting.removeFirst(waitingStart)
                waitingStart = 0
            }
        } else if case .closed = options.arrival, window.isOpen(at: time, counted: counted) {
            begin(place, slot, intended: time)
        } else {
            connections[place].freeSlots.append(slot)
        }
    }

    // MARK: Sockets

    private func markDirty(_ place: Int) {
        guard !connections[place].isDirty else { return }
        connections[place].isDirty = true
        dirty.append(place)
    }

    private func flushDirty() throws {
        for place in dirty {
            let connection = connections[place]
            connection.isDirty = false
            let didWait = connection.awaitsRoom
            if try connection.flush() == didWait { try watch(place, EPOLL_CTL_MOD) }
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private func watch(_ place: Int, _ change: Int32) throws {
        var event = epoll_event()
        event.events = connections[place].awaitsRoom ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
        event.data.u64 = UInt64(place)
        guard epoll_ctl(poll, change, connections[place].raw.descriptor, &event) == 0 else {
            throw BenchError.system("epoll_ctl")
        }
    }

    private func setTimer(_ moment: UInt64) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(moment / 1_000_000_000)
        setting.it_value.tv_nsec = Int(moment % 1_000_000_000)
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    private func receive(_ place: Int) throws {
        let connection = connections[place]
        var done: [Int] = []
        let isOpen = try connection.raw.receive { header, body in
            let slot = Int(truncatingIfNeeded: header.correlation)
            guard connection.slots.indices.contains(slot), connection.slots[slot].repliesLeft > 0 else { return }
            if header.kind != FrameKind.reply.rawValue {
                result.fail(BenchConnection.failure(Array(body)).description)
            }
            connection.slots[slot].repliesLeft -= 1
            if connection.slots[slot].repliesLeft == 0 { done.append(slot) }
        }
        guard isOpen else { throw BenchError("the server hung up") }
        guard !done.isEmpty else { return }
        let time = monotonicNanoseconds()
        for slot in done { finished(place, slot, at: time) }
    }
}
