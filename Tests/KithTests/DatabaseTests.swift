import Engine
import Kith
import Snapshot
import Synchronization
import Testing

@Suite struct DatabaseTests {
    private func options() -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 8 << 20)
        options.threadCount = 2
        return options
    }

    @Test func writesSurviveCloseAndReopen() async throws {
        let storage = SimulatedStorage(seed: 1)
        var digest: UInt128 = 0
        var contoso = RecordID.none
        do {
            let database = try Database.open(in: storage, options: options(), random: 1)
            var transaction = Transaction(database.schema)
            let account = try transaction.create("account", ["name": "Contoso", "accountnumber": "C-1"])
            try transaction.create("contact", ["lastname": "Ann", "parentcustomerid": .reference(account)])
            let reply = try await database.execute(transaction)
            contoso = reply.operations[0].ids[0]
            digest = database.turn { $0.digest }
            try database.close()
        }
        for round in 0..<3 {
            let database = try Database.open(in: storage, options: options(), random: 1)
            #expect(database.turn { $0.digest } == digest)
            let page = try await database.read("account", ["name", "accountnumber"], [contoso])
            #expect(page.rows == [["Contoso", "C-1"]])
            if round == 0 { try database.writeSnapshot() }
            var transaction = Transaction(database.schema)
            try transaction.update(contoso, ["revenue": .integer(Int64(round))])
            _ = try await database.execute(transaction)
            digest = database.turn { turn in turn.digest }
            try database.close()
        }
    }

    private final class Done: Sendable {
        let count = Atomic(0)
    }

    /// More than may wait for the disk: whoever comes later waits too, and nobody is refused.
    @Test func callersWaitWhereTheLogIsFull() async throws {
        var options = options()
        options.directory = DirectoryOptions(segmentBytes: 512 << 10, usesThreads: false)
        let database = try Database.open(in: SimulatedStorage(seed: 5), options: options, random: 1)
        let queue = try #require(database.directory.inlineQueue)
        let callers = 100
        let done = Done()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var transaction = Transaction(database.schema)
                    let text = String(repeating: "x", count: 4_000)
                    try transaction.create("account", ["name": .text("Account \(caller)"), "description": .text(text)])
                    _ = try await database.execute(transaction)
                    done.count.add(1, ordering: .relaxed)
                }
            }
            group.addTask {
                while !queue.isFull { await Task.yield() }
                while done.count.load(ordering: .relaxed) < callers {
                    try queue.commit()
                    await Task.yield()
                }
            }
            try await group.waitForAll()
        }
        let account = try #require(database.schema.entity(named: "account"))
        #expect(database.currentView.recordCount(account.id) == callers)
        try database.close()
    }

    /// Batches that wait for their place in the indexes are put there beside the writer, while others come, change and go.
    @Test func indexesAreMergedBesideTheWriter() async throws {
        let database = try Database.open(in: SimulatedStorage(seed: 3), options: options(), random: 1)
        var names: [RecordID: String] = [:]
        for round in 0..<60 {
            var batch = try RecordBatch(database.schema, .create, "account", attributes: ["name"])
            let made = (0..<700).map { "Name \(($0 * 7919 + round * 104_729) % 50_000)" }
            for name in made { try batch.append([.text(name)]) }
            var transaction = Transaction(database.schema)
            transaction.append(batch)
            let ids = try await database.execute(transaction).operations[0].ids
            for (id, name) in zip(ids, made) { names[id] = name }
            guard round % 7 == 6 else { continue }
            var changes = Transaction(database.schema)
            try changes.update(ids[3], ["name": "Zoë"])
            try changes.delete(ids[5])
            _ = try await database.execute(changes)
            names[ids[3]] = "Zoë"
            names[ids[5]] = nil
        }
        database.turn { $0.checkInvariants() }
        let rows = try await database.query("SELECT name FROM account WHERE name >= 'Name 3' ORDER BY name LIMIT 500")
            .rows
        let expected = names.values.filter { $0 == "Zoë" || $0 >= "Name 3" }.sorted().prefix(500)
        #expect(rows.map { $0[0] } == expected.map { .text($0) })
        try database.close()
    }

    @Test func snapshotsRestoreEverythingDerived() async throws {
        let storage = SimulatedStorage(seed: 2)
        let database = try Database.open(in: storage, options: options(), random: 1)
        var batch = try RecordBatch(
            database.schema,
            .create,
            "account",
            attributes: ["name", "accountnumber", "numberofemployees"]
        )
        for number in 0..<20_000 {
            try batch.append([
                .text("Äccount \(number * 7919 % 20_000)"), .text("N\(number)"),
                number % 3 == 0 ? .null : .integer(Int64(number)),
            ])
        }
        var transaction = Transaction(database.schema)
        transaction.append(batch)
        let ids = try await database.execute(transaction).operations[0].ids
        for start in stride(from: 0, to: 20_000, by: 1000) {
            var transaction = Transaction(database.schema)
            try transaction.update(
                ids[start],
                ["parentaccountid": .reference(ids[(start + 500) % 20_000]), "name": "zz"]
            )
            try transaction.delete(ids[start + 1])
            _ = try await database.execute(transaction)
        }
        let digest = database.turn { $0.digest }
        let info = try database.writeSnapshot()
        #expect(info.position == database.durablePosition)
        try database.close()
        let reopened = try Database.open(in: storage, options: options(), random: 1)
        #expect(reopened.recovery.snapshot?.position == info.position)
        #expect(reopened.turn { $0.digest } == digest)
        reopened.turn { $0.checkInvariants() }
        // The freed rows are reused and the keys are known.
        var again = Transaction(reopened.schema)
        try again.create("account", ["name": "new", "accountnumber": "N0"])
        await #expect(throws: Refusal.self) { try await reopened.execute(again) }
        try reopened.close()
    }

    /// What an update logs of old values is known only once it runs. A request of a few bytes that takes megabytes of log must
    /// be refused at a full disk like any other, not end the log.
    @Test func aFullDiskRefusesUpdatesOfLongValues() async throws {
        let storage = SimulatedStorage(seed: 3, capacityBytes: 40 << 20)
        var options = options()
        options.takesSnapshots = false
        let database = try Database.open(in: storage, options: options, random: 1)
        let long = Value.text(String(repeating: "0123456789", count: 2_000))
        var batches: [[RecordID]] = []
        for batch in 0..<12 {
            var transaction = Transaction(database.schema)
            for row in 0..<100 {
                try transaction.create("account", ["name": .text("\(batch) \(row)"), "description": long])
            }
            batches.append(try await database.execute(transaction).operations.flatMap(\.ids))
        }
        var refusals: [Refusal.Code] = []
        for batch in batches {
            var transaction = Transaction(database.schema)
            for id in batch { try transaction.update(id, ["description": "short"]) }
            do { _ = try await database.execute(transaction) } catch let refusal as Refusal {
                refusals.append(refusal.code)
            }
        }
        #expect(!refusals.isEmpty && refusals.allSatisfy { $0 == .diskFull }, "\(refusals)")
        let last = try await database.read("account", ["description"], [batches[11][99]])
        #expect(last.rows == [[long]])
        try database.close()
        let reopened = try Database.open(in: storage, options: options, random: 1)
        #expect(reopened.turn { $0.position } > 12)
        try reopened.close()
    }
}
