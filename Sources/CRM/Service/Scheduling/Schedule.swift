// Who is free at a time, and who is not for which reason.
//
// What books, what validates and what searches for times ask the same hours and the same occupations; a search asks them for sets of times
// instead of one (`freeTimes`), and `obstacle` is nil exactly in those.

import Engine

extension Rule {
    static let notFree = Rule("not-free", "Who is to serve is taken at this time, or not there.")
}

/// Why a resource cannot serve at a time.
struct Obstacle {
    let reason: ScheduleConflict.Reason
    /// What takes it; `.none` where nothing does.
    var other = RecordID.none
    /// A sentence without its point.
    let text: String
}

/// Hours and occupations during a time.
struct Schedule {
    private let records: Records
    private let time: TimeSpan
    private let occupations: Occupations
    /// What may still be looked at.
    let work: ScheduleWork
    var hours: ResourceHours
    /// When resources of the same weekly hours are there.
    private var stretches: [ResourceHours.Sort: [TimeSpan]] = [:]

    /// Looks everything up that lies in a time, but for what one service appointment takes.
    init(
        _ time: TimeSpan,
        except appointment: RecordID = .none,
        _ records: Records,
        lookedAtMax: Int = Records.referringMax,
        work: ScheduleWork = ScheduleWork()
    ) throws(Refusal) {
        (self.records, self.work) = (records, work)
        self.time = time
        occupations = try Occupations(time, except: appointment, records, lookedAtMax: lookedAtMax)
        hours = ResourceHours(time, records)
    }

    /// Whether a resource is not used any more.
    private func isOut(_ resource: RecordID) -> Bool {
        !records.exists(resource) || records.value(resource, "isdisabled") == .boolean(true)
            || records.state(of: resource) ?? 0 != 0
    }

    private func capacity(_ resource: RecordID) -> Int64 {
        min(max(records.integer(resource, "capacity") ?? 1, 1), Occupation.whole - 1)
    }

    // MARK: One time

    /// What asking for one resource costs, in looks, besides its days and what takes it.
    private static let askedCount = 10

    /// Why a resource cannot serve for an effort in a part of the time; nil where it can.
    mutating func obstacle(
        _ resource: RecordID,
        effort: Int64,
        in part: TimeSpan,
        except appointment: RecordID = .none
    ) throws(Refusal) -> Obstacle? {
        let name = records.name(resource)
        if isOut(resource) { return Obstacle(reason: .gone, text: "\(name) is not there any more") }
        let capacity = capacity(resource)
        guard effort <= capacity else {
            return Obstacle(reason: .capacity, text: "\(name) has a capacity of \(capacity), and \(effort) are needed")
        }
        let (found, _, flaw) = try hours.hours(of: resource)
        guard let found else { return Obstacle(reason: .hoursUnreadable, text: flaw) }
        try work.look(Self.askedCount + found.lookCount(part))
        switch found.absence(from: part.start, to: part.end) {
        case nil: break
        case .hours?:
            let pattern = records.text(resource, "businesshours") ?? ""
            return Obstacle(reason: .hours, text: "\(name) is there \(pattern)")
        case .unreadable(let flaw)?:
            return Obstacle(reason: .hoursUnreadable, text: flaw)
        case .closure(let closure)?:
            return Obstacle(reason: .closure, text: "\(name) is not there during '\(closure)'")
        case .away(let exception)?:
            return Obstacle(reason: .exception, text: "\(name) is away: '\(exception)'")
        case .instead(let exception, let hours)?:
            let when = hours.isEmpty ? "is not there" : "is there \(hours)"
            return Obstacle(reason: .exception, text: "\(name) \(when) during '\(exception)'")
        }
        let taken = try occupations.of(resource, in: part, except: appointment, work)
        let full = Occupations.times(of: taken, loadedAbove: capacity - effort).first { $0.overlaps(part) }
        guard let full else { return nil }
        let moment = max(full.start, part.start)
        let present = taken.filter { $0.time.start <= moment && moment < $0.time.end }
        guard let first = present.first else { return nil }
        let more = present.count > 1 ? " and \(present.count - 1) more" : ""
        let has = capacity > 1 ? "has a capacity of \(capacity) and " : ""
        return Obstacle(
            reason: .taken,
            other: first.what,
            text: "\(name) \(has)is taken by '\(records.name(first.what))' from "
                + "\(CalendarText.text(microseconds: first.time.start)) to "
                + "\(CalendarText.text(microseconds: first.time.end))\(more)"
        )
    }

