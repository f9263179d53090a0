import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Random hours, exceptions, closures, capacities, needs and bookings, around the nights in which the clocks change: the search finds exactly
/// the starts that a model finds that looks at every minute; what it proposes is booked as proposed, and stands; what it leaves out is refused.
@Suite struct SchedulePropertyTests {
    private static let hours = [0, 2, 3, 6, 8, 12, 13, 17, 20, 24]
    private static let begins = ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "2026-05-15T00:00:00Z"]
    /// A day and a half, and what begins last goes on for 5 hours.
    private static let minuteCount = 36 * 60 + 300

    /// An organisation and its model.
    private struct World {
        var organisation = TestOrganisation()
        var model: ScheduleModel
        var length = 60
        /// The step that is asked for; nil where the service says when it begins.
        var step: Int64?
    }

    private static func range(_ random: inout RecurrenceRandom) -> (text: String, hours: Set<Int>) {
        let first = random.below(hours.count - 1)
        let last = random.within((first + 1)...(hours.count - 1))
        func two(_ hour: Int) -> String { hour < 10 ? "0\(hour):00" : "\(hour):00" }
        return ("\(two(hours[first]))-\(two(hours[last]))", Set(hours[first]..<hours[last]))
    }

    private static func week(_ random: inout RecurrenceRandom) -> (text: String, hours: [Set<Int>]?) {
        if random.chance(25) { return ("", nil) }
        var parts: [String] = []
        var days: [Set<Int>] = []
        for name in ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] {
            guard random.chance(85) || name == "We" else {
                days.append([])
                continue
            }
            let (text, hours) = range(&random)
            parts.append("\(name) \(text)")
            days.append(hours)
        }
        return (parts.joined(separator: "; "), days)
    }

    private static func day(_ days: Int64) -> String { CalendarText.text(days: Int32(days)) }

    private static func moment(_ model: ScheduleModel, _ minute: Int) -> String {
        CalendarText.text(microseconds: model.begin + Int64(minute) * ScheduleModel.minute)
    }

    private static func addPeople(_ world: inout World, _ random: inout RecurrenceRandom) throws {
        let firstDay = world.model.begin / ScheduleModel.day
        for number in 0..<random.within(4...7) {
            var person = ScheduleModel.Person(name: "p\(number)")
            let week = week(&random)
            person.week = week.hours
            person.isInZurich = random.chance(60)
            person.capacity = random.within(1...3)
            person.site = random.chance(80) ? random.pick(["north", "south"]) : nil
            var line = "businesshours=\(week.text) | capacity=\(person.capacity)"
            if !person.isInZurich { line += " | timezonedefinitionid=UTC" }
            if let site = person.site { line += " | siteid=\(site)" }
            let isUser = number % 2 == 0
            try world.organisation.create(
                isUser
                    ? "systemuser \(person.name): fullname=\(person.name) | \(line)"
                    : "equipment \(person.name): name=\(person.name) | \(line)"
            )
            for exception in 0..<random.below(3) {
                let first = firstDay + Int64(random.below(4)) - 1
                let days = first...(first + Int64(random.below(2)))
                let kind = random.pick([1, 2, 3, 3])
                let hours = kind == 1 && random.chance(50) ? nil : range(&random)
                try world.organisation.create(
                    "resourceexception \(person.name)e\(exception): resourceid=\(person.name) | starton=\(day(days.lowerBound)) | endon=\(day(days.upperBound)) | exceptioncode=\(kind) | businesshours=\(hours?.text ?? "")"
                )
                person.exceptions.append((days, kind, hours?.hours))
            }
            for booking in 0..<random.below(5) {
                let start = random.below(minuteCount / 15) * 15
                let minutes = start..<(start + random.within(1...16) * 15)
                let times = [minutes.lowerBound, minutes.upperBound].map { moment(world.model, $0) }
                let name = "\(person.name)b\(booking)"
                if isUser, random.chance(30) {
                    try world.organisation.create(
                        "appointment \(name): subject=\(name) | ownerid=\(person.name) | scheduledstart=\(times[0]) | scheduledend=\(times[1]) | statecode=3"
                    )
                    person.taken.append((minutes, 1_000))
                } else {
                    let effort = random.within(1...2)
                    try world.organisation.create(
                        "serviceappointment \(name): subject=\(name) | scheduledstart=\(times[0]) | scheduledend=\(times[1]) | statecode=3"
                    )
                    try world.organisation.create(
                        "resourcebooking \(name)r: serviceappointmentid=\(name) | resourceid=\(person.name) | starton=\(times[0]) | endon=\(times[1]) | effort=\(effort)"
                    )
                    person.taken.append((minutes, effort))
                }
            }
            world.model.people.append(person)
        }
    }

    private static func addService(_ world: inout World, _ random: inout RecurrenceRandom) throws {
        world.length = random.pick([15, 15, 45, 60, 120, 300])
        world.model.isSameSite = random.chance(30)
        var line = "service S: name=Service | durationminutes=\(world.length)"
        if world.model.isSameSite { line += " | samesite=yes" }
        if random.chance(50) {
            world.model.grid = (Int64(random.below(96) * 15), Int64(random.pick([1, 7, 20, 60, 90])))
            line += " | anchoroffset=\(world.model.grid.anchor) | granularityminutes=\(world.model.grid.step)"
        } else {
            world.step = Int64(random.pick([1, 1, 5, 30]))
            world.model.grid = (0, world.step ?? 1)
        }
        try world.organisation.create(line)
        for number in 0..<random.pick([1, 1, 2, 2, 3]) {
            try world.organisation.create("resourcegroup g\(number): name=g\(number)")
            // In order of their ids: users come before equipment.
            var members: [Int] = []
            for member in world.model.people.indices where random.chance(80) { members.append(member) }
            for member in members {
                try world.organisation.create(
                    "resourcegroupmember g\(number)m\(member): resourcegroupid=g\(number) | resourceid=p\(member)"
                )
            }
            let need = ScheduleModel.Need(
                members: members,
                count: random.chance(80) ? 1 : 2,
                effort: random.chance(80) ? 1 : 2
            )
            try world.organisation.create(
                "resourcespec s\(number): serviceid=S | groupobjectid=g\(number) | requiredcount=\(need.count) | effortrequired=\(need.effort)"
            )
            world.model.needs.append(need)
        }
    }

    private static func world(_ random: inout RecurrenceRandom) throws -> World {
        let zurich = try zone("Europe/Zurich")
        let begin = try CRMTests.moment(random.pick(begins))
        var world = World(model: ScheduleModel(begin: begin, minuteCount: minuteCount, zurich: zurich))
        for line in [
            "timezonedefinition Zurich: standardname=Zurich",
            "timezonerule ZurichRule: timezonedefinitionid=Zurich | bias=-60 | daylightbias=-60 | daylightmonth=3 | daylightday=5 | daylightdayofweek=0 | daylighthour=2 | standardmonth=10 | standardday=5 | standarddayofweek=0 | standardhour=3",
            "timezonedefinition UTC: standardname=UTC", "organization O: name=O | timezonedefinitionid=Zurich",
            "site north: name=north", "site south: name=south",
        ] { try world.organisation.create(line) }
        if random.chance(30) {
            let day = begin / ScheduleModel.day + Int64(random.below(3))
            world.model.closures = [day]
            try world.organisation.create("businessclosure C: name=C | starton=\(Self.day(day))")
        }
        try addPeople(&world, &random)
        try addService(&world, &random)
        return world
    }

    @Test(arguments: 0..<UInt64(Effort.count(20, torture: 300, full: 3_000)))
    func whatIsFreeIsFoundAndBooked(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: seed)
        var world = try Self.world(&random)
        let end = Self.minuteCount - 300
        let wanted = world.model.starts(before: end, length: world.length)
        var wish = AvailabilityWish(
            from: world.model.begin,
            to: world.model.begin + Int64(end) * ScheduleModel.minute
        )
        wish.service = try world.organisation.record("S")
        wish.stepMinutes = world.step ?? 15
        wish.limit = ScheduleQuestion.limitMax
        let answer = try world.organisation.ask(.availability(wish))
        let found = answer.times.map { Int(($0.start - world.model.begin) / ScheduleModel.minute) }
        #expect(found == wanted, "seed \(seed)")
        #expect(!answer.isCut)
        if found != wanted { return }
        for number in 0..<8 {
            let minute = number % 2 == 0 && !wanted.isEmpty ? random.pick(wanted) : random.below(end)
            // Beside the grid that was asked for anything may be booked.
            if world.step != nil, world.model.grid.step > 1, !wanted.contains(minute) { continue }
            let name = "a\(number)"
            try world.organisation.create("serviceappointment \(name): subject=\(name) | serviceid=S")
            let act = "book \(name) --start \(Self.moment(world.model, minute))"
            do {
                try world.organisation.perform(
                    try MessageRequest(act, in: world.organisation.engine.schema, named: world.organisation.names)
                )
                #expect(wanted.contains(minute), "seed \(seed): \(act) is done")
                let rows = world.organisation.rows(
                    "SELECT resourceid FROM resourcebooking WHERE serviceappointmentid.subject = '\(name)'"
                )
                let proposed = answer.times.first {
                    $0.start == world.model.begin + Int64(minute) * ScheduleModel.minute
                }
                let names = (proposed?.resources ?? []).map { world.organisation.shown(.reference($0)) }
                #expect(rows.sorted() == names.sorted(), "seed \(seed): \(act)")
                #expect(try world.organisation.schedule(["validate", name]) == [], "seed \(seed): \(act)")
            } catch let refusal as Refusal {
                #expect(!wanted.contains(minute), "seed \(seed): \(act): \(refusal)")
                #expect(refusal.code == .ruleBroken, "seed \(seed): \(act): \(refusal)")
            }
            try world.organisation.perform(
                try MessageRequest(
                    "delete \(name)",
                    in: world.organisation.engine.schema,
                    named: world.organisation.names
                )
            )
        }
    }

    /// The random worlds are neither all full nor all free.
    @Test func theModelSeesBoth() throws {
        var (some, none) = (0, 0)
        for seed in 0..<UInt64(20) {
            var random = RecurrenceRandom(seed: seed)
            let world = try Self.world(&random)
            let starts = world.model.starts(before: Self.minuteCount - 300, length: world.length)
            if starts.isEmpty { none += 1 } else { some += 1 }
        }
        #expect(some > 6 && none > 0, "\(some) with times, \(none) without")
    }
}
