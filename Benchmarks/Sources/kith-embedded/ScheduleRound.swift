// What a search for times costs: 100 people with hours of their own and 2,000 exceptions, booked for six hours of each day of three months, and
// all times over 14 days at which two of them and a room can serve for an hour, at every quarter of an hour. What is found can be booked. The
// clock is the process's processor time.

import BenchData
import Kith

struct ScheduleRound {
    private static let people = 100
    private static let days = 92
    private static let searches = 50
    /// Monday, the fourth of May 2026, in days since 1970.
    private static let firstDay: Int64 = 20_577
    private static let hour: Int64 = 3_600_000_000

    let directory: String

    func run() async throws {
        defer { removeTree(directory) }
        var options = DatabaseOptions()
        options.takesSnapshots = false
        let database = try Database.open(directory, options: options)
        let service = try await makeWorld(database)
        var wish = AvailabilityWish(
            from: ScheduleRound.moment(ScheduleRound.firstDay + 40, 0),
            to: ScheduleRound.moment(ScheduleRound.firstDay + 54, 0)
        )
        (wish.service, wish.limit) = (service, ScheduleQuestion.limitMax)
        let first = try await database.schedule(.availability(wish)).times
        guard !first.isEmpty else { throw BenchError("no times are found") }
        let start = processorTime()
        for _ in 0..<ScheduleRound.searches {
            let times = try await database.schedule(.availability(wish)).times
            guard times == first else { throw BenchError("other times are found") }
        }
        Main.report(
            "schedule: 14 days of 100 resources",
            ScheduleRound.searches,
            nanoseconds: processorTime() - start
        )
        try await book(first, service, database)
        try database.close()
    }

    /// What was found can be booked.
    private func book(_ times: [AvailableTime], _ service: RecordID, _ database: Database) async throws {
        for time in [times[0], times[times.count / 2], times[times.count - 1]] {
            var transaction = Transaction(database.schema)
            _ = try transaction.create(
                "serviceappointment",
                ["subject": .text("Visit"), "serviceid": .reference(service)]
            )
            let made = try await database.execute(transaction).operations[0].ids[0]
            try await database.perform(BookAppointment(made, start: time.start))
            try await database.perform(CancelServiceAppointment(made))
        }
    }

    private static func moment(_ day: Int64, _ hours: Int64) -> Int64 { day * 24 * hour + hours * hour }

    /// Returns the service.
    private func makeWorld(_ database: Database) async throws -> RecordID {
        var staff = Transaction(database.schema)
        let group = try staff.create("resourcegroup", ["name": .text("Engineers")])
        let rooms = try staff.create("resourcegroup", ["name": .text("Rooms")])
        let room = try staff.create(
            "equipment",
            ["name": .text("Room"), "capacity": .integer(1_000), "businesshours": .text("Mo-Sa 07:00-20:00")]
        )
        _ = try staff.create(
            "resourcegroupmember",
            ["resourcegroupid": .reference(rooms), "resourceid": .reference(room)]
        )
        let service = try staff.create("service", ["name": .text("Visit"), "durationminutes": .integer(60)])
        for (needed, count) in [(group, Int64(2)), (rooms, 1)] {
            _ = try staff.create(
                "resourcespec",
                [
                    "serviceid": .reference(service), "groupobjectid": .reference(needed),
                    "requiredcount": .integer(count),
                ]
            )
        }
        var users = try RecordBatch(database.schema, .create, "systemuser", attributes: ["fullname", "businesshours"])
        for number in 0..<ScheduleRound.people {
            let begin = 6 + number % 4
            try users.append([
                .text("Engineer \(number)"), .text("Mo-Fr 0\(begin):00-12:00, 13:00-\(begin + 9):00"),
            ])
        }
        staff.append(users)
        let made = try await database.execute(staff).operations
        let people = made[7].ids
        var members = try RecordBatch(
            database.schema,
            .create,
            "resourcegroupmember",
            attributes: ["resourcegroupid", "resourceid"]
        )
        for person in people { try members.append([.reference(made[0].ids[0]), .reference(person)]) }
        var exceptions = try RecordBatch(
            database.schema,
            .create,
            "resourceexception",
            attributes: ["resourceid", "name", "starton", "exceptioncode"]
        )
        for (number, person) in people.enumerated() {
            for day in 0..<20 {
                let date = Int32(ScheduleRound.firstDay) + Int32((day * 5 + number) % ScheduleRound.days)
                try exceptions.append([.reference(person), .text("Away"), .date(date), .option(1)])
            }
        }
        var transaction = Transaction(database.schema)
        transaction.append(members)
        transaction.append(exceptions)
        _ = try await database.execute(transaction)
        for day in 0..<Int64(ScheduleRound.days) { try await bookDay(day, people, database) }
        return made[4].ids[0]
    }

    /// Six hours of everybody, each for an appointment.
    private func bookDay(_ day: Int64, _ people: [RecordID], _ database: Database) async throws {
        let schema = database.schema
        var appointments = try RecordBatch(
            schema,
            .create,
            "serviceappointment",
            attributes: ["subject", "scheduledstart", "scheduledend", "statecode"]
        )
        let hours = people.flatMap { person in (0..<6).map { (person, 8 + Int64($0)) } }
        for (_, hour) in hours {
            let start = ScheduleRound.moment(ScheduleRound.firstDay + day, hour)
            try appointments.append([
                .text("Visit"), .instant(start), .instant(start + ScheduleRound.hour), .option(3),
            ])
        }
        var transaction = Transaction(schema)
        transaction.append(appointments)
        let made = try await database.execute(transaction).operations[0].ids
        var bookings = try RecordBatch(
            schema,
            .create,
            "resourcebooking",
            attributes: ["serviceappointmentid", "resourceid", "starton", "endon", "effort"]
        )
        for ((person, hour), appointment) in zip(hours, made) {
            let start = ScheduleRound.moment(ScheduleRound.firstDay + day, hour)
            try bookings.append([
                .reference(appointment), .reference(person), .instant(start), .instant(start + ScheduleRound.hour),
                .integer(1),
            ])
        }
        transaction = Transaction(schema)
        transaction.append(bookings)
        _ = try await database.execute(transaction)
    }
}
