// A block's bytes in a snapshot. Encoded narrow first, since that beats a general compressor on codes, dates and ids; what
// is left is zstd's, one level up.
//
//   u8  layout        ColumnLayout
//   u8  encoding      0 raw, 1 run (first value and step), 2 narrow (base and unsigned offsets)
//   u8  width         bytes of an offset: 1, 2, 4 or 8
//   u8  flags         bit 0: every one of the `count` values is valid and there is no bitmap
//   u32 count         values: index of the last valid one + 1
//   i64 minimum, i64 maximum        the zone map
//   u64 × ceil(count / 64)          validity, without bit 0
//   numbers, run:     i64 first, i64 step
//   numbers, narrow:  i64 base, then count offsets of `width` bytes (invalid values: 0)
//   numbers, raw:     count × stride
//   texts:            count lengths of `width` bytes, then the bytes of the valid texts in order
//
// A loose zone map is tightened by encoding: minimum and maximum are computed from the valid values.

extension Block {
    private static let rawEncoding: UInt8 = 0
    private static let runEncoding: UInt8 = 1
    private static let narrowEncoding: UInt8 = 2
    private static let allValidFlag: UInt8 = 1

    /// Values up to the last valid one.
    private var usedCount: Int {
        for word in stride(from: Block.validityWords - 1, through: 0, by: -1) where head.validity[word] != 0 {
            return word * 64 + 64 - head.validity[word].leadingZeroBitCount
        }
        return 0
    }

