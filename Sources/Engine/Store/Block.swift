// 8,192 values of one column: the unit of copy-on-write, zone maps and snapshots.
//
// Invariants
// - A block is written only while one reference to it exists: a view that holds the same block makes the writer copy it
//   (`Chunk.mutable`), so what a view sees never changes.
// - `validity` has 8,192 bits always; bit i is set exactly when row i has a value, and then i < capacity.
// - `minimum` and `maximum` enclose every valid value, read as Int64 (ids as bit patterns); they are widened by writes and
//   never narrowed, so they may be loose after updates. A block of texts has none.
// - Text slots that are not valid are garbage; heap bytes that no valid slot names are counted in `heapGarbage`. A heap that is
//   full drops them where they are a quarter of what lives, so that rewriting texts leaves it below one and a half times that.

/// What a reader needs of a block, without touching its reference count. Valid while the block is alive and unwritten.
package struct BlockHead {
    /// The values, `capacity` of them; read only where the validity bit is set.
    package var values: UnsafeMutableRawPointer
    /// 128 words of 64 bits; bit i % 64 of word i / 64 is set when row i has a value.
    package var validity: UnsafeMutablePointer<UInt64>
    /// Bytes of texts longer than seven bytes.
    package var heap: UnsafeMutableRawPointer

    @inline(__always)
    package func isValid(_ index: Int) -> Bool { validity[index >> 6] >> UInt64(index & 63) & 1 != 0 }

    /// The bytes of a valid text. A short text's bytes stand in the slot itself, so the result points there.
    @inline(__always)
    package func text(_ index: Int) -> UnsafeRawBufferPointer {
        let address = values + index * 8
        let slot = TextSlot(word: address.load(as: UInt64.self))
        // The inline bytes begin behind the length byte: x86 and arm64 Linux are little-endian.
        if slot.isInline { return UnsafeRawBufferPointer(start: address + 1, count: slot.lengthBytes) }
        return UnsafeRawBufferPointer(start: heap + slot.heapOffset, count: slot.lengthBytes)
    }

    /// A valid number of any layout but text, widened to 64 bits; ids as bit patterns.
    @inline(__always)
    package func number(_ index: Int, _ layout: ColumnLayout) -> Int64 {
        switch layout {
        case .code8: Int64(values.load(fromByteOffset: index, as: UInt8.self))
        case .code16: Int64(values.load(fromByteOffset: index * 2, as: UInt16.self))
        case .int32: Int64(values.load(fromByteOffset: index * 4, as: Int32.self))
        case .int64, .id, .text: values.load(fromByteOffset: index * 8, as: Int64.self)
        }
    }
}

