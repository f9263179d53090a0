// Texts in a block's bytes. Long ones lie as the block's heap wants them, in one piece; short ones stand in their slots, and
// are cut from eight bytes at a time. A column of few different texts, as cities and job titles are, is written as places in
// a list of them, some bits a row; other long texts as codes for what they have in common.

extension Block {
    /// Longest text that a dictionary holds: a list of 256 longer ones could claim far more memory than it has bytes.
    private static let dictionaryTextBytesMax = 0xFF

    // MARK: Writing

    /// Returns encoding and width of the lengths.
    static func encodeTexts(
        _ head: BlockHead,
        _ count: Int,
        _ symbols: TextSymbols?,
        into writer: inout ByteWriter
    ) -> (encoding: UInt8, width: UInt8) {
        var longest = 0
        var inlineBytes = 0
        var heapBytes = 0
        for index in 0..<count where head.isValid(index) {
            let length = head.text(index).count
            longest = max(longest, length)
            if length <= TextSlot.inlineBytesMax { inlineBytes += length } else { heapBytes += length }
        }
        let width = longest <= 0xFF ? 1 : longest <= 0xFFFF ? 2 : 4
        let lengthBytes = count * width
        if longest <= Block.dictionaryTextBytesMax,
            let dictionary = TextDictionary(head, count),
            dictionary.encodedBytes(count) < lengthBytes + inlineBytes + heapBytes
        {
            dictionary.encode(head, into: &writer)
            return (Block.dictionaryEncoding, 1)
        }
        let start = writer.count
        let lengths = writer.claim(lengthBytes + inlineBytes + heapBytes)
        lengths.initializeMemory(as: UInt8.self, repeating: 0, count: lengthBytes)
        var short = lengths + lengthBytes
        let heap = short + inlineBytes
        var long = heap
        for index in 0..<count where head.isValid(index) {
            let text = head.text(index)
            switch width {
            case 1: lengths.storeBytes(of: UInt8(text.count), toByteOffset: index, as: UInt8.self)
            case 2: lengths.storeBytes(of: UInt16(text.count), toByteOffset: index * 2, as: UInt16.self)
            default: lengths.storeBytes(of: UInt32(text.count), toByteOffset: index * 4, as: UInt32.self)
            }
            guard let base = text.baseAddress else { continue }
            if text.count <= TextSlot.inlineBytesMax {
                short.copyMemory(from: base, byteCount: text.count)
                short += text.count
            } else {
                long.copyMemory(from: base, byteCount: text.count)
                long += text.count
            }
        }
        if let coded = symbols?.encoded(UnsafeRawBufferPointer(start: heap, count: heapBytes)) {
            writer.truncate(start + lengthBytes + inlineBytes)
            writer.raw(coded)
            return (Block.symbolsEncoding, UInt8(width))
        }
        return (Block.rawEncoding, UInt8(width))
    }

    // MARK: Reading

    func decodeTexts(
        _ count: Int,
        _ width: Int,
        haveSymbols: Bool,
        from reader: inout ByteReader
    ) throws(DecodeError) {
        let lengths = try reader.take(count, stride: width)
        switch width {
        case 1: try decodeTexts(count, lengths, UInt8.self, haveSymbols: haveSymbols, from: &reader)
        case 2: try decodeTexts(count, lengths, UInt16.self, haveSymbols: haveSymbols, from: &reader)
        case 4: try decodeTexts(count, lengths, UInt32.self, haveSymbols: haveSymbols, from: &reader)
        default: throw DecodeError("impossible width", at: reader.offset)
        }
    }