    /// Appends the block's bytes. Pure: called from any thread on a shared block.
    package func encode(into writer: inout ByteWriter) {
        let count = usedCount
        let isAllValid = validCount == count
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
            writer.patch(encodeTexts(count, into: &writer), at: encodingOffset + 1)
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
        let width = span <= 0xFF ? 1 : span <= 0xFFFF ? 2 : span <= 0xFFFF_FFFF ? 4 : 8
        if width >= layout.strideBytes {
            writer.raw(head.values, count * layout.strideBytes)
            return
        }
        writer.patch(Block.narrowEncoding, at: encodingOffset)
        writer.patch(UInt8(width), at: encodingOffset + 1)
        writer.i64(low)
        let offsets = writer.claim(count * width)
        offsets.initializeMemory(as: UInt8.self, repeating: 0, count: count * width)
        for index in 0..<count where head.isValid(index) {
            let offset = UInt64(bitPattern: head.number(index, layout) &- low)
            switch width {
            case 1: offsets.storeBytes(of: UInt8(truncatingIfNeeded: offset), toByteOffset: index, as: UInt8.self)
            case 2: offsets.storeBytes(of: UInt16(truncatingIfNeeded: offset), toByteOffset: index * 2, as: UInt16.self)
            default:
                offsets.storeBytes(of: UInt32(truncatingIfNeeded: offset), toByteOffset: index * 4, as: UInt32.self)
            }
        }
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

    /// Returns the width of the lengths.
    private func encodeTexts(_ count: Int, into writer: inout ByteWriter) -> UInt8 {
        var longest = 0
        var total = 0
        for index in 0..<count where head.isValid(index) {
            let length = head.text(index).count
            longest = max(longest, length)
            total += length
        }
        let width = longest <= 0xFF ? 1 : longest <= 0xFFFF ? 2 : 4
        let lengths = writer.claim(count * width + total)
        lengths.initializeMemory(as: UInt8.self, repeating: 0, count: count * width)
        var at = lengths + count * width
        for index in 0..<count where head.isValid(index) {
            let text = head.text(index)
            switch width {
            case 1: lengths.storeBytes(of: UInt8(text.count), toByteOffset: index, as: UInt8.self)
            case 2: lengths.storeBytes(of: UInt16(text.count), toByteOffset: index * 2, as: UInt16.self)
            default: lengths.storeBytes(of: UInt32(text.count), toByteOffset: index * 4, as: UInt32.self)
            }
            if let base = text.baseAddress { at.copyMemory(from: base, byteCount: text.count) }
            at += text.count
        }
        return UInt8(width)
    }

    /// Reads a block. Everything is checked: lengths, counts, codes are left to the table.
    package static func decode(from reader: inout ByteReader) throws(DecodeError) -> Block {
        guard let layout = ColumnLayout(rawValue: try reader.u8()) else { throw DecodeError("unknown layout", at: 0) }
        let encoding = try reader.u8()
        let width = Int(try reader.u8())
        let flags = try reader.u8()
        let count = Int(try reader.u32())
        guard count <= Block.rowCount, encoding <= narrowEncoding, flags <= 1, [0, 1, 2, 4, 8].contains(width) else {
            throw DecodeError("impossible block", at: 0)
        }
        let minimum = try reader.i64()
        let maximum = try reader.i64()
        let block = Block(layout: layout, capacity: count)
        if flags & allValidFlag == 0 {
            let words = (count + 63) / 64
            let bitmap = try reader.take(words, stride: 8)
            UnsafeMutableRawPointer(block.head.validity).copyMemory(from: bitmap, byteCount: words * 8)
            if count & 63 != 0, block.head.validity[words - 1] >> UInt64(count & 63) != 0 {
                throw DecodeError("a value behind the last one", at: reader.offset)
            }
        } else {
            for index in stride(from: 0, to: count, by: 64) {
                let left = count - index
                block.head.validity[index >> 6] = left >= 64 ? .max : (1 << UInt64(left)) - 1
            }
        }
        if layout == .text {
            try block.decodeTexts(count, width, from: &reader)
        } else {
            try block.decodeNumbers(count, encoding, width, from: &reader)
            block.setBounds(minimum, maximum)
            guard layout.strideBytes > 2 || block.boundsEnclose(count) else {
                throw DecodeError("a code outside its bounds", at: reader.offset)
            }
        }
        return block
    }

    /// Codes index a list of options, so their bounds, which the table checks against the list, must be true. Other
    /// values index nothing, and the snapshot's checksum answers for their bounds.
    private func boundsEnclose(_ count: Int) -> Bool {
        (0..<count).allSatisfy { index in
            guard head.isValid(index) else { return true }
            let number = head.number(index, layout)
            return minimum <= number && number <= maximum
        }
    }

    private func decodeNumbers(
        _ count: Int,
        _ encoding: UInt8,
        _ width: Int,
        from reader: inout ByteReader
    )
        throws(DecodeError)
    {
        let stride = layout.strideBytes
        switch encoding {
        case Block.rawEncoding:
            head.values.copyMemory(from: try reader.take(count, stride: stride), byteCount: count * stride)
        case Block.runEncoding:
            var value = try reader.i64()
            let step = try reader.i64()
            for index in 0..<count {
                store(index, value)
                value = value &+ step
            }
        default:
            let base = try reader.i64()
            let offsets = try reader.take(count, stride: width)
            switch width {
            case 1: for i in 0..<count { store(i, base &+ Int64(offsets.load(fromByteOffset: i, as: UInt8.self))) }
            case 2:
                for i in 0..<count {
                    store(i, base &+ Int64(offsets.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)))
                }
            case 4:
                for i in 0..<count {
                    store(i, base &+ Int64(offsets.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)))
                }
            default: throw DecodeError("impossible width", at: reader.offset)
            }
        }
    }

    @inline(__always)
    private func store(_ index: Int, _ value: Int64) {
        switch layout {
        case .code8: head.values.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: index, as: UInt8.self)
        case .code16:
            head.values.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: index * 2, as: UInt16.self)
        case .int32:
            head.values.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: index * 4, as: Int32.self)
        case .int64, .id, .text: head.values.storeBytes(of: value, toByteOffset: index * 8, as: Int64.self)
        }
    }

    private func decodeTexts(_ count: Int, _ width: Int, from reader: inout ByteReader) throws(DecodeError) {
        let lengths = try reader.take(count, stride: width)
        func length(_ index: Int) -> Int {
            switch width {
            case 1: Int(lengths.load(fromByteOffset: index, as: UInt8.self))
            case 2: Int(lengths.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            default: Int(lengths.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
            }
        }
        guard width == 1 || width == 2 || width == 4 else { throw DecodeError("impossible width", at: reader.offset) }
        var textBytes = 0
        var heapBytes = 0
        for index in 0..<count where head.isValid(index) {
            let length = length(index)
            guard length <= Limits.textBytesMax else {
                throw DecodeError("a text of \(length) bytes", at: reader.offset)
            }
            textBytes += length
            if length > TextSlot.inlineBytesMax { heapBytes += length }
        }
        guard textBytes <= reader.remaining else {
            throw DecodeError("texts of \(textBytes) bytes, \(reader.remaining) left", at: reader.offset)
        }
        allocateHeap(heapBytes)
        for index in 0..<count where head.isValid(index) {
            let length = length(index)
            setNewText(index, UnsafeRawBufferPointer(start: try reader.take(length), count: length))
        }
    }
}
