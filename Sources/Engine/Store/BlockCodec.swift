// A block's bytes in a snapshot. Encoded for what columns are: codes, dates, ids, amounts, and texts that resemble one another.
// A general compressor behind this would save a third more and take three times as long to read.
//
//   u8  layout        ColumnLayout
//   u8  encoding      numbers: 0 raw, 1 run (first value and step), 2 narrow (base, factor and multiples)
//                     texts: 0 raw, 3 dictionary, 4 symbols
//   u8  width         bits of a multiple; bytes of a text's length: 1, 2 or 4
//   u8  flags         bit 0: every one of the `count` values is valid and there is no bitmap
//   u32 count         values: index of the last valid one + 1
//   i64 minimum, i64 maximum        the zone map; texts have none
//   u64 × ceil(count / 64)          validity, without bit 0
//   run:              i64 first, i64 step
//   narrow:           i64 base, i64 factor, then count multiples (invalid values: 0): PackedNumbers
//   numbers, raw:     count × stride
//   texts, raw:       count lengths of `width` bytes (invalid texts: 0), the bytes of the texts of at most seven bytes one
//                     behind the other, then those of the longer ones: each lies as a restored block wants it
//   symbols:          the same, with the bytes of the longer texts as codes: TextSymbols
//   dictionary:       u16 different texts, 1 to 256; their lengths of one byte each and their bytes; count places among them
//                     (invalid texts: 0): PackedNumbers
//
// A loose zone map is tightened by encoding: minimum and maximum are computed from the valid values.

extension Block {
    static let rawEncoding: UInt8 = 0
    static let runEncoding: UInt8 = 1
    static let narrowEncoding: UInt8 = 2
    static let dictionaryEncoding: UInt8 = 3
    static let symbolsEncoding: UInt8 = 4
    static let allValidFlag: UInt8 = 1

    /// Appends the block's bytes. Pure: called from any thread on a shared block.
    ///
    /// - Parameters:
    ///   - symbols: what the column's texts are made of; only texts have any.
    ///   - rows: the rows whose texts are written, as if the others had none; only texts are written in pieces.
    package func encode(into writer: inout ByteWriter, symbols: TextSymbols? = nil, rows: Range<Int>? = nil) {
        guard let rows else { return encode(head, into: &writer, symbols) }
        precondition(layout == .text && rows.lowerBound >= 0 && rows.upperBound <= Block.rowCount)
        var validity = [UInt64](repeating: 0, count: Block.validityWords)
        for row in rows where head.isValid(row) { validity[row >> 6] |= 1 << UInt64(row & 63) }
        validity.withUnsafeMutableBufferPointer { validity in
            guard let start = validity.baseAddress else { return }
            encode(BlockHead(values: head.values, validity: start, heap: head.heap), into: &writer, symbols)
        }
    }

    /// - Parameter head: the block's own, or one that leaves out some texts.
    private func encode(_ head: BlockHead, into writer: inout ByteWriter, _ symbols: TextSymbols?) {
        let count = Block.usedCount(head)
        let isAllValid = (0..<Block.validityWords).reduce(0) { $0 + head.validity[$1].nonzeroBitCount } == count
        writer.u8(layout.rawValue)
        let encodingOffset = writer.count
        writer.u8(Block.rawEncoding)
        writer.u8(0)
        writer.u8(isAllValid ? Block.allValidFlag : 0)
        writer.u32(UInt32(count))
        let boundsOffset = writer.count
        writer.i64(.max)
        writer.i64(.min)
        if !isAllValid { writer.raw(head.validity, (count + 63) / 64 * 8) }
        if layout == .text {
            let (encoding, width) = Block.encodeTexts(head, count, symbols, into: &writer)
            writer.patch(encoding, at: encodingOffset)
            writer.patch(width, at: encodingOffset + 1)
            return
        }
        var low = Int64.max
        var high = Int64.min
        for index in 0..<count where head.isValid(index) {
            let number = head.number(index, layout)
            low = Swift.min(low, number)
            high = Swift.max(high, number)
        }
        writer.patch(low, at: boundsOffset)
        writer.patch(high, at: boundsOffset + 8)
        if isAllValid, let step = runStep(count) {
            writer.patch(Block.runEncoding, at: encodingOffset)
            writer.i64(head.number(0, layout))
            writer.i64(step)
            return
        }
        let span = low <= high ? UInt64(bitPattern: high &- low) : 0
        let factor = span == 0 ? 1 : commonFactor(count, above: low)
        let bits = PackedNumbers.bits(upTo: span / factor)
        if bits > PackedNumbers.bitsMax || bits >= layout.strideBytes * 8 {
            writer.raw(head.values, count * layout.strideBytes)
            return
        }
        writer.patch(Block.narrowEncoding, at: encodingOffset)
        writer.patch(UInt8(bits), at: encodingOffset + 1)
        writer.i64(low <= high ? low : 0)
        writer.u64(factor)
        PackedNumbers.encode(count, bits: bits, into: &writer) { index in
            guard head.isValid(index) else { return 0 }
            let offset = UInt64(bitPattern: head.number(index, layout) &- low)
            return factor == 1 ? offset : offset / factor
        }
    }

    /// The largest number of which every valid value's distance from `low` is a multiple: 100 where prices are whole.
    private func commonFactor(_ count: Int, above low: Int64) -> UInt64 {
        var factor: UInt64 = 0
        for index in 0..<count where factor != 1 && head.isValid(index) {
            var (a, b) = (UInt64(bitPattern: head.number(index, layout) &- low), factor)
            while b != 0 { (a, b) = (b, a % b) }
            factor = a
        }
        return max(factor, 1)
    }

    /// The step when the values are a run (constant: 0), as ids and times of bulk loads are.
    private func runStep(_ count: Int) -> Int64? {
        guard count > 1 else { return count == 1 ? 0 : nil }
        let step = head.number(1, layout) &- head.number(0, layout)
        var expected = head.number(0, layout)
        for index in 0..<count {
            if head.number(index, layout) != expected { return nil }
            expected = expected &+ step
        }
        return step
    }
}
