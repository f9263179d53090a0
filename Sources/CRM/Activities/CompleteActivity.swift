// Activities that were done: when, for how long, and how.

import Engine

/// Completes a task.
public struct CompleteTask: Message {
    /// The task.
    public var task = RecordID.none
    /// When it was done: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?

    public init() {}

    /// A request to complete a task.
    public init(_ task: RecordID, at: Int64? = nil, minutes: Int64? = nil) {
        (self.task, self.at, self.minutes) = (task, at, minutes)
    }

    public static let declaration = MessageDeclaration<CompleteTask>(
        129,
        "complete",
        "Marks a task as done, a hundred per cent of it.",
        to: [MessageTarget("task", states: [ActivityState.open])],
        record: \.task,
        arguments: [Completion.at(\.at), Completion.minutes(\.minutes)],
        rules: Completion.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Completion(task, at: at, minutes: minutes).plan(records, [("percentcomplete", .integer(100))])
    }
}

/// Completes a phone call.
public struct CompletePhoneCall: Message {
    /// The phone call.
    public var phoneCall = RecordID.none
    /// When it ended: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?
    /// How: a status of Completed.
    public var status: Int32?

    public init() {}

    /// A request to complete a phone call.
    public init(_ phoneCall: RecordID, at: Int64? = nil, minutes: Int64? = nil, status: Int32? = nil) {
        (self.phoneCall, self.at, self.minutes, self.status) = (phoneCall, at, minutes, status)
    }

    public static let declaration = MessageDeclaration<CompletePhoneCall>(
        130,
        "complete",
        "Marks a phone call as made or received.",
        to: [MessageTarget("phonecall", states: [ActivityState.open])],
        record: \.phoneCall,
        arguments: [
            Completion.at(\.at), Completion.minutes(\.minutes),
            .option(
                3,
                "status",
                \.status,
                of: "phonecall",
                "statuscode",
                "Made or Received; where it is not given, what the direction of the call says."
            ),
        ],
        rules: Completion.rules + [.status] + Channel.phone.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let isIncoming = records.isIncoming(phoneCall)
        let status = status ?? (isIncoming ? PhoneCallStatus.received : PhoneCallStatus.made)
        if status == PhoneCallStatus.made { try Channel.phone.obey(phoneCall, records) }
        let completion = Completion(phoneCall, at: at, minutes: minutes, status: status)
        return try completion.plan(records, reachesSomebody: status == PhoneCallStatus.made)
    }
}

/// Completes an appointment.
public struct CompleteAppointment: Message {
    /// The appointment.
    public var appointment = RecordID.none
    /// When it ended: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?

    public init() {}

    /// A request to complete an appointment.
    public init(_ appointment: RecordID, at: Int64? = nil, minutes: Int64? = nil) {
        (self.appointment, self.at, self.minutes) = (appointment, at, minutes)
    }

    public static let declaration = MessageDeclaration<CompleteAppointment>(
        131,
        "complete",
        "Marks an appointment as held.",
        to: [MessageTarget("appointment", states: [ActivityState.open, ActivityState.scheduled])],
        record: \.appointment,
        arguments: [Completion.at(\.at), Completion.minutes(\.minutes)],
        rules: Completion.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Completion(appointment, at: at, minutes: minutes).plan(records)
    }
}

/// Completes an e-mail without sending it.
public struct CompleteEmail: Message {
    /// The e-mail.
    public var email = RecordID.none
    /// When it was done with: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?

    public init() {}

    /// A request to complete an e-mail.
    public init(_ email: RecordID, at: Int64? = nil, minutes: Int64? = nil) {
        (self.email, self.at, self.minutes) = (email, at, minutes)
    }

    public static let declaration = MessageDeclaration<CompleteEmail>(
        132,
        "complete",
        "Marks an e-mail as done with, without sending it: it was sent by other means, or needs no answer.",
        to: [MessageTarget("email", states: [ActivityState.open])],
        record: \.email,
        arguments: [Completion.at(\.at), Completion.minutes(\.minutes)],
        rules: Completion.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Completion(email, at: at, minutes: minutes, status: EmailStatus.completed).plan(records)
    }
}

/// What completing has in common, whatever is completed.
struct Completion {
    static let rules = [Rule.momentInFuture, .endsBeforeStart]

    let activity: RecordID
    let at: Int64?
    let minutes: Int64?
    let status: Int32?

    init(_ activity: RecordID, at: Int64?, minutes: Int64?, status: Int32? = nil) {
        (self.activity, self.at, self.minutes, self.status) = (activity, at, minutes, status)
    }

    static func at<M>(_ path: WritableKeyPath<M, Int64?> & Sendable) -> MessageArgument<M> {
        .instant(1, "at", path, "When it ended; now where it is not given.")
    }

    static func minutes<M>(_ path: WritableKeyPath<M, Int64?> & Sendable) -> MessageArgument<M> {
        .integer(
            2,
            "minutes",
            path,
            0...1_000_000_000,
            """
            How many minutes it took; where it is not given, those since its actual start, else those that were planned.
            """
        )
    }

    /// The activity is completed, with its actual end, start and duration, and with `values`. One that reaches somebody answers
    /// the customer of the case that it is about.
    func plan(
        _ records: Records,
        _ values: [(String, Value)] = [],
        reachesSomebody: Bool = false
    ) throws(Refusal) -> Plan {
        let end = at ?? records.timeMicroseconds
        guard end <= records.timeMicroseconds else {
            let now = CalendarText.text(microseconds: records.timeMicroseconds)
            throw records.refusal(
                .momentInFuture,
                activity,
                "\(CalendarText.text(microseconds: end)) is still to come; it is \(now)."
            )
        }
        let start = records.instant(activity, "actualstart")
        if let start, end < start {
            throw records.refusal(
                .endsBeforeStart,
                activity,
                "It began at \(CalendarText.text(microseconds: start)) and cannot have ended before."
            )
        }
        let measured = start.map { end.addingClamped($0 == .min ? .max : -$0) / 60_000_000 }
        let duration = minutes ?? measured ?? records.integer(activity, "scheduleddurationminutes")
        var changes = try records.close(activity, ActivityState.completed, status)
        changes += [("actualend", .instant(end)), ("actualdurationminutes", duration.map(Value.integer) ?? .null)]
        changes.append(("remindon", .null))
        if let minutes, start == nil {
            changes.append(("actualstart", .instant(end.addingClamped(-minutes * 60_000_000))))
        }
        var plan = Plan(records)
        try plan.update(activity, changes + values)
        try plan.leaveQueue(activity, records)
        if reachesSomebody { try plan.noteResponse(by: activity, at: end, records) }
        return plan
    }
}
