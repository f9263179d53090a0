// Tasks that repeat: when the time of one comes, the next is made, so that there is always exactly one to come.
//
// The newest task carries the rule (`recurrence`) and the moment at which the next is made (`repeaton`), which is its own start, or its due
// date where it has no start. What comes of the older ones changes nothing.
//
// Guarantees
// - What repeats makes at most `RecurrenceLimits.instancesPerDayMax` tasks a day, and none for days before it was made to repeat. A
//   rule that an import wrote and that makes more ends at its next task.

import Engine

/// Makes a task one that repeats.
public struct RepeatTask: Message {
    /// The task.
    public var task = RecordID.none
    /// How it repeats: RFC 5545's RRULE.
    public var rule: String?
    /// The time zone in whose local time it repeats.
    public var zone: String?

    public init() {}

    /// A request to make a task repeat.
    public init(_ task: RecordID, rule: String, zone: String? = nil) {
        (self.task, self.rule, self.zone) = (task, rule, zone)
    }

    public static let declaration = MessageDeclaration<RepeatTask>(
        178,
        "repeat",
        """
        Makes a task one that repeats: when its start comes, or its due date where it has no start, the next one is made, with its \
        subject, owner and length, and so on, at most 24 a day. One whose time is over is followed at once by the next that is to come.
        """,
        to: [MessageTarget("task", states: [ActivityState.open])],
        record: \.task,
        arguments: RecurrenceArguments.arguments(\.rule, \.zone),
        rules: [.startMissing, .zoneMissing, .recurrence, .noInstance]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard let anchor = RepeatingTask.anchor(task, records) else {
            throw records.refusal(
                .startMissing,
                task,
                "What repeats begins or is due at some time: reschedule it first."
            )
        }
        let zoneRecord = try RecurrenceArguments.zone(zone, task, records)
        let zone = records.zone(zoneRecord)
        let rule = rule ?? ""
        let text = try records.recurring(task) { () throws(RecurrenceError) in
            let start = LocalTime(moment: anchor, in: zone)
            let set = try RecurrenceSet(start: start, rule: try RecurrenceRule(parsing: rule)).ended()
            try set.requireSparse(from: anchor, in: zone)
            guard try !set.instances(from: anchor, count: 1, in: zone).isEmpty else {
                throw RecurrenceError(.noSuchInstance, "the rule has no instance")
            }
            return set.text(zoneName: nil)
        }
        var plan = Plan(records)
        try plan.update(
            task,
            [
                ("recurrence", .text(text)), ("repeaton", .instant(max(anchor, records.timeMicroseconds))),
                ("timezonedefinitionid", zoneRecord == .none ? .null : .reference(zoneRecord)),
            ]
        )
        return plan
    }
}

/// What tasks that repeat have in common.
enum RepeatingTask {
    private static let handedOn = [
        "subject", "ownerid", "regardingobjectid", "prioritycode", "category", "subcategory", "description",
        "scheduleddurationminutes", "remindminutes", "timezonedefinitionid",
    ].map { ($0, $0) }

    /// When a task is on: its start, or its due date.
    static func anchor(_ task: RecordID, _ records: Records) -> Int64? {
        records.instant(task, "scheduledstart") ?? records.instant(task, "scheduledend")
    }

    /// The values of the next task, behind a moment; nil when there is none any more.
    static func next(
        _ task: RecordID,
        after moment: Int64,
        _ records: Records
    ) throws(RecurrenceError) -> [(String, Value)]? {
        let text = records.text(task, "recurrence") ?? ""
        let (written, zoneName) = try RecurrenceSet.parse(text)
        // A count that was written plainly is counted once, not again for each task.
        let set = try written.ended()
        let zone = records.zone(records.reference(task, "timezonedefinitionid"))
        try set.requireSparse(from: moment, in: zone)
        guard let next = try set.instances(from: moment.addingClamped(1), count: 1, in: zone).first?.moment else {
            return nil
        }
        let (start, end) = (records.instant(task, "scheduledstart"), records.instant(task, "scheduledend"))
        var newEnd: Int64?
        if let start, let end { newEnd = next.addingClamped(end.addingClamped(start == .min ? .max : -start)) }
        let (nextStart, nextEnd) = start == nil ? (nil, next) : (next, newEnd)
        var values = records.copied(task, handedOn)
        values.append(("recurrence", .text(set == written ? text : set.text(zoneName: zoneName))))
        values.append(("scheduledstart", nextStart.map(Value.instant) ?? .null))
        values.append(("scheduledend", nextEnd.map(Value.instant) ?? .null))
        values.append(("repeaton", .instant(next)))
        return values + Reminder.following(task, records, start: nextStart, end: nextEnd)
    }
}

/// Makes the next task: sent by the clock.
public struct RecurTask: Message {
    /// The task that repeats.
    public var task = RecordID.none

    public init() {}

    /// A request to make the task that follows one whose time has come.
    public init(_ task: RecordID) { self.task = task }

    public static let declaration = MessageDeclaration<RecurTask>(
        179,
        "recur",
        """
        Makes the task that follows one that repeats, which the clock does when the time of that has come. The new one carries the \
        rule from then on; behind the last there is none.
        """,
        to: [MessageTarget("task")],
        record: \.task,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let moment = try records.requireDue(task, "repeaton")
        var next: [(String, Value)]?
        // A rule that cannot be read any more ends the series: it must not stop the clock.
        do throws(RecurrenceError) { next = try RepeatingTask.next(task, after: moment, records) } catch { next = nil }
        var plan = Plan(records)
        try plan.update(task, [("repeaton", .null), ("recurrence", .null)])
        if let next { try plan.create("task", next) }
        return plan
    }
}

/// Makes a task repeat no more.
public struct EndTaskRepetition: Message {
    /// The task.
    public var task = RecordID.none

    public init() {}

    /// A request to end the repetition of a task.
    public init(_ task: RecordID) { self.task = task }

    static let notRepeating = Rule("not-repeating", "The task does not repeat: the newest one carries the rule.")

    public static let declaration = MessageDeclaration<EndTaskRepetition>(
        180,
        "end",
        "Makes a task repeat no more: it is the last one.",
        to: [MessageTarget("task")],
        record: \.task,
        rules: [notRepeating]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard records.instant(task, "repeaton") != nil else {
            throw records.refusal(
                Self.notRepeating,
                task,
                "\(records.name(task)) does not repeat: the newest one carries the rule."
            )
        }
        var plan = Plan(records)
        try plan.update(task, [("repeaton", .null), ("recurrence", .null)])
        return plan
    }
}
