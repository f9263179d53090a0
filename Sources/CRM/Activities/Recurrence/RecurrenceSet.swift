// A rule, further dates and dates left out: which local times they are together, and at which moments.
//
// Guarantees
// - Instances come in order of their moments, no moment twice.
// - Without a rule the start is the only instance that no further date adds; with one it is an instance if the rule makes it.
// - The work for a window does not grow with its distance from the start, unless the rule has a count (`RecurrenceWalk.seek`).

import Engine

/// When a series happens.
public struct RecurrenceSet: Hashable, Sendable {
    /// Where the rule begins to count, in the zone of the series.
    public var start: LocalTime
    /// Whether instances are days, without a time.
    public var isAllDay: Bool
    /// What repeats; nil when only dates are listed.
    public var rule: RecurrenceRule?
    /// Further instances (RDATE): a day means that day at the start's time of day.
    public var additions: [RecurrenceDate]
    /// Instances left out (EXDATE): a day means all of that day.
    public var exclusions: [RecurrenceDate]

    /// Makes a set.
    public init(
        start: LocalTime,
        isAllDay: Bool = false,
        rule: RecurrenceRule? = nil,
        additions: [RecurrenceDate] = [],
        exclusions: [RecurrenceDate] = []
    ) {
        self.start = start
        self.isAllDay = isAllDay
        self.rule = rule
        self.additions = additions
        self.exclusions = exclusions
    }

    /// One time at which the series happens.
    public struct Instance: Hashable, Sendable {
        /// Its name: the local time that the rule or the further date says.
        public var original: LocalTime
        /// When that is, in microseconds since 1970 in UTC.
        public var moment: Int64
    }

    // MARK: Questions

    /// The instances that begin in a window of moments, `from` included and `to` not.
    ///
    /// Complexity: O(instances in the window), and O(periods before it) when the rule has a count.
    /// - Parameter countMax: with more instances the answer is an error: the window is too wide.
    public func instances(
        from: Int64,
        to: Int64,
        in zone: TimeZoneRules,
        countMax: Int = RecurrenceLimits.instancesMax
    ) throws(RecurrenceError) -> [Instance] {
        guard from < to else { return [] }
        let tooMany = RecurrenceError(.tooMany, "more than \(countMax) instances: ask for a shorter time")
        var found: [Instance] = []
        let offsets = zone.offsetRange
        let limit = to.addingClamped(offsets.upperBound)
        var source = try Source(self, zone, from: from.addingClamped(offsets.lowerBound), through: limit)
        while let instance = try source.next() {
            guard instance.original.seconds * 1_000_000 <= limit else { break }
            guard from <= instance.moment, instance.moment < to else { continue }
            found.append(instance)
            // A moment has at most two local times that mean it.
            guard found.count / 2 <= countMax else { throw tooMany }
        }
        found += source.additions.filter { from <= $0.moment && $0.moment < to }
        found = Self.ordered(found)
        guard found.count <= countMax else { throw tooMany }
        return found
    }

    /// The first instances from a moment on, at most so many.
    ///
    /// Complexity: O(count) for a rule that has any; a rule that never matches is followed to the end of the calendar or the limit of work.
    public func instances(
        from: Int64,
        count: Int,
        in zone: TimeZoneRules
    ) throws(RecurrenceError) -> [Instance] {
        let count = min(count, RecurrenceLimits.instancesMax)
        guard count > 0 else { return [] }
        let offsets = zone.offsetRange
        var source = try Source(self, zone, from: from.addingClamped(offsets.lowerBound), through: .max)
        var found = source.additions.filter { from <= $0.moment }
        found = Array(Self.ordered(found).prefix(count))
        var made: [Instance] = []
        // With as many as these there may be enough; what lies behind a local time that is later than all of them by the largest
        // offset cannot come before them.
        var wanted = count
        var enough = Int64.max
        while let instance = try source.next() {
            guard instance.original.seconds * 1_000_000 <= enough else { break }
            guard from <= instance.moment else { continue }
            made.append(instance)
            guard made.count == wanted else { continue }
            let distinct = Self.ordered(made)
            wanted += count - distinct.count
            if made.count == wanted { enough = distinct[count - 1].moment.addingClamped(offsets.upperBound) }
        }
        return Array(Self.ordered(found + made).prefix(count))
    }

    /// The instance with this name; nil when there is none.
    public func instance(_ original: LocalTime, in zone: TimeZoneRules) throws(RecurrenceError) -> Instance? {
        let moment = original.moment(in: zone)
        return try instances(from: moment, to: moment.addingClamped(1), in: zone).first { $0.original == original }
    }

