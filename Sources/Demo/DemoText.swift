// Small texts: user names and domains without accents, padded numbers, years.

package enum DemoText {
    /// Letters with accents and what they become; whatever is neither here nor a letter or digit of ASCII disappears.
    private static let plain: [Character: String] = {
        let groups = [
            "a": "àáâãåāą", "ae": "äæ", "c": "çćč", "d": "ďđ", "e": "èéêëēęě", "g": "ğ", "i": "ìíîïīı", "l": "ł",
            "n": "ñńň",
            "o": "òóôõōő", "oe": "öø", "r": "řŕ", "s": "śşš", "ss": "ß", "t": "ţť", "u": "ùúûūů", "ue": "ü", "y": "ýÿ",
            "z": "źżž",
        ]
        var table: [Character: String] = [:]
        for (base, letters) in groups {
            for letter in letters { table[letter] = base }
        }
        return table
    }()

    /// The text in letters and digits of ASCII: `Jürgen Łęcki` becomes `juergenlecki`.
    package static func slug(_ text: String) -> String {
        var slug = ""
        for character in text.lowercased() {
            if let replacement = plain[character] {
                slug += replacement
            } else if character.isASCII, character.isLetter || character.isNumber {
                slug.append(character)
            } else if let scalar = character.unicodeScalars.first, character.unicodeScalars.count > 1, scalar.isASCII {
                // `İ` in lower case is an i with a combining dot.
                slug.unicodeScalars.append(scalar)
            }
        }
        return slug
    }

    /// A number with leading zeros.
    static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }

    /// The pattern with `9` as any digit, `X` as any letter, `#` as a house number.
    static func filled(_ pattern: String, _ random: inout RecordStream) -> String {
        var text = ""
        for character in pattern {
            switch character {
            case "9": text += String(random.below(10))
            case "X": text.unicodeScalars.append(Unicode.Scalar(UInt8(0x41 + random.below(26))))
            case "#": text += String(random.within(1...140))
            default: text.append(character)
            }
        }
        return text
    }

    /// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar (Howard Hinnant,
    /// `civil_from_days`). Years of this reckoning begin in March, so that the leap day is the last.
    static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// The day of a year, month (also beyond December) and day of the month; of a day that the month does not have, its last.
    static func day(year: Int, month: Int, day: Int) -> Int {
        let (year, month) = (year + (month - 1) / 12, (month - 1) % 12 + 1)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + min(day, length) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The year that a day lies in.
    static func year(ofDay day: Int) -> Int { civil(day).year }

    /// A day as `2026-05-27`.
    static func date(ofDay day: Int) -> String {
        let date = civil(day)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    }

    /// The working day at or after `day`: Saturdays and Sundays move to Monday.
    static func workingDay(_ day: Int) -> Int {
        // 1970-01-01 was a Thursday.
        let weekday = ((day + 4) % 7 + 7) % 7
        return weekday == 6 ? day + 2 : weekday == 0 ? day + 1 : day
    }
}
