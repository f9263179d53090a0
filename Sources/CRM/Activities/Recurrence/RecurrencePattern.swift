// A rule with its start, made ready for asking: lists are bit masks, and what the rule leaves open is taken from the start.
//
// Guarantees
// - A period (a year, month, week, day, hour, minute or second, by the frequency) has one number; numbers rise with time, and the local
//   times of a period all lie before those of the next.
// - `accepts` is the whole meaning of the parts that choose days, whether the RFC calls them expanding or limiting.

import Engine

struct RecurrencePattern {
    let frequency: RecurrenceRule.Frequency
    let interval: Int
    let start: LocalTime
    private let weekStart: Int

    /// Bits 1…12.
    private var months: UInt16 = 0
    /// Bits 1…31, from the month's start and from its end.
    private var monthDays = BothWays()
    /// Bits 1…53.
    private var weekNumbers = BothWays()
    /// Days 1…366 by their numbers.
    private var yearDays: (fromStart: [Bool], fromEnd: [Bool])?
    /// Bits 0…6, 0 for Sunday.
    private var everyWeekday: UInt8 = 0
    /// Per weekday the ordinals, bits 1…53; empty when there are none.
    private var nthWeekdays: [BothWays] = []
    private var hasWeekdays = false
    /// Whether ordinals count in the month, rather than in the year.
    private let isNthOfMonth: Bool

    /// Bits 0…23 and 0…59: the times of an accepted day.
    private(set) var hours: UInt64 = 0
    private(set) var minutes: UInt64 = 0
    private(set) var seconds: UInt64 = 0
    /// `BYSETPOS`.
    let positions: [Int]

    /// Bits that count from the start, and bits that count from the end.
    private struct BothWays {
        var fromStart: UInt64 = 0
        var fromEnd: UInt64 = 0

        var isEmpty: Bool { fromStart | fromEnd == 0 }

        init(_ numbers: [Int] = []) {
            for number in numbers { insert(number) }
        }

        mutating func insert(_ number: Int) {
            if number > 0 { fromStart |= 1 << number } else { fromEnd |= 1 << -number }
        }

        /// Whether the `number`-th of `count` is among them.
        @inline(__always)
        func contains(_ number: Int, of count: Int) -> Bool {
            fromStart >> number & 1 == 1 || fromEnd >> (count + 1 - number) & 1 == 1
        }
    }

    init(_ rule: RecurrenceRule, start: LocalTime) {
        frequency = rule.frequency
        interval = rule.interval
        weekStart = rule.weekStart
        positions = rule.positions
        self.start = start
        isNthOfMonth = rule.frequency == .monthly || !rule.months.isEmpty
        for month in rule.months { months |= 1 << month }
        monthDays = BothWays(rule.monthDays)
        weekNumbers = BothWays(rule.weekNumbers)
        if !rule.yearDays.isEmpty {
            var both = (fromStart: [Bool](repeating: false, count: 367), fromEnd: [Bool](repeating: false, count: 367))
            for day in rule.yearDays {
                if day > 0 { both.fromStart[day] = true } else { both.fromEnd[-day] = true }
            }
            yearDays = both
        }
        hasWeekdays = !rule.weekdays.isEmpty
        for day in rule.weekdays {
            if day.ordinal == 0 {
                everyWeekday |= 1 << day.weekday
            } else {
                if nthWeekdays.isEmpty { nthWeekdays = [BothWays](repeating: BothWays(), count: 7) }
                nthWeekdays[day.weekday].insert(day.ordinal)
            }
        }
        takeDaysFromStart()
        takeTimesFromStart(rule)
        if months == 0 { months = ~0 }
    }

    /// What day of its period the start is, where no part says which days are meant.
    private mutating func takeDaysFromStart() {
        guard monthDays.isEmpty, yearDays == nil, !hasWeekdays else { return }
        let civil = CivilDay(start.day)
        switch frequency {
        case .yearly where !weekNumbers.isEmpty, .weekly:
            everyWeekday = 1 << Self.weekday(start.day)
            hasWeekdays = true
        case .yearly:
            if months == 0 { months = 1 << civil.month }
            monthDays.insert(civil.day)
        case .monthly: monthDays.insert(civil.day)
        case .daily, .hourly, .minutely, .secondly: break
        }
    }

    /// Units smaller than the frequency are the start's unless the rule has them; others are all there are.
    private mutating func takeTimesFromStart(_ rule: RecurrenceRule) {
        func mask(_ values: [Int], _ count: Int, startsOwn: Int?) -> UInt64 {
            if values.isEmpty, let startsOwn { return 1 << startsOwn }
            return values.isEmpty ? (1 << count) - 1 : values.reduce(0) { $0 | 1 << $1 }
        }
        let second = start.secondOfDay
        let (isHourly, isMinutely, isSecondly) =
            (frequency == .hourly, frequency == .minutely, frequency == .secondly)
        hours = mask(rule.hours, 24, startsOwn: isHourly || isMinutely || isSecondly ? nil : second / 3600)
        minutes = mask(rule.minutes, 60, startsOwn: isMinutely || isSecondly ? nil : second / 60 % 60)
        seconds = mask(rule.seconds, 60, startsOwn: isSecondly ? nil : second % 60)
    }

    // MARK: Days

