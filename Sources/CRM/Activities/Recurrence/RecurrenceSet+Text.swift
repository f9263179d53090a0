// A series as lines of iCalendar: DTSTART, RRULE, RDATE and EXDATE, one property a line, folded lines joined.

import Engine

extension RecurrenceSet {
    /// Reads lines, of which `DTSTART` must be one and may be anywhere. Lines end with LF or CRLF, and empty ones do not count. Every
    /// `TZID` has to be the start's: a series has one zone.
    ///
    /// - Returns: the set, and the name of its zone if the start has one.
    /// Complexity: O(bytes).
    public static func parse(_ text: String) throws(RecurrenceError) -> (set: RecurrenceSet, zoneName: String?) {
        let bytes = Array(text.utf8)
        guard bytes.count <= RecurrenceLimits.seriesBytesMax else {
            throw RecurrenceError(
                .tooLong,
                "a series has at most \(RecurrenceLimits.seriesBytesMax) bytes of text, this one \(bytes.count)"
            )
        }
        var parser = SeriesParser()
        for line in PropertyLine.lines(bytes) { try parser.take(line) }
        return try parser.finish()
    }

    /// The lines, each ended by LF; `zoneName` is the `TZID` of the start. Reading them gives
    /// the same set, but that dates with times come before days, and that of a series of days UNTIL is a day.
    public func text(zoneName: String?) -> String {
        let zone = zoneName.map { ";TZID=\($0)" } ?? ""
        var text =
            isAllDay ? "DTSTART;VALUE=DATE:\(RecurrenceDate.text(day: start.day))\n" : "DTSTART\(zone):\(start)\n"
        if let rule { text += "RRULE:\(writtenRule(rule))\n" }
        for (name, dates) in [("RDATE", additions), ("EXDATE", exclusions)] {
            // A line has values of one type; UTC and local times are one.
            for (dates, isDay) in [(dates.filter(\.isTime), false), (dates.filter { !$0.isTime }, true)]
            where !dates.isEmpty {
                text += name + (isDay ? ";VALUE=DATE:" : ":") + dates.map(\.description).joined(separator: ",") + "\n"
            }
        }
        return text
    }

    /// The end of a series of days is the last of them, not a time of it (RFC 5545, 3.3.10), unless the rule makes times in spite of
    /// that. One in UTC is left as it is: which day it is, its zone would have to say.
    private func writtenRule(_ rule: RecurrenceRule) -> RecurrenceRule {
        guard isAllDay, case .until(.local(let time)) = rule.end, rule.hours + rule.minutes + rule.seconds == [],
            ![.hourly, .minutely, .secondly].contains(rule.frequency)
        else { return rule }
        return rule.ending(.until(.day(time.day)))
    }

    /// The same set with an end in UTC as the day that it is, where that is what its text has.
    func datedEnd(in zone: TimeZoneRules) -> RecurrenceSet {
        guard isAllDay, let rule, case .until(.utc(let time)) = rule.end else { return self }
        var set = self
        set.rule = rule.ending(.until(.local(LocalTime(moment: time.seconds * 1_000_000, in: zone))))
        return set
    }
}

extension RecurrenceDate {
    fileprivate var isTime: Bool {
        if case .day = self { return false }
        return true
    }
}

/// `NAME;PARAMETER=value:values`, and where it stands.
private struct PropertyLine {
    var bytes: [UInt8]
    var placeBytes: Int

    /// A line that begins with a space or tab continues the one before it.
    static func lines(_ bytes: [UInt8]) -> [PropertyLine] {
        var lines: [PropertyLine] = []
        var offset = 0
        while offset < bytes.count {
            let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var line = bytes[offset..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !lines.isEmpty {
                lines[lines.count - 1].bytes += line.dropFirst()
            } else if !line.isEmpty {
                lines.append(PropertyLine(bytes: Array(line), placeBytes: offset))
            }
            offset = end + 1
        }
        return lines
    }
}

private struct SeriesParser {
    private var start: RecurrenceDate?
    private var zoneName: String?
    private var rule: RecurrenceRule?
    private var additions: [RecurrenceDate] = []
    private var exclusions: [RecurrenceDate] = []
    /// Zones of lines that came before the start.
    private var namedZones: [(name: String, place: Int)] = []

