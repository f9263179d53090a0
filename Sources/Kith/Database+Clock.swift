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
    /// Refused work that is remembered. With more of it a call ends there, as if nothing else were due.
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
                var due = nextDue(through: moment, turn)
                if due.isEmpty {
                    report.isDone = true
                    break
                }
                defer { dueRest.withLock { $0 = due } }
                while taken < limit, let work = due.popFirst() {
                    guard turn.isStillDue(work) else { continue }
                    taken += 1
                    do throws(Refusal) {
                        try turn.perform(work)
                        guard !turn.isStillDue(work) else {
                            throw Refusal(.malformed, "It is still due after it was done.")
                        }
                        report.performedCount += 1
                    } catch {
                        if [.overloaded, .diskFull, .halted].contains(error.code) {
                            due = []
                            return (report, error, turn.position)
                        }
                        guard leaveOut(work) else {
                            due = []
                            report.isDone = true
                            return (report, nil, turn.position)
                        }
                        report.refused.append(.init(record: work.record, moment: work.moment, refusal: error))
                    }
                }
            }
            return (report, nil, turn.position)
        }
    }

    /// What is left of the moment that the last turn was at, unless something is due before; else the earliest moment's work. What
    /// comes to be due at a moment while its work is done comes after the rest of it.
    private func nextDue(through moment: Int64, _ turn: borrowing WriterTurn) -> ArraySlice<DueWork> {
        let rest = dueRest.withLock { $0 }
        return refusedWork.withLock { refused in
            let isLeftOut = { (work: DueWork) in !refused.isEmpty && refused.contains(work) }
            if let first = rest.first, first.moment <= moment,
                !turn.hasDue(before: first.moment, isLeftOut: isLeftOut)
            {
                return rest
            }
            return turn.due(through: moment, isLeftOut: isLeftOut)[...]
        }
    }

    /// Remembers work that was refused; false where there is too much of it, so that nothing behind it is looked for.
    private func leaveOut(_ work: DueWork) -> Bool {
        refusedWork.withLock { refused in
            guard refused.count < Database.refusedWorkMax else { return false }
            refused.insert(work)
            return true
        }
    }
}
