// Writing rows: values of a decoded column into blocks, a run within one chunk at a time, with the column's ordered index
// kept. Values were checked before: here nothing can fail.

import CKernels

extension Table {
    // MARK: Rows

    /// Takes `count` rows: freed ones first, then new ones behind the last. Returns the first row when they are a run;
    /// otherwise they are listed in `list`.
    mutating func takeRows(_ count: Int, list: inout [UInt32]) -> Int? {
        list.removeAll(keepingCapacity: true)
        if freeCount == 0 {
            let first = rowCount
            extendRows(to: rowCount + count)
            return first
        }
        while list.count < count, freeCount > 0 {
            freeCount -= 1
            list.append(freeRows[freeCount])
        }
        while list.count < count {
            list.append(UInt32(rowCount))
            extendRows(to: rowCount + 1)
        }
        return nil
    }

    /// Appends row slots and the chunks for them.
    mutating func extendRows(to count: Int) {
        precondition(count <= Limits.rowCountMax)
        rowCount = count
        while chunks.count * Table.blockRows < count { chunks.append(Chunk(columnCount: layout.columns.count)) }
    }

    /// Runs `body` on each run of rows that lie in one chunk: the chunk, and which rows of the set.
    @inline(__always)
    private static func forEachRun(of rows: RowSet, _ body: (Int, Range<Int>) -> Void) {
        var at = 0
        while at < rows.count {
            let chunk = rows[at] >> 13
            var end = at + 1
            if rows.list == nil {
                end = min(rows.count, at + Table.blockRows - (rows[at] & 8191))
            } else {
                while end < rows.count, rows[end] >> 13 == chunk { end += 1 }
            }
            body(chunk, at..<end)
            at = end
        }
    }

    /// All row slots, a chunk's at a time.
    var batches: [RowSet] {
        stride(from: 0, to: rowCount, by: Table.blockRows).map { first in
            RowSet(first: first, count: min(Table.blockRows, rowCount - first), list: nil)
        }
    }

    /// Values that a block must have room for to hold these rows, which lie in one chunk.
    @inline(__always)
    private static func capacity(_ rows: RowSet, _ range: Range<Int>) -> Int {
        if rows.list == nil { return (rows[range.upperBound - 1] & 8191) + 1 }
        return range.reduce(0) { max($0, (rows[$1] & 8191) + 1) }
    }

    /// Runs `body` on the unshared block of a column in a chunk.
    @inline(__always)
    mutating func withBlock(_ column: Int, chunk: Int, capacity: Int, _ body: (Block) -> Void) {
        chunks.unshared(chunk).withMutableBlock(column, layout: layout.columns[column], capacity: capacity, body)
    }

    // MARK: Values

    /// Writes the values of `source` into a column of `rows` and keeps the column's ordered index. With `isNew` the rows
    /// have no values yet, so there is nothing to take out of the index, and nulls need no work.
    mutating func store(_ column: Int, _ source: ColumnView, rows: RowSet, isNew: Bool) {
        let isOrdered = layout.orderedPlaces[column] >= 0
        if isOrdered, !isNew { for i in 0..<rows.count { removeOrdered(column, row: rows[i]) } }
        let isFreshRun = isNew && rows.list == nil
        Table.forEachRun(of: rows) { chunk, range in
            if isFreshRun {
                storeNewRun(column, source, rows, range, chunk: chunk)
            } else {
                storeRun(column, source, rows, range, chunk: chunk, isNew: isNew)
            }
        }
        if isOrdered { insertOrdered(column, rows: rows) }
    }

    /// Rows that were never used, one behind the other.
    private mutating func storeNewRun(
        _ column: Int,
        _ source: ColumnView,
        _ rows: RowSet,
        _ range: Range<Int>,
        chunk: Int
    ) {
        if source.values == nil { return }
        let layout = layout
        withBlock(column, chunk: chunk, capacity: Table.capacity(rows, range)) { block in
            let index = rows[range.lowerBound] & 8191
            if layout.columns[column] == .text {
                block.setNewTexts(index, source, range)
            } else {
                block.setNewNumbers(index, source, range, options: layout.optionValues[column])
            }
        }
    }

