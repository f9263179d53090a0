// Local time to the second, as calendars write it: the clock on the wall, without saying where the wall is. Years 1…9999, so that
// all arithmetic on days and seconds fits easily.

import Engine

/// A local date and time.
public struct LocalTime: Hashable, Comparable, Sendable {
    /// Seconds since the local 1970-01-01T00:00:00.
    public let seconds: Int64

    static let secondsPerDay: Int64 = 86_400
    /// 0001-01-01T00:00:00.
    static let earliest = LocalTime(unchecked: Int64(CivilDay.day(year: 1, month: 1, day: 1)) * secondsPerDay)
    /// 9999-12-31T23:59:59.
    static let latest = LocalTime(unchecked: Int64(CivilDay.day(year: 10_000, month: 1, day: 1)) * secondsPerDay - 1)

    init(unchecked seconds: Int64) { self.seconds = seconds }

    /// Makes a time; nil outside the years 1…9999.
    public init?(seconds: Int64) {
        guard seconds >= Self.earliest.seconds, seconds <= Self.latest.seconds else { return nil }
        self.seconds = seconds
    }

    /// The local time of a moment (microseconds since 1970 in UTC), fractions of a second dropped; the nearest year 1…9999.
    public init(moment: Int64, in zone: TimeZoneRules) {
        let seconds = zone.local(moment).dividedDown(by: 1_000_000)
        self.seconds = min(max(seconds, Self.earliest.seconds), Self.latest.seconds)
    }

    /// Reads `20260105T090000`, as an instance is named; nil when the text is something else.
    public init?(_ text: some StringProtocol) {
        guard case .local(let time)? = RecurrenceDate(text.utf8) else { return nil }
        self = time
    }

    /// A time of a day; the nearest year 1…9999.
    init(day: Int, secondOfDay: Int) {
        let seconds = Int64(day) * Self.secondsPerDay + Int64(secondOfDay)
        self.seconds = min(max(seconds, Self.earliest.seconds), Self.latest.seconds)
    }

    /// Earlier is less.
    public static func < (a: LocalTime, b: LocalTime) -> Bool { a.seconds < b.seconds }

    /// Days since 1970-01-01.
    var day: Int { Int(seconds.dividedDown(by: Self.secondsPerDay)) }

    /// Seconds since midnight.
    var secondOfDay: Int { Int(seconds.modulo(Self.secondsPerDay)) }

    /// The moment when clocks show it, in microseconds since 1970 in UTC; for gaps and overlaps see `TimeZoneRules`.
    public func moment(in zone: TimeZoneRules) -> Int64 { zone.moment(local: seconds * 1_000_000) }
}

extension LocalTime: CustomStringConvertible {
    /// As iCalendar writes it: `20260105T090000`.
    public var description: String {
        let second = secondOfDay
        return RecurrenceDate.text(day: day) + "T" + padded(second / 3600) + padded(second / 60 % 60)
            + padded(second % 60)
    }

    private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// A date as a line of iCalendar has it.
public enum RecurrenceDate: Hashable, Sendable {
    /// `20260105`: days since 1970-01-01.
    case day(Int)
    /// `20260105T090000`: a time in the zone of the series.
    case local(LocalTime)
    /// `20260105T080000Z`: a time in UTC.
    case utc(LocalTime)

    /// `20260105`.
    static func text(day: Int) -> String {
        let civil = CivilDay(day)
        let digits = String(civil.year * 10_000 + civil.month * 100 + civil.day)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
    }

    /// Reads one; nil when the bytes are none. A leap second is taken as the second before it.
    init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 8 || bytes.count == 15 || bytes.count == 16,
            let date = Self.number(bytes[0..<8]),
            let day = CalendarText.days(year: date / 10_000, month: date / 100 % 100, day: date % 100)
        else { return nil }
        if bytes.count == 8 {
            self = .day(Int(day))
            return
        }
        guard bytes[8] == UInt8(ascii: "T") || bytes[8] == UInt8(ascii: "t"), let time = Self.number(bytes[9..<15]),
            time / 10_000 < 24, time / 100 % 100 < 60, time % 100 <= 60
        else { return nil }
        let second = time / 10_000 * 3600 + time / 100 % 100 * 60 + min(time % 100, 59)
        let local = LocalTime(day: Int(day), secondOfDay: second)
        if bytes.count == 15 {
            self = .local(local)
        } else if bytes[15] == UInt8(ascii: "Z") || bytes[15] == UInt8(ascii: "z") {
            self = .utc(local)
        } else {
            return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in digits {
            guard byte &- 0x30 < 10 else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }
}

extension RecurrenceDate: CustomStringConvertible {
    /// As iCalendar writes it.
    public var description: String {
        switch self {
        case .day(let day): Self.text(day: day)
        case .local(let time): time.description
        case .utc(let time): "\(time)Z"
        }
    }
}
