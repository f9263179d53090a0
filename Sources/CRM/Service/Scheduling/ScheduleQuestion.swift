// Questions about the time of people and equipment: when something can be done and by whom, and whether what is booked still stands.
//
// Guarantees
// - What is proposed can be booked, as long as nothing changes: `book` at that time, with the same wishes, takes the same resources.
// - Nothing that can be booked at a start of the grid is left out, up to the number that is asked for.
// - The order is the same every time: by beginning; conflicts of one beginning by appointment, then by resource.

import Engine

/// What is asked.
public enum ScheduleQuestion: Hashable, Sendable {
    /// When it can be done, and by whom.
    case availability(AvailabilityWish)
    /// Whether a service appointment still stands; or, of a user or equipment, what is booked in a window of moments, `from` included and
    /// `to` not; `.none` for everybody's bookings.
    case validation(of: RecordID, from: Int64, to: Int64, limit: Int)

    /// Entries that an answer has at most.
    public static let limitMax = 10_000
    /// Days that are looked through at most.
    public static let daysMax: Int64 = 366
}

/// What shall be done, and when it may be.
public struct AvailabilityWish: Hashable, Sendable {
    /// So many of a group.
    public struct Need: Hashable, Sendable {
        /// The resource group.
        public var group: RecordID
        /// How many of it.
        public var count: Int

        /// So many of a group.
        public init(_ group: RecordID, count: Int = 1) { (self.group, self.count) = (group, count) }
    }

    /// Groups that may be given.
    public static let needsMax = 20

    /// The service appointment that it is for: what it takes now is free. Of an open one the service says who is needed; a booked one keeps
    /// who serves.
    public var appointment = RecordID.none
    /// What shall be done, where it is for no appointment that says so.
    public var service = RecordID.none
    /// Who is needed, instead of what the service says.
    public var needs: [Need] = []
    /// Who or what serves, alone, whatever the service says.
    public var resource = RecordID.none
    /// Who or what must be among those of the groups who serve.
    public var with = RecordID.none
    /// The site that all who serve are from.
    public var site = RecordID.none
    /// The first moment at which it may begin: microseconds since 1970 in UTC.
    public var from: Int64
    /// The moment before which it begins.
    public var to: Int64
    /// How long it lasts; as long as the appointment or the service where it is not given.
    public var minutes: Int64?
    /// It begins every so many minutes from midnight on, where the service does not say when it begins.
    public var stepMinutes: Int64 = 15
    /// How many times at most, the earliest.
    public var limit = 100

    /// A wish for any time from one moment to another.
    public init(from: Int64, to: Int64) { (self.from, self.to) = (from, to) }
}

/// A time at which it can be done.
public struct AvailableTime: Hashable, Sendable {
    /// When it begins: microseconds since 1970 in UTC.
    public var start: Int64
    /// When it ends.
    public var end: Int64
    /// Who serves then.
    public var resources: [RecordID]

    /// A time.
    public init(start: Int64, end: Int64, resources: [RecordID]) {
        (self.start, self.end, self.resources) = (start, end, resources)
    }
}

/// Why something that is booked does not stand.
public struct ScheduleConflict: Hashable, Sendable {
    /// What is wrong. The numbers are part of the wire protocol.
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// The resource is disabled or not used any more.
        case gone = 1
        /// The resource has other business hours.
        case hours = 2
        /// The organisation is closed.
        case closure = 3
        /// The resource is away, or has other hours on these days.
        case exception = 4
        /// Something else takes its time.
        case taken = 5
        /// It takes more of the resource than it has.
        case capacity = 6
        /// The hours of the resource cannot be read.
        case hoursUnreadable = 7
        /// The booking has no time, or one of more than 31 days.
        case time = 8
        /// The appointment has another time than its booking.
        case moved = 9
        /// The appointment is not in the calendar.
        case leftOver = 10
        /// The appointment is in the calendar, and nobody is booked for it.
        case notBooked = 11
        /// The service begins at other times of the day.
        case notAStart = 12
    }

    /// What is wrong.
    public var reason: Reason
    /// The service appointment.
    public var appointment: RecordID
    /// Who is booked; `.none` where it is not about one resource.
    public var resource = RecordID.none
    /// When it begins: microseconds since 1970 in UTC; nil where nobody says.
    public var start: Int64?
    /// When it ends.
    public var end: Int64?
    /// What else takes the time; `.none` where nothing does.
    public var other = RecordID.none
    /// The reason in a sentence.
    public var text = ""

    /// A conflict of which nothing else is known.
    public init(_ reason: Reason, of appointment: RecordID) { (self.reason, self.appointment) = (reason, appointment) }
}

/// The answer.
public struct ScheduleAnswer: Hashable, Sendable {
    /// The last transaction that it has seen.
    public var position: Position = 0
    /// When it can be done, in order.
    public var times: [AvailableTime] = []
    /// What does not stand, in order.
    public var conflicts: [ScheduleConflict] = []
    /// Whether there are more than were asked for.
    public var isCut = false

    /// An empty answer.
    public init() {}
}

extension ScheduleQuestion {
    /// Records of a kind that are looked at: some 0.1 µs each.
    static let lookedAtMax = 1_000_000
    /// Looks at who is there and free: some seconds of them.
    package static let looksMax = 50_000_000

    /// Answers it.
    ///
    /// Throws `recordNotFound` for a record that is not there, `limitExceeded` where more would have to be looked at than may, and `overloaded`
    /// when it is called off.
    package func answer(
        _ records: Records,
        looksMax: Int = ScheduleQuestion.looksMax,
        cancellation: QueryCancellation? = nil
    ) throws(Refusal) -> ScheduleAnswer {
        let work = ScheduleWork(looksMax: looksMax, cancellation: cancellation)
        var answer: ScheduleAnswer
        switch self {
        case .availability(let wish):
            try Self.requireWindow(wish.from, wish.to)
            answer = try AvailabilitySearch(wish, records, work).answer()
        case .validation(let id, let from, let to, let limit):
            if !records.isServiceAppointment(id) { try Self.requireWindow(from, to) }
            answer = try ScheduleValidation(records, limit: limit, work).answer(id, TimeSpan(start: from, end: to))
        }
        answer.position = records.engine.position
        return answer
    }

    private static func requireWindow(_ from: Int64, _ to: Int64) throws(Refusal) {
        guard ArgumentType.moments.contains(from), ArgumentType.moments.contains(to),
            to.subtractingClamped(from) <= daysMax * 86_400_000_000
        else {
            throw Refusal(.limitExceeded, "The time to look at is at most \(daysMax) days of the years 1 to 9999.")
        }
    }
}
