import Engine
import Kith
import Net
import Testing

/// Transactions tried out on a server: answered as in earnest, and gone.
@Suite struct RehearsalTests {
    private func upsert(_ schema: Schema, _ numbers: Range<Int>, revenue: Int64) throws -> Transaction {
        var batch = try RecordBatch(
            schema,
            .upsert,
            "account",
            attributes: ["accountnumber", "name", "revenue"],
            key: "accountnumber"
        )
        for number in numbers {
            try batch.append([.text("Account-\(number)"), .text("Account \(number)"), .integer(revenue)])
        }
        var transaction = Transaction(schema)
        transaction.isIndependent = true
        transaction.append(batch)
        return transaction
    }

    private func wireCode(_ error: ClientError?) -> WireError.Code? {
        if case .server(let error) = error { error.code } else { nil }
    }

    @Test func answersAreThoseThatTheServerWouldGive() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(.accounts(10, client.schema))
            let before = database.turn { ($0.position, $0.digest) }
            let session = try await client.rehearsal()
            // Later transactions find, by their keys, records that earlier ones made.
            for (numbers, revenue, created, updated, unchanged) in [
                (5..<20, Int64(1), 10, 5, 0), (0..<20, 1, 0, 5, 15), (0..<20, 1, 0, 0, 20), (18..<22, 2, 2, 2, 0),
            ] {
                let reply = try await session.execute(try upsert(client.schema, numbers, revenue: revenue))
                #expect(reply.operations[0].created == created)
                #expect(reply.operations[0].updated == updated)
                #expect(reply.operations[0].unchanged == unchanged)
            }
            let reply = try await session.execute(try upsert(client.schema, 0..<22, revenue: 7))
            let page = try await session.read("account", ["revenue"], reply.operations[0].ids)
            #expect(page.rows.allSatisfy { $0[0] == .decimal(Decimal64(units: 70_000, scale: 4)) })

