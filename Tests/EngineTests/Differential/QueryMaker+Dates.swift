// Dates and moments, in UTC. To the oracles dates are days and moments microseconds since 1970.

import Engine

extension QueryMaker {
    /// Seconds since 1970.
    private func seconds(_ term: Term) -> String {
        term.kind == .date ? "(\(term.oracle) * 86400)" : "(\(term.oracle) // 1000000)"
    }

    private func part(_ format: String, _ seconds: String) -> String {
        "timepart('\(format)', \(seconds))"
    }

    mutating func date(_ depth: Int) -> Term {
        let column = column { $0 == .date }
        guard depth > 0, chance(50) else { return column ?? literal(.date) }
        func day(_ kith: String, _ oracle: String) -> Term { Term(kith: kith, oracle: oracle, kind: .date) }
        let a = column ?? literal(.date)
        switch below(6) {
        case 0:
            let days = below(900) - 450
            return chance(50)
                ? day("(\(a.kith) - \(abs(days)))", "(\(a.oracle) - \(abs(days)))")
                : day("(\(a.kith) + (\(days)))", "(\(a.oracle) + (\(days)))")
        case 1:
            let moment = instant(0)
            return day("CAST(\(moment.kith) AS DATE)", "(\(moment.oracle) // 86400000000)")
        case 2: return day("TODAY()", "(\(Self.today) + 0)")
        case 3:
            let (unit, start) = truncation(seconds(a))
            return day("DATE_TRUNC('\(unit)', \(a.kith))", "(\(start) // 86400)")
        case 4:
            let count = below(60) - 30
            let unit = pick([("day", 1), ("week", 7)])
            return day("DATEADD(\(unit.0), \(count), \(a.kith))", "(\(a.oracle) + (\(count * unit.1)))")
        default: return choice { $0.date(depth - 1) }
        }
    }

