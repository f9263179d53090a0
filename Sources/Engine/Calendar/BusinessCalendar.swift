// Periods: which one a day belongs to, and where it begins. Every period of a unit has a number, so that "the one before" and
// "how many between" are sums. All on days; moments become local days by the organisation's time zone.

/// How a fiscal year is divided.
public enum FiscalPeriodKind: Int32, Hashable, Sendable, CaseIterable {
    /// The year itself.
    case year = 2000
    /// Two halves.
    case halfYear = 2001
    /// Four quarters.
    case quarter = 2002
    /// Twelve months.
    case month = 2003
    /// Thirteen times four weeks; the last takes the rest of the year.
    case fourWeeks = 2004

    /// Periods of a year.
    package var count: Int {
        switch self {
        case .year: 1
        case .halfYear: 2
        case .quarter: 4
        case .month: 12
        case .fourWeeks: 13
        }
    }
}

/// Units of calendars and clocks. Numbers are frozen: trees carry them.
public enum CalendarUnit: UInt8, Hashable, Sendable, CaseIterable {
    case second = 1
    case minute = 2
    case hour = 3
    case day = 4
    case week = 5
    case month = 6
    case quarter = 7
    case year = 8
    case fiscalPeriod = 9
    case fiscalQuarter = 10
    case fiscalYear = 11

    /// How SQL writes it.
    package var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .quarter: "quarter"
        case .year: "year"
        case .fiscalPeriod: "fiscalperiod"
        case .fiscalQuarter: "fiscalquarter"
        case .fiscalYear: "fiscalyear"
        }
    }

    /// Reads a name, also in the plural.
    package init?(name: String) {
        let unit = CalendarUnit.allCases.first { $0.name == name || $0.name + "s" == name }
        guard let unit else { return nil }
        self = unit
    }

    /// Microseconds of a unit that clocks count; nil for those of the calendar.
    var clockMicroseconds: Int64? {
        switch self {
        case .second: 1_000_000
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        default: nil
        }
    }
}

/// The organisation's calendar: its time zone, the day on which its weeks begin, and its fiscal year.
public struct BusinessCalendar: Hashable, Sendable {
    /// Local time.
    public var timeZone: TimeZoneRules
    /// 0 Sunday … 6 Saturday.
    public var weekStart: Int
    /// Month in which the fiscal year begins.
    public var fiscalMonth: Int
    /// Day of that month, at most 28.
    public var fiscalDay: Int
    /// How the fiscal year is divided.
    public var fiscalPeriods: FiscalPeriodKind
    /// Whether a fiscal year has the number of the calendar year in which it ends, rather than begins.
    public var isFiscalYearNamedByItsEnd: Bool

    /// Makes a calendar; numbers outside their ranges are brought to the nearest. The default is UTC, weeks from Monday and a
    /// fiscal year that is the calendar's, in quarters.
    public init(
        timeZone: TimeZoneRules = .utc,
        weekStart: Int = 1,
        fiscalMonth: Int = 1,
        fiscalDay: Int = 1,
        fiscalPeriods: FiscalPeriodKind = .quarter,
        isFiscalYearNamedByItsEnd: Bool = false
    ) {
        self.timeZone = timeZone
        self.weekStart = min(max(weekStart, 0), 6)
        self.fiscalMonth = min(max(fiscalMonth, 1), 12)
        self.fiscalDay = min(max(fiscalDay, 1), 28)
        self.fiscalPeriods = fiscalPeriods
        self.isFiscalYearNamedByItsEnd = isFiscalYearNamedByItsEnd
    }

    // MARK: Days

    /// The local day of a moment.
    package func day(_ moment: Int64) -> Int { Int(timeZone.local(moment).dividedDown(by: 86_400_000_000)) }

    /// The first moment of a local day.
    package func moment(ofDay day: Int) -> Int64 { timeZone.moment(local: CalendarText.microseconds(days: Int64(day))) }

    // MARK: Periods

    /// Number of the period that a day belongs to. Units of clocks have none: they count as days.
    package func period(_ unit: CalendarUnit, _ day: Int) -> Int {
        switch unit {
        case .second, .minute, .hour, .day: return day
        // Day 0 was a Thursday.
        case .week: return (day + 4 - weekStart).dividedDown(by: 7)
        case .month: return CivilDay(day).monthIndex
        case .quarter: return CivilDay(day).monthIndex.dividedDown(by: 3)
        case .year: return CivilDay(day).year
        case .fiscalYear: return fiscalYear(day)
        case .fiscalQuarter:
            let year = fiscalYear(day)
            return year * 4 + min(3, fiscalPart(day, year) / 3)
        case .fiscalPeriod:
            let year = fiscalYear(day)
            return year * fiscalPeriods.count + fiscalPart(day, year) * fiscalPeriods.count / partCount
        }
    }

    /// The first day of a period.
    package func firstDay(_ unit: CalendarUnit, _ period: Int) -> Int {
        switch unit {
        case .second, .minute, .hour, .day: return period
        case .week: return period * 7 - 4 + weekStart
        case .month: return CivilDay.firstDay(ofMonth: period)
        case .quarter: return CivilDay.firstDay(ofMonth: period * 3)
        case .year: return CivilDay.day(year: period, month: 1, day: 1)
        case .fiscalYear: return firstDay(ofFiscalYear: period)
        case .fiscalQuarter:
            let year = period.dividedDown(by: 4)
            return firstDay(ofPart: (period - year * 4) * 3, year)
        case .fiscalPeriod:
            let year = period.dividedDown(by: fiscalPeriods.count)
            return firstDay(ofPart: (period - year * fiscalPeriods.count) * partCount / fiscalPeriods.count, year)
        }
    }

    /// What people call a fiscal year by the number of its period.
    func fiscalName(_ year: Int) -> Int { year + (namesLater ? 1 : 0) }

    /// The number of the fiscal year that people call so.
    func fiscalYear(named name: Int) -> Int { name - (namesLater ? 1 : 0) }

    private var namesLater: Bool { isFiscalYearNamedByItsEnd && (fiscalMonth, fiscalDay) != (1, 1) }

    private func firstDay(ofFiscalYear year: Int) -> Int {
        CivilDay.day(year: year, month: fiscalMonth, day: fiscalDay)
    }

    private func fiscalYear(_ day: Int) -> Int {
        let civil = CivilDay(day)
        return (civil.month, civil.day) < (fiscalMonth, fiscalDay) ? civil.year - 1 : civil.year
    }

    /// Fiscal years are divided into twelve months, or thirteen times four weeks; a quarter has three of them, and the last
    /// the rest.
    private var partCount: Int { fiscalPeriods == .fourWeeks ? 13 : 12 }

    /// Which part of its fiscal year a day belongs to, from 0.
    private func fiscalPart(_ day: Int, _ year: Int) -> Int {
        if fiscalPeriods == .fourWeeks { return min(12, (day - firstDay(ofFiscalYear: year)) / 28) }
        let civil = CivilDay(day)
        return civil.monthIndex - (civil.day < fiscalDay ? 1 : 0) - (year * 12 + fiscalMonth - 1)
    }

    private func firstDay(ofPart part: Int, _ year: Int) -> Int {
        if fiscalPeriods == .fourWeeks { return firstDay(ofFiscalYear: year) + part * 28 }
        return CivilDay.firstDay(ofMonth: year * 12 + fiscalMonth - 1 + part) + fiscalDay - 1
    }
}

extension CalendarUnit: CustomStringConvertible {
    /// The name in SQL.
    public var description: String { name }
}
