// DURING as a range of days or moments, worked out once per execution: what zone maps and ordered indexes understand. A date
// counts as the first moment of its day throughout.

extension QueryEnvironment {
    /// Counts beyond this are refused: a hundred thousand years are more than dates have.
    static let countMax: Int64 = 100_000

    /// The first and the last day or moment of a period; empty when the first is above the last. Operands are the period's,
    /// as numbers and days.
    func range(
        _ kind: Period.Kind,
        _ unit: CalendarUnit,
        _ operands: [Int64],
        isMoment: Bool
    ) throws(QueryError) -> ClosedRangeOfNumbers {
        for operand in operands where !kind.takesDate && operand.magnitude > Self.countMax.magnitude {
            throw QueryError(.type, "\(operand) is too large a number behind DURING: at most \(Self.countMax)")
        }
        let number = operands.first ?? 0
        let today = today
        let now = isMoment ? nowMicroseconds : Int64(today)
        /// From the beginning of one day, to the beginning of another.
        func days(_ first: Int?, _ end: Int?) -> ClosedRangeOfNumbers {
            func start(_ day: Int) -> Int64 { isMoment ? calendar.moment(ofDay: day) : Int64(day) }
            return ClosedRangeOfNumbers(
                first: first.map(start) ?? .min,
                last: end.map { start($0).addingClamped(-1) } ?? .max
            )
        }
        func periods(_ unit: CalendarUnit, _ first: Int?, _ last: Int?) -> ClosedRangeOfNumbers {
            days(first.map { calendar.firstDay(unit, $0) }, last.map { calendar.firstDay(unit, $0 + 1) })
        }
        switch kind {
        case .shifted:
            if let length = unit.clockMicroseconds {
                let start = now - calendar.timeZone.local(now).modulo(length) + number * length
                return ClosedRangeOfNumbers(first: start, last: start + length - 1)
            }
            let period = calendar.period(unit, today) + Int(number)
            return periods(unit, period, period)
        case .last, .olderThan:
            var start: Int64
            if let length = unit.clockMicroseconds {
                start = now.addingClamped(-number * length)
            } else {
                start = days(day(today, plus: -Int(number), unit, end: false), nil).first
            }
            return kind == .last
                ? ClosedRangeOfNumbers(first: start, last: now)
                : ClosedRangeOfNumbers(first: .min, last: start.addingClamped(-1))
        case .next:
            let last =
                unit.clockMicroseconds.map { now.addingClamped(number * $0) }
                ?? days(nil, day(today, plus: Int(number), unit, end: true)).last
            return ClosedRangeOfNumbers(first: now.addingClamped(1), last: last)
        case .on: return days(Int(number), Int(number) + 1)
        case .onOrAfter: return days(Int(number), nil)
        case .onOrBefore: return days(nil, Int(number) + 1)
        case .fiscalYear:
            let year = calendar.fiscalYear(named: Int(number))
            return periods(.fiscalYear, year, year)
        case .fiscalPeriod, .fiscalPeriodOfYear, .fiscalPeriodOrAfter, .fiscalPeriodOrBefore:
            let count = calendar.fiscalPeriods.count
            guard operands.count == 2, operands[1] >= 1, operands[1] <= Int64(count) else {
                throw QueryError(.type, "the fiscal year has \(count) periods, from 1")
            }
            let period = calendar.fiscalYear(named: Int(number)) * count + Int(operands[1]) - 1
            return periods(
                .fiscalPeriod,
                kind == .fiscalPeriodOrBefore ? nil : period,
                kind == .fiscalPeriodOrAfter ? nil : period
            )
        }
    }

    /// The day so many units before or after a day; of fiscal units the first day, or the day behind the last.
    private func day(_ day: Int, plus number: Int, _ unit: CalendarUnit, end: Bool) -> Int {
        let next = end ? 1 : 0
        switch unit {
        case .second, .minute, .hour, .day: return day + number + next
        case .week: return day + 7 * number + next
        case .month: return CivilDay(day).adding(months: number) + next
        case .quarter: return CivilDay(day).adding(months: 3 * number) + next
        case .year: return CivilDay(day).adding(months: 12 * number) + next
        case .fiscalPeriod, .fiscalQuarter, .fiscalYear:
            return calendar.firstDay(unit, calendar.period(unit, day) + number + next)
        }
    }
}

/// Numbers from one to another, both included; none when the first is above the last.
struct ClosedRangeOfNumbers: Hashable, Sendable {
    var first: Int64
    var last: Int64
}
