/// How long a client waits before it tries to connect again: twice as long after each failure, up to a limit, and shortened
/// at random by up to half, so that clients that lost their server together do not come back together.
public struct Backoff: Sendable {
    /// Wait after the first failure.
    public var firstMilliseconds: Int
    /// Longest wait.
    public var limitMilliseconds: Int
    /// A number from 0 up to 1 for each wait; by default a random one.
    public var jitter: @Sendable () -> Double

    /// Makes a schedule of waits.
    public init(
        firstMilliseconds: Int = 25,
        limitMilliseconds: Int = 2_000,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.firstMilliseconds = firstMilliseconds
        self.limitMilliseconds = limitMilliseconds
        self.jitter = jitter
    }

    /// The wait after `failures` failures in a row, of which there was at least one.
    package func waitMilliseconds(failures: Int) -> Int {
        // 2^20 times the first wait is over any limit that makes sense, and cannot overflow.
        let doubled = firstMilliseconds << min(max(failures - 1, 0), 20)
        let full = Double(min(doubled, limitMilliseconds))
        return max(1, Int(full * (1 - jitter() / 2)))
    }
}
