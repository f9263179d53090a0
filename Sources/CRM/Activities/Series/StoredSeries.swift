// A series as records have it: a `recurringappointmentmaster` with its rule, and an `appointment` for each instance that was singled
// out. Every other instance is worked out (docs/recurrence.md).

import Engine

/// A series with what stands in its record.
struct StoredSeries {
    /// The record.
    let id: RecordID
    /// When it happens.
    let set: RecurrenceSet
    /// How long each instance lasts.
    let length: RecurringSeries.Length
    /// The record of its time zone; `.none` for UTC.
    let zoneRecord: RecordID
    /// What that says.
    let zone: TimeZoneRules
    /// The appointments of instances that were singled out, by the instances' names.
    let singled: [LocalTime: RecordID]
    /// How many appointments belong to the series, with those whose names cannot be read.
    let appointmentCount: Int

    /// Reads a series. Throws when its text cannot be read, or too many instances were singled out.
    init(_ id: RecordID, _ records: Records) throws(RecurrenceError) {
        var zones: [RecordID: TimeZoneRules] = [:]
        try self.init(id, records, zones: &zones)
    }

    /// The same for one of many, which share the zones that were compiled.
    init(_ id: RecordID, _ records: Records, zones: inout [RecordID: TimeZoneRules]) throws(RecurrenceError) {
        guard let text = records.text(id, "recurrence") else {
            throw RecurrenceError(.missing, "the record says nothing of when it repeats")
        }
        self.id = id
        set = try RecurrenceSet.parse(text).set
        zoneRecord = records.reference(id, "timezonedefinitionid")
        zone = zones[zoneRecord] ?? records.zone(zoneRecord)
        zones[zoneRecord] = zone
        length = StoredSeries.length(isAllDay: set.isAllDay, records.integer(id, "scheduleddurationminutes") ?? 0)
        var singled: [LocalTime: RecordID] = [:]
        let max = RecurrenceLimits.exceptionsMax
        let appointments: [RecordID]
        do throws(Refusal) {
            appointments = try records.referring(to: id, "appointment", "seriesid", countMax: max)
        } catch {
            throw RecurrenceError(.tooMany, "a series has at most \(max) instances with records of their own")
        }
        for appointment in appointments {
            if let name = records.text(appointment, "originalstart").flatMap({ LocalTime($0) }) {
                singled[name] = appointment
            }
        }
        self.singled = singled
        appointmentCount = appointments.count
    }

    /// Minutes as a length: whole days of a series of days, to the nearest, since a day of a clock change has 23 hours or 25.
    static func length(isAllDay: Bool, _ minutes: Int64) -> RecurringSeries.Length {
        isAllDay ? .days(Int(max(1, (minutes + 720) / 1440))) : .seconds(minutes * 60)
    }

    /// The series without the instances that have records of their own.
    func unsingled() throws(RecurrenceError) -> RecurringSeries {
        let exceptions = singled.keys.map { RecurringSeries.Exception($0, .cancelled) }
        return try RecurringSeries(set, lasting: length, exceptions: exceptions)
    }

    /// The name that a text means: `20260713T090000`, or a day at the time of day of the start.
    func name(_ text: String) -> LocalTime? {
        switch RecurrenceDate(text.utf8) {
        case .day(let day)?: LocalTime(day: day, secondOfDay: set.start.secondOfDay)
        case .local(let time)?: time
        case .utc(let time)?: LocalTime(moment: time.seconds * 1_000_000, in: zone)
        case nil: nil
        }
    }

    /// What follows for the reminder of the series when it happens as `set` says, and instances with these names have appointments
    /// of their own: those that have one where nothing is said.
    func reminder(
        _ set: RecurrenceSet,
        without names: Set<LocalTime>? = nil,
        _ records: Records
    ) throws(RecurrenceError) -> [(String, Value)] {
        let now = records.timeMicroseconds
        // One whose moment has come and that nobody has been reminded by yet is the clock's.
        guard let minutes = records.integer(id, "remindminutes"), (records.instant(id, "remindon") ?? .max) > now else {
            return []
        }
        let next = try nextReminder(set, without: names, minutes: minutes, after: now)
        return [("remindon", next.map(Value.instant) ?? .null)]
    }

    /// Dismisses the last reminder where it was about an instance that is not one of the series any more, or is at another time: this
    /// one, or one that follows.
    func dismissal(from original: LocalTime, _ records: Records) -> [(String, Value)] {
        guard let reminded = records.instant(id, "remindedon"), let minutes = records.integer(id, "remindminutes"),
            reminded.addingClamped(minutes * 60_000_000) >= original.moment(in: zone)
        else { return [] }
        return [("remindedon", .null)]
    }

