// Reads a rule. Names may have any case and parts any order; a part that is there twice, empty, unknown or does not go with
// the frequency is an error at its place.

extension RecurrenceRule {
    /// Reads `FREQ=WEEKLY;BYDAY=MO,TH`, without `RRULE:` before it.
    /// Complexity: O(bytes).
    public init(parsing text: some StringProtocol) throws(RecurrenceError) {
        var reader = try RuleReader(Array(text.utf8))
        self = try reader.read()
    }
}

private struct RuleReader {
    /// The parts of a rule, in the order in which they are printed.
    private enum Part: String, CaseIterable {
        case frequency = "FREQ"
        case interval = "INTERVAL"
        case count = "COUNT"
        case until = "UNTIL"
        case months = "BYMONTH"
        case weekNumbers = "BYWEEKNO"
        case yearDays = "BYYEARDAY"
        case monthDays = "BYMONTHDAY"
        case weekdays = "BYDAY"
        case hours = "BYHOUR"
        case minutes = "BYMINUTE"
        case seconds = "BYSECOND"
        case positions = "BYSETPOS"
        case weekStart = "WKST"

        var isBy: Bool { rawValue.hasPrefix("BY") }
    }

    private let bytes: [UInt8]
    private var offset = 0
    /// Where each part that was there began.
    private var places: [Part: Int] = [:]
    private var rule = RecurrenceRule(.daily)

    init(_ bytes: [UInt8]) throws(RecurrenceError) {
        guard bytes.count <= RecurrenceLimits.ruleBytesMax else {
            throw RecurrenceError(
                .tooLong,
                "a rule has at most \(RecurrenceLimits.ruleBytesMax) bytes, this one \(bytes.count)"
            )
        }
        self.bytes = bytes
    }

    mutating func read() throws(RecurrenceError) -> RecurrenceRule {
        repeat { try part() } while accept(";")
        guard offset == bytes.count else {
            throw RecurrenceError(.syntax, "expected ';' or the end instead of '\(word(offset))'", at: offset)
        }
        try checkCombinations()
        return rule
    }

    // MARK: Parts

    private mutating func part() throws(RecurrenceError) {
        let place = offset
        let name = word(offset).asciiUppercased
        guard let part = Part(rawValue: name) else {
            let code: RecurrenceError.Code = ["RSCALE", "SKIP", "BYEASTER"].contains(name) ? .unsupported : .syntax
            throw RecurrenceError(code, "a rule has no part '\(name)' here", at: place)
        }
        offset += name.utf8.count
        guard accept("=") else {
            throw RecurrenceError(.syntax, "expected '=' after '\(name)' instead of '\(word(offset))'", at: offset)
        }
        guard places.updateValue(place, forKey: part) == nil else {
            throw RecurrenceError(.conflict, "'\(name)' is there twice", at: place)
        }
        switch part {
        case .frequency:
            let place = offset
            guard let frequency = RecurrenceRule.Frequency(rawValue: value().asciiUppercased) else {
                throw RecurrenceError(.syntax, "'\(word(place))' is no frequency", at: place)
            }
            rule.frequency = frequency
        case .interval: rule.interval = try number(part, 1...RecurrenceLimits.intervalMax)
        case .count: rule.end = .count(try number(part, 1...RecurrenceLimits.countMax))
        case .until: rule.end = .until(try date())
        case .months: rule.months = try numbers(part, 1...12)
        case .weekNumbers: rule.weekNumbers = try numbers(part, 1...53, orFromEnd: true)
        case .yearDays: rule.yearDays = try numbers(part, 1...366, orFromEnd: true)
        case .monthDays: rule.monthDays = try numbers(part, 1...31, orFromEnd: true)
        case .weekdays: rule.weekdays = try weekdays()
        case .hours: rule.hours = try numbers(part, 0...23)
        case .minutes: rule.minutes = try numbers(part, 0...59)
        case .seconds: rule.seconds = Array(Set(try numbers(part, 0...60).map { min($0, 59) })).sorted()
        case .positions: rule.positions = try numbers(part, 1...366, orFromEnd: true)
        case .weekStart: rule.weekStart = try weekday()
        }
    }

    private func checkCombinations() throws(RecurrenceError) {
        guard places[.frequency] != nil else {
            throw RecurrenceError(.missing, "a rule says its frequency: FREQ=WEEKLY", at: 0)
        }
        let frequency = rule.frequency
        func refuse(_ part: Part, _ reason: String) throws(RecurrenceError) {
            guard let place = places[part] else { return }
            throw RecurrenceError(.conflict, "\(part.rawValue) \(reason)", at: place)
        }
        if places[.count] != nil { try refuse(.until, "does not go with COUNT: one of them says when it ends") }
        if frequency != .yearly { try refuse(.weekNumbers, "goes with FREQ=YEARLY only") }
        if frequency == .daily || frequency == .weekly || frequency == .monthly {
            try refuse(.yearDays, "does not go with FREQ=\(frequency.rawValue)")
        }
        if frequency == .weekly { try refuse(.monthDays, "does not go with FREQ=WEEKLY") }
        if rule.weekdays.contains(where: { $0.ordinal != 0 }) {
            if frequency != .monthly && frequency != .yearly {
                try refuse(.weekdays, "has numbers with FREQ=MONTHLY and FREQ=YEARLY only")
            }
            if places[.weekNumbers] != nil { try refuse(.weekdays, "has no numbers beside BYWEEKNO") }
        }
        if !places.keys.contains(where: { $0.isBy && $0 != .positions }) {
            try refuse(.positions, "chooses from what another part that begins with BY has made")
        }
    }

