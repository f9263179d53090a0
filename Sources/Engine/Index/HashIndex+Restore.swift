// A hash index from all its entries at once.

import CKernels

extension HashIndex {
    /// An entry as it stands in a slot: the hash's upper half, and the row + 1.
    package static func entry(_ hash: UInt64, row: UInt32) -> UInt64 { hash & 0xFFFF_FFFF_0000_0000 | UInt64(row + 1) }

    /// Builds the index of `entries`, given in pieces; no key twice. The places are far apart, so each is asked for some
    /// entries before it is needed. O(n).
    package init(entries pieces: [[UInt64]]) {
        self.init()
        count = pieces.reduce(0) { $0 + $1.count }
        while current.capacity / 4 * 3 <= count { current.bits += 1 }
        precondition(current.bits < 32, "hash index: more entries than tags can tell apart")
        current.array = PagedArray(empty: 0, pagesFor: current.capacity)
        let slots = current
        // Every page is there.
        let pages = slots.array.fillablePages.compactMap(\.self)
        let ahead = 16
        pages.withUnsafeBufferPointer { pages in
            for piece in pieces {
                piece.withUnsafeBufferPointer { entries in
                    for index in 0..<entries.count {
                        if index + ahead < entries.count {
                            let home = slots.home(UInt32(entries[index + ahead] >> 32))
                            kith_prefetch(pages[home >> 13] + (home & 8191))
                        }
                        var place = slots.home(UInt32(entries[index] >> 32))
                        while pages[place >> 13][place & 8191] != 0 { place = slots.after(place) }
                        pages[place >> 13][place & 8191] = entries[index]
                    }
                }
            }
        }
    }
}
