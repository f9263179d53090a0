// Connections of one server live on several event loops (three in these tests, by turns): what holds between connections holds
// between loops.

import Engine
import Kith
import Net
import Synchronization
import Testing

@Suite struct LoopTests {
    private let schema = Schema.standard

    private final class Tally: Sendable {
        let isOver = Atomic(false)
        let faults = Atomic(0)
    }

    private func connections(
        _ count: Int,
        _ server: Server,
        timeoutMilliseconds: Int = 30_000
    ) throws -> [RawConnection] {
        try (0..<count).map { _ in
            let connection = try RawConnection(port: server.port, timeoutMilliseconds: timeoutMilliseconds)
            _ = try connection.hello()
            return connection
        }
    }

    /// The frames that set the names of some accounts, and that read them.
    private func rename(_ ids: [RecordID], _ name: String) throws -> [UInt8] {
        var transaction = Transaction(schema)
        for id in ids { try transaction.update(id, ["name": .text(name)]) }
        return frame(.execute, 1, transaction.encoded())
    }

    private func readNames(_ ids: [RecordID]) throws -> [UInt8] {
        let entity = try #require(schema.entity(named: "account"))
        return frame(.read, 2, RecordPage.request(entity, [try #require(entity.attributeID("name"))], ids))
    }

    private func names(_ reply: (header: WireHeader, body: [UInt8])?, _ count: Int) throws -> [Value] {
        let (header, body) = try #require(reply)
        #expect(header.kind == FrameKind.reply.rawValue)
        let entity = try #require(schema.entity(named: "account"))
        let name = try #require(entity.attributeID("name"))
        return try body.withUnsafeBytes { try RecordPage(entity, [name], count: count, in: schema, decoding: $0) }.rows
            .map {
                $0[0]
            }
    }

    @Test func whatOneLoopAcknowledgesTheOthersSee() async throws {
        try await withServer { server, database in
            let ids = try await database.execute(.accounts(1, schema)).operations[0].ids
            let connections = try connections(6, server)
            let read = try readNames(ids)
            for round in 0..<120 {
                let writer = connections[round % connections.count]
                try writer.send(try rename(ids, "\(round)"))
                #expect(try failure(writer.frame()) == nil)
                for connection in connections { try connection.send(read) }
                for connection in connections {
                    #expect(try names(connection.frame(), 1) == [.text("\(round)")])
                }
            }
        }
    }

    /// Changes of several connections that come together share a turn of the writer: each client gets its own replies, in its own
    /// order, also where a neighbour's frame ends that one's connection.
    @Test func connectionsThatShareATurnAreAnsweredEachAlone() async throws {
        try await withServer { server, database in
            let ids = try await database.execute(.accounts(12, schema)).operations[0].ids
            let all = try connections(12, server)
            let pipelined = 9
            for round in 0..<20 {
                for (index, connection) in all.enumerated() where index % 4 != 3 || round == 0 {
                    var bytes: [UInt8] = []
                    for number in 0..<pipelined {
                        // Every third is refused, since there is no such account.
                        let isRefused = number % 3 == 2
                        let id = isRefused ? RecordID(entity: ids[0].entity, sequence: 9_999) : ids[index]
                        bytes += try rename([id], "\(index) \(round) \(number)")
                    }
                    if index % 4 == 3 { bytes += frame(.ping, 9, [1]).dropLast() + [2] }
                    try connection.send(bytes + (try readNames([ids[index]])))
                }
                for (index, connection) in all.enumerated() where index % 4 != 3 || round == 0 {
                    if index % 4 == 3 {
                        // The error does not wait for what is not durable yet: how many replies come before it is open.
                        var codes: [WireError.Code?] = []
                        while let frame = try connection.frame() { codes.append(try wireCode(frame)) }
                        #expect(codes.last == .malformedFrame)
                        continue
                    }
                    for number in 0..<pipelined {
                        let failure = try failure(connection.frame())
                        #expect((failure != nil) == (number % 3 == 2), "\(index), \(round), \(number)")
                    }
                    #expect(try names(connection.frame(), 1) == [.text("\(index) \(round) \(pipelined - 2)")])
                }
            }
        }
    }

    @Test func aReadOfAnotherLoopWaitsForWhatItSaw() async throws {
        try await withServer(commitsByItself: false) { server, database in
            let queue = try #require(database.directory.inlineQueue)
            let encoded = try Transaction.accounts(1, schema).encoded()
            let ids = try database.turn { turn in
                Result {
                    var reply = ByteWriter()
                    try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) }
                    return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids
                }
            }.get()
            try queue.commit()
            let writer = try connections(1, server)[0]
            let readers = try connections(5, server, timeoutMilliseconds: 50)
            let read = try readNames(ids)
            for round in 0..<3 {
                try writer.send(try rename(ids, "\(round)"))
                while database.turn({ $0.position }) == database.durablePosition { await Task.yield() }
                for reader in readers { try reader.send(read) }
                for reader in readers { #expect(throws: SocketError.self) { try reader.frame() } }
                try queue.commit()
                for reader in readers { #expect(try names(reader.frame(), 1) == [.text("\(round)")]) }
                #expect(try failure(writer.frame()) == nil)
            }
        }
    }

    /// Readers and writers on all loops at once, two records changed together: no reader sees them differ, and what a
    /// connection sees never goes back.
    @Test func loopsReadWholeTransactions() async throws {
        try await withServer { server, database in
            let ids = try await database.execute(.accounts(2, schema)).operations[0].ids
            let read = try readNames(ids)
            let tally = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let writers = try connections(3, server)
                    for round in 1_000..<1_400 {
                        let connection = writers[round % writers.count]
                        try connection.send(try rename(ids, "\(round)"))
                        if try failure(connection.frame()) != nil { tally.faults.add(1, ordering: .relaxed) }
                    }
                    tally.isOver.store(true, ordering: .sequentiallyConsistent)
                }
                group.addTask {
                    let readers = try connections(3, server)
                    var last = [String](repeating: "", count: readers.count)
                    while !tally.isOver.load(ordering: .sequentiallyConsistent) {
                        // Several reads a connection under way, and one more kind of request between them.
                        for reader in readers { try reader.send(read + read + frame(.ping, 3) + read) }
                        for (place, reader) in readers.enumerated() {
                            for step in 0..<4 {
                                let reply = try reader.frame()
                                if step == 2 { continue }
                                let seen = try names(reply, 2)
                                guard seen[0] == seen[1] || seen[0] == .text("Account 0"),
                                    case .text(let name) = seen[0]
                                else {
                                    tally.faults.add(1, ordering: .relaxed)
                                    continue
                                }
                                if name != "Account 0" {
                                    if name < last[place] { tally.faults.add(1, ordering: .relaxed) }
                                    last[place] = name
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(tally.faults.load(ordering: .relaxed) == 0)
        }
    }

    @Test(.timeLimit(.minutes(5))) func theFullestConnectionOfAllLoopsGoes() async throws {
        var limits = WireLimits.patient
        limits.bufferedBytesMax = 1 << 20
        try await withServer(limits: limits) { server, _ in
            // Six connections on three loops hold beginnings of a frame; the fourth most of all.
            var holders = try connections(6, server)
            var header = WireHeader(.request, WireOperation.execute.rawValue, correlation: 1)
            header.bodyLengthBytes = UInt32(WireLimits.bodyBytesMax)
            var bytes = [UInt8](repeating: 0, count: WireHeader.lengthBytes)
            bytes.withUnsafeMutableBytes { header.store(at: $0.baseAddress!) }
            for (place, holder) in holders.enumerated() where place != 3 {
                try holder.send(bytes + [UInt8](repeating: 0, count: 100 << 10))
            }
            try holders[3].send(bytes)
            #expect(throws: SocketError.self) {
                for _ in 0..<1_000 { try holders[3].send([UInt8](repeating: 0, count: 64 << 10)) }
            }
            // The others stay, with all that they have sent.
            while await server.figures.bufferedBytes < 5 * 100 << 10 { await Task.yield() }
            while await server.figures.connections > 5 { await Task.yield() }
            #expect(await server.figures.connections == 5)
            // What a client had sent of a frame when it went is not held against those who come.
            #expect(holders.count == 6)
            holders.removeAll()
            while await server.figures.connections > 0 { await Task.yield() }
            #expect(await server.figures.bufferedBytes == 0)
        }
    }
}
