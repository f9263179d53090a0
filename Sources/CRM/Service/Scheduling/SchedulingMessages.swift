// Service appointments: somebody, or something, serves a customer at a time.
//
//   Open ──book──▶ Scheduled ──reschedule──▶ Scheduled ──complete──▶ Closed ──reopen──▶ Open
//   Open, Scheduled ──cancel──▶ Canceled ──reopen──▶ Open
//   Scheduled: add-resource, remove-resource
//
// Guarantees
// - By messages, the bookings of a resource never take more than its capacity, which is one where nothing is said: they do not overlap.
// - What is canceled or reopened takes nobody's time; what is scheduled or closed has bookings of exactly its time.

import Engine

extension Area {
    /// Service appointments.
    static let scheduling = Area(
        title: "Service appointments",
        messages: [
            BookAppointment.self, RescheduleBooking.self, AddResource.self, RemoveResource.self,
            CompleteServiceAppointment.self, CancelServiceAppointment.self, ReopenServiceAppointment.self,
        ]
    )
}

/// Books a service appointment.
public struct BookAppointment: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// When it ends.
    public var end: Int64?
    /// How many minutes it lasts, instead of an end.
    public var minutes: Int64?
    /// Who or what serves, whatever the service says.
    public var resource = RecordID.none
    /// How: a status of Scheduled.
    public var status: Int32?
    /// Who or what must be among those who serve.
    public var with = RecordID.none
    /// The site that those who serve are from.
    public var site = RecordID.none

    public init() {}

    /// A request to book a service appointment.
    public init(_ appointment: RecordID, start: Int64? = nil, minutes: Int64? = nil, resource: RecordID = .none) {
        (self.appointment, self.start, self.minutes, self.resource) = (appointment, start, minutes, resource)
    }

    static let serviceMissing = Rule("service-missing", "Neither a resource nor a service that names a group is given.")
    static let choiceTwice = Rule("choice-twice", "A resource is given, and a wish who else is to be chosen.")
    static let notAMember = Rule("not-a-member", "Who is wished for is in none of the groups of the service.")

    public static let declaration = MessageDeclaration<BookAppointment>(
        288,
        "book",
        """
        Books an open service appointment: on the resource that is given, or on as many of each group as the service needs, the first that are free. It lasts as long as \
        the service where nothing else is said. Nobody is booked for more than they have time for, or when they are not there; a refusal says who is taken by what.
        """,
        to: [MessageTarget("serviceappointment", states: [ActivityState.open])],
        record: \.appointment,
        arguments: PlannedTime.arguments(\.start, \.end, \.minutes) + [
            BookedTime.resource(
                4,
                \.resource,
                "Who or what serves, alone; those of the service's groups that are free where it is not given."
            ),
            .option(
                5,
                "status",
                \.status,
                of: "serviceappointment",
                "statuscode",
                "Pending, Reserved, In Progress or Arrived; Pending where it is not given."
            ),
            BookedTime.resource(
                6,
                named: "with",
                \.with,
                "Who or what must be among those of the service's groups that serve."
            ),
            .record(7, "site", \.site, to: ["site"], "The site that all who serve are from."),
        ],
        rules: PlannedTime.rules + BookedTime.rules + [
            serviceMissing, choiceTwice, notAMember, BookedTime.notAStart, .notFree, .status, .hoursUnreadable,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let service = records.reference(appointment, "serviceid")
        let planned = try PlannedTime(
            appointment,
            records,
            start: start,
            end: end,
            minutes: minutes ?? (end == nil ? BookedTime.minutes(of: service, appointment, records) : nil)
        )
        let time = try BookedTime(planned, appointment, records)
        let close = try records.close(appointment, ActivityState.scheduled, status)
        var schedule = try Schedule(time.span, except: appointment, records)
        try time.requireStart(of: service, appointment, records, &schedule.hours)
        let chosen = try choose(of: service, &schedule, records)
        var plan = Plan(records)
        try plan.update(appointment, planned.values(appointment, records) + close)
        try plan.create(
            "resourcebooking",
            rows: chosen.map { time.booking(of: $0.resource, effort: $0.effort, for: appointment) }
        )
        return plan
    }

    private func choose(
        of service: RecordID,
        _ schedule: inout Schedule,
        _ records: Records
    ) throws(Refusal) -> [(resource: RecordID, effort: Int64)] {
        if resource != .none {
            guard with == .none, site == .none else {
                throw records.refusal(Self.choiceTwice, appointment, "Give --resource, or --with and --site, not both.")
            }
            let effort = try Requirements.effort(of: resource, for: service, records)
            try schedule.requireFree(resource, effort: effort, for: appointment)
            return [(resource, effort)]
        }
        let needs = try Requirements.needs(of: service, records)
        guard !needs.isEmpty else {
            throw records.refusal(
                Self.serviceMissing,
                appointment,
                "Who serves? Give --resource, or a service that names a group."
            )
        }
        let requirements = try Requirements(
            needs,
            isSameSite: records.value(service, "samesite") == .boolean(true),
            site: site,
            with: with,
            records
        )
        guard with == .none || requirements.wish != nil else {
            throw records.refusal(
                Self.notAMember,
                appointment,
                "\(records.name(with)) is in none of the groups of \(records.name(service)): give --resource to book it anyway."
            )
        }
        return try schedule.choose(requirements, for: appointment)
    }
}