    mutating func instant(_ depth: Int) -> Term {
        let column = column { $0 == .instant }
        guard depth > 0, chance(50) else { return column ?? literal(.instant) }
        func moment(_ kith: String, _ oracle: String) -> Term { Term(kith: kith, oracle: oracle, kind: .instant) }
        let a = column ?? literal(.instant)
        switch below(5) {
        case 0:
            let day = date(0)
            return moment("CAST(\(day.kith) AS DATETIME)", "(\(day.oracle) * 86400000000)")
        case 1: return moment("NOW()", "(\(Self.now) + 0)")
        case 2:
            let (unit, start) = truncation(seconds(a))
            return moment("DATE_TRUNC('\(unit)', \(a.kith))", "(\(start) * 1000000)")
        case 3:
            let count = below(100) - 50
            let unit = pick([
                ("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800),
            ])
            return moment(
                "DATEADD(\(unit.0), \(count), \(a.kith))",
                "(\(a.oracle) + (\(count * unit.1 * 1_000_000)))"
            )
        default: return choice { $0.chance(60) ? $0.instant(depth - 1) : $0.date(depth - 1) }
        }
    }

    /// A unit, and the seconds at which the one around the moment began.
    private mutating func truncation(_ seconds: String) -> (String, String) {
        switch below(5) {
        case 0: return ("month", "monthstart(\(seconds))")
        case 1: return ("year", "yearstart(\(seconds))")
        case 2: return ("quarter", "quarterstart(\(seconds))")
        case 3: return ("week", "((\(seconds) // 86400 - (\(seconds) // 86400 + 3) % 7) * 86400)")
        default: return ("day", "(\(seconds) // 86400 * 86400)")
        }
    }

    private mutating func dateOrInstant(_ depth: Int) -> Term { chance(50) ? instant(depth) : date(depth) }

    /// A whole number that is part of a date, or lies between two.
    mutating func datePart(_ depth: Int) -> Term? {
        let a = dateOrInstant(depth - 1)
        let start = seconds(a)
        func number(_ kith: String, _ oracle: String, _ magnitude: Double) -> Term {
            Term(kith: kith, oracle: oracle, kind: .integer, magnitude: magnitude)
        }
        func month(_ seconds: String) -> String { "(\(part("%Y", seconds)) * 12 + \(part("%m", seconds)))" }
        switch below(9) {
        case 0: return number("YEAR(\(a.kith))", part("%Y", start), 10_000)
        case 1: return number("MONTH(\(a.kith))", part("%m", start), 12)
        case 2: return number("DAY(\(a.kith))", part("%d", start), 31)
        case 3: return number("DAYOFYEAR(\(a.kith))", part("%j", start), 366)
        case 4: return number("WEEKDAY(\(a.kith))", "((\(part("%w", start)) + 6) % 7 + 1)", 7)
        case 5: return number("QUARTER(\(a.kith))", "((\(part("%m", start)) + 2) // 3)", 4)
        case 6:
            let moment = a.kind == .instant ? a : instant(0)
            let (name, format) = pick([("HOUR", "%H"), ("MINUTE", "%M"), ("SECOND", "%S")])
            return number("\(name)(\(moment.kith))", part(format, seconds(moment)), 60)
        case 7:
            let (first, last) = (date(0), date(0))
            return number("(\(first.kith) - \(last.kith))", "(\(first.oracle) - \(last.oracle))", 100_000)
        default:
            let b = dateOrInstant(0)
            let end = seconds(b)
            return chance(50)
                ? number("DATEDIFF(month, \(a.kith), \(b.kith))", "(\(month(end)) - \(month(start)))", 100_000)
                : number("DATEDIFF(day, \(a.kith), \(b.kith))", "(\(end) // 86400 - \(start) // 86400)", 100_000)
        }
    }

    /// A condition on a stretch of time, around `now`.
    mutating func period() -> Term {
        let not = chance(20) ? "NOT " : ""
        let day: Int64 = 86_400_000_000
        let number = Int64(below(8))
        let midnight = Self.today * day
        let a = dateOrInstant(1)
        func between(_ text: String, _ low: Int64, _ high: Int64, of term: Term) -> Term {
            Term(
                kith: "\(term.kith) \(not)DURING \(text)",
                oracle: "\(term.oracle) \(not)BETWEEN \(low) AND \(high)",
                kind: .boolean
            )
        }
        guard a.kind == .instant else {
            let (text, low, high) = pick([
                ("NEXT \(20 * number) DAYS", Self.today + 1, Self.today + 20 * number),
                ("LAST \(number) DAYS", Self.today - number, Self.today), ("TODAY", Self.today, Self.today),
                ("NEXT MONTH", 19_692, 19_722), ("NEXT YEAR", 19_723, 20_088), ("NEXT QUARTER", 19_723, 19_813),
                ("FISCAL YEAR 2024", 19_723, 20_088), ("ON OR BEFORE '2024-02-29'", -1_000_000, 19_782),
                ("THIS WEEK", Self.today, Self.today + 6),
                ("OLDER THAN \(number) DAYS", -1_000_000, Self.today - number - 1),
            ])
            return between(text, low, high, of: a)
        }
        let days = Int64(19_670 + below(30))
        let (text, low, high) = pick([
            ("LAST \(number) DAYS", midnight - number * day, Self.now),
            ("NEXT \(number) DAYS", Self.now + 1, midnight + (number + 1) * day - 1),
            ("LAST \(10 * number) HOURS", Self.now - 10 * number * 3_600_000_000, Self.now),
            ("TODAY", midnight, midnight + day - 1), ("THIS WEEK", midnight, midnight + 7 * day - 1),
            ("OLDER THAN \(number) DAYS", Int64.min / 2, midnight - number * day - 1),
            ("ON '\(CalendarText.text(days: Int32(days)))'", days * day, (days + 1) * day - 1),
        ])
        return between(text, low, high, of: a)
    }
}
