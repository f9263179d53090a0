import Engine
import Testing

@Suite struct TimeZoneTests {
    private func rules(_ name: String) throws -> TimeZoneRules {
        TimeZoneRules(try #require(StandardTimeZone.named(name)).rules)
    }

    private func moment(_ text: String) throws -> Int64 { try #require(CalendarText.instant(text)) }

    /// When the clocks changed, and to how many minutes ahead of UTC: from the published tables.
    @Test(
        arguments: [
            ("Europe/Zurich", "2024-03-31T01:00:00Z", 60, 120), ("Europe/Zurich", "2024-10-27T01:00:00Z", 120, 60),
            ("Atlantic/Azores", "2024-03-31T01:00:00Z", -60, 0), ("Europe/Athens", "2024-10-27T01:00:00Z", 180, 120),
            ("America/New_York", "2024-03-10T07:00:00Z", -300, -240),
            ("America/New_York", "2024-11-03T06:00:00Z", -240, -300),
            ("America/New_York", "2000-04-02T07:00:00Z", -300, -240),
            ("America/New_York", "2000-10-29T06:00:00Z", -240, -300),
            ("America/St_Johns", "2024-03-10T05:30:00Z", -210, -150),
            ("Australia/Sydney", "2024-04-06T16:00:00Z", 660, 600),
            ("Australia/Sydney", "2024-10-05T16:00:00Z", 600, 660),
            ("Australia/Adelaide", "2024-04-06T16:30:00Z", 630, 570),
            ("Pacific/Auckland", "2024-09-28T14:00:00Z", 720, 780),
        ] as [(String, String, Int64, Int64)]
    )
    func changes(_ name: String, _ text: String, _ before: Int64, _ after: Int64) throws {
        let zone = try rules(name)
        let change = try moment(text)
        #expect(zone.offset(at: change - 1) == before * 60_000_000)
        #expect(zone.offset(at: change) == after * 60_000_000)
    }

    @Test func gapsAndOverlaps() throws {
        let zone = try rules("Europe/Zurich")
        func local(_ text: String) throws -> String {
            CalendarText.text(microseconds: zone.moment(local: try moment(text + "Z")))
        }
        #expect(try local("2024-03-31T01:59:59") == "2024-03-31T00:59:59Z")
        // 02:30 is skipped: it means what the clock shows as 03:30.
        #expect(try local("2024-03-31T02:30:00") == "2024-03-31T01:30:00Z")
        #expect(try local("2024-03-31T03:00:00") == "2024-03-31T01:00:00Z")
        // 02:30 comes twice: the first is meant.
        #expect(try local("2024-10-27T02:30:00") == "2024-10-27T00:30:00Z")
        #expect(try local("2024-10-27T03:00:00") == "2024-10-27T02:00:00Z")
    }

    /// A day whose midnight is skipped begins with the change.
    @Test func midnightIsSkipped() throws {
        let change = TimeZoneRule.YearlyChange(month: 3, weekday: 0, occurrence: 1, minuteOfDay: 0)
        let back = TimeZoneRule.YearlyChange(month: 10, weekday: 0, occurrence: 1, minuteOfDay: 0)
        let zone = TimeZoneRules([TimeZoneRule(standardMinutes: -180, changes: (change, back))])
        let calendar = BusinessCalendar(timeZone: zone)
        let day = Int(try #require(CalendarText.date("2024-03-03")))
        #expect(calendar.moment(ofDay: day) == (try moment("2024-03-03T03:00:00Z")))
        #expect(calendar.day(calendar.moment(ofDay: day)) == day)
        #expect(calendar.day(calendar.moment(ofDay: day) - 1) == day - 1)
    }

    /// What a later rule says holds from its moment on, and a rule without changes ends daylight time.
    @Test func successiveRules() throws {
        let start = try moment("2020-07-01T00:00:00Z")
        let summer = try #require(StandardTimeZone.named("Europe/Berlin")).rules[0]
        let zone = TimeZoneRules([
            TimeZoneRule(effectiveMicroseconds: start, standardMinutes: 180), summer,
        ])
        #expect(zone.offset(at: start - 1) == 120 * 60_000_000)
        #expect(zone.offset(at: start) == 180 * 60_000_000)
        #expect(zone.offset(at: try moment("2030-01-01T00:00:00Z")) == 180 * 60_000_000)
        #expect(zone.offset(at: try moment("1950-01-01T00:00:00Z")) == 60 * 60_000_000)
    }

    /// Every moment comes back from its local time, but for the second of an hour that comes twice.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func localTimeComesBack(_ seed: UInt64) throws {
        var random = Choices(seed: seed)
        for zone in StandardTimeZone.all {
            let rules = TimeZoneRules(zone.rules)
            for _ in 0..<200 {
                let moment = Int64(random.below(4_000_000_000)) * 1_000_000 - 500_000_000_000_000
                let back = rules.moment(local: rules.local(moment))
                #expect(back == moment || back < moment && rules.local(back) == rules.local(moment), "seed \(seed)")
            }
        }
        #expect(TimeZoneRules.utc.local(.max) == .max && TimeZoneRules.utc.moment(local: .min) == .min)
        let east = try rules("Asia/Tokyo")
        #expect(east.local(.max) == .max && east.moment(local: .min) == .min)
    }

    /// A day lies in its period, and periods follow each other without gaps.
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func periods(_ seed: UInt64) {
        var random = Choices(seed: seed)
        for _ in 0..<400 {
            let calendar = BusinessCalendar(
                weekStart: random.below(7),
                fiscalMonth: 1 + random.below(12),
                fiscalDay: 1 + random.below(28),
                fiscalPeriods: random.pick(FiscalPeriodKind.allCases),
                isFiscalYearNamedByItsEnd: random.chance(50)
            )
            let day = random.below(200_000) - 100_000
            for unit in CalendarUnit.allCases {
                let period = calendar.period(unit, day)
                let (first, end) = (calendar.firstDay(unit, period), calendar.firstDay(unit, period + 1))
                #expect(first <= day && day < end, "seed \(seed): \(unit) of \(day) in \(calendar)")
                #expect(calendar.period(unit, first) == period && calendar.period(unit, end - 1) == period)
            }
        }
    }
}
