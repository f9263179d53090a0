// Groups rows by their keys and aggregates each group. Texts are the same key when they are equal under the collation; the
// group shows the smallest of them by bytes, so that the answer does not depend on the order of the rows.
//
// Groups are found by open addressing over the hashes of their keys; group numbers are given out in order of appearance.
// Sums of exact numbers are kept in 128 bits: 2^63 rows of any 64-bit numbers cannot overflow them.

final class GroupSink: RowSink {
    private let evaluator: Evaluator
    let groups: [Bound]
    let aggregates: [BoundAggregate]
    private var table: GroupTable
    private var states: [AggregateState]
    private let keeper = TextKeeper()
    /// Per row of a batch: its hash and its group.
    private let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: Vector.capacity)
    private let groupOfRow = UnsafeMutablePointer<UInt32>.allocate(capacity: Vector.capacity)
    /// Set when groups are numbered by codes instead of hashes: see GroupSink+Blocks.swift.
    var codeKeys: CodeKeys?
    /// Per row of a block the number of its combination of codes.
    let codeNumbers = UnsafeMutablePointer<UInt16>.allocate(capacity: Block.rowCount)

    init(_ evaluator: Evaluator, groups: [Bound], aggregates: [BoundAggregate]) {
        self.evaluator = evaluator
        self.groups = groups
        self.aggregates = aggregates
        table = GroupTable(groups, keeper)
        states = aggregates.map { [keeper] in AggregateState($0, keeper) }
        // Without GROUP BY all rows, even none, are one group.
        if groups.isEmpty {
            table.addGroup(hash: 0)
            addStates()
        }
    }

    deinit {
        hashes.deallocate()
        groupOfRow.deallocate()
        codeNumbers.deallocate()
    }

    var groupCount: Int { table.groupCount }

    /// Gives every group its states.
    private func addStates() {
        for index in states.indices { states[index].extend(to: groupCount) }
    }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let count = batch.count
        try evaluator.meter.step(count)
        let before = groupCount
        if groups.isEmpty {
            groupOfRow.update(repeating: 0, count: count)
        } else {
            var vectors: [Vector] = []
            for group in groups { vectors.append(try evaluator.evaluate(group, batch)) }
            table.assign(vectors, count, hashes, groupOfRow)
            for vector in vectors { evaluator.release(vector) }
            addStates()
        }
        var kept = (groupCount - before) * (24 + 16 * aggregates.count + table.keyBytes)
        for (place, aggregate) in aggregates.enumerated() {
            guard let operand = aggregate.operand else {
                states[place].addRows(groupOfRow, count)
                continue
            }
            let vector = try evaluator.evaluate(operand, batch)
            kept += states[place].add(vector, groupOfRow, count)
            evaluator.release(vector)
        }
        try evaluator.meter.keep(rows: groupCount - before, bytes: kept + keeper.takeNewBytes())
        return true
    }

    /// Adds to a group what was counted and summed elsewhere.
    func addToState(_ place: Int, count: Int64, sum: Int128, group: Int) {
        states[place].add(count: count, sum: sum, to: group)
    }

    /// Begins a group whose keys are these codes; nil is null.
    func addGroup(codes: [Int?], _ table: TableView, _ columns: [Int]) {
        for (place, code) in codes.enumerated() {
            self.table.keys[place].append(number: code.map { table.physicalNumber(columns[place], Int64($0)) })
        }
        self.table.addGroup(hash: 0)
        addStates()
    }

    /// Accounts for new groups.
    func keep(groups rows: Int) throws(QueryError) { try evaluator.meter.keep(rows: rows, bytes: rows * 64) }

    /// Group keys, then aggregates: what `.slot` reads.
    func slots() throws(QueryError) -> [SlotColumn] {
        var columns = table.keys
        for state in states { columns.append(try state.column()) }
        return columns
    }
}
