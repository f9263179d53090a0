// Snapshot files and what they allow to be removed.

import Snapshot
import Testing

/// Blocks of many sizes, some that compress and some that do not.
private struct VariedSource: SnapshotSource {
    let blockCount: Int
    let seed: UInt64

    func bytes(_ index: Int) -> [UInt8] {
        var random = SplitMix64(seed: seed &+ UInt64(index))
        let count = index % 7 == 0 ? random.below(10) : random.below(90_000)
        return index % 3 == 0
            ? (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            : (0..<count).map { UInt8(truncatingIfNeeded: $0 / 100) }
    }

    func key(_ index: Int) -> SnapshotBlockKey {
        SnapshotBlockKey(kind: 1, entity: UInt16(index % 5), column: 9, index: UInt32(index))
    }

    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        bytes += self.bytes(index)
        return key(index)
    }
}

private final class Collector: SnapshotSink {
    private let blocks = Monitor<[SnapshotBlockKey: [UInt8]]>([:])
    var collected: [SnapshotBlockKey: [UInt8]] { blocks.withLock { $0 } }

    func prepare(_ keys: [SnapshotBlockKey]) throws { blocks.withLock { $0 = [:] } }
    func decode(_ key: SnapshotBlockKey, _ bytes: UnsafeRawBufferPointer) throws {
        blocks.withLock { $0[key] = Array(bytes) }
    }
}

private struct FailingSource: SnapshotSource {
    var blockCount: Int { 100 }
    var repeatsKey = false
    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        if !repeatsKey && index >= 40 { throw ToyFailure(what: "block \(index)") }
        return SnapshotBlockKey(kind: 0, entity: 0, column: 0, index: UInt32(index % 60))
    }
}

@Suite struct SnapshotTests {
    @Test(arguments: [0, 1, 63, 64, 65, 400])
    func whatGoesInComesOutWithAnyNumberOfThreads(blockCount: Int) throws {
        var files: [[UInt8]] = []
        for threads in 1...3 {
            let storage = SimulatedStorage(seed: 1)
            try ToyDirectory.create(storage)
            let source = VariedSource(blockCount: blockCount, seed: 5)
            let toy = try ToyDirectory(storage)
            try toy.commit([ToyEntry(slot: 0, value: 1, padding: 0)])
            let info = try toy.directory.writeSnapshot(at: 1, source: source, parallel: threadedFor(threads: threads))
            #expect(info.blockCount == blockCount)
            if blockCount > 50 { #expect(info.fileBytes < info.blockBytes) }
            files.append(try #require(storage.contents(of: "snapshot-0000000000000001")))
            try toy.directory.close()
            let sink = Collector()
            let opened = try DataDirectory.open(
                storage,
                options: ToyDirectory.options,
                parallel: threadedFor(threads: 4 - threads),
                sink: sink,
                replay: { _, _ in }
            )
            #expect(opened.recovery.snapshot == info)
            let expected = Dictionary(uniqueKeysWithValues: (0..<blockCount).map { (source.key($0), source.bytes($0)) })
            #expect(sink.collected == expected)
        }
        #expect(files[0] == files[1] && files[1] == files[2])
    }

    @Test func aSourceThatFailsLeavesNothing() throws {
        let storage = SimulatedStorage(seed: 1)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        try toy.commit([ToyEntry(slot: 0, value: 1, padding: 0)])
        let names = try storage.list()
        let failed = DirectoryError.blockNotEncoded(index: 40, reason: "\(ToyFailure(what: "block 40"))")
        #expect(throws: failed) {
            try toy.directory.writeSnapshot(at: 1, source: FailingSource(), parallel: threadedFor(threads: 3))
        }
        #expect(throws: DirectoryError.self) {
            try toy.directory.writeSnapshot(at: 1, source: FailingSource(repeatsKey: true))
        }
        #expect(throws: DirectoryError.notDurable(position: 2, durablePosition: 1)) {
            try toy.directory.writeSnapshot(at: 2, source: ToySource(state: toy.machine.state))
        }
        storage.injectFault(.write, callsBefore: 2, error: .outOfSpace)
        #expect(throws: DirectoryError.storage(.outOfSpace(file: "snapshot.tmp", operation: "write"))) {
            try toy.snapshot()
        }
        #expect(try storage.list() == names)
        _ = try toy.snapshot()
    }

    @Test func twoSnapshotsAndTheLogSinceTheOlderAreKept() throws {
        let storage = SimulatedStorage(seed: 2)
        try ToyDirectory.create(storage)
        let toy = try ToyDirectory(storage)
        var random = SplitMix64(seed: 2)
        var positions: [UInt64] = []
        var sizes: [Int] = []
        for _ in 0..<12 {
            for _ in 0..<20 { try toy.commit((0..<3).map { _ in ToyEntry.random(&random) }) }
            positions.append(try toy.snapshot().position)
            sizes.append(try storage.list().reduce(0) { $0 + (storage.contents(of: $1)?.count ?? 0) })
            #expect(toy.directory.logBytesSinceSnapshot == 0)
        }
        let names = try storage.list()
        #expect(names.filter { $0.hasPrefix("snapshot-") }.count == 2)
        #expect(toy.directory.newestSnapshot?.position == positions.last)
        // Bounded: what a round writes, twice, and not what all rounds wrote.
        #expect(sizes[11] <= sizes[3] * 2)
        let older = positions[10]
        var next = older
        try toy.directory.readLog(after: older) { position, _ in
            #expect(position == next + 1)
            next = position
        }
        #expect(next == toy.machine.state.position)
        #expect(throws: DirectoryError.self) { try toy.directory.readLog(after: 1) { _, _ in } }
        // Without the newest snapshot, nothing is missing.
        let model = toy.machine.state
        try toy.directory.close()
        try storage.remove(try #require(names.last { $0.hasPrefix("snapshot-") }))
        let again = try ToyDirectory(storage)
        #expect(again.machine.state == model)
        #expect(again.directory.recovery.snapshot?.position == older)
    }

    @Test func restartsDoNotGrowTheDirectory() throws {
        let storage = SimulatedStorage(seed: 2)
        try ToyDirectory.create(storage)
        for _ in 0..<20 { try ToyDirectory(storage).directory.close() }
        #expect(try storage.list().filter { $0.hasPrefix("log-") }.count == 1)
        var sizes: [Int] = []
        for _ in 0..<20 {
            let toy = try ToyDirectory(storage)
            try toy.commit([ToyEntry(slot: 0, value: 1, padding: 0)])
            try toy.directory.close()
            sizes.append(try storage.list().reduce(0) { $0 + (storage.contents(of: $1)?.count ?? 0) })
        }
        // Each leaves its header, a group and a seal or two, not a whole segment.
        #expect(sizes[19] - sizes[9] <= 10 * 5 * 512)
        #expect(try ToyDirectory(storage).machine.state.position == 20)
    }

    @Test func aSnapshotIsDueWhenTheLogOutgrowsIt() {
        #expect(!SnapshotPolicy.isDue(logBytesSinceSnapshot: 127 << 20, snapshotBytes: 0))
        #expect(SnapshotPolicy.isDue(logBytesSinceSnapshot: 128 << 20, snapshotBytes: 0))
        #expect(!SnapshotPolicy.isDue(logBytesSinceSnapshot: 999 << 20, snapshotBytes: 1 << 30))
        #expect(SnapshotPolicy.isDue(logBytesSinceSnapshot: 1 << 30, snapshotBytes: 1 << 30))
        #expect(SnapshotPolicy.isDue(logBytesSinceSnapshot: 4 << 30, snapshotBytes: 100 << 30))
    }
}
