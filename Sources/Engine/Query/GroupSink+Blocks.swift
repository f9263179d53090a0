// Aggregates over whole blocks without making rows of them: COUNT(*), and COUNT, SUM and AVG of stored numbers, in one group
// or in groups by option and yes/no columns, whose codes number the groups.
//
// Per block every row gets the number of its combination of codes (one more code stands for null); then each aggregate is
// one pass over its column into an array by that number. Four arrays take turns, because adding twice in a row to one
// place waits for the first addition to arrive in memory. Partial sums are 64 bits wide where the block's bounds allow it.

/// Group keys that are codes: columns of options and yes/no.
struct CodeKeys {
    /// More combinations than these are grouped by hashing: four arrays of them stay in the first cache.
    static let combinationsMax = 512
    static let bankCount = 4

    let columns: [Int]
    /// Per key: its codes, and one for null.
    let sizes: [Int]
    let combinations: Int
    /// Group of each combination, once it has appeared.
    var groups: [UInt32]

    /// Nil when some key is not a column of codes of the source, or there are too many combinations.
    init?(_ keys: [Bound], base: Int, table: TableView) {
        var columns: [Int] = []
        var sizes: [Int] = []
        var combinations = 1
        for key in keys {
            guard case .column(base, let column) = key.node else { return nil }
            switch key.type {
            case .boolean: sizes.append(3)
            case .option where table.layout.columns[column] == .code8:
                sizes.append(table.layout.optionValues[column].count + 1)
            default: return nil
            }
            columns.append(column)
            combinations *= sizes[sizes.count - 1]
            if combinations > Self.combinationsMax { return nil }
        }
        self.columns = columns
        self.sizes = sizes
        self.combinations = combinations
        groups = Array(repeating: .max, count: combinations)
    }

    /// The number of every row's combination. Rows that are not there get some number in range.
    func number(_ table: TableView, block index: Int, into numbers: UnsafeMutablePointer<UInt16>) {
        numbers.update(repeating: 0, count: Block.rowCount)
        var factor: UInt16 = 1
        for (column, size) in zip(columns, sizes) {
            let null = UInt16(size - 1) &* factor
            if let block = table.block(column, index) {
                let codes = UnsafeRawPointer(block.head.values).assumingMemoryBound(to: UInt8.self)
                for word in 0..<Block.validityWords {
                    let first = word << 6
                    let valid = block.head.validity[word]
                    if valid == .max {
                        for row in first..<first + 64 { numbers[row] &+= UInt16(codes[row]) &* factor }
                    } else {
                        for bit in 0..<64 {
                            let isValid = valid >> UInt64(truncatingIfNeeded: bit) & 1 != 0
                            numbers[first + bit] &+= isValid ? UInt16(codes[first + bit]) &* factor : null
                        }
                    }
                }
            } else {
                for row in 0..<Block.rowCount { numbers[row] &+= null }
            }
            factor &*= UInt16(size)
        }
    }

    /// Code of one key in a combination; nil for null.
    func code(_ combination: Int, key: Int) -> Int? {
        let code = combination / sizes[..<key].reduce(1, *) % sizes[key]
        return code == sizes[key] - 1 ? nil : code
    }
}

extension GroupSink {
    /// Adds the rows whose bits are set in `words` and returns their number; nil, with nothing added, when some key or
    /// aggregate needs rows.
    func consume(
        _ words: UnsafePointer<UInt64>,
        _ block: Int,
        _ table: TableView,
        base: Int
    ) throws(QueryError) -> Int? {
        guard aggregates.allSatisfy({ Self.canAggregate($0, base) }) else { return nil }
        if groups.isEmpty { return addToOnlyGroup(words, block, table) }
        if codeKeys == nil {
            guard groupCount == 0, let keys = CodeKeys(groups, base: base, table: table) else { return nil }
            codeKeys = keys
        }
        return try addByCode(words, block, table)
    }

    private static func canAggregate(_ aggregate: BoundAggregate, _ base: Int) -> Bool {
        guard let operand = aggregate.operand else { return true }
        guard case .column(base, _) = operand.node, !aggregate.isDistinct else { return false }
        switch aggregate.function {
        case .count: return true
        case .sum, .average: return operand.type.isNumber
        case .minimum, .maximum: return false
        }
    }

