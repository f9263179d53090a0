import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// What an agenda finds and looks at: against a model that asks every activity, and at its limits.
@Suite struct AgendaTests {
    private static let day: Int64 = 86_400_000_000
    private static let start = CalendarText.instant("2026-05-18") ?? 0

    private func text(_ moment: Int64) -> String { CalendarText.text(microseconds: moment) }

    private func agenda(
        _ organisation: TestOrganisation,
        of owner: RecordID = .none,
        days: ClosedRange<Int64>,
        limit: Int = 1_000,
        lookedAtMax: Int = 1_000_000
    ) throws(Refusal) -> ActivityAnswer {
        let records = Records(organisation.engine, actor: .none, timeMicroseconds: 0) { BusinessCalendar() }
        let (from, to) = (Self.start + days.lowerBound * Self.day, Self.start + days.upperBound * Self.day)
        return try ActivityQuestion.agenda(of: owner, from: from, to: to, limit: limit)
            .answer(records, agendaLookedAtMax: lookedAtMax)
    }

    private struct Planned {
        var start: Int64?
        var end: Int64?
        var isCanceled: Bool
        var people: Set<RecordID>

        func isIn(_ from: Int64, _ to: Int64) -> Bool {
            guard from < to, !isCanceled, let first = start ?? end else { return false }
            let last = end ?? first
            let isNear = first >= from - 31 * AgendaTests.day || last < to
            return first < to && (first >= from || (last > from && isNear))
        }
    }

    @Test(arguments: 1...UInt64(Effort.count(15, torture: 500, full: 5_000)))
    func agendasAreThoseOfTheModel(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var organisation = TestOrganisation()
        var people = [RecordID.none]
        for name in ["u", "v"] { people.append(try organisation.create("systemuser \(name): fullname=\(name)")) }
        people.append(try organisation.create("account A: name=A"))
        var planned: [RecordID: Planned] = [:]
        for index in 0..<30 {
            let start = Self.start + Int64(random.below(120) - 60) * Self.day / 2
            var one = Planned(start: nil, end: nil, isCanceled: random.below(6) == 0, people: [.none])
            var line = ["task", "appointment", "phonecall"][random.below(3)] + " t\(index): subject=x"
            if random.below(4) != 0 { one.start = start }
            if random.below(3) != 0 { one.end = start + Int64(random.below(80)) * Self.day }
            one.start.map { line += " | scheduledstart=\(text($0))" }
            one.end.map { line += " | scheduledend=\(text($0))" }
            if one.isCanceled { line += " | statecode=2" }
            for lookup in ["ownerid", "regardingobjectid"] {
                let isOwner = lookup == "ownerid"
                guard random.below(2) == 0 else { continue }
                let person = isOwner ? people[1 + random.below(2)] : people[3]
                line += " | \(lookup)=\(organisation.engine.schema.text(of: person))"
                one.people.insert(person)
            }
            let id = try organisation.create(line)
            if random.below(3) == 0 {
                let person = people[1 + random.below(3)]
                let name = organisation.engine.schema.text(of: person)
                try organisation.create("activityparty p\(index): activityid=t\(index) | partyid=\(name)")
                one.people.insert(person)
            }
            planned[id] = one
        }
        for person in people {
            for _ in 0..<4 {
                let first = Int64(random.below(60) - 30)
                let days = first...(first + Int64(random.below(20)))
                let (from, to) = (Self.start + days.lowerBound * Self.day, Self.start + days.upperBound * Self.day)
                let expected = planned.filter { $0.value.people.contains(person) && $0.value.isIn(from, to) }
                let found = try agenda(organisation, of: person, days: days)
                #expect(found.entries.map(\.record).sorted() == expected.keys.sorted(), "seed \(seed), \(days)")
                let moments = found.entries.map { $0.start ?? $0.end ?? .min }
                #expect(moments == moments.sorted() && !found.isCut, "seed \(seed)")
                // Whatever may be looked at: the same answer, on whichever way, or none.
                for limit in [2, 6, 15] {
                    do throws(Refusal) {
                        let bounded = try agenda(organisation, of: person, days: days, lookedAtMax: limit)
                        #expect(bounded.entries == found.entries, "seed \(seed), \(days), \(limit)")
                    } catch {
                        #expect(error.code == .limitExceeded)
                    }
                }
            }
        }
    }

    /// `count` tasks, one a minute from the first day on.
    private func tasks(
        _ organisation: inout TestOrganisation,
        _ count: Int,
        owner: RecordID,
        from start: Int64 = AgendaTests.start
    ) throws {
        var transaction = Transaction(organisation.engine.schema)
        for minute in 0..<count {
            _ = try transaction.createRecord(
                "task",
                [
                    ("subject", .text("x")), ("ownerid", owner == .none ? .null : .reference(owner)),
                    ("scheduledend", .instant(start + Int64(minute) * 60_000_000)),
                ]
            )
        }
        try organisation.execute(transaction)
    }

    @Test func whatOthersDoCostsNothing() throws {
        var organisation = TestOrganisation()
        let ann = try organisation.create("systemuser ann: fullname=Ann")
        let bot = try organisation.create("systemuser bot: fullname=Bot")
        try tasks(&organisation, 300, owner: bot)
        try tasks(&organisation, 3, owner: ann)
        #expect(try agenda(organisation, of: ann, days: 0...30, lookedAtMax: 100).entries.count == 3)
        for owner in [bot, .none] {
            let refusal = #expect(throws: Refusal.self) {
                try agenda(organisation, of: owner, days: 0...30, lookedAtMax: 100)
            }
            #expect(refusal?.code == .limitExceeded)
        }
    }

    @Test func whoHasDoneMoreThanCanBeLookedAtIsFoundByTheTime() throws {
        var organisation = TestOrganisation()
        let bot = try organisation.create("systemuser bot: fullname=Bot")
        try tasks(&organisation, 300, owner: bot, from: Self.start - 400 * Self.day)
        try tasks(&organisation, 3, owner: bot)
        try tasks(&organisation, 5, owner: .none)
        #expect(try agenda(organisation, of: bot, days: 0...30, lookedAtMax: 100).entries.count == 3)
    }

    @Test func theEarliestOfManyAreShown() throws {
        var organisation = TestOrganisation()
        let series = try organisation.create(
            """
            recurringappointmentmaster S: subject=Round | scheduledstart=2026-05-18T08:00:00Z | \
            recurrence=DTSTART:20260518T080000\\nRRULE:FREQ=HOURLY
            """
        )
        let task = try organisation.create("task T: subject=Call | scheduledend=2026-05-18T08:30:00Z")
        try organisation.create("task U: subject=Late | scheduledend=2126-05-18T08:30:00Z")
        let answer = try agenda(organisation, days: 0...1_000_000, limit: 3)
        #expect(answer.entries.map(\.record) == [series, task, series] && answer.isCut && answer.omitted.isEmpty)
        let all = try agenda(organisation, days: 0...1_000_000, limit: .max)
        #expect(all.entries.count == ActivityQuestion.limitMax && all.isCut)
        // An hour each: the task stands behind the first.
        #expect(all.entries.last?.start == Self.start + (8 + 9_998) * 3_600_000_000)
    }
}
