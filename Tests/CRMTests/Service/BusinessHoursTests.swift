import CRM
import Engine
import Snapshot
import TestSupport
import Testing

/// Patterns of business hours: what is read, what is refused, and time counted against a model that looks at every minute.
@Suite struct BusinessHoursTests {
    private static let office = "Mo-Fr 08:00-12:00, 13:00-17:00; Sa 09:00-12:00"

    private func after(
        _ minutes: Int64,
        _ start: String,
        _ pattern: String,
        in zone: TimeZoneRules = .utc
    ) throws -> String {
        let hours = try BusinessHours(pattern, in: zone)
        let found = try #require(hours.moment(after: minutes * 60_000_000, from: moment(start)))
        #expect(hours.span(from: try moment(start), to: found) == minutes * 60_000_000)
        return CalendarText.text(microseconds: found)
    }

    @Test func hoursOfADay() throws {
        #expect(try after(60, "2026-05-15T10:00:00Z", Self.office) == "2026-05-15T11:00:00Z")
        #expect(try after(120, "2026-05-15T10:00:00Z", Self.office) == "2026-05-15T12:00:00Z")
    }

    @Test func overNoonTheNightAndTheWeekend() throws {
        #expect(try after(121, "2026-05-15T10:00:00Z", Self.office) == "2026-05-15T13:01:00Z")
        #expect(try after(400, "2026-05-15T10:00:00Z", Self.office) == "2026-05-16T09:40:00Z")
        #expect(try after(600, "2026-05-15T10:00:00Z", Self.office) == "2026-05-18T09:00:00Z")
    }

    @Test func fromOutsideOfTheHours() throws {
        #expect(try after(30, "2026-05-17T03:00:00Z", Self.office) == "2026-05-18T08:30:00Z")
        #expect(try after(30, "2026-05-15T12:20:00Z", Self.office) == "2026-05-15T13:30:00Z")
    }

    @Test func anEmptyPatternIsAroundTheClock() throws {
        #expect(try after(3 * 1_440 + 1, "2026-05-15T10:00:00Z", "") == "2026-05-18T10:01:00Z")
        #expect(try after(1, "2026-05-15T10:00:00Z", " ; ") == "2026-05-15T10:01:00Z")
    }

    @Test func inLocalTimeOverAChangeOfTheClocks() throws {
        let zurich = try zone("Europe/Zurich")
        #expect(try after(60, "2026-03-27T16:30:00Z", "Mo-Fr 08:00-18:00", in: zurich) == "2026-03-30T06:30:00Z")
        // The night of 29 March has an hour less, that of 25 October an hour more.
        #expect(try after(1_440, "2026-03-28T12:00:00Z", "", in: zurich) == "2026-03-29T12:00:00Z")
        #expect(try after(480, "2026-10-24T22:00:00Z", "Su 00:00-08:00", in: zurich) == "2026-10-25T06:00:00Z")
    }

    /// On 29 March there is no 02:00 to 03:00: what begins or ends there does so when the clocks change.
    @Test(arguments: [
        ("Su 00:00-02:30, 03:00-08:00", 420), ("Su 00:00-02:30, 02:30-08:00", 420), ("Su 02:15-02:45", 0),
        ("Su 02:30-04:00", 60), ("Su 00:00-02:30", 120), ("Su 01:00-02:00, 02:10-02:20, 02:40-03:30", 90),
    ])
    func hoursThatTheClocksSkip(_ pattern: String, _ minutes: Int64) throws {
        let hours = try BusinessHours(pattern, in: try zone("Europe/Zurich"))
        let (start, end) = (try moment("2026-03-28T12:00:00Z"), try moment("2026-03-29T12:00:00Z"))
        #expect(hours.span(from: start, to: end) == minutes * 60_000_000)
        if minutes > 0 {
            let found = try #require(hours.moment(after: minutes * 60_000_000, from: start))
            #expect(found <= end && hours.span(from: start, to: found) == minutes * 60_000_000)
        }
    }

    @Test func nightShiftsEndAtMidnightAndGoOn() throws {
        #expect(try after(180, "2026-05-15T22:00:00Z", "Fr 20:00-24:00; Sa 00:00-04:00") == "2026-05-16T01:00:00Z")
    }

