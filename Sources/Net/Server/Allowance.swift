import Synchronization

/// Of something that open cursors take, bytes or places, as much as may be taken at once: by one connection, or by all. Counted
/// where the cursors work, on the threads of the pool.
final class Allowance: Sendable {
    private let limit: Int
    private let used = Atomic(0)

    init(_ limit: Int) { self.limit = limit }

    /// Takes so much more, or gives some back when negative; false, and nothing has changed, when it would be too much.
    func take(_ amount: Int) -> Bool {
        let total = used.add(amount, ordering: .relaxed).newValue
        guard amount > 0, total > limit else { return true }
        used.subtract(amount, ordering: .relaxed)
        return false
    }
}
