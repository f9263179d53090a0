import Engine
import FetchXML
import Testing

/// What the operators that ask for teams find.
@Suite struct TeamTests {
    private let engine = Engine(schema: .standard)

    private func run(_ build: (inout Transaction) throws -> Void) throws -> [RecordID] {
        var transaction = Transaction(engine.schema)
        try build(&transaction)
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try transaction.encoded().withUnsafeBytes {
            try engine.execute($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
        }
        return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations.flatMap(\.ids)
    }

    private func names(_ operatorName: String, of user: RecordID) throws -> [String] {
        let document = """
            <fetch><entity name="account"><attribute name="name"/><order attribute="name"/>
            <filter><condition attribute="ownerid" operator="\(operatorName)"/></filter></entity></fetch>
            """
        let query = try FetchDocument(document, schema: engine.schema).query
        let environment = QueryEnvironment(user: user)
        let result = try PreparedQuery(query, schema: engine.schema).execute(on: engine.view, environment: environment)
        return result.rows.map { row in if case .text(let name) = row[0] { name } else { "" } }
    }

    @Test func ownersAreUsersAndTheirTeams() throws {
        let ids = try run { t in
            let boss = try t.create("systemuser", ["fullname": "Boss"])
            let ann = try t.create("systemuser", ["fullname": "Ann", "parentsystemuserid": .reference(boss)])
            let north = try t.create("team", ["name": "North"])
            let south = try t.create("team", ["name": "South"])
            try t.create("team", ["name": "Empty"])
            for (team, user) in [(north, boss), (south, ann), (south, boss)] {
                try t.create("teammembership", ["teamid": .reference(team), "systemuserid": .reference(user)])
            }
        }
        let (boss, ann, north, south, empty) = (ids[0], ids[1], ids[2], ids[3], ids[4])
        let owners = [
            ("by Boss", boss), ("by Ann", ann), ("by North", north), ("by South", south), ("by Empty", empty),
        ]
        _ = try run { t in
            for (name, owner) in owners {
                try t.create("account", ["name": .text(name), "ownerid": .reference(owner)])
            }
        }
        #expect(try names("eq-userteams", of: ann) == ["by South"])
        #expect(try names("eq-useroruserteams", of: ann) == ["by Ann", "by South"])
        #expect(try names("eq-useroruserhierarchyandteams", of: ann) == ["by Ann", "by South"])
        #expect(try names("eq-userteams", of: boss) == ["by North", "by South"])
        #expect(try names("eq-useroruserteams", of: boss) == ["by Boss", "by North", "by South"])
        // Who leaves a team does not see its records by it; the boss sees what Ann's teams own.
        let gone = try PreparedQuery(
            "SELECT teammembershipid FROM teammembership WHERE systemuserid = ?",
            schema: engine.schema
        ).execute(on: engine.view, parameters: [.reference(boss)]).rows
        for case .reference(let membership)? in gone.map(\.first) { _ = try run { try $0.delete(membership) } }
        #expect(try names("eq-userteams", of: boss) == [])
        #expect(try names("eq-useroruserhierarchyandteams", of: boss) == ["by Ann", "by Boss", "by South"])
        // A pair stands once.
        #expect(throws: Refusal.self) {
            _ = try run {
                try $0.create("teammembership", ["teamid": .reference(south), "systemuserid": .reference(ann)])
            }
        }
    }
}
