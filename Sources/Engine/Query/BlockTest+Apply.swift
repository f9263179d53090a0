extension BlockTest {
    typealias Words = UnsafeMutablePointer<UInt64>

    /// Clears the bits of the rows of block `index` for which the condition is not true. False when none is left.
    func narrow(_ words: Words, _ table: TableView, block index: Int, scratch: inout [UInt8]) -> Bool {
        switch self {
        case .never:
            words.update(repeating: 0, count: Block.validityWords)
            return false
        case .all(let tests):
            for test in tests where !test.narrow(words, table, block: index, scratch: &scratch) { return false }
            return true
        case .any(let tests):
            return Self.narrowToAny(tests, words, table, block: index, scratch: &scratch)
        case .isNull(let column, let negated):
            guard let block = table.block(column, index) else { return negated ? Self.clear(words) : true }
            for word in 0..<Block.validityWords {
                words[word] &= negated ? block.head.validity[word] : ~block.head.validity[word]
            }
        case .number(let column, let low, let high, let negated):
            guard let block = table.block(column, index) else { return Self.clear(words) }
            Self.narrow(words, block, low, high, negated)
        case .codes(let column, let accepted):
            guard let block = table.block(column, index) else { return Self.clear(words) }
            Self.narrow(words, block, codes: accepted)
        case .numberSet(let column, let set, let negated):
            guard let block = table.block(column, index), let low = set.numbers.first, let high = set.numbers.last
            else {
                return negated && set.numbers.isEmpty
                    ? Self.isNull(column: column, negated: true).narrow(words, table, block: index, scratch: &scratch)
                    : Self.clear(words)
            }
            if !negated { Self.narrow(words, block, low, high, false) }
            Self.forEach(words, block) { place, head in set.contains(head.number(place, block.layout)) != negated }
        case .compareText(let column, let sign, let text):
            guard let block = table.block(column, index) else { return Self.clear(words) }
            let collation = table.layout.collations[column]
            Self.forEach(words, block) { place, head in
                sign.holds(collation.compare(head.text(place).asBytes, text.bytes))
            }
        case .textSet(let column, let set, let negated):
            guard let block = table.block(column, index) else { return Self.clear(words) }
            Self.forEach(words, block) { place, head in set.contains(head.text(place).asBytes) != negated }
        case .textPattern(let column, let pattern, let negated):
            guard let block = table.block(column, index) else { return Self.clear(words) }
            Self.forEach(words, block) { place, head in
                pattern.matches(head.text(place).asBytes, scratch: &scratch) != negated
            }
        }
        var any: UInt64 = 0
        for word in 0..<Block.validityWords { any |= words[word] }
        return any != 0
    }

    /// Whether the condition is true for one row.
    func holds(_ table: TableView, _ row: UInt32, scratch: inout [UInt8]) -> Bool {
        let place = Int(row & 8191)
        func head(_ column: Int) -> BlockHead? {
            guard let head = table.head(column, Int(row)), head.isValid(place) else { return nil }
            return head
        }
        func number(_ column: Int) -> Int64? { head(column)?.number(place, table.layout.columns[column]) }
        switch self {
        case .never: return false
        case .all(let tests):
            for test in tests where !test.holds(table, row, scratch: &scratch) { return false }
            return true
        case .any(let tests):
            for test in tests where test.holds(table, row, scratch: &scratch) { return true }
            return false
        case .isNull(let column, let negated): return (head(column) == nil) != negated
        case .number(let column, let low, let high, let negated):
            return number(column).map { (low <= $0 && $0 <= high) != negated } ?? false
        case .codes(let column, let accepted):
            return number(column).map { Int($0) < accepted.count && accepted[Int($0)] } ?? false
        case .numberSet(let column, let set, let negated):
            return number(column).map { set.contains($0) != negated } ?? false
        case .compareText(let column, let sign, let text):
            let collation = table.layout.collations[column]
            return head(column).map { sign.holds(collation.compare($0.text(place).asBytes, text.bytes)) } ?? false
        case .textSet(let column, let set, let negated):
            return head(column).map { set.contains($0.text(place).asBytes) != negated } ?? false
        case .textPattern(let column, let pattern, let negated):
            guard let head = head(column) else { return false }
            return pattern.matches(head.text(place).asBytes, scratch: &scratch) != negated
        }
    }

    private static func clear(_ words: Words) -> Bool {
        words.update(repeating: 0, count: Block.validityWords)
        return false
    }

    private static func narrowToAny(
        _ tests: [BlockTest],
        _ words: Words,
        _ table: TableView,
        block index: Int,
        scratch: inout [UInt8]
    ) -> Bool {
        let count = Block.validityWords
        // The rows that some test has accepted, and those that the next one has still to look at.
        let accepted = Words.allocate(capacity: 2 * count)
        defer { accepted.deallocate() }
        let open = accepted + count
        accepted.initialize(repeating: 0, count: count)
        var any = false
        for test in tests {
            var rest: UInt64 = 0
            for word in 0..<count {
                open[word] = words[word] & ~accepted[word]
                rest |= open[word]
            }
            if rest == 0 { break }
            guard test.narrow(open, table, block: index, scratch: &scratch) else { continue }
            for word in 0..<count { accepted[word] |= open[word] }
            any = true
        }
        words.update(from: accepted, count: count)
        return any
    }

    /// Tests each remaining row that has a value.
    @inline(__always)
    private static func forEach(_ words: Words, _ block: Block, _ holds: (Int, BlockHead) -> Bool) {
        let head = block.head
        for word in 0..<Block.validityWords {
            var rest = words[word] & head.validity[word]
            var kept: UInt64 = 0
            while rest != 0 {
                let bit = rest.trailingZeroBitCount
                rest &= rest &- 1
                if holds(word << 6 | bit, head) { kept |= 1 << UInt64(bit) }
            }
            words[word] = kept
        }
    }

    private static func narrow(_ words: Words, _ block: Block, _ low: Int64, _ high: Int64, _ negated: Bool) {
        let isOutside = block.maximum < low || block.minimum > high
        let isInside = low <= block.minimum && block.maximum <= high
        if isOutside || isInside {
            // The zone map answers for every value of the block.
            let keeps = isInside != negated
            for word in 0..<Block.validityWords { words[word] &= keeps ? block.head.validity[word] : 0 }
            return
        }
        switch block.layout {
        case .code8: narrowCodes(words, block, low, high, negated)
        case .code16: narrow(words, block, UInt16.self, UInt16.self, low, high, negated)
        case .int32: narrow(words, block, Int32.self, UInt32.self, low, high, negated)
        case .int64, .id, .text: narrow(words, block, Int64.self, UInt64.self, low, high, negated)
        }
    }

    /// One subtraction and one unsigned comparison a value: x is in low…high exactly when x − low ≤ high − low.
    @inline(__always)
    private static func narrow<T: FixedWidthInteger, U: FixedWidthInteger & UnsignedInteger>(
        _ words: Words,
        _ block: Block,
        _: T.Type,
        _: U.Type,
        _ low: Int64,
        _ high: Int64,
        _ negated: Bool
    ) {
        // Some value of the block is inside the bounds, so clamping to the type keeps low ≤ high.
        let low = U(truncatingIfNeeded: T(clamping: low))
        let span = U(truncatingIfNeeded: T(clamping: high)) &- low
        let values = UnsafeRawPointer(block.head.values).assumingMemoryBound(to: U.self)
        let flip: UInt64 = negated ? .max : 0
        let used = block.capacity >> 6
        for word in 0..<used where words[word] != 0 {
            let base = values + word << 6
            var bits: UInt64 = 0
            for bit in 0..<64 { bits |= (base[bit] &- low <= span ? 1 : 0) << UInt64(truncatingIfNeeded: bit) }
            words[word] &= (bits ^ flip) & block.head.validity[word]
        }
        for word in used..<Block.validityWords { words[word] = 0 }
    }

    /// As above for bytes, 64 at a time. A comparison leaves 0xFF or 0 in each byte; of eight such bytes, one bit each at
    /// bits 0, 8, …, 56, the multiplication gathers the eight bits in the top byte, in order.
    private static func narrowCodes(_ words: Words, _ block: Block, _ low: Int64, _ high: Int64, _ negated: Bool) {
        let low = UInt8(clamping: low)
        let span = SIMD64<UInt8>(repeating: UInt8(clamping: high) &- low)
        let lows = SIMD64<UInt8>(repeating: low)
        let flip: UInt64 = negated ? .max : 0
        let used = block.capacity >> 6
        for word in 0..<used where words[word] != 0 {
            let codes = (block.head.values + word << 6).loadUnaligned(as: SIMD64<UInt8>.self)
            let isInside = unsafeBitCast((codes &- lows) .<= span, to: SIMD8<UInt64>.self) & 0x0101_0101_0101_0101
            let gathered = (isInside &* 0x0102_0408_1020_4080) &>> 56
            var bits: UInt64 = 0
            for byte in 0..<8 { bits |= gathered[byte] << UInt64(8 * byte) }
            words[word] &= (bits ^ flip) & block.head.validity[word]
        }
        for word in used..<Block.validityWords { words[word] = 0 }
    }

    private static func narrow(_ words: Words, _ block: Block, codes accepted: [Bool]) {
        // Mostly one code, or all codes but one, is accepted: then it is a comparison.
        if let only = accepted.firstIndex(of: true), accepted[only...].dropFirst().allSatisfy({ !$0 }) {
            return narrow(words, block, Int64(only), Int64(only), false)
        }
        if let only = accepted.firstIndex(of: false), accepted[only...].dropFirst().allSatisfy({ $0 }) {
            return narrow(words, block, Int64(only), Int64(only), true)
        }
        if !accepted.contains(true) { return words.update(repeating: 0, count: Block.validityWords) }
        if block.layout == .code8, accepted.count <= 256 {
            var table = accepted.map { UInt64($0 ? 1 : 0) }
            table += repeatElement(0, count: 256 - table.count)
            let values = UnsafeRawPointer(block.head.values).assumingMemoryBound(to: UInt8.self)
            let used = block.capacity >> 6
            table.withUnsafeBufferPointer { table in
                for word in 0..<used where words[word] != 0 {
                    let base = values + word << 6
                    var bits: UInt64 = 0
                    for bit in 0..<64 { bits |= table[Int(base[bit])] << UInt64(truncatingIfNeeded: bit) }
                    words[word] &= bits & block.head.validity[word]
                }
            }
            for word in used..<Block.validityWords { words[word] = 0 }
            return
        }
        forEach(words, block) { place, head in
            let code = Int(head.number(place, block.layout))
            return code < accepted.count && accepted[code]
        }
    }
}