    mutating func take(_ line: PropertyLine) throws(RecurrenceError) {
        let place = line.placeBytes
        guard let colon = line.bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw RecurrenceError(.syntax, "a line is a name, ':' and values", at: place)
        }
        let head = line.bytes[..<colon].split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let name = String(decoding: head[0], as: UTF8.self).asciiUppercased
        let value = line.bytes[(colon + 1)...]
        if name == "RRULE" {
            guard rule == nil else { throw RecurrenceError(.conflict, "a series has one RRULE", at: place) }
            do {
                rule = try RecurrenceRule(parsing: String(decoding: value, as: UTF8.self))
            } catch {
                throw error.moved(by: place + colon + 1)
            }
            return
        }
        guard name == "DTSTART" || name == "RDATE" || name == "EXDATE" else {
            let code: RecurrenceError.Code = name == "EXRULE" ? .unsupported : .syntax
            throw RecurrenceError(
                code,
                "a series has lines DTSTART, RRULE, RDATE and EXDATE, not '\(name.prefix(40))'",
                at: place
            )
        }
        let isDay = try parameters(head.dropFirst(), place)
        let dates = try self.dates(value, isDay: isDay, place + colon + 1)
        switch name {
        case "DTSTART":
            guard start == nil, dates.count == 1 else {
                throw RecurrenceError(.conflict, "a series has one DTSTART", at: place)
            }
            start = dates[0]
        case "RDATE": additions += dates
        default: exclusions += dates
        }
    }

    /// Whether the values are days.
    private mutating func parameters(
        _ parameters: some Sequence<ArraySlice<UInt8>>,
        _ place: Int
    ) throws(RecurrenceError) -> Bool {
        var isDay = false
        for parameter in parameters {
            let text = String(decoding: parameter, as: UTF8.self)
            let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? String(pair[1]) : ""
            switch (String(pair[0]).asciiUppercased, value.asciiUppercased) {
            case ("VALUE", "DATE"): isDay = true
            case ("VALUE", "DATE-TIME"): isDay = false
            case ("VALUE", "PERIOD"): throw RecurrenceError(.unsupported, "periods are not supported", at: place)
            case ("TZID", let name) where !name.isEmpty: namedZones.append((value, place))
            default: throw RecurrenceError(.syntax, "no parameter '\(text.prefix(40))' belongs here", at: place)
            }
        }
        return isDay
    }

    private func dates(
        _ bytes: ArraySlice<UInt8>,
        isDay: Bool,
        _ place: Int
    ) throws(RecurrenceError) -> [RecurrenceDate] {
        var dates: [RecurrenceDate] = []
        for value in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let date = RecurrenceDate(value), date.isTime != isDay else {
                let kind = isDay ? "day (20261218)" : "time (20261218T090000)"
                throw RecurrenceError(
                    .syntax,
                    "'\(String(decoding: value.prefix(40), as: UTF8.self))' is no \(kind)",
                    at: place + value.startIndex - bytes.startIndex
                )
            }
            dates.append(date)
        }
        guard dates.count <= RecurrenceLimits.datesMax else {
            throw RecurrenceError(.tooMany, "a line has at most \(RecurrenceLimits.datesMax) dates", at: place)
        }
        return dates
    }

    mutating func finish() throws(RecurrenceError) -> (set: RecurrenceSet, zoneName: String?) {
        let isAllDay: Bool
        let time: LocalTime
        switch start {
        case nil: throw RecurrenceError(.missing, "a series says when it begins: DTSTART:20260105T090000", at: 0)
        case .day(let day): (isAllDay, time) = (true, LocalTime(day: day, secondOfDay: 0))
        case .local(let local): (isAllDay, time) = (false, local)
        case .utc(let utc):
            (isAllDay, time) = (false, utc)
            namedZones.append(("UTC", 0))
        }
        if let first = namedZones.first, let other = namedZones.first(where: { $0.name != first.name }) {
            throw RecurrenceError(
                .conflict,
                "a series has one time zone, not '\(first.name.prefix(40))' and '\(other.name.prefix(40))'",
                at: other.place
            )
        }
        let dates = max(additions.count, exclusions.count)
        guard dates <= RecurrenceLimits.datesMax else {
            throw RecurrenceError(
                .tooMany,
                "a series has at most \(RecurrenceLimits.datesMax) further dates and as many left out, not \(dates)"
            )
        }
        let set = RecurrenceSet(
            start: time,
            isAllDay: isAllDay,
            rule: rule,
            additions: additions,
            exclusions: exclusions
        )
        return (set, namedZones.first?.name)
    }
}