    /// Whether all parts that choose days but `BYWEEKNO` accept this one.
    func accepts(_ day: Int) -> Bool {
        let civil = CivilDay(day)
        guard months >> civil.month & 1 == 1 else { return false }
        let monthFirst = day - civil.day + 1
        if !monthDays.isEmpty {
            let length = CivilDay.firstDay(ofMonth: civil.monthIndex + 1) - monthFirst
            guard monthDays.contains(civil.day, of: length) else { return false }
        }
        if let yearDays {
            let (number, count) = Self.dayOfYear(day, civil)
            guard yearDays.fromStart[number] || yearDays.fromEnd[count + 1 - number] else { return false }
        }
        guard hasWeekdays else { return true }
        let weekday = Self.weekday(day)
        if everyWeekday >> weekday & 1 == 1 { return true }
        guard !nthWeekdays.isEmpty, !nthWeekdays[weekday].isEmpty else { return false }
        let number: Int
        let count: Int
        if isNthOfMonth {
            (number, count) = (civil.day, CivilDay.firstDay(ofMonth: civil.monthIndex + 1) - monthFirst)
        } else {
            (number, count) = Self.dayOfYear(day, civil)
        }
        // Of the days with this weekday: those before it, and those behind it.
        let before = (number - 1) / 7
        let behind = (count - number) / 7
        return nthWeekdays[weekday].contains(before + 1, of: before + 1 + behind)
    }

    /// The first day behind this one, which is not accepted, that may be.
    func nextCandidate(after day: Int) -> Int {
        var month = CivilDay(day).monthIndex
        if months >> (month.modulo(12) + 1) & 1 == 1 { return day + 1 }
        repeat { month += 1 } while months >> (month.modulo(12) + 1) & 1 == 0
        return CivilDay.firstDay(ofMonth: month)
    }

    /// 0 Sunday … 6 Saturday. Day 0 was a Thursday.
    private static func weekday(_ day: Int) -> Int { (day + 4).modulo(7) }

    private static func dayOfYear(_ day: Int, _ civil: CivilDay) -> (number: Int, count: Int) {
        let first = CivilDay.day(year: civil.year, month: 1, day: 1)
        return (day - first + 1, CivilDay.day(year: civil.year + 1, month: 1, day: 1) - first)
    }

    // MARK: Periods

    /// Number of the period that a local time belongs to.
    func period(of time: LocalTime) -> Int {
        switch frequency {
        case .secondly: Int(time.seconds)
        case .minutely: Int(time.seconds.dividedDown(by: 60))
        case .hourly: Int(time.seconds.dividedDown(by: 3600))
        case .daily: time.day
        case .weekly: (time.day + 4 - weekStart).dividedDown(by: 7)
        case .monthly: CivilDay(time.day).monthIndex
        case .yearly: weekNumbers.isEmpty ? CivilDay(time.day).year : weekYear(of: time.day)
        }
    }

    /// A day of a period: for people, to see how far a walk came.
    func day(ofPeriod period: Int) -> Int {
        switch frequency {
        case .secondly: period.dividedDown(by: 86_400)
        case .minutely: period.dividedDown(by: 1440)
        case .hourly: period.dividedDown(by: 24)
        case .daily: period
        case .weekly: period * 7 - 4 + weekStart
        case .monthly: CivilDay.firstDay(ofMonth: period)
        case .yearly: CivilDay.day(year: period, month: 1, day: 1)
        }
    }

    /// The days of a period of a day or longer that are accepted, in order, and how many were looked at.
    func days(ofPeriod period: Int, into days: inout [Int]) -> Int {
        days.removeAll(keepingCapacity: true)
        let candidates: Range<Int>
        switch frequency {
        case .secondly, .minutely, .hourly: return 0
        case .daily: candidates = period..<period + 1
        case .weekly:
            let first = day(ofPeriod: period)
            candidates = first..<first + 7
        case .monthly:
            guard months >> (period.modulo(12) + 1) & 1 == 1 else { return 0 }
            candidates = CivilDay.firstDay(ofMonth: period)..<CivilDay.firstDay(ofMonth: period + 1)
        case .yearly:
            return weekNumbers.isEmpty ? daysOfYear(period, &days) : daysOfWeekYear(period, &days)
        }
        for day in candidates where accepts(day) { days.append(day) }
        return candidates.count
    }

    private func daysOfYear(_ year: Int, _ days: inout [Int]) -> Int {
        var count = 0
        for month in 0..<12 where months >> (month + 1) & 1 == 1 {
            let candidates =
                CivilDay.firstDay(ofMonth: year * 12 + month)..<CivilDay.firstDay(ofMonth: year * 12 + month + 1)
            for day in candidates where accepts(day) { days.append(day) }
            count += candidates.count
        }
        return count
    }

    private func daysOfWeekYear(_ year: Int, _ days: inout [Int]) -> Int {
        let first = firstDay(ofWeekYear: year)
        let weeks = (firstDay(ofWeekYear: year + 1) - first) / 7
        var count = 0
        for week in 1...weeks where weekNumbers.contains(week, of: weeks) {
            let monday = first + (week - 1) * 7
            for day in monday..<monday + 7 where accepts(day) { days.append(day) }
            count += 7
        }
        return count
    }

    /// The first day of the first week that has four of its days in the year: the week with the fourth of January.
    private func firstDay(ofWeekYear year: Int) -> Int {
        let fourth = CivilDay.day(year: year, month: 1, day: 4)
        return fourth - (fourth + 4 - weekStart).modulo(7)
    }

    private func weekYear(of day: Int) -> Int {
        let year = CivilDay(day).year
        if day >= firstDay(ofWeekYear: year + 1) { return year + 1 }
        return day < firstDay(ofWeekYear: year) ? year - 1 : year
    }
}
