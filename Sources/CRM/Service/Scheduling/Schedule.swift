// Who is free at a time, and who is taken by what.
//
// A resource is taken by its bookings, and a user by appointments of their own that are in the calendar. Both are looked up by the
// ordered index of their beginnings, back by the longest time that a booking may last: O(what lies in that time), whatever lies before.

import Engine

extension Rule {
    static let notFree = Rule("not-free", "Who is to serve is taken at this time, or not there.")
}

/// The time that a service appointment takes.
struct BookedTime {
    static let rules = [noLength, tooLong]
    static let noLength = Rule("no-length", "A booking has a beginning and a later end.")
    static let tooLong = Rule("too-long", "A booking lasts 31 days at most.")

    /// The longest booking: 31 days, in microseconds.
    static let lengthMax: Int64 = 31 * 86_400_000_000

    let start: Int64
    let end: Int64

    init(_ planned: PlannedTime, _ appointment: RecordID, _ records: Records) throws(Refusal) {
        try self.init(start: planned.start, end: planned.end, appointment, records)
    }

    init(start: Int64?, end: Int64?, _ appointment: RecordID, _ records: Records) throws(Refusal) {
        guard let start, let end, start < end else {
            throw records.refusal(
                Self.noLength,
                appointment,
                "From when to when? \(records.name(appointment)) needs --start, and --end or --minutes."
            )
        }
        guard end.subtractingClamped(start) <= Self.lengthMax else {
            throw records.refusal(
                Self.tooLong,
                appointment,
                "It would last from \(CalendarText.text(microseconds: start)) to \(CalendarText.text(microseconds: end)): "
                    + "more than 31 days."
            )
        }
        (self.start, self.end) = (start, end)
    }

    /// How long a service takes, where nobody has said how long the appointment lasts.
    static func minutes(of service: RecordID, _ appointment: RecordID, _ records: Records) -> Int64? {
        let isSaid =
            records.instant(appointment, "scheduledend") != nil
            || records.integer(appointment, "scheduleddurationminutes") != nil
        guard !isSaid, let minutes = records.integer(service, "durationminutes") else { return nil }
        // Bounds that an administrator has widened let in what is too long in any case.
        return min(max(minutes, 0), 1_000_000)
    }

    /// Who or what serves, as an argument.
    static func resource<M>(
        _ number: UInt16,
        _ path: WritableKeyPath<M, RecordID> & Sendable,
        isRequired: Bool = false,
        _ summary: String
    ) -> MessageArgument<M> {
        .record(number, "resource", path, to: ["systemuser", "equipment"], isRequired: isRequired, summary)
    }

    /// The booking of a resource.
    func booking(of resource: RecordID, for appointment: RecordID) -> [(String, Value)] {
        [
            ("serviceappointmentid", .reference(appointment)), ("resourceid", .reference(resource)),
            ("starton", .instant(start)), ("endon", .instant(end)),
        ]
    }
}

/// What is taken during a time.
struct Schedule {
    private let time: BookedTime
    /// What takes a resource: its bookings by their beginning, then its appointments.
    private var taken: [RecordID: [RecordID]] = [:]

    /// Looks everything up that lies in a time, but for what one service appointment takes.
    init(_ time: BookedTime, except appointment: RecordID, _ records: Records) throws(Refusal) {
        self.time = time
        for booking in try records.begun("resourcebooking", "starton", in: time)
        where records.instant(booking, "endon") ?? .min > time.start {
            let what = records.reference(booking, "serviceappointmentid")
            if what != appointment { taken[records.reference(booking, "resourceid"), default: []].append(what) }
        }
        for what in try records.begun("appointment", "scheduledstart", in: time)
        where records.instant(what, "scheduledend") ?? .min > time.start
            && records.state(of: what) == ActivityState.scheduled
        {
            taken[records.reference(what, "ownerid"), default: []].append(what)
        }
    }

    /// Why a resource cannot serve; nil where it can.
    private func obstacle(
        _ resource: RecordID,
        for appointment: RecordID,
        _ records: Records
    ) throws(Refusal) -> String? {
        let isOut = records.value(resource, "isdisabled") == .boolean(true) || records.state(of: resource) ?? 0 != 0
        if isOut { return "\(records.name(resource)) is not there any more" }
        let hours = try records.businessHours(of: resource, for: appointment)
        guard hours.span(from: time.start, to: time.end) == time.end - time.start else {
            if let closure = hours.closure(from: time.start, to: time.end) {
                return "\(records.name(resource)) is not there during '\(closure.name)'"
            }
            return "\(records.name(resource)) is there \(records.text(resource, "businesshours") ?? "")"
        }
        guard let what = taken[resource]?.first else { return nil }
        let (from, to) = (records.instant(what, "scheduledstart"), records.instant(what, "scheduledend"))
        return "\(records.name(resource)) is taken by '\(records.name(what))' from "
            + "\(from.map { CalendarText.text(microseconds: $0) } ?? "?") to "
            + "\(to.map { CalendarText.text(microseconds: $0) } ?? "?")"
    }

    /// Refuses a resource that cannot serve.
    func requireFree(_ resource: RecordID, for appointment: RecordID, _ records: Records) throws(Refusal) {
        if let obstacle = try obstacle(resource, for: appointment, records) {
            throw records.refusal(.notFree, appointment, "\(obstacle).")
        }
    }

    /// The first members of a group that can serve, in order of their ids.
    func firstFree(
        _ count: Int,
        of group: RecordID,
        for appointment: RecordID,
        _ records: Records
    ) throws(Refusal) -> [RecordID] {
        let members = try records.referring(to: group, "resourcegroupmember", "resourcegroupid").map {
            records.reference($0, "resourceid")
        }
        var chosen: [RecordID] = []
        var obstacles: [String] = []
        for member in members.sorted() where chosen.count < count {
            if let obstacle = try obstacle(member, for: appointment, records) {
                obstacles.append(obstacle)
            } else {
                chosen.append(member)
            }
        }
        guard chosen.count == count else {
            let reasons = obstacles.prefix(3).joined(separator: "; ")
            throw records.refusal(
                .notFree,
                appointment,
                "Of \(records.name(group)), \(count) must be free and \(chosen.count) "
                    + "\(chosen.count == 1 ? "is" : "are")\(obstacles.isEmpty ? "" : ": \(reasons)")"
                    + "\(obstacles.count > 3 ? "; and so on" : "")."
            )
        }
        return chosen
    }
}

extension Records {
    /// The bookings of a service appointment.
    func bookings(of appointment: RecordID) throws(Refusal) -> [RecordID] {
        try referring(to: appointment, "resourcebooking", "serviceappointmentid")
    }

    /// Records that begin before the end of a time, and not longer before its beginning than a booking may last, by their beginning.
    fileprivate func begun(_ entity: String, _ attribute: String, in time: BookedTime) throws(Refusal) -> [RecordID] {
        guard let place = schema.standardPlace(named: entity), let index = engine.order(of: attribute, at: place)
        else { return [] }
        var found: [RecordID] = []
        let earliest = time.start.subtractingClamped(BookedTime.lengthMax)
        index.forEach(from: ColumnOrder.key(earliest), through: ColumnOrder.key(time.end - 1)) { _, row in
            found.append(engine.tables.recordID(place, atRow: Int(row)))
            return found.count <= Records.referringMax
        }
        guard found.count <= Records.referringMax else {
            throw Refusal(.limitExceeded, entity: entity, "More than \(Records.referringMax) records lie in this time.")
        }
        return found
    }
}
