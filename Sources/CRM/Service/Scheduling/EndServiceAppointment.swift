// Service appointments that were held, called off, or are to be booked again.

import Engine

/// Closes a service appointment that was held.
public struct CompleteServiceAppointment: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// When it ended: microseconds since 1970 in UTC.
    public var at: Int64?
    /// How many minutes it took.
    public var minutes: Int64?

    public init() {}

    /// A request to close a service appointment.
    public init(_ appointment: RecordID, at: Int64? = nil, minutes: Int64? = nil) {
        (self.appointment, self.at, self.minutes) = (appointment, at, minutes)
    }

    public static let declaration = MessageDeclaration<CompleteServiceAppointment>(
        292,
        "complete",
        "Closes a service appointment that was held. Its bookings stay.",
        to: [MessageTarget("serviceappointment", states: [ActivityState.scheduled])],
        record: \.appointment,
        arguments: [Completion.at(\.at), Completion.minutes(\.minutes)],
        rules: Completion.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try Completion(appointment, at: at, minutes: minutes).plan(records)
    }
}

/// Calls a service appointment off.
public struct CancelServiceAppointment: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// Why: a status of Canceled.
    public var status: Int32?

    public init() {}

    /// A request to call a service appointment off.
    public init(_ appointment: RecordID, status: Int32? = nil) {
        (self.appointment, self.status) = (appointment, status)
    }

    public static let declaration = MessageDeclaration<CancelServiceAppointment>(
        293,
        "cancel",
        "Calls a service appointment off: who was booked is free again.",
        to: [MessageTarget("serviceappointment", states: [ActivityState.open, ActivityState.scheduled])],
        record: \.appointment,
        arguments: [
            .option(
                1,
                "status",
                \.status,
                of: "serviceappointment",
                "statuscode",
                "Canceled or No Show; Canceled where it is not given."
            )
        ],
        rules: [.status]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let close = try records.close(appointment, ActivityState.canceled, status)
        var plan = Plan(records)
        try plan.update(appointment, close + [("actualend", .instant(records.timeMicroseconds))])
        for booking in try records.bookings(of: appointment) { try plan.delete(booking) }
        return plan
    }
}

/// Takes a service appointment up again.
public struct ReopenServiceAppointment: Message {
    /// The service appointment.
    public var appointment = RecordID.none

    public init() {}

    /// A request to take a service appointment up again.
    public init(_ appointment: RecordID) { self.appointment = appointment }

    public static let declaration = MessageDeclaration<ReopenServiceAppointment>(
        294,
        "reopen",
        "Takes a service appointment up again that was held or called off: it is to be booked anew, and takes nobody's time until then.",
        to: [MessageTarget("serviceappointment", states: [ActivityState.completed, ActivityState.canceled])],
        record: \.appointment
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            appointment,
            [
                ("statecode", .option(ActivityState.open)), ("actualend", .null), ("actualdurationminutes", .null),
            ]
        )
        for booking in try records.bookings(of: appointment) { try plan.delete(booking) }
        return plan
    }
}
