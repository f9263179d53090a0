// Small texts: user names and domains without accents, padded numbers, years.

import Engine

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

    /// The year that a day lies in.
    static func year(ofDay day: Int) -> Int { CivilDay(day).year }

    /// A day as `2026-05-27`.
    static func date(ofDay day: Int) -> String {
        let date = CivilDay(day)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    }

    /// The working day at or after `day`: Saturdays and Sundays move to Monday.
    static func workingDay(_ day: Int) -> Int {
        // 1970-01-01 was a Thursday.
        let weekday = ((day + 4) % 7 + 7) % 7
        return weekday == 6 ? day + 2 : weekday == 0 ? day + 1 : day
    }
}
