// Multi-select attributes in expressions: their labels as one text, and conditions on their bits.

extension Evaluator {
    /// Bytes that a kept text costs beside its characters.
    private static let textOverheadBytes = 96

    /// The labels of the chosen options. Each selection that occurs is put into words once, and kept, since the texts of vectors
    /// are borrowed.
    func evaluateChoices(_ operand: Bound, _ set: OptionSetID, _ batch: Batch) throws(QueryError) -> Vector {
        let vector = try evaluate(operand, batch)
        var known = choices.removeValue(forKey: set) ?? [:]
        defer { choices[set] = known }
        for index in 0..<batch.count {
            guard vector.isValid(index) else {
                vector.texts[index] = UnsafeBufferPointer(start: nil, count: 0)
                continue
            }
            let bits = vector.numbers[index]
            if known[bits] == nil {
                let text = TextConstant(schema[set].text(ofSelection: UInt64(bitPattern: bits)))
                try meter.keep(rows: 0, bytes: text.bytes.count + Self.textOverheadBytes)
                known[bits] = text
            }
            if let text = known[bits] { vector.texts[index] = text.bytes }
        }
        return vector
    }

    /// Whether some, or all, of `bits` are set.
    func evaluateBits(
        _ operand: Bound,
        _ bits: UInt64,
        _ all: Bool,
        _ negated: Bool,
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let vector = try evaluate(operand, batch)
        let mask = Int64(bitPattern: bits)
        for index in 0..<batch.count where vector.isValid(index) {
            let common = vector.numbers[index] & mask
            vector.numbers[index] = (all ? common == mask : common != 0) != negated ? 1 : 0
        }
        return vector
    }
}

extension Binder {
    /// `attribute [NOT] CONTAINS [ALL] (option, …)`: options are labels, numbers or parameters.
    mutating func bindContains(
        _ operand: Expression,
        _ list: [Expression],
        all: Bool,
        negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard case .choices(let bits, let set) = try bind(operand, expecting: nil).node else {
            throw QueryError(.type, "CONTAINS asks for options of a multi-select attribute", at: operand.location)
        }
        guard !list.isEmpty else { throw QueryError(.syntax, "CONTAINS needs at least one option", at: location) }
        var items: [Bound] = []
        for item in list {
            let bound = try bind(item, expecting: .option(set))
            if case .parameter = bound.node {} else { _ = try coercion.selectionBit(bound, in: set, at: item.location) }
            items.append(bound)
        }
        return Bound(.contains(bits, items, set, all: all, negated: negated), .boolean)
    }

    /// The operands of a comparison. A text that is compared with a multi-select attribute names its options in any order: it
    /// becomes the text that such a selection has.
    func ordered(_ left: Bound, _ right: Bound, at location: SourceLocation) throws(QueryError) -> (Bound, Bound) {
        switch (left.node, right.node) {
        case (.choices(_, let set), .text(let text)): (left, try coercion.selection(text, in: set, at: location))
        case (.text(let text), .choices(_, let set)): (try coercion.selection(text, in: set, at: location), right)
        default: (left, right)
        }
    }
}

extension Coercion {
    /// The bit of an option that is given by number; labels have become numbers before.
    func selectionBit(
        _ bound: Bound,
        in set: OptionSetID,
        at location: SourceLocation = .unknown
    ) throws(QueryError) -> UInt64 {
        guard case .number(let number) = bound.node, bound.type != .null else {
            throw QueryError(.type, "CONTAINS takes labels and numbers of options", at: location)
        }
        guard let place = Int32(exactly: number).flatMap({ schema[set].place(of: $0) }), place < OptionSet.selectableMax
        else { throw QueryError(.unknownName, "\(schema[set].name) has no option \(number)", at: location) }
        return 1 << UInt64(place)
    }

    fileprivate func selection(
        _ text: TextConstant,
        in set: OptionSetID,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        let given = withExtendedLifetime(text) { String(decoding: text.bytes, as: UTF8.self) }
        do {
            let bits = try schema[set].selection(of: given)
            return Bound(.text(TextConstant(schema[set].text(ofSelection: bits))), .text(.general))
        } catch {
            let labels = schema[set].choices.map { "'\($0.label)'" }.joined(separator: ", ")
            throw QueryError(
                .unknownName,
                "\(schema[set].name) has no '\(error.text.shortened)'; it has \(labels)",
                at: location
            )
        }
    }
}
