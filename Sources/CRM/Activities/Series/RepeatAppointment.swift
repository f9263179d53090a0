// An appointment becomes a series.

import Engine

/// Makes a series of an appointment.
public struct RepeatAppointment: Message {
    /// The appointment.
    public var appointment = RecordID.none
    /// How it repeats: RFC 5545's RRULE.
    public var rule: String?
    /// The time zone in whose local time it repeats.
    public var zone: String?

    public init() {}

    /// A request to make a series of an appointment.
    public init(_ appointment: RecordID, rule: String, zone: String? = nil) {
        (self.appointment, self.rule, self.zone) = (appointment, rule, zone)
    }

    static let inSeries = Rule("in-series", "The appointment is an instance of a series already.")

    public static let declaration = MessageDeclaration<RepeatAppointment>(
        143,
        "repeat",
        """
        Makes a series of an appointment, which is gone then: its parties and notes become those of the series, and its time is the \
        first. Instances are worked out, not stored; a rule with a COUNT is kept with the moment of its end.
        """,
        to: [MessageTarget("appointment", states: [ActivityState.open, ActivityState.scheduled])],
        record: \.appointment,
        arguments: RecurrenceArguments.arguments(\.rule, \.zone),
        rules: [inSeries, .startMissing, .endMissing, .zoneMissing, .recurrence, .noInstance]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let known = records.reference(appointment, "seriesid")
        guard known == .none else {
            throw records.refusal(
                Self.inSeries,
                appointment,
                "\(records.name(appointment)) belongs to \(records.schema.text(of: known)): reschedule that."
            )
        }
        let zoneRecord = try RecurrenceArguments.zone(zone, appointment, records)
        let (zone, isAllDay) = (records.zone(zoneRecord), records.value(appointment, "isalldayevent") == .boolean(true))
        let (start, minutes) = try time(records)
        let rule = rule ?? ""
        let values = try records.recurring(appointment) { () throws(RecurrenceError) in
            let local = LocalTime(moment: start, in: zone)
            let set = RecurrenceSet(
                start: isAllDay ? LocalTime(day: local.day, secondOfDay: 0) : local,
                isAllDay: isAllDay,
                rule: try RecurrenceRule(parsing: rule)
            )
            let length = StoredSeries.length(isAllDay: isAllDay, minutes)
            let ended = try set.ended()
            try ended.requireSparse(from: .min, in: zone)
            let values = try StoredSeries.values(ended, lasting: length, in: zone)
            guard let before = records.integer(appointment, "remindminutes") else { return values }
            let now = records.timeMicroseconds
            let next = try Reminder.next(ended, in: zone, without: [], minutes: before, after: now)
            return values + [("remindon", next.map(Value.instant) ?? .null)]
        }
        var plan = Plan(records)
        let series = try plan.create(
            "recurringappointmentmaster",
            StoredSeries.handedOn(appointment, records).filter { $0.0 != "isalldayevent" }
                + StoredSeries.state(appointment, records) + values
                + [("timezonedefinitionid", zoneRecord == .none ? .null : .reference(zoneRecord))]
        )
        guard let series else { throw records.missing("recurringappointmentmaster") }
        for (entity, attribute) in [("activityparty", "activityid"), ("annotation", "objectid")] {
            let parts = try records.referring(to: appointment, entity, attribute)
            try plan.update(parts, [(attribute, .reference(series))])
        }
        try plan.delete(appointment)
        return plan
    }

    /// When it begins, and how many minutes it lasts.
    private func time(_ records: Records) throws(Refusal) -> (start: Int64, minutes: Int64) {
        guard let start = records.instant(appointment, "scheduledstart") else {
            throw records.refusal(.startMissing, appointment, "What repeats begins at some time: reschedule it first.")
        }
        if let end = records.instant(appointment, "scheduledend"), end >= start {
            return (start, end.addingClamped(start == .min ? .max : -start) / 60_000_000)
        }
        guard let minutes = records.integer(appointment, "scheduleddurationminutes") else {
            throw records.refusal(.endMissing, appointment, "What repeats ends at some time: reschedule it first.")
        }
        return (start, minutes)
    }
}

extension Rule {
    /// A zone that no record describes.
    static let zoneMissing = Rule("zone-missing", "The organisation has no time zone of this name.")
}

/// How something repeats that did not.
enum RecurrenceArguments {
    static func arguments<M>(
        _ rule: WritableKeyPath<M, String?> & Sendable,
        _ zone: WritableKeyPath<M, String?> & Sendable
    ) -> [MessageArgument<M>] {
        [
            .text(
                1,
                "rule",
                rule,
                lengthBytesMax: RecurrenceLimits.ruleBytesMax,
                isRequired: true,
                "How it repeats, by RFC 5545: FREQ=WEEKLY;BYDAY=MO,TH."
            ),
            .text(
                2,
                "zone",
                zone,
                lengthBytesMax: 100,
                "Time zone in whose local time it repeats; the organisation's where it is not given."
            ),
        ]
    }

    /// The record of the zone that is named, or of the organisation's own.
    static func zone(_ name: String?, _ id: RecordID, _ records: Records) throws(Refusal) -> RecordID {
        guard let name else { return records.organisationZone }
        guard let found = records.zone(named: name) else {
            throw records.refusal(
                .zoneMissing,
                id,
                "There is no time zone '\(name)' among the records of timezonedefinition: 'kith calendar' writes them."
            )
        }
        return found
    }
}
