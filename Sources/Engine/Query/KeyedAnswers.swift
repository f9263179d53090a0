// The answers of a query inside another one for every row outside at once, from a single pass over its rows: they are
// grouped by what must be equal to values of the row outside, and a row outside finds its group by a hash. Where the key is a
// lookup and the row outside the record that it refers to, groups are numbered by that record's row, and the hash is an
// array: a roll-up over all parents costs one pass over the children and one over the parents.

/// A query inside another one whose rows depend on the row outside by equalities only.
struct KeyedQuery {
    /// The query grouped by `own`, without the equalities.
    var query: BoundQuery
    /// Keys of its rows.
    var own: [Bound]
    /// What they are equal to: computed from `.outer` alone.
    var outer: [Bound]

    /// Nil when the query is of another form.
    init?(_ subquery: BoundSubquery) {
        switch (subquery.form, subquery.shape) {
        case (.scalar, .aggregate), (.exists, .rows): break
        default: return nil
        }
        query = subquery.query
        own = []
        outer = []
        guard !query.outputs.contains(where: { subquery.form == .scalar && $0.expression.readsOuter }),
            !query.aggregates.contains(where: { $0.operand?.readsOuter ?? false })
        else { return nil }
        for index in query.joins.indices {
            if query.joins[index].kind == .inner {
                guard let rest = takeKeys(query.joins[index].conditions) else { return nil }
                query.joins[index].conditions = rest
            } else if query.joins[index].conditions.contains(where: \.readsOuter) {
                return nil
            }
        }
        guard let rest = takeKeys(query.filter), !own.isEmpty else { return nil }
        query.filter = rest
        query.order = []
        query.isGrouped = true
        query.groups = own
        if subquery.form != .scalar { query.outputs = [] }
    }

    /// Moves the equalities with the row outside into the keys; nil when something else depends on it.
    private mutating func takeKeys(_ conditions: [Bound]) -> [Bound]? {
        var rest: [Bound] = []
        for condition in conditions {
            guard condition.readsOuter else {
                rest.append(condition)
                continue
            }
            guard case .compare(.equal, let left, let right) = condition.node else { return nil }
            let (mine, other) = left.readsOuter ? (right, left) : (left, right)
            guard !mine.readsOuter, !mine.sources.isEmpty, other.sources.isEmpty,
                let pair = Planner.hashed(mine, other)
            else { return nil }
            own.append(pair.own)
            outer.append(pair.other)
        }
        return rest
    }
}

final class KeyedAnswers {
    private let execution: Execution
    private let keyed: KeyedQuery
    private let isScalar: Bool
    /// Answers by group; the last one is that of a row outside without rows here.
    private var answers: SlotColumn
    private let keeper = TextKeeper()
    private var index: KeyIndex?
    /// The records that the groups belong to by their rows, instead of the index.
    private let parents: TableView?
    private(set) var groupCount = 0

    /// Reads all rows. `parents` is the table whose rows number the groups, when there is one.
    init(_ keyed: KeyedQuery, isScalar: Bool, parents: TableView?, _ context: ExecutionContext) throws(QueryError) {
        self.keyed = keyed
        self.isScalar = isScalar
        self.parents = parents
        execution = Execution(keyed.query, context)
        answers = isScalar ? SlotColumn(keyed.query.outputs[0].expression, keeper) : SlotColumn(.boolean)
        if let parents { try readByParent(parents) } else { try readByKey() }
        try context.meter.keep(rows: 0, bytes: answers.count * answers.strideBytes + keeper.takeNewBytes())
    }

    var explanation: [String] { execution.explanation() }

    private func readByKey() throws(QueryError) {
        while try execution.advanceSource() {}
        guard let groups = execution.sink as? GroupSink else { preconditionFailure("a grouped query has groups") }
        let slots = try groups.slots()
        groupCount = groups.groupCount
        execution.statistics.groups = groupCount
        let keys = Array(slots[..<keyed.own.count])
        index = KeyIndex(keys, keyed.own.map(\.type))
        try execution.evaluator.meter.keep(rows: 0, bytes: groupCount * KeyIndex.entryBytes)
        try finish(Array(slots[keyed.own.count...]), groupCount)
    }

    private func readByParent(_ parents: TableView) throws(QueryError) {
        let sink = ParentGroups(execution.evaluator, keyed.own[0], keyed.query.aggregates, parents)
        let meter = execution.evaluator.meter
        try meter.keep(rows: 0, bytes: parents.rowCount * (8 + 24 * keyed.query.aggregates.count))
        execution.sink = sink
        while try execution.advanceSource() {}
        groupCount = parents.rowCount
        if isScalar {
            try finish(try sink.aggregates.slots(), groupCount)
        } else {
            for has in sink.hasRows { answers.append(number: has ? 1 : 0) }
            answers.append(number: 0)
        }
    }

    /// Computes the output of every group and of an empty one.
    private func finish(_ aggregates: [SlotColumn], _ count: Int) throws(QueryError) {
        guard isScalar else {
            for _ in 0..<count { answers.append(number: 1) }
            answers.append(number: 0)
            return
        }
        let output = keyed.query.outputs[0].expression
        let evaluator = execution.evaluator
        let sink = ColumnSink(evaluator, output, into: answers)
        try execution.feed(count, aggregates, [], into: sink)
        let empty = GroupSink(evaluator, groups: [], aggregates: keyed.query.aggregates)
        try execution.feed(1, try empty.slots(), [], into: sink)
        answers = sink.column
        evaluator.slots = []
    }

