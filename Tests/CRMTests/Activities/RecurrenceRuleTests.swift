import CRM
import Engine
import Testing

@Suite struct RecurrenceRuleTests {
    /// The one text of a rule, whatever it was read from.
    @Test(arguments: [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("freq=weekly;byday=th,mo", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("INTERVAL=1;FREQ=MONTHLY;WKST=MO", "FREQ=MONTHLY"),
        ("WKST=SU;COUNT=3;FREQ=YEARLY;INTERVAL=2", "FREQ=YEARLY;INTERVAL=2;COUNT=3;WKST=SU"),
        ("FREQ=MONTHLY;BYDAY=SU,-1FR,+2MO,MO,-2TU,2MO", "FREQ=MONTHLY;BYDAY=MO,SU,2MO,-2TU,-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,15,1,-2,015", "FREQ=MONTHLY;BYMONTHDAY=1,15,-2,-1"),
        ("FREQ=DAILY;UNTIL=20261218", "FREQ=DAILY;UNTIL=20261218"),
        ("FREQ=DAILY;UNTIL=20261218t093000", "FREQ=DAILY;UNTIL=20261218T093000"),
        ("FREQ=DAILY;UNTIL=20261218T093060z", "FREQ=DAILY;UNTIL=20261218T093059Z"),
        ("FREQ=MINUTELY;BYSECOND=60,59,0", "FREQ=MINUTELY;BYSECOND=0,59"),
        (
            "FREQ=YEARLY;BYSETPOS=-1,1;BYSECOND=1;BYMINUTE=2;BYHOUR=3;BYDAY=MO;BYWEEKNO=-53,1;BYMONTH=12,1",
            "FREQ=YEARLY;BYMONTH=1,12;BYWEEKNO=1,-53;BYDAY=MO;BYHOUR=3;BYMINUTE=2;BYSECOND=1;BYSETPOS=1,-1"
        ),
        ("FREQ=SECONDLY;BYYEARDAY=-366,366;BYMONTHDAY=31", "FREQ=SECONDLY;BYYEARDAY=366,-366;BYMONTHDAY=31"),
    ])
    func prints(_ text: String, _ printed: String) throws {
        let rule = try RecurrenceRule(parsing: text)
        #expect(rule.description == printed)
        #expect(try RecurrenceRule(parsing: printed) == rule)
    }

    /// Each refusal has its code, its place and the words that a person looks for.
    @Test(
        arguments: [
            ("", .syntax, 0, "no part ''"), ("FREQ", .syntax, 4, "'='"), ("FREQ=", .syntax, 5, "no frequency"),
            ("FREQ=FORTNIGHTLY", .syntax, 5, "FORTNIGHTLY"), ("FREQ=DAILY;", .syntax, 11, "no part ''"),
            ("FREQ=DAILY;;COUNT=1", .syntax, 11, "no part ''"), ("FREQ=DAILY COUNT=1", .syntax, 5, "DAILY COUNT"),
            ("COUNT=1", .missing, 0, "FREQ"), ("FREQ=DAILY;FREQ=DAILY", .conflict, 11, "twice"),
            ("FREQ=DAILY;BYFOO=1", .syntax, 11, "BYFOO"), ("RSCALE=GREGORIAN;FREQ=DAILY", .unsupported, 0, "RSCALE"),
            ("FREQ=YEARLY;SKIP=BACKWARD", .unsupported, 12, "SKIP"),
            ("FREQ=DAILY;INTERVAL=0", .outOfRange, 20, "not 0"),
            ("FREQ=DAILY;INTERVAL=-1", .outOfRange, 20, "not -1"), ("FREQ=DAILY;INTERVAL=x", .syntax, 20, "'x'"),
            ("FREQ=DAILY;INTERVAL=1000001", .outOfRange, 20, "1000000"),
            ("FREQ=DAILY;COUNT=99999999999999999999999", .outOfRange, 17, "COUNT"),
            ("FREQ=DAILY;COUNT=2;UNTIL=20260101", .conflict, 19, "COUNT"),
            ("FREQ=DAILY;UNTIL=20260230", .syntax, 17, "20260230"), ("FREQ=DAILY;UNTIL=2026", .syntax, 17, "2026"),
            ("FREQ=DAILY;UNTIL=20260101T240000", .syntax, 17, "T240000"),
            ("FREQ=DAILY;UNTIL=20260101T000000+", .syntax, 17, "000000+"),
            ("FREQ=DAILY;BYMONTH=13", .outOfRange, 19, "1…12"), ("FREQ=DAILY;BYMONTH=-1", .outOfRange, 19, "not -1"),
            ("FREQ=DAILY;BYMONTH=1,,2", .syntax, 21, "''"), ("FREQ=DAILY;BYMONTH=1,", .syntax, 21, "''"),
            ("FREQ=DAILY;BYHOUR=24", .outOfRange, 18, "0…23"), ("FREQ=DAILY;BYMINUTE=60", .outOfRange, 20, "0…59"),
            ("FREQ=DAILY;BYSECOND=61", .outOfRange, 20, "0…60"), ("FREQ=DAILY;BYHOUR=-0", .outOfRange, 18, "not -0"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", .outOfRange, 24, "-31…-1"),
            ("FREQ=MONTHLY;BYMONTHDAY=-32", .outOfRange, 24, "not -32"),
            ("FREQ=YEARLY;BYYEARDAY=367", .outOfRange, 22, "1…366"),
            ("FREQ=YEARLY;BYWEEKNO=54", .outOfRange, 21, "1…53"),
            ("FREQ=WEEKLY;BYDAY=XX", .syntax, 18, "'XX'"), ("FREQ=WEEKLY;BYDAY=MO,", .syntax, 21, "weekday"),
            ("FREQ=WEEKLY;BYDAY=ſU", .syntax, 18, "ſU"), ("FREQ=MONTHLY;BYDAY=54MO", .outOfRange, 19, "54"),
            ("FREQ=MONTHLY;BYDAY=0MO", .outOfRange, 19, "not 0"), ("FREQ=WEEKLY;WKST=2MO", .syntax, 17, "2MO"),
            ("FREQ=WEEKLY;BYDAY=2MO", .conflict, 12, "BYDAY"), ("FREQ=HOURLY;BYDAY=-1MO", .conflict, 12, "BYDAY"),
            ("FREQ=YEARLY;BYWEEKNO=2;BYDAY=1MO", .conflict, 23, "BYWEEKNO"),
            ("FREQ=MONTHLY;BYWEEKNO=2", .conflict, 13, "YEARLY"), ("FREQ=DAILY;BYYEARDAY=2", .conflict, 11, "DAILY"),
            ("FREQ=WEEKLY;BYYEARDAY=2", .conflict, 12, "WEEKLY"),
            ("FREQ=MONTHLY;BYYEARDAY=2", .conflict, 13, "MONTHLY"),
            ("FREQ=WEEKLY;BYMONTHDAY=2", .conflict, 12, "WEEKLY"), ("FREQ=DAILY;BYSETPOS=1", .conflict, 11, "BYSETPOS"),
            ("FREQ=DAILY;BYMONTH=1;BYSETPOS=0", .outOfRange, 31 - 1, "BYSETPOS"),
        ] as [(String, RecurrenceError.Code, Int, String)]
    )
    func refuses(_ text: String, _ code: RecurrenceError.Code, _ place: Int, _ words: String) throws {
        let error = try #require(throws: RecurrenceError.self) { try RecurrenceRule(parsing: text) }
        #expect(error.code == code && error.placeBytes == place, "\(text): \(error)")
        #expect(error.message.contains(words), "\(text): \(error)")
        #expect(!error.message.hasSuffix("."))
    }

    @Test func aLongRuleIsRefusedUnread() throws {
        let text = "FREQ=DAILY;BYMONTH=" + String(repeating: "1,", count: 3000) + "1"
        let error = try #require(throws: RecurrenceError.self) { try RecurrenceRule(parsing: text) }
        #expect(error.code == .tooLong)
        // What is said of a long word is short.
        let word = try #require(throws: RecurrenceError.self) {
            try RecurrenceRule(parsing: String(repeating: "ü", count: 1000))
        }
        #expect(word.code == .syntax && word.message.utf8.count < 120)
    }

    /// A series as lines, in any order, folded or not.
    @Test func readsLines() throws {
        let text =
            "EXDATE;TZID=Europe/Zurich:20260406T090000\r\nRRULE:FREQ=WEEKLY;BYDAY=\r\n MO,TH\r\n\r\n"
            + "DTSTART;TZID=Europe/Zurich:20260105T090000\r\nrdate;value=date:20260407\nRDATE:20260408T140000,20260409T120000Z"
        let (set, zoneName) = try RecurrenceSet.parse(text)
        #expect(zoneName == "Europe/Zurich" && !set.isAllDay)
        #expect(
            set.text(zoneName: zoneName) == """
                DTSTART;TZID=Europe/Zurich:20260105T090000
                RRULE:FREQ=WEEKLY;BYDAY=MO,TH
                RDATE:20260408T140000,20260409T120000Z
                RDATE;VALUE=DATE:20260407
                EXDATE:20260406T090000

                """
        )
        let again = try RecurrenceSet.parse(set.text(zoneName: zoneName))
        #expect(again.set.text(zoneName: again.zoneName) == set.text(zoneName: zoneName))
        let day = try RecurrenceSet.parse("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=2")
        #expect(day.set.isAllDay && day.zoneName == nil)
        #expect(day.set.text(zoneName: nil) == "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=2\n")
        let utc = try RecurrenceSet.parse("DTSTART:20260105T080000Z")
        #expect(utc.zoneName == "UTC" && utc.set.text(zoneName: "UTC") == "DTSTART;TZID=UTC:20260105T080000\n")
    }

