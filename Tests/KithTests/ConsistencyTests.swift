// What a database promises beyond single transactions, on a log that is small and a disk that is simulated.

import Engine
import Kith
import Snapshot
import TestSupport
import Testing

@Suite struct ConsistencyTests {
    private func database(
        _ storage: SimulatedStorage,
        segmentBytes: Int = 64 << 10
    ) throws
        -> Database
    {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: segmentBytes, usesThreads: false)
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = TestSchema.schema
        return try Database.open(in: storage, options: options, random: 3)
    }

    private func execute(
        _ database: Database,
        _ build: (inout Transaction) throws -> Void
    ) throws
        -> TransactionReply
    {
        var transaction = Transaction(TestSchema.schema)
        try build(&transaction)
        let encoded = transaction.encoded()
        return try database.turn { turn in
            Result {
                var reply = ByteWriter()
                try encoded.withUnsafeBytes { try turn.execute($0, actor: .none, reply: &reply) }
                return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
            }
        }.get()
    }

    /// An entry that is larger than the log takes at a time is refused before it is executed; work goes on.
    @Test func entryLargerThanTheLogTakesIsRefused() throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try database(storage)
        let queue = try #require(database.directory.inlineQueue)
        var ids: [RecordID] = []
        let notes = String(repeating: "x", count: 3500)
        let account = try execute(database) { try $0.create("account", ["name": "A"]) }.operations[0]
            .ids[0]
        for _ in 0..<20 {
            ids += try execute(database) {
                try $0.create("contact", ["notes": .text(notes), "customerid": .reference(account)])
            }.operations[0].ids
            try queue.commit()
        }
        let before = database.turn { $0.digest }
        // 70 KB of old values, from a request of a few bytes: half a segment is 32 KB.
        let refusal = #expect(throws: Refusal.self) { try execute(database) { try $0.delete(account) } }
        #expect(refusal?.code == .limitExceeded)
        #expect(database.turn { $0.digest } == before)
        for id in ids.prefix(15) {
            _ = try execute(database) { try $0.delete(id) }
            if queue.isFull { try queue.commit() }
        }
        _ = try execute(database) { try $0.delete(account) }
        try queue.commit()
        let digest = database.turn { $0.digest }
        try database.close()
        let reopened = try self.database(storage)
        #expect(reopened.turn { $0.digest } == digest)
        #expect(reopened.currentView.recordCount(EntityID(4)) == 0)
    }

    /// Nobody is told of a write before it is durable: not by `settle`, not by the durable position.
    @Test func nothingIsDurableBeforeTheSync() throws {
        let database = try database(SimulatedStorage(seed: 2))
        let queue = try #require(database.directory.inlineQueue)
        try queue.commit()
        let start = database.durablePosition
        let reply = try execute(database) { try $0.create("account", ["name": "A"]) }
        #expect(reply.position == start + 1 && database.durablePosition == start)
        #expect(try queue.write())
        #expect(database.durablePosition == start)
        try queue.sync()
        #expect(database.durablePosition == reply.position)
    }

    /// A directory whose schema this version does not have is refused, and stays as it was.
    @Test func aDirectoryOfAnotherSchemaIsNotTakenOver() throws {
        let storage = SimulatedStorage(seed: 6)
        let database = try database(storage)
        _ = try execute(database) { try $0.create("account", ["name": "A"]) }
        let digest = database.turn { $0.digest }
        try database.close()
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 64 << 10, usesThreads: false)
        options.threadCount = 1
        let error = #expect(throws: DatabaseError.self) { try Database.open(in: storage, options: options) }
        guard case .incompatibleSchema? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let again = try self.database(storage)
        #expect(again.turn { $0.digest } == digest)
        try again.close()
    }

    /// Who embeds the database is answered when what the answer has seen is on the disk, also when it is only a read's or a
    /// query's.
    @Test func embeddedAnswersWaitForTheDisk() async throws {
        let database = try database(SimulatedStorage(seed: 5))
        let queue = try #require(database.directory.inlineQueue)
        try queue.commit()
        let answered = Monitor<[String]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var transaction = Transaction(TestSchema.schema)
                try transaction.create("account", ["name": "A"])
                _ = try await database.execute(transaction)
                answered.withLock { $0.append("execute") }
            }
            while database.turn({ $0.position }) == database.durablePosition { await Task.yield() }
            group.addTask {
                _ = try await database.read("account", ["name"], [])
                answered.withLock { $0.append("read") }
            }
            group.addTask {
                _ = try await database.query("SELECT name FROM account")
                answered.withLock { $0.append("query") }
            }
            // Time for those that do not wait to say so; those that wait need none.
            try await Task.sleep(for: .milliseconds(50))
            #expect(answered.withLock { $0 } == [])
            try queue.commit()
            try await group.waitForAll()
        }
        #expect(Set(answered.withLock { $0 }) == ["execute", "read", "query"])
        try database.close()
    }

    /// An entry that does not fit is refused while the directory is as it was, also where replay holds it back: the last one
    /// of a run of creates.
    @Test func refusedEntryLeavesTheDirectoryAlone() throws {
        let storage = SimulatedStorage(seed: 4)
        let ids: [RecordID]
        do {
            let database = try database(storage)
            let queue = try #require(database.directory.inlineQueue)
            let parent = try execute(database) { try $0.create("account", ["name": "A"]) }.operations[0].ids[0]
            ids = try (0..<9).map { _ in
                try execute(database) {
                    try $0.create("account", ["name": "B", "parentaccountid": .reference(parent)])
                }.operations[0].ids[0]
            }
            try queue.commit()
            let position = database.durablePosition
            var entry: [UInt8] = []
            try database.directory.readLog(after: position - 1) { _, bytes in entry = Array(bytes) }
            // The next record, of a parent that is not there.
            let missing = RecordID(entity: parent.entity, sequence: 999)
            let next = RecordID(entity: parent.entity, sequence: ids[8].sequence + 1)
            #expect(replace(ids[8], by: next, in: &entry) == 1 && replace(parent, by: missing, in: &entry) == 1)
            var batch = EntryBatch()
            batch.append(entry)
            try queue.reserve(bytes: batch.lengthBytes)
            try queue.submit(batch, lastPosition: position + 1)
            try queue.commit()
            try database.close()
        }
        storage.setContents(of: "snapshot.tmp", to: [1])
        let before = try storage.list().map { [$0: storage.contents(of: $0)] }
        for _ in 0..<2 {
            let error = #expect(throws: DatabaseError.self) { try database(storage) }
            guard case .directory(.entryRejected)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try storage.list().map { [$0: storage.contents(of: $0)] } == before)
        }
    }

    /// Returns how often the id stood there.
    private func replace(_ id: RecordID, by other: RecordID, in bytes: inout [UInt8]) -> Int {
        func littleEndian(_ id: RecordID) -> [UInt8] { withUnsafeBytes(of: id.rawValue.littleEndian) { Array($0) } }
        var count = 0
        for start in 0...bytes.count - 8 where bytes[start..<start + 8].elementsEqual(littleEndian(id)) {
            bytes.replaceSubrange(start..<start + 8, with: littleEndian(other))
            count += 1
        }
        return count
    }
}
