// The thread that writes to the spool: whatever came while it synced is the next batch, so that the sync of names is shared.

import Logging
import Snapshot

/// Takes messages from any thread and says on its own what became of them.
final class SpoolWriter: Sendable {
    private struct State {
        var queue: [(SpooledMail, @Sendable (SpoolOutcome) -> Void)] = []
        var isStopped = false
        var isOver = false
    }

    /// Messages of a batch: the first of them waits for the syncs of all.
    private static let batchMax = 32

    private let spool: MailSpool
    private let stored: @Sendable () -> Void
    private let logger: Logger
    private let state = Monitor(State())

    /// - Parameter stored: called when there is more to deliver.
    init(_ spool: MailSpool, logger: Logger, stored: @escaping @Sendable () -> Void) {
        self.spool = spool
        self.logger = logger
        self.stored = stored
        startThread { [self] in run() }
    }

    /// Stores a message; `completion` is called when it is durable, or will not be.
    func store(_ mail: SpooledMail, _ completion: @escaping @Sendable (SpoolOutcome) -> Void) {
        let isStopped = state.withLock { state in
            if !state.isStopped { state.queue.append((mail, completion)) }
            return state.isStopped
        }
        if isStopped { completion(.failed) } else { state.wakeAll(.work) }
    }

    /// Writes what came, and ends.
    func stop() {
        state.withLock { $0.isStopped = true }
        state.wakeAll(.work)
        state.wait(for: .progress) { $0.isOver ? () : nil }
    }

    private func run() {
        while true {
            let batch = state.wait(for: .work) { state -> [(SpooledMail, @Sendable (SpoolOutcome) -> Void)]? in
                if state.queue.isEmpty { return state.isStopped ? [] : nil }
                let batch = Array(state.queue.prefix(SpoolWriter.batchMax))
                state.queue.removeFirst(batch.count)
                return batch
            }
            if batch.isEmpty { break }
            let outcomes = spool.store(batch.map(\.0))
            for ((_, completion), outcome) in zip(batch, outcomes) { completion(outcome) }
            if outcomes.contains(.stored) { stored() }
            if spool.isBroken {
                logger.critical(
                    "the spool cannot make names durable: no mail is taken before the router is started again"
                )
            }
        }
        state.withLock { $0.isOver = true }
        state.wakeAll(.progress)
    }
}
