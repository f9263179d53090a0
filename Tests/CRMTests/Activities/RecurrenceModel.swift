// A slow model of recurrence: every day is tried, every hour, minute and second of it, and periods are only a key to group by. It knows
// the rule's lists and the calendar, and shares no code with what it checks.

import CRM
import Engine

struct RecurrenceModel {
    let rule: RecurrenceRule
    let start: LocalTime

    private struct Day {
        var number: Int
        var year: Int
        var month: Int
        var day: Int

        var isLeap: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        var monthLengths: [Int] { [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] }
        var monthLength: Int { monthLengths[month - 1] }
        var yearLength: Int { isLeap ? 366 : 365 }
        var dayOfYear: Int { monthLengths[..<(month - 1)].reduce(0, +) + day }
        /// 0 Sunday: 1970-01-01 was a Thursday.
        var weekday: Int { ((number + 4) % 7 + 7) % 7 }

        mutating func advance() {
            number += 1
            day += 1
            guard day > monthLength else { return }
            day = 1
            month += 1
            guard month > 12 else { return }
            month = 1
            year += 1
        }

        mutating func goBack() {
            number -= 1
            day -= 1
            guard day == 0 else { return }
            month -= 1
            if month == 0 {
                month = 12
                year -= 1
            }
            day = monthLength
        }
    }

    /// A day from the digits that a local time is written with.
    private static func day(of time: LocalTime) -> Day {
        let digits = time.description.compactMap(\.wholeNumberValue)
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        let seconds = number(8..<10) * 3600 + number(10..<12) * 60 + number(12..<14)
        return Day(
            number: Int((time.seconds - Int64(seconds)) / 86_400),
            year: number(0..<4),
            month: number(4..<6),
            day: number(6..<8)
        )
    }

    /// The local times up to one, in order.
    func times(through end: LocalTime) -> [LocalTime] {
        var day = Self.day(of: start)
        let startDay = day
        // A whole year or week before the start, so that the start's period is whole.
        for _ in 0..<380 { day.goBack() }
        let startKey = key(startDay, Int(start.seconds - Int64(startDay.number) * 86_400))
        var periods: [Int: [LocalTime]] = [:]
        // The period of the end has to be whole too: `BYSETPOS=-1`.
        while Int64(day.number) * 86_400 <= end.seconds + 380 * 86_400 {
            defer { day.advance() }
            guard accepts(day) else { continue }
            if isSmall, abs(Int64(day.number) * 86_400 - start.seconds) > 86_400 + end.seconds - start.seconds {
                continue
            }
            for second in timesOfDay {
                let key = key(day, second)
                guard key >= startKey, (key - startKey) % rule.interval == 0,
                    let time = LocalTime(seconds: Int64(day.number) * 86_400 + Int64(second))
                else { continue }
                periods[key, default: []].append(time)
            }
        }
        var times: [LocalTime] = []
        for key in periods.keys.sorted() {
            let set = periods[key] ?? []
            if rule.positions.isEmpty {
                times += set
            } else {
                let places = Set(rule.positions.map { $0 > 0 ? $0 - 1 : set.count + $0 })
                times += places.filter(set.indices.contains).sorted().map { set[$0] }
            }
        }
        times = times.filter { $0 >= start }
        if case .count(let count) = rule.end { times = Array(times.prefix(count)) }
        if case .until(.local(let until)) = rule.end { times = times.filter { $0 <= until } }
        return times.filter { $0 <= end }
    }

    private var isSmall: Bool { [.hourly, .minutely, .secondly].contains(rule.frequency) }

    private var timesOfDay: [Int] {
        let startSecond = Int((start.seconds % 86_400 + 86_400) % 86_400)
        var times: [Int] = []
        for hour in 0..<24 where rule.hours.isEmpty ? isSmall || hour == startSecond / 3600 : rule.hours.contains(hour)
        {
            for minute in 0..<60 {
                let isEveryMinute = rule.frequency == .minutely || rule.frequency == .secondly
                guard
                    rule.minutes.isEmpty
                        ? isEveryMinute || minute == startSecond / 60 % 60 : rule.minutes.contains(minute)
                else { continue }
                for second in 0..<60 {
                    let isEverySecond = rule.frequency == .secondly
                    guard
                        rule.seconds.isEmpty
                            ? isEverySecond || second == startSecond % 60 : rule.seconds.contains(second)
                    else { continue }
                    times.append(hour * 3600 + minute * 60 + second)
                }
            }
        }
        return times
    }

