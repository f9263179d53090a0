// A rule as RFC 5545, section 3.3.10 writes it. A value of this type is always one that has an answer: only reading a text makes one,
// and reading checks every number and every combination (docs/recurrence.md has the table).

/// When something happens again.
public struct RecurrenceRule: Hashable, Sendable {
    /// What `INTERVAL` counts and `BYSETPOS` chooses from.
    public enum Frequency: String, Hashable, Sendable, CaseIterable {
        case secondly = "SECONDLY"
        case minutely = "MINUTELY"
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// When it stops.
    public enum End: Hashable, Sendable {
        /// Never.
        case never
        /// After so many local times of the rule.
        case count(Int)
        /// With the last one that is not after this.
        case until(RecurrenceDate)
    }

    /// A weekday, or a certain one of a month or year.
    public struct Weekday: Hashable, Sendable {
        /// Which of them, from the start or, when negative, from the end; 0 for every one.
        public let ordinal: Int
        /// 0 Sunday … 6 Saturday.
        public let weekday: Int

        static let names = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
    }

    /// What is counted.
    public internal(set) var frequency: Frequency
    /// Every so-manieth of them; 1 is each.
    public internal(set) var interval = 1
    /// When it stops.
    public internal(set) var end = End.never
    /// Months, 1…12. This and the following lists are sorted and without doubles: from the start, then from the end.
    public internal(set) var months: [Int] = []
    /// Weeks of a year.
    public internal(set) var weekNumbers: [Int] = []
    /// Days of a year.
    public internal(set) var yearDays: [Int] = []
    /// Days of a month.
    public internal(set) var monthDays: [Int] = []
    /// Weekdays, from Monday.
    public internal(set) var weekdays: [Weekday] = []
    /// Hours of a day.
    public internal(set) var hours: [Int] = []
    /// Minutes of an hour.
    public internal(set) var minutes: [Int] = []
    /// Seconds of a minute.
    public internal(set) var seconds: [Int] = []
    /// Which of a period's local times.
    public internal(set) var positions: [Int] = []
    /// The day that a week begins with: 0 Sunday … 6 Saturday.
    public internal(set) var weekStart = 1

    init(_ frequency: Frequency) { self.frequency = frequency }

    /// The same rule with another end.
    public func ending(_ end: End) -> RecurrenceRule {
        var rule = self
        rule.end = end
        return rule
    }
}

extension RecurrenceRule: CustomStringConvertible {
    /// The one text of this rule: equal rules have the same.
    public var description: String {
        var parts = ["FREQ=\(frequency.rawValue)"]
        func add(_ name: String, _ values: [Int]) {
            guard !values.isEmpty else { return }
            parts.append("\(name)=" + values.map(String.init).joined(separator: ","))
        }
        if interval != 1 { add("INTERVAL", [interval]) }
        switch end {
        case .never: break
        case .count(let count): add("COUNT", [count])
        case .until(let date): parts.append("UNTIL=\(date)")
        }
        add("BYMONTH", months)
        add("BYWEEKNO", weekNumbers)
        add("BYYEARDAY", yearDays)
        add("BYMONTHDAY", monthDays)
        if !weekdays.isEmpty { parts.append("BYDAY=" + weekdays.map(\.description).joined(separator: ",")) }
        add("BYHOUR", hours)
        add("BYMINUTE", minutes)
        add("BYSECOND", seconds)
        add("BYSETPOS", positions)
        if weekStart != 1 { parts.append("WKST=\(Weekday.names[weekStart])") }
        return parts.joined(separator: ";")
    }
}

extension RecurrenceRule.Weekday: CustomStringConvertible {
    /// `MO`, `-1FR`.
    public var description: String { (ordinal == 0 ? "" : String(ordinal)) + Self.names[weekday] }
}
