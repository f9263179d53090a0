// What reads by id of the same attributes have in common: which columns, and for each how a stored value becomes the reply's.

/// How one attribute gets from its block into a reply.
struct ReadColumn {
    /// Width of the stored value, and what is sent for it.
    enum Form {
        /// A slot of eight bytes; a length and the bytes.
        case text
        /// One byte, sent as it is.
        case bool
        /// One or two bytes, the place of an option; its number in four bytes.
        case option8, option16
        /// Four bytes, sent as four or as eight.
        case int32, widened
        /// Eight bytes, sent as they are.
        case int64
    }

    let column: Int
    let strideBytes: Int
    let form: Form
    /// Numbers of the options, by place.
    let options: UnsafeMutableBufferPointer<Int32>
}

/// Reads of the same attributes of the same entity.
struct ReadShape: Shape {
    /// Place of the entity.
    let place: Int
    /// The attributes, in the order asked for.
    let columns: UnsafeMutableBufferPointer<ReadColumn>
    /// Bytes that the values of one record take in a reply at most, by the declared lengths.
    let rowBytesMax: Int
    /// Whether some of the attributes are computed: such reads go the way of Engine+ReadDerived.
    let hasDerived: Bool
    /// Entity, number of attributes, attributes.
    let head: UnsafeMutableRawBufferPointer
    var attributeCount: Int { columns.count }

    /// Bytes of a head without its attributes.
    private static let fixedBytes = 4