    /// Refuses a resource that cannot serve.
    mutating func requireFree(_ resource: RecordID, effort: Int64, for appointment: RecordID) throws(Refusal) {
        guard let obstacle = try obstacle(resource, effort: effort, in: time) else { return }
        throw records.refusal(
            obstacle.reason == .hoursUnreadable ? .hoursUnreadable : .notFree,
            appointment,
            "\(obstacle.text)."
        )
    }

    /// Who serves of those who can.
    mutating func choose(
        _ requirements: Requirements,
        for appointment: RecordID
    ) throws(Refusal) -> [(resource: RecordID, effort: Int64)] {
        // Who is wished for and cannot serve with the least that is asked of them is the reason.
        if let wish = requirements.wish {
            let effort = requirements.list.filter { $0.members.contains(wish) }.map(\.effort).min() ?? 1
            try requireFree(requirements.resources[wish], effort: effort, for: appointment)
        }
        // What was found out of each member: its effort decides, not what it is asked for.
        struct Question: Hashable {
            let member: Int
            let effort: Int64
        }
        var known: [Question: Obstacle?] = [:]
        func obstacleOf(_ requirement: Int, _ member: Int) throws(Refusal) -> Obstacle? {
            let question = Question(member: member, effort: requirements.list[requirement].effort)
            if let answer = known[question] { return answer }
            let answer = try obstacle(requirements.resources[member], effort: question.effort, in: time)
            known[question] = .some(answer)
            return answer
        }
        let chosen = try requirements.choose(work) { requirement, member throws(Refusal) in
            try obstacleOf(requirement, member) == nil
        }
        if let chosen {
            return chosen.map { (requirements.resources[$0.place], $0.effort) }
        }
        for (place, requirement) in requirements.list.enumerated() {
            var obstacles: [String] = []
            var freeCount = 0
            for member in requirement.members {
                if let obstacle = try obstacleOf(place, member) {
                    obstacles.append(obstacle.text)
                } else {
                    freeCount += 1
                }
            }
            guard freeCount < requirement.count else { continue }
            let reasons = obstacles.prefix(3).joined(separator: "; ")
            throw records.refusal(
                .notFree,
                appointment,
                "Of \(requirement.name), \(requirement.count) must be free and \(freeCount) "
                    + "\(freeCount == 1 ? "is" : "are")\(obstacles.isEmpty ? "" : ": \(reasons)")"
                    + "\(obstacles.count > 3 ? "; and so on" : "")."
            )
        }
        let groups = requirements.list.map { "\($0.count) of \($0.name)" }.joined(separator: ", ")
        throw records.refusal(
            .notFree,
            appointment,
            "Enough are free of each group, but not \(groups) at once\(requirements.isOfSites ? " at one site" : "")."
        )
    }

    // MARK: All times

    /// The times in which a resource can serve for an effort, in order. O(days + occupations).
    mutating func freeTimes(_ resource: RecordID, effort: Int64) throws(Refusal) -> [TimeSpan] {
        let capacity = capacity(resource)
        guard !isOut(resource), effort <= capacity else { return [] }
        let (found, sort, _) = try hours.hours(of: resource)
        guard let found else { return [] }
        try work.look(Self.askedCount + (sort.flatMap { stretches[$0] } == nil ? found.lookCount(time) : 0))
        let present: [TimeSpan]
        if let known = sort.flatMap({ stretches[$0] }) {
            present = known
        } else {
            present = found.stretches(time)
            if let sort { stretches[sort] = present }
        }
        return present.without(occupations.full(resource, capacity: capacity, room: effort))
    }
}

extension Records {
    /// The bookings of a service appointment.
    func bookings(of appointment: RecordID) throws(Refusal) -> [RecordID] {
        try referring(to: appointment, "resourcebooking", "serviceappointmentid")
    }

    /// How much of the capacity of its resource a booking takes.
    func effort(of booking: RecordID) -> Int64 { min(max(integer(booking, "effort") ?? 1, 1), Occupation.whole) }
}
