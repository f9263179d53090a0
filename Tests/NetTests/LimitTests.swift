import Engine
import Kith
import Net
import Snapshot
import Testing

/// Each bound of a connection is reached, named in the answer, and gone again when room was made: the connection goes on.
@Suite struct LimitTests {
    private func query(_ sql: String, rowsPerBlock: UInt32 = 0) -> [UInt8] {
        var body = ByteWriter()
        QueryForm.sql(sql).encode(into: &body)
        body.u32(rowsPerBlock)
        QueryArguments().encode(into: &body)
        return body.bytes
    }

    /// A query over 10^12 combinations of rows, which ends when its client goes. Two of them keep both threads of the pool.
    private var endless: [UInt8] {
        let joins = ["b", "c", "d"].map { "JOIN account \($0) ON a.name <> \($0).name" }.joined(separator: " ")
        return query("SELECT COUNT(*) FROM account a \(joins)")
    }

    private func withAccounts(
        _ count: Int,
        limits: WireLimits = .patient,
        _ body: (RawConnection, Server, Database) async throws -> Void
    ) async throws {
        try await withServer(limits: limits) { server, database in
            _ = try await database.execute(.accounts(count, .standard))
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            try await body(connection, server, database)
        }
    }

    @Test func callsUnderWayAreBounded() async throws {
        var limits = WireLimits.patient
        limits.callsMax = 3
        try await withAccounts(1_000, limits: limits) { connection, server, _ in
            let busy = frame(.query, 1, endless) + frame(.query, 2, endless)
            try connection.send(busy + frame(.status, 3) + frame(.status, 4) + frame(.ping, 5))
            let refused = try connection.frame()
            #expect(refused?.header.correlation == 4)
            #expect(try wireCode(refused) == .overloaded)
            #expect(try connection.frame()?.header.correlation == 5)
        }
    }

