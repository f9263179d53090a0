// The hours in which somebody is there: a weekly pattern in the local time of a zone, and the days on which it is otherwise.
//
// An empty pattern is around the clock. On the days of business closures nobody is there, but for those who are there around the clock.
// Exceptions are of one resource, and stronger than both: on their days other hours are there instead of the pattern's, then additional ones
// as well, and last nobody is there who is away.
//
// Guarantees
// - `moment(after:from:)` and `span(from:to:)` agree: the span from a moment to the one so much business time later is that much.
// - Time is counted between moments, so that an hour of local time that does not exist, or exists twice, counts as long as it lasts. Hours that
//   begin or end in one that does not exist do so when the clocks change, and no time counts twice.

import Engine

package struct BusinessHours {
    package typealias Flaw = WeeklyHours.Flaw

    /// Days on which nobody is there: days since 1970-01-01, in local time.
    package struct Closure: Equatable {
        package let name: String
        package let days: ClosedRange<Int64>

        package init(name: String, days: ClosedRange<Int64>) { (self.name, self.days) = (name, days) }
    }

    /// Days on which the hours of one resource are not those of every week.
    package struct Exception: Sendable {
        /// What is different. The numbers are those of `resourceexception.exceptioncode`.
        package enum Kind: Int32, Sendable {
            /// It is not there: all day, or in the hours that are given.
            case away = 1
            /// It is there in these hours instead, on days of closure as well.
            case instead = 2
            /// It is there in these hours as well, on days of closure as well.
            case also = 3
        }

        package let name: String
        package let days: ClosedRange<Int64>
        package let kind: Kind
        /// As people wrote them.
        package let text: String
        private let hours: WeeklyHours
        /// Why the hours cannot be read, as a sentence without its point: nobody is there on these days then.
        let flaw: String?

        /// Reads the hours, which may be without days; an empty text is all day where nobody is there, and no hours otherwise.
        package init(name: String, days: ClosedRange<Int64>, _ kind: Kind, _ text: String) throws(Flaw) {
            (self.name, self.days, self.kind, self.text) = (name, days, kind, text)
            hours = try WeeklyHours(text, daysMayBeMissing: true)
            flaw = nil
        }

        /// An exception whose hours cannot be read.
        init(name: String, days: ClosedRange<Int64>, flaw: String) {
            (self.name, self.days, kind, text, hours, self.flaw) = (name, days, .away, "", WeeklyHours(), flaw)
        }

        func ranges(onDay day: Int64) -> [WeeklyHours.Range] {
            hours.isEmpty && kind == .away ? [.day] : hours.ranges(onDay: day)
        }
    }

    private let week: WeeklyHours
    /// Local time.
    let zone: TimeZoneRules
    /// By their first days.
    private let closures: [Closure]
    private let exceptions: [Exception]

    private static let minute: Int64 = 60_000_000
    private static let day: Int64 = 86_400_000_000
    /// Days that are looked through: ten years.
    private static let dayCountMax = 3_660

    /// Reads a pattern.
    package init(
        _ pattern: String,
        in zone: TimeZoneRules,
        closures: [Closure] = [],
        exceptions: [Exception] = []
    ) throws(Flaw) {
        let closures = closures.sorted { $0.days.lowerBound < $1.days.lowerBound }
        self.init(try WeeklyHours(pattern), in: zone, closures: closures, exceptions: exceptions)
    }

    /// Hours by a pattern that was read before; closures by their first days.
    init(_ week: WeeklyHours, in zone: TimeZoneRules, closures: [Closure], exceptions: [Exception]) {
        (self.week, self.zone, self.exceptions) = (week, zone, exceptions)
        self.closures = week.isEmpty ? [] : closures
    }

    /// What has to be looked at to answer for a time: exceptions on each of its days, and closures.
    func lookCount(_ time: TimeSpan) -> Int {
        let days = Int(min(time.end.subtractingClamped(time.start) / Self.day, Int64(Self.dayCountMax))) + 3
        return days * (1 + exceptions.count) + closures.count
    }

    // MARK: Days

    /// The hours of a local day, in order.
    private func ranges(onDay day: Int64, isClosed: Bool) -> [WeeklyHours.Range] {
        var ranges = week.isEmpty ? [.day] : isClosed ? [] : week.ranges(onDay: day)
        if exceptions.isEmpty { return ranges }
        let present = exceptions.filter { $0.days.contains(day) }
        func all(_ kind: Exception.Kind) -> [WeeklyHours.Range] {
            present.filter { $0.kind == kind }.flatMap { $0.ranges(onDay: day) }
        }
        if present.contains(where: { $0.kind == .instead }) { ranges = all(.instead) }
        return (ranges + all(.also)).merged.without(all(.away).merged)
    }

    /// The stretches of business time from a moment on, in order: of all days that are looked through, or of those until another moment is
    /// passed.
    private func forEachStretch(
        from moment: Int64,
        to bound: Int64? = nil,
        _ body: (_ start: Int64, _ end: Int64) -> Bool
    ) {
        let first = zone.local(moment).dividedDown(by: Self.day)
        var last = first + Int64(Self.dayCountMax)
        // Local time may be set back within the last day.
        if let bound { last = min(last, max(zone.local(bound).dividedDown(by: Self.day), first) + 1) }
        // The day before may, in local time, not be over: a zone goes back by an hour at midnight.
        var passed = 0
        var closedThrough = Int64.min
        var passedEnd = moment
        for day in (first - 1)...last {
            while passed < closures.count, closures[passed].days.lowerBound <= day {
                closedThrough = max(closedThrough, closures[passed].days.upperBound)
                passed += 1
            }
            for range in ranges(onDay: day, isClosed: day <= closedThrough) {
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

    // MARK: Time

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
        forEachStretch(from: moment, to: end) { start, stretchEnd in
            if start >= end { return false }
            span += min(stretchEnd, end) - start
            return true
        }
        return span
    }

    /// The stretches of business time between two moments, those that touch as one. O(days).
    func stretches(_ time: TimeSpan) -> [TimeSpan] {
        var stretches: [TimeSpan] = []
        forEachStretch(from: time.start, to: time.end) { start, end in
            if start >= time.end { return false }
            let end = min(end, time.end)
            if let last = stretches.last, last.end == start {
                stretches[stretches.count - 1].end = end
            } else {
                stretches.append(TimeSpan(start: start, end: end))
            }
            return true
        }
        return stretches
    }

    // MARK: Reasons

    /// Why somebody is not there.
    package enum Absence: Equatable {
        /// The weekly hours are others.
        case hours
        case closure(String)
        /// Away, by the exception of this name.
        case away(String)
        /// Other hours, by the exception of this name, and which.
        case instead(String, String)
        /// An exception whose hours cannot be read, as a sentence says.
        case unreadable(String)
    }

    /// Why nobody is there through a time: at the first moment of it at which nobody is; nil where somebody is all the time. O(days).
    package func absence(from start: Int64, to end: Int64) -> Absence? {
        var missing = start
        forEachStretch(from: start, to: end) { stretchStart, stretchEnd in
            if stretchStart > missing { return false }
            missing = stretchEnd
            return missing < end
        }
        guard missing < end else { return nil }
        let local = zone.local(missing)
        let day = local.dividedDown(by: Self.day)
        let minute = local.modulo(Self.day) / Self.minute
        let present = exceptions.filter { $0.days.contains(day) }
        let away = present.first { exception in
            exception.kind == .away
                && exception.ranges(onDay: day).contains { $0.start <= minute && minute < $0.end }
        }
        if let away { return away.flaw.map(Absence.unreadable) ?? .away(away.name) }
        if let instead = present.first(where: { $0.kind == .instead }) { return .instead(instead.name, instead.text) }
        if let closure = closures.first(where: { $0.days.contains(day) }) { return .closure(closure.name) }
        return .hours
    }
}
