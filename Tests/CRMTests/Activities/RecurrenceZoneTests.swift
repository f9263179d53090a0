import CRM
import Engine
import Testing

/// Local times that do not exist or exist twice, and what the rules of a zone can do to a series.
@Suite struct RecurrenceZoneTests {
    private func texts(_ lines: String, _ zoneName: String, count: Int) throws -> [String] {
        let set = try RecurrenceSet.parse(lines).set
        return try set.instances(from: .min, count: count, in: zone(zoneName)).map {
            "\($0.original) \(CalendarText.text(microseconds: $0.moment))"
        }
    }

    /// The RFC's own two: 3.3.5.
    @Test func writtenTimes() throws {
        let newYork = try zone("America/New_York")
        #expect(try localTime("20071104T013000").moment(in: newYork) == moment("2007-11-04T05:30:00Z"))
        #expect(try localTime("20070311T023000").moment(in: newYork) == moment("2007-03-11T07:30:00Z"))
    }

    /// A skipped time is an hour later on the clock, keeps its name and counts; a double one is the first.
    @Test func dailyAcrossBothChanges() throws {
        let spring = try texts("DTSTART:20260328T023000\nRRULE:FREQ=DAILY;COUNT=3", "Europe/Zurich", count: 9)
        #expect(
            spring == [
                "20260328T023000 2026-03-28T01:30:00Z", "20260329T023000 2026-03-29T01:30:00Z",
                "20260330T023000 2026-03-30T00:30:00Z",
            ]
        )
        let autumn = try texts("DTSTART:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3", "Europe/Zurich", count: 9)
        #expect(
            autumn == [
                "20261024T023000 2026-10-24T00:30:00Z", "20261025T023000 2026-10-25T00:30:00Z",
                "20261026T023000 2026-10-26T01:30:00Z",
            ]
        )
    }

    /// 02:30 is 03:30, after 03:15 and together with 03:30: order is that of moments, and one moment is one instance.
    @Test func orderWithinAGap() throws {
        let times = try texts(
            "DTSTART:20260329T023000\nRRULE:FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,30;COUNT=6",
            "Europe/Zurich",
            count: 9
        )
        let byMoments = [
            "20260329T031500 2026-03-29T01:15:00Z", "20260329T023000 2026-03-29T01:30:00Z",
            "20260330T021500 2026-03-30T00:15:00Z", "20260330T023000 2026-03-30T00:30:00Z",
            "20260330T031500 2026-03-30T01:15:00Z",
        ]
        #expect(times == byMoments)
    }

    /// An hourly rule has each hour of a spring day once, and the doubled one of an autumn day once.
    @Test func hourly() throws {
        let spring = try RecurrenceSet.parse("DTSTART:20260329T000000\nRRULE:FREQ=HOURLY").set
        let zurich = try zone("Europe/Zurich")
        let (from, to) = (try moment("2026-03-28T23:00:00Z"), try moment("2026-03-29T22:00:00Z"))
        #expect(try spring.instances(from: from, to: to, in: zurich).count == 23)
        let autumn = try RecurrenceSet.parse("DTSTART:20261025T000000\nRRULE:FREQ=HOURLY").set
        let (first, last) = (try moment("2026-10-24T22:00:00Z"), try moment("2026-10-25T23:00:00Z"))
        #expect(try autumn.instances(from: first, to: last, in: zurich).count == 24)
    }

    /// A country gives up daylight time: moments change, names do not, and so exceptions keep their instances.
    @Test func namesOutliveZoneRules() throws {
        let set = try RecurrenceSet.parse("DTSTART:20260105T090000\nRRULE:FREQ=WEEKLY\nEXDATE:20260706T090000").set
        let standard = TimeZoneRules([TimeZoneRule(standardMinutes: 60)])
        let zurich = try zone("Europe/Zurich")
        let (from, to) = (try moment("2026-06-29T00:00:00Z"), try moment("2026-07-20T00:00:00Z"))
        let before = try set.instances(from: from, to: to, in: zurich)
        let after = try set.instances(from: from, to: to, in: standard)
        #expect(before.map(\.original) == after.map(\.original) && before.count == 2)
        #expect(zip(before, after).allSatisfy { $1.moment - $0.moment == 3_600_000_000 })
    }

    /// A further date in UTC is named by its local time; one that a day means has the start's time; EXDATE takes all three forms.
    @Test func datesInThreeForms() throws {
        let lines = """
            DTSTART:20260706T090000
            RRULE:FREQ=DAILY;COUNT=4
            RDATE;VALUE=DATE:20260720
            RDATE:20260721T120000Z,20260722T100000
            EXDATE:20260707T070000Z,20260708T090000
            EXDATE;VALUE=DATE:20260709
            """
        #expect(
            try texts(lines, "Europe/Zurich", count: 9) == [
                "20260706T090000 2026-07-06T07:00:00Z", "20260720T090000 2026-07-20T07:00:00Z",
                "20260721T140000 2026-07-21T12:00:00Z", "20260722T100000 2026-07-22T08:00:00Z",
            ]
        )
    }

    /// An end in UTC is a moment, one in local time is the clock's, and a day is whole. In New York, 20:30 on the 2nd is the 3rd in UTC.
    @Test(arguments: [
        ("20260703T003000Z", 3), ("20260703T002959Z", 2), ("20260702T203000", 3), ("20260702T202959", 2),
        ("20260702", 3),
        ("20260701", 2), ("20260629", 0),
    ])
    func ends(_ until: String, _ count: Int) throws {
        let lines = "DTSTART:20260630T203000\nRRULE:FREQ=DAILY;UNTIL=\(until)"
        #expect(try texts(lines, "America/New_York", count: 9).count == count)
    }

    /// A start that the rule does not make is no instance; without a rule it is the only one.
    @Test func theStart() throws {
        #expect(
            try texts("DTSTART:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1", "UTC", count: 9)
                == ["20260106T090000 2026-01-06T09:00:00Z"]
        )
        #expect(try texts("DTSTART:20260105T090000", "UTC", count: 9) == ["20260105T090000 2026-01-05T09:00:00Z"])
        #expect(try texts("DTSTART:20260105T090000\nEXDATE:20260105T090000", "UTC", count: 9).isEmpty)
    }

    /// "Every second year, Monday of the first week" has one in each of those years, also when it is a day of the year before.
    @Test func firstWeeks() throws {
        #expect(
            try texts("DTSTART:20241230T090000\nRRULE:FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "UTC", count: 4)
                .map { $0.prefix(8) } == ["20241230", "20270104", "20290101", "20301230"]
        )
        // Without a day it is the start's weekday.
        #expect(
            try texts("DTSTART:20260513T090000\nRRULE:FREQ=YEARLY;BYWEEKNO=20", "UTC", count: 2).map { $0.prefix(8) }
                == ["20260513", "20270519"]
        )
    }
}
