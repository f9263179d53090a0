// Which words may contain some bytes: for every eight words 1,024 bits, one for each hash of three bytes in a row that stand in
// one of them.
//
// The bits of 512 such groups lie together, hash by hash: a page of 64 KiB holds for each of the 1,024 hashes a row of 512
// bits. So new words set bits in one page, and a search reads one line of 64 bytes a page for each three bytes that it is
// looking for. Eight words of eight letters set 5 of 100 bits: one run of three bytes leaves a twentieth of the groups, two
// leave one of 400.
//
// A bit is never cleared by itself. A number that is used again leaves those of its former word behind; after 2,048 such in a
// page, the page is made anew from its words.

/// Signatures of the words of a list. Value semantics: pages are shared, and copied by the writer.
struct WordSignatures: Sendable {
    /// Words of a page: a page of `bits` has their 1,024 rows of 512 bits.
    static let pageWords = 4096
    static let pageShift = 12
    private static let reusesMax: UInt16 = 2048

    private var bits = PagedArray<UInt64>(empty: 0)
    /// Per page: how many numbers were used again since it was made.
    private var reuses = PagedArray<UInt16>(empty: 0)

    /// Place of the word in a page of `bits`, within the row of a hash.
    @inline(__always)
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int {
        let run = UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
        return Int((run &* 0x9E37_79B1) >> 22)
    }

    /// Sets the bits of a word.
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, number: UInt32) {
        guard word.count >= 3 else { return }
        let page = (Int(number) >> WordSignatures.pageShift) << 13
        let group = Int(number) >> 3 & 511
        for at in 0...(word.count - 3) {
            let index = page | WordSignatures.hash(word, at) << 3 | group >> 6
            bits.set(index, bits[index] | 1 << UInt64(group & 63))
        }
    }

    /// Notes that a number is used again; true when its page has to be made anew.
    mutating func noteReuse(number: UInt32) -> Bool {
        let page = Int(number) >> WordSignatures.pageShift
        let count = reuses[page] + 1
        reuses.set(page, count < WordSignatures.reusesMax ? count : 0)
        return count >= WordSignatures.reusesMax
    }

    /// Clears the page of a number.
    mutating func clearPage(of number: UInt32) {
        let page = (Int(number) >> WordSignatures.pageShift) << 13
        for index in page..<page + PagedArray<UInt64>.pageCount { bits.set(index, 0) }
    }

    /// The rows of the bits that some bytes must have set: at least three bytes.
    static func rows(of bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
        guard bytes.count >= 3 else { return [] }
        var rows: [Int] = []
        for at in 0...(bytes.count - 3) {
            let row = hash(bytes, at)
            if !rows.contains(row) { rows.append(row) }
            // More lines than that cost more than they save.
            if rows.count == 8 { break }
        }
        return rows
    }

    /// Calls `body` with the first number of each group of eight of a page whose words may contain them, rising, until it
    /// returns false; false then.
    func forEachGroup(page: Int, rows: [Int], _ body: (UInt32) -> Bool) -> Bool {
        guard let elements = bits.elements(ofPage: page) else { return true }
        for word in 0..<8 {
            var groups = UInt64.max
            for row in rows { groups &= elements[row << 3 | word] }
            while groups != 0 {
                let group = word << 6 | groups.trailingZeroBitCount
                groups &= groups - 1
                if !body(UInt32((page << WordSignatures.pageShift) | (group << 3))) { return false }
            }
        }
        return true
    }

    var memoryBytes: Int { bits.memoryBytes + reuses.memoryBytes }
}

extension PagedArray {
    /// The elements of a page, nil where nothing was written; valid until the array is written or gone.
    func elements(ofPage page: Int) -> UnsafePointer<Element>? {
        guard page < pages.count, let elements = pages[page]?.elements else { return nil }
        return UnsafePointer(elements)
    }
}
