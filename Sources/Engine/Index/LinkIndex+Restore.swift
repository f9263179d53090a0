// A link index from a table's whole column.

/// Builds a link index from its rows, rising: what `insert` does for each, on pages that nobody shares.
struct LinkIndexFiller: ~Copyable {
    private var index: LinkIndex
    /// Per target the pages of its heads, as far as they are there.
    private var heads: [[UnsafeMutablePointer<UInt32>?]]
    private var previous: [UnsafeMutablePointer<UInt32>?]

    /// - Parameters:
    ///   - targetRowCounts: rows of each table that the lookup may refer to.
    ///   - pageCount: pages of 8,192 referring rows.
    init(targetRowCounts: [Int], pageCount: Int) {
        index = LinkIndex(targetCount: targetRowCounts.count)
        heads = targetRowCounts.map { Array(repeating: nil, count: ($0 + 8191) / 8192) }
        previous = Array(repeating: nil, count: pageCount)
    }

    /// Enters the rows of a page. `target(place)` gives what the row at that place refers to, nil where nothing; target
    /// and row must be within what `init` was given.
    mutating func fill<E: Error>(
        page: Int,
        _ count: Int,
        _ target: (Int) throws(E) -> (ordinal: Int, row: UInt32)?
    ) throws(E) {
        let next = index.next.fillablePage(page)
        previous[page] = index.previous.fillablePage(page)
        for place in 0..<count {
            guard let (ordinal, targetRow) = try target(place) else { continue }
            let row = UInt32(page << 13 | place)
            let head = headPage(ordinal, Int(targetRow >> 13)) + Int(targetRow & 8191)
            let first = head.pointee
            head.pointee = row
            next[place] = first
            // A row that is the first of a list was filled before, and its page with it.
            if first != LinkIndex.none { previous[Int(first >> 13)].unsafelyUnwrapped[Int(first & 8191)] = row }
        }
    }

    @inline(__always)
    private mutating func headPage(_ ordinal: Int, _ page: Int) -> UnsafeMutablePointer<UInt32> {
        if let known = heads[ordinal][page] { return known }
        let made = index.heads[ordinal].fillablePage(page)
        heads[ordinal][page] = made
        return made
    }

    consuming func finish() -> LinkIndex { index }
}
