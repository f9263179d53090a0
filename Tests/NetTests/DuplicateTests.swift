import CRM
import Engine
import Kith
import Net
import Testing

/// Duplicates over the wire: asked, and refused.
@Suite struct DuplicateTests {
    private func create(
        _ client: KithClient,
        _ entity: String,
        _ values: KeyValuePairs<String, Value>,
        refuses: Bool = false
    ) async throws -> RecordID {
        var transaction = Transaction(try await client.schema)
        try transaction.create(entity, values)
        transaction.refusesDuplicates = refuses
        return try await client.execute(transaction).operations[0].ids[0]
    }

    /// A client of a server with a published rule and a contact.
    private func withContact(
        _ body: (KithClient, Server, Database, _ contact: RecordID) async throws -> Void
    ) async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            let rule = try await create(client, "duplicaterule", ["name": "Mail", "baseentityname": "contact"])
            _ = try await create(
                client,
                "duplicaterulecondition",
                ["regardingobjectid": .reference(rule), "baseattributename": "emailaddress1", "operatorcode": 0]
            )
            try await client.perform(PublishDuplicateRule(rule))
            let contact = try await create(client, "contact", ["fullname": "Anna", "emailaddress1": "anna@acme.com"])
            try await body(client, server, database, contact)
            await client.close()
        }
    }

    private func refusal(_ body: () async throws -> Void) async -> Refusal? {
        do { try await body() } catch { return error as? Refusal }
        return nil
    }

    private func expectDuplicate(
        sourceLocation: Testing.SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let rule = await refusal(body)?.rule
        #expect(rule == "duplicate", sourceLocation: sourceLocation)
    }

    @Test func aClientIsAnsweredLikeTheOwnerOfTheDatabase() async throws {
        try await withContact { client, _, database, contact in
            var transaction = Transaction(try await client.schema)
            try transaction.create("contact", ["fullname": "A.", "emailaddress1": "ANNA@acme.com"])
            let report = try await client.duplicates(.transaction(transaction))
            #expect(report.hits.map(\.other) == [contact])
            #expect(report.reasons.map(\.because) == ["emailaddress1 same"])
            let own = try await database.duplicates(.transaction(transaction))
            #expect(own.hits == report.hits && own.reasons == report.reasons)
            #expect(try await client.duplicates(.records([contact])).hits.isEmpty)
        }
    }

    @Test func writesAndMessagesAreRefused() async throws {
        try await withContact { client, server, database, contact in
            let refused = await refusal {
                _ = try await create(client, "contact", ["emailaddress1": "anna@acme.com"], refuses: true)
            }
            #expect(refused?.rule == "duplicate" && refused?.record == contact)
            let lead = try await create(client, "lead", ["lastname": "Keller", "emailaddress1": "anna@acme.com"])
            var request = QualifyLead(lead, contact: true).request
            request.refusesDuplicates = true
            await expectDuplicate { _ = try await client.perform(request) }
            await expectDuplicate { _ = try await client.rehearse(request) }
            #expect(try await database.query("SELECT count(*) FROM contact").rows == [[1]])
            _ = try await create(client, "contact", ["emailaddress1": "b@acme.com"], refuses: true)
            _ = try await create(client, "contact", ["emailaddress1": "anna@acme.com"])
            // Many at once, on several connections: one of each.
            let other = try await connect(server)
            let done = await withTaskGroup(of: Bool.self) { group in
                for sender in 0..<16 {
                    group.addTask {
                        await refusal {
                            _ = try await create(
                                sender.isMultiple(of: 2) ? client : other,
                                "contact",
                                ["fullname": .text("\(sender)"), "emailaddress1": .text("p\(sender / 4)@acme.com")],
                                refuses: true
                            )
                        } == nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 4)
            await other.close()
        }
    }

    @Test func damagedQuestionsAreRefused() async throws {
        try await withServer { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            let bodies: [[UInt8]] = [[9], [], [0, 255, 255, 255, 255]]
            for (number, body) in bodies.enumerated() {
                try connection.send(frame(.duplicates, UInt64(number + 1), body))
                #expect(try wireCode(try connection.frame()) == .malformed)
            }
        }
    }
}
