// Series of appointments: made of an appointment, changed as a whole or from an instance on, ended; single instances moved, called off,
// put back. No message looks at a clock, so that a series is changed in its past as well as in its future.
//
//   appointment ──repeat──▶ recurringappointmentmaster ──reschedule, reschedule-following, end──▶ the same, or two
//                                 │  ▲
//                     single-out, │  │ restore           cancel: the series is Canceled ──reopen──▶ Open
//                  cancel one     ▼  │
//                             appointment (seriesid, originalstart)
//
// An instance that was singled out is an appointment like any other: it is rescheduled, completed, canceled and noted on by itself.

import Engine

extension Area {
    /// Appointments that repeat.
    static let series = Area(
        title: "Recurring appointments",
        messages: [
            RepeatAppointment.self, RescheduleSeries.self, RescheduleFollowing.self, EndSeries.self, CancelSeries.self,
            SingleOutInstance.self, RestoreInstance.self,
        ]
    )
}

extension Rule {
    /// A recurrence that cannot be.
    static let recurrence = Rule("recurrence", "The recurrence cannot be read, never happens, or happens too often.")
    /// An instance that a series does not have.
    static let noInstance = Rule("no-instance", "The series has no such instance.")
    /// Nothing of a series would be left.
    static let firstInstance = Rule("first-instance", "It is the first instance: nothing of the series would be left.")
    /// An instance has a record already.
    static let singledOut = Rule("singled-out", "The instance has an appointment of its own already.")
}

extension MessageTarget {
    /// Series that still happen.
    static let series = MessageTarget(
        "recurringappointmentmaster",
        states: [ActivityState.open, ActivityState.scheduled]
    )
}

extension Records {
    /// What `body` gives, or a refusal about the record by a rule of series.
    func recurring<T>(_ id: RecordID, _ body: () throws(RecurrenceError) -> T) throws(Refusal) -> T {
        do throws(RecurrenceError) {
            return try body()
        } catch {
            let sentence = error.description
            throw refusal(
                error.code == .noSuchInstance ? .noInstance : .recurrence,
                id,
                sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
            )
        }
    }

    /// A series from its record.
    func series(_ id: RecordID) throws(Refusal) -> StoredSeries {
        try recurring(id) { () throws(RecurrenceError) in try StoredSeries(id, self) }
    }
}

extension StoredSeries {
    /// What the record of a series and those of its instances have in common.
    private static let shared = [
        "subject", "ownerid", "regardingobjectid", "prioritycode", "category", "subcategory", "description", "location",
        "isalldayevent", "remindminutes",
    ].map { ($0, $0) }

    /// The values that a record hands on to one made of it: between an appointment, a series and its instances.
    static func handedOn(_ id: RecordID, _ records: Records) -> [(String, Value)] {
        records.copied(id, shared)
    }

    /// The state and status of a record, which appointments and series number alike.
    static func state(_ id: RecordID, _ records: Records) -> [(String, Value)] {
        records.copied(id, [("statecode", "statecode"), ("statuscode", "statuscode")])
    }

    /// Makes copies of the parties of one activity for another.
    static func copyParties(
        of id: RecordID,
        to copy: RecordID,
        _ records: Records,
        _ plan: inout Plan
    ) throws(Refusal) {
        let names = ["participationtypemask", "partyid", "addressused", "ordering"].map { ($0, $0) }
        let parties = try records.referring(to: id, "activityparty", "activityid")
        try plan.create(
            "activityparty",
            rows: parties.map { [("activityid", .reference(copy))] + records.copied($0, names) }
        )
    }

    /// The instance that a text names, as the series has it; a refusal when it has none.
    func instance(_ text: String, _ records: Records) throws(Refusal) -> RecurringSeries.Instance {
        guard let name = name(text) else {
            throw records.refusal(
                .noInstance,
                id,
                "'\(text)' names no instance: write its local start, such as 20260713T090000."
            )
        }
        let (found, end) = try records.recurring(id) { () throws(RecurrenceError) in
            let series = try RecurringSeries(set, lasting: length)
            let found = try set.instance(name, in: zone)
            return (found, found.map { series.end(of: $0, in: zone) })
        }
        guard let found, let end else {
            throw records.refusal(
                .noInstance,
                id,
                "\(records.name(id)) (\(records.schema.text(of: id))) has no instance at \(name)."
            )
        }
        return RecurringSeries.Instance(original: name, start: found.moment, end: end, isMoved: false)
    }

    /// Which instances the appointments of singled-out ones belong to when the series happens otherwise: each keeps to the instance of
    /// its day, moved as far as the start's time of day was, or at its own; nil for one whose day has none left, which stands by itself
    /// from then on.
    ///
    /// - Parameter before: when those instances happened until now.
    func followers(
        _ changed: RecurrenceSet,
        instead before: RecurrenceSet,
        _ names: [LocalTime]
    ) throws(RecurrenceError) -> [(record: RecordID, name: LocalTime?)] {
        let later = Int64(changed.start.secondOfDay - before.start.secondOfDay)
        var taken: Set<LocalTime> = []
        var followers: [(record: RecordID, name: LocalTime?)] = []
        for name in names.sorted() {
            guard let record = singled[name] else { continue }
            var found: LocalTime?
            for candidate in [LocalTime(seconds: name.seconds + later) ?? name, name]
            where found == nil && !taken.contains(candidate) {
                if try changed.instance(candidate, in: zone) != nil { found = candidate }
            }
            if let found { taken.insert(found) }
            followers.append((record, found))
        }
        return followers
    }

    /// What the records of followers say then.
    static func values(
        of followers: [(record: RecordID, name: LocalTime?)],
        in series: RecordID
    ) -> [(record: RecordID, values: [(String, Value)])] {
        followers.map { record, name in
            (
                record,
                [
                    ("seriesid", name == nil ? .null : .reference(series)),
                    ("originalstart", name.map { .text($0.description) } ?? .null),
                ]
            )
        }
    }
}
