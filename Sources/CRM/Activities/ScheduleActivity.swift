// When an activity shall happen: a time of the calendar is taken for an appointment, and anything open is put to another.

import Engine

/// Puts an appointment into the calendar.
public struct ScheduleAppointment: Message {
    /// The appointment.
    public var appointment = RecordID.none
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// When it ends: microseconds since 1970 in UTC.
    public var end: Int64?
    /// How many minutes it lasts, instead of an end.
    public var minutes: Int64?
    /// As what the time is shown: a status of Scheduled.
    public var status: Int32?

    public init() {}

    /// A request to put an appointment into the calendar.
    public init(_ appointment: RecordID, start: Int64? = nil, end: Int64? = nil, minutes: Int64? = nil) {
        (self.appointment, self.start, self.end, self.minutes) = (appointment, start, end, minutes)
    }

    public static let declaration = MessageDeclaration<ScheduleAppointment>(
        135,
        "schedule",
        "Puts an appointment into the calendar: from then on its time is taken.",
        to: [MessageTarget("appointment", states: [ActivityState.open])],
        record: \.appointment,
        arguments: PlannedTime.arguments(\.start, \.end, \.minutes) + [
            .option(
                4,
                "status",
                \.status,
                of: "appointment",
                "statuscode",
                "As what the time is shown: Busy or Out of Office; Busy where it is not given."
            )
        ],
        rules: PlannedTime.rules + [.endMissing, .status]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let time = try PlannedTime(appointment, records, start: start, end: end, minutes: minutes)
        guard time.start != nil else {
            throw records.refusal(.startMissing, appointment, "An appointment begins at some time: give --start.")
        }
        guard time.end != nil else {
            throw records.refusal(.endMissing, appointment, "An appointment ends: give --end or --minutes.")
        }
        var plan = Plan(records)
        try plan.update(
            appointment,
            records.close(appointment, ActivityState.scheduled, status) + time.values(appointment, records)
        )
        return plan
    }
}

/// Puts an activity to another time.
public struct RescheduleActivity: Message {
    /// The activity.
    public var activity = RecordID.none
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// When it ends or is due: microseconds since 1970 in UTC.
    public var end: Int64?
    /// How many minutes it lasts, instead of an end.
    public var minutes: Int64?

    public init() {}

    /// A request to put an activity to another time.
    public init(_ activity: RecordID, start: Int64? = nil, end: Int64? = nil, minutes: Int64? = nil) {
        (self.activity, self.start, self.end, self.minutes) = (activity, start, end, minutes)
    }

    static let timeMissing = Rule("time-missing", "No other time is given.")

    public static let declaration = MessageDeclaration<RescheduleActivity>(
        136,
        "reschedule",
        "Puts an activity to another time. With a start alone it keeps its length; with an end alone, its start.",
        to: [
            MessageTarget("task", states: [ActivityState.open]),
            MessageTarget("phonecall", states: [ActivityState.open]),
            MessageTarget("appointment", states: [ActivityState.open, ActivityState.scheduled]),
            MessageTarget("letter", states: [ActivityState.open]),
            MessageTarget("fax", states: [ActivityState.open]),
            MessageTarget(MessageTarget.ownActivity, states: [ActivityState.open]),
        ],
        record: \.activity,
        arguments: PlannedTime.arguments(\.start, \.end, \.minutes),
        rules: [timeMissing] + PlannedTime.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard start != nil || end != nil || minutes != nil else {
            throw records.refusal(Self.timeMissing, activity, "To what time? Give --start, --end or --minutes.")
        }
        let time = try PlannedTime(activity, records, start: start, end: end, minutes: minutes)
        var plan = Plan(records)
        try plan.update(activity, time.values(activity, records))
        return plan
    }
}

/// When something shall happen: what is given, and what stays of what was planned.
struct PlannedTime {
    static let rules = [Rule.startMissing, .endsBeforeStart, .endTwice]

    let start: Int64?
    let end: Int64?

    static func arguments<M>(
        _ start: WritableKeyPath<M, Int64?> & Sendable,
        _ end: WritableKeyPath<M, Int64?> & Sendable,
        _ minutes: WritableKeyPath<M, Int64?> & Sendable
    ) -> [MessageArgument<M>] {
        [
            .instant(1, "start", start, "When it begins."),
            .instant(2, "end", end, "When it ends, or a task is due."),
            .integer(3, "minutes", minutes, 0...1_000_000_000, "How many minutes it lasts, instead of an end."),
        ]
    }

    init(
        _ activity: RecordID,
        _ records: Records,
        start: Int64?,
        end: Int64?,
        minutes: Int64?
    ) throws(Refusal) {
        guard end == nil || minutes == nil else {
            throw records.refusal(.endTwice, activity, "Give --end or --minutes, not both.")
        }
        let (oldStart, oldEnd) = (
            records.instant(activity, "scheduledstart"), records.instant(activity, "scheduledend")
        )
        self.start = start ?? oldStart
        if let minutes {
            guard let begin = self.start else {
                throw records.refusal(.startMissing, activity, "A length needs a beginning: give --start.")
            }
            self.end = begin.addingClamped(minutes * 60_000_000)
        } else if let start, end == nil, let oldStart, let oldEnd, oldEnd >= oldStart {
            self.end = start.addingClamped(oldEnd.addingClamped(oldStart == .min ? .max : -oldStart))
        } else if let start, end == nil, oldEnd == nil,
            let minutes = records.integer(activity, "scheduleddurationminutes"), 0...1_000_000_000 ~= minutes
        {
            self.end = start.addingClamped(minutes * 60_000_000)
        } else {
            self.end = end ?? oldEnd
        }
        if let start = self.start, let end = self.end, end < start {
            throw records.refusal(
                .endsBeforeStart,
                activity,
                "It would begin at \(CalendarText.text(microseconds: start)) and end at "
                    + "\(CalendarText.text(microseconds: end))."
            )
        }
    }

    /// The planned start, end and duration, and the reminder that follows them; at another time, nobody has been reminded of it yet.
    func values(_ activity: RecordID, _ records: Records) -> [(String, Value)] {
        var times: [(String, Value)] =
            [
                ("scheduledstart", start.map(Value.instant) ?? .null),
                ("scheduledend", end.map(Value.instant) ?? .null),
            ] + Reminder.following(activity, records, start: start, end: end)
        if start != records.instant(activity, "scheduledstart") || end != records.instant(activity, "scheduledend") {
            times.append(("remindedon", .null))
        }
        // Where one of them is not known, what was planned as a length stays.
        guard let start, let end else { return times }
        let minutes = end.addingClamped(start == .min ? .max : -start) / 60_000_000
        return times + [("scheduleddurationminutes", .integer(minutes))]
    }
}
