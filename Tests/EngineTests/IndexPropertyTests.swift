// The indexes against models that are too simple to be wrong. A copy taken at any moment keeps showing that moment.

import Engine
import Snapshot
import Testing

@Suite struct IndexPropertyTests {
    /// Hashes that meet: whole random ones, ones that share a tag, and ones whose home is at the very end of the table.
    private func hash(_ random: inout PropertyRandom) -> UInt64 {
        switch random.below(4) {
        case 0: UInt64(random.below(30)) << 60 | UInt64(random.below(3)) << 32
        case 1: UInt64.max - UInt64(random.below(40)) << 32
        default: random.next()
        }
    }

    private func check(_ index: HashIndex, _ model: [UInt32: UInt64], seed: UInt64) {
        #expect(index.count == model.count, "seed \(seed)")
        let lost = model.filter { row, hash in index.find(hash) { $0 == row } != row }
        #expect(lost.isEmpty, "seed \(seed)")
    }

    @Test func hashIndexAgreesWithADictionary() {
        for seed in PropertyRandom.seeds(12) {
            var random = PropertyRandom(seed: seed)
            var model: [UInt32: UInt64] = [:]
            // Half of them begin as a restored one does.
            for row in 0..<random.below(2) * random.below(3000) { model[UInt32(10_000_000 + row)] = hash(&random) }
            var rows = model.keys.sorted()
            let entries = rows.map { HashIndex.entry(model[$0] ?? 0, row: $0) }
            let half = entries.count / 2
            var index = HashIndex(entries: [Array(entries[..<half]), [], Array(entries[half...])])
            check(index, model, seed: seed)
            var gone: [UInt32: UInt64] = [:]
            var copies: [(index: HashIndex, model: [UInt32: UInt64])] = []
            for step in 0..<8_000 {
                let isShrinking = step / 1500 % 3 == 2
                if !rows.isEmpty, random.below(10) < (isShrinking ? 8 : 2) {
                    let row = rows.remove(at: random.below(rows.count))
                    guard let hash = model.removeValue(forKey: row) else { continue }
                    index.remove(hash, row: row)
                    gone[row] = hash
                } else if random.below(200) == 0 {
                    let added = (0..<random.below(400)).map { UInt32(step + 10_000 * (1 + $0)) }
                    let hashes = added.map { _ in hash(&random) }
                    hashes.withUnsafeBufferPointer { hashes in
                        added.withUnsafeBufferPointer { index.insert(hashes, rows: $0) }
                    }
                    for (row, hash) in zip(added, hashes) { model[row] = hash }
                    rows.append(contentsOf: added)
                } else {
                    let hash = hash(&random)
                    index.insert(hash, row: UInt32(step))
                    model[UInt32(step)] = hash
                    rows.append(UInt32(step))
                }
                if random.below(900) == 0 { copies.append((index, model)) }
                if random.below(1500) == 0 { check(index, model, seed: seed) }
            }
            check(index, model, seed: seed)
            let ghosts = gone.filter { row, hash in index.find(hash) { $0 == row } != nil }
            #expect(ghosts.isEmpty, "seed \(seed)")
            for copy in copies { check(copy.index, copy.model, seed: seed) }
        }
    }

    /// A place without an entry, a place with two, and two entries that stand the wrong way round.
    @Test func leavesOfAWrongOrderAreRefused() {
        for wrong in 0..<600 {
            let leaves = OrderedIndex<UInt64>.Leaves(count: 600)
            for place in 0..<600 {
                let isLost = place == wrong
                leaves.put(isLost ? (place + 1) % 600 : place, UInt64(place / 3), UInt32(isLost ? 7000 : place))
            }
            #expect(!(0..<leaves.leafCount).allSatisfy { leaves.isRising(leaf: $0) }, "place \(wrong)")
        }
        let swapped = OrderedIndex<UInt64>.Leaves(count: 150)
        for place in 0..<150 { swapped.put(place == 127 ? 128 : place == 128 ? 127 : place, UInt64(place), 1) }
        #expect(swapped.leafCount == 2 && swapped.isRising(leaf: 0))
        #expect(!swapped.isRising(leaf: 1))
    }

    private struct Entry<Key: Hashable & Comparable & Sendable>: Hashable, Comparable {
        var key: Key
        var row: UInt32
        static func < (a: Self, b: Self) -> Bool { (a.key, a.row) < (b.key, b.row) }
    }

