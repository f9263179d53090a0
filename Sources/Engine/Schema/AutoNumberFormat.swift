// What the numbers of an auto-number attribute look like: `CAS-{SEQNUM:5}`, `{DATETIMEUTC:yyyyMM}/{SEQNUM}`.
//
//   {SEQNUM}, {SEQNUM:n}       the number, with at least n digits (1 to 15); exactly once
//   {DATETIMEUTC:pattern}      the transaction's time in UTC: yyyy yy MM dd HH mm ss and -._/: between them
//   anything else              printable ASCII that stands for itself, braces excepted
//
// Dynamics' {RANDSTRING:n} is refused: a transaction replayed must give the same number.
//
// Every part but the number has a fixed length, so that a text can be read back: what stands before and behind is cut off, and
// the rest are the digits. Texts are read folded, as keys compare them, so that two texts that are equal have the same number.

/// A parsed format.
package struct AutoNumberFormat: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case literal(String)
        /// Places in `2024-12-31T23:59:59Z`, a digit each, or characters between them.
        case moment([TimePart])
        case number(digitsMin: Int)
    }

    private enum TimePart: Hashable, Sendable {
        case digits(Range<Int>)
        case separator(UInt8)
    }

    /// Characters of a number with all that stands around it: Dynamics' bound.
    package static let lengthMax = 100
    /// The last number: fifteen digits.
    package static let numberMax: UInt64 = 999_999_999_999_999
    private static let digitsMax = 15
    private static let earliest = CalendarText.microseconds(days: -719_162)
    private static let latest = CalendarText.microseconds(days: 2_932_896)
    private static let timeParts: [(String, Range<Int>)] = [
        ("yyyy", 0..<4), ("yy", 2..<4), ("MM", 5..<7), ("dd", 8..<10), ("HH", 11..<13), ("mm", 14..<16),
        ("ss", 17..<19),
    ]

    private var parts: [Part] = []

    /// Why a text is no format.
    package struct Flaw: Error, Hashable, Sendable {
        package var message: String
    }

    /// Reads a format.
    package init(_ text: String) throws(Flaw) {
        var rest = text[...]
        while let first = rest.first {
            guard first == "{" else {
                let end = rest.firstIndex(of: "{") ?? rest.endIndex
                let literal = String(rest[..<end])
                guard literal.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !literal.contains("}") else {
                    throw Flaw(message: "'\(literal)' is not printable ASCII without braces")
                }
                parts.append(.literal(literal))
                rest = rest[end...]
                continue
            }
            guard let end = rest.firstIndex(of: "}") else { throw Flaw(message: "a { has no }") }
            let name = rest[rest.index(after: rest.startIndex)..<end]
            parts.append(try AutoNumberFormat.part(name))
            rest = rest[rest.index(after: end)...]
        }
        guard parts.filter({ if case .number = $0 { true } else { false } }).count == 1 else {
            throw Flaw(message: "{SEQNUM} must stand in it once")
        }
        guard AutoNumberFormat.lengthBytes(parts[...]) + AutoNumberFormat.digitsMax <= AutoNumberFormat.lengthMax else {
            throw Flaw(message: "numbers would be longer than \(AutoNumberFormat.lengthMax) characters")
        }
    }

    private static func part(_ name: Substring) throws(Flaw) -> Part {
        let halves = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch halves[0].uppercased() {
        case "SEQNUM":
            guard halves.count == 2 else { return .number(digitsMin: 1) }
            guard let digits = Int(halves[1]), 1...digitsMax ~= digits else {
                throw Flaw(message: "{\(name)}: a number has 1 to \(digitsMax) digits")
            }
            return .number(digitsMin: digits)
        case "DATETIMEUTC":
            guard halves.count == 2, !halves[1].isEmpty else {
                throw Flaw(message: "{\(name)} needs a pattern: yyyyMM")
            }
            return .moment(try timeParts(of: halves[1]))
        case "RANDSTRING":
            throw Flaw(message: "{\(name)}: numbers are not random, so that a replay gives them again")
        default:
            throw Flaw(message: "{\(name)} is neither {SEQNUM:n} nor {DATETIMEUTC:pattern}")
        }
    }

    private static func timeParts(of pattern: Substring) throws(Flaw) -> [TimePart] {
        var rest = pattern
        var result: [TimePart] = []
        while let first = rest.utf8.first {
            if let (letters, places) = timeParts.first(where: { rest.hasPrefix($0.0) }) {
                result.append(.digits(places))
                rest = rest.dropFirst(letters.count)
            } else if "-._/: ".utf8.contains(first) {
                result.append(.separator(first))
                rest = rest.dropFirst()
            } else {
                throw Flaw(message: "'\(rest)' is none of yyyy yy MM dd HH mm ss")
            }
        }
        return result
    }

    /// Bytes of parts, the number's apart.
    private static func lengthBytes(_ parts: ArraySlice<Part>) -> Int {
        parts.reduce(0) { sum, part in
            switch part {
            case .literal(let text): sum + text.utf8.count
            case .moment(let parts):
                parts.reduce(sum) { if case .digits(let places) = $1 { $0 + places.count } else { $0 + 1 } }
            case .number: sum
            }
        }
    }

    /// The text of a number at a time.
    package func text(_ number: UInt64, timeMicroseconds: Int64) -> String {
        let within = min(max(timeMicroseconds, AutoNumberFormat.earliest), AutoNumberFormat.latest)
        let time = Array(CalendarText.text(microseconds: within).utf8)
        var text: [UInt8] = []
        for part in parts {
            switch part {
            case .literal(let literal): text += literal.utf8
            case .moment(let parts):
                for part in parts {
                    switch part {
                    case .digits(let places): text += time[places]
                    case .separator(let byte): text.append(byte)
                    }
                }
            case .number(let digitsMin):
                let digits = String(number).utf8
                text += repeatElement(UInt8(ascii: "0"), count: max(0, digitsMin - digits.count))
                text += digits
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The number in a text of this format, whichever time it is of; nil for other texts. O(length).
    package func number(in text: UnsafeRawBufferPointer) -> UInt64? {
        guard text.count <= 4 * AutoNumberFormat.lengthMax else { return nil }
        var folded: [UInt8] = []
        Collation.fold(text.asBytes, into: &folded)
        guard let place = parts.firstIndex(where: { if case .number = $0 { true } else { false } }) else { return nil }
        let start = AutoNumberFormat.lengthBytes(parts[..<place])
        let end = folded.count - AutoNumberFormat.lengthBytes(parts[place...])
        guard end > start, AutoNumberFormat.matches(parts[..<place], folded[..<start]),
            AutoNumberFormat.matches(parts[(place + 1)...], folded[end...])
        else { return nil }
        var number: UInt64 = 0
        for byte in folded[start..<end] {
            guard byte &- 0x30 < 10 else { return nil }
            // At most ten times the last number, far from 64 bits.
            number = number * 10 + UInt64(byte - 0x30)
            guard number <= AutoNumberFormat.numberMax else { return nil }
        }
        return number
    }

    private static func matches(_ parts: ArraySlice<Part>, _ folded: ArraySlice<UInt8>) -> Bool {
        var at = folded.startIndex
        func take(_ holds: (UInt8) -> Bool) -> Bool {
            defer { at += 1 }
            return holds(folded[at])
        }
        for part in parts {
            switch part {
            case .literal(let text):
                for byte in text.utf8 {
                    let isUpper = (0x41...0x5A).contains(byte)
                    guard take({ $0 == (isUpper ? byte | 0x20 : byte) }) else { return false }
                }
            case .moment(let parts):
                for part in parts {
                    switch part {
                    case .digits(let places):
                        for _ in places { guard take({ $0 &- 0x30 < 10 }) else { return false } }
                    case .separator(let byte): guard take({ $0 == byte }) else { return false }
                    }
                }
            case .number: break
            }
        }
        return true
    }
}
