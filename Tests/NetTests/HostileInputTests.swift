import Engine
import Kith
import Net
import Snapshot
import Testing

// What strangers send: each costs its sender an error or the connection, and nobody else anything.

@Suite struct HostileInputTests {
    /// Runs `attack` on a fresh connection and shows that another client, connected before, goes on as if nothing was.
    private func withBystander(
        limits: WireLimits = .patient,
        _ attack: (Server, RawConnection) async throws -> Void
    ) async throws {
        try await withServer(limits: limits) { server, _ in
            let bystander = try await connect(server)
            let schema = try await bystander.schema
            try await attack(server, RawConnection(port: server.port))
            let reply = try await bystander.execute(.accounts(2, schema, prefix: "After"))
            #expect(try await bystander.read("account", ["name"], reply.operations[0].ids).rows.count == 2)
            #expect(await server.figures.connections >= 1)
            await bystander.close()
        }
    }

    private static func header(_ change: (inout WireHeader) -> Void) -> [UInt8] {
        var header = WireHeader(.request, WireOperation.ping.rawValue, correlation: 5)
        change(&header)
        var bytes = [UInt8](repeating: 0, count: WireHeader.lengthBytes)
        bytes.withUnsafeMutableBytes { header.store(at: $0.baseAddress!) }
        return bytes
    }