    @Test(
        arguments: [
            ("", .missing, 0, "DTSTART"), ("RRULE:FREQ=DAILY", .missing, 0, "DTSTART"),
            ("DTSTART", .syntax, 0, "':'"), ("DTSTART:2026", .syntax, 8, "2026"),
            ("DTSTART:20260105", .syntax, 8, "20260105"), ("DTSTART;VALUE=DATE:20260105T090000", .syntax, 19, "day"),
            ("DTSTART:20260105T090000\nDTSTART:20260105T090000", .conflict, 24, "DTSTART"),
            ("DTSTART:20260105T090000,20260106T090000", .conflict, 0, "DTSTART"),
            ("DTSTART:20260105T090000\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY", .conflict, 41, "RRULE"),
            ("DTSTART:20260105T090000\nRRULE:FREQ=DAILY;COUNT=0", .outOfRange, 47, "COUNT"),
            ("DTSTART:20260105T090000\nEXRULE:FREQ=DAILY", .unsupported, 24, "EXRULE"),
            ("DTSTART:20260105T090000\nRDATE;VALUE=PERIOD:20260105T090000/PT1H", .unsupported, 24, "period"),
            ("DTSTART:20260105T090000\nRDATE:20260105T090000,x", .syntax, 46, "'x'"),
            ("DTSTART;LANGUAGE=de:20260105T090000", .syntax, 0, "LANGUAGE"),
            ("DTSTART;TZID=:20260105T090000", .syntax, 0, "TZID"),
            ("SUMMARY:Lunch\nDTSTART:20260105T090000", .syntax, 0, "SUMMARY"),
            ("DTSTART;TZID=A:20260105T090000\nRDATE;TZID=B:20260105T090000", .conflict, 31, "'B'"),
            ("DTSTART:20260105T090000Z\nRDATE;TZID=B:20260105T090000", .conflict, 0, "'UTC'"),
        ] as [(String, RecurrenceError.Code, Int, String)]
    )
    func refusesLines(_ text: String, _ code: RecurrenceError.Code, _ place: Int, _ words: String) throws {
        let error = try #require(throws: RecurrenceError.self) { try RecurrenceSet.parse(text) }
        #expect(error.code == code && error.placeBytes == place, "\(text): \(error)")
        #expect(error.message.contains(words), "\(text): \(error)")
    }

    @Test func limitsOfLines() throws {
        let dates = [String](repeating: "20260105T090000", count: 1001).joined(separator: ",")
        let line = try #require(throws: RecurrenceError.self) { try RecurrenceSet.parse("RDATE:" + dates) }
        #expect(line.code == .tooMany)
        let half = [String](repeating: "20260105T090000", count: 600).joined(separator: ",")
        let lines = try #require(throws: RecurrenceError.self) {
            try RecurrenceSet.parse("DTSTART:20260105T090000\nEXDATE:\(half)\nEXDATE:\(half)")
        }
        #expect(lines.code == .tooMany)
        let long = try #require(throws: RecurrenceError.self) {
            try RecurrenceSet.parse(String(repeating: "\n", count: 70_000))
        }
        #expect(long.code == .tooLong)
    }
}
