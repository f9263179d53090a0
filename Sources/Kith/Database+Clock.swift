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

    /// Entries of the indexes of moments that were passed over since this database was opened, since their work was refused.
    package var passedOverWorkCount: Int { clockState.withLock { $0.passedOverCount } }

    /// One turn. The refusal is one of the log's: the rest is tried again later.
    func carryOut(through moment: Int64, limit: Int) -> (ClockReport, Refusal?, Position) {
        let limit = min(limit, Database.workPerTurnMax)
        return turn { turn -> (ClockReport, Refusal?, Position) in
            // Taken out, so that it has one owner and is not copied. Turns are one at a time: nobody else looks for it.
            var state = clockState.withLock { kept in
                defer { kept = ClockState() }
                return kept
            }
            defer {
                state.position = turn.position
                clockState.withLock { $0 = state }
            }
            // Others have written meanwhile: anything may be due before what was found.
            if state.position != turn.position { state.floor = .min }
            var report = ClockReport()
            var taken = 0
            while taken < limit {
                if !state.hasRest(through: moment, turn) { state.find(through: moment, turn) }
                if state.rest.isEmpty {
                    report.isDone = true
                    break
                }
                while taken < limit, let work = state.rest.popFirst() {
                    guard turn.isStillDue(work) else { continue }
                    taken += 1
                    do throws(Refusal) {
                        if try turn.perform(work, floor: state.floor) { state.floor = .min }
                        guard !turn.isStillDue(work) else {
                            throw Refusal(.malformed, "It is still due after it was done.")
                        }
                        report.performedCount += 1
                    } catch {
                        if [.overloaded, .diskFull, .halted].contains(error.code) {
                            state.rest = []
                            return (report, error, turn.position)
                        }
                        guard state.refused.count < Database.refusedWorkMax else {
                            state.rest = []
                            report.isDone = true
                            return (report, nil, turn.position)
                        }
                        state.refused.insert(work)
                        report.refused.append(.init(record: work.record, moment: work.moment, refusal: error))
                    }
                }
            }
            return (report, nil, turn.position)
        }
    }
}

/// What the clock keeps between two turns.
struct ClockState {
    /// Work that was refused when it was due: left out until the database is opened again, or its moment is another.
    fileprivate(set) var refused: Set<DueWork> = []
    /// What is left of the work of one moment, in order: a million reminders for nine o'clock are looked up and sorted once.
    fileprivate(set) var rest: ArraySlice<DueWork> = []
    /// Everything that is due before this moment was refused, as of `position`. So refused work is passed over once, and not for each
    /// moment behind it.
    fileprivate(set) var floor = Int64.min
    fileprivate(set) var position: Position = 0
    fileprivate(set) var passedOverCount = 0

    /// Whether what is left is the earliest that there is.
    fileprivate mutating func hasRest(through moment: Int64, _ turn: borrowing WriterTurn) -> Bool {
        guard let first = rest.first, first.moment <= moment else { return false }
        return !turn.hasDue(from: floor, before: first.moment) { isLeftOut($0) }
    }

    /// Looks the earliest moment's work up. What comes to be due at a moment while its work is done comes after the rest of it.
    fileprivate mutating func find(through moment: Int64, _ turn: borrowing WriterTurn) {
        rest = turn.due(from: floor, through: moment) { isLeftOut($0) }[...]
        floor = max(floor, rest.first?.moment ?? moment.addingClamped(1))
    }

    private mutating func isLeftOut(_ work: DueWork) -> Bool {
        guard !refused.isEmpty, refused.contains(work) else { return false }
        passedOverCount += 1
        return true
    }
}