            let after = database.turn { ($0.position, $0.digest) }
            #expect(after == before, "nothing of it is in the data")
            var count = try await client.query("SELECT COUNT(*) FROM account")
            #expect(try await count.rows() == [[.integer(10)]])
            await client.close()
        }
    }

    @Test func aRehearsalSeesNothingThatComesLater() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let session = try await client.rehearsal()
            _ = try await client.execute(.accounts(10, client.schema))
            let reply = try await session.execute(try upsert(client.schema, 0..<10, revenue: 1))
            #expect(reply.operations[0].created == 10)
            await client.close()
        }
    }

    /// Both change the same records, blocks and indexes at the same time; neither notices the other.
    @Test func aRehearsalRunsBesideTheWriter() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(.accounts(1_000, client.schema))
            let session = try await client.rehearsal()
            let schema = try await client.schema
            let rounds: Int64 = 40
            let tried = Task {
                for round in 1...rounds {
                    _ = try await session.execute(try upsert(schema, 0..<1_500, revenue: -round))
                }
            }
            for round in 1...rounds {
                _ = try await client.execute(try upsert(schema, 0..<1_200, revenue: round))
            }
            try await tried.value
            var sums = try await client.query("SELECT COUNT(*), MIN(revenue), MAX(revenue) FROM account")
            let live = Decimal64(units: rounds * 10_000, scale: 4)
            #expect(try await sums.rows() == [[.integer(1_200), .decimal(live), .decimal(live)]])
            database.turn { $0.checkInvariants() }
            let reply = try await session.execute(try upsert(schema, 0..<1_500, revenue: -rounds))
            #expect(reply.operations[0].unchanged == 1_500)
            await client.close()
        }
    }

    @Test func refusalsAreThoseOfTheEngine() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let session = try await client.rehearsal()
            _ = try await session.execute(.accounts(1, client.schema))
            let refusal = await #expect(throws: Refusal.self) { try await session.execute(.accounts(1, client.schema)) }
            #expect(refusal?.code == .duplicateKey)
            await client.close()
        }
    }

    @Test func rehearsalsAreBoundedInNumberAndSize() async throws {
        var limits = WireLimits.patient
        limits.rehearsalsMax = 1
        limits.rehearsalBytesMax = 100 << 10
        try await withServer(limits: limits) { server, _ in
            let client = try await connect(server)
            let other = try await connect(server)
            var session: (any Session)? = try await client.rehearsal()
            #expect(
                wireCode(await #expect(throws: ClientError.self) { try await client.rehearsal() }) == .rehearsalLimit
            )
            #expect(
                wireCode(await #expect(throws: ClientError.self) { try await other.rehearsal() }) == .rehearsalLimit
            )
            let refusal = await #expect(throws: Refusal.self) {
                for round in 0..<100 {
                    _ = try await session?.execute(.accounts(100, client.schema, prefix: "\(round)"))
                }
            }
            #expect(refusal?.code == .limitExceeded)
            // Given back with the last reference, and with the connection.
            session = nil
            try await client.ping()
            session = try await other.rehearsal()
            await other.close()
            for _ in 0..<1_000 {
                session = try? await client.rehearsal()
                if session != nil { break }
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(session != nil)
            await client.close()
        }
    }

    @Test func anUnusedRehearsalExpires() async throws {
        var limits = WireLimits.patient
        limits.cursorLifetimeMilliseconds = 20
        try await withServer(limits: limits) { server, _ in
            let client = try await connect(server)
            let session = try await client.rehearsal()
            var error: ClientError?
            for _ in 0..<1_000 where error == nil {
                try await Task.sleep(for: .milliseconds(60))
                do {
                    _ = try await session.read("account", ["name"], [])
                } catch let failure as ClientError {
                    error = failure
                }
            }
            #expect(wireCode(error) == .rehearsalUnknown)
            await client.close()
        }
    }

    /// The least change of a record copies whole blocks, which take a thousand times the memory of what it writes.
    @Test func copiesOfBlocksAreCounted() async throws {
        var limits = WireLimits.patient
        limits.rehearsalBytesMax = 512 << 10
        try await withServer(limits: limits) { server, _ in
            let client = try await connect(server)
            for chunk in 0..<4 {
                _ = try await client.execute(.accounts(8_192, client.schema, prefix: "Chunk \(chunk)"))
            }
            let (session, schema) = (try await client.rehearsal(), try await client.schema)
            var executed = 0
            var refusal: Refusal?
            while refusal == nil, executed < 100 {
                var batch = try RecordBatch(
                    schema,
                    .upsert,
                    "account",
                    attributes: ["accountnumber", "name"],
                    key: "accountnumber"
                )
                try batch.append([.text("Chunk \(executed % 4)-\(executed)"), .text("Changed")])
                var transaction = Transaction(schema)
                transaction.append(batch)
                do {
                    _ = try await session.execute(transaction)
                    executed += 1
                } catch let error as Refusal {
                    refusal = error
                }
            }
            #expect(refusal?.code == .limitExceeded)
            // Three columns of eight bytes a chunk at least, with the pages and nodes of their indexes.
            #expect((1...4).contains(executed), "\(executed) transactions")
            await client.close()
        }
    }

    /// However often it is used.
    @Test func aRehearsalHasALifetime() async throws {
        var limits = WireLimits.patient
        limits.rehearsalLifetimeMilliseconds = 100
        try await withServer(limits: limits) { server, _ in
            let client = try await connect(server)
            let session = try await client.rehearsal()
            var error: ClientError?
            let end = ContinuousClock.now + .seconds(30)
            while error == nil, ContinuousClock.now < end {
                do {
                    _ = try await session.read("account", ["name"], [])
                } catch let failure as ClientError {
                    error = failure
                }
            }
            #expect(wireCode(error) == .rehearsalUnknown)
            _ = try await client.rehearsal()
            await client.close()
        }
    }

    @Test func hostileRequestsAreRefused() async throws {
        try await withServer { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            let nothing = [UInt8](repeating: 0, count: 8)
            let bodies: [(WireOperation, [UInt8])] = [
                (.openRehearsal, [1]), (.rehearse, []), (.rehearse, nothing), (.rehearseRead, nothing),
                (.closeRehearsal, []), (.closeRehearsal, nothing),
            ]
            for (index, (operation, body)) in bodies.enumerated() {
                try connection.send(frame(operation, UInt64(index), body))
                #expect(try failure(connection.frame()) != nil, "\(operation) \(body)")
            }
            try connection.send(frame(.openRehearsal, 50))
            let opened = try #require(try connection.frame())
            #expect(opened.header.kind == FrameKind.reply.rawValue)
            let handle = Array(opened.body.prefix(8))
            let tails: [[UInt8]] = [[], [255], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 255, 255, 9]]
            for (index, tail) in tails.enumerated() {
                for operation in [WireOperation.rehearse, .rehearseRead] {
                    try connection.send(frame(operation, UInt64(60 + index), handle + tail))
                    #expect(try failure(connection.frame()) != nil, "\(operation) \(tail)")
                }
            }
            try connection.send(frame(.closeRehearsal, 80, handle))
            #expect(try failure(connection.frame()) == nil)
            try connection.send(frame(.closeRehearsal, 81, handle))
            #expect(try Self.code(connection.frame()) == .rehearsalUnknown)
        }
    }

    private static func code(_ answer: (header: WireHeader, body: [UInt8])?) throws -> WireError.Code? {
        if case .wire(let error) = try failure(answer) { error.code } else { nil }
    }
}
