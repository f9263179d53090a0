// Reads by id that go on beside each other while others write: each sees a state between two transactions, and what it saw is
// at most what its position says.

import Engine
import Kith
import Snapshot
import Synchronization
import TestSupport
import Testing

@Suite struct ConcurrentReadTests {
    private static let rounds = 500

    private final class Tally: Sendable {
        let torn = Atomic(0)
        let outOfOrder = Atomic(0)
        let reads = Atomic(0)
        let changes = Atomic(0)
        let isOver = Atomic(false)
    }

    /// Two records are always changed together, to the position of the change before: so what a reader sees of both is equal,
    /// and tells its position.
    @Test func readersSeeWholeTransactions() throws {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 256 << 10)
        options.threadCount = 2
        options.takesSnapshots = false
        options.schema = TestSchema.schema
        let database = try Database.open(in: SimulatedStorage(seed: 1), options: options)
        let schema = database.schema
        let entity = try #require(schema.entity(named: "account"))
        let attribute = try #require(entity.attributeID("name"))
        var transaction = Transaction(schema)
        try transaction.create("account", ["name": "0"])
        try transaction.create("account", ["name": "0"])
        let ids = try execute(transaction, in: database).operations.flatMap(\.ids)
        #expect(ids.count == 2)
        let request = RecordPage.request(entity, [attribute], ids)
        let tally = Tally()

        threadedFor(threads: 4)(4) { thread in
            if thread == 0 {
                for round in 0..<ConcurrentReadTests.rounds {
                    // A view now and then makes the writer copy what readers are about to look at.
                    if round % 64 == 0 { _ = database.currentView }
                    let name = Value.text(String(database.turn { $0.position }))
                    var transaction = Transaction(schema)
                    for id in ids { try? transaction.update(id, ["name": name]) }
                    // While the log is behind, transactions are refused.
                    let isExecuted = (try? self.execute(transaction, in: database)) != nil
                    if isExecuted { tally.changes.add(1, ordering: .relaxed) }
                }
                tally.isOver.store(true, ordering: .sequentiallyConsistent)
                return
            }
            let reader = RecordReader()
            repeat {
                let (reply, position) = database.read(with: reader) { turn in
                    var reply = ByteWriter()
                    _ = try? request.withUnsafeBytes { try turn.read($0, into: &reply) }
                    return (reply.bytes, turn.position)
                }
                let page = try? reply.withUnsafeBytes {
                    try RecordPage(entity, [attribute], count: ids.count, in: schema, decoding: $0)
                }
                let rows = page?.rows ?? []
                if rows.count != 2 || rows[0] != rows[1] { tally.torn.add(1, ordering: .relaxed) }
                // The first rows were made at a position that is not in them.
                let name: Value = rows.first?.first ?? .null
                if name != .text("0"), name != .text(String(position - 1)) {
                    tally.outOfOrder.add(1, ordering: .relaxed)
                }
                tally.reads.add(1, ordering: .relaxed)
            } while !tally.isOver.load(ordering: .sequentiallyConsistent)
        }
        #expect(tally.torn.load(ordering: .relaxed) == 0)
        #expect(tally.outOfOrder.load(ordering: .relaxed) == 0)
        #expect(tally.reads.load(ordering: .relaxed) > 0)
        #expect(tally.changes.load(ordering: .relaxed) > 0)
        try database.close()
    }

    @discardableResult
    private func execute(_ transaction: Transaction, in database: Database) throws -> TransactionReply {
        let encoded = transaction.encoded()
        return try database.turn { turn in
            Result {
                var reply = ByteWriter()
                try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) }
                return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
            }
        }.get()
    }
}
