// Reminders: an activity says when somebody shall be reminded of it, and, afterwards, when that was done.
//
//   remindminutes   so many minutes before its start, or before it is due where it has no start; follows it to another time
//   remindon        the moment, while it is to come
//   remindedon      the moment of the last reminder: with an open activity, that is what asks for somebody's attention; empty again
//                   when the reminder is set anew or taken away, and when the activity is put to another time or taken up again

import Engine

/// What reminders have in common.
enum Reminder {
    /// Activities that people can be reminded of.
    static let entities = [
        "task", "phonecall", "email", "appointment", "letter", "fax", "recurringappointmentmaster",
    ]

    /// The moment so many minutes before a start, or before a due date; nil without either.
    static func moment(_ minutes: Int64, start: Int64?, end: Int64?) -> Int64? {
        (start ?? end).map { $0.addingClamped(-minutes * 60_000_000) }
    }

    /// What follows for the reminder of an activity that is put to another time: nothing where it does not depend on it, and no
    /// reminder where that would have been in the past.
    static func following(_ activity: RecordID, _ records: Records, start: Int64?, end: Int64?) -> [(String, Value)] {
        guard let minutes = records.integer(activity, "remindminutes") else { return [] }
        return [("remindon", upcoming(moment(minutes, start: start, end: end), records))]
    }

    /// The reminder of an activity that is taken up again; nothing where it does not depend on its time.
    static func again(_ activity: RecordID, _ records: Records) -> [(String, Value)] {
        guard records.schema.entity(activity.entity)?.name == "recurringappointmentmaster" else {
            let (start, end) = (records.instant(activity, "scheduledstart"), records.instant(activity, "scheduledend"))
            return following(activity, records, start: start, end: end)
        }
        // A series that cannot be read is taken up again like any other, and does not remind.
        do throws(RecurrenceError) {
            let stored = try StoredSeries(activity, records)
            return try stored.reminder(stored.set, records)
        } catch {
            return []
        }
    }

    /// A moment that is to come; null for one that is not.
    static func upcoming(_ moment: Int64?, _ records: Records) -> Value {
        guard let moment, moment > records.timeMicroseconds else { return .null }
        return .instant(moment)
    }

    /// When a series reminds next, behind a moment: so many minutes before an instance that was not singled out.
    static func next(
        _ set: RecurrenceSet,
        in zone: TimeZoneRules,
        without singled: Set<LocalTime>,
        minutes: Int64,
        after moment: Int64
    ) throws(RecurrenceError) -> Int64? {
        let before = minutes * 60_000_000
        // One of so many is not among those that were singled out.
        let upcoming = try set.instances(
            from: moment.addingClamped(before).addingClamped(1),
            count: singled.count + 1,
            in: zone
        )
        return upcoming.first { !singled.contains($0.original) }.map { $0.moment.addingClamped(-before) }
    }
}

/// Sets when somebody shall be reminded of an activity.
public struct SetReminder: Message {
    /// The activity.
    public var activity = RecordID.none
    /// When: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes before it begins or is due.
    public var before: Int64?
    /// Not at all.
    public var never = false

    public init() {}

    /// A request for a reminder at a moment, or so many minutes before.
    public init(_ activity: RecordID, at: Int64? = nil, before: Int64? = nil, never: Bool = false) {
        (self.activity, self.at, self.before, self.never) = (activity, at, before, never)
    }

    static let reminderMissing = Rule("reminder-missing", "Not one time for the reminder is given.")
    static let momentPast = Rule("moment-past", "The moment of the reminder is over already.")

    public static let declaration = MessageDeclaration<SetReminder>(
        176,
        "remind",
        """
        Sets when somebody shall be reminded of an activity: at a moment, or some minutes before it begins or is due. A reminder \
        before follows the activity to another time; that of a series comes before each instance. The last reminder is dismissed.
        """,
        said: "set its reminder",
        to: Reminder.entities.map { entity in
            let scheduled = ["appointment", "recurringappointmentmaster"].contains(entity)
            return MessageTarget(entity, states: [ActivityState.open] + (scheduled ? [ActivityState.scheduled] : []))
        },
        record: \.activity,
        arguments: [
            .instant(1, "at", \.at, "When."),
            .integer(2, "before", \.before, 0...1_000_000, "How many minutes before it begins or is due."),
            .flag(3, "never", \.never, "No reminder any more."),
        ],
        rules: [reminderMissing, momentPast, .startMissing, .recurrence]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard [at != nil, before != nil, never].filter({ $0 }).count == 1 else {
            throw records.refusal(
                Self.reminderMissing,
                activity,
                "When? Give one of --at, --before and --never."
            )
        }
        let moment = try moment(records)
        if let moment, moment <= records.timeMicroseconds {
            throw records.refusal(
                Self.momentPast,
                activity,
                "\(CalendarText.text(microseconds: moment)) is over; it is "
                    + "\(CalendarText.text(microseconds: records.timeMicroseconds))."
            )
        }
        var plan = Plan(records)
        try plan.update(
            activity,
            [
                ("remindminutes", before.map(Value.integer) ?? .null),
                ("remindon", moment.map(Value.instant) ?? .null), ("remindedon", .null),
            ]
        )
        return plan
    }

    private func moment(_ records: Records) throws(Refusal) -> Int64? {
        guard let before else { return at }
        if records.schema.entity(activity.entity)?.name == "recurringappointmentmaster" {
            let stored = try records.series(activity)
            return try records.recurring(activity) { () throws(RecurrenceError) in
                try stored.nextReminder(stored.set, minutes: before, after: records.timeMicroseconds)
            }
        }
        let (start, end) = (records.instant(activity, "scheduledstart"), records.instant(activity, "scheduledend"))
        guard let moment = Reminder.moment(before, start: start, end: end) else {
            throw records.refusal(
                .startMissing,
                activity,
                "\(records.name(activity)) neither begins nor is due at any time: reschedule it first, or give --at."
            )
        }
        return moment
    }
}

/// Reminds of an activity: sent by the clock.
public struct RingActivity: Message {
    /// The activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to remind of an activity whose moment has come.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<RingActivity>(
        177,
        "ring",
        """
        Reminds of an activity, which the clock does when the moment of its reminder has come: remindedon says when, and remindon the \
        next one of a series. An activity that is over is not reminded of any more.
        """,
        to: Reminder.entities.map { MessageTarget($0) },
        record: \.activity,
        rules: [.notDue]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let moment = try records.requireDue(activity, "remindon")
        let state = records.state(of: activity)
        let isOver = state == ActivityState.completed || state == ActivityState.canceled
        var changes: [(String, Value)] = [("remindon", isOver ? .null : next(records, after: moment))]
        if !isOver { changes.append(("remindedon", .instant(moment))) }
        var plan = Plan(records)
        try plan.update(activity, changes)
        return plan
    }

    /// The next reminder of a series; null where there is none, or its record cannot be read: that must not stop the clock.
    private func next(_ records: Records, after moment: Int64) -> Value {
        guard records.schema.entity(activity.entity)?.name == "recurringappointmentmaster",
            let minutes = records.integer(activity, "remindminutes")
        else { return .null }
        do throws(RecurrenceError) {
            let stored = try StoredSeries(activity, records)
            let next = try stored.nextReminder(stored.set, minutes: minutes, after: moment)
            return next.map(Value.instant) ?? .null
        } catch {
            return .null
        }
    }
}