    /// Dismisses the last reminder where the series, when it happens as `set` says and instances with these names have appointments of
    /// their own, has no instance any more that it could have been about: those at another time are reminded of anew.
    func dismissal(
        _ set: RecurrenceSet,
        without names: Set<LocalTime>,
        _ records: Records
    ) throws(RecurrenceError) -> [(String, Value)] {
        guard let reminded = records.instant(id, "remindedon") else { return [] }
        if let minutes = records.integer(id, "remindminutes"),
            try nextReminder(set, without: names, minutes: minutes, after: reminded.addingClamped(-1)) == reminded
        {
            return []
        }
        return [("remindedon", .null)]
    }

    /// When the series reminds next, behind a moment, when it happens as `set` says.
    func nextReminder(
        _ set: RecurrenceSet,
        without names: Set<LocalTime>? = nil,
        minutes: Int64,
        after moment: Int64
    ) throws(RecurrenceError) -> Int64? {
        try Reminder.next(set, in: zone, without: names ?? Set(singled.keys), minutes: minutes, after: moment)
    }

    /// What the record of a series says of when it happens. Throws when it never does.
    static func values(
        _ set: RecurrenceSet,
        lasting length: RecurringSeries.Length,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> [(String, Value)] {
        // Checks the length.
        let series = try RecurringSeries(set, lasting: length)
        guard let first = try set.instances(from: .min, count: 1, in: zone).first else {
            throw RecurrenceError(.noSuchInstance, "the rule has no instance")
        }
        let minutes: Int64 =
            switch length {
            case .seconds(let seconds): seconds / 60
            case .days(let days): Int64(days) * 1440
            }
        let last = try series.lastEnd(in: zone)
        return [
            ("recurrence", .text(set.datedEnd(in: zone).text(zoneName: nil))),
            ("scheduledstart", .instant(first.moment)),
            ("scheduledend", last.map(Value.instant) ?? .null), ("scheduleddurationminutes", .integer(minutes)),
            ("isalldayevent", .boolean(set.isAllDay)),
        ]
    }
}

extension RecurrenceSet {
    /// Refuses what happens more than `instancesPerDayMax` times a day from a moment on.
    ///
    /// Two days' worth of instances are looked at: the first day may be one of which only the end counts, and a full one follows it.
    /// Local times are compared, so that a day of 23 hours is one like any other.
    func requireSparse(from moment: Int64, in zone: TimeZoneRules) throws(RecurrenceError) {
        let max = RecurrenceLimits.instancesPerDayMax
        let first = try instances(from: moment, count: 2 * max + 1, in: zone)
        for (early, late) in zip(first, first.dropFirst(max))
        where late.original.seconds - early.original.seconds < LocalTime.secondsPerDay {
            throw RecurrenceError(.tooMany, "the rule has more than \(max) instances a day")
        }
    }
}

extension RecurringSeries {
    /// A moment at which the last instance is over; nil where there is no last. O(periods) of a rule with a count.
    func lastEnd(in zone: TimeZoneRules) throws(RecurrenceError) -> Int64? {
        func end(_ local: LocalTime) -> Int64 {
            self.end(of: RecurrenceSet.Instance(original: local, moment: local.moment(in: zone)), in: zone)
        }
        var ends = set.additions.map { end(set.name(of: $0, in: zone)) }
        switch try set.ended().rule?.end {
        case nil: ends.append(end(set.start))
        case .never?, .count?: return nil
        case .until(.day(let day))?: ends.append(end(LocalTime(day: day, secondOfDay: 86_399)))
        case .until(.local(let time))?: ends.append(end(time))
        case .until(.utc(let time))?: ends.append(end(LocalTime(moment: time.seconds * 1_000_000, in: zone)))
        }
        return ends.max()
    }
}

extension Records {
    /// Rules of a zone that are read at most: see `BusinessCalendar`.
    private static let zoneRulesMax = 500

    /// The rules of a time zone; UTC for `.none`. O(rules × years).
    func zone(_ id: RecordID) -> TimeZoneRules {
        let rules = try? referring(to: id, "timezonerule", "timezonedefinitionid", countMax: Records.zoneRulesMax)
        return TimeZoneRules((rules ?? []).map { rule in TimeZoneRule { value(rule, $0) } })
    }

    /// The time zone of this name; nil when the organisation has none.
    func zone(named name: String) -> RecordID? {
        guard let place = schema.standardPlace(named: "timezonedefinition"),
            let key = schema.entities[place].keys.firstIndex(where: { $0.name == "standardname" })
        else { return nil }
        var name = name
        let row = name.withUTF8 { engine.tables[place].find(key: key, text: UnsafeRawBufferPointer($0)) }
        return row.map { engine.tables.recordID(place, atRow: Int($0)) }
    }

    /// The organisation's own time zone; `.none` for UTC.
    var organisationZone: RecordID {
        guard let place = schema.standardPlace(named: "organization") else { return .none }
        let table = engine.tables.borrowed(place)
        return table.firstRow.map { reference(table.recordID(atRow: $0), "timezonedefinitionid") } ?? .none
    }
}
