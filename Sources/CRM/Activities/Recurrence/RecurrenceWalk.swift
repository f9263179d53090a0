// Steps through the local times of a rule, in order and each once, from any time on.
//
// Lifecycle: made at the start of the series; `seek` may be called before the first `next`. Every period and day that is looked at is a
// step, and steps have a limit: whatever the rule, a walk ends or throws.

import Engine

struct RecurrenceWalk {
    private let pattern: RecurrencePattern
    /// The number of the period that the start belongs to: those of the series are every `interval`-th from it.
    private let firstPeriod: Int
    private let lastPeriod: Int
    private let countMax: Int
    /// Local times of the rule before the next one.
    private(set) var consumed = 0
    private var stepsLeft = RecurrenceLimits.stepsMax

    // The period at hand: its days, the times of each, and which of their product comes next.
    private var period: Int
    private var days: [Int] = []
    private var hours: UInt64 = 0
    private var minutes: UInt64 = 0
    private var seconds: UInt64 = 0
    /// Which local times of the period are meant, when `BYSETPOS` chooses.
    private var chosen: [Int] = []
    private var index = 0
    private var indexEnd = 0

    /// - Parameter limit: later local times need not be found.
    init(_ rule: RecurrenceRule, start: LocalTime, through limit: LocalTime = .latest) {
        pattern = RecurrencePattern(rule, start: start)
        firstPeriod = pattern.period(of: start)
        lastPeriod = pattern.period(of: limit)
        period = firstPeriod - pattern.interval
        if case .count(let count) = rule.end { countMax = count } else { countMax = .max }
    }

    // MARK: Walking

    /// The next local time; nil behind the limit, at the end of the rule's count or of the calendar. `UNTIL`, which needs a time
    /// zone, is the caller's.
    mutating func next() throws(RecurrenceError) -> LocalTime? {
        guard consumed < countMax else { return nil }
        while index == indexEnd {
            guard try load(period + pattern.interval) else { return nil }
            skip(before: pattern.start)
        }
        let time = time(index)
        index += 1
        consumed += 1
        return time
    }

    /// Makes the first local time that is not before `time` the next.
    ///
    /// Without a count: one step. With one: a step for each period before it.
    mutating func seek(_ time: LocalTime) throws(RecurrenceError) {
        guard time > pattern.start else { return }
        let target = pattern.period(of: time)
        if countMax == .max {
            period = firstPeriod + (target - firstPeriod) / pattern.interval * pattern.interval - pattern.interval
        }
        while try load(period + pattern.interval) {
            skip(before: pattern.start)
            if period >= target {
                let first = index
                skip(before: time)
                consumed += index - first
                return
            }
            consumed += indexEnd - index
            index = indexEnd
            if consumed >= countMax { return }
        }
    }

    /// The last local time of a rule with a count, nil when the calendar ends before it or there is none at all.
    ///
    /// A step for each period.
    mutating func last() throws(RecurrenceError) -> LocalTime? {
        precondition(countMax != .max, "a rule without a count has no last local time")
        var last: LocalTime?
        while consumed < countMax, try load(period + pattern.interval) {
            skip(before: pattern.start)
            let taken = min(indexEnd - index, countMax - consumed)
            guard taken > 0 else { continue }
            last = time(index + taken - 1)
            consumed += taken
        }
        return last
    }

    // MARK: Periods

    /// Makes the first period from `wanted` on that has any local times the one at hand; false at the end of the calendar.
    private mutating func load(_ wanted: Int) throws(RecurrenceError) -> Bool {
        var wanted = wanted
        index = 0
        indexEnd = 0
        while wanted <= lastPeriod {
            period = wanted
            try count(steps: 1)
            if let next = try loadDays() {
                // The first period of the series that is not before `next`.
                let behind = next - firstPeriod
                wanted = firstPeriod + (behind + pattern.interval - 1) / pattern.interval * pattern.interval
                continue
            }
            if !days.isEmpty {
                indexEnd = days.count * timesPerDay
                if !pattern.positions.isEmpty { choose() }
                if indexEnd > 0 { return true }
            }
            wanted += pattern.interval
        }
        period = wanted
        return false
    }

