// What became of the last snapshot that was tried, so that a failure is seen and not repeated at once: a snapshot costs the
// disk and the processors the same whether it succeeds or not.

import Engine
import Synchronization

/// A snapshot that could not be written. Nothing is lost by it: the log since the one before is kept.
public struct SnapshotFailure: Hashable, Sendable {
    /// When it failed: microseconds since 1970-01-01T00:00:00Z.
    public var timeMicroseconds: Int64
    /// Why, for people.
    public var reason: String
    /// Bytes of log since the last good snapshot from which on the next one is tried by itself.
    public var nextAttemptLogBytes: UInt64
}

/// The last attempt of a database. Thread rule: from any thread.
package final class SnapshotAttempts: Sendable {
    private struct State {
        var failure: SnapshotFailure?
        var isUnderWay = false
    }

    private let state = Mutex(State())

    package init() {}

    /// The failure of the last attempt; nil when it succeeded, and before the first one.
    package var lastFailure: SnapshotFailure? { state.withLock { $0.failure } }

    /// Whether an automatic snapshot may begin, and if so begins it: none is under way, and after a failure the log has grown
    /// to twice what it was.
    package func begin(logBytes: UInt64) -> Bool {
        state.withLock { state in
            guard !state.isUnderWay, logBytes >= state.failure?.nextAttemptLogBytes ?? 0 else { return false }
            state.isUnderWay = true
            return true
        }
    }

    /// Ends what `begin` began.
    package func end() { state.withLock { $0.isUnderWay = false } }

    package func succeeded() { state.withLock { $0.failure = nil } }

    package func failed(_ reason: String, logBytes: UInt64, timeMicroseconds: Int64) {
        let next = logBytes.multipliedReportingOverflow(by: 2)
        let failure = SnapshotFailure(
            timeMicroseconds: timeMicroseconds,
            reason: reason,
            nextAttemptLogBytes: next.overflow ? .max : next.partialValue
        )
        state.withLock { $0.failure = failure }
    }
}
