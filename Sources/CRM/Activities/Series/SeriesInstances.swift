// Single instances of a series: given a record of their own, called off, put back.

import Engine

/// How an instance is named.
enum InstanceName {
    static func argument<M>(
        _ number: UInt16,
        _ path: WritableKeyPath<M, String?> & Sendable,
        isRequired: Bool = true
    ) -> MessageArgument<M> {
        .text(
            number,
            "instance",
            path,
            lengthBytesMax: 16,
            isRequired: isRequired,
            "The instance, by the local start that the series gives it: 20260713T090000, or its day, 20260713."
        )
    }
}

extension StoredSeries {
    /// Plans an appointment for an instance, with the parties of the series.
    fileprivate func singleOut(
        _ instance: RecurringSeries.Instance,
        _ values: [(String, Value)],
        _ records: Records,
        _ plan: inout Plan
    ) throws(Refusal) {
        if let known = singled[instance.original] {
            throw records.refusal(
                .singledOut,
                id,
                "\(instance.original) is \(records.schema.text(of: known)): change that."
            )
        }
        let max = RecurrenceLimits.exceptionsMax
        guard appointmentCount < max else {
            throw records.refusal(
                .recurrence,
                id,
                "\(records.name(id)) has \(max) instances with appointments of their own already: split it, or restore some."
            )
        }
        let appointment = try plan.create(
            "appointment",
            StoredSeries.handedOn(id, records) + [
                ("seriesid", .reference(id)), ("originalstart", .text(instance.original.description)),
            ] + values
        )
        guard let appointment else { return }
        try StoredSeries.copyParties(of: id, to: appointment, records, &plan)
        let reminder = try records.recurring(id) { () throws(RecurrenceError) in
            try self.reminder(set, without: Set(singled.keys).union([instance.original]), records)
        }
        try plan.update(id, reminder)
    }
}

/// Gives an instance an appointment of its own.
public struct SingleOutInstance: Message {
    /// The series.
    public var series = RecordID.none
    /// The instance, by its local start.
    public var instance: String?
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// When it ends: microseconds since 1970 in UTC.
    public var end: Int64?
    /// How many minutes it lasts, instead of an end.
    public var minutes: Int64?

    public init() {}

    /// A request to give an instance an appointment of its own.
    public init(
        _ series: RecordID,
        instance: String,
        start: Int64? = nil,
        end: Int64? = nil,
        minutes: Int64? = nil
    ) {
        (self.series, self.instance, self.start, self.end, self.minutes) = (series, instance, start, end, minutes)
    }

    public static let declaration = MessageDeclaration<SingleOutInstance>(
        146,
        "single-out",
        """
        Gives an instance of a series an appointment of its own, at another time where one is given: from then on it is changed, \
        completed and canceled by itself.
        """,
        said: "single out an instance of it",
        to: [.series],
        record: \.series,
        arguments: [
            InstanceName.argument(1, \.instance),
            .instant(2, "start", \.start, "When it begins; as the series has it where it is not given."),
            .instant(3, "end", \.end, "When it ends."),
            .integer(4, "minutes", \.minutes, 0...1_000_000_000, "How many minutes it lasts, instead of an end."),
        ],
        rules: [.recurrence, .noInstance, .singledOut, .endsBeforeStart, .endTwice]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        guard end == nil || minutes == nil else {
            throw records.refusal(.endTwice, series, "Give --end or --minutes, not both.")
        }
        let stored = try records.series(series)
        let instance = try stored.instance(instance ?? "", records)
        let begin = start ?? instance.start
        let length = minutes.map { $0 * 60_000_000 } ?? (instance.end - instance.start)
        let finish = end ?? begin.addingClamped(length)
        guard begin <= finish else {
            throw records.refusal(
                .endsBeforeStart,
                series,
                "It would begin at \(CalendarText.text(microseconds: begin)) and end at "
                    + "\(CalendarText.text(microseconds: finish))."
            )
        }
        let duration = finish.addingClamped(begin == .min ? .max : -begin) / 60_000_000
        var plan = Plan(records)
        try stored.singleOut(
            instance,
            StoredSeries.state(series, records) + [
                ("scheduledstart", .instant(begin)), ("scheduledend", .instant(finish)),
                ("scheduleddurationminutes", .integer(min(duration, 1_000_000_000))),
            ] + Reminder.following(series, records, start: begin, end: finish),
            records,
            &plan
        )
        return plan
    }
}

/// Calls a series or one of its instances off.
public struct CancelSeries: Message {
    /// The series.
    public var series = RecordID.none
    /// The instance, by its local start; nil: the whole series.
    public var instance: String?

    public init() {}

    /// A request to call a series or one of its instances off.
    public init(_ series: RecordID, instance: String? = nil) { (self.series, self.instance) = (series, instance) }

    public static let declaration = MessageDeclaration<CancelSeries>(
        147,
        "cancel",
        """
        Calls a series off, or one of its instances, which becomes an appointment that is Canceled and says who did it. Appointments \
        that were singled out stay as they are when the series is called off.
        """,
        to: [.series],
        record: \.series,
        arguments: [InstanceName.argument(1, \.instance, isRequired: false)],
        rules: [.recurrence, .noInstance, .singledOut]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        var plan = Plan(records)
        let ended: [(String, Value)] = [
            ("statecode", .option(ActivityState.canceled)), ("actualend", .instant(records.timeMicroseconds)),
            ("remindon", .null),
        ]
        guard let instance else {
            try plan.update(series, ended)
            return plan
        }
        let stored = try records.series(series)
        let found = try stored.instance(instance, records)
        let minutes = (found.end - found.start) / 60_000_000
        try stored.singleOut(
            found,
            ended + [
                ("scheduledstart", .instant(found.start)), ("scheduledend", .instant(found.end)),
                ("scheduleddurationminutes", .integer(minutes)),
            ],
            records,
            &plan
        )
        return plan
    }
}

/// Puts an instance back to where its series has it.
public struct RestoreInstance: Message {
    /// The series.
    public var series = RecordID.none
    /// The instance, by its local start.
    public var instance: String?

    public init() {}

    /// A request to put an instance back.
    public init(_ series: RecordID, instance: String) { (self.series, self.instance) = (series, instance) }

    static let notSingledOut = Rule("not-singled-out", "The instance is as its series has it.")

    public static let declaration = MessageDeclaration<RestoreInstance>(
        148,
        "restore",
        """
        Puts an instance that was singled out or canceled back to where its series has it. Its appointment is deleted, with its notes.
        """,
        said: "restore an instance of it",
        to: [.series],
        record: \.series,
        arguments: [InstanceName.argument(1, \.instance)],
        rules: [.recurrence, .noInstance, notSingledOut]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let stored = try records.series(series)
        let name = try stored.instance(instance ?? "", records).original
        guard let appointment = stored.singled[name] else {
            throw records.refusal(Self.notSingledOut, series, "\(name) is where \(records.name(series)) has it.")
        }
        var plan = Plan(records)
        try plan.delete(appointment)
        let reminder = try records.recurring(series) { () throws(RecurrenceError) in
            try stored.reminder(stored.set, without: Set(stored.singled.keys).subtracting([name]), records)
        }
        try plan.update(series, reminder)
        return plan
    }
}
