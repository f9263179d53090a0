import CRM
import Engine
import Kith
import Snapshot
import Synchronization
import TestSupport
import Testing

/// The records as they were.
@Suite struct PastTests {
    private let clock = FileClock()

    private func options(_ keptSeconds: Int64? = nil) -> DatabaseOptions {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 64 << 10, usesThreads: true)
        options.threadCount = 1
        options.takesSnapshots = false
        options.keptHistorySeconds = keptSeconds
        options.historySpacingBytes = 0
        options.schema = TestSchema.schema
        let clock = clock
        options.clock = { clock.now }
        return options
    }

    private func open(_ storage: SimulatedStorage, _ keptSeconds: Int64? = nil) throws -> Database {
        try Database.open(in: storage, options: options(keptSeconds), random: 7)
    }

    private func account(_ database: Database, _ name: String) async throws -> RecordID {
        clock.pass(microseconds: 1_000_000)
        var transaction = Transaction(database.schema)
        try transaction.create("account", ["name": .text(name)])
        return try await database.execute(transaction).operations[0].ids[0]
    }

    private static let names = "SELECT name FROM account ORDER BY name"

    private func names(_ past: PastState) throws -> [Value] {
        let result = try past.query(Self.names)
        return (0..<result.rowCount).map { result.columns[0][$0] }
    }

    @Test func aMomentAPositionAndWhatIsGoneSince() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, 1_000)
        let first = try await account(database, "First")
        let then = clock.now
        let position = database.durablePosition
        _ = try await account(database, "Second")
        try database.writeSnapshot()
        var transaction = Transaction(database.schema)
        try transaction.delete(first)
        clock.pass(microseconds: 1)
        _ = try await database.execute(transaction)
        try database.writeSnapshot()
        try database.writeSnapshot()

        #expect(try names(await database.asOf(.time(then))) == ["First"])
        #expect(try names(await database.asOf(.time(then + 1))) == ["First"])
        #expect(try names(await database.asOf(.position(position))) == ["First"])
        #expect(try names(await database.asOf(.position(position + 1))) == ["First", "Second"])
        #expect(try names(await database.asOf(.time(clock.now))) == ["Second"])
        #expect(try names(await database.asOf(.latest)) == ["Second"])
        // The same of the directory when nobody has it open, and nothing in it changes by that.
        try database.close()
        let before = try storage.list()
        #expect(try names(Database.asOf(.time(then), in: storage, options: options())) == ["First"])
        #expect(try storage.list() == before)
    }

    @Test func nowIsTheMomentThatIsAskedAbout() async throws {
        let database = try open(SimulatedStorage(seed: 1), 1_000)
        _ = try await account(database, "First")
        let then = clock.now + 500_000
        _ = try await account(database, "Second")
        let result = try await database.asOf(.time(then)).query("SELECT NOW(), COUNT(*) FROM account")
        #expect(result.columns[0][0] == .instant(then))
        #expect(result.columns[1][0] == .integer(1))
        try database.close()
    }

    @Test func theLastOneIsKeptForTheNextQuestion() async throws {
        let database = try open(SimulatedStorage(seed: 1), 1_000)
        _ = try await account(database, "First")
        let then = clock.now
        _ = try await account(database, "Second")
        let past = try await database.asOf(.time(then))
        #expect(try await database.asOf(.time(then)) === past)
        // What the present may still add to is rebuilt.
        let present = try await database.asOf(.time(clock.now))
        let again = try await database.asOf(.time(clock.now))
        #expect(present !== again)
        // There is memory for one where a server asks.
        #expect {
            try database.past(.time(then), seeing: database.durablePosition, alone: true)
        } throws: {
            if case DatabaseError.past(.inUse) = $0 { true } else { false }
        }
        withExtendedLifetime((past, present, again)) {}
        try database.close()
    }

    @Test func whatIsBeforeInTheFutureOrTooLargeIsRefused() async throws {
        let storage = SimulatedStorage(seed: 1)
        var database = try open(storage)
        _ = try await account(database, "First")
        let then = clock.now
        for name in ["Second", "Third", "Fourth"] {
            _ = try await account(database, name)
            try database.writeSnapshot()
            // A start begins a segment, and whole ones are given up.
            try database.close()
            database = try open(storage)
        }
        let since = database.historyFigures
        #expect(since.keptSeconds == 0 && since.snapshotCount == 2)
        await #expect {
            try await database.asOf(.time(then))
        } throws: {
            guard case DatabaseError.past(.notKept(let moment, let position)) = $0 else { return false }
            return position == since.sincePosition && moment == since.sinceMicroseconds && moment > then
        }
        await #expect {
            try await database.asOf(.time(clock.now + 1))
        } throws: {
            if case DatabaseError.past(.inFuture) = $0 { true } else { false }
        }
        await #expect {
            try await database.asOf(.position(database.durablePosition + 1))
        } throws: {
            if case DatabaseError.past(.inFuture) = $0 { true } else { false }
        }
        try database.close()
        var small = options()
        small.pastBytesMax = 100
        database = try Database.open(in: storage, options: small, random: 7)
        await #expect {
            try await database.asOf(.position(database.durablePosition))
        } throws: {
            if case DatabaseError.past(.tooLarge(_, 100)) = $0 { true } else { false }
        }
        try database.close()
    }

    /// Who hangs up while a state is rebuilt costs no more of it: in the snapshot, in the log, and while others have their turn.
    @Test(arguments: [false, true]) func aRebuildIsGivenUpWhenItIsUnderWay(hasSnapshot: Bool) async throws {
        let storage = SimulatedStorage(seed: 1)
        let cancellation = Mutex<QueryCancellation?>(nil)
        var options = options(1_000)
        let clock = clock
        // The last thing that is asked for before bytes are read.
        options.clock = {
            cancellation.withLock { $0?.cancel() }
            return clock.now
        }
        let database = try Database.open(in: storage, options: options, random: 7)
        for name in 0..<50 { _ = try await account(database, "\(name)") }
        if hasSnapshot { try database.writeSnapshot() }
        let then = clock.now
        _ = try await account(database, "Later")
        let flag = QueryCancellation()
        cancellation.withLock { $0 = flag }
        for _ in 0..<2 {
            #expect {
                try database.past(.time(then), seeing: database.durablePosition, alone: true, cancellation: flag)
            } throws: {
                if case DatabaseError.past(.cancelled) = $0 { true } else { false }
            }
        }
        cancellation.withLock { $0 = nil }
        // A task that is cancelled gives it up as well.
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await database.asOf(.time(then))
        }
        await #expect {
            try await task.value
        } throws: {
            if case DatabaseError.past(.cancelled) = $0 { true } else { false }
        }
        // Whoever asks next is answered.
        #expect(try names(await database.asOf(.time(then))).count == 50)
        try database.close()
    }

    @Test func theDirectoryRemembersForHowLong() async throws {
        let storage = SimulatedStorage(seed: 1)
        var database = try open(storage, 10)
        for name in 0..<30 {
            _ = try await account(database, "\(name)")
            try database.writeSnapshot()
            // What opens it without saying anything changes nothing about it.
            if name % 7 == 0 {
                try database.close()
                database = try open(storage)
            }
        }
        #expect(database.historyFigures.keptSeconds == 10)
        #expect(database.historyFigures.sinceMicroseconds.map { clock.now - $0 } == 10_000_000)
        #expect(database.status.json.contains("\"history\":{\"keptSeconds\":10"))
        let verified = try { () throws -> VerificationReport in
            try database.close()
            return try DataDirectory.verify(storage)
        }()
        #expect(verified.isSound && verified.snapshots.count > 2)
        #expect(verified.firstPosition == verified.snapshots.last.map { $0.position + 1 })
        // Without it the next start gives back what recovery does not need.
        database = try open(storage, 0)
        #expect(database.historyFigures.snapshotCount == 2)
        try database.close()
        #expect(try storage.list().filter { $0.hasPrefix("snapshot-") }.count == 2)
    }

    @Test func aSettingThatCannotBeReadStopsTheStart() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, 10)
        _ = try await account(database, "First")
        try database.close()
        for text in ["", "kith history 1\nseconds", "kith history 1\nseconds -1\n", "kith history 2\nseconds 1\n"] {
            let file = try storage.open("history", creating: true)
            try file.truncate(to: 0)
            try Array(text.utf8).withUnsafeBytes { try file.write($0, at: 0) }
            #expect {
                try open(storage)
            } throws: {
                guard case DatabaseError.directory(.damaged(let damage)) = $0 else { return false }
                return damage.file == "history"
            }
            #expect(try DataDirectory.verify(storage).damage.map(\.file) == ["history"])
        }
        try open(storage, 20).close()
        #expect(try HistorySetting.seconds(in: storage) == 20)
    }

    @Test func rotInTheKeptPastIsFoundAndStoodInFor() async throws {
        let storage = SimulatedStorage(seed: 1)
        let database = try open(storage, 1_000)
        var moments: [(time: Int64, count: Int)] = []
        for name in 0..<5 {
            _ = try await account(database, "\(name)")
            moments.append((clock.now, name + 1))
            try database.writeSnapshot()
        }
        let rotten = try #require(database.directory.keptSnapshots.last)
        #expect(database.scrub().isEmpty)
        let file = try storage.open(
            "snapshot-" + String(repeating: "0", count: 15) + "\(rotten.position)",
            creating: false
        )
        let byte = [UInt8(0xFF)]
        try byte.withUnsafeBytes { try file.write($0, at: 600) }
        #expect(
            database.scrub().map(\.file) == ["snapshot-" + String(repeating: "0", count: 15) + "\(rotten.position)"]
        )
        for moment in moments { #expect(try names(await database.asOf(.time(moment.time))).count == moment.count) }
        try database.close()
        #expect(try DataDirectory.verify(storage).isSound == false)
        // It keeps nothing from starting.
        try open(storage).close()
    }

    @Test func historiesReachBackAsFar() async throws {
        let database = try open(SimulatedStorage(seed: 1), 1_000)
        let id = try await account(database, "First")
        for name in ["Second", "Third", "Fourth"] {
            clock.pass(microseconds: 1_000_000)
            var transaction = Transaction(database.schema)
            try transaction.update(id, ["name": .text(name)])
            _ = try await database.execute(transaction)
            try database.writeSnapshot()
        }
        let history = try await database.history(of: id, limit: 100)
        #expect(history.steps.count == 4 && history.beginsAfter == 0)
        try database.close()
    }
}
