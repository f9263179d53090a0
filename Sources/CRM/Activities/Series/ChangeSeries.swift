// Series that happen otherwise: as a whole, from an instance on, or no more.

import Engine

/// When a series shall happen; what is not given stays.
private struct SeriesTime {
    var rule: String?
    var start: Int64?
    var minutes: Int64?

    static let timeMissing = Rule("time-missing", "No other time is given.")
    static let rules = [timeMissing, Rule.recurrence, .noInstance]

    static func arguments<M>(
        from number: UInt16,
        _ rule: WritableKeyPath<M, String?> & Sendable,
        _ start: WritableKeyPath<M, Int64?> & Sendable,
        _ minutes: WritableKeyPath<M, Int64?> & Sendable
    ) -> [MessageArgument<M>] {
        [
            .text(
                number,
                "rule",
                rule,
                lengthBytesMax: RecurrenceLimits.ruleBytesMax,
                "How it repeats, by RFC 5545; as before where it is not given."
            ),
            .instant(number + 1, "start", start, "When it begins: its local time is that of all instances."),
            .integer(
                number + 2,
                "minutes",
                minutes,
                0...(RecurrenceLimits.lengthSecondsMax / 60),
                "How many minutes each instance lasts."
            ),
        ]
    }

    /// The set and length with what is given. An end moves with the time of day, so that the last instance stays the last. Throws when
    /// the set has no instance at a start that is given, or too many a day.
    func applied(
        to set: RecurrenceSet,
        _ length: RecurringSeries.Length,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> (set: RecurrenceSet, length: RecurringSeries.Length) {
        var changed = set
        if let start {
            let local = LocalTime(moment: start, in: zone)
            changed.start = set.isAllDay ? LocalTime(day: local.day, secondOfDay: 0) : local
            let later = Int64(changed.start.secondOfDay - set.start.secondOfDay)
            if case .until(.local(let time))? = set.rule?.end {
                changed.rule = set.rule?.ending(.until(.local(LocalTime(seconds: time.seconds + later) ?? time)))
            }
        }
        if let rule { changed.rule = try RecurrenceRule(parsing: rule) }
        let newLength = minutes.map { StoredSeries.length(isAllDay: set.isAllDay, $0) } ?? length
        changed = try changed.ended()
        try changed.requireSparse(from: .min, in: zone)
        if start != nil, try changed.instance(changed.start, in: zone) == nil {
            throw RecurrenceError(.conflict, "the rule has no instance at its start, \(changed.start): give --rule")
        }
        return (changed, newLength)
    }

    func requireSome(_ series: RecordID, _ records: Records) throws(Refusal) {
        guard rule == nil, start == nil, minutes == nil else { return }
        throw records.refusal(Self.timeMissing, series, "To what time? Give --rule, --start or --minutes.")
    }
}

/// Puts a whole series to another time.
public struct RescheduleSeries: Message {
    /// The series.
    public var series = RecordID.none
    /// How it repeats.
    public var rule: String?
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// How many minutes each instance lasts.
    public var minutes: Int64?

    public init() {}

    /// A request to put a series to another time.
    public init(_ series: RecordID, rule: String? = nil, start: Int64? = nil, minutes: Int64? = nil) {
        (self.series, self.rule, self.start, self.minutes) = (series, rule, start, minutes)
    }

    public static let declaration = MessageDeclaration<RescheduleSeries>(
        144,
        "reschedule",
        """
        Puts all instances of a series to another time. Appointments that were singled out keep to the instance of their day and stay \
        where they were put; one whose day has no instance any more stands by itself from then on.
        """,
        to: [.series],
        record: \.series,
        arguments: SeriesTime.arguments(from: 1, \.rule, \.start, \.minutes),
        rules: SeriesTime.rules
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let time = SeriesTime(rule: rule, start: start, minutes: minutes)
        try time.requireSome(series, records)
        let stored = try records.series(series)
        let (values, followers) = try records.recurring(series) { () throws(RecurrenceError) in
            let (set, length) = try time.applied(to: stored.set, stored.length, in: stored.zone)
            let followers = try stored.followers(set, instead: stored.set, Array(stored.singled.keys))
            let names = Set(followers.compactMap(\.name))
            return (
                try StoredSeries.values(set, lasting: length, in: stored.zone)
                    + stored.reminder(set, without: names, records) + stored.dismissal(set, without: names, records),
                followers
            )
        }
        var plan = Plan(records)
        try plan.update(series, values)
        try plan.update(rows: StoredSeries.values(of: followers, in: series))
        return plan
    }
}

/// Puts an instance of a series and all that follow to another time.
public struct RescheduleFollowing: Message {
    /// The series.
    public var series = RecordID.none
    /// The first instance that is concerned, by its local start.
    public var instance: String?
    /// How it repeats.
    public var rule: String?
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64?
    /// How many minutes each instance lasts.
    public var minutes: Int64?

    public init() {}

