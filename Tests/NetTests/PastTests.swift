import Engine
import Kith
import Net
import Snapshot
import Testing

/// Queries about the records as they were, over the wire.
@Suite struct PastTests {
    private func code(_ body: () async throws -> Void) async -> WireError.Code? {
        do {
            try await body()
            return nil
        } catch ClientError.server(let error) {
            return error.code
        } catch {
            return nil
        }
    }

    @Test func aClientSeesWhatWas() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(try .accounts(3, database.schema))
            let then = database.durablePosition
            _ = try await client.execute(try .accounts(4, database.schema, prefix: "Later"))
            let sql = "SELECT name FROM account ORDER BY name"
            var past = try await client.query(sql, asOf: .position(then))
            #expect(
                try await past.rows().map { $0[0] } == [.text("Account 0"), .text("Account 1"), .text("Account 2")]
            )
            var present = try await client.query(sql, asOf: .latest)
            #expect(try await present.rows().count == 7)
            // Parameters, and blocks that are fetched.
            var named = try await client.query(
                "SELECT name FROM account WHERE name > :least ORDER BY name",
                ["least": "Account 0"],
                asOf: .position(then),
                rowsPerBlock: 1
            )
            #expect(try await named.rows().count == 2)
            await client.close()
        }
    }

    @Test func whatIsNotThereIsRefusedByName() async throws {
        try await withServer { server, database in
            let client = try await connect(server)
            _ = try await client.execute(try .accounts(3, database.schema))
            let position = database.durablePosition
            let sql = "SELECT name FROM account ORDER BY name"
            for point in [RestorePoint.position(position + 1), .time(.max), .time(0)] {
                #expect(await code { _ = try await client.query(sql, asOf: point) } == .pastRefused, "\(point)")
            }
            await #expect(throws: QueryError.self) {
                try await client.query("SELECT nothing FROM account", asOf: .position(position))
            }
            // One moment at a time: while rows of one are to be fetched, another is refused.
            var open = try await client.query(sql, asOf: .position(position), rowsPerBlock: 1)
            #expect(await code { _ = try await client.query(sql, asOf: .position(position - 1)) } == .pastRefused)
            #expect(try await client.query(sql, asOf: .position(position)).columns.count == 1)
            #expect(try await open.rows().count == 3)
            await client.close()
        }
    }

    @Test func damagedRequestsAreRefused() async throws {
        try await withServer { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            var writer = ByteWriter()
            RestorePoint.position(1).encode(into: &writer)
            for (index, body) in [[], [3] + Array(writer.bytes.dropFirst()), writer.bytes].enumerated() {
                try connection.send(frame(.queryAsOf, UInt64(index), body))
                #expect(try wireCode(try connection.frame()) == .malformed)
            }
        }
    }
}
