import Engine
import Kith
import Net
import Snapshot
import Synchronization
import Testing

@Suite struct SessionTests {
    @Test func whatWasWrittenIsRead() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            let schema = try await client.schema
            #expect(schema.sameContent(as: .standard))
            let reply = try await client.execute(.accounts(3, schema))
            #expect(reply.operations[0].created == 3)
            #expect(database.durablePosition >= reply.position)
            let ids = reply.operations[0].ids
            let page = try await client.read(
                "account",
                ["name", "accountnumber"],
                ids + [RecordID(rawValue: ids[0].rawValue + 99)]
            )
            #expect(page.rows[1] == [.text("Account 1"), .text("Account-1")])
            #expect(page.versions == [reply.position, reply.position, reply.position, nil])
            await client.close()
        }
    }

    @Test func twoClientsSeeEachOther() async throws {
        try await withServer { server, _ in
            let (a, b) = (try await connect(server), try await connect(server))
            let schema = try await a.schema
            let id = try await a.execute(.accounts(1, schema)).operations[0].ids[0]
            var update = Transaction(schema)
            try update.update(id, ["name": "Changed"])
            let version = try await b.execute(update).position
            let page = try await a.read("account", ["name"], [id])
            #expect(page.rows == [[.text("Changed")]])
            #expect(page.versions == [version])
            await a.close()
            await b.close()
        }
    }

    @Test func refusalsArriveAsTheEngineMadeThem() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let schema = try await client.schema
            let id = try await client.execute(.accounts(1, schema)).operations[0].ids[0]
            var stale = Transaction(schema)
            try stale.update(id, ["name": "x"], expecting: 999)
            let refusal = await #expect(throws: Refusal.self) { try await client.execute(stale) }
            #expect(refusal?.code == .staleVersion)
            #expect(refusal?.record == id)
            #expect(refusal?.entity == "account")
            await client.close()
        }
    }

    @Test func manyTasksShareOneConnection() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            let schema = try await client.schema
            let ids = try await withThrowingTaskGroup(of: [RecordID].self) { group in
                for task in 0..<64 {
                    group.addTask {
                        var ids: [RecordID] = []
                        for round in 0..<20 {
                            let transaction = try Transaction.accounts(1, schema, prefix: "T\(task)R\(round)")
                            ids += try await client.execute(transaction).operations[0].ids
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(ids).count == 64 * 20)
            #expect(database.currentView.recordCount(schema.entity(named: "account")!.id) == 64 * 20)
            #expect(await server.figures.connections == 1)
            await client.close()
        }
    }

    @Test func repliesToPipelinedRequestsComeInOrder() async throws {
        try await withServer { server, database in
            let schema = Schema.standard
            let ids = try await database.execute(.accounts(64, schema)).operations[0].ids
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            let entity = try #require(schema.entity(named: "account"))
            let name = try #require(entity.attributeID("name"))
            var bytes: [UInt8] = []
            for (index, id) in ids.enumerated() {
                bytes += frame(.read, UInt64(index), RecordPage.request(entity, [name], [id]))
            }
            try connection.send(bytes)
            for index in ids.indices {
                let (header, body) = try #require(try connection.frame())
                #expect(header.correlation == UInt64(index))
                let page = try body.withUnsafeBytes {
                    try RecordPage(entity, [name], count: 1, in: schema, decoding: $0)
                }
                #expect(page.rows == [[.text("Account \(index)")]])
            }
        }
    }

    @Test func aFrameMayComeByteByByte() async throws {
        try await withServer { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            for byte in frame(.schema, 1) + frame(.ping, 2) { try connection.send([byte]) }
            #expect(try connection.frame()?.header.operation == WireOperation.schema.rawValue)
            #expect(try connection.frame()?.header.correlation == 2)
        }
    }

    @Test func noReplyLeavesBeforeItsPositionIsDurable() async throws {
        try await withServer(commitsByItself: false) { server, database in
            let queue = try #require(database.directory.inlineQueue)
            try queue.commit()
            let writer = try RawConnection(port: server.port)
            let reader = try RawConnection(port: server.port, timeoutMilliseconds: 100)
            _ = try writer.hello()
            _ = try reader.hello()
            try reader.send(frame(.ping, 1))
            #expect(try reader.frame()?.header.correlation == 1)

            let transaction = try Transaction.accounts(1, .standard).encoded()
            try writer.send(frame(.execute, 2, transaction))
            // The reader asks when the write has been executed; what it would see is not durable.
            while database.turn({ $0.position }) == database.durablePosition { await Task.yield() }
            try reader.send(frame(.ping, 3))
            #expect(throws: SocketError.self) { try reader.frame() }
            try queue.commit()
            #expect(try reader.frame()?.header.correlation == 3)
            #expect(try writer.frame()?.header.correlation == 2)
        }
    }

    @Test func aFailedLogEndsTheConnectionsAndAnswersNothing() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try memoryDatabase(storage)
        let server = try await Server.start(database, port: 0, logger: quiet)
        let connection = try RawConnection(port: server.port)
        let bystander = try RawConnection(port: server.port)
        _ = try connection.hello()
        _ = try bystander.hello()
        storage.cutPower(afterChanges: 0)
        try connection.send(frame(.execute, 2, try Transaction.accounts(1, .standard).encoded()))
        #expect(try wireCode(connection.frame()) == .halted)
        #expect(try connection.frame() == nil)
        #expect(try wireCode(bystander.frame()) == .halted)
        await server.abort()
        #expect(throws: (any Error).self) { try database.close() }
    }

    @Test func whenTheLogIsFullTheServerWaitsInsteadOfRefusing() async throws {
        try await withServer(commitsByItself: false) { server, database in
            let queue = try #require(database.directory.inlineQueue)
            try queue.commit()
            let connection = try RawConnection(port: server.port, timeoutMilliseconds: 20)
            _ = try connection.hello()
            // Three megabytes, of which the queue of a log with segments of four takes two.
            let count = 450
            for index in 0..<count {
                let body = try Transaction.accounts(200, .standard, prefix: "B\(index)").encoded()
                try connection.send(frame(.execute, UInt64(index), body))
            }
            while !queue.isFull { await Task.yield() }
            // From here on the test is the committer, whenever no answer comes.
            var answered = 0
            while answered < count {
                do {
                    let answer = try connection.frame()
                    #expect(answer?.header.correlation == UInt64(answered))
                    #expect(try failure(answer) == nil)
                    answered += 1
                } catch is SocketError {
                    try queue.commit()
                }
            }
        }
    }

    @Test func theActingUserIsNamedInTheHello() async throws {
        try await withServer { server, database in
            var transaction = Transaction(.standard)
            try transaction.createRecord("systemuser", [("fullname", "Ada"), ("domainname", "ada@example.org")])
            let user = try await database.execute(transaction).operations[0].ids[0]
            var options = ClientOptions(port: server.port)
            options.user = "ADA@example.org"
            let client = try await KithClient.connect(options)
            let id = try await client.execute(.accounts(1, client.schema)).operations[0].ids[0]
            #expect(try await client.read("account", ["createdby"], [id]).rows == [[.reference(user)]])
            await client.close()
            options.user = "nobody"
            let error = await #expect(throws: ClientError.self) { try await KithClient.connect(options) }
            guard case .server(let wire) = error else { return #expect(Bool(false), "\(String(describing: error))") }
            #expect(wire.code == .unknownUser)
        }
    }

    @Test func snapshotsAreMadeBesideTheWriter() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let position = try await client.execute(.accounts(10, client.schema)).position
            #expect(try await client.snapshot() == position)
            await client.close()
        }
    }

    @Test func theStatusSaysWhatIsThere() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            let position = try await client.execute(.accounts(10, client.schema)).position
            let status = try await client.status()
            // Idle memory is the whole process's, and other tests run beside this one.
            let idle = #/"idleBytes":[0-9]+,/#
            #expect(status.contains(idle))
            // The server's own members come behind those of the database.
            let own = database.status.json.replacing(idle, with: "").dropLast()
            #expect(status.replacing(idle, with: "").hasPrefix(own))
            #expect(status.contains("\(position)"))
            await client.close()
        }
    }

    @Test func aBulkWriterKeepsOrderAndReportsEachAnswer() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            let schema = try await client.schema
            let reports = Mutex<[(UInt64, Bool)]>([])
            let writer = BulkWriter(client, inFlightMax: 4) { tag, result in
                let isDone = if case .success(let reply) = result { reply.operations[0].created == 10 } else { false }
                reports.withLock { $0.append((tag, isDone)) }
            }
            for tag in 0..<100 {
                // Every tenth repeats a key and is refused.
                let prefix = tag % 10 == 9 ? "P0" : "P\(tag)"
                try await writer.write(.accounts(10, schema, prefix: prefix), tag: UInt64(tag))
            }
            await writer.finish()
            #expect(reports.withLock { $0.map(\.0) } == Array(0..<100))
            #expect(reports.withLock { $0.map(\.1) } == (0..<100).map { $0 % 10 != 9 })
            await client.close()
        }
    }

    @Test func onlyLoopbackIsServed() async throws {
        let database = try memoryDatabase()
        for host in ["0.0.0.0", "192.168.1.1", "::", "example.org"] {
            await #expect(throws: ServerError.notLoopback(host)) {
                try await Server.start(database, host: host, port: 0)
            }
        }
        try database.close()
    }
}
