// Runs of new rows, a column at a time: what a bulk create pays for. Each kernel takes what it needs of the block into locals
// once, works, and puts it back; none of the rows has a value yet, so nothing is dropped and nulls need no work.

extension Block {
    /// Writes numbers of new rows from `index` on: those of `range` in `source`, whose nulls stay zero. `options` are the
    /// option numbers by place, of which the places are stored; empty for other columns.
    func setNewNumbers(_ index: Int, _ source: ColumnView, _ range: Range<Int>, options: [Int32]) {
        precondition(
            layout != .text && index >= 0 && index + range.count <= capacity && range.upperBound <= source.count
        )
        guard let given = source.values else { return }
        if options.isEmpty {
            if source.validity == nil, source.kind.strideBytes == layout.strideBytes {
                return setNumbers(index, range.count, from: given + range.lowerBound * layout.strideBytes)
            }
            switch layout {
            case .code8: writeNew(UInt8.self, index, source, range) { source.number($0) }
            case .code16: writeNew(UInt16.self, index, source, range) { source.number($0) }
            case .int32: writeNew(Int32.self, index, source, range) { source.number($0) }
            case .int64, .id, .text: writeNew(Int64.self, index, source, range) { source.number($0) }
            }
        } else {
            options.withUnsafeBufferPointer { options in
                let place = { (row: Int) in TableLayout.place(of: source.number(row), among: options) }
                if layout == .code8 {
                    writeNew(UInt8.self, index, source, range, place)
                } else {
                    writeNew(UInt16.self, index, source, range, place)
                }
            }
        }
        markValid(index, source, range)
    }

    @inline(__always)
    private func writeNew<Stored: FixedWidthInteger>(
        _: Stored.Type,
        _ index: Int,
        _ source: ColumnView,
        _ range: Range<Int>,
        _ number: (Int) -> Int64
    ) {
        let values = (head.values + index * MemoryLayout<Stored>.stride).assumingMemoryBound(to: Stored.self)
        var (low, high) = (minimum, maximum)
        for row in range where source.isValid(row) {
            let number = number(row)
            values[row &- range.lowerBound] = Stored(truncatingIfNeeded: number)
            low = min(low, number)
            high = max(high, number)
        }
        minimum = low
        maximum = high
    }

    /// Writes one number to every row of a run, whatever it had before.
    func fillNumbers(_ index: Int, _ count: Int, _ number: Int64) {
        precondition(layout != .text && index >= 0 && index + count <= capacity)
        guard count > 0 else { return }
        fill(index, count, number)
        minimum = min(minimum, number)
        maximum = max(maximum, number)
        markValid(index, count)
    }

    private func fill(_ index: Int, _ count: Int, _ number: Int64) {
        let start = head.values + index * layout.strideBytes
        switch layout {
        case .code8: start.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: number), count: count)
        case .code16:
            start.initializeMemory(as: UInt16.self, repeating: UInt16(truncatingIfNeeded: number), count: count)
        case .int32: start.initializeMemory(as: Int32.self, repeating: Int32(truncatingIfNeeded: number), count: count)
        case .int64, .id, .text: start.initializeMemory(as: Int64.self, repeating: number, count: count)
        }
    }

    /// Writes the texts of new rows from `index` on: those of `range` in `source`.
    func setNewTexts(_ index: Int, _ source: ColumnView, _ range: Range<Int>) {
        precondition(
            layout == .text && index >= 0 && index + range.count <= capacity && range.upperBound <= source.count
        )
        guard let ends = source.values, !range.isEmpty else { return }
        let end = { (row: Int) in Int(ends.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self)) }
        let first = range.lowerBound == 0 ? 0 : end(range.lowerBound - 1)
        var longBytes = 0
        var start = first
        for row in range {
            let length = end(row) &- start
            start = end(row)
            if length > TextSlot.inlineBytesMax, source.isValid(row) { longBytes &+= length }
        }
        reserveHeap(longBytes, rowsEnd: index + range.count)
        let slots = (head.values + index * 8).assumingMemoryBound(to: UInt64.self)
        // Whole words are read and written where that stays inside the memory of either side.
        let given = UnsafeRawBufferPointer(start: source.heap, count: end(source.count - 1))
        let heap = UnsafeMutableRawBufferPointer(start: head.heap, count: heapCapacity)
        var used = heapUsed
        start = first
        for row in range {
            let length = end(row) &- start
            if source.isValid(row) {
                if length <= TextSlot.inlineBytesMax {
                    slots[row &- range.lowerBound] = Block.inlineSlot(given, start, length).word
                } else {
                    Block.copyText(given, start, heap, used, length)
                    slots[row &- range.lowerBound] = TextSlot(lengthBytes: length, heapOffset: used).word
                    used &+= length
                }
            }
            start &+= length
        }
        heapUsed = used
        markValid(index, source, range)
    }

    @inline(__always)
    private static func inlineSlot(_ given: UnsafeRawBufferPointer, _ start: Int, _ length: Int) -> TextSlot {
        guard let base = given.baseAddress, start &+ 8 <= given.count else {
            return given.baseAddress.map { TextSlot(inline: $0 + start, count: length) } ?? TextSlot(word: 0)
        }
        let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        // At most seven bytes: they move up by one, above their number.
        let kept = word & ((1 << UInt64(8 &* length)) &- 1)
        return TextSlot(word: kept << 8 | UInt64(length))
    }

    /// Copies 16 bytes at a time, up to 15 more than asked, where both sides have them: most texts take one or two moves.
    @inline(__always)
    private static func copyText(
        _ given: UnsafeRawBufferPointer,
        _ start: Int,
        _ heap: UnsafeMutableRawBufferPointer,
        _ used: Int,
        _ length: Int
    ) {
        let source = given.baseAddress.unsafelyUnwrapped + start
        let target = heap.baseAddress.unsafelyUnwrapped + used
        let rounded = (length &+ 15) & ~15
        guard length <= 64, start &+ rounded <= given.count, used &+ rounded <= heap.count else {
            return target.copyMemory(from: source, byteCount: length)
        }
        var offset = 0
        repeat {
            let words = source.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
            target.storeBytes(of: words, toByteOffset: offset, as: SIMD2<UInt64>.self)
            offset &+= 16
        } while offset < length
    }

    /// Sets the validity bits of new rows as those of `range` in `source` are.
    private func markValid(_ index: Int, _ source: ColumnView, _ range: Range<Int>) {
        guard source.validity != nil else { return markValid(index, range.count) }
        for row in range where source.isValid(row) {
            let place = index + row - range.lowerBound
            head.validity[place >> 6] |= 1 << UInt64(place & 63)
        }
    }
}
