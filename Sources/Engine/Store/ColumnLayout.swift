/// How a column's values lie in memory: the narrowest form that the attribute's type allows.
package enum ColumnLayout: UInt8, Sendable {
    /// One byte: yes/no as 0 or 1, or the place of an option in a set of at most 255.
    case code8 = 1
    /// Two bytes: the place of an option in a larger set.
    case code16 = 2
    /// Four bytes: days, or whole numbers whose declared bounds fit in 32 bits.
    case int32 = 3
    /// Eight bytes: whole numbers, scaled decimals, microseconds, versions.
    case int64 = 4
    /// Eight bytes: record ids.
    case id = 5
    /// Eight-byte slots: see `TextSlot`.
    case text = 6

    /// The layout for an attribute's type.
    package init(_ type: AttributeType, schema: Schema) {
        switch type {
        case .boolean: self = .code8
        case .option(let set), .state(let set), .status(let set):
            self = schema[set].options.count <= 255 ? .code8 : .code16
        case .date: self = .int32
        case .integer(let minimum, let maximum):
            self = minimum >= Int64(Int32.min) && maximum <= Int64(Int32.max) ? .int32 : .int64
        case .decimal, .money, .instant, .version, .options, .exchangeRate: self = .int64
        case .lookup, .identifier: self = .id
        case .text, .memo, .autoNumber, .file, .partyList: self = .text
        case .calculated(_, let result), .rollUp(_, let result): self.init(result, schema: schema)
        }
    }

    /// Bytes of one value in memory.
    @inline(__always)
    package var strideBytes: Int {
        switch self {
        case .code8: 1
        case .code16: 2
        case .int32: 4
        case .int64, .id, .text: 8
        }
    }
}

/// One text value in a block: eight bytes.
///
///   bits 7…0    length, when the text has at most 7 bytes: they stand in bits 63…8, first byte lowest
///   bits 7…0    0xFF otherwise; bits 27…8 length in bytes (≤ 1,048,575), bits 63…28 offset in the block's heap
///
/// Four of ten CRM texts (codes, postal codes, salutations, first names) fit in seven bytes and cost no heap.
package struct TextSlot {
    package static let inlineBytesMax = 7
    /// Offsets in a heap have 36 bits.
    static let heapBytesMax = 1 << 36
    private static let heapTag: UInt64 = 0xFF

    package var word: UInt64

    @inline(__always)
    package init(word: UInt64) { self.word = word }

    package init(lengthBytes: Int, heapOffset: Int) {
        precondition(lengthBytes <= Limits.textBytesMax && heapOffset < TextSlot.heapBytesMax)
        word = TextSlot.heapTag | UInt64(lengthBytes) << 8 | UInt64(heapOffset) << 28
    }

    @inline(__always)
    package init(inline bytes: UnsafeRawPointer, count: Int) {
        var text: UInt64 = 0
        withUnsafeMutableBytes(of: &text) { $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count)) }
        word = UInt64(count) | text.littleEndian << 8
    }

    @inline(__always)
    package var isInline: Bool { word & 0xFF != TextSlot.heapTag }

    @inline(__always)
    package var lengthBytes: Int { isInline ? Int(word & 0xFF) : Int(word >> 8 & 0xF_FFFF) }

    @inline(__always)
    package var heapOffset: Int { Int(word >> 28) }
}
