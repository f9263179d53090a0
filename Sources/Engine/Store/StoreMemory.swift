// Memory of blocks, index pages and tree nodes: pieces cut from regions that ask the system for huge pages.
//
// Why not the allocator: every byte of a record is touched for a first time, and each page's first touch enters the kernel.
// Of a million records, 450 MB, that takes 0.24 s of processor time with pages of 4 KiB and 0.08 s with pages of 2 MiB, where
// writing the bytes takes 0.05 s. Where the system has no huge pages to give, everything works as before.
//
// Guarantees
// - A piece is aligned to a cache line and belongs to its holder until `deallocate` with the same size.
// - Pieces come in size classes, eight for each doubling: less than an eighth is lost. What is given back serves the next
//   piece of its class: the store's sizes are few and come again.
// - Of idle pieces of 64 KiB and more, the process keeps at most 64 MiB or an eighth of what is in use, whichever is more; of
//   the others the pages go back to the system, and only their addresses are kept.
// - What will be given out next can be cleared by another thread beforehand (`clearAhead`), so that the one that writes does not
//   wait for the kernel: of a bulk load that is a sixth to a third of its time.
// - Below a kibibyte and above a mebibyte the allocator serves: too small to matter, too rare to keep.
// - Every thread knows what it has taken less what it gave back, so that the memory of a piece of work can be told exactly,
//   copies that the work made of shared blocks included, with nothing said about it where they are made.

import CKernels
import Glibc
import Synchronization

