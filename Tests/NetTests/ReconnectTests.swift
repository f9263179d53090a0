import Engine
import Glibc
import Kith
import Net
import Snapshot
import Testing

@Suite struct ReconnectTests {
    @Test func anUnansweredTransactionIsSentAgainAndTakesEffectOnce() async throws {
        let database = try memoryDatabase(commitsByItself: false)
        let queue = try #require(database.directory.inlineQueue)
        try queue.commit()
        let first = try await Server.start(database, port: 0, logger: quiet)
        var options = ClientOptions(port: first.port, number: 42)
        options.backoff = Backoff(firstMilliseconds: 1, limitMilliseconds: 10, jitter: { 0.5 })
        options.giveUpAfterMilliseconds = 3_600_000
        let client = try await KithClient.connect(options)
        async let answer = client.execute(.accounts(1, .standard))
        // Executed, not durable: the answer is held, and is lost with the server.
        while database.turn({ $0.position }) == database.durablePosition { await Task.yield() }
        let executed = database.turn { $0.position }
        await first.abort()
        let second = try await Server.start(database, port: first.port, logger: quiet)
        try queue.commit()
        let reply = try await answer
        #expect(reply.position == executed)
        #expect(database.turn { $0.position } == executed)
        let account = try #require(Schema.standard.entity(named: "account"))
        #expect(database.currentView.recordCount(account.id) == 1)
        #expect(try await client.read("account", ["name"], reply.operations[0].ids).rows == [[.text("Account 0")]])
        await client.close()
        await second.stop()
        try database.close()
    }

    @Test func callsUnderWayGoOnAfterARestart() async throws {
        let database = try memoryDatabase()
        let account = try #require(Schema.standard.entity(named: "account"))
        var server = try await Server.start(database, port: 0, logger: quiet)
        var options = ClientOptions(port: server.port)
        options.backoff = Backoff(firstMilliseconds: 1, limitMilliseconds: 5)
        options.giveUpAfterMilliseconds = 3_600_000
        let client = try await KithClient.connect(options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for round in 0..<50 {
                        let transaction = try Transaction.accounts(1, .standard, prefix: "T\(task)R\(round)")
                        let reply = try await client.execute(transaction)
                        #expect(reply.operations[0].created == 1)
                    }
                }
            }
            // Four times in the midst of it, as soon as something was done.
            for target in [100, 250, 400, 600] {
                while database.currentView.recordCount(account.id) < target { await Task.yield() }
                await server.abort()
                server = try await Server.start(database, port: server.port, logger: quiet)
            }
            try await group.waitForAll()
        }
        #expect(database.currentView.recordCount(account.id) == 800)
        await client.close()
        await server.stop()
        try database.close()
    }

    @Test func aServerThatStopsAnswersWhatItWasAsked() async throws {
        let database = try memoryDatabase()
        let server = try await Server.start(database, port: 0, logger: quiet)
        let connection = try RawConnection(port: server.port)
        _ = try connection.hello()
        var bytes: [UInt8] = []
        for index in 0..<100 {
            let body = try Transaction.accounts(1, .standard, prefix: "A\(index)").encoded()
            bytes += frame(.execute, UInt64(index + 1), body)
        }
        try connection.send(bytes)
        #expect(try connection.frame()?.header.correlation == 1)
        async let stopped: Void = server.stop()
        // What stops the server needs one of the few threads of the pool, and this one is only lent.
        connection.waitAtMost(milliseconds: 20)
        var answered = 1
        while true {
            do {
                guard let frame = try connection.frame() else { break }
                if try wireCode(frame) == .stopping { continue }
                answered += 1
                #expect(frame.header.correlation == UInt64(answered))
            } catch let error as SocketError where error.number == EAGAIN {
                await Task.yield()
            }
        }
        await stopped
        let account = try #require(Schema.standard.entity(named: "account"))
        #expect(database.currentView.recordCount(account.id) == answered)
        try database.close()
        #expect(throws: SocketError.self) { try RawConnection(port: server.port) }
    }

    @Test func aClientGivesUpInTime() async throws {
        let database = try memoryDatabase()
        let server = try await Server.start(database, port: 0, logger: quiet)
        var options = ClientOptions(port: server.port)
        options.backoff = Backoff(firstMilliseconds: 1, limitMilliseconds: 2)
        options.giveUpAfterMilliseconds = 20
        let client = try await KithClient.connect(options)
        await server.abort()
        await #expect(throws: ClientError.self) { try await client.ping() }
        await client.close()
        await #expect(throws: ClientError.closed) { try await client.ping() }
        await #expect(throws: ClientError.self) { try await KithClient.connect(options) }
        try database.close()
    }

    @Test func aStaleSchemaIsRefreshedOnTheWay() async throws {
        try await withServer { server, database in
            let present = database.schema
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            try connection.send(
                frame(.execute, 3, epoch: present.epoch + 6, Transaction.accounts(1, present).encoded())
            )
            #expect(try wireCode(connection.frame()) == .schemaStale)
            #expect(database.turn { $0.position } == 1)

            let older = Schema(epoch: present.epoch + 6, entities: present.entities, optionSets: present.optionSets)
            let client = try await connect(server)
            let replies = try await withThrowingTaskGroup(of: TransactionReply.self) { group in
                for task in 0..<10 {
                    group.addTask { try await client.execute(.accounts(1, older, prefix: "\(task)")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.count == 10)
            #expect(try await client.schema.epoch == present.epoch)
            await client.close()
        }
    }

    @Test func waitsDoubleUpToTheLimitAndAreShortenedAtRandom() {
        let full = Backoff(firstMilliseconds: 10, limitMilliseconds: 100, jitter: { 0 })
        #expect((1...6).map { full.waitMilliseconds(failures: $0) } == [10, 20, 40, 80, 100, 100])
        let half = Backoff(firstMilliseconds: 10, limitMilliseconds: 100, jitter: { 1 })
        #expect((1...6).map { half.waitMilliseconds(failures: $0) } == [5, 10, 20, 40, 50, 50])
        #expect(full.waitMilliseconds(failures: .max) == 100)
    }
}
