import Kith
import Logging
import NIOCore
import Synchronization

/// Carries out what is due while a server runs (docs/time.md): looks once a second, and goes on at once while there is more.
///
/// Thread rule: its work runs on one of the server's event loops, as requests do.
final class ServerClock: Sendable {
    private static let pause = TimeAmount.seconds(1)

    private let database: Database
    private let eventLoop: any EventLoop
    private let logger: Logger
    private let isStopped = Atomic(false)

    init(_ database: Database, on eventLoop: any EventLoop, logger: Logger) {
        (self.database, self.eventLoop, self.logger) = (database, eventLoop, logger)
    }

    func start() { schedule(in: ServerClock.pause) }

    /// No work begins afterwards.
    func stop() { isStopped.store(true, ordering: .releasing) }

    private func schedule(in delay: TimeAmount) {
        eventLoop.scheduleTask(in: delay) { [self] in
            guard !isStopped.load(ordering: .acquiring) else { return }
            let report = database.carryOutDueWork()
            for refused in report.refused {
                logger.warning(
                    "work that was due was refused, and is left out until the next start",
                    metadata: [
                        "record": "\(database.schema.text(of: refused.record))",
                        "reason": "\(refused.refusal.message)",
                    ]
                )
            }
            // A turn that did nothing although there is work waits for the disk.
            let isBusy = !report.isDone && (report.performedCount > 0 || !report.refused.isEmpty)
            schedule(in: isBusy ? .nanoseconds(0) : ServerClock.pause)
        }
    }
}