    /// The local time that a date means in this series.
    func name(of date: RecurrenceDate, in zone: TimeZoneRules) -> LocalTime {
        switch date {
        case .day(let day): LocalTime(day: day, secondOfDay: start.secondOfDay)
        case .local(let time): time
        case .utc(let time): LocalTime(moment: time.seconds * 1_000_000, in: zone)
        }
    }

    /// The same series with a rule that ends at a time instead of after a count, so that windows of it need no counting.
    ///
    /// Complexity: O(periods of the rule).
    public func ended() throws(RecurrenceError) -> RecurrenceSet {
        guard let rule, case .count = rule.end else { return self }
        var walk = RecurrenceWalk(rule, start: start)
        var set = self
        // A rule that makes nothing does not make the start either.
        let last = try walk.last() ?? start
        set.rule = rule.ending(.until(.local(last)))
        return set
    }

    /// In order, each moment once: of two with the same the one with the earlier name.
    private static func ordered(_ instances: [Instance]) -> [Instance] {
        var kept: [Instance] = []
        for instance in instances.sorted(by: { ($0.moment, $0.original) < ($1.moment, $1.original) })
        where kept.last?.moment != instance.moment {
            kept.append(instance)
        }
        return kept
    }
}

extension RecurrenceSet {
    /// What a set makes in a zone, in order of local time.
    fileprivate struct Source {
        private let set: RecurrenceSet
        private let zone: TimeZoneRules
        private var walk: RecurrenceWalk?
        private let exclusions: Set<RecurrenceDate>
        private var untilLocal = LocalTime.latest
        private var untilMoment = Int64.max

        /// - Parameters:
        ///   - from: local microseconds before which nothing is wanted.
        ///   - limit: local microseconds behind which nothing is wanted.
        init(_ set: RecurrenceSet, _ zone: TimeZoneRules, from: Int64, through limit: Int64) throws(RecurrenceError) {
            guard set.additions.count <= RecurrenceLimits.datesMax, set.exclusions.count <= RecurrenceLimits.datesMax
            else {
                throw RecurrenceError(
                    .tooMany,
                    "a series has at most \(RecurrenceLimits.datesMax) further dates and as many left out"
                )
            }
            self.set = set
            self.zone = zone
            exclusions = Set(set.exclusions)
            guard let rule = set.rule else { return }
            func local(_ microseconds: Int64) -> LocalTime {
                let seconds = microseconds.dividedDown(by: 1_000_000)
                return LocalTime(
                    unchecked: min(max(seconds, LocalTime.earliest.seconds), LocalTime.latest.seconds)
                )
            }
            switch rule.end {
            case .never, .count: break
            case .until(.day(let day)): untilLocal = LocalTime(day: day, secondOfDay: 86_399)
            case .until(.local(let time)): untilLocal = time
            case .until(.utc(let time)):
                untilMoment = time.seconds * 1_000_000
                untilLocal = local(untilMoment + zone.offsetRange.upperBound)
            }
            guard limit >= LocalTime.earliest.seconds * 1_000_000 else { return }
            var walk = RecurrenceWalk(rule, start: set.start, through: min(untilLocal, local(limit)))
            try walk.seek(local(from))
            self.walk = walk
        }

        /// The rule's next instance.
        mutating func next() throws(RecurrenceError) -> Instance? {
            while let time = try walk?.next(), time <= untilLocal {
                let instance = Instance(original: time, moment: time.moment(in: zone))
                if instance.moment <= untilMoment, !isExcluded(instance) { return instance }
            }
            walk = nil
            return nil
        }

        /// The further dates, and the start where there is no rule.
        var additions: [Instance] {
            var dates = set.additions
            if set.rule == nil { dates.append(.local(set.start)) }
            return dates.map { date in
                let name = set.name(of: date, in: zone)
                // A further date in UTC is a moment; its local time may mean the hour before it, in an overlap.
                if case .utc(let time) = date { return Instance(original: name, moment: time.seconds * 1_000_000) }
                return Instance(original: name, moment: name.moment(in: zone))
            }.filter { !isExcluded($0) }
        }

        private func isExcluded(_ instance: Instance) -> Bool {
            guard !exclusions.isEmpty else { return false }
            if exclusions.contains(.local(instance.original)) || exclusions.contains(.day(instance.original.day)) {
                return true
            }
            // A second of the years 1…9999 in UTC has a local time there, or none that a series can have.
            let second = instance.moment.dividedDown(by: 1_000_000)
            return LocalTime(seconds: second).map { exclusions.contains(.utc($0)) } ?? false
        }
    }
}
