// What can be wrong with a series or with a question about one. Texts come from outside: whatever they say ends here, never in a trap.

/// Why a recurrence was refused.
public struct RecurrenceError: Error, Hashable, Sendable {
    /// What kind of thing is wrong.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// The text does not have the form of a rule, a date or a line.
        case syntax
        /// A number or date outside what it may be.
        case outOfRange
        /// A part is there twice, or two that exclude each other, or one that the frequency does not have.
        case conflict
        /// A part that must be there is not.
        case missing
        /// Something that iCalendar knows and Kith does not do.
        case unsupported
        /// The text has more bytes than it may.
        case tooLong
        /// More dates, exceptions or instances than there may be.
        case tooMany
        /// The limit of work was reached before there was an answer.
        case tooMuchWork
        /// The series has no such instance.
        case noSuchInstance
    }

    /// What kind of thing is wrong.
    public var code: Code
    /// A sentence for people, without a full stop.
    public var message: String
    /// Where in the text, in bytes from its beginning; nil when it is not about a text.
    public var placeBytes: Int?

    init(_ code: Code, _ message: String, at placeBytes: Int? = nil) {
        self.code = code
        self.message = message
        self.placeBytes = placeBytes
    }

    /// The same error of a text that begins so many bytes into another.
    func moved(by bytes: Int) -> RecurrenceError {
        RecurrenceError(code, message, at: placeBytes.map { $0 + bytes })
    }
}

extension RecurrenceError: CustomStringConvertible {
    /// The sentence and the place.
    public var description: String {
        guard let placeBytes else { return message }
        return "\(message) (at byte \(placeBytes))"
    }
}

/// Bounds of what a series may be and of what one answer may cost, each with its reason.
public enum RecurrenceLimits {
    /// Bytes of a rule: with every part and every value written out it has 3,900 (BYYEARDAY alone 2,700).
    public static let ruleBytesMax = 4096
    /// Bytes of a series as text: a thousand dates have 16 KB.
    public static let seriesBytesMax = 64 << 10
    /// Further dates, and as many left out: a series with more is a list.
    public static let datesMax = 1000
    /// Exceptions of a series: twenty years of a weekly meeting that was never held as planned.
    public static let exceptionsMax = 1000
    /// Length of one instance: a leap year and a day.
    public static let lengthSecondsMax: Int64 = 367 * 86_400
    /// Largest interval: numbers of periods stay far from overflow, even of seconds in ten thousand years (3 × 10¹¹).
    public static let intervalMax = 1_000_000
    /// Largest count: as many steps as one answer may take.
    public static let countMax = 1_000_000
    /// Instances of a day of what a message makes repeat: once an hour. Each is a record, or a line of somebody's calendar.
    public static let instancesPerDayMax = 24
    /// Instances of one answer: the rows of one operation.
    public static let instancesMax = 65_536
    /// Periods and days that are looked at for one answer: 50 to 190 ns each, 0.2 s in all.
    public static let stepsMax = 1_000_000
}
