// The executor's only door to the store: tables of a view, rows cut by what may be seen, values as vectors.

/// One source's table and the rows of it that may be seen.
struct SourceTable {
    let table: TableView
    /// nil: every living row.
    private let visible: [UInt64]?
    /// The rows of a query that is a source; its table has none.
    let derived: DerivedRows?

    init(table: TableView, visible: [UInt64]?) {
        self.table = table
        self.visible = visible
        derived = nil
    }

    init(rows: DerivedRows, layout: TableView) {
        table = layout
        visible = nil
        derived = rows
    }

    /// Whether nothing restricts the rows.
    var isUnrestricted: Bool { visible == nil }

    /// Whether a living row may be seen.
    @inline(__always)
    func isVisible(_ row: UInt32) -> Bool {
        guard let visible else { return true }
        let word = Int(row >> 6)
        return word < visible.count && visible[word] >> UInt64(row & 63) & 1 != 0
    }

    /// The record's row, when it exists and may be seen.
    @inline(__always)
    func row(of id: UInt64) -> UInt32 {
        let row = table.row(of: RecordID(rawValue: id))
        return row != Table.noRow && isVisible(row) ? row : Table.noRow
    }

    /// Sets 128 words to the rows of a block that live and may be seen; false when there are none.
    func selectLive(block: Int, into words: UnsafeMutablePointer<UInt64>) -> Bool {
        guard let live = table.liveWords(block: block) else { return false }
        guard let visible else {
            words.update(from: live, count: Block.validityWords)
            return true
        }
        let first = block * Block.validityWords
        var any: UInt64 = 0
        for word in 0..<Block.validityWords {
            words[word] = first + word < visible.count ? live[word] & visible[first + word] : 0
            any |= words[word]
        }
        return any != 0
    }

    /// Rows that may be seen. O(1) without a restriction, else O(rows / 64).
    func count() -> Int {
        guard visible != nil else { return table.liveCount }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Block.validityWords) { words in
            guard let base = words.baseAddress else { return 0 }
            var count = 0
            for block in 0..<table.blockCount where selectLive(block: block, into: base) {
                for word in words { count += word.nonzeroBitCount }
            }
            return count
        }
    }
}

extension SourceTable {
    /// Reads a column for the rows of a batch; options become their numbers. `block` is the block of all rows, or -1.
    func load(_ column: Int, _ rows: UnsafePointer<UInt32>, _ count: Int, block: Int, into vector: Vector) {
        if let derived { return derived.load(column - BoundSource.firstDerivedColumn, rows, count, into: vector) }
        let layout = table.layout.columns[column]
        if block >= 0 {
            guard count > 0, let head = table.head(column, block << 13) else { return vector.fillNull(count) }
            load(head, layout, rows, count, into: vector)
        } else {
            gather(column, layout, rows, count, into: vector)
        }
        let options = table.layout.optionValues[column]
        if !options.isEmpty {
            for index in 0..<count where vector.valid[index] != 0 {
                vector.numbers[index] = Int64(options[Int(vector.numbers[index])])
            }
        }
    }

    private func load(
        _ head: BlockHead,
        _ layout: ColumnLayout,
        _ rows: UnsafePointer<UInt32>,
        _ count: Int,
        into vector: Vector
    ) {
        if layout == .text {
            let texts = vector.texts
            for index in 0..<count {
                let place = Int(rows[index] & 8191)
                let isValid = head.isValid(place)
                vector.valid[index] = isValid ? 1 : 0
                texts[index] = isValid ? head.text(place).asBytes : UnsafeBufferPointer(start: nil, count: 0)
            }
            return
        }
        switch layout {
        case .code8: load(head, UInt8.self, rows, count, into: vector)
        case .code16: load(head, UInt16.self, rows, count, into: vector)
        case .int32: load(head, Int32.self, rows, count, into: vector)
        case .int64, .id, .text: load(head, Int64.self, rows, count, into: vector)
        }
    }

    @inline(__always)
    private func load<T: FixedWidthInteger>(
        _ head: BlockHead,
        _: T.Type,
        _ rows: UnsafePointer<UInt32>,
        _ count: Int,
        into vector: Vector
    ) {
        let values = head.values.assumingMemoryBound(to: T.self)
        for index in 0..<count {
            let place = Int(rows[index] & 8191)
            let isValid = head.isValid(place)
            vector.valid[index] = isValid ? 1 : 0
            // A row without a value may lie beyond the buffer, so it is not read.
            vector.numbers[index] = isValid ? Int64(truncatingIfNeeded: values[place]) : 0
        }
    }

    private func gather(
        _ column: Int,
        _ layout: ColumnLayout,
        _ rows: UnsafePointer<UInt32>,
        _ count: Int,
        into vector: Vector
    ) {
        let isText = layout == .text
        let texts = isText ? vector.texts : nil
        for index in 0..<count {
            let row = rows[index]
            guard row != Table.noRow, let head = table.head(column, Int(row)), head.isValid(Int(row & 8191)) else {
                vector.setNull(index)
                if let texts { texts[index] = UnsafeBufferPointer(start: nil, count: 0) }
                continue
            }
            vector.valid[index] = 1
            if let texts {
                texts[index] = head.text(Int(row & 8191)).asBytes
            } else {
                vector.numbers[index] = head.number(Int(row & 8191), layout)
            }
        }
    }
}