    // MARK: Values

    private func date(_ place: Int, _ text: String) throws(RecurrenceError) -> RecurrenceDate {
        guard let date = RecurrenceDate(text.utf8) else {
            throw RecurrenceError(
                .syntax,
                "'\(text)' is no date: 20261218, 20261218T090000 or 20261218T080000Z",
                at: place
            )
        }
        return date
    }

    private mutating func date() throws(RecurrenceError) -> RecurrenceDate {
        let place = offset
        return try date(place, value())
    }

    private mutating func number(_ part: Part, _ range: ClosedRange<Int>) throws(RecurrenceError) -> Int {
        try number(part.rawValue, range, orFromEnd: false)
    }

    private mutating func number(
        _ name: String,
        _ range: ClosedRange<Int>,
        orFromEnd: Bool
    ) throws(RecurrenceError) -> Int {
        let place = offset
        let isNegative = accept("-")
        if !isNegative { _ = accept("+") }
        let first = offset
        var number = 0
        while offset < bytes.count, bytes[offset] &- 0x30 < 10 {
            // Beyond every range and far from overflow.
            number = min(number * 10 + Int(bytes[offset] - 0x30), 1 << 40)
            offset += 1
        }
        guard offset > first else {
            throw RecurrenceError(.syntax, "\(name) is a number, not '\(word(place))'", at: place)
        }
        guard range.contains(number), orFromEnd || !isNegative else {
            let tail = orFromEnd ? " or -\(range.upperBound)…-\(range.lowerBound)" : ""
            throw RecurrenceError(
                .outOfRange,
                "\(name) is \(range.lowerBound)…\(range.upperBound)\(tail), not \(isNegative ? "-" : "")\(number)",
                at: place
            )
        }
        return isNegative ? -number : number
    }

    private mutating func numbers(
        _ part: Part,
        _ range: ClosedRange<Int>,
        orFromEnd: Bool = false
    ) throws(RecurrenceError) -> [Int] {
        var numbers: Set<Int> = []
        repeat { numbers.insert(try number(part.rawValue, range, orFromEnd: orFromEnd)) } while accept(",")
        return numbers.filter { $0 >= 0 }.sorted() + numbers.filter { $0 < 0 }.sorted()
    }

    private mutating func weekday() throws(RecurrenceError) -> Int {
        let place = offset
        let name = value().asciiUppercased
        guard let weekday = RecurrenceRule.Weekday.names.firstIndex(of: name) else {
            throw RecurrenceError(.syntax, "'\(name)' is no weekday: SU, MO, TU, WE, TH, FR or SA", at: place)
        }
        return weekday
    }

    private mutating func weekdays() throws(RecurrenceError) -> [RecurrenceRule.Weekday] {
        var weekdays: Set<RecurrenceRule.Weekday> = []
        repeat {
            let isPlain = offset < bytes.count && bytes[offset] >= UInt8(ascii: "A")
            let ordinal = isPlain ? 0 : try number("the number of a weekday", 1...53, orFromEnd: true)
            weekdays.insert(RecurrenceRule.Weekday(ordinal: ordinal, weekday: try weekday()))
        } while accept(",")
        func order(_ day: RecurrenceRule.Weekday) -> (Bool, Int, Int) {
            (day.ordinal < 0, day.ordinal, (day.weekday + 6) % 7)
        }
        return weekdays.sorted {
            let (a, b) = (order($0), order($1))
            return a.0 != b.0 ? !a.0 : (a.1, a.2) < (b.1, b.2)
        }
    }

    // MARK: Bytes

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    /// Letters, digits and whatever else does not separate, from here on.
    private mutating func value() -> String {
        let text = word(offset, max: .max)
        offset += text.utf8.count
        return text
    }

    /// The same without moving: what errors show is at most forty bytes long.
    private func word(_ start: Int, max count: Int = 40) -> String {
        let rest = bytes[start...].prefix { ![UInt8](";=,".utf8).contains($0) }
        return String(decoding: rest.prefix(count), as: UTF8.self)
    }
}

extension String {
    /// Letters of English in upper case, others as they are: a long s is no S.
    var asciiUppercased: String {
        String(decoding: utf8.map { $0 &- UInt8(ascii: "a") < 26 ? $0 - 32 : $0 }, as: UTF8.self)
    }
}