    /// A request to put an instance and all that follow to another time.
    public init(
        _ series: RecordID,
        instance: String,
        rule: String? = nil,
        start: Int64? = nil,
        minutes: Int64? = nil
    ) {
        (self.series, self.instance, self.rule, self.start, self.minutes) = (series, instance, rule, start, minutes)
    }

    public static let declaration = MessageDeclaration<RescheduleFollowing>(
        145,
        "reschedule-following",
        """
        Puts an instance of a series and all that follow to another time: the series ends before it, and a new one, with its parties, \
        goes on from there.
        """,
        said: "reschedule what follows an instance of it",
        to: [.series],
        record: \.series,
        arguments: [InstanceName.argument(1, \.instance)] + SeriesTime.arguments(from: 2, \.rule, \.start, \.minutes),
        rules: SeriesTime.rules + [.firstInstance]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let time = SeriesTime(rule: rule, start: start, minutes: minutes)
        try time.requireSome(series, records)
        let stored = try records.series(series)
        let name = try stored.instance(instance ?? "", records).original
        let halves = try records.recurring(series) { () throws(RecurrenceError) in
            try RecurringSeries(stored.set, lasting: stored.length).split(at: name, in: stored.zone)
        }
        guard let before = halves.before else {
            throw records.refusal(
                .firstInstance,
                series,
                "\(name) is the first instance of \(records.name(series)): reschedule the series."
            )
        }
        let (head, tail, followers) = try records.recurring(series) { () throws(RecurrenceError) in
            let (set, length) = try time.applied(to: halves.after.set, stored.length, in: stored.zone)
            let head = try before.set.ended()
            let goesOn = set.start.moment(in: stored.zone)
            guard try head.instances(from: goesOn, count: 1, in: stored.zone).isEmpty else {
                throw RecurrenceError(
                    .conflict,
                    "it would go on at \(set.start), before an instance that stays as it is"
                )
            }
            let later = stored.singled.keys.filter { $0 >= name }
            let followers = try stored.followers(set, instead: halves.after.set, later)
            var tail = try StoredSeries.values(set, lasting: length, in: stored.zone)
            if let minutes = records.integer(series, "remindminutes") {
                let names = Set(followers.compactMap(\.name))
                let now = records.timeMicroseconds
                let next = try stored.nextReminder(set, without: names, minutes: minutes, after: now)
                tail.append(("remindon", next.map(Value.instant) ?? .null))
            }
            return (
                try StoredSeries.values(head, lasting: stored.length, in: stored.zone) + stored.reminder(head, records)
                    + stored.dismissal(from: name, records),
                tail, followers
            )
        }
        var plan = Plan(records)
        try plan.update(series, head)
        let following = try plan.create(
            "recurringappointmentmaster",
            StoredSeries.handedOn(series, records).filter { $0.0 != "isalldayevent" }
                + StoredSeries.state(series, records) + tail
                + records.copied(series, [("timezonedefinitionid", "timezonedefinitionid")])
        )
        guard let following else { return plan }
        try StoredSeries.copyParties(of: series, to: following, records, &plan)
        try plan.update(rows: StoredSeries.values(of: followers, in: following))
        return plan
    }
}

/// Ends a series.
public struct EndSeries: Message {
    /// The series.
    public var series = RecordID.none
    /// The first instance that does not happen any more, by its local start.
    public var instance: String?

    public init() {}

    /// A request to end a series before an instance.
    public init(_ series: RecordID, before instance: String) { (self.series, self.instance) = (series, instance) }

    public static let declaration = MessageDeclaration<EndSeries>(
        149,
        "end",
        """
        Ends a series before an instance. Appointments that were singled out from then on and are not over yet are canceled.
        """,
        to: [.series],
        record: \.series,
        arguments: [InstanceName.argument(1, \.instance)],
        rules: [.recurrence, .noInstance, .firstInstance]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        let stored = try records.series(series)
        let name = try stored.instance(instance ?? "", records).original
        let before = try records.recurring(series) { () throws(RecurrenceError) in
            try RecurringSeries(stored.set, lasting: stored.length).ending(before: name, in: stored.zone)
        }
        guard let before else {
            throw records.refusal(
                .firstInstance,
                series,
                "\(name) is the first instance of \(records.name(series)): cancel the series."
            )
        }
        let values = try records.recurring(series) { () throws(RecurrenceError) in
            let head = try before.set.ended()
            return try StoredSeries.values(head, lasting: stored.length, in: stored.zone)
                + stored.reminder(head, records) + stored.dismissal(from: name, records)
        }
        var plan = Plan(records)
        try plan.update(series, values)
        let open = [ActivityState.open, ActivityState.scheduled]
        let later = stored.singled.filter { $0.key >= name && open.contains(records.state(of: $0.value) ?? -1) }
        try plan.update(
            Array(later.values),
            [
                ("statecode", .option(ActivityState.canceled)), ("actualend", .instant(records.timeMicroseconds)),
                ("remindon", .null),
            ]
        )
        return plan
    }
}
