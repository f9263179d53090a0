// Activities that are called off, and those that are taken up again.

import Engine

/// Calls an activity off.
public struct CancelActivity: Message {
    /// The activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to call an activity off.
    public init(_ activity: RecordID) { self.activity = activity }

    public static let declaration = MessageDeclaration<CancelActivity>(
        133,
        "cancel",
        "Calls an activity off.",
        to: [
            MessageTarget("task", states: [ActivityState.open]),
            MessageTarget("phonecall", states: [ActivityState.open]),
            MessageTarget("email", states: [ActivityState.open]),
            MessageTarget("appointment", states: [ActivityState.open, ActivityState.scheduled]),
            MessageTarget("letter", states: [ActivityState.open]),
            MessageTarget("fax", states: [ActivityState.open]),
            MessageTarget(MessageTarget.ownActivity, states: [ActivityState.open]),
        ],
        record: \.activity
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            activity,
            [
                ("statecode", .option(ActivityState.canceled)), ("actualend", .instant(records.timeMicroseconds)),
                ("remindon", .null),
            ]
        )
        try plan.leaveQueue(activity, records)
        return plan
    }
}

/// Takes an activity up again that was completed or called off.
public struct ReopenActivity: Message {
    /// The activity.
    public var activity = RecordID.none

    public init() {}

    /// A request to take an activity up again.
    public init(_ activity: RecordID) { self.activity = activity }

    static let onItsWay = Rule("on-its-way", "The e-mail was received, or is sent or being sent.")

    private static let ended = [ActivityState.completed, ActivityState.canceled]

    public static let declaration = MessageDeclaration<ReopenActivity>(
        134,
        "reopen",
        """
        Takes an activity up again that was completed or called off. What its end brought is emptied: actual end and duration, and the \
        percentage of a task, and its last reminder. An appointment has to be scheduled again; an e-mail that waits to be sent becomes a draft. A reminder some \
        minutes before is set again.
        """,
        to: [
            "task", "phonecall", "email", "appointment", "letter", "fax", "recurringappointmentmaster",
            MessageTarget.ownActivity,
        ]
        .map { MessageTarget($0, states: ended) },
        record: \.activity,
        rules: [onItsWay]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let isEmail = records.schema.entity(activity.entity)?.name == "email"
        if isEmail, records.state(of: activity) == ActivityState.completed,
            let status = records.option(activity, "statuscode")
        {
            guard status == EmailStatus.completed || status == EmailStatus.pendingSend else {
                let label = records.label(status, "email", "statuscode")
                throw records.refusal(
                    Self.onItsWay,
                    activity,
                    "\(records.name(activity)) is \(label): what is on its way cannot be called back."
                )
            }
        }
        var plan = Plan(records)
        try plan.update(
            activity,
            [
                ("statecode", .option(ActivityState.open)), ("actualend", .null), ("actualdurationminutes", .null),
                ("percentcomplete", .null), ("remindedon", .null), ("sendafter", .null),
            ] + Reminder.again(activity, records)
        )
        return plan
    }
}
