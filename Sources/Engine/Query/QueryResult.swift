// Answers, column by column, in the form of `ColumnCodec`, so that they go out over the wire as they stand.

/// One column of a result.
public struct ResultColumn: Sendable {
    /// Alias, attribute or the expression as printed.
    public let name: String
    /// What the values are: scale of decimals, option set.
    public let type: QueryType
    /// Values, nulls included.
    public private(set) var count = 0
    /// Nulls.
    public private(set) var nullCount = 0
    // Fixed-width values, or u32 end offsets of texts; bit i of the bitmap is set when value i is there.
    private var values: [UInt8] = []
    private var bitmap: [UInt8] = []
    private var heap: [UInt8] = []

    init(name: String, type: QueryType) {
        self.name = name
        self.type = type
    }

    /// Bytes that the values take of the allocator: buffers that grow by doubling are up to half empty.
    package var byteCount: Int { values.capacity + bitmap.capacity + heap.capacity }

    /// A copy of some of the rows. O(rows and bytes of their texts).
    func cut(_ rows: Range<Int>) -> ResultColumn {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= count)
        var part = ResultColumn(name: name, type: type)
        part.count = rows.count
        let strideBytes = type.physicalKind.strideBytes
        part.values = Array(values[rows.lowerBound * strideBytes..<rows.upperBound * strideBytes])
        let (first, shift) = (rows.lowerBound >> 3, UInt8(rows.lowerBound & 7))
        let byteCount = (rows.count + 7) >> 3
        part.bitmap.reserveCapacity(byteCount)
        for index in first..<first + byteCount {
            let low = bitmap[index] >> shift
            // A shift by all eight bits gives zero.
            let high = index + 1 < bitmap.count ? bitmap[index + 1] << (8 - shift) : 0
            part.bitmap.append(low | high)
        }
        // Bits behind the last row are zero in every column.
        if rows.count & 7 != 0 { part.bitmap[byteCount - 1] &= 1 << UInt8(rows.count & 7) - 1 }
        part.nullCount = part.bitmap.reduce(rows.count) { $0 - $1.nonzeroBitCount }
        guard type.physicalKind == .text else { return part }
        let (start, end) = (textStart(rows.lowerBound), textStart(rows.upperBound))
        part.heap = Array(heap[start..<end])
        part.values.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 4) {
                let end = UInt32(littleEndian: bytes.load(fromByteOffset: offset, as: UInt32.self))
                // Ends rise, and the first is not before the text that it ends begins.
                bytes.storeBytes(of: (end - UInt32(start)).littleEndian, toByteOffset: offset, as: UInt32.self)
            }
        }
        return part
    }

    /// Appends `count` values of a vector, from `start`.
    mutating func append(_ vector: Vector, from start: Int, _ count: Int) throws(QueryError) {
        let kind = type.physicalKind
        for index in start..<start + count {
            if self.count & 7 == 0 { bitmap.append(0) }
            if vector.isValid(index) { bitmap[self.count >> 3] |= 1 << UInt8(self.count & 7) } else { nullCount += 1 }
            self.count += 1
        }
        let offset = values.count
        values.append(contentsOf: repeatElement(0, count: count * kind.strideBytes))
        guard type != .null else { return }
        if kind == .text {
            var ends: [UInt32] = []
            ends.reserveCapacity(count)
            for index in start..<start + count {
                if vector.isValid(index) { heap.append(contentsOf: vector.texts[index]) }
                ends.append(UInt32(truncatingIfNeeded: heap.count))
            }
            guard heap.count <= Int(UInt32.max) else {
                throw QueryError(.budget, "the texts of one column take more than 4 GiB")
            }
            values.withUnsafeMutableBytes { bytes in
                for (index, end) in ends.enumerated() {
                    bytes.storeBytes(of: end.littleEndian, toByteOffset: offset + index * 4, as: UInt32.self)
                }
            }
            return
        }
        values.withUnsafeMutableBytes { bytes in
            for index in 0..<count where vector.isValid(start + index) {
                let number = vector.numbers[start + index]
                switch kind {
                case .bool: bytes[offset + index] = UInt8(truncatingIfNeeded: number)
                case .int32, .text:
                    bytes.storeBytes(
                        of: Int32(truncatingIfNeeded: number).littleEndian,
                        toByteOffset: offset + index * 4,
                        as: Int32.self
                    )
                case .int64, .id, .double:
                    bytes.storeBytes(of: number.littleEndian, toByteOffset: offset + index * 8, as: Int64.self)
                }
            }
        }
    }

    /// The values at these rows, null where there is none. O(rows and bytes of their texts).
    func spread(_ rows: [Int?]) -> ResultColumn {
        var spread = ResultColumn(name: name, type: type)
        let strideBytes = type.physicalKind.strideBytes
        for row in rows {
            if spread.count & 7 == 0 { spread.bitmap.append(0) }
            let present = row.flatMap { bitmap[$0 >> 3] >> UInt8($0 & 7) & 1 != 0 ? $0 : nil }
            if present != nil { spread.bitmap[spread.count >> 3] |= 1 << UInt8(spread.count & 7) }
            spread.nullCount += present == nil ? 1 : 0
            spread.count += 1
            if type.physicalKind == .text {
                if let present { spread.heap += heap[textStart(present)..<textStart(present + 1)] }
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: spread.heap.count).littleEndian) {
                    spread.values.append(contentsOf: $0)
                }
            } else if let present {
                spread.values += values[present * strideBytes..<(present + 1) * strideBytes]
            } else {
                spread.values.append(contentsOf: repeatElement(0, count: strideBytes))
            }
        }
        return spread
    }

    /// The stored number in a row, bits of a double; nil for null and for texts.
    func number(_ row: Int) -> Int64? {
        guard type != .null, bitmap[row >> 3] >> UInt8(row & 7) & 1 != 0 else { return nil }
        return switch type.physicalKind {
        case .bool: Int64(values[row])
        case .int32: Int64(load(row, as: Int32.self))
        case .int64, .id, .double: load(row, as: Int64.self)
        case .text: nil
        }
    }

    /// What `body` makes of the text in a row; nil for null.
    func withText<T>(_ row: Int, _ body: (UnsafeBufferPointer<UInt8>) -> T) -> T? {
        guard type.isText, bitmap[row >> 3] >> UInt8(row & 7) & 1 != 0 else { return nil }
        return heap.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[textStart(row)..<textStart(row + 1)]))
        }
    }

    /// The value in a row as a constant.
    func constant(_ row: Int) -> Bound {
        guard type != .null, bitmap[row >> 3] >> UInt8(row & 7) & 1 != 0 else { return Bound(.null, type) }
        let number: Int64
        switch type.physicalKind {
        case .bool: number = Int64(values[row])
        case .int32: number = Int64(load(row, as: Int32.self))
        case .int64, .id: number = load(row, as: Int64.self)
        case .double: return Bound(.real(Double(bitPattern: UInt64(bitPattern: load(row, as: Int64.self)))), type)
        case .text: return Bound(.text(TextConstant(heap[textStart(row)..<textStart(row + 1)])), type)
        }
        return Bound(.number(number), type)
    }

    /// Appends a text: the lines of EXPLAIN.
    mutating func append(text: String) {
        if count & 7 == 0 { bitmap.append(0) }
        bitmap[count >> 3] |= 1 << UInt8(count & 7)
        count += 1
        heap.append(contentsOf: text.utf8)
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: heap.count).littleEndian) { values.append(contentsOf: $0) }
    }

    /// The value in a row, which must be below `count`.
    public subscript(_ row: Int) -> Value {
        precondition(row >= 0 && row < count)
        guard bitmap[row >> 3] >> UInt8(row & 7) & 1 != 0 else { return .null }
        return switch type.physicalKind {
        case .bool: type.value(Int64(values[row]))
        case .int32: type.value(Int64(load(row, as: Int32.self)))
        case .int64, .id, .double: type.value(load(row, as: Int64.self))
        case .text: .text(String(decoding: heap[textStart(row)..<textStart(row + 1)], as: UTF8.self))
        }
    }

    private func load<T: FixedWidthInteger>(_ index: Int, as: T.Type) -> T {
        values.withUnsafeBytes { T(littleEndian: $0.load(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)) }
    }

    /// Where the text of a row begins, which is where the one before ends.
    private func textStart(_ row: Int) -> Int { row == 0 ? 0 : Int(load(row - 1, as: UInt32.self)) }

    /// Appends the column as `ColumnView` reads it.
    package func encode(into writer: inout ByteWriter) {
        if count == 0 || nullCount == count {
            writer.u8(count == 0 ? 0 : 2)
            return
        }
        writer.u8(nullCount > 0 ? 1 : 0)
        if nullCount > 0 { writer.raw(bitmap) }
        values.withUnsafeBytes { writer.raw($0) }
        heap.withUnsafeBytes { writer.raw($0) }
    }
}

/// The answer to a query, or a part of it.
public struct QueryResult: Sendable {
    /// The columns, all of the same length.
    public internal(set) var columns: [ResultColumn]
    /// Rows.
    public var rowCount: Int { columns.first?.count ?? 0 }

    init(columns: [ResultColumn]) { self.columns = columns }

    /// The values row by row. O(rows × columns): for tests and small answers.
    public var rows: [[Value]] {
        (0..<rowCount).map { row in columns.map { $0[row] } }
    }

    /// A copy of some of the rows, without the columns behind the first few. O(rows and bytes of their texts).
    package func cut(rows: Range<Int>, columnCount: Int) -> QueryResult {
        QueryResult(columns: columns.prefix(columnCount).map { $0.cut(rows) })
    }

    /// Bytes that the values take of the allocator.
    package var byteCount: Int { columns.byteCount }
}

extension [ResultColumn] {
    /// Bytes that the values of all columns take of the allocator.
    var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
}