    struct Attack: CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var answer: WireError.Code
        var isGreeted = true
        var testDescription: String { name }
    }

    static let attacks = [
        Attack(name: "wrong version", bytes: header { $0.version = 9 }, answer: .wrongVersion),
        Attack(name: "a length of 2 GiB", bytes: header { $0.bodyLengthBytes = 1 << 31 }, answer: .bodyTooLarge),
        Attack(name: "a reply", bytes: header { $0.kind = FrameKind.reply.rawValue }, answer: .malformedFrame),
        Attack(name: "a count", bytes: header { $0.count = 1 }, answer: .malformedFrame),
        Attack(name: "wrong header checksum", bytes: header { _ in }.dropLast() + [0], answer: .malformedFrame),
        Attack(
            name: "wrong body checksum",
            bytes: frame(.ping, 1, [1, 2, 3]).dropLast() + [4],
            answer: .malformedFrame
        ),
        Attack(name: "ping first", bytes: frame(.ping, 1), answer: .helloRequired, isGreeted: false),
        Attack(
            name: "64 KiB and a byte before the hello",
            bytes: header { $0.bodyLengthBytes = 65_537 },
            answer: .bodyTooLarge,
            isGreeted: false
        ),
        Attack(name: "a hello of nothing", bytes: frame(.hello, 1), answer: .malformedFrame, isGreeted: false),
        Attack(
            name: "another protocol",
            bytes: Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
            answer: .malformedFrame,
            isGreeted: false
        ),
    ]

    @Test(arguments: attacks)
    func endsTheConnectionWithAnError(_ attack: Attack) async throws {
        try await withBystander { _, connection in
            if attack.isGreeted { _ = try connection.hello() }
            try connection.send(attack.bytes)
            #expect(try wireCode(connection.frame()) == attack.answer)
            #expect(try connection.frame() == nil)
        }
    }

    @Test func badBodiesAreRefusedAndTheConnectionGoesOn() async throws {
        try await withBystander { _, connection in
            let epoch = try connection.hello().schema.epoch
            let bodies: [(WireOperation, [UInt8])] = [
                (.execute, []), (.execute, [0, 0, 0, 0, 255, 255]), (.read, [1]),
                (.read, [255, 255, 0, 0, 0, 0, 0, 0]),
                (.read, [32, 0, 255, 255, 0, 0, 0, 0]), (.ping, [1]), (.snapshot, [1]), (.hello, []),
            ]
            for (index, (operation, body)) in bodies.enumerated() {
                try connection.send(frame(operation, UInt64(index), epoch: epoch, body))
                let answer = try connection.frame()
                #expect(answer?.header.correlation == UInt64(index))
                #expect(try failure(answer) != nil, "\(operation)")
            }
            var unknown = WireHeader(.request, 999, correlation: 1)
            unknown.bodyChecksum = 0
            var bytes = [UInt8](repeating: 0, count: WireHeader.lengthBytes)
            bytes.withUnsafeMutableBytes { unknown.store(at: $0.baseAddress!) }
            try connection.send(bytes)
            #expect(try wireCode(connection.frame()) == .unknownOperation)
            try connection.send(frame(.ping, 77))
            #expect(try connection.frame()?.header.correlation == 77)
        }
    }

    @Test func randomBytesNeverHarm() async throws {
        try await withBystander { server, _ in
            var random = SplitMix64(seed: 20_26)
            for round in 0..<200 {
                let connection = try RawConnection(port: server.port, receiveBytes: 4096)
                if round % 2 == 0 { _ = try connection.hello() }
                // Every other one has a true header, so that the body's decoder sees the noise.
                let noise = (0...Int(random.next() % 300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                let operation = WireOperation.allCases[Int(random.next() % UInt64(WireOperation.allCases.count))]
                try connection.send(
                    round % 4 < 2 ? frame(operation, 1, noise) : noise + [UInt8](repeating: 7, count: 32)
                )
                #expect(try failure(connection.frame()) != nil, "round \(round)")
            }
        }
    }

    @Test func everyTruncationOfAFrameWaitsAndThenEnds() async throws {
        var limits = WireLimits.patient
        limits.frameDeadlineMilliseconds = 50
        limits.helloDeadlineMilliseconds = 50
        try await withBystander(limits: limits) { server, silent in
            // Nothing at all, half a header before the hello, half a header and half a body after it.
            let half = try RawConnection(port: server.port)
            try half.send(Array(frame(.hello, 1).prefix(13)))
            #expect(try wireCode(half.frame()) == .tooSlow)
            #expect(try wireCode(silent.frame()) == .tooSlow)
            let whole = frame(.read, 1, [UInt8](repeating: 1, count: 40))
            for length in [1, 31, 32, 33, 71] {
                let connection = try RawConnection(port: server.port)
                _ = try connection.hello()
                try connection.send(Array(whole.prefix(length)))
                #expect(try wireCode(connection.frame()) == .tooSlow, "\(length) bytes")
                #expect(try connection.frame() == nil)
            }
        }
    }

    @Test func idleConnectionsAreClosedOnlyWhereThatIsAskedFor() async throws {
        var limits = WireLimits.patient
        limits.idleDeadlineMilliseconds = 50
        try await withServer(limits: limits) { server, _ in
            let connection = try RawConnection(port: server.port)
            _ = try connection.hello()
            #expect(try wireCode(connection.frame()) == .idle)
        }
    }

    @Test func aClientThatDoesNotReadIsHeldAndThenDropped() async throws {
        var limits = WireLimits.patient
        limits.readDeadlineMilliseconds = 100
        let bound = limits.pendingReplyBytesMax
        try await withServer(limits: limits) { server, database in
            let schema = Schema.standard
            let bystander = try await connect(server)
            // A read of 64 records with 16 KiB of text each answers a request of 600 bytes with a megabyte.
            let text = String(repeating: "x", count: 16_000)
            var ids: [RecordID] = []
            for index in 0..<64 {
                var transaction = Transaction(schema)
                try transaction.createRecord("account", [("name", .text("\(index)")), ("description", .text(text))])
                ids += try await database.execute(transaction).operations[0].ids
            }
            let entity = try #require(schema.entity(named: "account"))
            let description = try #require(entity.attributeID("description"))
            let request = frame(.read, 1, RecordPage.request(entity, [description], ids))
            let greedy = try RawConnection(port: server.port)
            _ = try greedy.hello()
            var sent = 0
            var most = 0
            // Until the server hangs up: 200 MB of answers are asked for, if it lets us.
            #expect(throws: SocketError.self) {
                while sent < 1_000_000 {
                    try greedy.send(request)
                    sent += 1
                }
            }
            most = max(most, await server.figures.bufferedBytes)
            #expect(most <= bound + (2 << 20))
            try await bystander.ping()
            await bystander.close()
        }
    }

    @Test func whenAllBuffersAreFullTheFullestConnectionGoes() async throws {
        var limits = WireLimits.patient
        limits.bufferedBytesMax = 1 << 20
        try await withServer(limits: limits) { server, _ in
            let bystander = try await connect(server)
            let hoarder = try RawConnection(port: server.port)
            _ = try hoarder.hello()
            var header = WireHeader(.request, WireOperation.execute.rawValue, correlation: 1)
            header.bodyLengthBytes = UInt32(WireLimits.bodyBytesMax)
            var bytes = [UInt8](repeating: 0, count: WireHeader.lengthBytes)
            bytes.withUnsafeMutableBytes { header.store(at: $0.baseAddress!) }
            try hoarder.send(bytes)
            #expect(throws: SocketError.self) {
                for _ in 0..<1_000 { try hoarder.send([UInt8](repeating: 0, count: 64 << 10)) }
            }
            try await bystander.ping()
            #expect(await server.figures.connections == 1)
            await bystander.close()
        }
    }

    static let connectionLimits: [WritableKeyPath<WireLimits, Int> & Sendable] = [
        \.connectionsMax, \.connectionsPerAddressMax,
    ]

    @Test(arguments: connectionLimits)
    func connectionsAreCounted(_ limit: WritableKeyPath<WireLimits, Int> & Sendable) async throws {
        var limits = WireLimits.patient
        limits[keyPath: limit] = 2
        try await withServer(limits: limits) { server, _ in
            let first = try RawConnection(port: server.port)
            _ = try first.hello()
            let second = try RawConnection(port: server.port)
            _ = try second.hello()
            let third = try RawConnection(port: server.port)
            #expect(try wireCode(third.frame()) == .tooManyConnections)
            try first.send(frame(.ping, 1))
            #expect(try first.frame()?.header.correlation == 1)
        }
    }

    @Test func aThousandIdleConnectionsCostLittle() async throws {
        try await withServer { server, _ in
            let idle = try (0..<1_000).map { _ in
                let connection = try RawConnection(port: server.port, receiveBytes: 32 << 10)
                _ = try connection.hello()
                return connection
            }
            let client = try await connect(server)
            _ = try await client.execute(.accounts(10, client.schema))
            #expect(await server.figures.connections == 1_001)
            #expect(await server.figures.bufferedBytes == 0)
            await client.close()
            withExtendedLifetime(idle) {}
        }
    }
}
