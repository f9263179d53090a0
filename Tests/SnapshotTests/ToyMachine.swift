// A state machine small enough to be obviously right: an entry sets one of 32 slots to a value, and the state is the
// slots. It stands in for the engine in the tests of recovery, and a plain array of its entries is the model.

import Snapshot

struct ToyEntry: Equatable {
    var slot: Int
    var value: UInt64
    /// Bytes that only make the entry longer.
    var padding: Int

    var bytes: [UInt8] {
        var bytes = [UInt8(slot)]
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        for index in 0..<padding { bytes.append(UInt8(truncatingIfNeeded: value &+ UInt64(index))) }
        return bytes
    }

    init(slot: Int, value: UInt64, padding: Int) {
        self.slot = slot
        self.value = value
        self.padding = padding
    }

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 9, bytes[0] < 32 else { return nil }
        let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        self.init(slot: Int(bytes[0]), value: value, padding: bytes.count - 9)
        for index in 0..<padding where bytes[9 + index] != UInt8(truncatingIfNeeded: value &+ UInt64(index)) {
            return nil
        }
    }

    static func random(_ random: inout SplitMix64) -> ToyEntry {
        // Mostly small, at times longer than a sector.
        let padding = random.below(8) == 0 ? random.below(1500) : random.below(60)
        return ToyEntry(slot: random.below(32), value: random.next(), padding: padding)
    }
}

struct ToyState: Equatable {
    var slots = [UInt64](repeating: 0, count: 32)
    var position: UInt64 = 0

    mutating func apply(_ entry: ToyEntry) {
        slots[entry.slot] = entry.value
        position += 1
    }

    init() {}

    init(of entries: some Sequence<ToyEntry>) {
        for entry in entries { apply(entry) }
    }
}

struct ToyFailure: Error {
    let what: String
}

/// Four blocks of eight slots, and one with the position.
struct ToySource: SnapshotSource {
    let state: ToyState

    var blockCount: Int { 5 }

    func encode(block index: Int, into bytes: inout [UInt8]) throws -> SnapshotBlockKey {
        let values = index == 4 ? [state.position] : Array(state.slots[index * 8..<index * 8 + 8])
        for value in values { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        return SnapshotBlockKey(kind: index == 4 ? 2 : 1, entity: 0, column: 0, index: UInt32(index))
    }
}

/// Takes the blocks, then the entries. One thread at a time.
final class ToyMachine: SnapshotSink, @unchecked Sendable {
    private(set) var state = ToyState()
    private(set) var prepareCount = 0

    func prepare(_ keys: [SnapshotBlockKey]) throws {
        state = ToyState()
        prepareCount += 1
        guard keys.isEmpty || keys.count == 5 else { throw ToyFailure(what: "\(keys.count) blocks") }
    }

    func decode(_ key: SnapshotBlockKey, _ bytes: UnsafeRawBufferPointer) throws {
        let values = stride(from: 0, to: bytes.count, by: 8).map {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
        }
        if key.kind == 2 {
            state.position = values[0]
        } else {
            state.slots.replaceSubrange(Int(key.index) * 8..<Int(key.index) * 8 + 8, with: values)
        }
    }

    func replay(_ position: UInt64, _ bytes: UnsafeRawBufferPointer) throws {
        guard position == state.position + 1 else { throw ToyFailure(what: "gap after \(state.position)") }
        guard let entry = ToyEntry(bytes) else { throw ToyFailure(what: "entry \(position) is not what was written") }
        state.apply(entry)
    }
}

/// A directory with a toy in it, on a simulated disk.
struct ToyDirectory {
    let directory: DataDirectory
    let machine: ToyMachine

    static let options = DirectoryOptions(segmentBytes: 16 << 10, usesThreads: false)
    static let id = DirectoryID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    init(_ storage: any Storage, options: DirectoryOptions = ToyDirectory.options) throws(DirectoryError) {
        let machine = ToyMachine()
        directory = try DataDirectory.open(storage, options: options, sink: machine, replay: machine.replay)
        self.machine = machine
    }

    static func create(_ storage: any Storage) throws(DirectoryError) {
        try DataDirectory.create(in: storage, id: id)
    }

    /// Appends entries as one batch and, without threads, leaves them uncommitted.
    func submit(_ entries: [ToyEntry]) throws(DirectoryError) {
        var batch = EntryBatch()
        for entry in entries { batch.append(entry.bytes) }
        try directory.queue.reserve(bytes: batch.lengthBytes)
        try directory.queue.submit(batch, lastPosition: machine.state.position + UInt64(entries.count))
        for entry in entries { machine.apply(entry) }
    }

    func commit(_ entries: [ToyEntry]) throws(DirectoryError) {
        try submit(entries)
        try directory.queue.waitUntilDurable(machine.state.position)
    }

    func snapshot() throws(DirectoryError) -> SnapshotInfo {
        try directory.writeSnapshot(at: machine.state.position, source: ToySource(state: machine.state))
    }
}

extension ToyMachine {
    func apply(_ entry: ToyEntry) { state.apply(entry) }
}

/// A directory with some committed groups, sealed, and the entries in it.
func makeToyLog(groups: Int, seed: UInt64 = 7, sealed: Bool = true) throws -> (SimulatedStorage, [ToyEntry]) {
    let storage = SimulatedStorage(seed: seed)
    try ToyDirectory.create(storage)
    let toy = try ToyDirectory(storage)
    var random = SplitMix64(seed: seed)
    var entries: [ToyEntry] = []
    for _ in 0..<groups {
        let group = (0..<1 + random.below(4)).map { _ in ToyEntry.random(&random) }
        try toy.commit(group)
        entries += group
    }
    if sealed {
        try toy.directory.close()
    } else {
        storage.restartProcess()
    }
    return (storage, entries)
}