    private func decodeTexts<Length: FixedWidthInteger & BitwiseCopyable>(
        _ count: Int,
        _ lengths: UnsafeRawPointer,
        _: Length.Type,
        haveSymbols: Bool,
        from reader: inout ByteReader
    ) throws(DecodeError) {
        @inline(__always) func length(_ index: Int) -> Int {
            Int(lengths.loadUnaligned(fromByteOffset: index * MemoryLayout<Length>.size, as: Length.self))
        }
        let inlineMax = TextSlot.inlineBytesMax
        var longest = 0
        var inlineBytes = 0
        var allBytes = 0
        for index in 0..<count {
            let length = length(index)
            longest = max(longest, length)
            inlineBytes += length <= inlineMax ? length : 0
            allBytes += length
        }
        guard longest <= Limits.textBytesMax else {
            throw DecodeError("a text of \(longest) bytes", at: reader.offset)
        }
        if validCount < count {
            for index in 0..<count where !head.isValid(index) && length(index) != 0 {
                throw DecodeError("a text where there is no value", at: reader.offset)
            }
        }
        // Behind the short texts eight bytes can be read at once up to the end of the part.
        let readableBytes = reader.remaining
        let short = try reader.take(inlineBytes)
        let heapBytes = allBytes - inlineBytes
        if haveSymbols {
            try TextSymbols.decode(from: &reader, heapBytes) {
                makeHeap(heapBytes); return head.heap
            }
        } else {
            let long = try reader.take(heapBytes)
            makeHeap(heapBytes)
            if heapBytes > 0 { head.heap.copyMemory(from: long, byteCount: heapBytes) }
        }
        let slots = head.values.bindMemory(to: UInt64.self, capacity: capacity)
        var shortUsed = 0
        var longUsed = 0
        for index in 0..<count {
            let length = length(index)
            if shortUsed + 8 <= readableBytes {
                // Both forms are made and one is taken: lengths around seven would be guessed wrong half of the time.
                let bytes = UInt64(littleEndian: short.loadUnaligned(fromByteOffset: shortUsed, as: UInt64.self))
                let mask = (1 &<< UInt64(truncatingIfNeeded: length * 8)) &- 1
                let inline = (bytes & mask) << 8 | UInt64(truncatingIfNeeded: length)
                let outside = TextSlot(lengthBytes: length, heapOffset: longUsed).word
                let isInline = length <= inlineMax
                slots[index] = isInline ? inline : outside
                shortUsed += isInline ? length : 0
                longUsed += isInline ? 0 : length
            } else if length <= inlineMax {
                slots[index] = TextSlot(inline: short + shortUsed, count: length).word
                shortUsed += length
            } else {
                slots[index] = TextSlot(lengthBytes: length, heapOffset: longUsed).word
                longUsed += length
            }
        }
    }

    func decodeDictionary(_ count: Int, from reader: inout ByteReader) throws(DecodeError) {
        let textCount = Int(try reader.u16())
        guard 1...256 ~= textCount else { throw DecodeError("impossible dictionary", at: reader.offset) }
        let lengths = try reader.take(textCount)
        // The last entry is for rows without a value.
        var entries = [DictionaryEntry](repeating: DictionaryEntry(), count: textCount + 1)
        // Each text where sixteen bytes at a time can be copied.
        var padded = [SIMD16<UInt8>](repeating: .zero, count: (textCount + 1) * DictionaryEntry.pieces)
        for place in 0..<textCount {
            let length = Int(lengths.load(fromByteOffset: place, as: UInt8.self))
            let text = try reader.take(length)
            entries[place] = DictionaryEntry(text, length)
            padded.withUnsafeMutableBytes { texts in
                UnsafeMutableRawBufferPointer(rebasing: texts[(place * DictionaryEntry.bytes)...]).copyMemory(
                    from: UnsafeRawBufferPointer(start: text, count: length)
                )
            }
        }
        let bits = PackedNumbers.bits(upTo: UInt64(textCount - 1))
        let numbers = try PackedNumbers(from: &reader, count: count, bits: bits)
        var highest: UInt64 = 0
        let hasNulls = validCount < count
        let places = [UInt16](unsafeUninitializedCapacity: count) { places, initialized in
            for index in 0..<count {
                let number = numbers[index]
                highest = Swift.max(highest, number)
                places[index] = UInt16(truncatingIfNeeded: number)
            }
            if hasNulls { for index in 0..<count where !head.isValid(index) { places[index] = UInt16(textCount) } }
            initialized = count
        }
        // Now every place is that of an entry.
        guard highest < textCount else { throw DecodeError("a text beyond its dictionary", at: reader.offset) }
        entries.withUnsafeBufferPointer { entries in
            padded.withUnsafeBufferPointer { texts in
                places.withUnsafeBufferPointer { places in fill(places, entries, texts) }
            }
        }
    }

