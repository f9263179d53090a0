// The rules that a new organisation can begin with: what `kith calendar` writes as records. From then on the records count,
// not this list: a change of the list changes no answer, and an organisation corrects its rules like any other record.
//
// Zones have the names of the IANA database. Each rule holds from the year in which the zone's present practice began; a
// date before the first rule is taken as if that rule had always been in force.

/// A time zone that Kith brings along.
public struct StandardTimeZone: Hashable, Sendable {
    /// IANA name: `Europe/Zurich`.
    public var name: String
    /// Its rules, oldest first.
    public var rules: [TimeZoneRule]

    /// All of them, by name.
    public static let all: [StandardTimeZone] = (fixed + changing).sorted { $0.name < $1.name }

    /// The zone of this name, whatever the case of its letters.
    public static func named(_ name: String) -> StandardTimeZone? {
        all.first { $0.name.lowercased() == name.lowercased() }
    }

    private static let fixed: [StandardTimeZone] = [
        ("UTC", 0), ("Africa/Johannesburg", 120), ("Africa/Lagos", 60), ("Africa/Nairobi", 180),
        ("America/Argentina/Buenos_Aires", -180), ("America/Bogota", -300), ("America/Lima", -300),
        ("America/Mexico_City", -360), ("America/Phoenix", -420), ("America/Sao_Paulo", -180), ("Asia/Bangkok", 420),
        ("Asia/Dubai", 240), ("Asia/Dhaka", 360), ("Asia/Hong_Kong", 480), ("Asia/Ho_Chi_Minh", 420),
        ("Asia/Jakarta", 420), ("Asia/Karachi", 300), ("Asia/Kathmandu", 345), ("Asia/Kolkata", 330),
        ("Asia/Manila", 480), ("Asia/Riyadh", 180), ("Asia/Seoul", 540), ("Asia/Shanghai", 480),
        ("Asia/Singapore", 480), ("Asia/Taipei", 480), ("Asia/Tokyo", 540), ("Atlantic/Reykjavik", 0),
        ("Australia/Brisbane", 600), ("Australia/Darwin", 570), ("Australia/Perth", 480), ("Europe/Istanbul", 180),
        ("Europe/Moscow", 180), ("Pacific/Honolulu", -600),
    ].map { StandardTimeZone(name: $0.0, rules: [TimeZoneRule(standardMinutes: $0.1)]) }

    private static let changing: [StandardTimeZone] =
        europe.map { StandardTimeZone(name: $0.0, rules: [european($0.1)]) }
        + northAmerica.map { StandardTimeZone(name: $0.0, rules: northAmerican($0.1)) }
        + [
            ("Australia/Sydney", 600), ("Australia/Melbourne", 600), ("Australia/Hobart", 600),
            ("Australia/Adelaide", 570),
        ]
        .map { StandardTimeZone(name: $0.0, rules: [southern($0.1, daylightMonth: 10, occurrence: 1)]) }
        + [StandardTimeZone(name: "Pacific/Auckland", rules: [southern(720, daylightMonth: 9, occurrence: 5)])]

    private static let europe: [(String, Int)] = [
        ("Atlantic/Azores", -60), ("Europe/Dublin", 0), ("Europe/Lisbon", 0), ("Europe/London", 0),
        ("Europe/Amsterdam", 60), ("Europe/Belgrade", 60), ("Europe/Berlin", 60), ("Europe/Bratislava", 60),
        ("Europe/Brussels", 60), ("Europe/Budapest", 60), ("Europe/Copenhagen", 60), ("Europe/Ljubljana", 60),
        ("Europe/Luxembourg", 60), ("Europe/Madrid", 60), ("Europe/Malta", 60), ("Europe/Oslo", 60),
        ("Europe/Paris", 60), ("Europe/Prague", 60), ("Europe/Rome", 60), ("Europe/Stockholm", 60),
        ("Europe/Vaduz", 60), ("Europe/Vienna", 60), ("Europe/Warsaw", 60), ("Europe/Zagreb", 60),
        ("Europe/Zurich", 60), ("Europe/Athens", 120), ("Europe/Bucharest", 120), ("Europe/Helsinki", 120),
        ("Europe/Kyiv", 120), ("Europe/Riga", 120), ("Europe/Sofia", 120), ("Europe/Tallinn", 120),
        ("Europe/Vilnius", 120),
    ]

    private static let northAmerica: [(String, Int)] = [
        ("America/St_Johns", -210), ("America/Halifax", -240), ("America/New_York", -300), ("America/Toronto", -300),
        ("America/Chicago", -360), ("America/Winnipeg", -360), ("America/Denver", -420), ("America/Edmonton", -420),
        ("America/Los_Angeles", -480), ("America/Vancouver", -480), ("America/Anchorage", -540),
    ]

    /// Since 1996: the last Sundays of March and October, at 01:00 UTC everywhere.
    private static func european(_ minutes: Int) -> TimeZoneRule {
        func change(_ month: Int, _ offset: Int) -> TimeZoneRule.YearlyChange {
            TimeZoneRule.YearlyChange(month: month, weekday: 0, occurrence: 5, minuteOfDay: 60 + offset)
        }
        return TimeZoneRule(
            effectiveMicroseconds: moment(1996),
            standardMinutes: minutes,
            changes: (change(3, minutes), change(10, minutes + 60))
        )
    }

    /// From 1987 the first Sunday of April to the last of October, since 2007 the second of March to the first of November.
    private static func northAmerican(_ minutes: Int) -> [TimeZoneRule] {
        func rule(_ year: Int, _ daylight: (Int, Int), _ standard: (Int, Int)) -> TimeZoneRule {
            func change(_ place: (Int, Int)) -> TimeZoneRule.YearlyChange {
                TimeZoneRule.YearlyChange(month: place.0, weekday: 0, occurrence: place.1, minuteOfDay: 120)
            }
            return TimeZoneRule(
                effectiveMicroseconds: moment(year),
                standardMinutes: minutes,
                changes: (change(daylight), change(standard))
            )
        }
        return [rule(1987, (4, 1), (10, 5)), rule(2007, (3, 2), (11, 1))]
    }

    /// Since 2008, from spring to the first Sunday of April: 02:00 to 03:00 and back.
    private static func southern(_ minutes: Int, daylightMonth: Int, occurrence: Int) -> TimeZoneRule {
        TimeZoneRule(
            effectiveMicroseconds: moment(2008),
            standardMinutes: minutes,
            changes: (
                TimeZoneRule.YearlyChange(
                    month: daylightMonth,
                    weekday: 0,
                    occurrence: occurrence,
                    minuteOfDay: 120
                ),
                TimeZoneRule.YearlyChange(month: 4, weekday: 0, occurrence: 1, minuteOfDay: 180)
            )
        )
    }

    /// The first moment of a year.
    private static func moment(_ year: Int) -> Int64 {
        CalendarText.microseconds(days: Int64(CivilDay.day(year: year, month: 1, day: 1)))
    }
}
