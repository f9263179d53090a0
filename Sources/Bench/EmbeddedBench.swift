import Engine
import Kith
import Net
import Synchronization

// The same work without a wire: the same frames, executed by workers of this process on the database itself.

/// A bench of a database in this process.
public final class EmbeddedBench: Sendable {
    /// What the workers share.
    private struct Shared {
        var arrivals: PoissonArrivals?
        var result: BenchResult
        var lastMoment: UInt64 = 0
        /// Pieces in the result.
        var counted: UInt64 = 0
    }

    private let database: Database
    private let options: BenchOptions
    private let population: BenchPopulation
    private let statements: [PreparedQuery]
    private let shared: Mutex<Shared>

    /// Prepares the statements.
    public init(_ database: Database, population: BenchPopulation, options: BenchOptions) throws {
        self.database = database
        self.options = options
        self.population = population
        let schema = database.schema
        statements =
            try options.mix.asksQueries ? BenchEncoder.statements.map { try PreparedQuery($0, schema: schema) } : []
        var result = BenchResult(options)
        result.isEmbedded = true
        shared = Mutex(Shared(result: result))
    }

    /// Runs to the end: `connections × depth` workers in a closed loop, `connections` in an open one.
    public func run(progress: @escaping @Sendable (Double, UInt64) -> Void = { _, _ in }) async throws -> BenchResult {
        // Encoders are made before the clock starts.
        let workers: Int =
            switch options.arrival {
            case .closed(let depth): options.connections * depth
            case .open: options.connections
            }
        let encoders = try (0..<workers).map { worker in
            try BenchEncoder(options.mix, population, database.schema, seed: options.seed, thread: worker)
        }
        let start = monotonicNanoseconds()
        let window = BenchWindow(options, from: start)
        if case .open(let perSecond) = options.arrival {
            shared.withLock {
                $0.arrivals = PoissonArrivals(perSecond: perSecond, from: start, seed: options.seed, thread: 0)
            }
        }
        let processorAtStart = Task {
            try await Task.sleep(for: .nanoseconds(Int64(window.measured - start)))
            return processNanoseconds()
        }
        let report = Task {
            while !Task.isCancelled {
                let share = Double(monotonicNanoseconds() - start) / Double(window.end - start)
                progress(min(1, share), shared.withLock { $0.counted })
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer { report.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for encoder in encoders { group.addTask { try await self.work(encoder, window) } }
            try await group.waitForAll()
        }
        let processor = processNanoseconds() - (try await processorAtStart.value)
        let end = monotonicNanoseconds()
        return shared.withLock { shared in
            shared.result.measuredNanoseconds = end - window.measured
            shared.result.clientNanoseconds = processor
            return shared.result
        }
    }

    private func work(_ start: BenchEncoder, _ window: BenchWindow) async throws {
        var encoder = start
        let numbers = statements.indices.map(UInt64.init)
        var frames = ByteWriter(capacityBytes: 4 << 10)
        while true {
            let (intended, moment, counted) = shared.withLock { shared in
                let intended = shared.arrivals?.next ?? monotonicNanoseconds()
                shared.arrivals?.advance()
                shared.lastMoment = max(shared.lastMoment + 1, wallMicroseconds())
                return (intended, shared.lastMoment, shared.counted)
            }
            guard window.isOpen(at: intended, counted: counted) else { return }
            try await EmbeddedBench.wait(until: intended)
            frames.removeAll()
            let kind = encoder.encode(correlation: 0, moment: moment, statements: numbers, to: &frames)
            var failure: String?
            do {
                try await execute(frames.bytes)
            } catch {
                failure = "\(error)"
            }
            let nanoseconds = monotonicNanoseconds() - intended
            shared.withLock { shared in
                if let failure { shared.result.fail(failure) }
                guard intended >= window.measured else { return }
                shared.result.record(kind, nanoseconds: nanoseconds)
                shared.counted += 1
            }
        }
    }

    /// Sleeps, and stays awake for the last two milliseconds: a timer is not exact enough for what is measured here.
    private static func wait(until moment: UInt64) async throws {
        let time = monotonicNanoseconds()
        if moment > time + 2_000_000 { try await Task.sleep(for: .nanoseconds(Int64(moment - time - 2_000_000))) }
        while monotonicNanoseconds() < moment { await Task.yield() }
    }

    /// Executes frames as a server would, and returns when what they have seen is durable.
    private func execute(_ frames: [UInt8]) async throws {
        let position = try frames.withUnsafeBytes { bytes in
            var position: Position = 0
            var start = 0
            while let base = bytes.baseAddress, start < bytes.count, let header = WireHeader(at: base + start) {
                start += WireHeader.lengthBytes
                let body = UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(header.bodyLengthBytes)])
                start += body.count
                position = max(position, try execute(header.operation, body))
            }
            return position
        }
        try await database.settle(position)
    }

    private func execute(_ operation: UInt16, _ body: UnsafeRawBufferPointer) throws -> Position {
        switch operation {
        case WireOperation.executePrepared.rawValue:
            var reader = ByteReader(body)
            let statement = Int(try reader.u64())
            _ = try reader.u32()
            let arguments = try QueryArguments(from: &reader)
            let view = database.currentView
            _ = try statements[statement].execute(on: view, parameters: arguments.values.map(\.value))
            return view.position
        case WireOperation.read.rawValue:
            return try database.turn { turn -> Result<Position, any Error> in
                Result {
                    var reply = ByteWriter()
                    try turn.read(body, into: &reply)
                    return turn.position
                }
            }.get()
        default:
            return try database.turn { turn -> Result<Position, any Error> in
                Result {
                    var reply = ByteWriter()
                    try turn.execute(body, actor: .none, reply: &reply)
                    return turn.position
                }
            }.get()
        }
    }
}
