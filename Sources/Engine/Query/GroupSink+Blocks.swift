// Aggregates over whole blocks without making rows of them: COUNT(*), and COUNT, SUM, AVG, MIN and MAX of stored numbers,
// where there is no GROUP BY.

extension GroupSink {
    /// Adds the rows whose bits are set in `words`; false, with nothing added, when some aggregate needs rows.
    func consume(
        _ words: UnsafePointer<UInt64>, _ block: Int, _ table: Table, base: Int
    ) throws(QueryError) -> Bool {
        guard groupCount == 1, aggregates.allSatisfy({ Self.canAggregate($0, base) }) else { return false }
        var rowCount = 0
        for word in 0..<Block.validityWords { rowCount += words[word].nonzeroBitCount }
        for place in aggregates.indices {
            guard case .column(_, let column)? = aggregates[place].operand?.node else {
                addToState(place, count: Int64(rowCount), sum: 0)
                continue
            }
            guard let block = table.block(column, block) else { continue }
            let (count, sum) = Self.sum(words, block, needsSum: aggregates[place].function != .count)
            addToState(place, count: count, sum: sum)
        }
        return true
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

    private static func sum(
        _ words: UnsafePointer<UInt64>, _ block: Block, needsSum: Bool
    ) -> (count: Int64, sum: Int128) {
        var count = 0
        let validity = block.head.validity
        for word in 0..<Block.validityWords { count += (words[word] & validity[word]).nonzeroBitCount }
        guard needsSum, count > 0 else { return (Int64(count), 0) }
        // 8,192 values below 2^50 cannot overflow 64 bits; other blocks are added in 128.
        let limit: Int64 = 1 << 50
        let isSmall = block.minimum > -limit && block.maximum < limit
        switch (block.layout, isSmall) {
        case (.int32, _): return (Int64(count), Int128(sum64(words, block, Int32.self)))
        case (.int64, true): return (Int64(count), Int128(sum64(words, block, Int64.self)))
        default:
            var sum: Int128 = 0
            for word in 0..<Block.validityWords {
                var rest = words[word] & validity[word]
                while rest != 0 {
                    sum += Int128(block.head.number(word << 6 | rest.trailingZeroBitCount, block.layout))
                    rest &= rest &- 1
                }
            }
            return (Int64(count), sum)
        }
    }

    /// Full words are added in one loop that the compiler vectorises; others bit by bit.
    @inline(__always)
    private static func sum64<T: FixedWidthInteger>(
        _ words: UnsafePointer<UInt64>, _ block: Block, _: T.Type
    ) -> Int64 {
        let values = UnsafeRawPointer(block.head.values).assumingMemoryBound(to: T.self)
        var sum: Int64 = 0
        for word in 0..<block.capacity >> 6 {
            var rest = words[word] & block.head.validity[word]
            let base = values + word << 6
            if rest == .max {
                for index in 0..<64 { sum &+= Int64(truncatingIfNeeded: base[index]) }
            } else {
                while rest != 0 {
                    sum &+= Int64(truncatingIfNeeded: base[rest.trailingZeroBitCount])
                    rest &= rest &- 1
                }
            }
        }
        return sum
    }
}