    /// While a block of a cursor, or a request of a rehearsal, is under way, another one of the same is refused.
    @Test func aCursorAndARehearsalServeOneRequestAtATime() async throws {
        try await withAccounts(1_000) { connection, server, _ in
            try connection.send(frame(.query, 1, query("SELECT name FROM account", rowsPerBlock: 10)))
            let opened = try #require(try connection.frame())
            // Descriptions of one column: a count, its name with a length, four bytes; then the block.
            let cursor = Array(opened.body[14..<22])
            try connection.send(frame(.openRehearsal, 2))
            let rehearsal = Array(try #require(try connection.frame()).body.prefix(8))
            let busy = try RawConnection(port: server.port)
            _ = try busy.hello()
            try busy.send(frame(.query, 1, endless) + frame(.query, 2, endless) + frame(.ping, 3))
            #expect(try busy.frame()?.header.correlation == 3)
            let entity = try #require(Schema.standard.entity(named: "account"))
            let read = rehearsal + RecordPage.request(entity, [], [])
            try connection.send(
                frame(.fetch, 4, cursor) + frame(.fetch, 5, cursor) + frame(.closeCursor, 6, cursor)
                    + frame(.rehearseRead, 7, read) + frame(.rehearseRead, 8, read)
            )
            for correlation in [5, 6, 8] as [UInt64] {
                let refused = try connection.frame()
                #expect(refused?.header.correlation == correlation)
                #expect(try wireCode(refused) == .overloaded)
            }
        }
    }

    @Test func statementsAreBounded() async throws {
        var limits = WireLimits.patient
        limits.statementsMax = 2
        try await withAccounts(1, limits: limits) { connection, _, _ in
            var form = ByteWriter()
            QueryForm.sql("SELECT name FROM account").encode(into: &form)
            var statements: [[UInt8]] = []
            for index in 0..<2 as Range<UInt64> {
                try connection.send(frame(.prepare, index, form.bytes))
                statements.append(Array(try #require(try connection.frame()).body.prefix(8)))
            }
            try connection.send(frame(.prepare, 2, form.bytes))
            #expect(try wireCode(connection.frame()) == .statementLimit)
            try connection.send(frame(.closePrepared, 3, statements[0]))
            #expect(try failure(connection.frame()) == nil)
            try connection.send(frame(.prepare, 4, form.bytes))
            #expect(try failure(connection.frame()) == nil)
        }
    }

    /// What one query of a client may keep is the server's bound, not the engine's.
    @Test func aQueryIsBoundedInMemory() async throws {
        var limits = WireLimits.patient
        limits.queryBytesMax = 1 << 20
        try await withAccounts(1_000, limits: limits) { connection, _, _ in
            let sql = "SELECT a.name, b.name FROM account a JOIN account b ON TRUE ORDER BY a.name"
            try connection.send(frame(.query, 1, query(sql)))
            guard case .query(let error) = try failure(connection.frame()) else {
                Issue.record("no error of a query")
                return
            }
            #expect(error.code == .budget && error.message.contains("1048576 bytes"), "\(error)")
        }
    }

    /// An answer that no frame holds is refused, a read's before its bytes are put together.
    @Test func repliesFitAFrame() async throws {
        try await withServer { server, database in
            let text = Value.text(String(repeating: "x", count: 16_000))
            var transaction = Transaction(.standard)
            for row in 0..<64 {
                try transaction.create("account", ["name": .text("\(row)"), "description": text])
            }
            let ids = try await database.execute(transaction).operations.flatMap(\.ids)
            let connection = try RawConnection(port: server.port, receiveBytes: 1 << 20)
            _ = try connection.hello()
            // 1,200 texts of 16,000 bytes are more than 16 MiB, 900 are less.
            let sql = "SELECT a.description FROM account a JOIN account b ON TRUE LIMIT 1200"
            try connection.send(frame(.query, 1, query(sql)))
            #expect(try wireCode(connection.frame()) == .replyTooLarge)
            try connection.send(frame(.query, 2, query(sql, rowsPerBlock: 900)))
            #expect(try connection.frame()?.header.count == 900)
            let entity = try #require(Schema.standard.entity(named: "account"))
            let description = try #require(entity.attributeID("description"))
            let many = (0..<1_200).map { ids[$0 % ids.count] }
            try connection.send(frame(.read, 3, RecordPage.request(entity, [description], many)))
            guard case .refusal(let refusal) = try failure(connection.frame()) else {
                Issue.record("a read of 19 MB was answered")
                return
            }
            #expect(refusal.code == .limitExceeded)
            try connection.send(frame(.read, 4, RecordPage.request(entity, [description], Array(many.prefix(900)))))
            #expect(try failure(connection.frame()) == nil)
        }
    }

    /// Who was told the last error and does not hang up is hung up on.
    @Test func aClosedConnectionDoesNotLinger() async throws {
        var limits = WireLimits.patient
        limits.cursorLifetimeMilliseconds = 20
        try await withServer(limits: limits) { server, _ in
            let connection = try RawConnection(port: server.port)
            try connection.send([UInt8](repeating: 7, count: 64))
            #expect(try wireCode(connection.frame()) == .malformedFrame)
            for _ in 0..<2_000 where await server.figures.connections > 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(await server.figures.connections == 0)
            withExtendedLifetime(connection) {}
        }
    }

    /// The server remembers 1,024 replies of a client: a client that had more transactions without an answer could not ask for
    /// all of them again. It keeps the rest to itself, as a bulk writer keeps its caller.
    @Test(arguments: [false, true])
    func aClientBoundsWhatIsUnderWay(isBulk: Bool) async throws {
        try await withServer(commitsByItself: false) { server, database in
            let queue = try #require(database.directory.inlineQueue)
            try queue.commit()
            let client = try await connect(server)
            let schema = try await client.schema
            let start = database.durablePosition
            let (calls, most) = isBulk ? (20, 4) : (600, 512)
            let writing = Task {
                if isBulk {
                    let writer = BulkWriter(client, inFlightMax: most) { _, _ in }
                    for call in 0..<calls { try await writer.write(.accounts(1, schema, prefix: "\(call)")) }
                    return await writer.finish()
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for call in 0..<calls {
                        group.addTask { _ = try await client.execute(.accounts(1, schema, prefix: "\(call)")) }
                    }
                    try await group.waitForAll()
                }
            }
            while database.turn({ $0.position }) < start + UInt64(most) { await Task.yield() }
            // Time for one too many to arrive.
            try await Task.sleep(for: .milliseconds(50))
            #expect(database.turn { $0.position } == start + UInt64(most))
            while database.durablePosition < start + UInt64(calls) {
                try queue.commit()
                await Task.yield()
            }
            try await writing.value
            await client.close()
        }
    }
}
