// Latencies by logarithmic buckets with 512 steps an octave, as HdrHistogram keeps them: every value is known to within
// 0.2 %, from one nanosecond to hours, in memory that does not grow with the number of values.

/// Counts of latencies in nanoseconds.
public struct LatencyHistogram: Sendable {
    private static let stepBits = 9
    private static let steps = 1 << stepBits
    private static let bucketCount = (64 - stepBits) << stepBits

    private var counts = [UInt64](repeating: 0, count: bucketCount)
    /// Values recorded.
    public private(set) var count: UInt64 = 0
    /// The largest.
    public private(set) var maximum: UInt64 = 0
    private var sum: UInt64 = 0

    /// An empty histogram.
    public init() {}

    private static func bucket(_ value: UInt64) -> Int {
        guard value >= UInt64(steps) else { return Int(value) }
        let octave = 63 - value.leadingZeroBitCount - stepBits
        return (octave << stepBits) + Int(value >> UInt64(octave))
    }

    /// The largest value of a bucket.
    private static func top(_ bucket: Int) -> UInt64 {
        guard bucket >= 2 * steps else { return UInt64(bucket) }
        let octave = UInt64(bucket >> stepBits - 1)
        let head = UInt64(bucket & (steps - 1) | steps)
        return (head << octave) | ((1 << octave) - 1)
    }

    /// Counts a value. O(1).
    public mutating func record(_ nanoseconds: UInt64) {
        counts[LatencyHistogram.bucket(nanoseconds)] += 1
        count += 1
        sum &+= nanoseconds
        maximum = max(maximum, nanoseconds)
    }

    /// Adds what another one counted.
    public mutating func add(_ other: LatencyHistogram) {
        for place in counts.indices { counts[place] += other.counts[place] }
        count += other.count
        sum &+= other.sum
        maximum = max(maximum, other.maximum)
    }

    /// The value that a share of the values (0…1) does not exceed, never below it and at most 0.2 % above; 0 when there are none.
    public func percentile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let wanted = max(1, UInt64((share * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (place, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= wanted { return min(maximum, LatencyHistogram.top(place)) }
        }
        return maximum
    }

    /// The mean; 0 when there are none.
    public var mean: UInt64 { count == 0 ? 0 : sum / count }

    /// Buckets that have counted anything: the largest value of each, and how many. From these every percentile can be
    /// worked out again.
    public var buckets: [(top: UInt64, count: UInt64)] {
        counts.enumerated().compactMap { $1 == 0 ? nil : (LatencyHistogram.top($0), $1) }
    }
}
