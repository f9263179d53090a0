// Both commit queues: order, limits, a full disk, a failing one, and the thread.

import Glibc
import Snapshot
import TestSupport
import Testing

@Suite struct CommitQueueTests {
    private func makeToy(capacityBytes: UInt64 = .max) throws -> (SimulatedStorage, ToyDirectory) {
        let storage = SimulatedStorage(seed: 1, capacityBytes: capacityBytes)
        try ToyDirectory.create(storage)
        return (storage, try ToyDirectory(storage))
    }

    private let entry = ToyEntry(slot: 3, value: 9, padding: 900)

    @Test func positionsFollowOneAnother() throws {
        let (_, toy) = try makeToy()
        var batch = EntryBatch()
        batch.append([1, 2, 3])
        #expect(throws: DirectoryError.outOfOrder(position: 2, expected: 1)) {
            try toy.directory.queue.submit(batch, lastPosition: 2)
        }
        try toy.directory.queue.submit(batch, lastPosition: 1)
        #expect(toy.directory.durablePosition == 0)
        try toy.directory.queue.waitUntilDurable(1)
        #expect(toy.directory.durablePosition == 1)
        #expect(throws: DirectoryError.notDurable(position: 2, durablePosition: 1)) {
            try toy.directory.queue.waitUntilDurable(2)
        }
    }

    @Test func whatWaitsIsBounded() throws {
        let (_, toy) = try makeToy()
        var count = 0
        while !toy.directory.queue.isFull {
            try toy.submit([entry])
            count += 1
        }
        // A quarter of a segment of 16 KiB.
        #expect(count == 5)
        #expect(throws: DirectoryError.queueFull(limitBytes: 4096)) { try toy.submit([entry]) }
        try toy.directory.inlineQueue?.commit()
        #expect(!toy.directory.queue.isFull)
        var batch = EntryBatch()
        batch.append([UInt8](repeating: 0, count: 8190))
        #expect(throws: DirectoryError.batchTooLarge(bytes: 8194, limitBytes: 8192)) {
            try toy.directory.queue.submit(batch, lastPosition: UInt64(count) + 1)
        }
        #expect(throws: DirectoryError.batchTooLarge(bytes: 8193, limitBytes: 8192)) {
            try toy.directory.queue.reserve(bytes: 8193)
        }
    }

    @Test func entriesThatFailToEncodeLeaveNothing() throws {
        var batch = EntryBatch()
        batch.append([1])
        #expect(throws: ToyFailure.self) {
            try batch.append { bytes in
                bytes.u8(2)
                throw ToyFailure(what: "no")
            }
        }
        batch.append { bytes in
            bytes.u8(2)
            return false
        }
        batch.append { bytes in
            bytes.raw([3, 4])
            return true
        }
        #expect(batch.count == 2)
        #expect(batch.lengthBytes == 11)
        batch.removeAll()
        #expect(batch.count == 0 && batch.lengthBytes == 0)
    }

    /// The disk fills, is refused cleanly, gets room again, and goes on; nothing that was accepted is lost.
    @Test func aFullDiskRefusesBeforeAnythingIsExecuted() throws {
        // One segment, its reserve, and no room for a spare.
        let (storage, toy) = try makeToy(capacityBytes: 48 << 10)
        storage.setCapacity(bytes: 30 << 10)
        var accepted: [ToyEntry] = []
        var refusal: DirectoryError?
        while refusal == nil, accepted.count < 1000 {
            do throws(DirectoryError) {
                try toy.commit([entry])
                accepted.append(entry)
            } catch {
                refusal = error
            }
        }
        guard case .diskFull(let needed, _) = refusal else {
            Issue.record("refused with \(String(describing: refusal))")
            return
        }
        #expect(needed == 16 << 10)
        #expect((5...15).contains(accepted.count))
        #expect(toy.directory.durablePosition == UInt64(accepted.count))
        // Still full, still refused, still readable.
        #expect(throws: DirectoryError.self) { try toy.commit([entry]) }
        var read: UInt64 = 0
        try toy.directory.readLog(after: 0) { position, _ in read = position }
        #expect(read == UInt64(accepted.count))
        storage.setCapacity(bytes: 200 << 10)
        for _ in 0..<30 { try toy.commit([entry]) }
        storage.crash()
        #expect(try ToyDirectory(storage).machine.state.position == UInt64(accepted.count) + 30)
    }

    /// On a disk without a byte left the directory still opens, by its reserve.
    @Test func aFullDiskCanBeOpened() throws {
        let (storage, toy) = try makeToy()
        try toy.commit([entry])
        #expect(try storage.list().contains("reserve"))
        storage.crash()
        storage.setCapacity(bytes: 0)
        let full = try ToyDirectory(storage)
        #expect(full.machine.state.position == 1)
        #expect(try !storage.list().contains("reserve"))
        storage.crash()
        storage.setCapacity(bytes: 1 << 20)
        let again = try ToyDirectory(storage)
        try again.commit([entry])
        #expect(try storage.list().contains("reserve"))
    }

    @Test func aFailedSyncHaltsForGood() throws {
        let (storage, toy) = try makeToy()
        try toy.commit([entry])
        storage.injectFault(.sync, callsBefore: 0)
        let halted = DirectoryError.halted(
            .failed(operation: "sync", file: "log-0000000000000001-00000002", errorNumber: EIO)
        )
        do throws(DirectoryError) {
            try toy.commit([entry])
            Issue.record("a failed sync was not reported")
        } catch {
            guard case .halted = error else {
                Issue.record("\(error), expected \(halted)")
                return
            }
        }
        let syncs = storage.counts.syncs
        #expect(throws: DirectoryError.self) { try toy.submit([entry]) }
        #expect(throws: DirectoryError.self) { try toy.directory.queue.waitUntilDurable(2) }
        #expect(throws: DirectoryError.self) { try toy.snapshot() }
        #expect(throws: DirectoryError.self) { try toy.directory.close() }
        // Never repeated: the first failure was the last word.
        #expect(storage.counts.syncs == syncs)
        // The process starts again and still sees the entry in the cache. From then on it must stay.
        storage.restartProcess()
        let seen = try ToyDirectory(storage).machine.state.position
        storage.crash()
        #expect(try ToyDirectory(storage).machine.state.position == seen)
    }

    @Test func handlersHearOfEveryCommit() throws {
        let (storage, toy) = try makeToy()
        let heard = Monitor<[String]>([])
        toy.directory.queue.onCommit { event in
            switch event {
            case .durable(let position): heard.withLock { $0.append("\(position)") }
            case .halted: heard.withLock { $0.append("halted") }
            }
        }
        try toy.commit([entry, entry])
        try toy.commit([entry])
        storage.injectFault(.write, callsBefore: 0)
        #expect(throws: DirectoryError.self) { try toy.commit([entry]) }
        #expect(heard.withLock { $0 } == ["2", "3", "halted"])
    }

    /// A log that rests is sealed by itself: the next start then knows that its last group is on the disk.
    @Test func aLogThatRestsIsSealed() async throws {
        let storage = SimulatedStorage(seed: 6)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage, options: DirectoryOptions(segmentBytes: 64 << 10))
        try toy.submit([ToyEntry(slot: 1, value: 2, padding: 3)])
        try toy.directory.queue.waitUntilDurable(1)
        let syncs = storage.counts.syncs
        for _ in 0..<2_000 where storage.counts.syncs == syncs { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(5))
        storage.crash()
        let again = try ToyDirectory(storage)
        #expect(again.machine.state.position == 1)
        #expect(again.directory.recovery.rewrittenEntries == 0)
        withExtendedLifetime(toy) {}
    }

    /// The thread on a real directory: many batches, groups of its own making, snapshots beside it, and everything there
    /// after closing and after just stopping.
    @Test func theCommitterKeepsOrder() throws {
        let temporary = try TemporaryDirectory()
        let storage = try FileStorage(path: temporary.path)
        try ToyDirectory.create(storage)
        let options = DirectoryOptions(segmentBytes: 1 << 20)
        var entries: [ToyEntry] = []
        var random = SplitMix64(seed: 4)
        for round in 0..<3 {
            let toy = try ToyDirectory(storage, options: options)
            #expect(toy.machine.state == ToyState(of: entries))
            #expect(toy.directory.recovery.tornTail == nil)
            let last = Monitor<UInt64>(0)
            toy.directory.queue.onCommit { event in
                guard case .durable(let position) = event else { return }
                last.withLock { known in
                    if position <= known { Issue.record("\(position) after \(known)") }
                    known = position
                }
            }
            for step in 0..<2000 {
                let batch = (0..<1 + random.below(20)).map { _ in ToyEntry.random(&random) }
                while toy.directory.queue.isFull {
                    try toy.directory.queue.waitUntilDurable(toy.machine.state.position)
                }
                try toy.submit(batch)
                entries += batch
                if step % 500 == 499 { _ = try toy.snapshot() }
            }
            try toy.directory.queue.waitUntilDurable(UInt64(entries.count))
            #expect(toy.directory.durablePosition == UInt64(entries.count))
            if round == 1 {
                var expected = toy.directory.newestSnapshot?.position ?? 0
                try toy.directory.readLog(after: expected) { position, bytes in
                    expected += 1
                    if position != expected || ToyEntry(bytes) != entries[Int(position) - 1] {
                        throw ToyFailure(what: "entry \(position)")
                    }
                }
                #expect(expected == UInt64(entries.count))
            }
            try toy.directory.close()
            #expect(throws: DirectoryError.closed) { try toy.submit([entry]) }
            try toy.directory.close()
        }
        #expect(try DataDirectory.verify(storage).isSound)
        #expect(try storage.list().filter { $0.hasPrefix("log-") }.count < 12)
    }
}
