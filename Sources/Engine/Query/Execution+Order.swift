// Walks along an index in the order of the result, until the result is full. When too many rows were passed over the walk is
// given up for a scan: an index fetches one row in the time in which a scan looks at some fifty.

extension Execution {
    /// How a walk ended.
    private enum WalkEnd {
        /// All rows of the index were sent.
        case exhausted
        /// Nobody wants more.
        case satisfied
        /// Too many were fetched.
        case tooFar
    }

    private var fetchesMax: Int { max(4096, evaluator.tables[plan.base].table.rowCount / 32) }

    /// Sends the rows that `forEach` visits, in that order, in batches. It returns false when it gave up itself.
    private func push(_ forEach: (_ visit: (UInt32) -> Bool) -> Bool) throws(QueryError) -> WalkEnd {
        let fetchesMax = fetchesMax
        var failure: QueryError?
        var pending: [UInt32] = []
        // The first batch is what is wanted, if nothing is passed over; later ones grow with what turns out to be.
        var pendingMax = max(1, min(Vector.capacity, sortedRowsMax))
        var fetches = 0
        var goesOn = true
        let isWhole = forEach { row in
            pending.append(row)
            if pending.count < pendingMax { return true }
            fetches += pending.count
            do throws(QueryError) { goesOn = try pushRows(pending) } catch { failure = error }
            pending.removeAll(keepingCapacity: true)
            pendingMax = min(Vector.capacity, max(64, 2 * pendingMax))
            return goesOn && failure == nil && fetches < fetchesMax
        }
        if let failure { throw failure }
        if !goesOn { return .satisfied }
        if !isWhole || fetches >= fetchesMax { return .tooFar }
        if pending.isEmpty { return .exhausted }
        return try pushRows(pending) ? .exhausted : .satisfied
    }

    /// Follows the ordered index of a column. False when it was given up.
    func walk(
        _ column: Int,
        _ isDescending: Bool,
        _ lower: Int64,
        _ upper: Int64
    ) throws(QueryError) -> Bool {
        let table = evaluator.tables[plan.base].table
        guard let index = table.order(column) else { return false }
        let hasNulls = index.count < table.liveCount && lower == .min && upper == .max
        let tests = plan.tests
        // Rows without a value are not in the index, and come first, or last when falling.
        func scanNulls() throws(QueryError) {
            plan.tests.append(.isNull(column: column, negated: false))
            while try advanceScan() {}
            plan.tests = tests
        }
        if hasNulls, !isDescending {
            try scanNulls()
            if output.isFull { return true }
        }
        let end = try push { visit in
            switch index {
            case .number(let index):
                index.forEach(
                    from: ColumnOrder.key(lower),
                    through: ColumnOrder.key(upper),
                    descending: isDescending
                ) { visit($1) }
            case .text: table.forEachInTextOrder(column, descending: isDescending) { visit($0) }
            }
            return true
        }
        if end == .exhausted, hasNulls, isDescending { try scanNulls() }
        return end != .tooFar
    }

    /// Follows an index over several columns. False when it was given up.
    func walk(_ walk: CompositeWalk) throws(QueryError) -> Bool {
        let table = evaluator.tables[plan.base].table
        let tieCountMax = fetchesMax
        let end = try push { visit in
            table.table.forEachInCompositeOrder(
                walk.place,
                walk.orderCount,
                textColumns: walk.textColumns,
                from: walk.lower,
                through: walk.upper,
                descending: walk.isDescending,
                tieCountMax: tieCountMax
            ) { visit($0) }
        }
        return end != .tooFar
    }
}
