// Reading a block's bytes; BlockCodec.swift says what they are. A restore spends most of its time here, so loops go over one
// width at a time and what they write is touched once.
//
// Everything is checked: lengths, counts, widths; whether codes are in the attribute's list is left to the table.

extension Block {
    /// Reads a block.
    package static func decode(from reader: inout ByteReader) throws(DecodeError) -> Block {
        guard let layout = ColumnLayout(rawValue: try reader.u8()) else { throw DecodeError("unknown layout", at: 0) }
        let encoding = try reader.u8()
        let width = Int(try reader.u8())
        let flags = try reader.u8()
        let count = Int(try reader.u32())
        guard count <= Block.rowCount, flags <= 1 else {
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
        switch (layout, encoding) {
        case (.text, rawEncoding): try block.decodeTexts(count, width, haveSymbols: false, from: &reader)
        case (.text, symbolsEncoding): try block.decodeTexts(count, width, haveSymbols: true, from: &reader)
        case (.text, dictionaryEncoding): try block.decodeDictionary(count, from: &reader)
        case (.text, _): throw DecodeError("texts of encoding \(encoding)", at: 1)
        default:
            guard encoding <= narrowEncoding else { throw DecodeError("numbers of encoding \(encoding)", at: 1) }
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
        let isWithin =
            layout == .code8 ? areWithinBounds(count, UInt8.self) : areWithinBounds(count, UInt16.self)
        // Where there is no value there may stand anything.
        return isWithin
            || (0..<count).allSatisfy { index in
                let number = head.number(index, layout)
                return !head.isValid(index) || minimum <= number && number <= maximum
            }
    }

    /// Whether all values, of rows without one as well, are within the bounds.
    private func areWithinBounds<Code: FixedWidthInteger>(_ count: Int, _: Code.Type) -> Bool {
        let values = head.values.bindMemory(to: Code.self, capacity: capacity)
        var low = Code.max
        var high = Code.min
        for index in 0..<count {
            low = Swift.min(low, values[index])
            high = Swift.max(high, values[index])
        }
        return count == 0 || minimum <= Int64(low) && Int64(high) <= maximum
    }

    private func decodeNumbers(
        _ count: Int,
        _ encoding: UInt8,
        _ width: Int,
        from reader: inout ByteReader
    )
        throws(DecodeError)
    {
        if encoding == Block.rawEncoding {
            let bytes = count * layout.strideBytes
            head.values.copyMemory(from: try reader.take(bytes), byteCount: bytes)
            return
        }
        switch layout {
        case .code8: try decodeSteps(count, encoding, width, UInt8.self, from: &reader)
        case .code16: try decodeSteps(count, encoding, width, UInt16.self, from: &reader)
        case .int32: try decodeSteps(count, encoding, width, Int32.self, from: &reader)
        case .int64, .id, .text: try decodeSteps(count, encoding, width, Int64.self, from: &reader)
        }
    }

    /// Steps from a base: a run, or as many as a list says. What does not fit the layout is cut, as it is nowhere used as an index.
    private func decodeSteps<Value: FixedWidthInteger>(
        _ count: Int,
        _ encoding: UInt8,
        _ bits: Int,
        _: Value.Type,
        from reader: inout ByteReader
    ) throws(DecodeError) {
        let values = head.values.bindMemory(to: Value.self, capacity: capacity)
        let base = try reader.i64()
        let step = try reader.i64()
        // One loop each, since a multiplication of 64 bits cannot be done for several values at once.
        if encoding == Block.runEncoding {
            var value = base
            for index in 0..<count {
                values[index] = Value(truncatingIfNeeded: value)
                value &+= step
            }
            return
        }
        let multiples = try PackedNumbers(from: &reader, count: count, bits: bits)
        if step == 1 {
            for index in 0..<count {
                values[index] = Value(truncatingIfNeeded: base &+ Int64(truncatingIfNeeded: multiples[index]))
            }
            return
        }
        for index in 0..<count {
            values[index] = Value(truncatingIfNeeded: base &+ Int64(truncatingIfNeeded: multiples[index]) &* step)
        }
    }
}
