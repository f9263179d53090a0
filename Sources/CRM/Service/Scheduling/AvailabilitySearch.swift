// When something can be done, and by whom.
//
// Of every resource that may serve the times in which it can are worked out once, as a list of intervals: its hours less what loads it. An
// interval as long as the service or longer lets it begin in a part of it, so that a resource comes and goes as a possible one at two moments
// of each. These moments in order are swept with the starts of the grid: between two of them the same resources can serve, and who does is
// chosen once.
//
// With R resources, D days, I intervals of all of them (some 2 × R × D), and S starts: O(R × D + I log I + S), and choosing at most once for
// every start behind a change. For 100 resources over 14 days I is some 3,000. Resources count once for every need that they are members of,
// and every look of a choice counts (`ScheduleWork`).

import Engine

/// A search.
struct AvailabilitySearch {
    /// Resources times days that are worked out, whoever is needed for several things once for each: some 2 µs each.
    private static let resourceDaysMax: Int64 = 400_000
    /// Moments at which resources come and go: 24 MB of them.
    private static let changesMax = 1_000_000
    /// Resources of all times that an answer has: 1.6 MB of them.
    private static let resourcesMax = 200_000
    private static let day: Int64 = 86_400_000_000

    private let wish: AvailabilityWish
    private let records: Records
    private let service: RecordID
    private let length: Int64
    private let work: ScheduleWork

    init(_ wish: AvailabilityWish, _ records: Records, _ work: ScheduleWork) throws(Refusal) {
        (self.wish, self.records, self.work) = (wish, records, work)
        let own = records.reference(wish.appointment, "serviceid")
        service = own == .none ? wish.service : own
        for (id, entities) in [
            (wish.appointment, ["serviceappointment"]), (wish.service, ["service"]), (wish.site, ["site"]),
            (wish.resource, ["systemuser", "equipment"]), (wish.with, ["systemuser", "equipment"]),
        ] + wish.needs.map({ ($0.group, ["resourcegroup"]) }) where id != .none {
            try records.require(id, of: entities)
        }
        if wish.appointment != .none { try Self.requireState(of: wish.appointment, records) }
        length = try Self.length(wish, service, records)
    }

    /// Refuses an appointment that can neither be booked nor put to another time.
    private static func requireState(of appointment: RecordID, _ records: Records) throws(Refusal) {
        let state = records.state(of: appointment) ?? ActivityState.open
        guard state != ActivityState.open, state != ActivityState.scheduled else { return }
        throw records.refusal(
            .state,
            appointment,
            "\(records.name(appointment)) is \(records.stateLabel(state, of: "serviceappointment")); to find a time for it, it must be "
                + "Open or Scheduled."
        )
    }

    /// How long it lasts, as `book` reckons it.
    private static func length(
        _ wish: AvailabilityWish,
        _ service: RecordID,
        _ records: Records
    ) throws(Refusal) -> Int64 {
        var minutes = wish.minutes.map { min(max($0, 0), 1_000_000) }
        var end: Int64?
        let (oldStart, oldEnd) = (
            records.instant(wish.appointment, "scheduledstart"), records.instant(wish.appointment, "scheduledend")
        )
        // An end alone, or one before the beginning, does not say how long it lasts.
        let isSaid = minutes != nil || oldEnd.map { (oldStart ?? .max) <= $0 } ?? true
        if wish.appointment != .none, isSaid {
            minutes = minutes ?? BookedTime.minutes(of: service, wish.appointment, records)
            end = try PlannedTime(wish.appointment, records, start: wish.from, end: nil, minutes: minutes).end
        } else if wish.appointment == .none, let minutes = minutes ?? BookedTime.minutes(of: service, records) {
            end = wish.from.addingClamped(minutes * 60_000_000)
        }
        guard let end, end > wish.from else {
            throw records.refusal(
                BookedTime.noLength,
                wish.appointment,
                "How long does it last? Give minutes, or a service that says so."
            )
        }
        guard end - wish.from <= BookedTime.lengthMax else {
            throw records.refusal(BookedTime.tooLong, wish.appointment, "It would last more than 31 days.")
        }
        return end - wish.from
    }

    /// Who is needed.
    private func requirements() throws(Refusal) -> Requirements {
        let chooses = wish.with != .none || wish.site != .none || !wish.needs.isEmpty
        if records.state(of: wish.appointment) == ActivityState.scheduled {
            guard !chooses, wish.resource == .none else {
                throw records.refusal(
                    BookAppointment.choiceTwice,
                    wish.appointment,
                    "\(records.name(wish.appointment)) is booked, and keeps who serves: give no resource, groups, --with or --site."
                )
            }
            let bookings = try records.bookings(of: wish.appointment)
            return try Requirements(
                each: bookings.map { (records.reference($0, "resourceid"), records.effort(of: $0)) },
                records
            )
        }
        if wish.resource != .none {
            guard !chooses else {
                throw records.refusal(
                    BookAppointment.choiceTwice,
                    wish.appointment,
                    "Give a resource, or groups, --with and --site, not both."
                )
            }
            let effort = try Requirements.effort(of: wish.resource, for: service, records)
            return try Requirements(each: [(wish.resource, effort)], records)
        }
        let needs =
            wish.needs.isEmpty
            ? try Requirements.needs(of: service, records)
            : wish.needs.map { .init(group: $0.group, count: min(max($0.count, 1), Requirements.countMax + 1)) }
        guard !needs.isEmpty else {
            throw records.refusal(
                BookAppointment.serviceMissing,
                wish.appointment,
                "Who serves? Give a resource, groups, or a service that names a group."
            )
        }
        let requirements = try Requirements(
            needs,
            isSameSite: wish.needs.isEmpty && records.value(service, "samesite") == .boolean(true),
            site: wish.site,
            with: wish.with,
            records
        )
        guard wish.with == .none || requirements.wish != nil else {
            throw records.refusal(
                BookAppointment.notAMember,
                wish.appointment,
                "\(records.name(wish.with)) is in none of the groups."
            )
        }
        return requirements
    }