    private mutating func storeRun(
        _ column: Int,
        _ source: ColumnView,
        _ rows: RowSet,
        _ range: Range<Int>,
        chunk: Int,
        isNew: Bool
    ) {
        if source.values == nil, isNew || chunks[chunk].head(column) == nil { return }
        let columnLayout = layout.columns[column]
        let layout = layout
        withBlock(column, chunk: chunk, capacity: Table.capacity(rows, range)) { block in
            if columnLayout == .text {
                for i in range {
                    if source.isValid(i) {
                        block.setText(rows[i] & 8191, source.text(i))
                    } else {
                        block.setNull(rows[i] & 8191)
                    }
                }
                return
            }
            let isOption = !layout.optionValues[column].isEmpty
            for i in range {
                guard source.isValid(i) else {
                    block.setNull(rows[i] & 8191)
                    continue
                }
                let number = source.number(i)
                block.setNumber(rows[i] & 8191, isOption ? layout.optionPlace(column, number) : number)
            }
        }
    }

    /// Writes one number, in stored form, to every row: the columns that the engine keeps itself.
    mutating func fill(_ column: Int, _ number: Int64?, rows: RowSet) {
        let isOrdered = layout.orderedPlaces[column] >= 0
        if isOrdered { for i in 0..<rows.count { removeOrdered(column, row: rows[i]) } }
        Table.forEachRun(of: rows) { chunk, range in
            if number == nil, chunks[chunk].head(column) == nil { return }
            withBlock(column, chunk: chunk, capacity: Table.capacity(rows, range)) { block in
                if rows.list == nil, let number {
                    return block.fillNumbers(rows[range.lowerBound] & 8191, range.count, number)
                }
                for i in range {
                    if let number { block.setNumber(rows[i] & 8191, number) } else { block.setNull(rows[i] & 8191) }
                }
            }
        }
        if isOrdered { insertOrdered(column, rows: rows) }
    }

    /// Writes the id of each row and enters it in the directory.
    mutating func setIDs(rows: RowSet, _ id: (Int) -> RecordID) {
        let column = Int(SystemAttribute.identifier.rawValue)
        if rows.list == nil, rows.count > 1 { return setIDs(run: rows, id) }
        Table.forEachRun(of: rows) { chunk, range in
            withBlock(column, chunk: chunk, capacity: Table.capacity(rows, range)) { block in
                for i in range { block.setNumber(rows[i] & 8191, Int64(bitPattern: id(i).rawValue)) }
            }
        }
        for i in 0..<rows.count {
            let id = id(i)
            setRow(of: id, UInt32(rows[i]))
            if id.origin == 0, id.sequence >= nextSequence { nextSequence = id.sequence + 1 }
        }
        liveCount += rows.count
    }

