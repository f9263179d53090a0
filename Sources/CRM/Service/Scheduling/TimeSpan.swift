// Times on the line of moments: sets of them are lists in order that neither overlap nor touch, so that every operation is one pass.

/// A time from a moment to a later one, which is not in it any more: microseconds since 1970 in UTC.
struct TimeSpan: Hashable {
    var start: Int64
    var end: Int64

    /// Whether two have a moment in common. Times that touch have none.
    func overlaps(_ other: TimeSpan) -> Bool { start < other.end && other.start < end }
}

extension [TimeSpan] {
    /// What is left of these times without others. O(both).
    func without(_ others: [TimeSpan]) -> [TimeSpan] {
        var left: [TimeSpan] = []
        var first = 0
        for time in self {
            // What ends before this time ends before all later ones.
            while first < others.count, others[first].end <= time.start { first += 1 }
            var start = time.start
            var at = first
            while at < others.count, others[at].start < time.end {
                if others[at].start > start { left.append(TimeSpan(start: start, end: others[at].start)) }
                start = Swift.max(start, others[at].end)
                at += 1
            }
            if start < time.end { left.append(TimeSpan(start: start, end: time.end)) }
        }
        return left
    }
}
