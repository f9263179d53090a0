// Days as year, month and day in the proleptic Gregorian calendar. Any 64-bit number of microseconds is a day within
// ±107 million, whose years fit easily.

/// A day by its parts.
package struct CivilDay: Hashable {
    package var year: Int
    package var month: Int
    package var day: Int

    /// The parts of a day since 1970-01-01.
    @inline(__always)
    package init(_ days: Int) {
        // Years begin in March, so that the leap day is a year's last; eras have 400 years or 146,097 days from 0000-03-01.
        let shifted = days + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01 of a date that need not exist: the day counts on from the month's first.
    @inline(__always)
    package static func day(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.dividedDown(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Number of a month: twelve times the year, and the month from 0.
    package var monthIndex: Int { year * 12 + month - 1 }

    /// The first day of a month by its number.
    package static func firstDay(ofMonth index: Int) -> Int {
        let year = index.dividedDown(by: 12)
        return day(year: year, month: index - year * 12 + 1, day: 1)
    }

    /// The day so many months later; a day that the month does not have becomes its last.
    package func adding(months: Int) -> Int {
        let index = monthIndex + months
        let first = Self.firstDay(ofMonth: index)
        return min(first + day - 1, Self.firstDay(ofMonth: index + 1) - 1)
    }
}
