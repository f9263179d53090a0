// Whether what is booked still stands: hours, closures, exceptions and capacities change after a booking was made, and plain changes of records
// ask nobody.
//
// Every booking is asked what `book` would ask now, as if it were not there itself. Whether the service needs others than who is booked is not
// asked: who books a resource by name, adds or removes one has decided that.

import Engine

/// Looks for conflicts.
struct ScheduleValidation {
    /// Bytes of texts that an answer has.
    private static let textBytesMax = 4 << 20

    private struct Booking {
        let resource: RecordID
        let appointment: RecordID
        let time: TimeSpan?
        let effort: Int64
    }

    private let records: Records
    private let limit: Int
    private let work: ScheduleWork

    init(_ records: Records, limit: Int, _ work: ScheduleWork) {
        (self.records, self.work) = (records, work)
        self.limit = min(max(limit, 0), ScheduleQuestion.limitMax)
    }

    func answer(_ id: RecordID, _ window: TimeSpan) throws(Refusal) -> ScheduleAnswer {
        var answer = ScheduleAnswer()
        var bookings: [RecordID]
        var unbooked: [RecordID] = []
        if id != .none { try records.require(id, of: ["serviceappointment", "systemuser", "equipment"]) }
        if records.isServiceAppointment(id) {
            bookings = try records.bookings(of: id)
            if bookings.isEmpty, records.state(of: id) == ActivityState.scheduled { unbooked = [id] }
        } else {
            (bookings, unbooked) = try self.bookings(in: window)
            if id != .none {
                bookings.removeAll { records.reference($0, "resourceid") != id }
                unbooked = []
            }
        }
        try add(unbooked.prefix(limit + 1).map(notBooked) + conflicts(of: bookings.map(booking)), to: &answer)
        return answer
    }

    private func add(_ conflicts: [ScheduleConflict], to answer: inout ScheduleAnswer) throws(Refusal) {
        var bytes = 0
        for conflict in conflicts {
            bytes += conflict.text.utf8.count
            guard answer.conflicts.count < limit, bytes <= Self.textBytesMax else {
                answer.isCut = true
                return
            }
            answer.conflicts.append(conflict)
        }
    }

    // MARK: Bookings

    private func booking(_ id: RecordID) -> Booking {
        var time: TimeSpan?
        if let start = records.instant(id, "starton"), let end = records.instant(id, "endon"), start < end {
            time = TimeSpan(start: start, end: end)
        }
        return Booking(
            resource: records.reference(id, "resourceid"),
            appointment: records.reference(id, "serviceappointmentid"),
            time: time,
            effort: records.effort(of: id)
        )
    }

    /// Bookings in a time, and those that its Scheduled appointments have otherwise, without times or with wrong ones; and its appointments that
    /// have none.
    private func bookings(in window: TimeSpan) throws(Refusal) -> (bookings: [RecordID], unbooked: [RecordID]) {
        func begun(_ entity: String, _ start: String, _ end: String) throws(Refusal) -> [RecordID] {
            try BegunRecords(entity, start, end, in: window, records, ScheduleQuestion.lookedAtMax).ids
        }
        var bookings = try begun("resourcebooking", "starton", "endon")
        var unbooked: [RecordID] = []
        var known = Set(bookings)
        for appointment in try begun("serviceappointment", "scheduledstart", "scheduledend")
        where records.state(of: appointment) == ActivityState.scheduled {
            let own = try records.bookings(of: appointment)
            try work.look(1 + own.count)
            bookings += own.filter { known.insert($0).inserted }
            if own.isEmpty { unbooked.append(appointment) }
        }
        return (bookings, unbooked)
    }

    // MARK: Conflicts

    private func notBooked(_ appointment: RecordID) -> ScheduleConflict {
        var conflict = conflict(.notBooked, appointment)
        conflict.text = "Nobody is booked for \(records.name(appointment))."
        return conflict
    }

    private func conflict(_ reason: ScheduleConflict.Reason, _ appointment: RecordID) -> ScheduleConflict {
        var conflict = ScheduleConflict(reason, of: appointment)
        conflict.start = records.instant(appointment, "scheduledstart")
        conflict.end = records.instant(appointment, "scheduledend")
        return conflict
    }

