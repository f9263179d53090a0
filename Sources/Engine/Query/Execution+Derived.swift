extension Execution {
    /// Sends the next rows of a source that is a query; false behind the last.
    func advanceDerived(_ rows: DerivedRows) throws(QueryError) -> Bool {
        let first = nextBlock * Vector.capacity
        guard first < rows.count else { return false }
        nextBlock += 1
        batch.count = min(Vector.capacity, rows.count - first)
        for index in 0..<batch.count { batch.rows[plan.base][index] = UInt32(first + index) }
        try evaluator.meter.step(batch.count)
        return try pushBatch(-1)
    }
}
