// Functions of texts. Characters are Unicode scalars, as SQLite counts them. Parts of a text point into it; whatever is
// written anew lies in the arena and is counted by the budget before it is written.

extension Evaluator {
    private typealias Text = UnsafeBufferPointer<UInt8>

    /// The functions whose first operand is a text. `value` becomes the result.
    func evaluateText(
        _ function: ScalarFunction,
        _ value: Vector,
        _ operands: [Bound],
        _ batch: Batch
    ) throws(QueryError) {
        let count = batch.count
        var others: [Vector] = []
        for operand in operands { others.append(try evaluate(operand, batch)) }
        for other in others {
            for index in 0..<count where other.valid[index] == 0 { value.setNull(index) }
        }
        switch function {
        case .lower, .upper:
            for index in 0..<count where value.isValid(index) {
                value.texts[index] = try inCase(value.texts[index], isUpper: function == .upper)
            }
        case .length:
            for index in 0..<count where value.isValid(index) {
                value.numbers[index] = Int64(value.texts[index].scalarCount)
            }
        case .trim, .trimStart, .trimEnd:
            trim(value, others.first, function, count)
        case .substring:
            for index in 0..<count where value.isValid(index) {
                value.texts[index] = value.texts[index].part(
                    from: others[0].numbers[index],
                    count: others.count > 1 ? others[1].numbers[index] : nil
                )
            }
        case .left:
            for index in 0..<count where value.isValid(index) {
                let end = value.texts[index].offset(ofScalar: others[0].numbers[index])
                value.texts[index] = value.texts[index].part(0..<end)
            }
        case .right:
            for index in 0..<count where value.isValid(index) {
                let text = value.texts[index]
                let start = text.offset(ofScalar: Int64(text.scalarCount) - max(0, others[0].numbers[index]))
                value.texts[index] = text.part(start..<text.count)
            }
        case .position:
            for index in 0..<count where value.isValid(index) {
                let text = value.texts[index]
                let place = text.place(of: others[0].texts[index], from: 0)
                value.numbers[index] = place.map { Int64(text.part(0..<$0).scalarCount) + 1 } ?? 0
            }
        case .replace:
            for index in 0..<count where value.isValid(index) {
                value.texts[index] = try replace(
                    value.texts[index],
                    others[0].texts[index],
                    by: others[1].texts[index]
                )
            }
        default: preconditionFailure("\(function) is no function of a text")
        }
        for other in others { release(other) }
    }

    // MARK: Case