    /// The first day of the week that a day lies in.
    private func weekFirst(_ day: Day) -> Day {
        var first = day
        while first.weekday != rule.weekStart { first.goBack() }
        return first
    }

    /// The year that has four days of a day's week, and the week's number in it from 1.
    private func week(_ day: Day) -> (year: Int, number: Int, count: Int) {
        func fourth(_ first: Day) -> Day {
            var day = first
            for _ in 0..<3 { day.advance() }
            return day
        }
        let first = weekFirst(day)
        let year = fourth(first).year
        var number = 1
        var other = first
        while true {
            for _ in 0..<7 { other.goBack() }
            guard fourth(other).year == year else { break }
            number += 1
        }
        var count = number
        other = first
        while true {
            for _ in 0..<7 { other.advance() }
            guard fourth(other).year == year else { break }
            count += 1
        }
        return (year, number, count)
    }

    private func key(_ day: Day, _ second: Int) -> Int {
        switch rule.frequency {
        case .secondly: day.number * 86_400 + second
        case .minutely: day.number * 1440 + second / 60
        case .hourly: day.number * 24 + second / 3600
        case .daily: day.number
        case .weekly: (weekFirst(day).number + 700_007) / 7
        case .monthly: day.year * 12 + day.month
        case .yearly: rule.weekNumbers.isEmpty ? day.year : week(day).year
        }
    }

    private static func has(_ list: [Int], _ number: Int, of count: Int) -> Bool {
        list.contains(number) || list.contains(number - count - 1)
    }

    private func accepts(_ day: Day) -> Bool {
        if !rule.months.isEmpty, !rule.months.contains(day.month) { return false }
        if !rule.monthDays.isEmpty, !Self.has(rule.monthDays, day.day, of: day.monthLength) { return false }
        if !rule.yearDays.isEmpty, !Self.has(rule.yearDays, day.dayOfYear, of: day.yearLength) { return false }
        if !rule.weekNumbers.isEmpty {
            let week = week(day)
            if !Self.has(rule.weekNumbers, week.number, of: week.count) { return false }
        }
        if !rule.weekdays.isEmpty { return rule.weekdays.contains { accepts(day, $0) } }
        guard rule.monthDays.isEmpty, rule.yearDays.isEmpty else { return true }
        let startDay = Self.day(of: start)
        switch rule.frequency {
        case .weekly: return day.weekday == startDay.weekday
        case .monthly: return day.day == startDay.day
        case .yearly where !rule.weekNumbers.isEmpty: return day.weekday == startDay.weekday
        case .yearly: return day.day == startDay.day && (!rule.months.isEmpty || day.month == startDay.month)
        default: return true
        }
    }

    private func accepts(_ day: Day, _ wanted: RecurrenceRule.Weekday) -> Bool {
        guard day.weekday == wanted.weekday else { return false }
        guard wanted.ordinal != 0 else { return true }
        let isOfMonth = rule.frequency == .monthly || !rule.months.isEmpty
        let number = isOfMonth ? day.day : day.dayOfYear
        let length = isOfMonth ? day.monthLength : day.yearLength
        // Its place among the days of the period that have its weekday.
        let same = (1...length).filter { ($0 - number) % 7 == 0 }
        guard let place = same.firstIndex(of: number) else { return false }
        return wanted.ordinal > 0 ? place + 1 == wanted.ordinal : place - same.count == wanted.ordinal
    }
}

extension RecurrenceModel {
    /// The moment of a local time in a zone, found by trying the offsets of the days around it.
    static func moment(_ time: LocalTime, _ zone: TimeZoneRules) -> Int64 {
        let local = time.seconds * 1_000_000
        let (before, after) = (zone.offset(at: local - 86_400_000_000), zone.offset(at: local + 86_400_000_000))
        let shown = [local - before, local - after].filter { zone.local($0) == local }
        return shown.min() ?? local - before
    }
}
