// Functions of dates and moments. A moment is taken in the organisation's local time: its day, month or fiscal year is the
// one that the clock on its wall shows, and the beginning of a unit is the moment at which that clock got there.

extension Evaluator {
    private static let dayLength: Int64 = 86_400_000_000
    /// Years 1 to 9999: what dates can be written as.
    private static let days = -719_162...2_932_896
    /// Units that can be added: ten thousand years of microseconds are fewer seconds than this.
    private static let addendMax: Int64 = 1 << 40

    private static func outside() -> QueryError {
        QueryError(.overflow, "a date in the query lies outside of the years 1 to 9999")
    }

    /// Replaces moments by their local days.
    private func toDays(_ vector: Vector, _ type: QueryType, _ count: Int) {
        guard type == .instant else { return }
        let calendar = environment.calendar
        if calendar.timeZone.isUTC {
            for index in 0..<count { vector.numbers[index] = vector.numbers[index].dividedDown(by: Self.dayLength) }
        } else {
            for index in 0..<count where vector.isValid(index) {
                vector.numbers[index] = Int64(calendar.day(vector.numbers[index]))
            }
        }
    }

    /// Replaces dates or moments by a part of them.
    func datePart(_ function: ScalarFunction, _ vector: Vector, _ type: QueryType, _ count: Int) {
        let calendar = environment.calendar
        switch function {
        case .hour, .minute, .second:
            for index in 0..<count where vector.isValid(index) {
                let seconds = calendar.timeZone.local(vector.numbers[index]).modulo(Self.dayLength) / 1_000_000
                vector.numbers[index] =
                    function == .hour ? seconds / 3600 : function == .minute ? seconds / 60 % 60 : seconds % 60
            }
            return
        default: toDays(vector, type, count)
        }
        for index in 0..<count where vector.isValid(index) {
            let day = Int(vector.numbers[index])
            let part: Int =
                switch function {
                case .year: CivilDay(day).year
                case .quarter: (CivilDay(day).month + 2) / 3
                case .month: CivilDay(day).month
                case .day: CivilDay(day).day
                // Day 0 was a Thursday, the fourth.
                case .weekday: (day + 3).modulo(7) + 1
                case .dayOfYear: day - CivilDay.day(year: CivilDay(day).year, month: 1, day: 1) + 1
                case .week, .weekYear: Self.week(day, isYear: function == .weekYear)
                case .fiscalYear: calendar.fiscalName(calendar.period(.fiscalYear, day))
                case .fiscalQuarter: calendar.period(.fiscalQuarter, day).modulo(4) + 1
                default: calendar.period(.fiscalPeriod, day).modulo(calendar.fiscalPeriods.count) + 1
                }
            vector.numbers[index] = Int64(part)
        }
    }

    /// ISO 8601: a week belongs to the year of its Thursday.
    private static func week(_ day: Int, isYear: Bool) -> Int {
        let thursday = day - (day + 3).modulo(7) + 3
        let year = CivilDay(thursday).year
        return isYear ? year : (thursday - CivilDay.day(year: year, month: 1, day: 1)) / 7 + 1
    }

    /// DATE_TRUNC, DATEADD and DATEDIFF.
    func evaluateDates(
        _ function: ScalarFunction,
        _ operands: [Bound],
        _ batch: Batch
    ) throws(QueryError) -> Vector {
        guard case .number(let number) = operands[0].node, let unit = CalendarUnit(rawValue: UInt8(number)) else {
            preconditionFailure("the binder has seen to it that a unit is a constant")
        }
        let count = batch.count
        if function == .truncate {
            let value = try evaluate(operands[1], batch)
            truncate(value, unit, operands[1].type, count)
            return value
        }
        let (first, second) = (try evaluate(operands[1], batch), try evaluate(operands[2], batch))
        for index in 0..<count where first.valid[index] == 0 { second.setNull(index) }
        if function == .dateAdd {
            try add(first, unit, to: second, operands[2].type, count)
        } else {
            subtract(first, operands[1].type, unit, from: second, operands[2].type, count)
        }
        release(first)
        return second
    }

    private func truncate(_ value: Vector, _ unit: CalendarUnit, _ type: QueryType, _ count: Int) {
        let calendar = environment.calendar
        if let length = unit.clockMicroseconds {
            for index in 0..<count where value.isValid(index) {
                let moment = value.numbers[index]
                // Back by what the clock shows beyond the full unit: right in the hour that comes twice, too.
                value.numbers[index] = moment.addingClamped(-calendar.timeZone.local(moment).modulo(length))
            }
            return
        }
        toDays(value, type, count)
        for index in 0..<count where value.isValid(index) {
            let day = calendar.firstDay(unit, calendar.period(unit, Int(value.numbers[index])))
            value.numbers[index] = type == .instant ? calendar.moment(ofDay: day) : Int64(day)
        }
    }

    private func add(
        _ numbers: Vector,
        _ unit: CalendarUnit,
        to value: Vector,
        _ type: QueryType,
        _ count: Int
    ) throws(QueryError) {
        let calendar = environment.calendar
        for index in 0..<count where value.isValid(index) {
            let number = numbers.numbers[index]
            guard number.magnitude <= Self.addendMax.magnitude else { throw Self.outside() }
            if let length = unit.clockMicroseconds {
                let (product, isTooLarge) = number.multipliedReportingOverflow(by: length)
                let (sum, overflow) = value.numbers[index].addingReportingOverflow(product)
                guard !isTooLarge, !overflow else { throw Self.outside() }
                value.numbers[index] = sum
                continue
            }
            // A moment keeps its time of the day.
            let local = type == .instant ? calendar.timeZone.local(value.numbers[index]) : 0
            let day = type == .instant ? Int(local.dividedDown(by: Self.dayLength)) : Int(value.numbers[index])
            let sum = Self.day(day, plus: Int(number), unit, calendar)
            guard Self.days.contains(sum) else { throw Self.outside() }
            value.numbers[index] =
                type == .instant
                ? calendar.timeZone.moment(local: Int64(sum) * Self.dayLength + local.modulo(Self.dayLength))
                : Int64(sum)
        }
    }

    private static func day(_ day: Int, plus number: Int, _ unit: CalendarUnit, _ calendar: BusinessCalendar) -> Int {
        let months: Int
        switch unit {
        case .second, .minute, .hour, .day: return day + number
        case .week: return day + 7 * number
        case .month: months = 1
        case .quarter, .fiscalQuarter: months = 3
        case .year, .fiscalYear: months = 12
        case .fiscalPeriod:
            if calendar.fiscalPeriods == .fourWeeks { return day + 28 * number }
            months = 12 / calendar.fiscalPeriods.count
        }
        return CivilDay(day).adding(months: months * number)
    }

    private func subtract(
        _ from: Vector,
        _ fromType: QueryType,
        _ unit: CalendarUnit,
        from to: Vector,
        _ toType: QueryType,
        _ count: Int
    ) {
        let calendar = environment.calendar
        if let length = unit.clockMicroseconds {
            for index in 0..<count where to.isValid(index) {
                // In 128 bits, since moments may be 2^64 apart; a quotient by a million fits again.
                to.numbers[index] = Int64((Int128(to.numbers[index]) - Int128(from.numbers[index])) / Int128(length))
            }
            return
        }
        toDays(from, fromType, count)
        toDays(to, toType, count)
        for index in 0..<count where to.isValid(index) {
            to.numbers[index] = Int64(
                calendar.period(unit, Int(to.numbers[index])) - calendar.period(unit, Int(from.numbers[index]))
            )
        }
    }
}
