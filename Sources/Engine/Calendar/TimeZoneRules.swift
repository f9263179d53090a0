// Local time. The rules are records of the organisation (`timezonedefinition`, `timezonerule`), never the host's tables, so that an
// answer is the same on every machine and changes only by a logged transaction.
//
// Guarantees
// - Every moment has one local time.
// - A local time that the clock skips (a gap in spring) means the moment that the clock would have shown it at, had it not been
//   put forward: 02:30 becomes 03:30. The first moment of a day whose midnight is skipped is the change itself.
// - A local time that comes twice (an overlap in autumn) means the first of the two.
// - Beyond the years of `yearsCompiled` the nearest known offset applies.

/// Rules of a time zone, compiled: the moments at which the offset from UTC changes.
public struct TimeZoneRules: Hashable, Sendable {
    /// Years whose changes are worked out: what a CRM has dates in. Two changes a year are 5 KB.
    static let yearsCompiled = 1900...2199

    /// Moments at which the offset changes, in order: microseconds since 1970 in UTC.
    private let changes: [Int64]
    /// Offsets in microseconds to the east of UTC: before the first change, and from each one on.
    private let offsets: [Int64]
    /// Per change the local time from which on the new offset is meant.
    private let localChanges: [Int64]

    /// Coordinated universal time.
    public static let utc = TimeZoneRules(changes: [], offsets: [0])

    private init(changes: [Int64], offsets: [Int64]) {
        self.changes = changes
        self.offsets = offsets
        localChanges = changes.indices.map { changes[$0] + max(offsets[$0], offsets[$0 + 1]) }
    }

    /// Compiles rules. The first in time also holds before its own beginning; without rules the zone is UTC.
    /// Complexity: O(rules × years).
    public init(_ rules: [TimeZoneRule]) {
        let rules = rules.sorted { $0.effectiveMicroseconds < $1.effectiveMicroseconds }
        guard let first = rules.first else {
            self = .utc
            return
        }
        var changes: [Int64] = []
        var offsets = [first.standardOffset]
        func add(_ moment: Int64, _ offset: Int64) {
            guard offset != offsets[offsets.count - 1] else { return }
            changes.append(moment)
            offsets.append(offset)
        }
        for (index, rule) in rules.enumerated() {
            let start = index == 0 ? Int64.min : rule.effectiveMicroseconds
            let end = index + 1 < rules.count ? rules[index + 1].effectiveMicroseconds : Int64.max
            guard start < end else { continue }
            let events = rule.events
            if index > 0 { add(start, events.last { $0.moment <= start }?.offset ?? rule.standardOffset) }
            for event in events where event.moment > start && event.moment < end { add(event.moment, event.offset) }
        }
        self.init(changes: changes, offsets: offsets)
    }

    /// Whether every local time is UTC.
    var isUTC: Bool { changes.isEmpty && offsets[0] == 0 }

    /// Microseconds that local time is ahead of UTC at a moment.
    public func offset(at moment: Int64) -> Int64 { offsets[Self.count(of: changes, upTo: moment)] }

    /// The smallest and the largest offset that the zone ever has: what a moment and its local time can differ by.
    package var offsetRange: ClosedRange<Int64> {
        offsets.reduce(offsets[0]...offsets[0]) { min($0.lowerBound, $1)...max($0.upperBound, $1) }
    }

    /// Local time of a moment, as microseconds since the local 1970-01-01T00:00.
    public func local(_ moment: Int64) -> Int64 { moment.addingClamped(offset(at: moment)) }

    /// The moment of a local time; for gaps and overlaps see above.
    public func moment(local: Int64) -> Int64 {
        local.addingClamped(-offsets[Self.count(of: localChanges, upTo: local)])
    }

