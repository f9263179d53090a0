// Dates in both dialects. In SQLite dates are days and moments microseconds since 1970, in UTC.

import Engine

extension QueryRandom {
    /// Noon of 20 November 2023: the moments of the data lie around it, the dates behind it.
    static let now: Int64 = 1_700_481_600_000_000
    private static let today: Int64 = 19_681

    /// What queries are asked in.
    static let environment = QueryEnvironment(nowMicroseconds: now)

    /// A date or moment, and its seconds since 1970 in SQLite.
    private mutating func date() -> (kith: String, seconds: String)? {
        guard let deal = source("deal") else { return nil }
        return chance(60) ? ("\(deal).due", "(\(deal).due * 86400)") : ("\(deal).at", "(\(deal).at / 1000000)")
    }

    private func part(_ format: String, _ seconds: String) -> String {
        "CAST(strftime('\(format)', \(seconds), 'unixepoch') AS INTEGER)"
    }

    private func month(_ seconds: String) -> String { "(\(part("%Y", seconds)) * 12 + \(part("%m", seconds)))" }

    mutating func datePart() -> Pair? {
        guard let date = date() else { return nil }
        switch next(9) {
        case 0: return ("YEAR(\(date.kith))", part("%Y", date.seconds))
        case 1: return ("MONTH(\(date.kith))", part("%m", date.seconds))
        case 2: return ("DAY(\(date.kith))", part("%d", date.seconds))
        case 3: return ("DAYOFYEAR(\(date.kith))", part("%j", date.seconds))
        case 4: return ("WEEKDAY(\(date.kith))", "((\(part("%w", date.seconds)) + 6) % 7 + 1)")
        case 5: return ("QUARTER(\(date.kith))", "((\(part("%m", date.seconds)) + 2) / 3)")
        case 6:
            guard date.kith.hasSuffix(".at") else { return ("YEAR(\(date.kith))", part("%Y", date.seconds)) }
            let (name, format) = pick([("HOUR", "%H"), ("MINUTE", "%M"), ("SECOND", "%S")])
            return ("\(name)(\(date.kith))", part(format, date.seconds))
        case 7:
            guard let other = self.date() else { return nil }
            return (
                "DATEDIFF(month, \(date.kith), \(other.kith))", "(\(month(other.seconds)) - \(month(date.seconds)))"
            )
        default:
            guard let other = self.date() else { return nil }
            return (
                "DATEDIFF(day, \(date.kith), \(other.kith))", "(\(other.seconds) / 86400 - \(date.seconds) / 86400)"
            )
        }
    }

    /// A condition on a stretch of time, around `now`.
    mutating func period() -> Pair? {
        guard let deal = source("deal") else { return nil }
        let not = chance(20) ? "NOT " : ""
        let dayLength: Int64 = 86_400_000_000
        func moments(_ text: String, _ low: Int64, _ high: Int64) -> Pair {
            ("\(deal).at \(not)DURING \(text)", "\(deal).at \(not)BETWEEN \(low) AND \(high)")
        }
        let number = Int64(next(8))
        let midnight = Self.today * dayLength
        switch next(9) {
        case 0: return moments("LAST \(number) DAYS", midnight - number * dayLength, Self.now)
        case 1: return moments("NEXT \(number) DAYS", Self.now + 1, midnight + (number + 1) * dayLength - 1)
        case 2: return moments("LAST \(10 * number) HOURS", Self.now - 10 * number * 3_600_000_000, Self.now)
        case 3: return moments("TODAY", midnight, midnight + dayLength - 1)
        case 4: return moments("THIS WEEK", midnight, midnight + 7 * dayLength - 1)
        case 5: return moments("OLDER THAN \(number) DAYS", 0, midnight - number * dayLength - 1)
        case 6:
            let (text, low, high) = pick([
                ("NEXT \(20 * number) DAYS", Self.today + 1, Self.today + 20 * number), ("NEXT MONTH", 19_692, 19_722),
                ("NEXT YEAR", 19_723, 20_088), ("NEXT QUARTER", 19_723, 19_813), ("FISCAL YEAR 2024", 19_723, 20_088),
                ("ON OR BEFORE '2024-02-29'", 0, 19_782),
            ])
            return ("\(deal).due \(not)DURING \(text)", "\(deal).due \(not)BETWEEN \(low) AND \(high)")
        case 7:
            let days = Int64(19_670 + next(30))
            return moments("ON '\(CalendarText.text(days: Int32(days)))'", days * dayLength, (days + 1) * dayLength - 1)
        default:
            let low = "\(deal).due >= DATE_TRUNC('month', \(deal).at)"
            return (
                low,
                "\(deal).due * 86400 >= CAST(strftime('%s', \(deal).at / 1000000, 'unixepoch', 'start of month') AS INTEGER)"
            )
        }
    }
}
