// Random work on a disk whose power is cut or that fails at random calls, recovery included, against a model: what was
// acknowledged is there, in order, and nothing is there that was never submitted. And flipped bits in what that leaves:
// each is found, or changes nothing.
//
// `KITH_SEED=17 swift test --filter SnapshotTests.PowerCutTests` replays one disk.

import Foundation
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
        /// Calls made to fail while running, and while recovering.
        var faults = 0
        var recoveryFaults = 0
        var flips = 0
        /// Flips that a start refused or fell back from.
        var foundFlips = 0

        mutating func add(_ other: Seen) {
            cuts += other.cuts
            tornTails += other.tornTails
            rewrittenGroups += other.rewrittenGroups
            restoredSnapshots += other.restoredSnapshots
            interruptedRecoveries += other.interruptedRecoveries
            faults += other.faults
            recoveryFaults += other.recoveryFaults
            flips += other.flips
            foundFlips += other.foundFlips
        }
    }

    /// Bits flipped in a copy of the disk after each life.
    var flipsPerLife = 0

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
            if random.below(4) == 0 {
                storage.injectFault(below: 40, using: &random)
                seen.faults += 1
            } else {
                storage.cutPower(afterChanges: random.below(60))
            }
            do {
                try live(toy)
            } catch is DirectoryError {
                // The machine went off, or the disk failed, in the middle of something.
            }
            // What anyone could have been told by then.
            acknowledged = max(acknowledged, Int(toy.directory.durablePosition))
            end()
            if flipsPerLife > 0 { try flipBits() }
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
            let fails = random.below(2) == 0
            if fails {
                storage.injectFault(below: 20, using: &random)
                seen.recoveryFaults += 1
            } else {
                storage.cutPower(afterChanges: random.below(14))
            }
            do {
                let toy = try ToyDirectory(disk)
                try compare(toy, mayMissSnapshots: fails)
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

    /// - Parameter mayMissSnapshots: the disk failed to give one, so that an older one stood in.
    private mutating func compare(_ toy: ToyDirectory, mayMissSnapshots: Bool = false) throws {
        let recovery = toy.directory.recovery
        if recovery.tornTail != nil { seen.tornTails += 1 }
        if recovery.rewrittenEntries > 0 { seen.rewrittenGroups += 1 }
        if recovery.snapshot != nil { seen.restoredSnapshots += 1 }
        guard recovery.damagedSnapshots.isEmpty || mayMissSnapshots else {
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

extension PowerCutRun {
    /// What a start makes of copies of the disk in which one bit is another: it is found, or it changes nothing, or it costs
    /// the last group, where nothing proves that that one was durable.
    private mutating func flipBits() throws {
        let clean = try ToyDirectory(storage.copy(seed: 1))
        let count = Int(clean.directory.recovery.lastPosition)
        let unproven = clean.directory.recovery.rewrittenEntries
        let files = try storage.list().filter { $0.hasPrefix("log-") || $0.hasPrefix("snapshot-") }
            .map { name in (name, bytes: (storage.contents(of: name)?.lastIndex { $0 != 0 } ?? 0) + 1) }
        for _ in 0..<flipsPerLife {
            let (name, bytes) = files[random.below(files.count)]
            let (place, bit) = (random.below(bytes), random.below(8))
            let copy = storage.copy(seed: 1)
            copy.flipBit(bit, ofByte: place, in: name)
            seen.flips += 1
            do {
                let toy = try ToyDirectory(copy)
                let position = Int(toy.machine.state.position)
                guard (count - unproven...count).contains(position),
                    toy.machine.state == ToyState(of: submitted.prefix(position))
                else { throw ToyFailure(what: "bit \(bit) of byte \(place) in \(name): \(position) of \(count)") }
                if !toy.directory.recovery.damagedSnapshots.isEmpty { seen.foundFlips += 1 }
            } catch DirectoryError.damaged {
                seen.foundFlips += 1
            }
        }
    }
}

@Suite struct PowerCutTests {
    /// Runs disk after disk, or the one of KITH_SEED; nil where one of them failed.
    private func total(disks: Int, lives: Int, flipsPerLife: Int = 0) -> PowerCutRun.Seen? {
        let only = ProcessInfo.processInfo.environment["KITH_SEED"].flatMap(UInt64.init)
        var total = PowerCutRun.Seen()
        for seed in only.map({ $0..<$0 + 1 }) ?? 0..<UInt64(disks) {
            var run = PowerCutRun(seed: seed)
            run.flipsPerLife = flipsPerLife
            do {
                try run.run(lives: lives)
            } catch {
                Issue.record("KITH_SEED=\(seed): \(error)")
                return nil
            }
            total.add(run.seen)
        }
        print(total)
        return only == nil ? total : nil
    }

    /// Six lives a disk: 10,800 cuts and more in `make test`, because recoveries are cut too.
    @Test func everyAcknowledgedEntrySurvives() {
        let disks = Effort.count(1_800, torture: 6_000, full: 17_000)
        guard let total = total(disks: disks, lives: 6) else { return }
        #expect(total.cuts > disks * 6)
        #expect(total.tornTails > disks / 90)
        #expect(total.rewrittenGroups > disks / 4)
        #expect(total.restoredSnapshots > disks / 4)
        #expect(total.interruptedRecoveries > disks / 2)
        #expect(total.faults > disks)
        #expect(total.recoveryFaults > disks)
    }

    @Test func everyFlippedBitIsFoundOrHarmless() {
        let disks = Effort.count(50, torture: 600, full: 6_000)
        guard let total = total(disks: disks, lives: 4, flipsPerLife: 50) else { return }
        #expect(total.flips == disks * 4 * 50)
        #expect(total.foundFlips > total.flips / 4)
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
