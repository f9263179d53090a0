/// The groups of a query by the hash of their keys. A struct, so that a batch is one access to it.
struct GroupTable {
    var keys: [SlotColumn]
    private let types: [QueryType]
    private var hashes: [UInt64] = []
    private var slots: [UInt32] = Array(repeating: .max, count: 64)

    init(_ groups: [Bound], _ keeper: TextKeeper) {
        types = groups.map(\.type)
        keys = groups.map { SlotColumn($0, keeper) }
    }

    var groupCount: Int { hashes.count }

    /// Bytes of one group's keys.
    var keyBytes: Int { keys.reduce(0) { $0 + $1.strideBytes } }

    mutating func addGroup(hash: UInt64) { hashes.append(hash) }

    /// Finds or makes the group of each row.
    mutating func assign(
        _ vectors: [Vector],
        _ count: Int,
        _ rowHash: UnsafeMutablePointer<UInt64>,
        _ groups: UnsafeMutablePointer<UInt32>
    ) {
        rowHash.update(repeating: 0, count: count)
        for (vector, type) in zip(vectors, types) {
            for index in 0..<count { rowHash[index] = combinedHash(rowHash[index], Self.hash(vector, index, type)) }
        }
        var mask = slots.count - 1
        for index in 0..<count {
            let hash = rowHash[index]
            var slot = Int(truncatingIfNeeded: hash) & mask
            while true {
                let group = slots[slot]
                if group == .max {
                    slots[slot] = UInt32(hashes.count)
                    groups[index] = UInt32(hashes.count)
                    for place in keys.indices { keys[place].append(vectors[place], index) }
                    hashes.append(hash)
                    if hashes.count * 2 > slots.count {
                        grow()
                        mask = slots.count - 1
                    }
                    break
                }
                if hashes[Int(group)] == hash, matches(Int(group), vectors, index) {
                    groups[index] = group
                    break
                }
                slot = (slot + 1) & mask
            }
        }
    }

    @inline(__always)
    static func hash(_ vector: Vector, _ index: Int, _ type: QueryType) -> UInt64 {
        guard vector.isValid(index) else { return 0x6E75_6C6C }
        if case .text(let collation) = type { return collation.hash(vector.texts[index], seed: 0) }
        // Minus zero is zero.
        if type == .double, vector.double(index) == 0 { return 1 }
        return UInt64(bitPattern: vector.numbers[index])
    }

    /// Whether the row has the group's keys; a smaller text of the same key becomes the one that is shown.
    @inline(__always)
    private mutating func matches(_ group: Int, _ vectors: [Vector], _ index: Int) -> Bool {
        var mayShow = false
        for place in 0..<keys.count {
            let vector = vectors[place]
            guard keys[place].valid[group] == vector.isValid(index) else { return false }
            if !vector.isValid(index) { continue }
            if keys[place].isText {
                let (known, text) = (keys[place].texts[group], vector.texts[index])
                // The same record's text, or one with the same bytes, is the usual case.
                if known.baseAddress == text.baseAddress, known.count == text.count { continue }
                guard types[place].collation.equal(known, text) else { return false }
                mayShow = true
            } else if keys[place].numbers[group] != vector.numbers[index] {
                guard types[place] == .double, vector.double(index) == 0,
                    Double(bitPattern: UInt64(bitPattern: keys[place].numbers[group])) == 0
                else { return false }
            }
        }
        if mayShow { showSmallest(group, vectors, index) }
        return true
    }

    private mutating func showSmallest(_ group: Int, _ vectors: [Vector], _ index: Int) {
        for place in keys.indices where keys[place].isText && vectors[place].isValid(index) {
            if Collation.compareBytes(vectors[place].texts[index], keys[place].texts[group]) < 0 {
                keys[place].set(vectors[place].texts[index], at: group)
            }
        }
    }

    private mutating func grow() {
        slots = Array(repeating: .max, count: slots.count * 4)
        for (group, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(group)
        }
    }
}
