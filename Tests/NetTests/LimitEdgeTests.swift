import Engine
import Kith
import Net
import Testing

/// What is as large as a limit allows is taken, and one more is refused: frames, operations, rows.
@Suite struct LimitEdgeTests {
    /// A ping whose body, which it should not have, has so many bytes.
    private func ping(_ bodyBytes: Int) -> [UInt8] { frame(.ping, 1, [UInt8](repeating: 0, count: bodyBytes)) }

    @Test func aFrameBeforeTheHello() async throws {
        try await withServer { server, _ in
            // What is wrong with the first is its operation, not its length.
            let edge = try RawConnection(port: server.port)
            try edge.send(ping(WireLimits.helloBodyBytesMax))
            #expect(try wireCode(edge.frame()) == .helloRequired)
            let beyond = try RawConnection(port: server.port)
            try beyond.send(ping(WireLimits.helloBodyBytesMax + 1))
            #expect(try wireCode(beyond.frame()) == .bodyTooLarge)
        }
    }

    @Test func aFrameAfterTheHello() async throws {
        try await withServer { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            try connection.send(ping(WireLimits.bodyBytesMax))
            #expect(try wireCode(connection.frame()) == .malformed)
            try connection.send(frame(.ping, 2))
            #expect(try connection.frame()?.header.correlation == 2)
            // The header is enough to refuse it: the body need not come.
            try connection.send(Array(ping(WireLimits.bodyBytesMax + 1).prefix(WireHeader.lengthBytes)))
            #expect(try wireCode(connection.frame()) == .bodyTooLarge)
            #expect(try connection.frame() == nil)
        }
    }

    @Test func operationsOfATransaction() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            var transaction = Transaction(try await client.schema)
            for number in 0..<Limits.transactionOperationsMax {
                try transaction.create("account", ["name": .text("Account \(number)")])
            }
            #expect(try await client.execute(transaction).operations.count == Limits.transactionOperationsMax)
            try transaction.create("account", ["name": .text("One more")])
            var refusal: Refusal?
            do { _ = try await client.execute(transaction) } catch let error as Refusal { refusal = error }
            #expect(refusal != nil, "one operation more was executed")
            await client.close()
        }
    }

    @Test func rowsOfAnOperation() async throws {
        try await withServer { server, _ in
            let client = try await connect(server)
            let schema = try await client.schema
            var batch = try RecordBatch(schema, .create, "account", attributes: ["name"])
            for _ in 0..<Limits.operationRowsMax { try batch.append([.text("x")]) }
            // Here the client says it: one row more is a batch that no server would take.
            var refusal: Refusal?
            do throws(Refusal) { try batch.append([.text("x")]) } catch { refusal = error }
            #expect(refusal?.code == .limitExceeded)
            var transaction = Transaction(schema)
            transaction.append(batch)
            #expect(try await client.execute(transaction).operations[0].created == Limits.operationRowsMax)
            await client.close()
        }
    }
}
