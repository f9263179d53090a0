// A weekly pattern of hours, as text.
//
//   Mo-Fr 08:00-12:00, 13:00-17:30; Sa 09:00-12:00
//
// Days are Mo Tu We Th Fr Sa Su, in ranges and lists; a day has any number of ranges, which do not overlap, and 24:00 is its end. Where it is
// allowed, hours without days are those of every day. An empty pattern has no hours; what that means is for who reads it.

/// The hours of each day of the week, in local time.
package struct WeeklyHours: Sendable {
    /// Why a text is no pattern.
    package struct Flaw: Error {
        package let reason: String
    }

    /// Minutes of a local day, from 0 to 1,440.
    struct Range: Equatable {
        var start: Int64
        var end: Int64

        static let day = Range(start: 0, end: 1_440)
    }

    /// From Monday on, each in order.
    private(set) var days: [[Range]] = Array(repeating: [], count: 7)
    /// Whether the text says nothing.
    let isEmpty: Bool

    private static let dayNames = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]

    /// No hours.
    init() { isEmpty = true }

    /// Reads a pattern.
    init(_ pattern: String, daysMayBeMissing: Bool = false) throws(Flaw) {
        let parts = pattern.split(separator: ";").map(Self.trimmed).filter { !$0.isEmpty }
        isEmpty = parts.isEmpty
        for part in parts {
            var places = Array(0..<7)
            var hours = part
            if !(daysMayBeMissing && part.utf8.first.map { 48...57 ~= $0 } ?? false) {
                guard let blank = part.firstIndex(of: " ") else {
                    throw Flaw(reason: "'\(part)' has no hours: Mo-Fr 08:00-17:00")
                }
                places = try Self.days(part[..<blank])
                hours = part[blank...]
            }
            let ranges = try hours.split(separator: ",").map { range throws(Flaw) in try Self.range(range) }
            for day in places { days[day] += ranges }
        }
        for day in days.indices {
            days[day].sort { $0.start < $1.start }
            for (one, next) in zip(days[day], days[day].dropFirst()) where next.start < one.end {
                throw Flaw(reason: "the hours of \(Self.dayNames[day]) overlap")
            }
        }
    }

    /// The hours of a day since 1970-01-01. Day 0 was a Thursday.
    func ranges(onDay day: Int64) -> [Range] { days[Int((day + 3).modulo(7))] }

    private static func trimmed(_ text: some StringProtocol) -> Substring {
        var rest = Substring(text)
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return rest
    }

    /// `Mo-Fr,Su`.
    private static func days(_ text: Substring) throws(Flaw) -> [Int] {
        var days: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count <= 2, let first = place(ofDay: ends[0]),
                let last = place(ofDay: ends[ends.count - 1]), first <= last
            else { throw Flaw(reason: "'\(part)' is no day: Mo, Tu, We, Th, Fr, Sa, Su or Mo-Fr") }
            days += first...last
        }
        guard Set(days).count == days.count else { throw Flaw(reason: "'\(text)' names a day twice") }
        return days
    }

    private static func place(ofDay name: Substring) -> Int? {
        dayNames.firstIndex { $0.lowercased() == name.lowercased() }
    }

    /// `08:00-17:30`.
    private static func range(_ text: Substring) throws(Flaw) -> Range {
        let ends = trimmed(text).split(separator: "-", omittingEmptySubsequences: false).map(minutes)
        guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else {
            throw Flaw(reason: "'\(trimmed(text))' are no hours: 08:00-17:30")
        }
        return Range(start: start, end: end)
    }

    private static func minutes(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.utf8.allSatisfy { 48...57 ~= $0 } }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), minutes < 60, hours * 60 + minutes <= 1_440
        else { return nil }
        return hours * 60 + minutes
    }
}

extension [WeeklyHours.Range] {
    /// In order, those that overlap or touch as one.
    var merged: [WeeklyHours.Range] {
        var merged: [WeeklyHours.Range] = []
        for range in sorted(by: { $0.start < $1.start }) {
            if let last = merged.last, range.start <= last.end {
                merged[merged.count - 1].end = Swift.max(last.end, range.end)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// What is left without other ranges. Both are in order, and what is taken away does not overlap.
    func without(_ others: [WeeklyHours.Range]) -> [WeeklyHours.Range] {
        flatMap { range in
            var left: [WeeklyHours.Range] = []
            var start = range.start
            for other in others where other.end > start && other.start < range.end {
                if other.start > start { left.append(.init(start: start, end: other.start)) }
                start = other.end
            }
            if start < range.end { left.append(.init(start: start, end: range.end)) }
            return left
        }
    }
}
