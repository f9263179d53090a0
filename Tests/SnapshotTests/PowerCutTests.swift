// Random work on a disk whose power is cut at random calls, recovery included, against a model: what was acknowledged is
// there, in order, and nothing is there that was never submitted.

import Snapshot
import TestSupport
import Testing

/// One disk, several lives. Everything follows from the seed.
private struct PowerCutRun {
    let seed: UInt64
    var random: SplitMix64
    let storage: SimulatedStorage
    /// The same disk as the directory sees it.
    let disk: any Storage
    /// All entries submitted in the history that counts, acknowledged or not.
    var submitted: [ToyEntry] = []
    /// How many of them were acknowledged, or shown by a recovery.
    var acknowledged = 0
    var seen = Seen()

    /// What happened, so that the test can say that it saw what it is about.
    struct Seen {
        var cuts = 0
        var tornTails = 0
        var rewrittenGroups = 0
        var restoredSnapshots = 0
        var interruptedRecoveries = 0
    }

    init(seed: UInt64, disk: (SimulatedStorage) -> any Storage = { $0 }) {
        self.seed = seed
        random = SplitMix64(seed: seed)
        storage = SimulatedStorage(seed: seed &+ 1)
        self.disk = disk(storage)
    }

    mutating func run(lives: Int) throws {
        try createDirectory()
        for _ in 0..<lives {
            let toy = try recover()
            if random.below(10) == 0 {
                storage.injectFault(.sync, callsBefore: random.below(12))
            } else if random.below(10) == 0 {
                storage.injectFault(.write, callsBefore: random.below(12), error: .outOfSpace)
            } else {
                storage.cutPower(afterChanges: random.below(60))
            }
            do {
                try live(toy)
            } catch is DirectoryError {
                // The machine went off, or the disk failed, in the middle of something.
            }
            end()
        }
        _ = try recover()
    }

    private mutating func end() {
        seen.cuts += 1
        if random.below(4) == 0 { storage.restartProcess() } else { storage.crash() }
    }

    private mutating func createDirectory() throws {
        storage.cutPower(afterChanges: random.below(12))
        do {
            try ToyDirectory.create(disk)
        } catch {
            // Not a restart: what was not made whole may be seen by the next process and still vanish.
            storage.crash()
            if try DataDirectory.exists(in: storage) == false { try ToyDirectory.create(disk) }
        }
        end()
        if try DataDirectory.exists(in: storage) == false { try ToyDirectory.create(disk) }
    }

    private mutating func live(_ toy: ToyDirectory) throws {
        let queue = try #require(toy.directory.inlineQueue)
        for _ in 0..<random.below(40) {
            switch random.below(12) {
            case 0: _ = try toy.snapshot()
            case 1: try queue.seal()
            case 2: if try queue.write() { try queue.sync() }
            case 3: try queue.commit()
            default:
                let entries = (0..<1 + random.below(5)).map { _ in ToyEntry.random(&random) }
                guard !queue.isFull else { break }
                submitted += entries
                do {
                    try toy.submit(entries)
                } catch {
                    submitted.removeLast(entries.count)
                    throw error
                }
                if random.below(3) > 0 { try queue.commit() }
            }
            // Acknowledging is what follows from durability, at once.
            acknowledged = Int(queue.durablePosition)
        }
        if random.below(5) == 0 { try toy.directory.close() }
    }

    /// Opens the directory, with more cuts in the middle of it, and compares it with the model.
    private mutating func recover() throws -> ToyDirectory {
        while random.below(3) == 0 {
            storage.cutPower(afterChanges: random.below(14))
            do {
                let toy = try ToyDirectory(disk)
                try compare(toy)
            } catch is DirectoryError {
                seen.interruptedRecoveries += 1
            }
            end()
        }
        let report = try DataDirectory.verify(storage)
        guard report.isSound, report.lastPosition >= acknowledged else {
            throw ToyFailure(what: "not sound: \(report.damage), \(report.lastPosition) of \(acknowledged)")
        }
        let toy = try ToyDirectory(disk)
        try compare(toy)
        return toy
    }

    private mutating func compare(_ toy: ToyDirectory) throws {
        let recovery = toy.directory.recovery
        if recovery.tornTail != nil { seen.tornTails += 1 }
        if recovery.rewrittenEntries > 0 { seen.rewrittenGroups += 1 }
        if recovery.snapshot != nil { seen.restoredSnapshots += 1 }
        guard recovery.damagedSnapshots.isEmpty else {
            throw ToyFailure(what: "a power cut damaged a snapshot: \(recovery.damagedSnapshots)")
        }
        let position = Int(recovery.lastPosition)
        guard position >= acknowledged else {
            throw ToyFailure(what: "\(acknowledged) were acknowledged, \(position) are there")
        }
        guard position <= submitted.count else {
            throw ToyFailure(what: "\(submitted.count) were submitted, \(position) are there")
        }
        submitted.removeLast(submitted.count - position)
        // Shown to whoever asks from now on, so it has to stay.
        acknowledged = position
        guard toy.machine.state == ToyState(of: submitted) else {
            throw ToyFailure(what: "the state after \(position) is not the model's")
        }
    }
}

@Suite struct PowerCutTests {
    /// 1,800 disks of 6 lives each: 10,800 cuts and more, because recoveries are cut too.
    @Test func everyAcknowledgedEntrySurvives() {
        var total = PowerCutRun.Seen()
        for seed in 0..<UInt64(1_800) {
            var run = PowerCutRun(seed: seed)
            do {
                try run.run(lives: 6)
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            total.cuts += run.seen.cuts
            total.tornTails += run.seen.tornTails
            total.rewrittenGroups += run.seen.rewrittenGroups
            total.restoredSnapshots += run.seen.restoredSnapshots
            total.interruptedRecoveries += run.seen.interruptedRecoveries
        }
        #expect(total.cuts > 10_800)
        #expect(total.tornTails > 20)
        #expect(total.rewrittenGroups > 500)
        #expect(total.restoredSnapshots > 500)
        #expect(total.interruptedRecoveries > 1_000)
    }

    /// The check of the check: with any one kind of sync left out, the same runs must find something missing.
    @Test(arguments: [LyingStorage.Lie.logSync, .snapshotSync, .directorySync])
    func aMissingSyncIsNoticed(lie: LyingStorage.Lie) {
        let found = (0..<UInt64(300)).contains { seed in
            var run = PowerCutRun(seed: seed) { LyingStorage($0, lie) }
            do {
                try run.run(lives: 6)
                return false
            } catch {
                return true
            }
        }
        #expect(found)
    }
}
