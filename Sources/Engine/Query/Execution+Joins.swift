// Stages behind the first source: filters, and joins of the three kinds that `JoinMethod` names.

extension Execution {
    /// Sends a batch through the stages from `stage` on; false when nobody wants more.
    func push(_ batch: Batch, _ stage: Int) throws(QueryError) -> Bool {
        let mark = evaluator.arena.mark
        defer { evaluator.release(to: mark) }
        guard stage < stages.count else { return try sink.consume(batch) }
        switch stages[stage] {
        case .filter(let conditions):
            try evaluator.filter(batch, by: conditions)
            return batch.count == 0 ? true : try push(batch, stage + 1)
        case .join(let join):
            if case .record(let id) = join.method { return try joinRecord(batch, join, id, stage) }
            return try joinRows(batch, join, stage)
        }
    }

    /// At most one partner: its row number is written beside the others.
    private func joinRecord(_ batch: Batch, _ join: JoinStage, _ id: Bound, _ stage: Int) throws(QueryError) -> Bool {
        try evaluator.meter.step(batch.count)
        let ids = try evaluator.evaluate(id, batch)
        let rows = batch.rows[join.source]
        let table = evaluator.tables[join.source]
        for index in 0..<batch.count {
            rows[index] = ids.isValid(index) ? table.row(of: UInt64(bitPattern: ids.numbers[index])) : Table.noRow
            ids.valid[index] = 1
            ids.numbers[index] = rows[index] == Table.noRow ? 0 : 1
        }
        batch.present.insert(join.source)
        if !join.isLeft { batch.compact(ids) }
        evaluator.release(ids)
        if batch.count == 0 { return true }
        if join.isLeft, !join.conditions.isEmpty {
            let truth = try evaluator.evaluate(Bound(.and(join.conditions), .boolean), batch)
            for index in 0..<batch.count where !truth.isValid(index) || truth.numbers[index] == 0 {
                rows[index] = Table.noRow
            }
            evaluator.release(truth)
            forgetPaths(from: join.source, batch)
        }
        return try push(batch, stage + 1)
    }

    /// Rows of a source have changed: what was found along its lookups is looked up again.
    private func forgetPaths(from source: Int, _ batch: Batch) {
        var present = SourceSet()
        for other in carried where batch.present.contains(other) { present.insert(other) }
        batch.present = present
    }

    /// Any number of partners: pairs are collected in a batch of their own and sent on whenever it is full.
    private func joinRows(_ batch: Batch, _ join: JoinStage, _ stage: Int) throws(QueryError) -> Bool {
        let pairs = expansions[stage] ?? Batch(sourceCount: batch.rows.count)
        expansions[stage] = pairs
        let leftCount = batch.count
        let sources = carried.filter { batch.present.contains($0) }
        var isMatched = [Bool](repeating: false, count: join.isLeft ? leftCount : 0)
        var lefts: [Int] = []
        lefts.reserveCapacity(Vector.capacity)

        // Counted here, since every change of a class's variable checks for exclusive access.
        var pairCount = 0
        func begin() {
            pairCount = 0
            pairs.block = -1
            pairs.present = SourceSet()
            for source in sources { pairs.present.insert(source) }
            pairs.present.insert(join.source)
            lefts.removeAll(keepingCapacity: true)
        }
        func add(_ left: Int, _ right: UInt32) {
            for source in sources { pairs.rows[source][pairCount] = batch.rows[source][left] }
            pairs.rows[join.source][pairCount] = right
            lefts.append(left)
            pairCount += 1
        }
        func flush() throws(QueryError) -> Bool {
            defer { begin() }
            pairs.count = pairCount
            try evaluator.meter.step(pairs.count)
            if join.isLeft {
                let truth = try evaluator.evaluate(Bound(.and(join.conditions), .boolean), pairs)
                for index in 0..<pairs.count where truth.isValid(index) && truth.numbers[index] != 0 {
                    isMatched[lefts[index]] = true
                }
                pairs.compact(truth)
                evaluator.release(truth)
            }
            return pairs.count == 0 ? true : try push(pairs, stage + 1)
        }
        begin()

        let partners = try partners(of: batch, join)
        for left in 0..<leftCount {
            var right = partners.first(left)
            while right != Table.noRow {
                if partners.isCandidate(left, right) { add(left, partners.row(right)) }
                if pairCount == Vector.capacity, try !flush() { return false }
                right = partners.next(right)
            }
        }
        if pairCount > 0, try !flush() { return false }
        guard join.isLeft else { return true }
        for left in 0..<leftCount where !isMatched[left] {
            add(left, Table.noRow)
            if pairCount == Vector.capacity {
                pairs.count = pairCount
                if try !push(pairs, stage + 1) { return false }
                begin()
            }
        }
        pairs.count = pairCount
        return pairCount == 0 ? true : try push(pairs, stage + 1)
    }

    private func partners(of batch: Batch, _ join: JoinStage) throws(QueryError) -> any Partners {
        let source = evaluator.tables[join.source]
        switch join.method {
        case .children(let parent, let column, let target):
            guard let link = source.table.link(column) else { break }
            let parents = try evaluator.rows(of: parent, batch)
            return Children(source: source, link: link, target: target, parents: parents)
        case .table(let left, let right):
            let table = try joinTable(join.source, right)
            return try table.probe(evaluator, batch, left)
        case .record: break
        }
        preconditionFailure("a join without a way to its partners")
    }
}
