import CRM
import Engine
import Testing

/// Rules that never match, that match too often, and series that began long ago: each ends, with an answer or an error that says why.
@Suite struct RecurrenceLimitTests {
    private func set(_ rule: String, start: String = "20260105T090000") throws -> RecurrenceSet {
        RecurrenceSet(start: try localTime(start), rule: try RecurrenceRule(parsing: rule))
    }

    /// A window is empty, and a search ends at the end of the calendar or at the limit of work.
    @Test(arguments: [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", true), ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31", true),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", true), ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", true),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", true), ("FREQ=YEARLY;BYDAY=53MO,-53MO;BYMONTH=3", true),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=5", false), ("FREQ=DAILY;BYSETPOS=2;BYHOUR=9", false),
        ("FREQ=SECONDLY;INTERVAL=86400;BYHOUR=5", false), ("FREQ=MINUTELY;INTERVAL=60;BYMINUTE=1", false),
        ("FREQ=WEEKLY;BYHOUR=9;BYSETPOS=-9;COUNT=5", false), ("FREQ=DAILY;COUNT=1000000;BYMONTH=2;BYMONTHDAY=30", true),
    ])
    func neverMatches(_ rule: String, _ reachesTheEnd: Bool) throws {
        let set = try set(rule)
        let from = try moment("2030-01-01T00:00:00Z")
        #expect(try set.instances(from: from, to: from + 365 * 86_400_000_000, in: .utc).isEmpty)
        if reachesTheEnd {
            #expect(try set.instances(from: from, count: 1, in: .utc).isEmpty)
            #expect(try set.ended().instances(from: .min, to: .max, in: .utc).isEmpty)
        } else {
            let error = try #require(throws: RecurrenceError.self) {
                try set.instances(from: from, count: 1, in: .utc)
            }
            #expect(error.code == .tooMuchWork && error.message.contains("up to"), "\(error)")
        }
    }

    /// A window far away costs its own periods only: a million steps would not reach it.
    @Test(arguments: [
        ("FREQ=SECONDLY", 60), ("FREQ=MINUTELY", 1), ("FREQ=DAILY", 0), ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 0),
        ("FREQ=MINUTELY;INTERVAL=7;BYSECOND=0,1,2", 0),
    ])
    func farAway(_ rule: String, _ count: Int) throws {
        let from = try moment("9000-06-01T00:00:00Z")
        let set = try set(rule, start: "00010101T000000")
        let found = try set.instances(from: from, to: from + 60_000_000, in: .utc)
        #expect(found.count >= count)
        #expect(try !set.instances(from: from, count: 1, in: .utc).isEmpty)
        // The count of the periods before it is what a rule with a count has to know.
        guard rule == "FREQ=SECONDLY" else { return }
        let counted = try self.set(rule + ";COUNT=1000000", start: "20260101T000000")
        let far = try counted.instances(from: try moment("2026-01-12T00:00:00Z"), count: 1, in: .utc)
        #expect(try far.first?.moment == moment("2026-01-12T00:00:00Z"))
    }

    @Test func tooManyInstances() throws {
        let (from, year) = (try moment("2026-02-01T00:00:00Z"), 365 * 86_400_000_000 as Int64)
        let daily = try set("FREQ=DAILY")
        #expect(try daily.instances(from: from, to: from + year, in: .utc, countMax: 365).count == 365)
        let error = try #require(throws: RecurrenceError.self) {
            try daily.instances(from: from, to: from + year, in: .utc, countMax: 364)
        }
        #expect(error.code == .tooMany && error.message.contains("364"))
        let hostile = try #require(throws: RecurrenceError.self) {
            try set("FREQ=SECONDLY").instances(from: .min, to: .max, in: .utc)
        }
        #expect(hostile.code == .tooMany)
        #expect(try set("FREQ=SECONDLY").instances(from: .min, count: .max, in: .utc).count == 65_536)
        var dates = daily
        dates.additions = [RecurrenceDate](repeating: .day(20_000), count: 1001)
        #expect(throws: RecurrenceError.self) { try dates.instances(from: from, to: from + year, in: .utc) }
    }

    /// A whole year of seconds, of which the last is wanted: arithmetic, not a list.
    @Test func positionsOfManyTimes() throws {
        let all = "BYHOUR=\(list(0...23));BYMINUTE=\(list(0...59));BYSECOND=\(list(0...59))"
        let set = try set("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;\(all);BYSETPOS=1,-1")
        let found = try set.instances(from: .min, count: 3, in: .utc).map(\.original.description)
        #expect(found == ["20261231T235959", "20270101T000000", "20271231T235959"])
    }

    private func list(_ range: ClosedRange<Int>) -> String { range.map(String.init).joined(separator: ",") }

    @Test func theEndsOfTheCalendar() throws {
        let last = try set("FREQ=DAILY", start: "99991230T120000")
        #expect(try last.instances(from: .min, to: .max, in: zone("Asia/Tokyo")).count == 2)
        // The last week of the calendar goes on behind it.
        let weekly = try set("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=99", start: "99991227T120000")
        #expect(try weekly.instances(from: .min, count: 99, in: .utc).count == 5)
        #expect(try weekly.ended().instances(from: .min, count: 99, in: .utc).count == 5)
        let first = try set("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=1;WKST=WE", start: "00010101T000000")
        #expect(try first.instances(from: .min, count: 1, in: .utc).first?.original.description == "00010103T000000")
        #expect(try last.instances(from: .max, to: .max, in: .utc).isEmpty)
        #expect(try last.instances(from: .max, count: 1, in: .utc).isEmpty)
        #expect(try first.instances(from: .min, to: .min + 1, in: .utc).isEmpty)
        #expect(LocalTime(seconds: .min) == nil && LocalTime(seconds: .max) == nil && LocalTime("2026") == nil)
    }
}
