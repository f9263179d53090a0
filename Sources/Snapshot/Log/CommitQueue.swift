// Where executed transactions go to become durable. Two implementations: `GroupCommitter`, whose thread commits whatever
// queued while the last sync ran, and `InlineCommitQueue`, which commits when it is told to and so lets a simulation
// decide what happens between write and sync.

/// What became of submitted entries.
public enum CommitEvent: Sendable {
    /// All entries up to this position are durable. Positions only grow; several groups may be told at once.
    case durable(UInt64)
    /// The disk failed: nothing after the last durable position may be acknowledged, now or later.
    case halted(DirectoryError)
}

/// One writer submits, from one thread at a time; all other calls may come from any thread.
public protocol CommitQueue: AnyObject, Sendable {
    /// Makes sure that the next batch, of at most `bytes` (`EntryBatch.lengthBytes`), has room on the disk. Call it
    /// before executing what will be submitted: refused here, nothing has happened yet. A reservation holds for one
    /// `submit`; the next one replaces it. Throws `.diskFull`, and works again by itself once there is space.
    func reserve(bytes: Int) throws(DirectoryError)

    /// Whether `reserve` would find this room at once. Never waits for a segment that is being made, and makes none: for
    /// whoever would like more room than is needed. When it says yes, the room is reserved.
    func hasRoom(bytes: Int) -> Bool

    /// Queues a batch whose last entry has position `lastPosition`. Never waits for the disk. Throws `.queueFull`,
    /// `.batchTooLarge`, `.outOfOrder`, `.halted` or `.closed`, each without having queued anything.
    func submit(_ batch: borrowing EntryBatch, lastPosition: UInt64) throws(DirectoryError)

    /// Whether the next `submit` would be refused because too much waits. Asked before executing a batch.
    var isFull: Bool { get }

    /// The last position that is safe.
    var durablePosition: UInt64 { get }

    /// Returns when `position` is durable; throws where it never will be.
    func waitUntilDurable(_ position: UInt64) throws(DirectoryError)

    /// Has `handler` called after every commit, on the thread that committed. It must not call back into the queue
    /// except to read `durablePosition`, and should only hand on the news. Replaces the handler before it.
    func onCommit(_ handler: (@Sendable (CommitEvent) -> Void)?)

    /// Commits what is queued, seals the log and ends. Idempotent.
    func close() throws(DirectoryError)
}
