import CRM
import Engine
import Testing

/// What is stored and asked is unlimited, what is looked at for it is not; and what an organisation stores otherwise than expected is read as
/// what it is.
@Suite struct ScheduleWorkTests {
    private static let day: Int64 = 86_400_000_000
    private static let monday = CalendarText.instant("2026-05-18")!

    /// A group `G` of so many vans that are there in the morning.
    private func organisation(vans count: Int) throws -> TestOrganisation {
        var organisation = TestOrganisation()
        try organisation.create("resourcegroup G: name=G")
        // A transaction has at most 1,000 operations.
        for first in stride(from: 0, to: count, by: 400) {
            var transaction = Transaction(organisation.engine.schema)
            for number in first..<min(first + 400, count) {
                let van = try transaction.create(
                    "equipment",
                    ["name": .text("Van \(number)"), "businesshours": "Mo-Su 08:00-12:00"]
                )
                try transaction.create(
                    "resourcegroupmember",
                    ["resourcegroupid": .reference(try organisation.record("G")), "resourceid": .reference(van)]
                )
            }
            try organisation.execute(transaction)
        }
        return organisation
    }

    /// A group `H` of the first so many vans.
    private func addGroup(vans count: Int, to organisation: inout TestOrganisation) throws {
        try organisation.create("resourcegroup H: name=H")
        let place = try #require(organisation.engine.schema.place(named: "equipment"))
        var transaction = Transaction(organisation.engine.schema)
        for row in 0..<count {
            try transaction.create(
                "resourcegroupmember",
                [
                    "resourcegroupid": .reference(try organisation.record("H")),
                    "resourceid": .reference(organisation.engine.tables.recordID(place, atRow: row)),
                ]
            )
        }
        try organisation.execute(transaction)
    }

    private func ask(
        _ question: ScheduleQuestion,
        _ organisation: TestOrganisation,
        looksMax: Int = ScheduleQuestion.looksMax,
        _ cancellation: QueryCancellation? = nil
    ) throws -> ScheduleAnswer {
        let records = Records(organisation.engine, actor: .none, timeMicroseconds: 0) { BusinessCalendar() }
        return try question.answer(records, looksMax: looksMax, cancellation: cancellation)
    }

    private func wish(_ organisation: TestOrganisation, _ groups: [String], days: Int64) throws -> AvailabilityWish {
        var wish = AvailabilityWish(from: Self.monday, to: Self.monday + days * Self.day)
        wish.needs = try groups.map { .init(try organisation.record($0)) }
        wish.minutes = 60
        return wish
    }

    private func refusal(_ body: () throws -> ScheduleAnswer) throws -> Refusal {
        try #require(throws: Refusal.self) { _ = try body() }
    }

    // MARK: Searches

    /// Who is in two groups is worked out for both.
    @Test func membersCountForEveryNeed() throws {
        var organisation = try organisation(vans: 600)
        try addGroup(vans: 600, to: &organisation)
        let question = ScheduleQuestion.availability(try wish(organisation, ["G", "H"], days: 366))
        #expect(try refusal { try ask(question, organisation) }.code == .limitExceeded)
    }

    @Test func needsOfOneGroupAreOne() throws {
        let organisation = try organisation(vans: 3)
        let three = try wish(organisation, ["G", "G", "G"], days: 1)
        #expect(try ask(.availability(three), organisation).times.first?.resources.count == 3)
        let many = try wish(organisation, Array(repeating: "G", count: 20), days: 366)
        #expect(try ask(.availability(many), organisation, looksMax: 5_000).times.isEmpty)
    }

    @Test func choicesThatFailCountAndAreCalledOff() throws {
        var organisation = try organisation(vans: 2)
        try addGroup(vans: 2, to: &organisation)
        // Two are enough of each group, and not for both.
        let question = ScheduleQuestion.availability(try wish(organisation, ["G", "G", "H"], days: 100))
        #expect(try ask(question, organisation).times.isEmpty)
        #expect(try refusal { try ask(question, organisation, looksMax: 1_000) }.code == .limitExceeded)
        let cancellation = QueryCancellation()
        cancellation.cancel()
        #expect(try refusal { try ask(question, organisation, cancellation) }.code == .overloaded)
    }

    @Test func whatIsBookedForMoreThanMayServeIsRefused() throws {
        var organisation = try organisation(vans: 201)
        let appointment = try organisation.create("serviceappointment A: subject=A | statecode=3")
        let place = try #require(organisation.engine.schema.place(named: "equipment"))
        var transaction = Transaction(organisation.engine.schema)
        for row in 0..<201 {
            let van = organisation.engine.tables.recordID(place, atRow: row)
            try transaction.create(
                "resourcebooking",
                ["serviceappointmentid": .reference(appointment), "resourceid": .reference(van)]
            )
        }
        try organisation.execute(transaction)
        var wish = AvailabilityWish(from: Self.monday, to: Self.monday + Self.day)
        (wish.appointment, wish.minutes) = (appointment, 60)
        #expect(try refusal { try ask(.availability(wish), organisation) }.code == .limitExceeded)
    }

    // MARK: Bookings

    /// A booking asks the same member once for an effort, and not more members than may be.
    @Test func aServiceWithTooManyMembersIsRefused() throws {
        var organisation = try organisation(vans: 1_001)
        try organisation.create("service S: name=S | durationminutes=60")
        for effort in 1...20 {
            try organisation.create("resourcespec R\(effort): serviceid=S | groupobjectid=G | effortrequired=\(effort)")
        }
        let appointment = try organisation.create("serviceappointment A: subject=A | serviceid=S")
        let refusal = try #require(throws: Refusal.self) {
            try organisation.perform(BookAppointment(appointment, start: Self.monday + 32_400_000_000).request)
        }
        #expect(refusal.code == .limitExceeded, "\(refusal)")
    }

    /// Of all that takes the time of a resource a booking is compared with what lies near it.
    @Test func validationLooksAtWhatLiesNear() throws {
        var organisation = try organisation(vans: 1)
        let place = try #require(organisation.engine.schema.place(named: "equipment"))
        let van = organisation.engine.tables.recordID(place, atRow: 0)
        var transaction = Transaction(organisation.engine.schema)
        for number in 0..<300 {
            let start = Self.monday + Int64(number) * Self.day + 32_400_000_000
            let times: [(String, Value)] = [
                ("scheduledstart", .instant(start)), ("scheduledend", .instant(start + 3_600_000_000)),
            ]
            let appointment = try transaction.createRecord(
                "serviceappointment",
                [("subject", .text("A")), ("statecode", .option(3))] + times
            )
            try transaction.create(
                "resourcebooking",
                [
                    "serviceappointmentid": .reference(appointment), "resourceid": .reference(van),
                    "starton": times[0].1, "endon": times[1].1,
                ]
            )
        }
        try organisation.execute(transaction)
        let question = ScheduleQuestion.validation(
            of: .none,
            from: Self.monday,
            to: Self.monday + 366 * Self.day,
            limit: 10
        )
        #expect(try ask(question, organisation, looksMax: 10_000).conflicts.isEmpty)
        #expect(try refusal { try ask(question, organisation, looksMax: 1_000) }.code == .limitExceeded)
    }
}
