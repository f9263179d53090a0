// The hours in which somebody is there: a weekly pattern in the local time of a zone.
//
//   Mo-Fr 08:00-12:00, 13:00-17:30; Sa 09:00-12:00
//
// Days are Mo Tu We Th Fr Sa Su, in ranges and lists; a day has any number of ranges, which do not overlap, and 24:00 is its end. An empty
// pattern is around the clock. On the days of business closures nobody is there, but for those who are there around the clock.
//
// Guarantees
// - `moment(after:from:)` and `span(from:to:)` agree: the span from a moment to the one so much business time later is that much.
// - Time is counted between moments, so that an hour of local time that does not exist, or exists twice, counts as long as it lasts. Hours that
//   begin or end in one that does not exist do so when the clocks change, and no time counts twice.

import Engine

package struct BusinessHours {
    /// Why a text is no pattern.
    package struct Flaw: Error {
        package let reason: String
    }

    /// Days on which nobody is there: days since 1970-01-01, in local time.
    package struct Closure: Equatable {
        package let name: String
        package let days: ClosedRange<Int64>

        package init(name: String, days: ClosedRange<Int64>) { (self.name, self.days) = (name, days) }
    }

    /// Minutes of a local day, from 0 to 1,440.
    private typealias Range = (start: Int64, end: Int64)

    /// From Monday on, each in order.
    private var days: [[Range]]
    private let zone: TimeZoneRules
    /// By their first days.
    private let closures: [Closure]

    private static let dayNames = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    private static let minute: Int64 = 60_000_000
    private static let day: Int64 = 86_400_000_000
    /// Days that are looked through: ten years.
    private static let dayCountMax = 3_660

    /// Reads a pattern.
    package init(_ pattern: String, in zone: TimeZoneRules, closures: [Closure] = []) throws(Flaw) {
        self.zone = zone
        days = Array(repeating: [], count: 7)
        let parts = pattern.split(separator: ";").map(Self.trimmed).filter { !$0.isEmpty }
        self.closures = parts.isEmpty ? [] : closures.sorted { $0.days.lowerBound < $1.days.lowerBound }
        if parts.isEmpty {
            days = Array(repeating: [(0, 1_440)], count: 7)
            return
        }
        for part in parts {
            guard let blank = part.firstIndex(of: " ") else {
                throw Flaw(reason: "'\(part)' has no hours: Mo-Fr 08:00-17:00")
            }
            let ranges = try part[blank...].split(separator: ",").map { range throws(Flaw) in try Self.range(range) }
            for day in try Self.days(part[..<blank]) { days[day] += ranges }
        }
        for day in days.indices {
            days[day].sort { $0.start < $1.start }
            for (one, next) in zip(days[day], days[day].dropFirst()) where next.start < one.end {
                throw Flaw(reason: "the hours of \(Self.dayNames[day]) overlap")
            }
        }
    }

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
        return (start, end)
    }

    private static func minutes(_ text: Substring) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.utf8.allSatisfy { 48...57 ~= $0 } }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), minutes < 60, hours * 60 + minutes <= 1_440
        else { return nil }
        return hours * 60 + minutes
    }

    /// The stretches of business time from a moment on, in order, as far as they are looked through.
    private func forEachStretch(from moment: Int64, _ body: (_ start: Int64, _ end: Int64) -> Bool) {
        let first = zone.local(moment).dividedDown(by: Self.day)
        // The day before may, in local time, not be over: a zone goes back by an hour at midnight.
        var passed = 0
        var closedThrough = Int64.min
        var passedEnd = moment
        for day in (first - 1)...(first + Int64(Self.dayCountMax)) {
            while passed < closures.count, closures[passed].days.lowerBound <= day {
                closedThrough = max(closedThrough, closures[passed].days.upperBound)
                passed += 1
            }
            if day <= closedThrough { continue }
            // Day 0 was a Thursday.
            for range in days[Int((day + 3).modulo(7))] {
                let midnight = CalendarText.microseconds(days: day)
                let start = max(self.moment(local: midnight.addingClamped(range.start * Self.minute)), passedEnd)
                let end = self.moment(local: midnight.addingClamped(range.end * Self.minute))
                if end > start, !body(start, end) { return }
                passedEnd = max(passedEnd, end)
            }
        }
    }

    /// The moment of a local time; of one that the clocks skip, the moment at which they do.
    private func moment(local: Int64) -> Int64 {
        let moment = zone.moment(local: local)
        guard zone.local(moment) != local else { return moment }
        // No clock skips more than a day, and local time rises all around.
        var low = moment.subtractingClamped(2 * Self.day)
        var high = moment.addingClamped(2 * Self.day)
        while low < high {
            let middle = low + (high - low) / 2
            if zone.local(middle) >= local { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The moment so much business time later; nil where that is more than ten years away. O(days).
    package func moment(after span: Int64, from moment: Int64) -> Int64? {
        var left = span
        var found: Int64?
        forEachStretch(from: moment) { start, end in
            if end - start >= left {
                found = start + left
                return false
            }
            left -= end - start
            return true
        }
        return found
    }

    /// Business time between two moments: microseconds, 0 where the second is not later. O(days).
    package func span(from moment: Int64, to end: Int64) -> Int64 {
        var span: Int64 = 0
        forEachStretch(from: moment) { start, stretchEnd in
            if start >= end { return false }
            span += min(stretchEnd, end) - start
            return true
        }
        return span
    }

    /// The closure on one of whose days a time lies; nil where there is none.
    package func closure(from start: Int64, to end: Int64) -> Closure? {
        let days = [start, end.subtractingClamped(1)].map { zone.local($0).dividedDown(by: Self.day) }
        guard days[0] <= days[1] else { return nil }
        return closures.first { $0.days.overlaps(days[0]...days[1]) }
    }
}
