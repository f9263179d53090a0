// Changes of the schema over the wire, and clients that do not know of them yet.

import Engine
import Kith
import Net
import Snapshot
import Testing

@Suite struct SchemaTests {
    private func document(_ attributes: [AttributeDeclaration]) -> SchemaDocument {
        var document = SchemaDocument()
        var account = EntityDeclaration("account")
        account.attributes = attributes
        document.entities = [account]
        return document
    }

    @Test func aClientChangesTheSchemaAndOthersFollow() async throws {
        try await withServer { server, database in
            let (a, b) = (try await connect(server), try await connect(server))
            let old = try await b.schema
            let check = try await a.change(document([AttributeDeclaration("colour", "text")]), checkOnly: true)
            #expect(!check.isApplied && check.differences.map(\.change) == ["add attribute colour: text, length 100"])
            let reply = try await a.change(document([AttributeDeclaration("colour", "text")]))
            #expect(reply.isApplied && database.durablePosition >= reply.position)
            #expect(try await a.schema.epoch == reply.epoch)
            var colour = Transaction(try await a.schema)
            let id = try colour.create("account", ["name": "Red", "colour": "red"])
            #expect(id.entity.rawValue == 32)
            _ = try await a.execute(colour)
            // The other client finds out by itself, and what it made before is understood.
            let ids = try await b.execute(.accounts(2, old)).operations[0].ids
            #expect(try await b.schema.epoch == reply.epoch)
            #expect(try await b.read("account", ["name", "colour"], ids).rows[1] == ["Account 1", .null])
            await a.close()
            await b.close()
        }
    }

    @Test func problemsAreRepliesAndRefusalsErrors() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            var bad = AttributeDeclaration("colour", "txt")
            bad.place = SourcePlace(line: 7, column: 3)
            let reply = try await client.change(document([bad]))
            #expect(!reply.isApplied && reply.problems.map(\.place) == [bad.place])
            #expect(reply.problems.first?.message.contains("did you mean 'text'?") == true)
            let raw = try RawConnection(port: server.port)
            _ = try raw.hello()
            try raw.send(frame(.changeSchema, 2, [9, 9, 9]))
            if case .refusal(let refusal)? = try failure(try raw.frame()) {
                #expect(refusal.code == .malformed)
            } else {
                Issue.record("no refusal")
            }
            await client.close()
        }
    }

    /// An index of many records is made beside the writer: others write meanwhile, and it knows what they wrote.
    @Test func aLargeIndexIsMadeBesideTheWriter() async throws {
        try await withServer { server, database in
            let (client, other) = (try await connect(server), try await connect(server))
            let schema = try await client.schema
            for batch in 0..<51 { _ = try await client.execute(.accounts(1000, schema, prefix: "Early\(batch)")) }
            var declared = document([])
            declared.entities[0].indexes = [IndexDeclaration("byname", ["name", "modifiedon"])]
            let change = declared
            async let changed = client.change(change)
            // The client's own later requests are answered, too, and others go on.
            var late: [RecordID] = []
            for batch in 0..<20 {
                late += try await other.execute(.accounts(3, schema, prefix: "Late\(batch)")).operations[0].ids
            }
            var delete = Transaction(schema)
            try delete.delete(late[0])
            _ = try await other.execute(delete)
            let reply = try await changed
            #expect(reply.isApplied && reply.problems.isEmpty && database.durablePosition >= reply.position)
            var explained = try await client.query(
                "EXPLAIN SELECT name FROM account ORDER BY name, modifiedon LIMIT 1"
            )
            let plan = try await explained.rows()
            #expect("\(plan)".contains("index byname (name, modifiedon)"), "\(plan)")
            var counted = try await client.query(
                "SELECT COUNT(*) FROM account WHERE name >= 'E' AND modifiedon >= '2000-01-01'"
            )
            #expect(try await counted.rows() == [[.integer(51_000 + 60 - 1)]])
            database.turn { $0.checkInvariants() }
            await client.close()
            await other.close()
        }
    }

    /// Requests that follow a change on the same connection are answered under the new schema.
    @Test func aConnectionKeepsItsOrder() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            async let change = client.change(document([AttributeDeclaration("colour", "text")]))
            async let ping: Void = client.ping()
            #expect(try await change.isApplied)
            try await ping
            var drop = AttributeDeclaration("colour")
            drop.deletion = .unused
            let old = try await client.schema
            #expect(try await client.change(document([drop])).isApplied)
            var late = Transaction(old)
            try late.create("account", ["name": "Late", "colour": "red"])
            let refusal = await #expect(throws: Refusal.self) { try await client.execute(late) }
            #expect(refusal?.code == .unknownAttribute)
            await client.close()
        }
    }
}
