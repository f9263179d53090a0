// The reverse of a lookup: from a record to the records that refer to it through one attribute.
//
// A doubly linked list through the referring rows: `heads[target row]` is the newest referring row, `next` and `previous`
// lead through the others. Insert and remove touch at most three integers, whatever the size: a bulk load pays about
// 20 ns a lookup where a search tree would pay 150 to 300. The lists are unordered but newest first, which is what "the
// last activities of an account" wants. Following a list is one cache miss a row, the same as fetching the rows.

/// What a row refers to: the place of the target's entity among those that the lookup allows, and the target's row.
package struct LinkTarget: Equatable, Sendable {
    package static let none = LinkTarget(ordinal: .max, row: LinkIndex.none)

    package var ordinal: UInt32
    package var row: UInt32

    @inline(__always)
    package init(ordinal: UInt32, row: UInt32) {
        self.ordinal = ordinal
        self.row = row
    }
}

/// Reverse index of one lookup attribute. Value semantics; kept in the referring table.
package struct LinkIndex: Sendable {
    /// No row.
    package static let none = UInt32.max

    /// Per entity that the lookup may refer to, in the order of the attribute's type: newest referring row by target row.
    var heads: [PagedArray<UInt32>]
    var next = PagedArray<UInt32>(empty: none)
    var previous = PagedArray<UInt32>(empty: none)

    package init(targetCount: Int) {
        heads = Array(repeating: PagedArray(empty: LinkIndex.none), count: targetCount)
    }

    /// The same lists, with room for more entities at the end.
    package func widened(to targetCount: Int) -> LinkIndex {
        var index = self
        while index.heads.count < targetCount { index.heads.append(PagedArray(empty: LinkIndex.none)) }
        return index
    }

    package mutating func insert(row: UInt32, target: Int, targetRow: UInt32) {
        let first = heads[target][Int(targetRow)]
        next.set(Int(row), first)
        previous.set(Int(row), LinkIndex.none)
        if first != LinkIndex.none { previous.set(Int(first), row) }
        heads[target].set(Int(targetRow), row)
    }

    /// Enters a batch: target i (`noTarget` for none) is referred to by row i of `rows`. Rows are entered in order, so that
    /// the last one is the newest.
    package mutating func insert(_ rows: RowSet, _ targets: UnsafeBufferPointer<LinkTarget>) {
        // The head of a list is waited for first, then the list's first row: both are asked for in time.
        let (headsAhead, firstsAhead) = (24, 12)
        for index in 0..<targets.count {
            if index + headsAhead < targets.count, targets[index + headsAhead] != .none {
                let target = targets[index + headsAhead]
                heads[Int(target.ordinal)].prefetch(Int(target.row))
            }
            if index + firstsAhead < targets.count, targets[index + firstsAhead] != .none {
                let target = targets[index + firstsAhead]
                let first = heads[Int(target.ordinal)][Int(target.row)]
                if first != LinkIndex.none { previous.prefetch(Int(first)) }
            }
            let target = targets[index]
            if target == .none { continue }
            insert(row: UInt32(rows[index]), target: Int(target.ordinal), targetRow: target.row)
        }
    }

    package mutating func remove(row: UInt32, target: Int, targetRow: UInt32) {
        let after = next[Int(row)]
        let before = previous[Int(row)]
        if before == LinkIndex.none {
            precondition(heads[target][Int(targetRow)] == row, "link index: a row that is not in its list")
            heads[target].set(Int(targetRow), after)
        } else {
            next.set(Int(before), after)
        }
        if after != LinkIndex.none { previous.set(Int(after), before) }
        next.set(Int(row), LinkIndex.none)
        previous.set(Int(row), LinkIndex.none)
    }

    /// The newest row that refers to the target; `none` when there is none.
    @inline(__always)
    package func first(target: Int, targetRow: UInt32) -> UInt32 { heads[target][Int(targetRow)] }

    /// The next older row that refers to the same target.
    @inline(__always)
    package func next(after row: UInt32) -> UInt32 { next[Int(row)] }

    package var memoryBytes: Int {
        heads.reduce(next.memoryBytes + previous.memoryBytes) { $0 + $1.memoryBytes }
    }
}
