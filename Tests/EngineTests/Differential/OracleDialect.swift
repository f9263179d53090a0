// What the random queries say to SQLite and DuckDB: SQL that both understand, `//` for what is left of a quotient before the
// point, and calls of a few functions that the two spell differently. DuckDB has a macro for each of them; in the text for
// SQLite each call is replaced.

import SQLiteOracle

enum OracleDialect {
    /// A statement for SQLite.
    static func sqlite(_ statement: String) -> String {
        String(decoding: rendered(Array(statement.utf8)[...]), as: UTF8.self)
    }

    /// A text as it is compared, exactly or not, a text as it is shown, a condition as a number, a number cut off at the point, and what there
    /// is to say of dates: in days, and of moments: in seconds since 1970.
    private static let calls: [String: @Sendable ([String]) -> String] = [
        "exactly": { "(\($0[0]) COLLATE BINARY)" },
        "collated": { "(\($0[0]) COLLATE NOCASE)" },
        // Of SQLite's columns too, so that the queries that read them compare them so.
        "shown": { "(\($0[0]) COLLATE NOCASE)" },
        "truth": { "(\($0[0]))" },
        "truncated": { "CAST(\($0[0]) AS INTEGER)" },
        "datetext": { "strftime('%Y-%m-%d', \($0[0]) * 86400, 'unixepoch')" },
        "timepart": { "CAST(strftime(\($0[0]), \($0[1]), 'unixepoch') AS INTEGER)" },
        "monthstart": { start($0[0], "'start of month'") },
        "yearstart": { start($0[0], "'start of year'") },
        "quarterstart": {
            let month = "CAST(strftime('%m', \($0[0]), 'unixepoch') AS INTEGER)"
            return start($0[0], "'start of month', printf('-%d months', (\(month) - 1) % 3)")
        },
    ]

    private static func start(_ seconds: String, _ modifiers: String) -> String {
        "CAST(strftime('%s', \(seconds), 'unixepoch', \(modifiers)) AS INTEGER)"
    }

    /// The macros for DuckDB. Its collations are not Kith's, so that texts are folded before they are compared, by the folding
    /// of Kith for each scalar that can occur.
    static let macros: [String] = {
        let texts = RandomWorld.words + RandomWorld.labels.flatMap { $0.map(\.value) }
        var scalars: Set<Unicode.Scalar> = []
        for scalar in texts.joined().unicodeScalars {
            for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping, String(scalar)] {
                scalars.formUnion(text.unicodeScalars)
            }
        }
        var (from, to, gone, folded) = ("", "", "", "lower(t)")
        for scalar in scalars.sorted() where !scalar.isASCII {
            let other = String(decoding: SQLiteOracle.folded(String(scalar)), as: UTF8.self)
            switch other.unicodeScalars.count {
            case 0: gone.unicodeScalars.append(scalar)
            case 1 where other != String(scalar):
                from.unicodeScalars.append(scalar)
                to += other
            case 1: break
            default: folded = "replace(\(folded), '\(scalar)', '\(other)')"
            }
        }
        return [
            "collated(t) AS translate(\(folded), '\(from + gone)', '\(to)')", "shown(t) AS t", "exactly(t) AS t",
            "truth(t) AS CAST(t AS BIGINT)",
            "truncated(x) AS CAST(trunc(x) AS BIGINT)", "iif(c, a, b) AS CASE WHEN c THEN a ELSE b END",
            "moment(s) AS make_timestamp(CAST(s AS BIGINT) * 1000000)",
            "datetext(d) AS strftime(moment(CAST(d AS BIGINT) * 86400), '%Y-%m-%d')",
            "timepart(f, s) AS CAST(strftime(moment(s), f) AS BIGINT)",
        ]
            + ["month", "quarter", "year"].map {
                "\($0)start(s) AS CAST(epoch(date_trunc('\($0)', moment(s))) AS BIGINT)"
            }
    }()

    private static func rendered(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var place = text.startIndex
        while place < text.endIndex {
            let start = place
            if isNamePart(text[place]) {
                while place < text.endIndex, isNamePart(text[place]) { place += 1 }
                let name = text[start..<place]
                if place < text.endIndex, text[place] == UInt8(ascii: "("),
                    let call = calls[String(decoding: name, as: UTF8.self)]
                {
                    let operands = operands(text, &place).map { String(decoding: rendered($0), as: UTF8.self) }
                    result += call(operands).utf8
                } else {
                    result += name
                }
                continue
            }
            skip(text, &place)
            // What SQLite gives for whole numbers is whole.
            let isSlash = text[start..<place].elementsEqual("/".utf8) && result.last == UInt8(ascii: "/")
            if !isSlash { result += text[start..<place] }
        }
        return result
    }

    /// What stands between the commas of a call; behind it afterwards.
    private static func operands(_ text: ArraySlice<UInt8>, _ place: inout Int) -> [ArraySlice<UInt8>] {
        var operands: [ArraySlice<UInt8>] = []
        var depth = 0
        var start = place + 1
        while place < text.endIndex {
            let character = text[place]
            let end = place
            skip(text, &place)
            if character == UInt8(ascii: "(") { depth += 1 }
            if character == UInt8(ascii: ")") { depth -= 1 }
            guard depth == 0 || depth == 1 && character == UInt8(ascii: ",") else { continue }
            operands.append(text[start..<end])
            start = place
            if depth == 0 { break }
        }
        return operands
    }

    /// Goes behind a character, or a text in quotes.
    private static func skip(_ text: ArraySlice<UInt8>, _ place: inout Int) {
        let quote = UInt8(ascii: "'")
        let isQuoted = text[place] == quote
        place += 1
        guard isQuoted else { return }
        while place < text.endIndex, text[place] != quote { place += 1 }
        place = min(place + 1, text.endIndex)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