    private func check<Key: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ index: OrderedIndex<Key>,
        _ model: Set<Entry<Key>>,
        _ random: inout PropertyRandom,
        seed: UInt64
    ) {
        index.checkInvariants()
        let sorted = model.sorted()
        for _ in 0..<12 {
            let bounds = [key(&random), key(&random)] as [Key]
            let isWhole = random.below(4) == 0
            let (lower, upper) = isWhole ? (Key.min, Key.max) : (bounds[0], bounds[1])
            let isDescending = random.below(2) == 0
            let limit = random.below(3) == 0 ? random.below(20) + 1 : Int.max
            var expected = sorted.filter { lower <= $0.key && $0.key <= upper }
            if isDescending { expected.reverse() }
            var found: [Entry<Key>] = []
            index.forEach(from: lower, through: upper, descending: isDescending) { key, row in
                found.append(Entry(key: key, row: row))
                return found.count < limit
            }
            #expect(found == Array(expected.prefix(limit)), "seed \(seed), \(lower)...\(upper)")
        }
    }

    /// Few distinct keys, the ends of the range, and keys that only differ in their upper half.
    private func key<Key: FixedWidthInteger & UnsignedInteger>(_ random: inout PropertyRandom) -> Key {
        switch random.below(8) {
        case 0: [Key.min, Key.max, Key.max - 1, 1][random.below(4)]
        case 1, 2: Key(random.below(6))
        case 3: Key(random.below(50)) << Key(Key.bitWidth - 8)
        default: Key(random.below(3000))
        }
    }

    /// Work that is done at once, when somebody waits for it, and on a thread.
    private static let backgrounds = [
        Background { work in
            work()
            return {}
        },
        Background { work in { work() } },
        Background { work in
            let isOver = Monitor(false)
            startThread {
                work()
                isOver.withLock { $0 = true }
                isOver.wakeAll(.progress)
            }
            return { isOver.wait(for: .progress) { $0 ? () : nil } }
        },
    ]

    private func orderedIndexAgrees<Key: FixedWidthInteger & UnsignedInteger & Sendable>(_: Key.Type) {
        for seed in PropertyRandom.seeds(8) {
            var random = PropertyRandom(seed: seed)
            var model: Set<Entry<Key>> = []
            for row in 0..<random.below(3) * 1000 { model.insert(Entry(key: key(&random), row: UInt32(row))) }
            let sorted = model.sorted()
            let leaves = OrderedIndex<Key>.Leaves(count: sorted.count)
            for (place, entry) in sorted.enumerated().reversed() { leaves.put(place, entry.key, entry.row) }
            let rises = (0..<leaves.leafCount).map { leaves.isRising(leaf: $0) }
            #expect(!rises.contains(false), "seed \(seed)")
            var index = OrderedIndex(leaves)
            check(index, model, &random, seed: seed)
            var copies: [(index: OrderedIndex<Key>, model: Set<Entry<Key>>)] = []
            var row: UInt32 = 100_000
            for step in 0..<250 {
                switch random.below(6) {
                case 5:
                    // A batch: anywhere, or behind everything; rows rising, or not.
                    let isRun = random.below(4) == 0
                    let start = min(model.map(\.key).max() ?? 0, Key.max - 1000)
                    var entries: [OrderedIndex<Key>.Entry] = []
                    for offset in 0..<[3, 40, 300, 900][random.below(4)] {
                        row += 1
                        entries.append(.init(key: isRun ? start + Key(offset) : key(&random), row: row))
                    }
                    if random.below(3) == 0 { entries.shuffle(using: &random) }
                    for entry in entries { model.insert(Entry(key: entry.key, row: entry.row)) }
                    entries.withUnsafeBufferPointer { index.insert($0) }
                    if random.below(2) == 0 { index.mergeBeside(Self.backgrounds[random.below(3)]) }
                    if random.below(4) == 0 { index.mergePending(releasing: random.below(2) == 0) }
                case 0:
                    // A run behind everything that is there, as dates of new records are.
                    let start = min(model.map(\.key).max() ?? 0, Key.max - 1000)
                    for offset in 0..<random.below(400) {
                        row += 1
                        index.insert(start + Key(offset), row: row)
                        model.insert(Entry(key: start + Key(offset), row: row))
                    }
                case 1:
                    // Neighbours leave together, so that nodes become empty.
                    let sorted = model.sorted()
                    guard !sorted.isEmpty else { break }
                    let start = random.below(sorted.count)
                    for entry in sorted[start..<min(sorted.count, start + random.below(step > 200 ? 3000 : 500))] {
                        index.remove(entry.key, row: entry.row)
                        model.remove(entry)
                    }
                default:
                    for _ in 0..<random.below(60) {
                        row += 1
                        let entry = Entry<Key>(key: key(&random), row: row)
                        index.insert(entry.key, row: row)
                        model.insert(entry)
                    }
                }
                if random.below(25) == 0 { copies.append((index, model)) }
                if random.below(25) == 0 { check(index, model, &random, seed: seed) }
            }
            for entry in model.shuffled(using: &random) { index.remove(entry.key, row: entry.row) }
            check(index, [], &random, seed: seed)
            for copy in copies { check(copy.index, copy.model, &random, seed: seed) }
        }
    }

    @Test func orderedIndexOfNumbersAgreesWithASortedArray() { orderedIndexAgrees(UInt64.self) }
    @Test func orderedIndexOfTextsAgreesWithASortedArray() { orderedIndexAgrees(UInt128.self) }

    @Test func linkIndexAgreesWithLists() {
        struct Target: Hashable {
            var entity: Int
            var row: UInt32
        }
        func check(_ index: LinkIndex, _ model: [Target: [UInt32]], seed: UInt64) {
            for (target, rows) in model {
                var found: [UInt32] = []
                var row = index.first(target: target.entity, targetRow: target.row)
                while row != LinkIndex.none, found.count <= rows.count {
                    found.append(row)
                    row = index.next(after: row)
                }
                #expect(found == rows.reversed(), "seed \(seed)")
            }
        }
        for seed in PropertyRandom.seeds(10) {
            var random = PropertyRandom(seed: seed)
            var index = LinkIndex(targetCount: 1)
            var targetCount = 1
            var model: [Target: [UInt32]] = [:]
            var linked: [(row: UInt32, target: Target)] = []
            var free = (0..<UInt32(20_000)).shuffled(using: &random)
            var copies: [(index: LinkIndex, model: [Target: [UInt32]])] = []
            for step in 0..<6_000 {
                if step == 1_000 {
                    index = index.widened(to: 3)
                    targetCount = 3
                }
                if !linked.isEmpty, random.below(10) < 4 {
                    let (row, target) = linked.remove(at: random.below(linked.count))
                    index.remove(row: row, target: target.entity, targetRow: target.row)
                    model[target]?.removeAll { $0 == row }
                    free.append(row)
                } else if random.below(50) == 0, free.count > 100 {
                    var (rows, targets): ([UInt32], [LinkTarget]) = ([], [])
                    for _ in 0..<random.below(90) {
                        let target = Target(entity: random.below(targetCount), row: UInt32(random.below(20) * 1000))
                        rows.append(free.removeLast())
                        let isNull = random.below(5) == 0
                        targets.append(
                            isNull ? .none : LinkTarget(ordinal: UInt32(target.entity), row: target.row)
                        )
                        guard !isNull else { continue }
                        model[target, default: []].append(rows[rows.count - 1])
                        linked.append((rows[rows.count - 1], target))
                    }
                    rows.withUnsafeBufferPointer { list in
                        targets.withUnsafeBufferPointer {
                            index.insert(RowSet(first: 0, count: list.count, list: list.baseAddress), $0)
                        }
                    }
                } else if let row = free.popLast() {
                    let target = Target(entity: random.below(targetCount), row: UInt32(random.below(20) * 1000))
                    index.insert(row: row, target: target.entity, targetRow: target.row)
                    model[target, default: []].append(row)
                    linked.append((row, target))
                }
                if random.below(700) == 0 { copies.append((index, model)) }
            }
            check(index, model, seed: seed)
            for copy in copies { check(copy.index, copy.model, seed: seed) }
        }
    }

    @Test func pagedArrayAgreesWithADictionary() {
        for seed in PropertyRandom.seeds(10) {
            var random = PropertyRandom(seed: seed)
            var array = PagedArray<UInt32>(empty: 7)
            var model: [Int: UInt32] = [:]
            var copies: [(array: PagedArray<UInt32>, model: [Int: UInt32])] = []
            for _ in 0..<4_000 {
                let index =
                    random.below(8) == 0 ? [0, 8191, 8192, 16_383, 99_999][random.below(5)] : random.below(99_999)
                let value: UInt32 = random.below(3) == 0 ? 7 : UInt32(truncatingIfNeeded: random.next())
                if random.below(40) == 0 {
                    let count = random.below(9000)
                    array.setRising(from: index, count: count, 1 << 20)
                    for offset in 0..<count { model[index + offset] = 1 << 20 + UInt32(offset) }
                }
                array.set(index, value)
                model[index] = value
                if random.below(500) == 0 { copies.append((array, model)) }
            }
            copies.append((array, model))
            for copy in copies {
                let wrong = (0..<110_000).filter { copy.array[$0] != copy.model[$0] ?? 7 }
                #expect(wrong.isEmpty, "seed \(seed)")
            }
        }
    }
}