    /// A moment from which on a member of a requirement can serve, or cannot any more.
    private struct Change {
        let moment: Int64
        let requirement: Int32
        let member: Int32
        let isFree: Bool
    }

    /// The changes of all members, in order.
    private func changes(
        _ requirements: Requirements,
        _ schedule: inout Schedule
    ) throws(Refusal) -> [Change] {
        var changes: [Change] = []
        for (place, requirement) in requirements.list.enumerated() {
            for member in requirement.members {
                let free = try schedule.freeTimes(requirements.resources[member], effort: requirement.effort)
                guard changes.count + 2 * free.count <= Self.changesMax else {
                    throw Refusal(
                        .limitExceeded,
                        "Resources come and go more than \(Self.changesMax) times: ask for a shorter time."
                    )
                }
                for time in free where time.end - time.start >= length {
                    for (moment, isFree) in [(time.start, true), (time.end - length + 1, false)] {
                        changes.append(
                            Change(moment: moment, requirement: Int32(place), member: Int32(member), isFree: isFree)
                        )
                    }
                }
            }
        }
        changes.sort { $0.moment < $1.moment }
        return changes
    }

    func answer() throws(Refusal) -> ScheduleAnswer {
        var answer = ScheduleAnswer()
        guard wish.from < wish.to else { return answer }
        let requirements = try requirements()
        let time = TimeSpan(start: wish.from, end: wish.to.addingClamped(length))
        let days = (time.end - time.start) / Self.day + 1
        let memberCount = requirements.list.reduce(0) { $0 + $1.members.count }
        guard Int64(memberCount) * days <= Self.resourceDaysMax else {
            throw Refusal(
                .limitExceeded,
                "\(memberCount) resources over \(days) days are too much to look at: ask for a shorter time."
            )
        }
        var schedule = try Schedule(
            time,
            except: wish.appointment,
            records,
            lookedAtMax: ScheduleQuestion.lookedAtMax,
            work: work
        )
        let grid =
            BookedTime.grid(of: service, records, &schedule.hours)
            ?? StartGrid(anchorMinutes: 0, stepMinutes: wish.stepMinutes, in: schedule.hours.organisationRules())
        let changes = try changes(requirements, &schedule)
        var free = FreeMembers(requirements)
        let limit = min(max(wish.limit, 0), ScheduleQuestion.limitMax)
        var resourceCount = 0
        var chosen: [RecordID]?
        var passed = 0
        // What would end behind the last moment cannot be booked.
        let to = min(wish.to, ArgumentType.moments.upperBound - length + 1)
        var start = grid.first(from: wish.from)
        while start < to {
            try work.look()
            if passed < changes.count, changes[passed].moment <= start {
                while passed < changes.count, changes[passed].moment <= start {
                    free.apply(Int(changes[passed].requirement), Int(changes[passed].member), changes[passed].isFree)
                    passed += 1
                }
                chosen = try free.choose(requirements, work)
            }
            guard let chosen else {
                // Until somebody comes, nothing can begin.
                guard passed < changes.count else { break }
                start = grid.first(from: max(changes[passed].moment, start + 1))
                continue
            }
            resourceCount += chosen.count
            guard answer.times.count < limit, resourceCount <= Self.resourcesMax else {
                answer.isCut = true
                break
            }
            answer.times.append(AvailableTime(start: start, end: start + length, resources: chosen))
            start = grid.first(from: start + 1)
        }
        return answer
    }
}

/// Who of each requirement can serve, as bits.
private struct FreeMembers {
    private var words: [[UInt64]]
    private var counts: [Int]

    init(_ requirements: Requirements) {
        let wordCount = (requirements.resources.count + 63) / 64
        words = requirements.list.map { _ in Array(repeating: 0, count: wordCount) }
        counts = requirements.list.map { _ in 0 }
    }

    mutating func apply(_ requirement: Int, _ member: Int, _ isFree: Bool) {
        let bit: UInt64 = 1 << UInt64(member & 63)
        guard (words[requirement][member >> 6] & bit != 0) != isFree else { return }
        words[requirement][member >> 6] ^= bit
        counts[requirement] += isFree ? 1 : -1
    }

    /// Who serves of those who can; nil where it cannot be done.
    func choose(_ requirements: Requirements, _ work: ScheduleWork) throws(Refusal) -> [RecordID]? {
        for (requirement, count) in zip(requirements.list, counts) where count < requirement.count { return nil }
        return try requirements.choose(work) { requirement, member throws(Refusal) in
            words[requirement][member >> 6] & 1 << UInt64(member & 63) != 0
        }.map { chosen in chosen.map { requirements.resources[$0.place] } }
    }
}

extension Records {
    /// Refuses what is no record of one of these entities.
    func require(_ id: RecordID, of entities: [String]) throws(Refusal) {
        guard entities.contains(where: { schema.standardEntity(named: $0)?.id == id.entity }) else {
            throw Refusal(
                .wrongReferenceEntity,
                entity: schema.entity(id.entity)?.name ?? "",
                record: id,
                "\(schema.text(of: id)) is no \(entities.joined(separator: " or "))."
            )
        }
        try require(id)
    }
}
