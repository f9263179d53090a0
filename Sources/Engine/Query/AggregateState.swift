/// One aggregate's state for every group.
struct AggregateState {
    private let aggregate: BoundAggregate
    /// Rows counted: all, those with a value, or different values.
    var counts: [Int64] = []
    private var sums: [Int128] = []
    private var realSums: [Double] = []
    private var extremes: SlotColumn
    private var distinct: DistinctValues

    private let keepsSum: Bool
    private let keepsRealSum: Bool
    private let keepsExtreme: Bool
    private let operandType: QueryType

    init(_ aggregate: BoundAggregate, _ keeper: TextKeeper) {
        self.aggregate = aggregate
        let operand = aggregate.operand ?? Bound(.null, .null)
        distinct = DistinctValues(keeper: operand.makesText ? keeper : nil)
        extremes = SlotColumn(operand, keeper)
        operandType = aggregate.operand?.type ?? .null
        let adds = aggregate.function == .sum || aggregate.function == .average
        keepsSum = adds && operandType != .double
        keepsRealSum = adds && operandType == .double
        keepsExtreme = aggregate.function == .minimum || aggregate.function == .maximum
    }

    /// Makes room for groups, empty as yet.
    mutating func extend(to groupCount: Int) {
        while counts.count < groupCount {
            counts.append(0)
            if keepsSum { sums.append(0) }
            if keepsRealSum { realSums.append(0) }
            guard keepsExtreme else { continue }
            if operandType.isText { extremes.append(text: nil) } else { extremes.append(number: nil) }
        }
    }

    /// Counts every row of a batch.
    mutating func addRows(_ groups: UnsafePointer<UInt32>, _ count: Int) {
        counts.withUnsafeMutableBufferPointer { counts in
            for index in 0..<count { counts[Int(groups[index])] += 1 }
        }
    }

    /// Adds the values of a batch to their groups. Returns the bytes that are kept for it.
    mutating func add(_ vector: Vector, _ groups: UnsafePointer<UInt32>, _ count: Int) -> Int {
        var kept = 0
        if aggregate.isDistinct {
            // A value that its group has seen before counts as missing.
            for index in 0..<count where vector.isValid(index) {
                let hash = GroupTable.hash(vector, index, operandType)
                if distinct.insert(groups[index], hash, vector, index, operandType) {
                    kept += 32
                } else {
                    vector.setNull(index)
                }
            }
        }
        for index in 0..<count { counts[Int(groups[index])] += Int64(vector.valid[index]) }
        if keepsSum {
            for index in 0..<count where vector.isValid(index) {
                sums[Int(groups[index])] += Int128(vector.numbers[index])
            }
        } else if keepsRealSum {
            for index in 0..<count where vector.isValid(index) { realSums[Int(groups[index])] += vector.double(index) }
        } else if keepsExtreme {
            addExtremes(vector, groups, count)
        }
        return kept
    }

    private mutating func addExtremes(_ vector: Vector, _ groups: UnsafePointer<UInt32>, _ count: Int) {
        let sign = aggregate.function == .minimum ? -1 : 1
        for index in 0..<count where vector.isValid(index) {
            let group = Int(groups[index])
            if operandType.isText {
                let text = vector.texts[index]
                if !extremes.valid[group]
                    || operandType.collation.compareWithTieBreak(text, extremes.texts[group]).signum() == sign
                {
                    extremes.set(text, at: group)
                }
            } else if !extremes.valid[group] || order(vector.numbers[index], extremes.numbers[group]) == sign {
                extremes.numbers[group] = vector.numbers[index]
            }
            extremes.valid[group] = true
        }
    }

    private func order(_ a: Int64, _ b: Int64) -> Int {
        guard operandType == .double else { return a < b ? -1 : a > b ? 1 : 0 }
        let (x, y) = (Double(bitPattern: UInt64(bitPattern: a)), Double(bitPattern: UInt64(bitPattern: b)))
        return x < y ? -1 : x > y ? 1 : 0
    }

    /// The finished aggregate of every group.
    func column() throws(QueryError) -> SlotColumn {
        if keepsExtreme { return extremes }
        var column = SlotColumn(aggregate.type)
        for group in counts.indices {
            if aggregate.function == .count {
                column.append(number: counts[group])
            } else if counts[group] == 0 {
                column.append(number: nil)
            } else if aggregate.function == .sum, keepsSum {
                guard let sum = Int64(exactly: sums[group]) else {
                    throw QueryError(.overflow, "a sum does not fit 64 bits")
                }
                column.append(number: sum)
            } else {
                let scale = Double(Decimal64.powersOfTen[Int(keepsSum ? operandType.scale : 0)])
                let sum = keepsSum ? Double(sums[group]) / scale : realSums[group]
                let value = aggregate.function == .sum ? sum : sum / Double(counts[group])
                guard value.isFinite else { throw QueryError(.overflow, "a sum is too large for a number") }
                column.append(number: Int64(bitPattern: value.bitPattern))
            }
        }
        return column
    }

    /// Adds what a scan has counted and summed by itself.
    mutating func add(count: Int64, sum: Int128, to group: Int) {
        counts[group] += count
        if keepsSum { sums[group] += sum }
    }
}

/// The different values of each group: a hash set of (group, value).
private struct DistinctValues {
    private var slots: [UInt32] = Array(repeating: .max, count: 64)
    private var groups: [UInt32] = []
    private var hashes: [UInt64] = []
    private var numbers: [Int64] = []
    private var texts: [UnsafeBufferPointer<UInt8>] = []
    /// Copies computed texts.
    private let keeper: TextKeeper?

    init(keeper: TextKeeper?) { self.keeper = keeper }

    /// Whether the value is new to its group.
    mutating func insert(
        _ group: UInt32,
        _ valueHash: UInt64,
        _ vector: Vector,
        _ index: Int,
        _ type: QueryType
    ) -> Bool {
        let hash = combinedHash(valueHash, UInt64(group))
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != .max {
            let entry = Int(slots[slot])
            if hashes[entry] == hash, groups[entry] == group {
                if type.isText
                    ? type.collation.equal(texts[entry], vector.texts[index]) : isEqual(entry, vector, index, type)
                {
                    return false
                }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = UInt32(hashes.count)
        groups.append(group)
        hashes.append(hash)
        if type.isText {
            texts.append(keeper?.copy(vector.texts[index]) ?? vector.texts[index])
        } else {
            numbers.append(vector.numbers[index])
        }
        if hashes.count * 2 > slots.count { grow() }
        return true
    }

    private func isEqual(_ entry: Int, _ vector: Vector, _ index: Int, _ type: QueryType) -> Bool {
        if numbers[entry] == vector.numbers[index] { return true }
        return type == .double && vector.double(index) == 0
            && Double(bitPattern: UInt64(bitPattern: numbers[entry])) == 0
    }

    private mutating func grow() {
        slots = Array(repeating: .max, count: slots.count * 4)
        for (entry, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != .max { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(entry)
        }
    }
}
