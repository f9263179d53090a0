import Synchronization

/// Bytes that open cursors keep: of one connection, or of all. Counted where the cursors work, on the threads of the pool.
final class CursorMemory: Sendable {
    private let bytesMax: Int
    private let used = Atomic(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Takes so many more bytes, or gives some back when negative; false, and nothing has changed, when it would be too much.
    func take(_ bytes: Int) -> Bool {
        let total = used.add(bytes, ordering: .relaxed).newValue
        guard bytes > 0, total > bytesMax else { return true }
        used.subtract(bytes, ordering: .relaxed)
        return false
    }
}
