/// Dates of the proleptic Gregorian calendar as days since 1970-01-01, by H. Hinnant's algorithms
/// (http://howardhinnant.github.io/date_algorithms.html): eras of 400 years, years that begin on the first of March.
package enum CivilDate {
    /// The years that imports accept: four digits, as in ISO 8601.
    package static let years = 1...9999

    /// Days since 1970-01-01, or nil when the calendar has no such day.
    package static func days(year: Int, month: Int, day: Int) -> Int32? {
        guard years.contains(year), (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year: year) else {
            return nil
        }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int32(era * 146_097 + dayOfEra - 719_468)
    }

    package static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