    /// The answers for rows outside whose values are `operands`.
    func answer(_ operands: [Vector], _ count: Int, negated: Bool, into result: Vector) throws(QueryError) {
        let evaluator = execution.evaluator
        let mark = evaluator.arena.mark
        evaluator.outer = operands
        defer {
            evaluator.outer = []
            evaluator.release(to: mark)
        }
        try evaluator.meter.step(count)
        let batch = execution.outerBatch
        let outers = batch.rows[evaluator.outerSource]
        for index in 0..<count { outers[index] = UInt32(index) }
        batch.count = count
        var vectors: [Vector] = []
        for key in keyed.outer { vectors.append(try evaluator.evaluate(key, batch)) }
        let groups = outers
        let empty = UInt32(groupCount)
        if let parents {
            let ids = vectors[0]
            for index in 0..<count {
                let row =
                    ids.isValid(index)
                    ? parents.row(of: RecordID(rawValue: UInt64(bitPattern: ids.numbers[index]))) : Table.noRow
                groups[index] = row == Table.noRow ? empty : row
            }
        } else if let index {
            index.find(vectors, count, missing: empty, into: groups)
        }
        for vector in vectors { evaluator.release(vector) }
        answers.load(groups, count, into: result)
        if negated { for index in 0..<count { result.numbers[index] ^= 1 } }
    }
}

/// Computes one expression for every row and keeps the values.
final class ColumnSink: RowSink {
    private let evaluator: Evaluator
    private let expression: Bound
    private(set) var column: SlotColumn

    init(_ evaluator: Evaluator, _ expression: Bound, into column: SlotColumn) {
        self.evaluator = evaluator
        self.expression = expression
        self.column = column
    }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let vector = try evaluator.evaluate(expression, batch)
        column.append(vector, count: batch.count)
        evaluator.release(vector)
        return true
    }
}

/// Aggregates rows by the record that a lookup of theirs refers to.
private final class ParentGroups: RowSink {
    let aggregates: LateralAggregates
    private(set) var hasRows: [Bool]
    private let evaluator: Evaluator
    private let key: Bound
    private let parents: TableView
    private let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: Vector.capacity)

    init(_ evaluator: Evaluator, _ key: Bound, _ aggregates: [BoundAggregate], _ parents: TableView) {
        self.evaluator = evaluator
        self.key = key
        self.parents = parents
        self.aggregates = LateralAggregates(evaluator, aggregates, outerCount: parents.rowCount)
        hasRows = Array(repeating: false, count: parents.rowCount)
    }

    deinit { groups.deallocate() }

    func consume(_ batch: Batch) throws(QueryError) -> Bool {
        let ids = try evaluator.evaluate(key, batch)
        var kept = 0
        for index in 0..<batch.count {
            let row =
                ids.isValid(index)
                ? parents.row(of: RecordID(rawValue: UInt64(bitPattern: ids.numbers[index]))) : Table.noRow
            ids.fill(row == Table.noRow ? 0 : 1, at: index)
            if row == Table.noRow { continue }
            groups[kept] = row
            hasRows[Int(row)] = true
            kept += 1
        }
        batch.compact(ids)
        evaluator.release(ids)
        if batch.count > 0 { try aggregates.add(batch, groups) }
        return true
    }
}

/// Finds the group with given keys. Rows with a null key are in no group: null equals nothing.
struct KeyIndex {
    /// Bytes of one group: its hash and up to four places in the table.
    static let entryBytes = 8 + 16

    private let keys: [SlotColumn]
    private let types: [QueryType]
    private var hashes: [UInt64]
    private var slots: [UInt32]

    init(_ keys: [SlotColumn], _ types: [QueryType]) {
        self.keys = keys
        self.types = types
        let count = keys.first?.count ?? 0
        var capacity = 16
        while capacity < 2 * count { capacity *= 2 }
        slots = Array(repeating: .max, count: capacity)
        hashes = Array(repeating: 0, count: count)
        for (key, type) in zip(keys, types) {
            for group in 0..<count where key.valid[group] {
                let hash =
                    type.isText
                    ? type.collation.hash(key.texts[group], seed: 0) : UInt64(bitPattern: key.numbers[group])
                hashes[group] = combinedHash(hashes[group], hash)
            }
        }
        for group in 0..<count where keys.allSatisfy({ $0.valid[group] }) {
            var slot = Int(truncatingIfNeeded: hashes[group]) & (capacity - 1)
            while slots[slot] != .max { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = UInt32(group)
        }
    }

    func find(_ vectors: [Vector], _ count: Int, missing: UInt32, into groups: UnsafeMutablePointer<UInt32>) {
        let mask = slots.count - 1
        for index in 0..<count {
            groups[index] = missing
            var hash: UInt64 = 0
            var isNull = false
            for (vector, type) in zip(vectors, types) {
                if !vector.isValid(index) { isNull = true }
                hash = combinedHash(hash, GroupTable.hash(vector, index, type))
            }
            if isNull { continue }
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != .max {
                let group = Int(slots[slot])
                if hashes[group] == hash, matches(group, vectors, index) {
                    groups[index] = UInt32(group)
                    break
                }
                slot = (slot + 1) & mask
            }
        }
    }

    private func matches(_ group: Int, _ vectors: [Vector], _ index: Int) -> Bool {
        for place in keys.indices {
            if keys[place].isText {
                guard types[place].collation.equal(keys[place].texts[group], vectors[place].texts[index]) else {
                    return false
                }
            } else if keys[place].numbers[group] != vectors[place].numbers[index] {
                return false
            }
        }
        return true
    }
}
