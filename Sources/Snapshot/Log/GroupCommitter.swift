// Group commit on a thread of its own: it writes and syncs whatever queued while the last sync ran. There is no timer on
// this path: at rest a single entry is written at once, under load groups grow by themselves to what the disk takes.

/// The commit queue of a running database. See `CommitQueue` for the rules.
public final class GroupCommitter: CommitQueue {
    package let core: CommitCore

    /// How long the log rests before it is sealed. A seal costs one sync, so that it must be rare beside the groups of a
    /// slow but steady client; and until it is written, damage to the last group looks like a torn tail.
    private static let idleMilliseconds = 200

    /// The thread holds the directory's lock as long as it can write, also where the directory is dropped unclosed.
    init(core: CommitCore, lock: any StorageLock) {
        self.core = core
        startThread { withExtendedLifetime(lock) { GroupCommitter.run(core) } }
    }

    /// Dropped without `close`: the thread commits what is queued and ends, and no one hears what became of it.
    deinit {
        core.state.withLock { $0.isClosing = true }
        core.state.wakeAll(.work)
    }

    public func reserve(bytes: Int) throws(DirectoryError) { try core.reserve(bytes: bytes) }

    public func hasRoom(bytes: Int) -> Bool { core.hasRoom(bytes: bytes) }

    public func submit(_ batch: borrowing EntryBatch, lastPosition: UInt64) throws(DirectoryError) {
        try core.submit(batch, lastPosition: lastPosition)
    }

    public var isFull: Bool { core.isFull }

    public var durablePosition: UInt64 { core.durablePosition }

    public func waitUntilDurable(_ position: UInt64) throws(DirectoryError) { try core.waitUntilDurable(position) }

    public func onCommit(_ handler: (@Sendable (CommitEvent) -> Void)?) {
        core.state.withLock { $0.handler = handler }
    }

    public func close() throws(DirectoryError) {
        core.state.withLock { $0.isClosing = true }
        core.state.wakeAll(.work)
        let failure = core.state.wait(for: .progress) { state -> DirectoryError?? in
            state.isClosed ? .some(state.failure) : nil
        }
        core.catalog.waitUntilIdle()
        if let failure { throw failure }
    }

    private enum Task { case commit, seal, stop }

    /// The thread. It ends with `close` or with the first failure; either way `isClosed` is its last word.
    private static func run(_ core: CommitCore) {
        core.writer.withLock { writer in
            do throws(DirectoryError) {
                loop: while true {
                    switch nextTask(core) {
                    case .commit:
                        if try core.writePending(&writer) { try core.syncWritten(&writer) }
                    case .seal:
                        try core.seal(&writer)
                    case .stop:
                        try core.seal(&writer)
                        break loop
                    }
                }
            } catch {
                // The core has kept the failure and told everyone.
            }
        }
        core.state.withLock { $0.isClosed = true }
        core.state.wakeAll(.progress)
    }

    private static func nextTask(_ core: CommitCore) -> Task {
        let needsSeal = core.state.withLock { $0.needsSeal }
        let ready = { (state: inout CommitCore.State) -> Task? in
            if state.pending.entryCount > 0 { return .commit }
            if state.isClosing { return .stop }
            state.isWorkerWaiting = true
            return nil
        }
        guard needsSeal else { return core.state.wait(for: .work, until: ready) }
        return core.state.wait(for: .work, milliseconds: idleMilliseconds, until: ready) ?? .seal
    }
}
