// Moments of the simulation, and business time as the ledger counts it: by adding up what has passed, where the CRM moves the moment at which
// something is due.

enum YearTime {
    static let second: Int64 = 1_000_000
    static let minute = 60 * second
    static let day = 86_400 * second

    static func midnight(_ day: Int) -> Int64 { Int64(day) * YearTime.day }

    static func day(_ moment: Int64) -> Int { Int(moment / day) }

    /// The weekday of a day: 0 Monday … 6 Sunday. 1970-01-01 was a Thursday.
    static func weekday(_ day: Int) -> Int { (day + 3) % 7 }

    static func isWorkday(_ day: Int) -> Bool { weekday(day) < 5 }

    /// A moment on a day between two hours. Its microseconds are drawn, so that nothing falls on the moment at which something is due.
    static func moment(_ day: Int, hours: ClosedRange<Int>, _ random: inout RecordStream) -> Int64 {
        let seconds = hours.lowerBound * 3600 + random.below((hours.upperBound - hours.lowerBound) * 3600)
        return midnight(day) + Int64(seconds) * second + Int64(random.below(999_983)) + 1
    }

    /// A moment in office hours at least `days` later, on a working day.
    static func later(_ moment: Int64, days: ClosedRange<Int>, _ random: inout RecordStream) -> Int64 {
        let day = DemoText.workingDay(day(moment) + max(1, random.within(days)))
        return YearTime.moment(day, hours: 8...17, &random)
    }
}

/// Business hours: an agreement's weekly pattern, as the company writes it down and as the ledger knows it.
struct YearHours: Sendable {
    /// As the agreement says it; empty: around the clock.
    let pattern: String
    /// By weekday, Monday first: hours of the day; nil: nobody is there.
    private let week: [Range<Int64>?]
    /// Days on which nobody is there, but for those who are there around the clock.
    private let closed: Set<Int>

    private init(_ pattern: String, _ week: [Range<Int64>?], closed: Set<Int> = []) {
        (self.pattern, self.week, self.closed) = (pattern, week, closed)
    }

    static let always = YearHours("", [])

    static func office(closed: Set<Int>) -> YearHours {
        YearHours("Mo-Fr 08:00-17:00", Array(repeating: 8..<17, count: 5) + [nil, nil], closed: closed)
    }

    static func extended(closed: Set<Int>) -> YearHours {
        YearHours(
            "Mo-Fr 07:00-19:00; Sa 08:00-12:00",
            Array(repeating: 7..<19, count: 5) + [8..<12, nil],
            closed: closed
        )
    }

    /// Business time between two moments: microseconds. O(days).
    func passed(from start: Int64, to end: Int64) -> Int64 {
        guard !week.isEmpty else { return max(0, end - start) }
        guard end > start else { return 0 }
        var passed: Int64 = 0
        for day in YearTime.day(start)...YearTime.day(end) where !closed.contains(day) {
            guard let hours = week[YearTime.weekday(day)] else { continue }
            let midnight = YearTime.midnight(day)
            let opens = midnight + hours.lowerBound * 60 * YearTime.minute
            let closes = midnight + hours.upperBound * 60 * YearTime.minute
            passed += max(0, min(end, closes) - max(start, opens))
        }
        return passed
    }
}