package enum StoreMemory {
    private static let leastBytes = 1 << 10
    private static let mostBytes = 1 << 20
    private static let hugePageBytes = 2 << 20
    /// Sixteen huge pages; of an untouched one only the addresses are used up.
    private static let regionBytes = 32 << 20
    private static let alignmentBytes = 64
    /// Smaller pieces stay: of these most is whole pages.
    private static let droppableBytes = 64 << 10
    private static let pageBytes = 4 << 10
    /// Idle bytes that are kept in any case: what a snapshot's copies of blocks leave behind, and what comes again soon.
    private static let keptBytes = 64 << 20
    /// Two huge pages are cleared at a time, when less than one is left: a bulk load fills one in 5 ms, and clearing two takes
    /// 2 ms. More would stand idle in small databases.
    private static let clearedBytes = 4 << 20

    /// Before so much is in use nothing is cleared ahead: it would be a large part of what a small database takes.
    private static let clearedFrom = 32 << 20

    /// Addresses as numbers: what they lead to belongs to the lists while it is in them.
    private struct Lists {
        /// Per class the piece given back last, whose first word leads to the one before it; 0 at the end.
        var idle: [UInt]
        /// The same for pieces whose inside went back to the system, and is zeros.
        var dropped: [UInt]
        /// Bytes of pieces that are given out, of those in `idle`, and of the droppable ones among these.
        var usedBytes = 0
        var idleBytes = 0
        var idleDroppableBytes = 0
        /// The untouched rest of the newest region, which is zeros.
        var freshStart: UInt = 0
        var freshBytes = 0
        /// Where the part of it ends that is cleared, or is being cleared: at the start of a huge page.
        var clearedEnd: UInt = 0
        var clearedAheadBytes = 0
    }

    /// Whether what is cleared will soon be used up.
    private static let wantsClearing = Atomic(false)

    private static let lists = Mutex(
        Lists(
            idle: Array(repeating: 0, count: sizeClass(ofBytes: mostBytes).index + 1),
            dropped: Array(repeating: 0, count: sizeClass(ofBytes: mostBytes).index + 1)
        )
    )

    /// Bytes of the process that no piece in use has: given back by their holders and kept for the next ones.
    package static var idleBytes: Int { lists.withLock { $0.idleBytes } }

    /// The class of a size and the bytes of its pieces: 2^e · (1 + j/8), j from 1 to 8, for sizes above 2^e, and a cache
    /// line: without it the same row of all columns would compete for one set of the caches.
    private static func sizeClass(ofBytes byteCount: Int) -> (index: Int, bytes: Int) {
        let exponent = Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
        let step = 1 << (exponent - 3)
        let steps = (byteCount - (1 << exponent) + step - 1) / step
        return ((exponent - 10) * 8 + steps, (1 << exponent) + steps * step + alignmentBytes)
    }

    /// What `work` takes of the store's memory on this thread, less what it gives back.
    package static func balance<R, E: Error>(
        _ bytes: inout Int,
        of work: () throws(E) -> R
    ) throws(E) -> R {
        let before = kith_counted_bytes()
        defer { bytes += Int(kith_counted_bytes() - before) }
        return try work()
    }

    /// A piece of memory with any content.
    package static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer { take(byteCount, isZeroed: false) }

    /// A piece of zeros.
    package static func allocateZeroed(_ byteCount: Int) -> UnsafeMutableRawPointer { take(byteCount, isZeroed: true) }

    private static func take(_ byteCount: Int, isZeroed: Bool) -> UnsafeMutableRawPointer {
        kith_count_bytes(Int64(byteCount))
        guard isPooled(byteCount) else {
            let piece = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignmentBytes)
            if isZeroed { piece.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
            return piece
        }
        let (index, pieceBytes) = sizeClass(ofBytes: byteCount)
        let (address, content) = lists.withLock { lists -> (UInt, Content) in
            lists.usedBytes += pieceBytes
            if let address = pop(&lists.idle[index]) {
                lists.idleBytes -= pieceBytes
                if pieceBytes >= droppableBytes { lists.idleDroppableBytes -= pieceBytes }
                return (address, .any)
            }
            if let address = pop(&lists.dropped[index]) { return (address, .zeroInside) }
            if lists.freshBytes < pieceBytes {
                lists.freshStart = makeRegion()
                lists.freshBytes = regionBytes
                lists.clearedEnd = lists.freshStart
            }
            if lists.freshStart + UInt(pieceBytes) + UInt(hugePageBytes) > lists.clearedEnd,
                lists.usedBytes >= clearedFrom
            {
                wantsClearing.store(true, ordering: .relaxed)
            }
            defer {
                lists.freshStart += UInt(pieceBytes)
                lists.freshBytes -= pieceBytes
            }
            return (lists.freshStart, .zero)
        }
        // Not 0: neither a region nor a piece in a list begins there.
        let piece = UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
        guard isZeroed else { return piece }
        switch content {
        case .any: piece.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        case .zeroInside:
            let pages = inside(address, pieceBytes)
            piece.initializeMemory(as: UInt8.self, repeating: 0, count: Int(pages.lowerBound - address))
            let tailBytes = Int(address) + pieceBytes - Int(pages.upperBound)
            (piece + (pieceBytes - tailBytes)).initializeMemory(as: UInt8.self, repeating: 0, count: tailBytes)
        case .zero: break
        }
        return piece
    }

    /// Whether `clearAhead` has something to do. Costs nothing.
    package static var isClearedMemoryLow: Bool { wantsClearing.load(ordering: .relaxed) }

    /// Has the system clear the memory that will be given out next. Takes milliseconds, on a thread that nobody waits for; the
    /// memory may be given out and written meanwhile.
    package static func clearAhead() {
        let range = lists.withLock { lists -> Range<UInt> in
            wantsClearing.store(false, ordering: .relaxed)
            let regionEnd = lists.freshStart + UInt(lists.freshBytes)
            // Both at a huge page's start: the system refuses a range that begins within a page.
            let mask = ~UInt(hugePageBytes - 1)
            let start = max(lists.clearedEnd, lists.freshStart & mask)
            let end = min((max(start, lists.freshStart) + UInt(clearedBytes)) & mask, regionEnd)
            guard start < end else { return 0..<0 }
            lists.clearedEnd = end
            return start..<end
        }
        guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { return }
        // A wish, as huge pages are: whoever writes a page that is not there yet has it cleared then.
        if madvise(start, range.count, MADV_POPULATE_WRITE) == 0 {
            lists.withLock { $0.clearedAheadBytes += range.count }
        }
    }

    /// Bytes that the system has cleared for `clearAhead`: tests.
    package static var clearedAheadBytes: Int { lists.withLock { $0.clearedAheadBytes } }

    /// What a piece that is given out holds.
    private enum Content {
        case any
        /// Zeros in the pages that are its alone.
        case zeroInside
        case zero
    }

    /// Takes the first piece of a list.
    private static func pop(_ list: inout UInt) -> UInt? {
        let address = list
        guard let piece = UnsafeRawPointer(bitPattern: address) else { return nil }
        list = piece.load(as: UInt.self)
        return address
    }

    private static func push(_ address: UInt, _ list: inout UInt) {
        UnsafeMutableRawPointer(bitPattern: address)?.storeBytes(of: list, as: UInt.self)
        list = address
    }

    /// The whole pages of a piece, but for that of its first word.
    private static func inside(_ address: UInt, _ pieceBytes: Int) -> Range<UInt> {
        let mask = ~UInt(pageBytes - 1)
        let start = (address + UInt(MemoryLayout<UInt>.size) + UInt(pageBytes) - 1) & mask
        return start..<(address + UInt(pieceBytes)) & mask
    }

    /// Gives a piece back; `byteCount` is what it was asked for with.
    package static func deallocate(_ piece: UnsafeMutableRawPointer, _ byteCount: Int) {
        kith_count_bytes(-Int64(byteCount))
        guard isPooled(byteCount) else { return piece.deallocate() }
        let (index, pieceBytes) = sizeClass(ofBytes: byteCount)
        let address = UInt(bitPattern: piece)
        let isKept = lists.withLock { lists -> Bool in
            lists.usedBytes -= pieceBytes
            if pieceBytes >= droppableBytes {
                let limit = max(keptBytes, lists.usedBytes / 8)
                guard lists.idleDroppableBytes + pieceBytes <= limit else { return false }
                lists.idleDroppableBytes += pieceBytes
            }
            lists.idleBytes += pieceBytes
            push(address, &lists.idle[index])
            return true
        }
        if isKept { return }
        // The piece is nobody's until it is in a list.
        let pages = inside(address, pieceBytes)
        let isDropped =
            madvise(UnsafeMutableRawPointer(bitPattern: pages.lowerBound), pages.count, MADV_DONTNEED) == 0
        lists.withLock { lists in
            if isDropped { return push(address, &lists.dropped[index]) }
            lists.idleBytes += pieceBytes
            lists.idleDroppableBytes += pieceBytes
            push(address, &lists.idle[index])
        }
    }

    @inline(__always)
    private static func isPooled(_ byteCount: Int) -> Bool {
        #if DEBUG
            // Sanitizers see single pieces only when each is an allocation.
            false
        #else
            byteCount >= leastBytes && byteCount <= mostBytes
        #endif
    }

    /// Addresses of zeros, from the start of a huge page on.
    private static func makeRegion() -> UInt {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let start = mmap(nil, regionBytes + hugePageBytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let start, Int(bitPattern: start) != -1 else { preconditionFailure("no memory left") }
        let address = (UInt(bitPattern: start) + UInt(hugePageBytes) - 1) & ~UInt(hugePageBytes - 1)
        // A wish: it may be refused, and nothing depends on it.
        _ = madvise(UnsafeMutableRawPointer(bitPattern: address), regionBytes, MADV_HUGEPAGE)
        return address
    }
}
