// How many mistakes two texts are apart, where they are at most so many. A mistake is a character too many, too few, another one, or two neighbours
// swapped, no part of the text being changed twice (the "optimal string alignment" distance).
//
// Guarantees
// - Symmetric. O(limit × length): of the table of partial distances only the cells that can lie within the limit are filled in.
// - Allocates nothing once its rows are as long as the longest text.

/// Compares texts. One thread; reused, so that it allocates once.
package struct EditDistance {
    /// Rows of the table: of `i - 2`, `i - 1` and `i` characters of the first text.
    private var before: [Int] = []
    private var last: [Int] = []
    private var next: [Int] = []

    package init() {}

    /// Mistakes between texts of characters, which are numbers in whatever way; nil where they are more than `limit`.
    package mutating func between(_ a: [UInt32], _ b: [UInt32], limit: Int) -> Int? {
        guard abs(a.count - b.count) <= limit else { return nil }
        // What both begin and end with costs nothing in the best alignment.
        var start = 0
        while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
        var end = 0
        while end < min(a.count, b.count) - start, a[a.count - 1 - end] == b[b.count - 1 - end] { end += 1 }
        let (rows, columns) = (a.count - start - end, b.count - start - end)
        if rows == 0 || columns == 0 { return max(rows, columns) }
        return limit > 0 ? between(limit, a, rows, b, columns, start) : nil
    }

    /// Row `i`, column `j` is the distance of the first `i` and `j` characters. Cells more than `limit` from the diagonal are beyond it,
    /// and so only the band around it is written, with a border on both sides that is far away.
    private mutating func between(
        _ limit: Int,
        _ a: [UInt32],
        _ rows: Int,
        _ b: [UInt32],
        _ columns: Int,
        _ start: Int
    ) -> Int? {
        let far = limit + 1
        reserve(columns + 2)
        for j in 0...min(columns + 1, far) { last[j] = j }
        var leastOfLast = 0
        for i in 1...rows {
            let band = max(1, i - limit)...max(1, min(columns, i + limit))
            next[band.lowerBound - 1] = band.lowerBound == 1 ? min(i, far) : far
            next[band.upperBound + 1] = far
            var least = next[band.lowerBound - 1]
            let x = a[start + i - 1]
            for j in band {
                let y = b[start + j - 1]
                var cell = min(last[j - 1] + (x == y ? 0 : 1), last[j] + 1, next[j - 1] + 1)
                if i > 1, j > 1, x == b[start + j - 2], a[start + i - 2] == y { cell = min(cell, before[j - 2] + 1) }
                next[j] = min(cell, far)
                least = min(least, next[j])
            }
            // A swap reaches back over one row: two in a row have to be beyond the limit.
            if least > limit, leastOfLast > limit { return nil }
            leastOfLast = least
            swap(&before, &last)
            swap(&last, &next)
        }
        return last[columns] <= limit ? last[columns] : nil
    }

    private mutating func reserve(_ count: Int) {
        guard last.count < count else { return }
        before = Array(repeating: 0, count: count)
        last = before
        next = before
    }
}
