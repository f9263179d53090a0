// A series as people see it: what repeats, how long each instance lasts, and which instances were moved or cancelled.
//
// Guarantees
// - An instance's name (RFC 5545's RECURRENCE-ID) is the local time that the series says, so that exceptions keep their instances when the rules
//   of the time zone change.
// - An exception stands by itself: a moved instance is found where it was moved to, a cancelled one nowhere.

import Engine

/// A series and its exceptions.
public struct RecurringSeries: Hashable, Sendable {
    /// How long an instance lasts.
    public enum Length: Hashable, Sendable {
        /// So many seconds, whatever the clocks do meanwhile.
        case seconds(Int64)
        /// So many days from midnight to midnight, of 23 or 25 hours where the clocks change.
        case days(Int)
    }

    /// An instance that is not as the series says.
    public struct Exception: Hashable, Sendable {
        /// What became of it.
        public enum Change: Hashable, Sendable {
            /// It does not happen.
            case cancelled
            /// It happens then: microseconds since 1970 in UTC.
            case moved(start: Int64, end: Int64)
        }

        /// The instance's name.
        public var original: LocalTime
        /// What became of it.
        public var change: Change

        /// Makes an exception.
        public init(_ original: LocalTime, _ change: Change) {
            self.original = original
            self.change = change
        }
    }

    /// One instance, as it happens.
    public struct Instance: Hashable, Sendable {
        /// Its name.
        public var original: LocalTime
        /// When it begins: microseconds since 1970 in UTC.
        public var start: Int64
        /// When it ends: microseconds since 1970 in UTC.
        public var end: Int64
        /// Whether it was moved.
        public var isMoved: Bool
    }

    /// When it happens.
    public let set: RecurrenceSet
    /// How long each instance lasts.
    public let length: Length
    /// Instances that are not as the series says, by their names, each with one exception.
    public let exceptions: [Exception]

    /// Makes a series. A length is 0 to a year; of two exceptions with one name the later in the list counts.
    public init(
        _ set: RecurrenceSet,
        lasting length: Length,
        exceptions: [Exception] = []
    ) throws(RecurrenceError) {
        guard exceptions.count <= RecurrenceLimits.exceptionsMax else {
            throw RecurrenceError(.tooMany, "a series has at most \(RecurrenceLimits.exceptionsMax) exceptions")
        }
        let isAllowed =
            switch length {
            case .seconds(let seconds): 0...RecurrenceLimits.lengthSecondsMax ~= seconds
            case .days(let days): 1...Int(RecurrenceLimits.lengthSecondsMax / LocalTime.secondsPerDay) ~= days
            }
        guard isAllowed else {
            throw RecurrenceError(.outOfRange, "an instance lasts from nothing, or a day, to a year")
        }
        self.set = set
        self.length = length
        let byName = Dictionary(exceptions.map { ($0.original, $0) }) { $1 }
        self.exceptions = byName.values.sorted { $0.original < $1.original }
    }

    /// The instances that a window of moments shows, in order of their starts: those that overlap it, and those without a
    /// length that lie in it (`from` included, `to` not).
    ///
    /// Complexity: O(instances in the window + exceptions), and O(periods before it) when the rule has a count.
    /// - Parameter countMax: with more instances the answer is an error: the window is too wide.
    public func instances(
        from: Int64,
        to: Int64,
        in zone: TimeZoneRules,
        countMax: Int = RecurrenceLimits.instancesMax
    ) throws(RecurrenceError) -> [Instance] {
        let earliest = from.addingClamped(-lengthMicrosecondsMax(in: zone))
        let made = try set.instances(from: earliest, to: to, in: zone, countMax: countMax)
        let shown = shown(of: made, from: from, to: to, in: zone)
        guard shown.count <= countMax else {
            throw RecurrenceError(.tooMany, "more than \(countMax) instances: ask for a shorter time")
        }
        return shown
    }

    /// The earliest of them, as many as are asked for, however many there are.
    ///
    /// Exact for what happens up to `instancesPerDayMax` times a day: so many instances of a year may have begun before the window, all
    /// exceptions may be in it, and `count` of some 10,000 is left of `instancesMax`.
    func earliestInstances(
        from: Int64,
        to: Int64,
        in zone: TimeZoneRules,
        count: Int
    ) throws(RecurrenceError) -> [Instance] {
        do throws(RecurrenceError) {
            return try instances(from: from, to: to, in: zone, countMax: count)
        } catch {
            guard error.code == .tooMany else { throw error }
        }
        let earliest = from.addingClamped(-lengthMicrosecondsMax(in: zone))
        let made = try set.instances(from: earliest, count: RecurrenceLimits.instancesMax, in: zone)
        return Array(shown(of: made, from: from, to: to, in: zone).prefix(count))
    }

    /// What a window shows of instances that the series makes, and of those that were moved, in order of their starts.
    private func shown(
        of made: [RecurrenceSet.Instance],
        from: Int64,
        to: Int64,
        in zone: TimeZoneRules
    ) -> [Instance] {
        func isShown(_ start: Int64, _ end: Int64) -> Bool { start < to && (start >= from || end > from) }
        let named = Set(exceptions.map(\.original))
        var shown: [Instance] = []
        for instance in made where !named.contains(instance.original) {
            let end = end(of: instance, in: zone)
            guard isShown(instance.moment, end) else { continue }
            shown.append(Instance(original: instance.original, start: instance.moment, end: end, isMoved: false))
        }
        for exception in exceptions {
            guard case .moved(let start, let end) = exception.change, isShown(start, end) else { continue }
            shown.append(Instance(original: exception.original, start: start, end: end, isMoved: true))
        }
        return shown.sorted { ($0.start, $0.original) < ($1.start, $1.original) }
    }

    /// When an instance ends that is as the series says.
    func end(of instance: RecurrenceSet.Instance, in zone: TimeZoneRules) -> Int64 {
        switch length {
        case .seconds(let seconds): instance.moment.addingClamped(seconds * 1_000_000)
        case .days(let days):
            LocalTime(unchecked: instance.original.seconds + Int64(days) * LocalTime.secondsPerDay).moment(in: zone)
        }
    }

    /// The longest that an instance can last.
    private func lengthMicrosecondsMax(in zone: TimeZoneRules) -> Int64 {
        switch length {
        case .seconds(let seconds): seconds * 1_000_000
        case .days(let days):
            Int64(days) * LocalTime.secondsPerDay * 1_000_000 + zone.offsetRange.upperBound
                - zone.offsetRange.lowerBound
        }
    }
}
