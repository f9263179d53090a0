// The logical clock: what is due up to a moment is carried out (docs/time.md).
//
// Guarantees
// - Work is done in order of its moments, each piece by a transaction of its own, at its own moment.
// - Exactly once: the transaction that does it is the one that says it is not due any more.
// - A turn does at most `workPerTurnMax` pieces, so that clients wait for no more than that.
// - Work that a rule refuses does not stop the rest.

import CRM
import Engine

/// What became of work that was due.
public struct ClockReport: Sendable, Hashable {
    /// Work that was refused.
    public struct Refused: Sendable, Hashable {
        /// The record that says it is due.
        public var record: RecordID
        /// When it was due: microseconds since 1970 in UTC.
        public var moment: Int64
        /// Why it was not done.
        public var refusal: Refusal
    }

    /// Pieces of work that were done.
    public package(set) var performedCount = 0
    /// Those that were refused; they are left out until the database is opened again, or their records say another moment.
    public package(set) var refused: [Refused] = []
    /// Whether nothing else is due.
    public package(set) var isDone = false

    package init() {}
}

extension Database {
    /// Pieces of work that are done in a turn: some 20 µs each.
    private static let workPerTurnMax = 64
    /// Refused work that is remembered; beyond it, all is tried again.
    private static let refusedWorkMax = 100_000

    /// Carries out everything that is due up to a moment, in order, each piece at its own moment, and returns when it is durable.
    /// The moment may lie ahead of the system's clock: from then on the engine's time is that of the last piece, since it never runs
    /// backwards.
    ///
    /// Throws the refusal of a disk that is full or a log that has halted; what was done until then stays done.
    /// - Parameters:
    ///   - moment: microseconds since 1970 in UTC.
    ///   - limit: pieces of work at most; with more, `isDone` is false.
    public func advance(to moment: Int64, limit: Int = .max) async throws -> ClockReport {
        var report = ClockReport()
        while true {
            let done = report.performedCount + report.refused.count
            let (step, obstacle, position) = carryOut(through: moment, limit: limit - done)
            report.performedCount += step.performedCount
            report.refused += step.refused
            report.isDone = step.isDone
            let isEnough = step.isDone || report.performedCount + report.refused.count >= limit
            if let obstacle {
                guard obstacle.code == .overloaded else { throw obstacle }
                try await settle(min(durablePosition + 1, position))
            } else if isEnough {
                try await settle(position)
                return report
            }
        }
    }

    /// Carries out what is due by the clock of the options, as much of it as fits one turn. For whoever has a timer.
    package func carryOutDueWork() -> ClockReport {
        carryOut(through: options.clock(), limit: .max).0
    }

    /// One turn. The refusal is one of the log's: the rest is tried again later.
    private func carryOut(through moment: Int64, limit: Int) -> (ClockReport, Refusal?, Position) {
        let limit = min(limit, Database.workPerTurnMax)
        return turn { turn -> (ClockReport, Refusal?, Position) in
            var report = ClockReport()
            var taken = 0
            while taken < limit {
                let due = refusedWork.withLock { refused in
                    turn.due(through: moment) { !refused.isEmpty && refused.contains($0) }
                }
                if due.isEmpty {
                    report.isDone = true
                    break
                }
                for work in due.prefix(limit - taken) where turn.isStillDue(work) {
                    taken += 1
                    do throws(Refusal) {
                        try turn.perform(work)
                        guard !turn.isStillDue(work) else {
                            throw Refusal(.malformed, "It is still due after it was done.")
                        }
                        report.performedCount += 1
                    } catch {
                        if [.overloaded, .diskFull, .halted].contains(error.code) {
                            return (report, error, turn.position)
                        }
                        leaveOut(work)
                        report.refused.append(.init(record: work.record, moment: work.moment, refusal: error))
                    }
                }
            }
            return (report, nil, turn.position)
        }
    }

    private func leaveOut(_ work: DueWork) {
        refusedWork.withLock { refused in
            if refused.count >= Database.refusedWorkMax { refused.removeAll() }
            refused.insert(work)
        }
    }
}
