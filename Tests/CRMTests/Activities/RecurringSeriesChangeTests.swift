import CRM
import Engine
import Testing

/// Moving, cancelling, ending, splitting.
@Suite struct RecurringSeriesChangeTests {
    private static let lines = """
        DTSTART:20260105T090000
        RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8;BYDAY=MO,TH
        RDATE;VALUE=DATE:20260114
        EXDATE:20260122T090000
        """

    private func series(_ text: String = lines) throws -> RecurringSeries {
        try RecurringSeries(try RecurrenceSet.parse(text).set, lasting: .seconds(3600))
    }

    private func names(_ series: RecurringSeries?) throws -> [String] {
        try series?.instances(from: .min, to: .max, in: zone("Europe/Zurich")).map {
            String($0.original.description.dropFirst(4).prefix(4)) + ($0.isMoved ? "*" : "")
        } ?? []
    }

    private static let all = ["0105", "0108", "0114", "0119", "0202", "0205", "0216", "0219"]

    @Test func moveAndCancel() throws {
        let zurich = try zone("Europe/Zurich")
        let series = try series()
        #expect(try names(series) == Self.all)
        let name = try localTime("20260119T090000")
        let (start, end) = (try moment("2026-02-10T08:00:00Z"), try moment("2026-02-10T08:30:00Z"))
        let moved = try series.moving(name, start: start, end: end, in: zurich)
        #expect(try names(moved) == ["0105", "0108", "0114", "0202", "0205", "0119*", "0216", "0219"])
        // Moved again, cancelled, restored, and put back where the series has it.
        let again = try moved.moving(name, start: end, end: end, in: zurich)
        #expect(again.exceptions.count == 1 && again.exceptions[0].change == .moved(start: end, end: end))
        let cancelled = try again.cancelling(name, in: zurich)
        #expect(try names(cancelled) == Self.all.filter { $0 != "0119" })
        #expect(try cancelled.restoring(name) == series)
        let own = try moment("2026-01-19T08:00:00Z")
        #expect(try moved.moving(name, start: own, end: own + 3_600_000_000, in: zurich) == series)
        #expect(try moved.moving(name, start: own, end: own, in: zurich).exceptions.count == 1)
    }

    @Test func whatIsNoInstanceIsRefused() throws {
        let zurich = try zone("Europe/Zurich")
        let series = try series()
        // An hour later, a week between, left out, before the start, behind the end.
        for text in ["20260105T100000", "20260112T090000", "20260122T090000", "20250105T090000", "20270104T090000"] {
            let name = try localTime(text)
            for change in [
                { _ = try series.cancelling(name, in: zurich) }, { _ = try series.ending(before: name, in: zurich) },
                { _ = try series.split(at: name, in: zurich) }, { _ = try series.restoring(name) },
                { _ = try series.moving(name, start: 0, end: 0, in: zurich) },
            ] as [() throws -> Void] {
                let error = try #require(throws: RecurrenceError.self) { try change() }
                #expect(error.code == .noSuchInstance && error.message.contains(text), "\(error)")
            }
        }
        let name = try localTime("20260105T090000")
        for (start, end) in [(1, 0), (0, 367 * 86_400_000_001), (Int64.min, Int64.max)] as [(Int64, Int64)] {
            let error = try #require(throws: RecurrenceError.self) {
                try series.moving(name, start: start, end: end, in: zurich)
            }
            #expect(error.code == .outOfRange)
        }
    }

    @Test func endAndSplit() throws {
        let zurich = try zone("Europe/Zurich")
        let name = try localTime("20260119T090000")
        let series = try series().cancelling(localTime("20260108T090000"), in: zurich)
            .cancelling(localTime("20260205T090000"), in: zurich)
        #expect(try names(series.ending(before: name, in: zurich)) == ["0105", "0114"])
        #expect(try series.ending(before: localTime("20260105T090000"), in: zurich) == nil)
        let (before, after) = try series.split(at: name, in: zurich)
        #expect(try names(before) == ["0105", "0114"] && names(after) == ["0119", "0202", "0216", "0219"])
        #expect(
            after.set.text(zoneName: nil) == """
                DTSTART:20260119T090000
                RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=6;BYDAY=MO,TH
                EXDATE:20260122T090000

                """
        )
        // At a further date: the rule goes on with its next instance, and the date stays one.
        let (first, second) = try series.split(at: localTime("20260114T090000"), in: zurich)
        #expect(try names(first) == ["0105"] && names(second) == ["0114", "0119", "0202", "0216", "0219"])
        // Dates alone.
        let dates = try self.series("DTSTART:20260105T090000\nRDATE:20260110T120000,20260101T120000,20260120T120000")
        let (early, late) = try dates.split(at: localTime("20260110T120000"), in: zurich)
        #expect(try names(early) == ["0101", "0105"] && names(late) == ["0110", "0120"])
        #expect(try names(dates.ending(before: localTime("20260105T090000"), in: zurich)) == ["0101"])
    }

    /// Both halves of a split together are the whole, wherever it is split.
    @Test(arguments: [
        "RRULE:FREQ=DAILY;INTERVAL=3", "RRULE:FREQ=DAILY;BYHOUR=9,14;COUNT=40", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1,5",
        "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
        "RRULE:FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1,53",
        "RRULE:FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU;UNTIL=20280101", "RRULE:FREQ=YEARLY;BYMONTH=1,7;COUNT=9",
        "RRULE:FREQ=HOURLY;INTERVAL=31;UNTIL=20260601T000000Z", "RRULE:FREQ=WEEKLY;COUNT=2",
    ])
    func halves(_ rule: String) throws {
        let zurich = try zone("Europe/Zurich")
        let dates = "RDATE;VALUE=DATE:20260407,20260801\nRDATE:20260329T013000Z\nEXDATE;VALUE=DATE:20260302,20260201"
        let whole = try series("DTSTART:20260105T090000\n\(rule)\n\(dates)")
        let end = try moment("2029-01-01T00:00:00Z")
        func instances(_ series: RecurringSeries?) throws -> [RecurringSeries.Instance] {
            try series?.instances(from: .min, to: end, in: zurich) ?? []
        }
        let all = try instances(whole)
        #expect(all.count >= 4)
        for (place, instance) in all.enumerated() {
            let (before, after) = try whole.split(at: instance.original, in: zurich)
            #expect(try instances(before) == Array(all[..<place]), "\(rule) at \(instance.original)")
            #expect(try instances(after) == Array(all[place...]), "\(rule) at \(instance.original)")
        }
    }
}
