import CRM
import Engine
import Testing

/// Lengths, windows and exceptions.
@Suite struct RecurringSeriesTests {
    private static let zoneName = "Europe/Zurich"

    /// Mondays and Thursdays at nine, an hour long.
    private func series(
        _ exceptions: [RecurringSeries.Exception] = [],
        lasting length: RecurringSeries.Length = .seconds(3600)
    ) throws -> RecurringSeries {
        let set = try RecurrenceSet.parse("DTSTART:20260105T090000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TH").set
        return try RecurringSeries(set, lasting: length, exceptions: exceptions)
    }

    private func texts(_ series: RecurringSeries, _ from: String, _ to: String) throws -> [String] {
        try series.instances(from: moment(from), to: moment(to), in: zone(Self.zoneName)).map {
            "\($0.original)\($0.isMoved ? " moved" : ""): "
                + "\(CalendarText.text(microseconds: $0.start)) \(CalendarText.text(microseconds: $0.end))"
        }
    }

    /// What overlaps a window is shown: it may begin before and end behind it, but not touch it only.
    @Test(arguments: [
        ("2026-01-05T08:00:00Z", "2026-01-05T08:00:01Z", 1), ("2026-01-05T08:59:59Z", "2026-01-05T09:30:00Z", 1),
        ("2026-01-05T09:00:00Z", "2026-01-05T09:30:00Z", 0), ("2026-01-05T07:00:00Z", "2026-01-05T08:00:00Z", 0),
        ("2026-01-05T08:20:00Z", "2026-01-05T08:30:00Z", 1), ("2026-01-05T08:20:00Z", "2026-01-05T08:20:00Z", 1),
        ("2026-01-01T00:00:00Z", "2026-01-12T00:00:00Z", 2), ("2026-01-12T00:00:00Z", "2026-01-01T00:00:00Z", 0),
    ])
    func windows(_ from: String, _ to: String, _ count: Int) throws {
        #expect(try texts(series(), from, to).count == count)
    }

    @Test func exceptions() throws {
        let series = try series([
            .init(try localTime("20260108T090000"), .cancelled),
            .init(
                try localTime("20260112T090000"),
                .moved(start: try moment("2026-03-03T13:00:00Z"), end: try moment("2026-03-03T15:00:00Z"))
            ),
        ])
        #expect(
            try texts(series, "2026-01-05T00:00:00Z", "2026-01-16T00:00:00Z") == [
                "20260105T090000: 2026-01-05T08:00:00Z 2026-01-05T09:00:00Z",
                "20260115T090000: 2026-01-15T08:00:00Z 2026-01-15T09:00:00Z",
            ]
        )
        #expect(
            try texts(series, "2026-03-02T12:00:00Z", "2026-03-05T12:00:00Z") == [
                "20260112T090000 moved: 2026-03-03T13:00:00Z 2026-03-03T15:00:00Z",
                "20260305T090000: 2026-03-05T08:00:00Z 2026-03-05T09:00:00Z",
            ]
        )
        // Of two exceptions with one name the later counts.
        let again = try RecurringSeries(
            series.set,
            lasting: series.length,
            exceptions: series.exceptions + [.init(try localTime("20260112T090000"), .cancelled)]
        )
        #expect(again.exceptions.count == 2)
        #expect(try texts(again, "2026-03-02T12:00:00Z", "2026-03-04T12:00:00Z").isEmpty)
    }

    /// Days end at midnight, after 23 hours on the day when the clocks go forward.
    @Test func wholeDays() throws {
        let set = try RecurrenceSet.parse("DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY").set
        let series = try RecurringSeries(set, lasting: .days(1))
        #expect(
            try texts(series, "2026-03-28T12:00:00Z", "2026-03-29T22:00:00Z") == [
                "20260328T000000: 2026-03-27T23:00:00Z 2026-03-28T23:00:00Z",
                "20260329T000000: 2026-03-28T23:00:00Z 2026-03-29T22:00:00Z",
            ]
        )
        // Hours are hours.
        let night = try RecurrenceSet.parse("DTSTART:20260328T230000\nRRULE:FREQ=DAILY").set
        #expect(
            try texts(
                RecurringSeries(night, lasting: .seconds(4 * 3600)),
                "2026-03-28T22:00:00Z",
                "2026-03-28T22:30:00Z"
            )
                == ["20260328T230000: 2026-03-28T22:00:00Z 2026-03-29T02:00:00Z"]
        )
    }

    @Test func limits() throws {
        let many = try (0...1000).map {
            RecurringSeries.Exception(try #require(LocalTime(seconds: Int64($0))), .cancelled)
        }
        #expect(try #require(throws: RecurrenceError.self) { try series(many) }.code == .tooMany)
        for length in [.seconds(-1), .seconds(367 * 86_400 + 1), .seconds(.max), .days(0), .days(368), .days(.max)]
            as [RecurringSeries.Length]
        {
            #expect(try #require(throws: RecurrenceError.self) { try series([], lasting: length) }.code == .outOfRange)
        }
        let long = try series([], lasting: .seconds(367 * 86_400))
        #expect(try texts(long, "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z").count == 104)
    }
}