    /// Writes slots and heap of texts that are given by their places in a dictionary.
    private func fill(
        _ places: UnsafeBufferPointer<UInt16>,
        _ entries: UnsafeBufferPointer<DictionaryEntry>,
        _ texts: UnsafeBufferPointer<SIMD16<UInt8>>
    ) {
        var heapBytes = 0
        for place in places { heapBytes &+= entries[Int(place)].heapBytes }
        makeHeap(heapBytes)
        let slots = head.values.bindMemory(to: UInt64.self, capacity: capacity)
        let heap = head.heap
        var heapUsed = 0
        for index in 0..<places.count {
            let place = Int(places[index])
            let entry = entries[place]
            slots[index] = entry.word | UInt64(truncatingIfNeeded: heapUsed) << 28 & entry.offsetMask
            let text = place * DictionaryEntry.pieces
            if entry.heapBytes <= 32, heapUsed + 32 <= heapBytes {
                // Also where nothing is to be copied: what stands behind `heapUsed` is written later, and guessing would
                // cost more.
                (heap + heapUsed).storeBytes(of: texts[text], as: SIMD16<UInt8>.self)
                (heap + heapUsed + 16).storeBytes(of: texts[text + 1], as: SIMD16<UInt8>.self)
            } else if entry.heapBytes > 0, let base = texts.baseAddress {
                (heap + heapUsed).copyMemory(from: base + text, byteCount: entry.heapBytes)
            }
            heapUsed &+= entry.heapBytes
        }
    }
}

/// A text of a dictionary that is being read; none by default.
private struct DictionaryEntry {
    /// Room for the longest text, which has 255 bytes.
    static let pieces = 16
    static let bytes = pieces * 16

    /// The slot, for a heap that begins with this text.
    var word: UInt64 = 0
    /// The bits of the slot that hold the heap's offset; none where the text stands in the slot.
    var offsetMask: UInt64 = 0
    var heapBytes = 0

    init() {}

    init(_ text: UnsafeRawPointer, _ length: Int) {
        if length <= TextSlot.inlineBytesMax {
            word = TextSlot(inline: text, count: length).word
        } else {
            word = TextSlot(lengthBytes: length, heapOffset: 0).word
            offsetMask = .max
            heapBytes = length
        }
    }
}

/// The different texts of a block, where they are few.
private struct TextDictionary {
    private static let textsMax = 256
    private static let slotCount = 1024

    /// Per text a row that has it, in the order of the first ones.
    private var rows: [Int] = []
    private var textBytes = 0
    /// Per row the place of its text; 0 where there is none.
    private var places: [UInt8]

    /// Nil where there are no texts, or more different ones than a byte tells apart.
    init?(_ head: BlockHead, _ count: Int) {
        places = Array(repeating: 0, count: count)
        var slots = [Int16](repeating: -1, count: TextDictionary.slotCount)
        for index in 0..<count where head.isValid(index) {
            let text = head.text(index)
            var slot = TextDictionary.hash(text)
            while true {
                let place = Int(slots[slot])
                if place < 0 {
                    guard rows.count < TextDictionary.textsMax else { return nil }
                    slots[slot] = Int16(rows.count)
                    places[index] = UInt8(rows.count)
                    rows.append(index)
                    textBytes += text.count
                    break
                }
                if head.text(rows[place]).elementsEqual(text) {
                    places[index] = UInt8(place)
                    break
                }
                slot = (slot + 1) % TextDictionary.slotCount
            }
        }
        if rows.isEmpty { return nil }
    }

    private static func hash(_ text: UnsafeRawBufferPointer) -> Int {
        var hash = UInt64(text.count)
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return Int((hash ^ hash >> 20) % UInt64(slotCount))
    }

    private var bits: Int { PackedNumbers.bits(upTo: UInt64(rows.count - 1)) }

    func encodedBytes(_ count: Int) -> Int {
        2 + rows.count + textBytes + PackedNumbers.byteCount(count, bits: bits)
    }

    func encode(_ head: BlockHead, into writer: inout ByteWriter) {
        writer.u16(UInt16(rows.count))
        for row in rows { writer.u8(UInt8(head.text(row).count)) }
        for row in rows { writer.raw(head.text(row)) }
        PackedNumbers.encode(places.count, bits: bits, into: &writer) { UInt64(places[$0]) }
    }
}
