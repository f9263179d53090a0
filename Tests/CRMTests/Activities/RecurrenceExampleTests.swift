import CRM
import Engine
import Testing

/// The RFC's own examples, and what dateutil says of 500 random rules. Neither knows anything of this code.
@Suite struct RecurrenceExampleTests {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `1997 EDT 09:00 09:20 Sep 2-4 7, Oct 1` as moments, each day with each time.
    private func expected(_ line: Substring) throws -> [Int64] {
        let words = line.split(separator: " ").map(String.init)
        let hours = try #require(["EDT": 4, "EST": 5][words[1]], "\(line)")
        let year = try #require(Int(words[0]))
        var times: [Int] = []
        var month = 0
        var moments: [Int64] = []
        for word in words.dropFirst(2) {
            if word.contains(":") {
                let parts = word.split(separator: ":").compactMap { Int($0) }
                times.append(parts[0] * 60 + parts[1])
            } else if let name = Self.months.firstIndex(of: word) {
                month = name + 1
            } else {
                let days = word.split { $0 == "-" || $0 == "," }.compactMap { Int($0) }
                for day in try #require(days.first)...(try #require(days.last)) {
                    let date = try #require(CalendarText.days(year: year, month: month, day: day))
                    moments += times.map {
                        CalendarText.microseconds(days: Int64(date)) + Int64($0 + hours * 60) * 60_000_000
                    }
                }
            }
        }
        return moments
    }

    @Test func rfc5545() throws {
        let newYork = try zone("America/New_York")
        let examples = try goldenText("rfc5545.txt").split(separator: "== ").dropFirst()
        #expect(examples.count == 40)
        for example in examples {
            let lines = example.split(separator: "\n")
            let properties = lines.filter { $0.hasPrefix("DTSTART") || $0.hasPrefix("EXDATE") }.joined(separator: "\n")
            let rules = lines.filter { $0.hasPrefix("RRULE:") || $0.hasPrefix("or:") }.map { $0.drop { $0 != ":" } }
            let moments = try lines.filter { $0.first?.isNumber == true }.flatMap(expected)
            try #require(!rules.isEmpty && !moments.isEmpty, "\(example)")
            for rule in rules {
                let (set, zoneName) = try RecurrenceSet.parse("\(properties)\nRRULE\(rule)")
                #expect(zoneName == "America/New_York")
                let found = try set.instances(from: .min, count: moments.count + 1, in: newYork).map(\.moment)
                #expect(Array(found.prefix(moments.count)) == moments, "\(example)\(rule)")
                #expect((found.count > moments.count) == (lines.last == "more"), "\(example)\(rule)")
            }
        }
    }

    @Test func dateutil() throws {
        let lines = try goldenText("dateutil.txt").split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == 500)
        var reasons: [String: Int] = [:]
        for line in lines {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            let rule = try RecurrenceRule(parsing: fields[1])
            let set = RecurrenceSet(start: try localTime(fields[0]), rule: rule)
            let end = try localTime(fields[2]).moment(in: .utc) + 1
            let found = try set.instances(from: .min, to: end, in: .utc).map(\.original)
            let first = found.prefix(6).map(\.description).joined(separator: " ")
            #expect(String(found.count) == fields[3] && first == fields[5], "\(line)\n\(first)")
            var checksum: Int64 = 0
            for (place, time) in found.enumerated() {
                checksum = (checksum + Int64(place + 1) * time.seconds) % 1_000_000_007
            }
            #expect(String(checksum) == fields[4], "\(line)")
            // The reasons why dateutil was asked something else hold for these rules, and for no others.
            let plain = rule.weekdays.filter { $0.ordinal == 0 }.count
            let isMixed = plain > 0 && plain < rule.weekdays.count
            let lacksWeekday = !rule.weekNumbers.isEmpty && rule.weekdays.isEmpty && rule.monthDays.isEmpty
            let choosesFromWeek = rule.frequency == .weekly && !rule.positions.isEmpty
            let named = [lacksWeekday ? "weekday" : "", isMixed ? "mixed" : "", choosesFromWeek ? "week" : ""]
            #expect(fields[6] == named.filter { !$0.isEmpty }.joined(separator: " "), "\(line)")
            for reason in named { reasons[reason, default: 0] += 1 }
        }
        // Each of them was met.
        #expect(reasons.count == 4, "\(reasons)")
    }
}
