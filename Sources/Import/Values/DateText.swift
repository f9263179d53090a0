/// What a pattern has read so far.
struct DateParts {
    var year = 0
    var month = 0
    var day = 0
    var hour: Int?
    var hour12: Int?
    var minute: Int?
    var second: Int?
    var microsecond: Int?
    var isAfternoon: Bool?
    var offsetMinutes: Int?

    /// The date, nil when a part is out of range.
    var date: ParsedDate? {
        guard let days = CivilDate.days(year: year, month: month, day: day) else { return nil }
        var hours = hour
        if let hour12 {
            guard (1...12).contains(hour12) else { return nil }
            hours = hour12 % 12 + (isAfternoon == true ? 12 : 0)
        }
        guard let hours else { return ParsedDate(days: days, timeMicroseconds: nil, offsetMinutes: offsetMinutes) }
        // A leap second, written :60, becomes the first microsecond of the next minute, as POSIX time has it.
        guard (0...23).contains(hours), (0...59).contains(minute ?? 0), (0...60).contains(second ?? 0) else {
            return nil
        }
        let seconds = hours * 3600 + (minute ?? 0) * 60 + (second ?? 0)
        return ParsedDate(
            days: days,
            timeMicroseconds: Int64(seconds) * 1_000_000 + Int64(microsecond ?? 0),
            offsetMinutes: offsetMinutes
        )
    }
}

/// The pieces of a date's text. Each function reads at `cursor`, moves it behind what it read, and gives nil when the
/// text is something else.
enum DateText {
    private static let months = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ].map { Array($0.utf8) }

    static func digits(_ text: Span<UInt8>, _ cursor: inout Int, _ counts: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while count < counts.upperBound, cursor < text.count, (0x30...0x39).contains(text[cursor]) {
            value = value * 10 + Int(text[cursor] - 0x30)
            cursor += 1
            count += 1
        }
        return counts.contains(count) ? value : nil
    }

    /// An English month, its first three letters when `isShort`, in any case.
    static func month(_ text: Span<UInt8>, _ cursor: inout Int, isShort: Bool) -> Int? {
        for (index, name) in months.enumerated() {
            let length = isShort ? 3 : name.count
            guard cursor + length <= text.count else { continue }
            var matches = true
            for offset in 0..<length where text[cursor + offset] | 0x20 != name[offset] { matches = false }
            if matches {
                cursor += length
                return index + 1
            }
        }
        return nil
    }

    /// Up to nine digits behind the point as microseconds; what is finer is cut, as clocks cut it.
    static func fraction(_ text: Span<UInt8>, _ cursor: inout Int) -> Int? {
        var value = 0
        var count = 0
        while count < 9, cursor < text.count, (0x30...0x39).contains(text[cursor]) {
            if count < 6 { value = value * 10 + Int(text[cursor] - 0x30) }
            cursor += 1
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// `AM` or `PM` in any case, also `a.m.`; the value is whether it is afternoon.
    static func halfDay(_ text: Span<UInt8>, _ cursor: inout Int) -> Bool? {
        var letters: [UInt8] = []
        while cursor < text.count, letters.count < 2,
            text[cursor] == 0x2E || (0x41...0x5A).contains(text[cursor] & 0xDF)
        {
            if text[cursor] != 0x2E { letters.append(text[cursor] | 0x20) }
            cursor += 1
        }
        if cursor < text.count, text[cursor] == 0x2E { cursor += 1 }
        guard letters.count == 2, letters[1] == UInt8(ascii: "m") else { return nil }
        return letters[0] == UInt8(ascii: "p") ? true : letters[0] == UInt8(ascii: "a") ? false : nil
    }

    /// `Z`, `+hh`, `+hhmm` or `+hh:mm` as minutes.
    static func offset(_ text: Span<UInt8>, _ cursor: inout Int) -> Int? {
        guard cursor < text.count else { return nil }
        let sign = text[cursor]
        cursor += 1
        if sign | 0x20 == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), let hours = digits(text, &cursor, 2...2) else {
            return nil
        }
        var minutes = 0
        if cursor < text.count, text[cursor] == UInt8(ascii: ":") || (0x30...0x39).contains(text[cursor]) {
            if text[cursor] == UInt8(ascii: ":") { cursor += 1 }
            guard let read = digits(text, &cursor, 2...2) else { return nil }
            minutes = read
        }
        // Offsets in use end at +14:00.
        guard hours <= 14, minutes <= 59 else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    static func iso(_ text: Span<UInt8>, _ cursor: inout Int, _ parts: inout DateParts) -> Bool {
        func skip(_ byte: UInt8) -> Bool {
            guard cursor < text.count, text[cursor] == byte else { return false }
            cursor += 1
            return true
        }
        guard let year = digits(text, &cursor, 4...4), skip(0x2D), let month = digits(text, &cursor, 2...2), skip(0x2D),
            let day = digits(text, &cursor, 2...2)
        else { return false }
        (parts.year, parts.month, parts.day) = (year, month, day)
        guard cursor < text.count else { return true }
        guard skip(0x54) || skip(0x74) || skip(0x20), let hour = digits(text, &cursor, 2...2), skip(0x3A),
            let minute = digits(text, &cursor, 2...2)
        else { return false }
        (parts.hour, parts.minute) = (hour, minute)
        if skip(0x3A) {
            guard let second = digits(text, &cursor, 2...2) else { return false }
            parts.second = second
            if skip(0x2E) || skip(0x2C) {
                guard let microsecond = fraction(text, &cursor) else { return false }
                parts.microsecond = microsecond
            }
        }
        if cursor < text.count {
            _ = skip(0x20)
            guard let offset = offset(text, &cursor) else { return false }
            parts.offsetMinutes = offset
        }
        return true
    }
}