/// The values of one column for 8,192 rows.
///
/// Thread rule: written only by the engine's writer and only while unshared; shared blocks are immutable and may be read
/// from any thread. That is why the class may be sent although it has mutable state, and why its properties go without the
/// runtime's check of exclusive access, which would cost more than a write.
package final class Block: @unchecked Sendable {
    /// Rows in a block. 8,192 eight-byte values are 64 KiB: small enough that a write under a view copies little, large
    /// enough that a scan pays its per-block work once in 8,192 values.
    package static let rowCount = 8192
    package static let validityWords = rowCount / 64
    private static let validityBytes = validityWords * 8
    private static let capacityMin = 64
    private static let heapBytesMin = 1024

    package let layout: ColumnLayout
    @exclusivity(unchecked) package internal(set) var head: BlockHead
    /// Values that the buffer has room for: a power of two, so that small tables stay small.
    @exclusivity(unchecked) package private(set) var capacity: Int
    @exclusivity(unchecked) package internal(set) var minimum: Int64 = .max
    @exclusivity(unchecked) package internal(set) var maximum: Int64 = .min
    @exclusivity(unchecked) package internal(set) var heapUsed = 0
    @exclusivity(unchecked) private(set) var heapCapacity = 0
    @exclusivity(unchecked) private var heapGarbage = 0

    package init(layout: ColumnLayout, capacity: Int = 0) {
        self.layout = layout
        self.capacity = Block.roundedCapacity(capacity)
        let validity = StoreMemory.allocateZeroed(Block.validityBytes).assumingMemoryBound(to: UInt64.self)
        let values = Block.allocate(self.capacity * layout.strideBytes)
        // Blocks without texts never read the heap; pointing it at the values saves an allocation.
        head = BlockHead(values: values, validity: validity, heap: values)
    }

    private init(copying other: Block) {
        layout = other.layout
        capacity = other.capacity
        minimum = other.minimum
        maximum = other.maximum
        heapUsed = other.heapUsed
        heapCapacity = other.heapCapacity
        heapGarbage = other.heapGarbage
        let validity = StoreMemory.allocate(Block.validityBytes).assumingMemoryBound(to: UInt64.self)
        validity.initialize(from: other.head.validity, count: Block.validityWords)
        let values = Block.allocate(capacity * layout.strideBytes)
        values.copyMemory(from: other.head.values, byteCount: capacity * layout.strideBytes)
        head = BlockHead(values: values, validity: validity, heap: values)
        if heapCapacity > 0 {
            head.heap = StoreMemory.allocate(heapCapacity)
            head.heap.copyMemory(from: other.head.heap, byteCount: heapUsed)
        }
    }

    deinit {
        if heapCapacity > 0 { StoreMemory.deallocate(head.heap, heapCapacity) }
        StoreMemory.deallocate(head.values, capacity * layout.strideBytes)
        StoreMemory.deallocate(head.validity, Block.validityBytes)
    }

    private static func roundedCapacity(_ count: Int) -> Int {
        precondition(count <= rowCount)
        var capacity = capacityMin
        while capacity < count { capacity *= 2 }
        return capacity
    }

    /// Memory for values: zeroed behind the first `usedBytes`, which the caller fills, so that unwritten values are the same
    /// bytes in every run and snapshots of them compress to nothing.
    private static func allocate(_ byteCount: Int, usedBytes: Int = 0) -> UnsafeMutableRawPointer {
        if usedBytes == 0 { return StoreMemory.allocateZeroed(byteCount) }
        let memory = StoreMemory.allocate(byteCount)
        (memory + usedBytes).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount - usedBytes)
        return memory
    }

    package func copy() -> Block { Block(copying: self) }

    /// Bytes that the block holds from the allocator.
    package var memoryBytes: Int { capacity * layout.strideBytes + Block.validityWords * 8 + heapCapacity }

    /// Makes room for values below `count`.
    package func reserve(_ count: Int) {
        guard count > capacity else { return }
        let newCapacity = Block.roundedCapacity(count)
        let usedBytes = capacity * layout.strideBytes
        let values = Block.allocate(newCapacity * layout.strideBytes, usedBytes: usedBytes)
        values.copyMemory(from: head.values, byteCount: usedBytes)
        if heapCapacity == 0 { head.heap = values }
        StoreMemory.deallocate(head.values, capacity * layout.strideBytes)
        head.values = values
        capacity = newCapacity
    }

    @inline(__always)
    private func markValid(_ index: Int) {
        head.validity[index >> 6] |= 1 << UInt64(index & 63)
    }

    /// Makes the value null.
    package func setNull(_ index: Int) {
        if layout == .text, head.isValid(index) { dropText(index) }
        head.validity[index >> 6] &= ~(1 << UInt64(index & 63))
    }

    /// Writes a number of any layout but text. The caller has checked that it fits the layout.
    @inline(__always)
    package func setNumber(_ index: Int, _ value: Int64) {
        precondition(index < capacity)
        switch layout {
        case .code8: head.values.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: index, as: UInt8.self)
        case .code16:
            head.values.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: index * 2, as: UInt16.self)
        case .int32:
            head.values.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: index * 4, as: Int32.self)
        case .int64, .id, .text: head.values.storeBytes(of: value, toByteOffset: index * 8, as: Int64.self)
        }
        markValid(index)
        if value < minimum { minimum = value }
        if value > maximum { maximum = value }
    }

    /// Writes `count` valid numbers from `source`, whose elements are as wide as the layout's.
    package func setNumbers(_ index: Int, _ count: Int, from source: UnsafeRawPointer) {
        precondition(layout != .text && index >= 0 && count >= 0 && index + count <= capacity)
        (head.values + index * layout.strideBytes).copyMemory(from: source, byteCount: count * layout.strideBytes)
        switch layout {
        case .code8: widen(source, count, UInt8.self)
        case .code16: widen(source, count, UInt16.self)
        case .int32: widen(source, count, Int32.self)
        case .int64, .id, .text: widen(source, count, Int64.self)
        }
        markValid(index, count)
    }

    private func widen<T: FixedWidthInteger>(_ source: UnsafeRawPointer, _ count: Int, _: T.Type) {
        var low = T.max
        var high = T.min
        for i in 0..<count {
            let value = source.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
            if value < low { low = value }
            if value > high { high = value }
        }
        guard count > 0 else { return }
        minimum = min(minimum, Int64(low))
        maximum = max(maximum, Int64(high))
    }

    /// Sets the validity bits of `count` rows, a word at a time.
    func markValid(_ index: Int, _ count: Int) {
        var at = index
        let end = index + count
        while at < end {
            let bit = at & 63
            let run = Swift.min(64 - bit, end - at)
            let mask: UInt64 = run == 64 ? .max : ((1 << UInt64(run)) - 1) << UInt64(bit)
            head.validity[at >> 6] |= mask
            at += run
        }
    }

    /// Writes a text of at most `Limits.textBytesMax` bytes.
    package func setText(_ index: Int, _ bytes: UnsafeRawBufferPointer) {
        precondition(layout == .text && index < capacity)
        if overwriteText(index, bytes) { return }
        // Before there is room for the new text: where that takes a compaction, it must leave the old one behind.
        setNull(index)
        setNewText(index, bytes)
        markValid(index)
    }

    /// Writes a text over the one that stands there, where both are in the heap and the new one is not longer: so rewriting
    /// texts of one length (telephone numbers, codes) fills no heap. Returns whether it did.
    private func overwriteText(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > TextSlot.inlineBytesMax, head.isValid(index), let base = bytes.baseAddress else {
            return false
        }
        let slot = TextSlot(word: head.values.load(fromByteOffset: index * 8, as: UInt64.self))
        guard !slot.isInline, bytes.count <= slot.lengthBytes else { return false }
        (head.heap + slot.heapOffset).copyMemory(from: base, byteCount: bytes.count)
        if bytes.count < slot.lengthBytes {
            heapGarbage += slot.lengthBytes - bytes.count
            let shorter = TextSlot(lengthBytes: bytes.count, heapOffset: slot.heapOffset)
            head.values.storeBytes(of: shorter.word, toByteOffset: index * 8, as: UInt64.self)
        }
        return true
    }

    /// Writes the slot of a text whose row has no text yet; the validity bit is the caller's.
    func setNewText(_ index: Int, _ bytes: UnsafeRawBufferPointer) {
        let slot: TextSlot
        if bytes.count <= TextSlot.inlineBytesMax {
            // An empty buffer may have no address; its slot is zero.
            slot = bytes.baseAddress.map { TextSlot(inline: $0, count: bytes.count) } ?? TextSlot(word: 0)
        } else {
            reserveHeap(bytes.count)
            (head.heap + heapUsed).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
            slot = TextSlot(lengthBytes: bytes.count, heapOffset: heapUsed)
            heapUsed += bytes.count
        }
        head.values.storeBytes(of: slot.word, toByteOffset: index * 8, as: UInt64.self)
    }

    /// Makes a heap of exactly this size in a block that has none, for the caller to fill: restore.
    func makeHeap(_ byteCount: Int) {
        guard byteCount > 0, heapCapacity == 0 else { return }
        head.heap = StoreMemory.allocate(byteCount)
        heapCapacity = byteCount
        heapUsed = byteCount
    }

    /// Sets the zone map: restore.
    func setBounds(_ minimum: Int64, _ maximum: Int64) {
        self.minimum = minimum
        self.maximum = maximum
    }

    private func dropText(_ index: Int) {
        let slot = TextSlot(word: head.values.load(fromByteOffset: index * 8, as: UInt64.self))
        if !slot.isInline { heapGarbage += slot.lengthBytes }
    }

    /// Makes room for `length` more bytes of text; of a run of new rows that ends before row `end`, where that is known. The
    /// rows to come promise texts like those so far: the heap doubles, but not beyond what a full block of them takes, and so
    /// a block that is full already grows by an eighth, and a last run by a thirty-second.
    func reserveHeap(_ length: Int, rowsEnd end: Int? = nil) {
        let needed = heapUsed + length
        guard needed > heapCapacity else { return }
        let live = heapUsed - heapGarbage
        if heapGarbage > 0, heapGarbage >= live / 4 {
            return compactHeap(into: max(live + length, live / 8 * 9, Block.heapBytesMin))
        }
        var newCapacity = max(heapCapacity * 2, Block.heapBytesMin)
        while newCapacity < needed { newCapacity *= 2 }
        let promised = needed * Block.rowCount / max(end ?? 0, usedCount, 1) / 32 * 33
        newCapacity = min(newCapacity, max(promised, end == nil ? needed / 8 * 9 : 0, needed, Block.heapBytesMin))
        let heap = StoreMemory.allocate(newCapacity)
        if heapCapacity > 0 {
            heap.copyMemory(from: head.heap, byteCount: heapUsed)
            StoreMemory.deallocate(head.heap, heapCapacity)
        }
        head.heap = heap
        heapCapacity = newCapacity
    }

    /// Copies the live texts together, which have room in `newCapacity`; through a new heap, since they keep their order of
    /// offset only by chance.
    private func compactHeap(into newCapacity: Int) {
        let heap = StoreMemory.allocate(newCapacity)
        var used = 0
        for index in 0..<capacity where head.isValid(index) {
            let slot = TextSlot(word: head.values.load(fromByteOffset: index * 8, as: UInt64.self))
            if slot.isInline { continue }
            (heap + used).copyMemory(from: head.heap + slot.heapOffset, byteCount: slot.lengthBytes)
            let moved = TextSlot(lengthBytes: slot.lengthBytes, heapOffset: used)
            head.values.storeBytes(of: moved.word, toByteOffset: index * 8, as: UInt64.self)
            used += slot.lengthBytes
        }
        precondition(used == heapUsed - heapGarbage)
        StoreMemory.deallocate(head.heap, heapCapacity)
        head.heap = heap
        heapCapacity = newCapacity
        heapUsed = used
        heapGarbage = 0
    }

    /// Values up to the last valid one.
    var usedCount: Int { Block.usedCount(head) }

    static func usedCount(_ head: BlockHead) -> Int {
        for word in stride(from: validityWords - 1, through: 0, by: -1) where head.validity[word] != 0 {
            return word * 64 + 64 - head.validity[word].leadingZeroBitCount
        }
        return 0
    }

    /// Valid values among the block's rows.
    package var validCount: Int {
        var count = 0
        for word in 0..<Block.validityWords { count += head.validity[word].nonzeroBitCount }
        return count
    }
}