    // MARK: One group

    private func addToOnlyGroup(_ words: UnsafePointer<UInt64>, _ block: Int, _ table: TableView) -> Int {
        var rowCount = 0
        for word in 0..<Block.validityWords { rowCount += words[word].nonzeroBitCount }
        for place in aggregates.indices {
            guard case .column(_, let column)? = aggregates[place].operand?.node else {
                addToState(place, count: Int64(rowCount), sum: 0, group: 0)
                continue
            }
            guard let block = table.block(column, block) else { continue }
            let (count, sum) = Self.sum(words, block, needsSum: aggregates[place].function != .count)
            addToState(place, count: count, sum: sum, group: 0)
        }
        return rowCount
    }

    /// 8,192 values below 2^50 cannot overflow 64 bits; other blocks are added in 128.
    private static func isSmall(_ block: Block) -> Bool { block.minimum > -(1 << 50) && block.maximum < 1 << 50 }

    private static func sum(
        _ words: UnsafePointer<UInt64>,
        _ block: Block,
        needsSum: Bool
    ) -> (count: Int64, sum: Int128) {
        var count = 0
        let validity = block.head.validity
        for word in 0..<Block.validityWords { count += (words[word] & validity[word]).nonzeroBitCount }
        guard needsSum, count > 0 else { return (Int64(count), 0) }
        switch (block.layout, isSmall(block)) {
        case (.int32, _): return (Int64(count), Int128(sum64(words, block, Int32.self)))
        case (.int64, true): return (Int64(count), Int128(sum64(words, block, Int64.self)))
        default:
            var sum: Int128 = 0
            forEach(words, block) { sum += Int128(block.head.number($0, block.layout)) }
            return (Int64(count), sum)
        }
    }

