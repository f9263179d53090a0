// What takes the time of resources: their bookings, and of users appointments of their own that are in the calendar.
//
// Both are looked up by the ordered index of their beginnings, back by the longest time that a booking may last: O(what lies in that time),
// whatever lies before. Where an organisation does not keep them in order, all of them are looked at.

import Engine

/// What takes a resource during a time.
struct Occupation {
    /// The effort of an appointment of one's own: more than any capacity.
    static let whole: Int64 = 1 << 30

    let time: TimeSpan
    /// How much of its capacity it takes.
    let effort: Int64
    /// The activity.
    let what: RecordID
}

/// What is taken during a time, by resource.
struct Occupations {
    /// Bookings and appointments by their beginning, and how long the longest takes.
    private struct Taken {
        var bookings: [Occupation] = []
        var appointments: [Occupation] = []
        var longest: Int64 = 0

        mutating func add(_ occupation: Occupation, isBooking: Bool) {
            if isBooking { bookings.append(occupation) } else { appointments.append(occupation) }
            longest = max(longest, occupation.time.end.subtractingClamped(occupation.time.start))
        }
    }

    private var taken: [RecordID: Taken] = [:]

    /// Looks everything up that lies in a time, but for what one service appointment takes.
    ///
    /// Throws `limitExceeded` where more than `lookedAtMax` records of a kind begin in it or in the 31 days before.
    init(
        _ time: TimeSpan,
        except appointment: RecordID = .none,
        _ records: Records,
        lookedAtMax: Int = Records.referringMax
    ) throws(Refusal) {
        let bookings = try BegunRecords("resourcebooking", "starton", "endon", in: time, records, lookedAtMax)
        let (resources, efforts) = (bookings.references("resourceid"), bookings.numbers("effort", .integer))
        for (index, what) in bookings.references("serviceappointmentid").enumerated()
        where appointment == .none || what != appointment {
            let effort = min(max(efforts[index] ?? 1, 1), Occupation.whole)
            taken[resources[index], default: Taken()].add(
                Occupation(time: bookings.times[index], effort: effort, what: what),
                isBooking: true
            )
        }
        let appointments = try BegunRecords(
            "appointment",
            "scheduledstart",
            "scheduledend",
            in: time,
            records,
            lookedAtMax
        )
        let (owners, states) = (appointments.references("ownerid"), appointments.numbers("statecode", .state))
        for (index, what) in appointments.ids.enumerated() where states[index] == Int64(ActivityState.scheduled) {
            taken[owners[index], default: Taken()].add(
                Occupation(time: appointments.times[index], effort: Occupation.whole, what: what),
                isBooking: false
            )
        }
    }

    /// What takes a resource, as far as it lies in a time and is not for one appointment: bookings, then appointments. O(log all + what
    /// begins in the time, or before it by no more than the longest takes).
    func of(
        _ resource: RecordID,
        in time: TimeSpan,
        except appointment: RecordID = .none,
        _ work: ScheduleWork
    ) throws(Refusal) -> [Occupation] {
        guard let taken = taken[resource] else { return [] }
        let earliest = time.start.subtractingClamped(taken.longest)
        var found: [Occupation] = []
        for list in [taken.bookings, taken.appointments] {
            var (low, high) = (0, list.count)
            while low < high {
                let middle = (low + high) / 2
                if list[middle].time.start < earliest { low = middle + 1 } else { high = middle }
            }
            while low < list.count, list[low].time.start < time.end {
                try work.look()
                let occupation = list[low]
                if occupation.time.overlaps(time), appointment == .none || occupation.what != appointment {
                    found.append(occupation)
                }
                low += 1
            }
        }
        return found
    }

    /// The times at which a resource is loaded so much that less than `room` of its capacity is left, in order. O(n log n).
    func full(_ resource: RecordID, capacity: Int64, room: Int64) -> [TimeSpan] {
        guard let taken = taken[resource] else { return [] }
        return Occupations.times(of: taken.bookings + taken.appointments, loadedAbove: capacity - room)
    }

    /// The times at which efforts together are more than a number.
    static func times(of occupations: [Occupation], loadedAbove bound: Int64) -> [TimeSpan] {
        var changes: [(moment: Int64, effort: Int64)] = []
        for occupation in occupations {
            changes.append((occupation.time.start, occupation.effort))
            changes.append((occupation.time.end, -occupation.effort))
        }
        changes.sort { $0.moment < $1.moment }
        var times: [TimeSpan] = []
        var load: Int64 = 0
        var start: Int64?
        for (index, change) in changes.enumerated() {
            load += change.effort
            // What ends and what begins at one moment is looked at together.
            if index + 1 < changes.count, changes[index + 1].moment == change.moment { continue }
            if load > bound, start == nil { start = change.moment }
            if load <= bound, let began = start {
                times.append(TimeSpan(start: began, end: change.moment))
                start = nil
            }
        }
        return times
    }
}

/// Records of an entity that lie in a time, by their beginning.
struct BegunRecords {
    private let records: Records
    /// Nil where the standard's entity is not there.
    private let place: Int?
    private(set) var times: [TimeSpan] = []
    private var rows: [UInt32] = []

    /// Finds those that begin before the end of a time, not longer before its beginning than a booking may last, and end after it.
    init(
        _ entity: String,
        _ start: String,
        _ end: String,
        in time: TimeSpan,
        _ records: Records,
        _ lookedAtMax: Int
    ) throws(Refusal) {
        self.records = records
        guard time.start < time.end, let place = records.schema.standardPlace(named: entity) else {
            place = nil
            return
        }
        self.place = place
        let earliest = time.start.subtractingClamped(BookedTime.lengthMax)
        var found: [UInt32] = []
        if let index = records.engine.order(of: start, at: place) {
            index.forEach(from: ColumnOrder.key(earliest), through: ColumnOrder.key(time.end - 1)) { _, row in
                found.append(row)
                return found.count <= lookedAtMax
            }
            guard found.count <= lookedAtMax else {
                throw Refusal(.limitExceeded, entity: entity, "More than \(lookedAtMax) records lie in this time.")
            }
        } else {
            found = try records.all(entity, countMax: lookedAtMax).map { records.engine.tables.row(place, of: $0) }
        }
        rows = found
        let (starts, ends) = (numbers(start, .instant), numbers(end, .instant))
        let kept = found.indices.filter { index in
            guard let begins = starts[index], let ends = ends[index] else { return false }
            return begins >= earliest && begins < time.end && ends > time.start && begins < ends
        }.sorted { (starts[$0] ?? 0, found[$0]) < (starts[$1] ?? 0, found[$1]) }
        rows = kept.map { found[$0] }
        times = kept.map { TimeSpan(start: starts[$0] ?? 0, end: ends[$0] ?? 0) }
    }

    /// The values of a column; nil for all where an organisation has deleted it, or has one of another kind instead.
    func numbers(_ attribute: String, _ kind: StoredKind) -> [Int64?] {
        guard let place, let column = records.column(attribute, kind, at: place) else {
            return Array(repeating: nil, count: rows.count)
        }
        var numbers: [Int64] = []
        var areThere: [Bool] = []
        records.engine.tables.appendNumbers(place, column, rows: rows, to: &numbers, &areThere)
        return zip(numbers, areThere).map { $1 ? $0 : nil }
    }

    func references(_ attribute: String) -> [RecordID] {
        numbers(attribute, .lookup).map { $0.map { RecordID(rawValue: UInt64(bitPattern: $0)) } ?? .none }
    }

    var ids: [RecordID] {
        place.map { place in rows.map { records.engine.tables.recordID(place, atRow: Int($0)) } } ?? []
    }
}
