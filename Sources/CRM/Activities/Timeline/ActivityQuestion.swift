// Questions about activities that no single entity answers: the timeline of a record, and what a calendar shows.
//
// Guarantees
// - All kinds of activities are in it, an organisation's own types included.
// - Every activity once, however many ways lead to it.
// - The order is the same every time: by moment, then by the record's id.

import Engine

/// What is asked.
public enum ActivityQuestion: Hashable, Sendable {
    /// How far a timeline reaches. The numbers are part of the wire protocol.
    public enum Reach: UInt8, Hashable, Sendable, CaseIterable {
        /// What the record is the subject of, or takes part in.
        case own = 0
        /// Also of what belongs to it: contacts, deals, quotes, orders, invoices and cases, and what belongs to those.
        case related = 1
        /// Also of child accounts at any depth, and of what belongs to them.
        case extended = 2
    }

    /// The activities of a record, the newest first: by when they ended, else by when they are due or begin, else by when they were
    /// made.
    case timeline(of: RecordID, reach: Reach, limit: Int)
    /// What is planned or was done in a window of moments, `from` included and `to` not, the earliest first, with the instances of
    /// series. Of whom: of who owns it, takes part in it, or whom it is about; `.none` for everybody. What was canceled is left out.
    case agenda(of: RecordID, from: Int64, to: Int64, limit: Int)

    /// Entries that an answer has at most.
    public static let limitMax = 10_000
}

/// An activity, or an instance of a series, as a list shows it.
public struct ActivityEntry: Hashable, Sendable {
    /// The activity; of an instance its series.
    public var record: RecordID
    /// The name of an instance: its local start, `20260713T090000`; empty for an activity.
    public var instance = ""
    /// When it begins or began: microseconds since 1970 in UTC; nil where nobody said.
    public var start: Int64?
    /// When it ends, ended or is due.
    public var end: Int64?
    /// What it is about.
    public var subject = ""
    /// Number of its state.
    public var state: Int32 = 0
    /// The record that it is about; `.none` where there is none.
    public var regarding = RecordID.none
    /// Its owner.
    public var owner = RecordID.none

    /// An entry that says nothing yet.
    public init(_ record: RecordID) { self.record = record }
}

/// The answer.
public struct ActivityAnswer: Hashable, Sendable {
    /// The last transaction that it has seen.
    public var position: Position = 0
    /// In order.
    public var entries: [ActivityEntry] = []
    /// Whether there are more than were asked for.
    public var isCut = false
    /// Series whose instances are missing: their record cannot be read, or says more than can be worked out or shown.
    public var omitted: [RecordID] = []

    /// An empty answer.
    public init() {}
}

extension ActivityQuestion {
    /// Answers it.
    ///
    /// Throws `recordNotFound` for a record that is not there, and `limitExceeded` where more than `Records.referringMax` records would
    /// have to be looked at; of an agenda, more than `agendaLookedAtMax` records on each way to them.
    package func answer(
        _ records: Records,
        agendaLookedAtMax: Int = Agenda.lookedAtMax
    ) throws(Refusal) -> ActivityAnswer {
        var answer: ActivityAnswer
        let limit: Int
        switch self {
        case .timeline(let record, let reach, let count):
            limit = count
            answer = try Timeline(records).answer(record, reach)
        case .agenda(let owner, let from, let to, let count):
            limit = count
            var agenda = Agenda(records, from: from, to: to, lookedAtMax: agendaLookedAtMax)
            answer = try agenda.answer(owner)
        }
        let kept = min(max(limit, 0), ActivityQuestion.limitMax)
        if answer.entries.count > kept {
            answer.entries.removeSubrange(kept...)
            answer.isCut = true
        }
        answer.position = records.engine.position
        return answer
    }
}

extension Records {
    /// An activity as a list shows it.
    func entry(_ id: RecordID) -> ActivityEntry {
        var entry = ActivityEntry(id)
        entry.start = instant(id, "actualstart") ?? instant(id, "scheduledstart")
        entry.end = instant(id, "actualend") ?? instant(id, "scheduledend")
        entry.subject = name(id)
        entry.state = state(of: id) ?? 0
        entry.regarding = reference(id, "regardingobjectid")
        entry.owner = reference(id, "ownerid")
        return entry
    }
}
