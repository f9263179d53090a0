// Groups rows by their keys and aggregates each group. Texts are the same key when they are equal under the collation; the
// group shows the smallest of them by bytes, so that the answer does not depend on the order of the rows.
//
// Groups are found by open addressing over the hashes of their keys; group numbers are given out in order of appearance.
// Sums of exact numbers are kept in 128 bits: 2^63 rows of any 64-bit numbers cannot overflow them.

final class GroupSink: RowSink {
    private let evaluator: Evaluator
    let groups: [Bound]
    let aggregates: [BoundAggregate]
    private(set) var keys: [SlotColumn]
    private var states: [AggregateState]
    private var hashes: [UInt64] = []
    private var table: [UInt32] = Array(repeating: .max, count: 64)
    private var groupOfRow: [UInt32] = Array(repeating: 0, count: Vector.capacity)
    private var rowHash: [UInt64] = Array(repeating: 0, count: Vector.capacity)

    init(_ evaluator: Evaluator, groups: [Bound], aggregates: [BoundAggregate]) {
        self.evaluator = evaluator
        self.groups = groups
        self.aggregates = aggregates
        keys = groups.map { SlotColumn($0.type) }
        states = aggregates.map(AggregateState.init)
        // Without GROUP BY all rows, even none, are one group.
        if groups.isEmpty { addGroup(hash: 0) }
    }

    var groupCount: Int { hashes.count }

    /// Set when groups are numbered by codes instead of hashes: see GroupSink+Blocks.swift.
    var codeKeys: CodeKeys?
    /// Per row of a block the number of its combination of codes.
    private(set) lazy var codeNumbers: UnsafeMutablePointer<UInt16> = {
        let numbers = UnsafeMutablePointer<UInt16>.allocate(capacity: Block.rowCount)
        numbers.initialize(repeating: 0, count: Block.rowCount)
        hasCodeNumbers = true
        return numbers
    }()
    private var hasCodeNumbers = false

    deinit { if hasCodeNumbers { codeNumbers.deallocate() } }

    /// Adds to a group what was counted and summed elsewhere.
    func addToState(_ place: Int, count: Int64, sum: Int128, group: Int) {
        states[place].add(count: count, sum: sum, to: group)
    }

    /// Begins a group whose keys are these codes; nil is null.
    func addGroup(codes: [Int?], _ table: TableView, _ columns: [Int]) {
        for (place, code) in codes.enumerated() {
            keys[place].append(number: code.map { table.physicalNumber(columns[place], Int64($0)) })
        }
        addGroup(hash: 0)
    }

    /// Accounts for new groups.
    func keep(groups rows: Int) throws(QueryError) { try evaluator.meter.keep(rows: rows, bytes: rows * 64) }

    private func addGroup(hash: UInt64) {
        hashes.append(hash)
        for index in states.indices { states[index].addGroup() }
    }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        try evaluator.meter.step(batch.count)
        let before = groupCount
        if groups.isEmpty {
            for index in 0..<batch.count { groupOfRow[index] = 0 }
        } else {
            try assignGroups(batch)
        }
        var kept = (groupCount - before) * (24 + 16 * aggregates.count + keys.reduce(0) { $0 + $1.strideBytes })
        for (place, aggregate) in aggregates.enumerated() {
            guard let operand = aggregate.operand else {
                for index in 0..<batch.count { states[place].counts[Int(groupOfRow[index])] += 1 }
                continue
            }
            let vector = try evaluator.evaluate(operand, batch)
            kept += states[place].add(vector, groupOfRow, batch.count)
            evaluator.release(vector)
        }
        try evaluator.meter.keep(rows: groupCount - before, bytes: kept)
        return true
    }

    private func assignGroups(_ batch: Batch) throws(QueryError) {
        let count = batch.count
        var vectors: [Vector] = []
        for index in 0..<count { rowHash[index] = 0 }
        for group in groups {
            let vector = try evaluator.evaluate(group, batch)
            for index in 0..<count {
                rowHash[index] = combinedHash(rowHash[index], Self.hash(vector, index, group.type))
            }
            vectors.append(vector)
        }
        for index in 0..<count {
            let hash = rowHash[index]
            var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
            while true {
                let group = table[slot]
                if group == .max {
                    table[slot] = UInt32(groupCount)
                    groupOfRow[index] = UInt32(groupCount)
                    for place in keys.indices { keys[place].append(vectors[place], index) }
                    addGroup(hash: hash)
                    if groupCount * 2 > table.count { grow() }
                    break
                }
                if hashes[Int(group)] == hash, matches(Int(group), vectors, index) {
                    groupOfRow[index] = group
                    break
                }
                slot = (slot + 1) & (table.count - 1)
            }
        }
        for vector in vectors { evaluator.release(vector) }
    }

    static func hash(_ vector: Vector, _ index: Int, _ type: QueryType) -> UInt64 {
        guard vector.isValid(index) else { return 0x6E75_6C6C }
        if type == .text { return Collation.hash(vector.texts[index], seed: 0) }
        // Minus zero is zero.
        if type == .double, vector.double(index) == 0 { return 1 }
        return UInt64(bitPattern: vector.numbers[index])
    }

    /// Whether the row has the group's keys; a smaller text of the same key becomes the one that is shown.
    private func matches(_ group: Int, _ vectors: [Vector], _ index: Int) -> Bool {
        for place in keys.indices {
            let vector = vectors[place]
            guard keys[place].valid[group] == vector.isValid(index) else { return false }
            if !vector.isValid(index) { continue }
            if keys[place].isText {
                guard Collation.equal(keys[place].texts[group], vector.texts[index]) else { return false }
            } else if keys[place].numbers[group] != vector.numbers[index] {
                guard groups[place].type == .double, vector.double(index) == 0,
                    Double(bitPattern: UInt64(bitPattern: keys[place].numbers[group])) == 0
                else { return false }
            }
        }
        for place in keys.indices where keys[place].isText && vectors[place].isValid(index) {
            if Collation.compareBytes(vectors[place].texts[index], keys[place].texts[group]) < 0 {
                keys[place].texts[group] = vectors[place].texts[index]
            }
        }
        return true
    }

    private func grow() {
        table = Array(repeating: .max, count: table.count * 4)
        for (group, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (table.count - 1)
            while table[slot] != .max { slot = (slot + 1) & (table.count - 1) }
            table[slot] = UInt32(group)
        }
    }

    /// Group keys, then aggregates: what `.slot` reads.
    func slots() throws(QueryError) -> [SlotColumn] {
        var columns = keys
        for state in states { columns.append(try state.column()) }
        return columns
    }
}
