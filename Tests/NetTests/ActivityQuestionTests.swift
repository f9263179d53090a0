import CRM
import Engine
import Kith
import Net
import Testing

/// Timelines and agendas over the wire, and the clock of a server.
@Suite struct ActivityQuestionTests {
    private func create(
        _ database: Database,
        _ entity: String,
        _ values: KeyValuePairs<String, Value>
    ) async throws -> RecordID {
        var transaction = Transaction(database.schema)
        try transaction.create(entity, values)
        return try await database.execute(transaction).operations[0].ids[0]
    }

    @Test func aClientIsAnsweredLikeTheOwnerOfTheDatabase() async throws {
        try await withServer { server, database in
            let account = try await create(database, "account", ["name": "Acme"])
            let contact = try await create(database, "contact", ["parentcustomerid": .reference(account)])
            let task = try await create(
                database,
                "task",
                ["subject": "Call", "regardingobjectid": .reference(contact), "scheduledend": .instant(5_000_000)]
            )
            let client = try await connect(server)
            let own = try await client.activities(.timeline(of: account, reach: .own, limit: 10))
            #expect(own.entries.isEmpty)
            for question in [
                ActivityQuestion.timeline(of: account, reach: .related, limit: 10),
                .agenda(of: .none, from: 0, to: 10_000_000, limit: 10),
            ] {
                let answer = try await client.activities(question)
                #expect(answer.entries.map(\.record) == [task])
                #expect(try await database.activities(question).entries == answer.entries)
            }
            let cut = try await client.activities(.timeline(of: account, reach: .related, limit: 0))
            #expect(cut.entries.isEmpty && cut.isCut)
            await client.close()
        }
    }

    @Test func whatIsNotThereIsRefused() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let nobody = RecordID(entity: EntityID(32), sequence: 77)
            do {
                _ = try await client.activities(.timeline(of: nobody, reach: .own, limit: 10))
                Issue.record("not refused")
            } catch let refusal as Refusal {
                #expect(refusal.code == .recordNotFound)
            }
            await client.close()
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            try connection.send(frame(.activities, 1, [9]))
            #expect(try wireCode(try connection.frame()) == .malformed)
        }
    }

    /// Nobody calls anything: a server does what is due by itself.
    @Test func aServerDoesWhatIsDue() async throws {
        try await withServer { server, database in
            let task = try await create(database, "task", ["subject": "Call", "remindon": .instant(1)])
            let client = try await connect(server)
            var reminded = Value.null
            for _ in 0..<600 where reminded == .null {
                reminded = try await client.read("task", ["remindedon"], [task]).rows[0][0]
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(reminded == .instant(1))
            await client.close()
        }
    }
}