    @Test func onClosedDaysNobodyIsThere() throws {
        func day(_ text: String) throws -> Int64 { Int64(try #require(CalendarText.date(text))) }
        let monday = try day("2026-05-18")
        let closures = [
            BusinessHours.Closure(name: "Fair", days: (monday + 2)...(monday + 3)),
            BusinessHours.Closure(name: "Monday", days: monday...monday),
            BusinessHours.Closure(name: "Long ago", days: 0...10_000),
        ]
        let hours = try BusinessHours("Mo-Fr 08:00-12:00", in: .utc, closures: closures)
        func after(_ minutes: Int64) throws -> String {
            let found = try #require(hours.moment(after: minutes * 60_000_000, from: moment("2026-05-15T11:00:00Z")))
            return CalendarText.text(microseconds: found)
        }
        #expect(try after(60) == "2026-05-15T12:00:00Z")
        #expect(try after(61) == "2026-05-19T08:01:00Z")
        #expect(try after(301) == "2026-05-22T08:01:00Z")
        func absence(_ start: String, _ end: String) throws -> BusinessHours.Absence? {
            hours.absence(from: try moment(start), to: try moment(end))
        }
        #expect(try absence("2026-05-19T09:00:00Z", "2026-05-19T12:00:00Z") == nil)
        #expect(try absence("2026-05-19T09:00:00Z", "2026-05-19T12:01:00Z") == .hours)
        #expect(try absence("2026-05-18T09:00:00Z", "2026-05-18T12:00:00Z") == .closure("Monday"))
        // Who is there around the clock is there on those days as well.
        let always = try BusinessHours("", in: .utc, closures: closures)
        #expect(
            always.span(from: try moment("2026-05-18T00:00:00Z"), to: try moment("2026-05-19T00:00:00Z"))
                == 86_400_000_000
        )
    }

    @Test func whatIsTooFarIsNoMoment() throws {
        let hours = try BusinessHours("Mo 08:00-08:01", in: .utc)
        #expect(hours.moment(after: 600 * 60_000_000, from: try moment("2026-05-15T10:00:00Z")) == nil)
        #expect(hours.moment(after: 500 * 60_000_000, from: try moment("2026-05-15T10:00:00Z")) != nil)
        #expect(hours.span(from: 10, to: 5) == 0)
    }

    @Test(arguments: [
        ("Mo-Fr", "'Mo-Fr' has no hours: Mo-Fr 08:00-17:00"),
        ("Xx 08:00-17:00", "'Xx' is no day: Mo, Tu, We, Th, Fr, Sa, Su or Mo-Fr"),
        ("Fr-Mo 08:00-17:00", "'Fr-Mo' is no day: Mo, Tu, We, Th, Fr, Sa, Su or Mo-Fr"),
        ("Mo, 08:00-17:00", "'' is no day: Mo, Tu, We, Th, Fr, Sa, Su or Mo-Fr"),
        ("Mo-We,Tu 08:00-17:00", "'Mo-We,Tu' names a day twice"),
        ("Mo 8:00-17:00", "'8:00-17:00' are no hours: 08:00-17:30"),
        ("Mo 17:00-08:00", "'17:00-08:00' are no hours: 08:00-17:30"),
        ("Mo 08:00-08:00", "'08:00-08:00' are no hours: 08:00-17:30"),
        ("Mo 08:00-24:01", "'08:00-24:01' are no hours: 08:00-17:30"),
        ("Mo 08:60-12:00", "'08:60-12:00' are no hours: 08:00-17:30"),
        ("Mo 08:00-17:00,16:00-18:00", "the hours of Mo overlap"),
        ("Mo 08:00-17:00; Mo-Tu 16:00-18:00", "the hours of Mo overlap"),
        ("Mo 08:00", "'08:00' are no hours: 08:00-17:30"),
        ("Mo +8:00-17:00", "'+8:00-17:00' are no hours: 08:00-17:30"),
    ])
    func whatCannotBeReadIsNamed(_ pattern: String, _ reason: String) throws {
        let flaw = try #require(throws: BusinessHours.Flaw.self) { try BusinessHours(pattern, in: .utc) }
        #expect(flaw.reason == reason)
    }

    /// A random pattern whose hours begin and end at whole ones, also of those at which clocks change; and by day which it has.
    private static func pattern(_ random: inout RecurrenceRandom) -> (text: String, hours: [Set<Int>]) {
        let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
        var hours = Array(repeating: Set<Int>(), count: 7)
        var parts: [String] = []
        for day in 0..<7 where random.chance(60) || day == 2 {
            let ends = [0, 2, 3, 5, 8, 9, 12, 13, 17, 20, 24]
            let one = random.below(6)
            let two = random.within((one + 1)...10)
            for hour in ends[one]..<ends[two] { hours[day].insert(hour) }
            parts.append("\(names[day]) " + String(from: ends[one], to: ends[two]))
        }
        return (parts.joined(separator: "; "), hours)
    }

    @Test(arguments: 0..<UInt64(Effort.count(12, torture: 100, full: 1_000)))
    func timeIsThatOfTheMinutes(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: seed)
        let zone = random.chance(50) ? try zone("Europe/Zurich") : TimeZoneRules.utc
        let (text, open) = Self.pattern(&random)
        let minute: Int64 = 60_000_000
        // Around the changes of the clocks, for two weeks.
        let begin = try moment(random.pick(["2026-03-20T00:00:00Z", "2026-10-16T00:00:00Z"]))
        let start = begin + Int64(random.below(14 * 1_440)) * minute
        // Closures that may overlap, and be around the beginning.
        let closures = (0..<random.below(6)).map { _ in
            let first = begin / 86_400_000_000 + Int64(random.within(-3...30))
            return BusinessHours.Closure(name: "", days: first...(first + Int64(random.below(4))))
        }
        let hours = try BusinessHours(text, in: zone, closures: closures)
        var counted: Int64 = 0
        let wanted = Int64(random.within(1...3_000))
        var at = start
        while counted < wanted {
            let local = zone.local(at)
            let day = local.dividedDown(by: 86_400_000_000)
            let hour = Int((local - day * 86_400_000_000) / 3_600_000_000)
            let isClosed = closures.contains { $0.days.contains(day) }
            if !isClosed, open[Int((day + 3).modulo(7))].contains(hour) { counted += 1 }
            at += minute
        }
        #expect(hours.moment(after: wanted * minute, from: start) == at, "seed \(seed): \(text)")
        #expect(hours.span(from: start, to: at) == wanted * minute, "seed \(seed): \(text)")
    }
}

extension String {
    /// `08:00-17:00` of whole hours.
    fileprivate init(from start: Int, to end: Int) {
        func two(_ hour: Int) -> String { hour < 10 ? "0\(hour)" : "\(hour)" }
        self = "\(two(start)):00-\(two(end)):00"
    }
}