    /// How many of the rising numbers are at most `bound`.
    private static func count(of numbers: [Int64], upTo bound: Int64) -> Int {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] <= bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What a zone's clocks do from a moment on: one record of `timezonerule`.
public struct TimeZoneRule: Hashable, Sendable {
    /// A day of every year and a time of it: the last Sunday of March at 02:00.
    public struct YearlyChange: Hashable, Sendable {
        /// 1…12
        public var month: Int
        /// 0 Sunday … 6 Saturday.
        public var weekday: Int
        /// Which of the month's: 1…4, or 5 for the last.
        public var occurrence: Int
        /// Minutes after midnight on the clock as it is before the change.
        public var minuteOfDay: Int

        /// Makes a change; numbers outside their ranges are brought to the nearest.
        public init(month: Int, weekday: Int, occurrence: Int, minuteOfDay: Int) {
            self.month = min(max(month, 1), 12)
            self.weekday = min(max(weekday, 0), 6)
            self.occurrence = min(max(occurrence, 1), 5)
            self.minuteOfDay = min(max(minuteOfDay, 0), 1440)
        }

        /// Local microseconds since 1970 in a year.
        func local(year: Int) -> Int64 {
            let first = CivilDay.day(year: year, month: month, day: 1)
            // Day 0 was a Thursday.
            let offset = (weekday - (first + 4)).modulo(7)
            var day = first + offset + 7 * (occurrence - 1)
            if day >= CivilDay.day(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1) { day -= 7 }
            return Int64(day) * 86_400_000_000 + Int64(minuteOfDay) * 60_000_000
        }
    }

    /// From when on: microseconds since 1970 in UTC.
    public var effectiveMicroseconds: Int64
    /// Minutes that standard time is ahead of UTC.
    public var standardMinutes: Int
    /// Minutes that daylight time is ahead of standard time.
    public var daylightMinutes: Int
    /// When daylight time begins and when standard time does; nil where the clocks never change.
    public var changes: (daylight: YearlyChange, standard: YearlyChange)?

    /// Makes a rule; offsets beyond a day are brought to a day.
    public init(
        effectiveMicroseconds: Int64 = .min,
        standardMinutes: Int,
        daylightMinutes: Int = 60,
        changes: (daylight: YearlyChange, standard: YearlyChange)? = nil
    ) {
        self.effectiveMicroseconds = effectiveMicroseconds
        self.standardMinutes = min(max(standardMinutes, -1440), 1440)
        self.daylightMinutes = min(max(daylightMinutes, -1440), 1440)
        self.changes = changes
    }

    fileprivate var standardOffset: Int64 { Int64(standardMinutes) * 60_000_000 }

    /// The moments at which the clocks change, in order, and the offset from then on.
    fileprivate var events: [(moment: Int64, offset: Int64)] {
        guard let changes else { return [] }
        let daylightOffset = standardOffset + Int64(daylightMinutes) * 60_000_000
        return TimeZoneRules.yearsCompiled.flatMap { year in
            [
                (changes.daylight.local(year: year) - standardOffset, daylightOffset),
                (changes.standard.local(year: year) - daylightOffset, standardOffset),
            ]
        }.sorted { $0.0 < $1.0 }
    }

    /// Equal in all parts.
    public static func == (a: TimeZoneRule, b: TimeZoneRule) -> Bool {
        a.effectiveMicroseconds == b.effectiveMicroseconds && a.standardMinutes == b.standardMinutes
            && a.daylightMinutes == b.daylightMinutes && a.changes?.daylight == b.changes?.daylight
            && a.changes?.standard == b.changes?.standard
    }

    /// All parts.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(effectiveMicroseconds)
        hasher.combine(standardMinutes)
        hasher.combine(daylightMinutes)
        hasher.combine(changes?.daylight)
        hasher.combine(changes?.standard)
    }
}

extension FixedWidthInteger {
    /// The remainder that is never negative. The divisor is positive.
    @inline(__always)
    package func modulo(_ divisor: Self) -> Self {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }

    /// The quotient rounded down. The divisor is positive.
    @inline(__always)
    package func dividedDown(by divisor: Self) -> Self {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// The sum, or the nearest number that fits.
    @inline(__always)
    package func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the nearest number that fits.
    @inline(__always)
    package func subtractingClamped(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