    @inline(__always)
    static func head(of reader: ByteReader) -> UnsafeRawBufferPointer? {
        guard reader.remaining >= fixedBytes else { return nil }
        let start = reader.base + reader.offset
        let count = Int(UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        guard reader.remaining - fixedBytes >= count * 2 else { return nil }
        return UnsafeRawBufferPointer(start: start, count: fixedBytes + count * 2)
    }

    /// Decodes and checks a head.
    init(head: UnsafeRawBufferPointer, schema: Schema, tables: Tables) throws(DecodeError) {
        var reader = ByteReader(head)
        let entityID = EntityID(try reader.u16())
        let count = Int(try reader.u16())
        guard let place = schema.place(of: entityID) else {
            throw DecodeError("there is no entity \(entityID.rawValue)", at: 0)
        }
        let layout = tables[place].layout
        guard count <= layout.columns.count else {
            throw DecodeError("\(count) attributes; the entity has \(layout.columns.count)", at: 2)
        }
        let attributes = try reader.take(count, stride: 2)
        for index in 0..<count {
            let attribute = attributes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
            guard attribute < layout.columns.count, !layout.isDeleted[Int(attribute)] else {
                throw DecodeError("there is no attribute \(attribute)", at: 4)
            }
        }
        self.place = place
        self.head = ReadShape.copy(head)
        columns = .allocate(capacity: count)
        var rowBytesMax = 0
        var hasDerived = false
        for index in 0..<count {
            let column = Int(attributes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            columns.initializeElement(at: index, to: ReadColumn(column, layout))
            rowBytesMax += layout.valueBytesMax[column]
            hasDerived = hasDerived || layout.isDerived[column]
        }
        self.rowBytesMax = rowBytesMax
        self.hasDerived = hasDerived
    }

    func deallocate() {
        for column in columns { column.options.deallocate() }
        columns.deallocate()
        head.deallocate()
    }
}

extension ReadColumn {
    init(_ column: Int, _ layout: TableLayout) {
        self.column = column
        strideBytes = layout.columns[column].strideBytes
        let values = layout.optionValues[column]
        // Most columns have none, and then there is nothing to allocate.
        options = values.isEmpty ? UnsafeMutableBufferPointer(start: nil, count: 0) : .allocate(capacity: values.count)
        _ = options.initialize(from: values)
        form =
            switch layout.columns[column] {
            case .text: .text
            case .code8: layout.rules[column].isOption ? .option8 : .bool
            case .code16: .option16
            case .int32: layout.kinds[column].strideBytes == 8 ? .widened : .int32
            case .int64, .id: .int64
            }
    }
}

extension Table {
    /// Appends one record's version and attributes to a reply: columns of one value each, in the form of `ColumnView`.
    func encodeRow(_ row: UInt32, _ shape: ReadShape, into reply: inout ByteWriter) {
        guard row < rowCount else {
            for _ in 0...shape.columns.count { reply.u8(2) }
            return
        }
        let heads = heads(atRow: Int(row))
        let index = Int(row) & 8191
        let version = heads[Int(SystemAttribute.version.rawValue)]
        Table.encodeNumber(version?.number(index, .int64), into: &reply)
        for column in shape.columns { encodeValue(heads[column.column], index, column, into: &reply) }
    }

    /// Appends a column of one: the value in a place of a block.
    @inline(__always)
    func encodeValue(_ head: BlockHead?, _ index: Int, _ column: ReadColumn, into reply: inout ByteWriter) {
        guard let head, head.isValid(index) else { return reply.u8(2) }
        switch column.form {
        case .text: Table.encodeText(head, index, into: &reply)
        case .bool: Table.encodeNumber(head.values.load(fromByteOffset: index, as: UInt8.self), into: &reply)
        case .option8:
            let place = head.values.load(fromByteOffset: index, as: UInt8.self)
            Table.encodeNumber(column.options[Int(place)], into: &reply)
        case .option16:
            let place = head.values.load(fromByteOffset: index * 2, as: UInt16.self)
            Table.encodeNumber(column.options[Int(place)], into: &reply)
        case .int32: Table.encodeNumber(head.values.load(fromByteOffset: index * 4, as: Int32.self), into: &reply)
        case .widened:
            let number = head.values.load(fromByteOffset: index * 4, as: Int32.self)
            Table.encodeNumber(Int64(number), into: &reply)
        case .int64: Table.encodeNumber(head.values.load(fromByteOffset: index * 8, as: Int64.self), into: &reply)
        }
    }

    /// A column of one text.
    @inline(__always)
    private static func encodeText(_ head: BlockHead, _ index: Int, into reply: inout ByteWriter) {
        let slot = TextSlot(word: head.values.load(fromByteOffset: index * 8, as: UInt64.self))
        let length = slot.lengthBytes
        if slot.isInline {
            // All seven bytes that may be there, and one more, are written; those behind the text are written over next.
            let place = reply.claim(5 + length, room: 5 + 8)
            place.storeBytes(of: UInt64(length) << 8, as: UInt64.self)
            place.storeBytes(of: (slot.word >> 8).littleEndian, toByteOffset: 5, as: UInt64.self)
            return
        }
        let text = head.heap + slot.heapOffset
        let place = reply.claim(5 + length)
        place.storeBytes(of: 0, as: UInt8.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: length).littleEndian, toByteOffset: 1, as: UInt32.self)
        if length <= 16 {
            // Texts outside their slot have eight bytes or more: two words that may overlap are all of it, and no call.
            let last = length - 8
            let (first, second) = (text.loadUnaligned(as: UInt64.self), (text + last).loadUnaligned(as: UInt64.self))
            place.storeBytes(of: first, toByteOffset: 5, as: UInt64.self)
            place.storeBytes(of: second, toByteOffset: 5 + last, as: UInt64.self)
        } else {
            (place + 5).copyMemory(from: text, byteCount: length)
        }
    }

    /// A column of one number, or of one null.
    @inline(__always)
    private static func encodeNumber<T: FixedWidthInteger>(_ number: T?, into reply: inout ByteWriter) {
        guard let number else { return reply.u8(2) }
        let place = reply.claim(1 + MemoryLayout<T>.size)
        place.storeBytes(of: 0, as: UInt8.self)
        place.storeBytes(of: number.littleEndian, toByteOffset: 1, as: T.self)
    }
}
