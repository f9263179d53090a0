// Dates and times by pattern, in the letters of Unicode TR 35 that tables use:
//
//   yyyy  four-digit year          MMMM  English month name        a     AM or PM
//   yy    00–68 → 20yy, 69–99 → 19yy (POSIX)                       S…    fraction, 1 to 9 digits
//   MM M  month, 2 / 1–2 digits    MMM   its first three letters   X     Z, +hh, +hhmm or +hh:mm
//   dd d  day                      EEE   weekday name, not checked  '…'   literal text
//   HH H  hour 0–23   hh h  hour 1–12   mm m  minute   ss s  second
//
// Anything else stands for itself. The text must be used up: `2017-03-01 extra` is no `yyyy-MM-dd`.

/// A date, and if the text has them a time of day and an offset from UTC.
package struct ParsedDate: Sendable, Equatable {
    /// Days since 1970-01-01, as written.
    package var days: Int32
    /// Microseconds since midnight, as written; nil when the text has no time.
    package var timeMicroseconds: Int64?
    /// Minutes east of UTC; nil when the text does not say.
    package var offsetMinutes: Int?

    package init(days: Int32, timeMicroseconds: Int64?, offsetMinutes: Int?) {
        self.days = days
        self.timeMicroseconds = timeMicroseconds
        self.offsetMinutes = offsetMinutes
    }

    /// Microseconds since 1970-01-01T00:00Z; midnight without a time, `defaultOffsetMinutes` without an offset.
    package func instant(defaultOffsetMinutes: Int) -> Int64 {
        // Years up to 9999 keep this below 2^58.
        Int64(days) * 86_400_000_000 + (timeMicroseconds ?? 0)
            - Int64(offsetMinutes ?? defaultOffsetMinutes) * 60_000_000
    }
}

/// A compiled pattern.
package struct DateFormat: Sendable, Equatable {
    private enum Element: Sendable, Equatable {
        case year4, year2
        case number(Field, fixedTwo: Bool)
        case monthName(isShort: Bool)
        case fraction
        case halfDay
        case offset
        case weekday
        case literal(UInt8)
        case iso
    }

    private enum Field: Int, Sendable { case month, day, hour, hour12, minute, second }

    private let elements: [Element]
    /// The pattern as written, for messages.
    package let pattern: String

    /// ISO 8601 as programs write it: `yyyy-MM-dd`, or with `T` or a space and `HH:mm`, `HH:mm:ss` or a fraction, and
    /// with or without an offset. What dates are without a `format`.
    package static let iso = DateFormat(elements: [.iso], pattern: "iso")

    private init(elements: [Element], pattern: String) {
        self.elements = elements
        self.pattern = pattern
    }

    /// Compiles a pattern, or `iso`.
    package init(_ pattern: String) throws(CellFault) {
        guard pattern != "iso" else {
            self = .iso
            return
        }
        var elements: [Element] = []
        let letters = Array(pattern.utf8)
        var index = 0
        while index < letters.count {
            let letter = letters[index]
            if letter == UInt8(ascii: "'") {
                guard let end = letters[(index + 1)...].firstIndex(of: letter) else {
                    throw CellFault("the pattern '\(pattern)' has an apostrophe that is not closed")
                }
                let literal = letters[(index + 1)..<end]
                elements += literal.isEmpty ? [.literal(letter)] : literal.map { .literal($0) }
                index = end + 1
                continue
            }
            var run = index
            while run < letters.count, letters[run] == letter { run += 1 }
            let isLetter = (0x41...0x5A).contains(letter & 0xDF)
            if isLetter {
                guard let element = Self.element(letter, count: run - index) else {
                    throw CellFault(
                        "the pattern '\(pattern)' has '\(String(decoding: letters[index..<run], as: UTF8.self))', which is "
                            + "none of yyyy yy MMMM MMM MM M dd d EEE HH H hh h mm m ss s S a X (put text in apostrophes)"
                    )
                }
                elements.append(element)
            } else {
                elements += repeatElement(.literal(letter), count: run - index)
            }
            index = run
        }
        let hasYear = elements.contains(.year4) || elements.contains(.year2)
        let hasMonth = elements.contains {
            if case .number(.month, _) = $0 { true } else if case .monthName = $0 { true } else { false }
        }
        let hasDay = elements.contains { if case .number(.day, _) = $0 { true } else { false } }
        guard hasYear, hasMonth, hasDay else { throw CellFault("the pattern '\(pattern)' lacks year, month or day") }
        self.init(elements: elements, pattern: pattern)
    }

    private static func element(_ letter: UInt8, count: Int) -> Element? {
        switch (Character(UnicodeScalar(letter)), count) {
        case ("y", 4): .year4
        case ("y", 2): .year2
        case ("M", 1...2): .number(.month, fixedTwo: count == 2)
        case ("M", 3...4): .monthName(isShort: count == 3)
        case ("d", 1...2): .number(.day, fixedTwo: count == 2)
        case ("H", 1...2): .number(.hour, fixedTwo: count == 2)
        case ("h", 1...2): .number(.hour12, fixedTwo: count == 2)
        case ("m", 1...2): .number(.minute, fixedTwo: count == 2)
        case ("s", 1...2): .number(.second, fixedTwo: count == 2)
        case ("S", 1...9): .fraction
        case ("E", 1...4): .weekday
        case ("a", 1): .halfDay
        case ("X", 1...3), ("x", 1...3), ("Z", 1): .offset
        default: nil
        }
    }

    /// The date that `text` stands for, nil when it does not follow the pattern or the calendar has no such day.
    package func parse(_ text: Span<UInt8>) -> ParsedDate? {
        var parts = DateParts()
        var cursor = 0
        for element in elements {
            guard Self.read(element, text, &cursor, &parts) else { return nil }
        }
        return cursor == text.count ? parts.date : nil
    }

    private static func read(
        _ element: Element,
        _ text: Span<UInt8>,
        _ cursor: inout Int,
        _ parts: inout DateParts
    ) -> Bool {
        switch element {
        case .literal(let byte):
            guard cursor < text.count, text[cursor] == byte else { return false }
            cursor += 1
            return true
        case .year4:
            return DateText.digits(text, &cursor, 4...4).map { parts.year = $0 } != nil
        case .year2:
            return DateText.digits(text, &cursor, 2...2).map { parts.year = $0 < 69 ? 2000 + $0 : 1900 + $0 } != nil
        case .number(let field, let fixedTwo):
            guard let number = DateText.digits(text, &cursor, (fixedTwo ? 2 : 1)...2) else { return false }
            switch field {
            case .month: parts.month = number
            case .day: parts.day = number
            case .hour: parts.hour = number
            case .hour12: parts.hour12 = number
            case .minute: parts.minute = number
            case .second: parts.second = number
            }
            return true
        case .monthName(let isShort):
            return DateText.month(text, &cursor, isShort: isShort).map { parts.month = $0 } != nil
        case .fraction:
            return DateText.fraction(text, &cursor).map { parts.microsecond = $0 } != nil
        case .halfDay:
            return DateText.halfDay(text, &cursor).map { parts.isAfternoon = $0 } != nil
        case .offset:
            return DateText.offset(text, &cursor).map { parts.offsetMinutes = $0 } != nil
        case .weekday:
            let start = cursor
            while cursor < text.count, (0x41...0x5A).contains(text[cursor] & 0xDF) { cursor += 1 }
            return cursor > start
        case .iso:
            return DateText.iso(text, &cursor, &parts)
        }
    }
}
