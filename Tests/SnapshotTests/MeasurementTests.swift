// Rates of the log and of snapshots on this machine, printed and never asserted. Run with KITH_MEASURE=1; the directory
// is made under KITH_MEASURE_DIR, or /tmp.

import Glibc
import Snapshot
import Synchronization
import Testing

private func isMeasuring() -> Bool { getenv("KITH_MEASURE") != nil }

private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// Blocks of 64 KiB of one kind of column.
private struct ColumnSource: SnapshotSource {
    enum Kind: UInt16, CaseIterable { case skewedCodes, uniformCodes, sortedIDs, names, randomBytes }

    let kind: Kind
    let blockCount: Int
    private let samples: [[UInt8]]

    init(kind: Kind, blockCount: Int) {
        self.kind = kind
        self.blockCount = blockCount
        samples = (0..<4).map { ColumnSource.sample(kind, seed: $0) }
    }

    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        bytes.append(contentsOf: samples[index % samples.count])
        return SnapshotBlockKey(kind: kind.rawValue, entity: 0, column: 0, index: UInt32(index))
    }

    private static func sample(_ kind: Kind, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        let words = ["Nordwind ", "GmbH ", "Berger ", "Systeme ", "Zürich ", "& Söhne ", "Handel ", "Werk "]
        var bytes: [UInt8] = []
        var id = seed << 36
        while bytes.count < 64 << 10 {
            switch kind {
            case .skewedCodes: bytes.append(random.below(20) == 0 ? UInt8(random.below(8)) : 1)
            case .uniformCodes: bytes.append(UInt8(random.below(8)))
            case .sortedIDs:
                id += 1 + UInt64(random.below(3))
                withUnsafeBytes(of: id) { bytes.append(contentsOf: $0) }
            case .names: bytes += Array((words[random.below(8)] + words[random.below(8)]).utf8)
            case .randomBytes: withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
            }
        }
        return Array(bytes[..<(64 << 10)])
    }
}

private final class ByteCounter: SnapshotSink {
    let bytes = Atomic(0)
    func prepare(_ keys: [SnapshotBlockKey]) throws {}
    func decode(_ key: SnapshotBlockKey, _ block: UnsafeRawBufferPointer) throws {
        bytes.wrappingAdd(block.count, ordering: .relaxed)
    }
}

@Suite(.serialized, .enabled(if: isMeasuring())) struct MeasurementTests {
    @Test func logAndSnapshots() throws {
        let base = getenv("KITH_MEASURE_DIR").map { String(cString: $0) } ?? "/tmp"
        let path = base + "/kith-measure-\(getpid())"
        let storage = try FileStorage(path: path, creating: true)
        defer {
            for name in (try? storage.list()) ?? [] { try? storage.remove(name) }
            rmdir(path)
        }
        var random = SplitMix64(seed: 1)
        try DataDirectory.create(in: storage, id: .random(using: &random))
        let sink = ByteCounter()
        var directory = try DataDirectory.open(storage, sink: sink, replay: { _, _ in })

        let entry = (0..<150).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var position: UInt64 = 0
        let total = 3_000_000
        var batch = EntryBatch()
        let groups = Atomic(0)
        directory.queue.onCommit { _ in groups.wrappingAdd(1, ordering: .relaxed) }
        let writing = try seconds {
            while position < total {
                batch.removeAll()
                for _ in 0..<16 { batch.append(entry) }
                try directory.queue.reserve(bytes: batch.lengthBytes)
                while directory.queue.isFull { try directory.queue.waitUntilDurable(directory.durablePosition + 1) }
                position += 16
                try directory.queue.submit(batch, lastPosition: position)
            }
            try directory.queue.waitUntilDurable(position)
        }
        let count = groups.load(ordering: .relaxed)
        print("commit: \(Int(Double(total) / writing)) entries/s, \(count) groups, \(Int(Double(count) / writing))/s")

        // One batch at a time, each durable before the next: what a lone client gets.
        let alone = try seconds {
            for _ in 0..<2000 {
                batch.removeAll()
                batch.append(entry)
                position += 1
                try directory.queue.submit(batch, lastPosition: position)
                try directory.queue.waitUntilDurable(position)
            }
        }
        print("one at a time: \(Int(2000 / alone))/s")

        // Submitting without waiting, as long as the queue takes it: the cost on the engine's thread.
        var submitting = 0.0
        var submitted = 0
        for _ in 0..<50 {
            batch.removeAll()
            for _ in 0..<16 { batch.append(entry) }
            let start = position
            submitting += try seconds {
                while position < start + 16_000 {
                    position += 16
                    try directory.queue.reserve(bytes: batch.lengthBytes)
                    try directory.queue.submit(batch, lastPosition: position)
                }
            }
            submitted += 16_000
            try directory.queue.waitUntilDurable(position)
        }
        print("submit alone: \(Int(Double(submitted) / submitting)) entries/s")
        try directory.close()

        var entries = 0
        let replaying = try seconds {
            directory = try DataDirectory.open(
                storage,
                sink: sink,
                replay: { _, bytes in entries &+= bytes.count / 150 }
            )
        }
        print("replay: \(Int(Double(entries) / replaying)) entries/s")

        let parallel = threadedFor(threads: 2)
        for kind in ColumnSource.Kind.allCases {
            batch.removeAll()
            batch.append(entry)
            position += 1
            try directory.queue.submit(batch, lastPosition: position)
            try directory.queue.waitUntilDurable(position)
            let source = ColumnSource(kind: kind, blockCount: 8192)
            var info: SnapshotInfo?
            let snapshotting = try seconds {
                info = try directory.writeSnapshot(at: position, source: source, parallel: parallel)
            }
            let logical = Double(info?.blockBytes ?? 0) / 1e9
            try directory.close()
            sink.bytes.store(0, ordering: .relaxed)
            let restoring = try seconds {
                directory = try DataDirectory.open(storage, parallel: parallel, sink: sink, replay: { _, _ in })
            }
            let restored = Double(sink.bytes.load(ordering: .relaxed)) / 1e9
            let ratio = logical * 1e9 / Double(info?.fileBytes ?? 1)
            print("\(kind): snapshot \(logical / snapshotting), restore \(restored / restoring) GB/s, ratio \(ratio)")
        }
        try directory.close()
    }
}