/// Puts a booked service appointment to another time.
public struct RescheduleBooking: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// When it ends.
    public var end: Int64?
    /// How many minutes it lasts, instead of an end.
    public var minutes: Int64?

    public init() {}

    /// A request to put a service appointment to another time.
    public init(_ appointment: RecordID, start: Int64? = nil, end: Int64? = nil, minutes: Int64? = nil) {
        (self.appointment, self.start, self.end, self.minutes) = (appointment, start, end, minutes)
    }

    public static let declaration = MessageDeclaration<RescheduleBooking>(
        289,
        "reschedule",
        "Puts a booked service appointment to another time, with the resources that it has, if all of them are free then.",
        to: [MessageTarget("serviceappointment", states: [ActivityState.scheduled])],
        record: \.appointment,
        arguments: PlannedTime.arguments(\.start, \.end, \.minutes),
        rules: [RescheduleActivity.timeMissing] + PlannedTime.rules + BookedTime.rules + [
            BookedTime.notAStart, .notFree, .hoursUnreadable,
        ]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard start != nil || end != nil || minutes != nil else {
            throw records.refusal(
                RescheduleActivity.timeMissing,
                appointment,
                "To what time? Give --start, --end or --minutes."
            )
        }
        let planned = try PlannedTime(appointment, records, start: start, end: end, minutes: minutes)
        let time = try BookedTime(planned, appointment, records)
        var schedule = try Schedule(time.span, except: appointment, records)
        try time.requireStart(of: records.reference(appointment, "serviceid"), appointment, records, &schedule.hours)
        let bookings = try records.bookings(of: appointment)
        for booking in bookings {
            let resource = records.reference(booking, "resourceid")
            try schedule.requireFree(resource, effort: records.effort(of: booking), for: appointment)
        }
        var plan = Plan(records)
        try plan.update(appointment, planned.values(appointment, records))
        try plan.update(bookings, [("starton", .instant(time.span.start)), ("endon", .instant(time.span.end))])
        return plan
    }
}

/// Books another resource for a service appointment.
public struct AddResource: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// Who or what serves as well.
    public var resource = RecordID.none

    public init() {}

    /// A request to book another resource.
    public init(_ appointment: RecordID, resource: RecordID) {
        (self.appointment, self.resource) = (appointment, resource)
    }

    static let isBooked = Rule("booked-already", "The resource is booked for this service appointment already.")

    public static let declaration = MessageDeclaration<AddResource>(
        290,
        "add-resource",
        "Books another resource for a service appointment, if it is free then.",
        said: "add a resource to it",
        to: [MessageTarget("serviceappointment", states: [ActivityState.scheduled])],
        record: \.appointment,
        arguments: [
            BookedTime.resource(1, \.resource, isRequired: true, "Who or what serves as well.")
        ],
        rules: [isBooked, .notFree, .hoursUnreadable] + BookedTime.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let present = try records.bookings(of: appointment)
        guard !present.contains(where: { records.reference($0, "resourceid") == resource }) else {
            throw records.refusal(
                Self.isBooked,
                appointment,
                "\(records.name(resource)) is booked for \(records.name(appointment)) already."
            )
        }
        let time = try BookedTime(
            start: records.instant(appointment, "scheduledstart"),
            end: records.instant(appointment, "scheduledend"),
            appointment,
            records
        )
        let service = records.reference(appointment, "serviceid")
        let effort = try Requirements.effort(of: resource, for: service, records)
        var schedule = try Schedule(time.span, except: appointment, records)
        try schedule.requireFree(resource, effort: effort, for: appointment)
        var plan = Plan(records)
        try plan.create("resourcebooking", time.booking(of: resource, effort: effort, for: appointment))
        return plan
    }
}

/// Lets a resource of a service appointment go.
public struct RemoveResource: Message {
    /// The service appointment.
    public var appointment = RecordID.none
    /// Who or what does not serve any more.
    public var resource = RecordID.none

    public init() {}

    /// A request to let a resource go.
    public init(_ appointment: RecordID, resource: RecordID) {
        (self.appointment, self.resource) = (appointment, resource)
    }

    static let isNotBooked = Rule("not-booked", "The resource is not booked for this service appointment.")
    static let isLast = Rule("last-resource", "Nobody else is booked for this service appointment.")

    public static let declaration = MessageDeclaration<RemoveResource>(
        291,
        "remove-resource",
        "Lets a resource of a service appointment go, but not the last one: cancel it instead.",
        said: "take a resource out of it",
        to: [MessageTarget("serviceappointment", states: [ActivityState.scheduled])],
        record: \.appointment,
        arguments: [
            BookedTime.resource(1, \.resource, isRequired: true, "Who or what does not serve any more.")
        ],
        rules: [isNotBooked, isLast]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let bookings = try records.bookings(of: appointment)
        guard let booking = bookings.first(where: { records.reference($0, "resourceid") == resource }) else {
            throw records.refusal(
                Self.isNotBooked,
                appointment,
                "\(records.name(resource)) is not booked for \(records.name(appointment))."
            )
        }
        guard bookings.count > 1 else {
            throw records.refusal(
                Self.isLast,
                appointment,
                "Nobody but \(records.name(resource)) is booked for \(records.name(appointment)): cancel it, or add "
                    + "somebody else first."
            )
        }
        var plan = Plan(records)
        try plan.delete(booking)
        return plan
    }
}
