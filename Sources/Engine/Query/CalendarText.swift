// Dates and moments as people write them in queries: ISO 8601, the proleptic Gregorian calendar, UTC unless an offset
// says otherwise. No leap seconds, no local time.

package enum CalendarText {
    /// Days from 1970-01-01 to a date; nil when the calendar has no such day. Years 1…9999.
    package static func days(year: Int, month: Int, day: Int) -> Int32? {
        guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[month - 1] else { return nil }
        return Int32(CivilDay.day(year: year, month: month, day: day))
    }

    /// Midnight UTC of a day; the first or last moment of 64 bits for days beyond them.
    package static func microseconds(days: Int64) -> Int64 {
        let (product, overflow) = days.multipliedReportingOverflow(by: 86_400_000_000)
        return overflow ? (days < 0 ? .min : .max) : product
    }

    /// Reads `2024-02-29`.
    package static func date(_ text: String) -> Int32? {
        var scanner = Scanner(text)
        guard let days = scanner.date(), scanner.isAtEnd else { return nil }
        return days
    }

    /// Reads `2024-02-29`, `2024-02-29 17:30`, `2024-02-29T17:30:15.250Z`, `…+02:00`: microseconds since 1970 in UTC.
    package static func instant(_ text: String) -> Int64? {
        var scanner = Scanner(text)
        guard let days = scanner.date() else { return nil }
        var microseconds = Int64(days) * 86_400_000_000
        if scanner.isAtEnd { return microseconds }
        guard
            scanner.accept(UInt8(ascii: "T")) || scanner.accept(UInt8(ascii: "t")) || scanner.accept(UInt8(ascii: " ")),
            let hour = scanner.number(2), hour < 24, scanner.accept(UInt8(ascii: ":")),
            let minute = scanner.number(2), minute < 60
        else { return nil }
        microseconds += Int64(hour * 60 + minute) * 60_000_000
        if scanner.accept(UInt8(ascii: ":")) {
            guard let second = scanner.number(2), second < 60 else { return nil }
            microseconds += Int64(second) * 1_000_000
            if scanner.accept(UInt8(ascii: ".")) {
                guard let fraction = scanner.fraction() else { return nil }
                microseconds += fraction
            }
        }
        if scanner.accept(UInt8(ascii: "Z")) || scanner.accept(UInt8(ascii: "z")) || scanner.isAtEnd {
            return scanner.isAtEnd ? microseconds : nil
        }
        let isAhead = scanner.accept(UInt8(ascii: "+"))
        guard isAhead || scanner.accept(UInt8(ascii: "-")), let hours = scanner.number(2), hours < 24,
            scanner.accept(UInt8(ascii: ":")), let minutes = scanner.number(2), minutes < 60, scanner.isAtEnd
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000_000
        return isAhead ? microseconds - offset : microseconds + offset
    }

    private struct Scanner {
        private let bytes: [UInt8]
        private var offset = 0

        init(_ text: String) { bytes = Array(text.utf8) }

        var isAtEnd: Bool { offset == bytes.count }

        mutating func accept(_ byte: UInt8) -> Bool {
            guard offset < bytes.count, bytes[offset] == byte else { return false }
            offset += 1
            return true
        }

        /// Exactly `digits` digits.
        mutating func number(_ digits: Int) -> Int? {
            guard offset + digits <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[offset..<offset + digits] {
                guard byte &- 0x30 < 10 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            offset += digits
            return value
        }

        mutating func date() -> Int32? {
            guard let year = number(4), accept(UInt8(ascii: "-")), let month = number(2), accept(UInt8(ascii: "-")),
                let day = number(2)
            else { return nil }
            return CalendarText.days(year: year, month: month, day: day)
        }

        /// One to six digits as microseconds.
        mutating func fraction() -> Int64? {
            var value: Int64 = 0
            var unit: Int64 = 100_000
            let start = offset
            while offset < bytes.count, bytes[offset] &- 0x30 < 10 {
                guard unit > 0 else { return nil }
                value += Int64(bytes[offset] - 0x30) * unit
                unit /= 10
                offset += 1
            }
            return offset > start ? value : nil
        }
    }
}

extension CalendarText {
    /// `2024-02-29`.
    package static func text(days: Int32) -> String {
        let civil = CivilDay(Int(days))
        return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
    }

    /// `2024-02-29T17:30:15.250000Z`, without the fraction when it is zero.
    package static func text(microseconds: Int64) -> String {
        let dayLength: Int64 = 86_400_000_000
        var (days, rest) = microseconds.quotientAndRemainder(dividingBy: dayLength)
        if rest < 0 {
            days -= 1
            rest += dayLength
        }
        let (seconds, fraction) = rest.quotientAndRemainder(dividingBy: 1_000_000)
        let time =
            "\(padded(Int(seconds) / 3600, 2)):\(padded(Int(seconds) / 60 % 60, 2)):\(padded(Int(seconds) % 60, 2))"
        let tail = fraction == 0 ? "Z" : ".\(padded(Int(fraction), 6))Z"
        return "\(text(days: Int32(truncatingIfNeeded: days)))T\(time)\(tail)"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
