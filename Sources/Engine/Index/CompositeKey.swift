// The key of an index over several attributes: their values as bytes whose order is the order of the values, one attribute
// behind the other, cut off after sixteen bytes and padded with zeros. So `OrderedIndex` serves as it is, with an entry of
// twenty bytes, and never looks at the table.
//
//   null      00
//   number    80 + k and its k significant bytes, the highest first; a negative one 7F - k and k bytes. Options by number.
//   id        two bytes: 100 + entity (in the order of signed numbers), then the rest as a number
//   text      its folded bytes and 01
//
// A value is as short as it can be: an owner, a state and a moment take 6 + 2 + 8 bytes, exactly the key. No value's bytes
// begin another's, so what follows never decides between values that differ; null comes first, as in ORDER BY.
//
// Keys that are cut off tie, and whoever reads in order compares such rows themselves (`Table.forEachInCompositeOrder`).
// Stored texts have no byte 00, but may have a control character whose byte is 01: there the key ends, with 02, so that what
// follows does not count and such rows tie too.

/// Puts a key together.
struct CompositeKeyBuilder {
    private(set) var key: UInt128 = 0
    /// Bytes so far, those that were cut off included.
    private(set) var byteCount = 0

    static var keyBytes: Int { 16 }

    @inline(__always)
    private mutating func append(_ value: UInt64, _ count: Int) {
        let shift = 8 * (CompositeKeyBuilder.keyBytes - byteCount - count)
        key |= shift >= 0 ? UInt128(value) << UInt128(shift) : UInt128(value) >> UInt128(-shift)
        byteCount += count
    }

    @inline(__always)
    mutating func appendNull() { byteCount += 1 }

    @inline(__always)
    mutating func append(number: Int64) {
        let isNegative = number < 0
        let magnitude = UInt64(bitPattern: isNegative ? ~number : number)
        let count = (64 - magnitude.leadingZeroBitCount + 7) >> 3
        append(isNegative ? 0x7F - UInt64(count) : 0x80 + UInt64(count), 1)
        let mask = count == 8 ? ~0 : (UInt64(1) << UInt64(8 * count)) - 1
        append(UInt64(bitPattern: number) & mask, count)
    }

    /// Bits of an id below its entity.
    private static var restMask: UInt64 { (1 << 52) - 1 }

    @inline(__always)
    mutating func append(id: Int64) {
        let bits = UInt64(bitPattern: id)
        append(0x100 + (bits >> 52 ^ 0x800), 2)
        append(number: Int64(bits & CompositeKeyBuilder.restMask))
    }

    /// `prefix` is what `Collation.prefixKey128` makes of the text. With `isOpen` more may follow behind it.
    @inline(__always)
    mutating func append(textPrefix prefix: UInt128, isOpen: Bool = false) {
        let count = prefix == 0 ? 0 : CompositeKeyBuilder.keyBytes - prefix.trailingZeroBitCount >> 3
        // A byte of 0 or 1 borrows from the one before it; another byte may look so, which costs time only.
        let twos: UInt128 = 0x0202_0202_0202_0202_0202_0202_0202_0202
        let highs: UInt128 = 0x8080_8080_8080_8080_8080_8080_8080_8080
        let used = count == 0 ? 0 : ~UInt128(0) << UInt128(8 * (CompositeKeyBuilder.keyBytes - count))
        if (prefix &- twos) & ~prefix & highs & used != 0, appendRarely(prefix, count) { return }
        if byteCount < CompositeKeyBuilder.keyBytes { key |= prefix >> UInt128(8 * byteCount) }
        byteCount += count
        if !isOpen { append(1, 1) }
    }

    /// The same byte by byte; false, and nothing was appended, where no byte is below 2.
    private mutating func appendRarely(_ prefix: UInt128, _ count: Int) -> Bool {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: prefix >> UInt128(120 - 8 * $0)) }
        guard let end = bytes.firstIndex(where: { $0 < 2 }) else { return false }
        for byte in bytes[..<end] where byteCount < CompositeKeyBuilder.keyBytes { append(UInt64(byte), 1) }
        if byteCount < CompositeKeyBuilder.keyBytes { append(2, 1) }
        byteCount = CompositeKeyBuilder.keyBytes
        return true
    }

    /// The highest key that begins with these bytes.
    var highest: UInt128 {
        byteCount < CompositeKeyBuilder.keyBytes ? key | ~0 >> UInt128(8 * byteCount) : key
    }

    /// The lowest key behind these bytes of a value that is not null.
    var lowestValue: UInt128 {
        byteCount < CompositeKeyBuilder.keyBytes ? key | 1 << UInt128(120 - 8 * byteCount) : key
    }
}

/// One column of an index.
struct CompositeColumn: Sendable {
    enum Kind: Sendable {
        case number
        case id
        case text
    }

    let column: Int
    let layout: ColumnLayout
    let kind: Kind
    let collation: Collation
    /// Option numbers by place; empty for other columns.
    let options: [Int32]
}

/// An index over several columns, as a table keeps it.
package struct CompositeLayout: Sendable {
    package let index: TableIndex
    let columns: [CompositeColumn]

    init(_ index: TableIndex, _ columns: [ColumnLayout], _ options: [[Int32]], _ collations: [Collation]) {
        self.index = index
        self.columns = index.columns.map { column in
            let layout = columns[column]
            return CompositeColumn(
                column: column,
                layout: layout,
                kind: layout == .text ? .text : layout == .id ? .id : .number,
                collation: collations[column],
                options: options[column]
            )
        }
    }

    /// Bytes of a key's first `count` values; nil when not all of them stand in it.
    @inline(__always)
    func wholeBytes(_ key: UInt128, _ count: Int) -> Int? {
        @inline(__always)
        func byte(_ place: Int) -> Int { Int(truncatingIfNeeded: key >> UInt128(120 - 8 * place) & 0xFF) }
        var at = 0
        for column in columns.prefix(count) {
            guard at < CompositeKeyBuilder.keyBytes else { return nil }
            if byte(at) == 0 {
                at += 1
                continue
            }
            if column.kind == .text {
                while at < CompositeKeyBuilder.keyBytes, byte(at) > 1 { at += 1 }
                guard at < CompositeKeyBuilder.keyBytes, byte(at) == 1 else { return nil }
                at += 1
                continue
            }
            if column.kind == .id { at += 2 }
            guard at < CompositeKeyBuilder.keyBytes else { return nil }
            let head = byte(at)
            at += 1 + (head >= 0x80 ? head - 0x80 : 0x7F - head)
        }
        return at <= CompositeKeyBuilder.keyBytes ? at : nil
    }
}
