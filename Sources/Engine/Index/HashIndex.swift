// Unique index of an alternate key: from the hash of the key's values to a row.
//
// Open addressing with linear probing in a paged array of 64-bit slots: high half = the upper 32 bits of the hash (the
// tag), low half = row + 1; zero is empty. The home of a tag is its topmost bits, so that a table of twice the size keeps
// the order of entries, and growing is a sequential pass. The index does not hold the values: the caller compares the
// rows that it offers.
//
// Growth is spread over inserts: a table that is three quarters full gets a successor of twice the size, and every insert
// moves 8 slots of the old one, so that no insert pays for all. The new table cannot fill up before the old one is empty:
// moving N slots at 8 an insert takes N/8 inserts, and there is room for N/2 and more.
// In the old table, entries that were moved or removed become tombstones, since probes run across them; in the new one,
// removal shifts later entries back, so that it never has any.

/// Hash index of one alternate key. Value semantics. All operations O(1) expected.
package struct HashIndex: Sendable {
    private static let tombstone: UInt64 = 0xFFFF_FFFF
    private static let bitsMin = 8
    private static let slotsMovedPerInsert = 8
    /// Inserts of a batch that look after growth together.
    private static let insertsPerGroup = 64
    /// How many inserts ahead a batch asks for its slots: further than memory is away.
    private static let slotsAhead = 16
    private static let slotsPerLine = 8

    struct Slots: Sendable {
        var bits: Int
        var array = PagedArray<UInt64>(empty: 0)

        var capacity: Int { 1 << bits }
        @inline(__always) func home(_ tag: UInt32) -> Int { Int(tag >> UInt32(32 - bits)) }
        @inline(__always) func after(_ index: Int) -> Int { (index + 1) & (capacity - 1) }

        /// Asks for the line of a tag's home and the next one, into which every second search runs.
        @inline(__always)
        func prefetch(_ tag: UInt32) {
            let home = home(tag)
            array.prefetch(home)
            array.prefetch((home + HashIndex.slotsPerLine) & (capacity - 1))
        }
    }

    package internal(set) var count = 0
    var current = Slots(bits: HashIndex.bitsMin)
    private var old: Slots?
    private var moved = 0

    package init() {}

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 32) }

    /// The row whose key has this hash and for which `matches` is true; nil when there is none.
    @inline(__always)
    package func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        let tag = HashIndex.tag(hash)
        if let row = HashIndex.find(tag, in: current, where: matches) { return row }
        guard let old else { return nil }
        return HashIndex.find(tag, in: old, where: matches)
    }

    @inline(__always)
    private static func find(_ tag: UInt32, in slots: Slots, where matches: (UInt32) -> Bool) -> UInt32? {
        var index = slots.home(tag)
        while true {
            let slot = slots.array[index]
            if slot == 0 { return nil }
            if UInt32(slot >> 32) == tag, slot & 0xFFFF_FFFF != tombstone {
                let row = UInt32(truncatingIfNeeded: slot) &- 1
                if matches(row) { return row }
            }
            index = slots.after(index)
        }
    }

    /// Adds a row; the caller has checked that its key is not there yet.
    package mutating func insert(_ hash: UInt64, row: UInt32) {
        makeRoom(for: 1)
        HashIndex.place(UInt64(HashIndex.tag(hash)) << 32 | UInt64(row + 1), in: &current)
        count += 1
    }

    /// As `insert`, for a batch: hash and row pair by place. Growth goes on at the same pace.
    package mutating func insert(_ hashes: UnsafeBufferPointer<UInt64>, rows: UnsafeBufferPointer<UInt32>) {
        precondition(hashes.count == rows.count)
        var start = 0
        while start < hashes.count {
            let end = min(start + HashIndex.insertsPerGroup, hashes.count)
            makeRoom(for: end - start)
            for index in start..<end {
                if index + HashIndex.slotsAhead < hashes.count {
                    current.prefetch(HashIndex.tag(hashes[index + HashIndex.slotsAhead]))
                }
                HashIndex.place(UInt64(HashIndex.tag(hashes[index])) << 32 | UInt64(rows[index] + 1), in: &current)
            }
            count += end - start
            start = end
        }
    }

    /// As `find`, for a batch: calls `found` with the place and the row of each hash (nil: none) that leads to a row for
    /// which `matches` is true.
    @inline(__always)
    package func findEach(
        _ hashes: [UInt64?],
        where matches: (_ place: Int, _ row: UInt32) -> Bool,
        found: (_ place: Int, _ row: UInt32) -> Void
    ) {
        for place in hashes.indices {
            let ahead = place + HashIndex.slotsAhead
            if ahead < hashes.count, let hash = hashes[ahead] {
                current.prefetch(HashIndex.tag(hash))
                old?.prefetch(HashIndex.tag(hash))
            }
            guard let hash = hashes[place] else { continue }
            if let row = find(hash, where: { matches(place, $0) }) { found(place, row) }
        }
    }

    /// Goes on with growth, or begins it, before `insertCount` (at most `insertsPerGroup`) inserts.
    private mutating func makeRoom(for insertCount: Int) {
        if old != nil {
            moveSome(slotCount: HashIndex.slotsMovedPerInsert * insertCount)
        } else if count + insertCount > current.capacity / 4 * 3 {
            old = current
            current = Slots(bits: current.bits + 1)
            moved = 0
            precondition(current.bits < 32, "hash index: more entries than tags can tell apart")
        }
    }

    private static func place(_ slot: UInt64, in slots: inout Slots) {
        var index = slots.home(UInt32(slot >> 32))
        while slots.array[index] != 0 { index = slots.after(index) }
        slots.array.set(index, slot)
    }

    private mutating func moveSome(slotCount: Int) {
        guard var source = old else { return }
        // Taken out, so that writing to its pages does not see a second reference and copy them.
        old = nil
        let end = min(moved + slotCount, source.capacity)
        for index in moved..<end {
            let slot = source.array[index]
            if slot == 0 || slot & 0xFFFF_FFFF == HashIndex.tombstone { continue }
            HashIndex.place(slot, in: &current)
            source.array.set(index, slot | HashIndex.tombstone)
        }
        moved = end
        if end < source.capacity { old = source }
    }

    /// Removes the entry of a row. The row must be there under this hash.
    package mutating func remove(_ hash: UInt64, row: UInt32) {
        let slot = UInt64(HashIndex.tag(hash)) << 32 | UInt64(row + 1)
        count -= 1
        if removeFromCurrent(slot) { return }
        guard var source = old else { preconditionFailure("hash index: removing a row that is not there") }
        old = nil
        var index = source.home(HashIndex.tag(hash))
        while source.array[index] != slot {
            precondition(source.array[index] != 0, "hash index: removing a row that is not there")
            index = source.after(index)
        }
        source.array.set(index, slot | HashIndex.tombstone)
        old = source
    }

    private mutating func removeFromCurrent(_ slot: UInt64) -> Bool {
        var hole = current.home(UInt32(slot >> 32))
        while current.array[hole] != slot {
            if current.array[hole] == 0 { return false }
            hole = current.after(hole)
        }
        // Shift back every later entry of the run that may stand in the hole: one whose home is not between the hole
        // (exclusive) and its place (inclusive), cyclically.
        var index = current.after(hole)
        while true {
            let candidate = current.array[index]
            if candidate == 0 { break }
            let home = current.home(UInt32(candidate >> 32))
            let staysPut = hole <= index ? (hole < home && home <= index) : (hole < home || home <= index)
            if !staysPut {
                current.array.set(hole, candidate)
                hole = index
            }
            index = current.after(index)
        }
        current.array.set(hole, 0)
        return true
    }

    package var memoryBytes: Int { current.array.memoryBytes + (old?.array.memoryBytes ?? 0) }
}
