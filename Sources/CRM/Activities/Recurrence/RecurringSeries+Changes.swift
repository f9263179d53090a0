// What people do to a series: move or cancel one instance, end it, split it into what was and what shall be.
//
// Guarantees
// - A change is a value: the series that it was made from stays as it is.
// - A split takes nothing away and adds nothing: the instances of both halves are those of the whole.

import Engine

extension RecurringSeries {
    /// The series with one instance at another time; where the series has it anyway, it is no exception any more.
    ///
    /// Throws `noSuchInstance`, `outOfRange` for an end before the start or an instance longer than a year, and `tooMany`.
    public func moving(
        _ original: LocalTime,
        start: Int64,
        end: Int64,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> RecurringSeries {
        let instance = try existing(original, in: zone)
        let (length, overflow) = end.subtractingReportingOverflow(start)
        guard !overflow, length >= 0, length <= RecurrenceLimits.lengthSecondsMax * 1_000_000 else {
            throw RecurrenceError(.outOfRange, "an instance lasts from nothing to a year")
        }
        let isBack = instance.moment == start && self.end(of: instance, in: zone) == end
        return try replacing(original, isBack ? nil : .moved(start: start, end: end))
    }

    /// The series without one instance, whose exception says that it was cancelled.
    ///
    /// Throws `noSuchInstance`, and `tooMany`.
    public func cancelling(
        _ original: LocalTime,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> RecurringSeries {
        _ = try existing(original, in: zone)
        return try replacing(original, .cancelled)
    }

    /// The series with an instance as it was before it was moved or cancelled. Throws `noSuchInstance` when it was neither.
    public func restoring(_ original: LocalTime) throws(RecurrenceError) -> RecurringSeries {
        guard exceptions.contains(where: { $0.original == original }) else {
            throw RecurrenceError(.noSuchInstance, "\(original) was neither moved nor cancelled")
        }
        return try replacing(original, nil)
    }

    /// The series up to an instance, without it; nil when nothing is left. Throws `noSuchInstance`.
    public func ending(before original: LocalTime, in zone: TimeZoneRules) throws(RecurrenceError) -> RecurringSeries? {
        _ = try existing(original, in: zone)
        return try head(before: original, in: zone)
    }

    /// The series before an instance, nil when that is the first, and the series from it on ("this and following").
    ///
    /// Complexity: O(periods before it) for a rule with a count. Throws `noSuchInstance`.
    public func split(
        at original: LocalTime,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> (before: RecurringSeries?, after: RecurringSeries) {
        _ = try existing(original, in: zone)
        return (try head(before: original, in: zone), try tail(from: original, in: zone))
    }

    // MARK: Parts

    /// The instance with this name as the series says it, whatever became of it.
    private func existing(
        _ original: LocalTime,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> RecurrenceSet.Instance {
        guard let instance = try set.instance(original, in: zone) else {
            throw RecurrenceError(.noSuchInstance, "the series has no instance at \(original)")
        }
        return instance
    }

    private func replacing(
        _ original: LocalTime,
        _ change: Exception.Change?
    ) throws(RecurrenceError) -> RecurringSeries {
        let others = exceptions.filter { $0.original != original }
        let own = change.map { [Exception(original, $0)] } ?? []
        return try RecurringSeries(set, lasting: length, exceptions: others + own)
    }

    private func head(before original: LocalTime, in zone: TimeZoneRules) throws(RecurrenceError) -> RecurringSeries? {
        var head = set
        let last = LocalTime(unchecked: original.seconds - 1)
        if let rule = set.rule { head.rule = try rule.endingEarlier(last, than: set, in: zone) }
        head.additions = namedAdditions(in: zone).filter { set.name(of: $0, in: zone) < original }
        head.exclusions = set.exclusions.filter { set.name(of: $0, in: zone).day <= original.day }
        if set.rule == nil, set.start >= original {
            // The start is an instance of a series without a rule: the first of its dates takes its place.
            guard let first = head.additions.map({ set.name(of: $0, in: zone) }).min() else { return nil }
            head.start = first
        }
        guard try !head.instances(from: .min, count: 1, in: zone).isEmpty else { return nil }
        return try RecurringSeries(head, lasting: length, exceptions: exceptions.filter { $0.original < original })
    }

    private func tail(from original: LocalTime, in zone: TimeZoneRules) throws(RecurrenceError) -> RecurringSeries {
        var tail = set
        tail.additions = namedAdditions(in: zone).filter { set.name(of: $0, in: zone) >= original }
        tail.exclusions = set.exclusions.filter { set.name(of: $0, in: zone).day >= original.day }
        tail.start = original
        if let rule = set.rule {
            var walk = RecurrenceWalk(rule, start: set.start)
            try walk.seek(original)
            let consumed = walk.consumed
            let next = try walk.next()
            if let next {
                tail.start = next
                if case .count(let count) = rule.end { tail.rule = rule.ending(.count(count - consumed)) }
            } else {
                // Only further dates are left: the first of them is the start.
                tail.rule = nil
            }
        }
        return try RecurringSeries(tail, lasting: length, exceptions: exceptions.filter { $0.original >= original })
    }

    /// The further dates with times of their own: days would take the time of another start.
    private func namedAdditions(in zone: TimeZoneRules) -> [RecurrenceDate] {
        set.isAllDay
            ? set.additions
            : set.additions.map { date in
                if case .day = date { .local(set.name(of: date, in: zone)) } else { date }
            }
    }
}

extension RecurrenceRule {
    /// The rule with an end that is not after a local time; its own where that is earlier.
    fileprivate func endingEarlier(
        _ last: LocalTime,
        than set: RecurrenceSet,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> RecurrenceRule {
        let own: LocalTime
        switch end {
        case .never: return ending(.until(.local(last)))
        case .count(let count):
            var walk = RecurrenceWalk(self, start: set.start)
            try walk.seek(LocalTime(unchecked: last.seconds + 1))
            return ending(walk.consumed > 0 ? .count(min(walk.consumed, count)) : .until(.local(last)))
        case .until(.day(let day)): own = LocalTime(day: day, secondOfDay: 86_399)
        case .until(.local(let time)): own = time
        case .until(.utc(let time)): own = LocalTime(moment: time.seconds * 1_000_000, in: zone)
        }
        return own <= last ? self : ending(.until(.local(last)))
    }
}
