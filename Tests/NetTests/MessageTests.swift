import CRM
import Engine
import Kith
import Net
import Testing

/// Messages over the wire: once, whoever sends how often.
@Suite struct MessageTests {
    @Test func tenClientsWinOneOpportunity() async throws {
        try await withServer { server, database in
            let id = try await database.record("opportunity", ["name": "Rollout", "estimatedvalue": 100])
            let outcomes = await withTaskGroup(of: String.self) { group in
                for client in 1...10 {
                    group.addTask {
                        do {
                            let client = try await connect(server, number: UInt64(client))
                            defer { Task { await client.close() } }
                            try await client.perform(WinOpportunity(id))
                            return "won"
                        } catch let refusal as Refusal {
                            return refusal.rule
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(outcomes.sorted() == Array(repeating: "state", count: 9) + ["won"])
            #expect(try await database.query("SELECT count(*) FROM opportunityclose").rows == [[.integer(1)]])
        }
    }

    /// The same request twice, as after a lost connection: answered twice, done once.
    @Test func aRetryIsAnsweredByTheFirstReply() async throws {
        try await withServer { server, database in
            let lead = try await database.record("lead", ["lastname": "Frisch", "companyname": "Acme"])
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            let message = QualifyLead(lead, account: true).request.encoded(key: RequestKey(client: 5, request: 1))
            var replies: [[UInt8]] = []
            for correlation in [UInt64(1), 2] {
                try connection.send(frame(.perform, correlation, message))
                let answer = try #require(try connection.frame())
                #expect(answer.header.kind == FrameKind.reply.rawValue && answer.header.correlation == correlation)
                replies.append(answer.body)
            }
            #expect(replies[0] == replies[1])
            #expect(try await database.query("SELECT count(*) FROM account").rows == [[.integer(1)]])
        }
    }

    /// A transaction that says it is a message is none.
    @Test func aTransactionCannotPretend() async throws {
        try await withServer { server, database in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            var transaction = Transaction(database.schema)
            transaction.message = 35
            try transaction.create("account", ["name": "x"])
            try connection.send(frame(.execute, 1, epoch: database.schema.epoch, transaction.encoded()))
            guard case .refusal(let refusal)? = try failure(try connection.frame()) else {
                Issue.record("not refused")
                return
            }
            #expect(refusal.code == .malformed)
            // Garbage is refused, and the connection lives on.
            try connection.send(frame(.perform, 2, [9, 9, 9]))
            #expect(try failure(try connection.frame()) != nil)
            try connection.send(frame(.ping, 3))
            #expect(try connection.frame()?.header.kind == FrameKind.reply.rawValue)
        }
    }
}

extension Database {
    fileprivate func record(_ entity: String, _ values: KeyValuePairs<String, Value>) async throws -> RecordID {
        var transaction = Transaction(schema)
        try transaction.create(entity, values)
        return try await execute(transaction).operations[0].ids[0]
    }
}