    @inline(__always)
    private static func forEach(_ words: UnsafePointer<UInt64>, _ block: Block?, _ body: (Int) -> Void) {
        for word in 0..<Block.validityWords {
            var rest = words[word]
            if let block { rest &= block.head.validity[word] }
            while rest != 0 {
                body(word << 6 | rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }

    /// Adds eight values at a time under a mask of 64-bit lanes, looked up by eight of the word's bits; words with few bits
    /// are added bit by bit.
    @inline(__always)
    private static func sum64<T: FixedWidthInteger & SIMDScalar>(
        _ words: UnsafePointer<UInt64>,
        _ block: Block,
        _: T.Type
    ) -> Int64 {
        let values = UnsafeRawPointer(block.head.values).assumingMemoryBound(to: T.self)
        return laneMasks.withUnsafeBufferPointer { masks in
            var lanes = SIMD8<Int64>(repeating: 0)
            var sum: Int64 = 0
            for word in 0..<block.capacity >> 6 {
                var rest = words[word] & block.head.validity[word]
                let base = values + word << 6
                if rest == .max {
                    for index in 0..<64 { sum &+= Int64(truncatingIfNeeded: base[index]) }
                } else if rest.nonzeroBitCount >= 16 {
                    for byte in 0..<8 {
                        let eight = UnsafeRawPointer(base + 8 * byte).loadUnaligned(as: SIMD8<T>.self)
                        let mask = masks[Int(rest >> UInt64(8 * byte) & 0xFF)]
                        lanes &+= SIMD8<Int64>(truncatingIfNeeded: eight) & mask
                    }
                } else {
                    while rest != 0 {
                        sum &+= Int64(truncatingIfNeeded: base[rest.trailingZeroBitCount])
                        rest &= rest &- 1
                    }
                }
            }
            return sum &+ lanes.wrappedSum()
        }
    }

    /// Per byte: all ones in the lanes whose bit is set. 16 KiB.
    private static let laneMasks: [SIMD8<Int64>] = (0..<256).map { byte in
        var mask = SIMD8<Int64>(repeating: 0)
        for lane in 0..<8 where byte >> lane & 1 != 0 { mask[lane] = -1 }
        return mask
    }

    // MARK: Groups by code

    private func addByCode(
        _ words: UnsafePointer<UInt64>,
        _ block: Int,
        _ table: TableView
    ) throws(QueryError) -> Int {
        guard var keys = codeKeys else { return 0 }
        // Taken out, so that writing to its array does not copy it.
        codeKeys = nil
        defer { codeKeys = keys }
        let numbers = codeNumbers
        keys.number(table, block: block, into: numbers)
        let counts = partials(keys.combinations, words, nil, numbers) { _ in 1 }
        var rowCount = 0
        let before = groupCount
        for combination in 0..<keys.combinations where counts[combination] > 0 {
            rowCount += Int(counts[combination])
            if keys.groups[combination] == .max {
                keys.groups[combination] = UInt32(groupCount)
                addGroup(codes: keys.columns.indices.map { keys.code(combination, key: $0) }, table, keys.columns)
            }
        }
        try keep(groups: groupCount - before)
        for place in aggregates.indices {
            var (valueCounts, sums) = (counts, [Int64]())
            if case .column(_, let column)? = aggregates[place].operand?.node {
                guard let values = table.block(column, block) else { continue }
                let head = values.head
                if Self.hasNull(words, values) {
                    valueCounts = partials(keys.combinations, words, values, numbers) { _ in 1 }
                }
                if aggregates[place].function != .count {
                    switch (values.layout, Self.isSmall(values)) {
                    case (.int32, _):
                        let base = UnsafeRawPointer(head.values).assumingMemoryBound(to: Int32.self)
                        sums = partials(keys.combinations, words, values, numbers) { Int64(base[$0]) }
                    case (.int64, true):
                        let base = UnsafeRawPointer(head.values).assumingMemoryBound(to: Int64.self)
                        sums = partials(keys.combinations, words, values, numbers) { base[$0] }
                    default:
                        Self.forEach(words, values) { row in
                            addToState(
                                place,
                                count: 0,
                                sum: Int128(head.number(row, values.layout)),
                                group: Int(keys.groups[Int(numbers[row])])
                            )
                        }
                    }
                }
            }
            for combination in 0..<keys.combinations where valueCounts[combination] > 0 {
                addToState(
                    place,
                    count: valueCounts[combination],
                    sum: sums.isEmpty ? 0 : Int128(sums[combination]),
                    group: Int(keys.groups[combination])
                )
            }
        }
        return rowCount
    }

    private static func hasNull(_ words: UnsafePointer<UInt64>, _ block: Block) -> Bool {
        var missing: UInt64 = 0
        for word in 0..<Block.validityWords { missing |= words[word] & ~block.head.validity[word] }
        return missing != 0
    }

    /// Adds up `value` of each selected row (with a value in `block`) by its number.
    @inline(__always)
    private func partials(
        _ combinations: Int,
        _ words: UnsafePointer<UInt64>,
        _ block: Block?,
        _ numbers: UnsafePointer<UInt16>,
        _ value: (Int) -> Int64
    ) -> [Int64] {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: combinations * CodeKeys.bankCount) { banks in
            banks.initialize(repeating: 0)
            let base = banks.baseAddress.unsafelyUnwrapped
            for word in 0..<Block.validityWords {
                var rest = words[word]
                if let block { rest &= block.head.validity[word] }
                let first = word << 6
                if rest == .max {
                    for row in stride(from: first, to: first + 64, by: 4) {
                        base[Int(numbers[row]) << 2] &+= value(row)
                        base[Int(numbers[row + 1]) << 2 | 1] &+= value(row + 1)
                        base[Int(numbers[row + 2]) << 2 | 2] &+= value(row + 2)
                        base[Int(numbers[row + 3]) << 2 | 3] &+= value(row + 3)
                    }
                } else {
                    var bank = 0
                    while rest != 0 {
                        let row = first | rest.trailingZeroBitCount
                        rest &= rest &- 1
                        base[Int(numbers[row]) << 2 | bank] &+= value(row)
                        bank = (bank + 1) & 3
                    }
                }
            }
            return (0..<combinations).map {
                base[$0 << 2] &+ base[$0 << 2 | 1] &+ base[$0 << 2 | 2] &+ base[$0 << 2 | 3]
            }
        }
    }
}