    /// Finds the days of the period at hand and their times of day. Returns the next period that may have any when this one cannot.
    private mutating func loadDays() throws(RecurrenceError) -> Int? {
        (hours, minutes, seconds) = (pattern.hours, pattern.minutes, pattern.seconds)
        let secondsPerPeriod: Int
        switch pattern.frequency {
        case .yearly, .monthly, .weekly:
            try count(steps: pattern.days(ofPeriod: period, into: &days))
            // Only the last week of the calendar has days beyond it.
            while let day = days.last, day > LocalTime.latest.day { days.removeLast() }
            return nil
        case .daily:
            if pattern.days(ofPeriod: period, into: &days) == 1, !days.isEmpty { return nil }
            return pattern.nextCandidate(after: period)
        case .hourly: secondsPerPeriod = 3600
        case .minutely: secondsPerPeriod = 60
        case .secondly: secondsPerPeriod = 1
        }
        days.removeAll(keepingCapacity: true)
        let periodsPerDay = 86_400 / secondsPerPeriod
        let day = period.dividedDown(by: periodsPerDay)
        guard pattern.accepts(day) else { return pattern.nextCandidate(after: day) * periodsPerDay }
        let second = (period - day * periodsPerDay) * secondsPerPeriod
        hours &= 1 << (second / 3600)
        guard hours != 0 else {
            return (period.dividedDown(by: 3600 / secondsPerPeriod) + 1) * (3600 / secondsPerPeriod)
        }
        if secondsPerPeriod < 3600 {
            minutes &= 1 << (second / 60 % 60)
            let perMinute = 60 / secondsPerPeriod
            guard minutes != 0 else { return (period.dividedDown(by: perMinute) + 1) * perMinute }
        }
        if secondsPerPeriod < 60 {
            seconds &= 1 << (second % 60)
            guard seconds != 0 else { return period + 1 }
        }
        days.append(day)
        return nil
    }

    private mutating func count(steps: Int) throws(RecurrenceError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw RecurrenceError(
                .tooMuchWork,
                "no answer after looking at \(RecurrenceLimits.stepsMax) periods and days, up to "
                    + RecurrenceDate.text(day: pattern.day(ofPeriod: period))
            )
        }
    }

    // MARK: Local times of the period at hand

    private var timesPerDay: Int { hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount }

    /// Which of the product of days and times the positions mean, in order and each once.
    private mutating func choose() {
        let count = indexEnd
        let meant = pattern.positions.map { $0 > 0 ? $0 - 1 : count + $0 }.filter { 0 <= $0 && $0 < count }
        chosen = Array(Set(meant)).sorted()
        indexEnd = chosen.count
    }

    /// The local time with an index.
    private func time(_ index: Int) -> LocalTime {
        let place = pattern.positions.isEmpty ? index : chosen[index]
        let (dayIndex, timeIndex) = place.quotientAndRemainder(dividingBy: timesPerDay)
        let (hourIndex, rest) = timeIndex.quotientAndRemainder(
            dividingBy: minutes.nonzeroBitCount * seconds.nonzeroBitCount
        )
        let (minuteIndex, secondIndex) = rest.quotientAndRemainder(dividingBy: seconds.nonzeroBitCount)
        let second =
            Self.bit(hourIndex, of: hours) * 3600 + Self.bit(minuteIndex, of: minutes) * 60
            + Self.bit(secondIndex, of: seconds)
        // A period of the first year of the calendar may begin before it: what lies there is before every start.
        return LocalTime(unchecked: Int64(days[dayIndex]) * LocalTime.secondsPerDay + Int64(second))
    }

    /// Moves on to the first local time of the period that is not before `time`.
    private mutating func skip(before time: LocalTime) {
        if !pattern.positions.isEmpty {
            while index < indexEnd, self.time(index) < time { index += 1 }
            return
        }
        // Days in order: those before, and on the day itself the times before.
        let day = time.day
        var low = 0
        var high = days.count
        while low < high {
            let middle = (low + high) / 2
            if days[middle] < day { low = middle + 1 } else { high = middle }
        }
        var first = low * timesPerDay
        if low < days.count, days[low] == day { first += timesOfDay(before: time.secondOfDay) }
        index = max(index, first)
    }

    private func timesOfDay(before second: Int) -> Int {
        let (hour, minute) = (second / 3600, second / 60 % 60)
        let perMinute = seconds.nonzeroBitCount
        var count = Self.bits(of: hours, below: hour) * minutes.nonzeroBitCount * perMinute
        guard hours >> hour & 1 == 1 else { return count }
        count += Self.bits(of: minutes, below: minute) * perMinute
        guard minutes >> minute & 1 == 1 else { return count }
        return count + Self.bits(of: seconds, below: second % 60)
    }

    private static func bits(of mask: UInt64, below bit: Int) -> Int { (mask & (1 << bit - 1)).nonzeroBitCount }

    /// The place of the `index`-th bit that is set.
    private static func bit(_ index: Int, of mask: UInt64) -> Int {
        var rest = mask
        for _ in 0..<index { rest &= rest - 1 }
        return rest.trailingZeroBitCount
    }
}
