import CRM
import Engine
import Testing

/// Random series, each asked in several ways, against the slow model.
@Suite struct RecurrencePropertyTests {
    /// A random rule whose parts go together.
    private static func rule(_ random: inout RecurrenceRandom) -> String {
        let frequency = random.pick(
            RecurrenceRule.Frequency.allCases + [.yearly, .yearly, .monthly, .monthly, .weekly]
        )
        let isSmall = [.hourly, .minutely, .secondly].contains(frequency)
        var parts = ["FREQ=\(frequency.rawValue)"]
        func list(_ range: ClosedRange<Int>, _ count: Int, orFromEnd: Bool = false) -> String {
            (0..<count).map { _ in
                String(random.within(range) * (orFromEnd && random.chance(35) ? -1 : 1))
            }.joined(separator: ",")
        }
        if random.chance(50) { parts.append("INTERVAL=\(random.pick([2, 2, 3, 4, 7, 11, 30]))") }
        if random.chance(25) { parts.append("COUNT=\(random.within(1...30))") }
        var hasBy = false
        func add(_ name: String, _ value: String) {
            parts.append("\(name)=\(value)")
            hasBy = true
        }
        if random.chance(30) { add("BYMONTH", list(1...12, random.within(1...4))) }
        let hasWeeks = frequency == .yearly && random.chance(30)
        if hasWeeks { add("BYWEEKNO", list(1...53, random.within(1...4), orFromEnd: true)) }
        if isSmall || frequency == .yearly, random.chance(12) { add("BYYEARDAY", list(1...366, 20, orFromEnd: true)) }
        if frequency != .weekly, random.chance(25) {
            add("BYMONTHDAY", list(1...31, random.within(1...6), orFromEnd: true))
        }
        if random.chance(40) {
            let days = (0..<random.within(1...4)).map { _ -> String in
                let name = random.pick(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
                guard frequency == .yearly && !hasWeeks || frequency == .monthly, random.chance(50) else { return name }
                return "\(random.within(1...(random.chance(80) ? 5 : 53)) * (random.chance(40) ? -1 : 1))\(name)"
            }
            add("BYDAY", days.joined(separator: ","))
        }
        if random.chance(20) { add("BYHOUR", list(0...23, random.within(1...4))) }
        if random.chance(15) { add("BYMINUTE", list(0...59, random.within(1...4))) }
        if random.chance(10) { add("BYSECOND", list(0...60, random.within(1...3))) }
        if hasBy, random.chance(35) { parts.append("BYSETPOS=" + list(1...5, random.within(1...3), orFromEnd: true)) }
        if random.chance(40) { parts.append("WKST=\(random.pick(["MO", "SU", "SA", "WE"]))") }
        return parts.joined(separator: ";")
    }

    /// How far the model goes: it looks at each second of a day.
    private static func reach(_ frequency: RecurrenceRule.Frequency) -> Int64 {
        switch frequency {
        case .secondly: 2 * 3600
        case .minutely: 86_400
        case .hourly: 20 * 86_400
        case .daily, .weekly: 500 * 86_400
        case .monthly: 1500 * 86_400
        case .yearly: 4000 * 86_400
        }
    }

    @Test(arguments: 1...16 as ClosedRange<UInt64>)
    func windows(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: seed)
        let names = ["UTC", "Europe/Zurich", "America/New_York", "Australia/Sydney", "America/St_Johns"]
        for _ in 0..<8 {
            var rule = try RecurrenceRule(parsing: Self.rule(&random))
            let zone = try zone(random.pick(names))
            let year = try #require(LocalTime("\(random.within(1995...2045))0101T000000"))
            // Often close to a change of the clocks.
            let day =
                random.chance(40) ? random.pick([60, 70, 85, 88, 92, 95, 275, 280, 298, 302, 305]) : random.below(366)
            let offset =
                random.chance(50) ? random.within(0...4) * 3600 + random.pick([0, 900, 1800]) : random.below(86_400)
            let start = try #require(LocalTime(seconds: year.seconds + Int64(day * 86_400 + offset)))
            let reach = Self.reach(rule.frequency)
            let end = try #require(LocalTime(seconds: start.seconds + reach))
            if random.chance(20), rule.end == .never {
                let until = try #require(LocalTime(seconds: start.seconds + Int64(random.below(Int(reach)))))
                rule = rule.ending(.until(.local(until)))
            }
            let context: Comment = "seed \(seed): DTSTART:\(start) RRULE:\(rule)"
            let model = RecurrenceModel(rule: rule, start: start).times(through: end)
            var moments: [Int64] = []
            for moment in model.map({ RecurrenceModel.moment($0, zone) }).sorted() where moment != moments.last {
                moments.append(moment)
            }
            // Whatever lies an offset or less from the end may lack its neighbours.
            let last = (end.seconds - 2 * 86_400) * 1_000_000
            moments.removeAll { $0 > last }
            let set = RecurrenceSet(start: start, rule: rule)
            let all = try set.instances(from: .min, to: last + 1, in: zone)
            #expect(all.map(\.moment) == moments, context)
            for _ in 0..<4 {
                let span = max(1, Int(reach) - 2 * 86_400)
                let from = (start.seconds - 50_000 + Int64(random.below(span + 50_000))) * 1_000_000
                let to = min(last + 1, from + Int64(random.below(max(1, span / 3))) * 1_000_000)
                let window = try set.instances(from: from, to: to, in: zone)
                #expect(window == all.filter { from <= $0.moment && $0.moment < to }, context)
                let count = random.within(1...6)
                let wanted = Array(all.filter { from <= $0.moment }.prefix(count))
                if wanted.count == count {
                    #expect(try set.instances(from: from, count: count, in: zone) == wanted, context)
                }
                // A rule that stops matching before its count is looked for through thousands of years.
                guard let ended = try? set.ended() else {
                    #expect(rule.end != .never && all.count < 30, context)
                    continue
                }
                #expect(try ended.instances(from: from, to: to, in: zone) == window, context)
            }
            let text = try RecurrenceSet.parse(set.text(zoneName: nil)).set
            #expect(text == set, context)
        }
    }

    /// Bytes that are nearly rules: an error with a place in them, or a rule that prints and answers.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func hostileTexts(_ seed: UInt64) throws {
        var random = RecurrenceRandom(seed: seed)
        let start = try localTime("20260105T090000")
        let from = start.seconds * 1_000_000
        for _ in 0..<150 {
            var bytes = Array(Self.rule(&random).utf8)
            for _ in 0..<random.within(0...4) where !bytes.isEmpty {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(random.pick(Array("0123456789,;=-BY".utf8)), at: place)
                default: bytes += bytes[place...]
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(RecurrenceError) {
                let rule = try RecurrenceRule(parsing: text)
                #expect(try RecurrenceRule(parsing: rule.description) == rule, "seed \(seed): \(text)")
                let set = RecurrenceSet(start: start, rule: rule)
                let found = try set.instances(from: from, to: from + 30 * 86_400_000_000, in: .utc, countMax: 500)
                #expect(zip(found, found.dropFirst()).allSatisfy { $0.moment < $1.moment })
            } catch {
                if error.code == .tooMany || error.code == .tooMuchWork {
                    #expect(error.placeBytes == nil)
                } else {
                    let place = try #require(error.placeBytes, "seed \(seed): \(text)")
                    #expect(0...text.utf8.count ~= place, "seed \(seed): \(text)")
                }
            }
        }
    }
}
