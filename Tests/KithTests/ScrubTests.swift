import Engine
import Glibc
import Kith
import Snapshot
import Synchronization
import Testing

/// A bit is flipped under a database that is at work, and the scrub sees it.
@Suite struct ScrubTests {
    private final class Alarms: Sendable {
        private let found = Mutex<[Damage]>([])
        var damage: [Damage] { found.withLock { $0 } }
        func add(_ damage: Damage) { found.withLock { $0.append(damage) } }
    }

    private final class Work: Sendable {
        let isDone = Atomic(false)
    }

    private func open(_ storage: SimulatedStorage, _ alarms: Alarms) throws -> Database {
        var options = DatabaseOptions()
        options.directory = DirectoryOptions(segmentBytes: 16 << 10)
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = FileFixture.schema
        options.damageFound = { alarms.add($0) }
        return try Database.open(in: storage, options: options, random: 7)
    }

    @Test func everyFlippedBitRaisesOneAlarm() async throws {
        let storage = SimulatedStorage(seed: 1)
        let alarms = Alarms()
        let database = try open(storage, alarms)
        // How many groups become of it, and so how many segments, is the committer's business: until there are enough.
        for number in 0..<2_000 {
            _ = try await database.document(try await database.store(FileFixture.bytes(number % 60, count: 400)))
            if number == 20 || number == 40 { try database.writeSnapshot() }
            if number > 60, try storage.list().count(where: { $0.hasPrefix("log-") }) > 2 { break }
        }
        #expect(database.scrub().isEmpty && alarms.damage.isEmpty)
        #expect(database.status.scrub.passCount == 1 && database.status.scrub.readBytes > 60 * 400)

        let segments = try storage.list().filter { $0.hasPrefix("log-") }
        #expect(segments.count > 2)
        let snapshots = try storage.list().filter { $0.hasPrefix("snapshot-") }
        let contents = try storage.folder("files", creating: false).list().map { "files/\($0)" }
        var random = SplitMix64(seed: 2)
        for name in snapshots + [segments[segments.count - 2]] + contents.prefix(5) {
            let bytes = try #require(storage.contents(of: name))
            for _ in 0..<5 {
                // Behind the last group of a segment are zeros, which mean nothing.
                let end = name.hasPrefix("log-") ? 512 : bytes.count
                let place = random.below(end)
                let bit = random.below(8)
                let before = alarms.damage.count
                storage.flipBit(bit, ofByte: place, in: name)
                #expect(database.scrub().count == 1, "\(name) \(place)")
                // The same finding is no news.
                #expect(database.scrub().count == 1)
                #expect(alarms.damage.count == before + 1 && alarms.damage.last?.file == name)
                #expect(database.status.json.contains("\"damage\":[{\"file\":\"\(name)\""))
                storage.flipBit(bit, ofByte: place, in: name)
                #expect(database.scrub().isEmpty && database.status.scrub.damage.isEmpty)
            }
        }
        try database.close()
    }

    /// Recycling, snapshots and collections beside it are no damage.
    @Test func workBesideItIsNoDamage() async throws {
        let storage = SimulatedStorage(seed: 3)
        let alarms = Alarms()
        let database = try open(storage, alarms)
        let work = Work()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<150 {
                    _ = try? await database.document(
                        try await database.store(FileFixture.bytes(number % 9, count: 300))
                    )
                    if number % 10 == 9 { _ = try? database.writeSnapshot() }
                }
                work.isDone.store(true, ordering: .releasing)
            }
            group.addTask {
                repeat {
                    database.scrub()
                    await Task.yield()
                } while !work.isDone.load(ordering: .acquiring)
            }
        }
        #expect(alarms.damage.isEmpty, "\(alarms.damage)")
        #expect(database.status.scrub.passCount > 0)
        try database.close()
    }

    /// What reads on after a database was closed reads files that may be another's by then, in a process that may be ending.
    @Test func aStopWaitsForWhatIsRead() {
        let scrubbing = Scrubbing(bytesPerSecond: 1)
        let (begin, pass) = (Work(), Work())
        startThread {
            _ = scrubbing.reading {
                begin.isDone.store(true, ordering: .releasing)
                scrubbing.pace.rest(milliseconds: 60_000)
                // Stopped in the middle of something.
                for _ in 0..<1_000 { sched_yield() }
                pass.isDone.store(true, ordering: .releasing)
            }
        }
        while !begin.isDone.load(ordering: .acquiring) { sched_yield() }
        scrubbing.stop()
        let hasEnded = pass.isDone.load(ordering: .acquiring)
        #expect(hasEnded)
        #expect(scrubbing.reading { true } == nil, "nothing begins after it")
        scrubbing.stop()
    }

    /// Whoever is told of damage may close the database, and may be waited for by the thread that does.
    @Test func whoIsToldOfDamageMayClose() async throws {
        let storage = SimulatedStorage(seed: 4)
        let database = Mutex<Database?>(nil)
        var options = DatabaseOptions()
        options.threadCount = 1
        options.takesSnapshots = false
        options.schema = FileFixture.schema
        options.damageFound = { _ in try? database.withLock { $0 }?.close() }
        let opened = try Database.open(in: storage, options: options, random: 7)
        database.withLock { $0 = opened }
        _ = try await opened.document(try await opened.store(FileFixture.bytes(1, count: 400)))
        let file = "files/" + (try #require(try storage.folder("files", creating: false).list().first))
        storage.flipBit(1, ofByte: 3, in: file)
        #expect(opened.scrub().count == 1)
        #expect(opened.scrub().isEmpty, "it is closed")
    }
}
