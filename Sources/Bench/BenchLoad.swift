import CRMark
import Glibc

// How work arrives, and for how long.

/// Arrivals in a bench.
public enum BenchArrival: Hashable, Sendable {
    /// Each of `connections × depth` workers begins the next piece when its last one is done: the most that the server takes.
    /// Latencies are those of a server that is always full, and say little about users.
    case closed(depth: Int)
    /// So many pieces a second, at random moments that nobody's waiting moves (a Poisson process). Latency counts from the
    /// intended moment, whether or not the piece could be sent then, so that a server that stalls is charged for all that
    /// should have come meanwhile.
    case open(perSecond: Double)
}

/// What to run.
public struct BenchOptions: Sendable {
    /// What is asked.
    public var mix = BenchMix.business
    /// How it arrives.
    public var arrival = BenchArrival.closed(depth: 1)
    /// Connections; threads for a directory.
    public var connections = 50
    /// Further connections that are open and ask nothing.
    public var idleConnections = 0
    /// Time before the clock starts, in which the same work is done and not counted.
    public var warmUpSeconds = 2.0
    /// Time measured.
    public var seconds = 10.0
    /// Work stops earlier when so many pieces were measured.
    public var transactionsMax = UInt64.max
    /// What kinds and records are drawn from.
    public var seed: UInt64 = 1

    /// The defaults.
    public init() {}

    /// Time that answers may take after the last arrival before the run is given up.
    static let drainSeconds = 10.0
}

/// Intended moments of a Poisson process.
struct PoissonArrivals {
    private let meanNanoseconds: Double
    private var random: CRMarkRandom
    /// The next intended moment.
    private(set) var next: UInt64

    init(perSecond: Double, from start: UInt64, seed: UInt64, thread: Int) {
        meanNanoseconds = 1e9 / perSecond
        random = CRMarkRandom(seed: ~seed, purpose: .request, index: thread)
        next = start
        advance()
    }

    /// Goes on to the one after.
    mutating func advance() {
        // 53 random bits in (0, 1].
        let uniform = Double((random.next() >> 11) + 1) * 0x1p-53
        next += UInt64((-log(uniform) * meanNanoseconds).rounded())
    }
}

/// When a run warms up, counts, and stops taking work.
struct BenchWindow {
    let measured: UInt64
    let end: UInt64
    private let transactionsMax: UInt64

    init(_ options: BenchOptions, from start: UInt64) {
        measured = start + UInt64(options.warmUpSeconds * 1e9)
        end = measured + UInt64(options.seconds * 1e9)
        transactionsMax = options.transactionsMax
    }

    /// Whether new work may begin.
    func isOpen(at time: UInt64, counted: UInt64) -> Bool { time < end && counted < transactionsMax }
}

/// Nanoseconds of the monotonic clock.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Microseconds since 1970.
func wallMicroseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
}

/// Processor time of this process, all threads, kernel included.
func processNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