    /// The same for a run of rows, whose ids most often are a run too.
    private mutating func setIDs(run rows: RowSet, _ id: (Int) -> RecordID) {
        let column = Int(SystemAttribute.identifier.rawValue)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: rows.count) { ids in
            for i in 0..<rows.count { ids.initializeElement(at: i, to: id(i).rawValue) }
            Table.forEachRun(of: rows) { chunk, range in
                withBlock(column, chunk: chunk, capacity: Table.capacity(rows, range)) { block in
                    let index = rows[range.lowerBound] & 8191
                    block.setNumbers(index, range.count, from: UnsafeRawPointer(ids.baseAddress! + range.lowerBound))
                }
            }
            let (first, last) = (RecordID(rawValue: ids[0]), RecordID(rawValue: ids[rows.count - 1]))
            var isRun = first.origin == 0 && last.origin == 0
            for i in 0..<rows.count where ids[i] != ids[0] &+ UInt64(i) { isRun = false }
            if isRun {
                directory.setRising(from: Int(first.sequence), count: rows.count, UInt32(rows.first))
                nextSequence = max(nextSequence, last.sequence + 1)
            } else {
                for i in 0..<rows.count {
                    let id = RecordID(rawValue: ids[i])
                    setRow(of: id, UInt32(rows[i]))
                    if id.origin == 0, id.sequence >= nextSequence { nextSequence = id.sequence + 1 }
                }
            }
        }
        liveCount += rows.count
    }

    /// Frees a row: every column becomes null, and the id leaves the directory. Links and keys were removed before.
    mutating func clear(row: Int) {
        setRow(of: recordID(atRow: row), Table.noRow)
        for column in layout.columns.indices where chunks[row >> 13].head(column) != nil {
            if layout.orderedPlaces[column] >= 0 { removeOrdered(column, row: row) }
            withBlock(column, chunk: row >> 13, capacity: 0) { $0.setNull(row & 8191) }
        }
        freeRows.set(freeCount, UInt32(row))
        freeCount += 1
        liveCount -= 1
    }

    // MARK: Encoding

    /// Encodes a column's values in some rows, in the form of `ColumnView`. Rows that are not there are null.
    package func encode(_ column: Int, rows: RowSet, into writer: inout ByteWriter) {
        let kind = layout.kinds[column]
        let columnLayout = layout.columns[column]
        var validCount = 0
        var heapBytes = 0
        // Sixteen rows ahead is further than memory is away, and little enough for the first-level cache.
        let ahead = 16
        for i in 0..<rows.count {
            if i + ahead < rows.count { prefetch(column, columnLayout.strideBytes, rows[i + ahead]) }
            guard rows[i] < rowCount, let head = head(column, rows[i]), head.isValid(rows[i] & 8191) else { continue }
            validCount += 1
            guard columnLayout == .text else { continue }
            let text = head.text(rows[i] & 8191)
            heapBytes += text.count
            kith_prefetch(text.baseAddress)
        }
        guard validCount > 0 else { return writer.u8(rows.count == 0 ? 0 : 2) }
        writer.u8(validCount < rows.count ? 1 : 0)
        let bitmapBytes = validCount < rows.count ? (rows.count + 7) / 8 : 0
        let fixedBytes = rows.count * kind.strideBytes
        let start = writer.claim(bitmapBytes + fixedBytes + heapBytes)
        start.initializeMemory(as: UInt8.self, repeating: 0, count: bitmapBytes + fixedBytes)
        let fixed = start + bitmapBytes
        let heap = fixed + fixedBytes
        let values = layout.optionValues[column]
        var heapUsed = 0
        for i in 0..<rows.count {
            let row = rows[i]
            if row < rowCount, let head = head(column, row), head.isValid(row & 8191) {
                if bitmapBytes > 0 { (start + i >> 3).assumingMemoryBound(to: UInt8.self).pointee |= 1 << UInt8(i & 7) }
                if columnLayout == .text {
                    let text = head.text(row & 8191)
                    if let base = text.baseAddress {
                        (heap + heapUsed).copyMemory(from: base, byteCount: text.count)
                        heapUsed += text.count
                    }
                } else {
                    let stored = head.number(row & 8191, columnLayout)
                    let number = values.isEmpty ? stored : Int64(values[Int(stored)])
                    switch kind {
                    case .bool: fixed.storeBytes(of: UInt8(truncatingIfNeeded: number), toByteOffset: i, as: UInt8.self)
                    case .int32, .text:
                        fixed.storeBytes(of: Int32(truncatingIfNeeded: number), toByteOffset: i * 4, as: Int32.self)
                    case .int64, .id, .double: fixed.storeBytes(of: number, toByteOffset: i * 8, as: Int64.self)
                    }
                }
            }
            if columnLayout == .text { fixed.storeBytes(of: UInt32(heapUsed), toByteOffset: i * 4, as: UInt32.self) }
        }
    }
}