    /// ASCII letters by themselves; others by Unicode's mapping, which may need more or fewer bytes.
    private func inCase(_ text: Text, isUpper: Bool) throws(QueryError) -> Text {
        let first = UInt8(ascii: isUpper ? "a" : "A")
        if Collation.isASCII(text) {
            guard text.contains(where: { $0 &- first < 26 }) else { return text }
            let place = try room(text.count)
            for index in 0..<text.count {
                place[index] = text[index] &- first < 26 ? text[index] ^ 0x20 : text[index]
            }
            return Text(start: place, count: text.count)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + 8)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            let properties = scalar.properties
            bytes.append(contentsOf: (isUpper ? properties.uppercaseMapping : properties.lowercaseMapping).utf8)
        }
        let place = try room(bytes.count)
        for (index, byte) in bytes.enumerated() { place[index] = byte }
        return Text(start: place, count: bytes.count)
    }

    // MARK: Ends

    private func trim(_ value: Vector, _ characters: Vector?, _ function: ScalarFunction, _ count: Int) {
        var known: Text?
        var set: Set<UInt32> = [0x20]
        for index in 0..<count where value.isValid(index) {
            // The characters are mostly a constant: the same place in memory in every row.
            if let text = characters?.texts[index], known?.baseAddress != text.baseAddress || known?.count != text.count
            {
                known = text
                set = Set(String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value))
            }
            let text = value.texts[index]
            var (start, end) = (0, text.count)
            if function != .trimEnd {
                while start < end, set.contains(text.scalar(at: start)) { start = text.next(start) }
            }
            if function != .trimStart {
                while end > start {
                    let last = text.previous(end)
                    guard set.contains(text.scalar(at: last)) else { break }
                    end = last
                }
            }
            value.texts[index] = text.part(start..<end)
        }
    }

    // MARK: New texts

    private func replace(_ text: Text, _ old: Text, by new: Text) throws(QueryError) -> Text {
        guard !old.isEmpty else { return text }
        var occurrences = 0
        var at = 0
        while let place = text.place(of: old, from: at) {
            occurrences += 1
            at = place + old.count
        }
        guard occurrences > 0 else { return text }
        // At most 2^30 occurrences of at most as many bytes each: far below 64 bits.
        let size = text.count + occurrences * (new.count - old.count)
        let target = try room(size)
        var (from, to) = (0, 0)
        func write(_ part: Text) {
            if let base = part.baseAddress { (target + to).update(from: base, count: part.count) }
            to += part.count
        }
        while let place = text.place(of: old, from: from) {
            write(text.part(from..<place))
            write(new)
            from = place + old.count
        }
        write(text.part(from..<text.count))
        return Text(start: target, count: size)
    }

    /// One behind the other; for `||` a null makes the result null, for CONCAT it counts as empty.
    func evaluateConcatenation(
        _ function: ScalarFunction,
        _ operands: [Bound],
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        let count = batch.count
        var parts: [Vector] = []
        for operand in operands { parts.append(try evaluate(operand, batch)) }
        let result = take()
        try meter.step(count)
        for index in 0..<count {
            var size = 0
            var isNull = false
            for part in parts {
                if part.isValid(index) { size += part.texts[index].count } else { isNull = true }
            }
            if isNull, function == .append {
                result.setNull(index)
                continue
            }
            let target = try room(size)
            var to = 0
            for part in parts where part.isValid(index) {
                let text = part.texts[index]
                if let base = text.baseAddress { (target + to).update(from: base, count: text.count) }
                to += text.count
            }
            result.valid[index] = 1
            result.numbers[index] = 0
            result.texts[index] = Text(start: target, count: size)
        }
        for part in parts { release(part) }
        return result
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Bytes that begin a character.
    fileprivate var scalarCount: Int { reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) } }

    fileprivate func part(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self[range])
    }

    fileprivate func next(_ offset: Int) -> Int {
        var offset = offset + 1
        while offset < count, self[offset] & 0xC0 == 0x80 { offset += 1 }
        return offset
    }

    fileprivate func previous(_ offset: Int) -> Int {
        var offset = offset - 1
        while offset > 0, self[offset] & 0xC0 == 0x80 { offset -= 1 }
        return offset
    }

    /// The scalar that begins at a byte.
    fileprivate func scalar(at offset: Int) -> UInt32 {
        String(decoding: self[offset..<next(offset)], as: UTF8.self).unicodeScalars.first?.value ?? 0
    }

    /// Byte offset of the character with this number, from 0; the end behind the last, 0 for negative numbers.
    fileprivate func offset(ofScalar number: Int64) -> Int {
        var rest = number
        var offset = 0
        while rest > 0, offset < count {
            offset = next(offset)
            rest -= 1
        }
        return offset
    }

    /// Where the bytes first occur from an offset on. Linear in both: short ones are tried at every place, for long ones it
    /// is known how much of them a place that fails has already matched (Knuth, Morris, Pratt).
    func place(of other: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let first = other.first else { return start }
        guard count - start >= other.count else { return nil }
        if other.count <= 8 {
            for place in start...count - other.count where self[place] == first {
                if (1..<other.count).allSatisfy({ self[place + $0] == other[$0] }) { return place }
            }
            return nil
        }
        // Per length matched so far, the longest shorter one that also ends here.
        var shorter = [Int](repeating: 0, count: other.count)
        var matched = 0
        for index in 1..<other.count {
            while matched > 0, other[index] != other[matched] { matched = shorter[matched - 1] }
            if other[index] == other[matched] { matched += 1 }
            shorter[index] = matched
        }
        matched = 0
        for index in start..<count {
            while matched > 0, self[index] != other[matched] { matched = shorter[matched - 1] }
            if self[index] == other[matched] { matched += 1 }
            if matched == other.count { return index + 1 - matched }
        }
        return nil
    }

    /// SUBSTRING as SQLite has it: positions count from 1, from the end when negative; a negative count gives the
    /// characters in front of the position.
    fileprivate func part(from start: Int64, count wanted: Int64?) -> UnsafeBufferPointer<UInt8> {
        // No text has 2^40 characters, and sums of such numbers do not overflow.
        let bound: Int64 = 1 << 40
        var first = Swift.max(-bound, Swift.min(bound, start))
        var length = Swift.max(-bound, Swift.min(bound, wanted ?? bound))
        let isBackwards = length < 0
        if isBackwards { length = -length }
        if first < 0 {
            first += Int64(scalarCount)
            if first < 0 {
                length = Swift.max(0, length + first)
                first = 0
            }
        } else if first > 0 {
            first -= 1
        } else if length > 0 {
            length -= 1
        }
        if isBackwards {
            first -= length
            if first < 0 {
                length += first
                first = 0
            }
        }
        let from = offset(ofScalar: first)
        let rest = part(from..<self.count)
        return rest.part(0..<rest.offset(ofScalar: length))
    }
}
