import CRM
import Engine
import Kith
import Net
import Testing

/// Messages over the wire: once, whoever sends how often.
@Suite struct MessageTests {
    /// What ten clients want of one record at once, as a message or as messages that exclude each other.
    struct Race: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let entity: String
        let values: [(String, Value)]
        /// What one client of ten sends.
        let messages: [@Sendable (RecordID) -> any Message]
        /// What the others are told.
        let words: String
        /// Counts what was done.
        let query: String
    }

    private static let days: [(String, Value)] = [("effectivefrom", .date(20_000)), ("effectiveto", .date(30_000))]

    static let races: [Race] = [
        Race(
            testDescription: "a lead is qualified once",
            entity: "lead",
            values: [("lastname", "Frisch"), ("companyname", "Acme")],
            messages: [{ QualifyLead($0, account: true, contact: true) }],
            words: "to qualify it, it must be Open",
            query: "SELECT COUNT(*) FROM account JOIN contact ON contact.parentcustomerid = account.accountid"
        ),
        Race(
            testDescription: "an opportunity is won once",
            entity: "opportunity",
            values: [("name", "Rollout"), ("estimatedvalue", 100)],
            messages: [{ WinOpportunity($0) }],
            words: "is Won; to win it, it must be Open",
            query: "SELECT COUNT(*) FROM opportunityclose"
        ),
        Race(
            testDescription: "an opportunity is won or lost",
            entity: "opportunity",
            values: [("name", "Rollout"), ("estimatedvalue", 100)],
            messages: [{ WinOpportunity($0) }, { LoseOpportunity($0) }],
            words: "it must be Open",
            query: "SELECT COUNT(*) FROM opportunityclose"
        ),
        Race(
            testDescription: "a quote is offered once",
            entity: "quote",
            values: [("name", "Offer")] + days,
            messages: [{ ActivateQuote($0) }],
            words: "is Active; to activate it, it must be Draft",
            query: "SELECT COUNT(*) FROM quote WHERE statecode = 'Active'"
        ),
        Race(
            testDescription: "a quote is won or closed",
            entity: "quote",
            values: [("name", "Offer"), ("statecode", "Active")] + days,
            messages: [{ WinQuote($0) }, { CloseQuote($0) }],
            words: "it must be Active",
            query: "SELECT COUNT(*) FROM quoteclose"
        ),
    ]

    @Test(arguments: races)
    func tenClientsAtOnce(_ race: Race) async throws {
        try await withServer { server, database in
            var transaction = Transaction(database.schema)
            if race.entity == "quote" {
                let customer = try transaction.create("account", ["name": "Acme"])
                try transaction.createRecord("quote", race.values + [("customerid", .reference(customer))])
            } else {
                try transaction.createRecord(race.entity, race.values)
            }
            let made = try await database.execute(transaction).operations
            let id = try #require(made.last?.ids.first)
            let refusals = await withTaskGroup(of: (any Error)?.self) { group in
                for client in 1...10 {
                    group.addTask {
                        do {
                            let message = race.messages[client % race.messages.count](id)
                            let client = try await connect(server, number: UInt64(client))
                            defer { Task { await client.close() } }
                            try await client.perform(message)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [(any Error)?]()) { $0.append($1) }
            }
            #expect(refusals.count { $0 == nil } == 1)
            for case let refusal? in refusals {
                let refusal = try #require(refusal as? Refusal)
                #expect(refusal.rule == "state" && refusal.message.contains(race.words), "\(refusal.message)")
            }
            #expect(try await database.query(race.query).rows == [[.integer(1)]])
        }
    }

    /// A rehearsal lists what the message then does, and changes nothing itself.
    @Test func aRehearsalIsWhatHappens() async throws {
        try await withServer { server, database in
            let master = try await database.record("account", ["name": "Acme AG"])
            let other = try await database.record("account", ["name": "ACME", "telephone1": "222"])
            let child = try await database.record("opportunity", ["name": "Rollout", "customerid": .reference(other)])
            let client = try await connect(server)
            let merge = MergeRecords(master, from: other, fill: true)
            let position = database.turn { $0.position }
            let (here, there) = (try await database.rehearse(merge), try await client.rehearse(merge))
            #expect(here == there && !here.isCut)
            #expect(database.turn { $0.position } == position)
            let moved = here.records.first { $0.record == child && $0.kind == .updated }?.changes ?? []
            #expect(moved.map(\.attribute) == ["customerid"])
            #expect(moved.first?.old == .reference(other) && moved.first?.new == .reference(master))
            try await client.perform(merge)
            for record in Set(here.records.map(\.record)) {
                let changes = here.records.filter { $0.record == record }.flatMap(\.changes)
                #expect(try await client.history(of: record, limit: 1).steps.first?.changes == changes)
            }
            await #expect(throws: Refusal.self) { try await client.rehearse(merge) }
            await client.close()
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
