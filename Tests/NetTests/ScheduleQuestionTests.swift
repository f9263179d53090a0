import CRM
import Engine
import Kith
import Net
import Testing

/// Questions about schedules over the wire.
@Suite struct ScheduleQuestionTests {
    @Test func aClientIsAnsweredLikeTheOwnerOfTheDatabase() async throws {
        try await withServer { server, database in
            var transaction = Transaction(database.schema)
            let van = try transaction.create("equipment", ["name": "Van"])
            let group = try transaction.create("resourcegroup", ["name": "Vans"])
            try transaction.create(
                "resourcegroupmember",
                ["resourcegroupid": .reference(group), "resourceid": .reference(van)]
            )
            try transaction.create(
                "service",
                ["name": "Move", "durationminutes": .integer(60), "resourcegroupid": .reference(group)]
            )
            try transaction.create("serviceappointment", ["subject": "Move Acme"])
            let made = try await database.execute(transaction).operations.map { $0.ids[0] }
            let client = try await connect(server)
            var wish = AvailabilityWish(from: 0, to: 3_600_000_000)
            (wish.service, wish.stepMinutes) = (made[3], 30)
            let free = try await client.schedule(.availability(wish))
            #expect(free.times.map(\.start) == [0, 1_800_000_000])
            #expect(free.times.allSatisfy { $0.resources == [made[0]] })
            #expect(try await database.schedule(.availability(wish)).times == free.times)
            try await client.perform(BookAppointment(made[4], start: 0, minutes: 30, resource: made[0]))
            #expect(try await client.schedule(.availability(wish)).times.map(\.start) == [1_800_000_000])
            #expect(try await client.schedule(.validation(of: made[4], from: 0, to: 0, limit: 10)).conflicts.isEmpty)
            var change = Transaction(database.schema)
            try change.update(made[0], ["statecode": .option(1)])
            _ = try await database.execute(change)
            let conflicts = try await client.schedule(.validation(of: .none, from: 0, to: 1, limit: 10)).conflicts
            #expect(conflicts.map(\.reason) == [.gone] && conflicts.map(\.resource) == [made[0]])
            await client.close()
        }
    }

    @Test func whatIsNotThereIsRefused() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            var wish = AvailabilityWish(from: 0, to: 1)
            wish.service = RecordID(entity: EntityID(108), sequence: 77)
            do {
                _ = try await client.schedule(.availability(wish))
                Issue.record("not refused")
            } catch let refusal as Refusal {
                #expect(refusal.code == .recordNotFound)
            }
            await client.close()
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            try connection.send(frame(.schedule, 1, [9]))
            #expect(try wireCode(try connection.frame()) == .malformed)
        }
    }
}