    private func conflicts(of bookings: [Booking]) throws(Refusal) -> [ScheduleConflict] {
        let bookings = bookings.sorted {
            ($0.time?.start ?? .min, $0.appointment, $0.resource) < (
                $1.time?.start ?? .min, $1.appointment, $1.resource
            )
        }
        // What is booked for another time than its appointment's is said without a look at who is free then, which may be years away.
        let times = bookings.filter { isAsPlanned($0) }.compactMap(\.time)
            .filter { $0.end.subtractingClamped($0.start) <= BookedTime.lengthMax }
        let all = TimeSpan(start: times.map(\.start).min() ?? 0, end: times.map(\.end).max() ?? 0)
        var schedule = try Schedule(all, records, lookedAtMax: ScheduleQuestion.lookedAtMax, work: work)
        var found: [ScheduleConflict] = []
        var asked: Set<RecordID> = []
        for booking in bookings {
            // One more says that there are more.
            if found.count > limit { break }
            try work.look()
            let state = records.state(of: booking.appointment)
            if state == ActivityState.completed { continue }
            if asked.insert(booking.appointment).inserted, state == ActivityState.scheduled {
                found += start(of: booking.appointment, &schedule.hours).map { [$0] } ?? []
            }
            var conflict = ScheduleConflict(.time, of: booking.appointment)
            (conflict.resource, conflict.start, conflict.end) = (
                booking.resource, booking.time?.start, booking.time?.end
            )
            guard let obstacle = try obstacle(booking, state, &schedule) else { continue }
            (conflict.reason, conflict.other, conflict.text) = (obstacle.reason, obstacle.other, "\(obstacle.text).")
            found.append(conflict)
        }
        return found
    }

    /// Whether a booking has the time of its appointment.
    private func isAsPlanned(_ booking: Booking) -> Bool {
        booking.time.map(\.start) == records.instant(booking.appointment, "scheduledstart")
            && booking.time.map(\.end) == records.instant(booking.appointment, "scheduledend")
    }

    /// Whether the service of an appointment begins when it does.
    private func start(of appointment: RecordID, _ hours: inout ResourceHours) -> ScheduleConflict? {
        let service = records.reference(appointment, "serviceid")
        guard let start = records.instant(appointment, "scheduledstart"),
            let grid = BookedTime.grid(of: service, records, &hours), !grid.allows(start)
        else { return nil }
        var conflict = conflict(.notAStart, appointment)
        conflict.text = "\(records.name(service)) begins \(grid.text)."
        return conflict
    }

    private func obstacle(
        _ booking: Booking,
        _ state: Int32?,
        _ schedule: inout Schedule
    ) throws(Refusal) -> Obstacle? {
        let (who, what) = (records.name(booking.resource), records.name(booking.appointment))
        guard state == ActivityState.scheduled else {
            let label = state.map { records.stateLabel($0, of: "serviceappointment") } ?? "not there"
            return Obstacle(reason: .leftOver, text: "\(who) is booked for '\(what)', which is \(label)")
        }
        guard let time = booking.time else {
            return Obstacle(reason: .time, text: "The booking of \(who) for '\(what)' does not say from when to when")
        }
        guard time.end.subtractingClamped(time.start) <= BookedTime.lengthMax else {
            return Obstacle(reason: .time, text: "The booking of \(who) for '\(what)' lasts more than 31 days")
        }
        let (start, end) = (
            records.instant(booking.appointment, "scheduledstart"), records.instant(booking.appointment, "scheduledend")
        )
        guard start == time.start, end == time.end else {
            func text(_ moment: Int64?) -> String { moment.map { CalendarText.text(microseconds: $0) } ?? "?" }
            return Obstacle(
                reason: .moved,
                text:
                    "\(who) is booked from \(text(time.start)) to \(text(time.end)), and '\(what)' is from \(text(start)) to \(text(end))"
            )
        }
        return try schedule.obstacle(booking.resource, effort: booking.effort, in: time, except: booking.appointment)
    }
}

extension Records {
    /// Whether an id is one of service appointments.
    func isServiceAppointment(_ id: RecordID) -> Bool {
        schema.standardEntity(named: "serviceappointment")?.id == id.entity
    }
}
