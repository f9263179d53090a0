// How long something takes, as a distribution: enough to see that a disk has become slow, at the price of one lock.

import Glibc
import Synchronization

/// Counts of durations by upper bound.
public struct LatencyFigures: Hashable, Sendable {
    /// Upper bounds of the buckets, inclusive, in microseconds; what is longer than the last has a bucket of its own.
    public static let boundsMicroseconds: [UInt64] = [
        50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    ]

    /// One more than there are bounds.
    public internal(set) var counts = [UInt64](repeating: 0, count: boundsMicroseconds.count + 1)
    /// Of all durations.
    public internal(set) var sumMicroseconds: UInt64 = 0
    /// The longest one.
    public internal(set) var maxMicroseconds: UInt64 = 0

    /// How many there were.
    public var count: UInt64 { counts.reduce(0, +) }

    /// The upper bound that so many in a hundred stay within; nil where there are none, the longest one behind the last bound.
    public func percentile(_ percent: UInt64) -> UInt64? {
        let total = count
        guard total > 0 else { return nil }
        var seen: UInt64 = 0
        for (bound, count) in zip(LatencyFigures.boundsMicroseconds, counts) {
            seen += count
            if seen * 100 >= total * percent { return min(bound, maxMicroseconds) }
        }
        return maxMicroseconds
    }
}

/// Thread rule: any thread.
package final class LatencyHistogram: Sendable {
    private let state = Mutex(LatencyFigures())

    package init() {}

    package var figures: LatencyFigures { state.withLock { $0 } }

    package func add(microseconds: UInt64) {
        let bounds = LatencyFigures.boundsMicroseconds
        let bucket = bounds.firstIndex { microseconds <= $0 } ?? bounds.count
        state.withLock { figures in
            figures.counts[bucket] += 1
            figures.sumMicroseconds &+= microseconds
            figures.maxMicroseconds = max(figures.maxMicroseconds, microseconds)
        }
    }

    /// Runs `body` and adds how long it took, also when it threw.
    package func measuring<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        let start = LatencyHistogram.nowNanoseconds
        defer { add(microseconds: (LatencyHistogram.nowNanoseconds &- start) / 1_000) }
        return try body()
    }

    /// Since some moment; never set back.
    private static var nowNanoseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }
}
