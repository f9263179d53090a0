import NIOCore
import Synchronization

// How a loop hears, from the committer's thread, that the log is durable further. A loop that nobody waits on is left asleep:
// waking it costs more than a small group's share of the sync.
//
// No news is lost: the loop says first that it waits, and looks at the durable position then; the committer moves the position
// first, and looks then whether someone waits. One of the two sees the other.

/// Thread rule: any thread.
final class CommitBell: Sendable {
    private let core: NIOLoopBound<ServerCore>
    private let isAwaited = Atomic(false)
    private let isScheduled = Atomic(false)

    init(_ core: NIOLoopBound<ServerCore>) { self.core = core }

    /// The loop has a connection that waits. It looks at the durable position after this call, and rings itself if need be.
    func listen() { isAwaited.store(true, ordering: .sequentiallyConsistent) }

    /// Has the loop release what is durable, if something waits there: one task for all commits that come before it runs.
    func ring() {
        guard isAwaited.load(ordering: .sequentiallyConsistent),
            !isScheduled.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        core.eventLoop.execute { [self] in
            isScheduled.store(false, ordering: .sequentiallyConsistent)
            isAwaited.store(false, ordering: .sequentiallyConsistent)
            core.value.release()
        }
    }

    /// Has the loop end everything: the log failed.
    func halt(_ reason: String) {
        core.eventLoop.execute { [core] in core.value.halt(reason) }
    }
}
