// CASE and COALESCE: each row's result is computed by the branch that it takes and by no other, so that a branch may guard
// against what would be an error elsewhere. The rows of a branch are gathered into a batch of their own, computed as a
// vector, and put back.

/// Some rows of a batch, and their places in it.
final class RowSelection {
    let batch: Batch
    let places = UnsafeMutablePointer<UInt16>.allocate(capacity: Vector.capacity)
    private let kept = UnsafeMutablePointer<UInt16>.allocate(capacity: Vector.capacity)

    init(sourceCount: Int) { batch = Batch(sourceCount: sourceCount) }

    deinit {
        places.deallocate()
        kept.deallocate()
    }

    var count: Int { batch.count }

    /// Takes all rows of a batch.
    func fill(_ other: Batch) {
        copyFrame(other)
        for source in batch.rows.indices where batch.present.contains(source) {
            batch.rows[source].update(from: other.rows[source], count: other.count)
        }
        for index in 0..<other.count { places[index] = UInt16(truncatingIfNeeded: index) }
        batch.count = other.count
    }

    /// Takes those rows of another selection (or keeps those of this one) for which `isWanted` holds.
    @inline(__always)
    func fill(_ other: RowSelection, where isWanted: (Int) -> Bool) {
        if other !== self { copyFrame(other.batch) }
        var count = 0
        for index in 0..<other.count where isWanted(index) {
            kept[count] = UInt16(truncatingIfNeeded: index)
            count += 1
        }
        // Places only move forwards, so that a selection may be narrowed in place.
        for place in 0..<count { places[place] = other.places[Int(kept[place])] }
        for source in batch.rows.indices where batch.present.contains(source) {
            let (rows, otherRows) = (batch.rows[source], other.batch.rows[source])
            for place in 0..<count { rows[place] = otherRows[Int(kept[place])] }
        }
        batch.count = count
    }

    private func copyFrame(_ other: Batch) {
        batch.present = SourceSet()
        for source in other.rows.indices where other.present.contains(source) { batch.present.insert(source) }
        batch.block = other.block
    }
}

extension Evaluator {
    private func takeSelection() -> RowSelection {
        selections.popLast() ?? RowSelection(sourceCount: sources.count + 1)
    }

    /// Computes an expression for the selected rows and writes the values to their places.
    private func evaluate(
        _ expression: Bound,
        _ selection: RowSelection,
        into result: Vector,
        isText: Bool
    ) throws(QueryError) {
        guard selection.count > 0 else { return }
        try meter.step(selection.count)
        let vector = try evaluate(expression, selection.batch)
        for index in 0..<selection.count {
            let place = Int(selection.places[index])
            result.valid[place] = vector.valid[index]
            result.numbers[place] = vector.isValid(index) && !isText ? vector.numbers[index] : 0
            if isText { result.texts[place] = vector.texts[index] }
        }
        release(vector)
    }

    func evaluateCase(
        _ operand: Bound?,
        _ branches: [BoundBranch],
        _ otherwise: Bound,
        _ type: QueryType,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let isText = type.isText
        let value = try operand.map { operand throws(QueryError) in try evaluate(operand, batch) }
        let result = take()
        let (open, matched) = (takeSelection(), takeSelection())
        open.fill(batch)
        for branch in branches where open.count > 0 {
            try meter.step(open.count)
            let mark = arena.mark
            var truth = try evaluate(branch.condition, open.batch)
            if let operand, let value {
                let own = take()
                own.gather(value, open.places, open.count, isText: operand.type.isText)
                compare(.equal, own, operand.type, truth, branch.condition.type, open.count)
                release(truth)
                truth = own
            }
            release(to: mark)
            matched.fill(open) { truth.isValid($0) && truth.numbers[$0] != 0 }
            open.fill(open) { !(truth.isValid($0) && truth.numbers[$0] != 0) }
            release(truth)
            try evaluate(branch.result, matched, into: result, isText: isText)
        }
        try evaluate(otherwise, open, into: result, isText: isText)
        selections.append(open)
        selections.append(matched)
        if let value { release(value) }
        return result
    }

    func evaluateCoalesce(_ operands: [Bound], _ type: QueryType, _ batch: Batch) throws(QueryError) -> Vector {
        let isText = type.isText
        let result = try evaluate(operands[0], batch)
        let open = takeSelection()
        open.fill(batch)
        for operand in operands.dropFirst() {
            open.fill(open) { !result.isValid(Int(open.places[$0])) }
            try evaluate(operand, open, into: result, isText: isText)
        }
        selections.append(open)
        return result
    }
}

extension Vector {
    /// The values of another vector at so many places.
    func gather(_ other: Vector, _ places: UnsafePointer<UInt16>, _ count: Int, isText: Bool) {
        for index in 0..<count {
            let place = Int(places[index])
            valid[index] = other.valid[place]
            if isText { texts[index] = other.texts[place] } else { numbers[index] = other.numbers[place] }
        }
    }
}
