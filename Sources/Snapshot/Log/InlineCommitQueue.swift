// The commit queue without a thread: for simulations, which decide when a group is written, when it is synced and what
// breaks in between, and for programs that want each transaction durable before they go on.

/// Commits on the caller's thread. See `CommitQueue` for the rules.
public final class InlineCommitQueue: CommitQueue {
    package let core: CommitCore

    init(core: CommitCore) { self.core = core }

    public func reserve(bytes: Int) throws(DirectoryError) { try core.reserve(bytes: bytes) }

    public func hasRoom(bytes: Int) -> Bool { core.hasRoom(bytes: bytes) }

    public func submit(_ batch: borrowing EntryBatch, lastPosition: UInt64) throws(DirectoryError) {
        try core.submit(batch, lastPosition: lastPosition)
    }

    public var isFull: Bool { core.isFull }

    public var durablePosition: UInt64 { core.durablePosition }

    public func onCommit(_ handler: (@Sendable (CommitEvent) -> Void)?) {
        core.state.withLock { $0.handler = handler }
    }

    /// Commits what is queued, if `position` needs it.
    public func waitUntilDurable(_ position: UInt64) throws(DirectoryError) {
        if core.durablePosition < position { try commit() }
        let durable = core.durablePosition
        guard durable >= position else { throw .notDurable(position: position, durablePosition: durable) }
    }

    /// Writes everything that is queued as one group and syncs it. Does nothing where nothing is queued.
    public func commit() throws(DirectoryError) {
        if try write() { try sync() }
    }

    /// The first half of `commit`: returns false where nothing is queued. `sync` must follow before the next write.
    public func write() throws(DirectoryError) -> Bool {
        try core.writer.withLock { (writer) throws(DirectoryError) in try core.writePending(&writer) }
    }

    /// The second half of `commit`.
    public func sync() throws(DirectoryError) {
        try core.writer.withLock { (writer) throws(DirectoryError) in try core.syncWritten(&writer) }
    }

    /// Proves on the disk that everything committed is durable, as a running log does when it rests.
    public func seal() throws(DirectoryError) {
        try core.writer.withLock { (writer) throws(DirectoryError) in try core.seal(&writer) }
    }

    public func close() throws(DirectoryError) {
        if core.state.withLock({ $0.isClosed }) { return }
        defer {
            core.state.withLock {
                $0.isClosing = true
                $0.isClosed = true
            }
        }
        try commit()
        try seal()
    }
}
