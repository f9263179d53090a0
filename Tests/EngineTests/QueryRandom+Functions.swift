// Functions and CASE in both dialects. A function's result has no collation in SQLite, so NOCASE is written where Kith
// compares under its own.

import Engine

extension QueryRandom {
    private mutating func choice(_ make: (inout QueryRandom) -> Pair) -> Pair {
        let (a, b) = (make(&self), make(&self))
        switch next(4) {
        case 0: return ("COALESCE(\(a.kith), \(b.kith))", "coalesce(\(a.sqlite), \(b.sqlite))")
        case 1:
            let condition = leaf()
            return (
                "IIF(\(condition.kith), \(a.kith), \(b.kith))", "iif(\(condition.sqlite), \(a.sqlite), \(b.sqlite))"
            )
        case 2:
            let (first, second) = (leaf(), leaf())
            let end = chance(50) ? " END)" : " ELSE NULL END)"
            return (
                "(CASE WHEN \(first.kith) THEN \(a.kith) WHEN \(second.kith) THEN \(b.kith)\(end)",
                "(CASE WHEN \(first.sqlite) THEN \(a.sqlite) WHEN \(second.sqlite) THEN \(b.sqlite)\(end)"
            )
        default:
            let value = integer(0)
            let numbers = (next(12), next(12))
            return (
                "(CASE \(value.kith) WHEN \(numbers.0) THEN \(a.kith) WHEN \(numbers.1) THEN \(b.kith) ELSE \(a.kith) END)",
                "(CASE \(value.sqlite) WHEN \(numbers.0) THEN \(a.sqlite) WHEN \(numbers.1) THEN \(b.sqlite) "
                    + "ELSE \(a.sqlite) END)"
            )
        }
    }

    mutating func integerFunction(_ depth: Int) -> Pair {
        switch next(7) {
        case 0:
            let a = integer(depth - 1)
            return ("ABS(\(a.kith))", "abs(\(a.sqlite))")
        case 1:
            let (a, b) = (integer(depth - 1), integer(depth - 1))
            return ("(\(a.kith) % \(b.kith))", "(\(a.sqlite) % \(b.sqlite))")
        case 2:
            let (a, b) = (integer(depth - 1), integer(depth - 1))
            return ("NULLIF(\(a.kith), \(b.kith))", "nullif(\(a.sqlite), \(b.sqlite))")
        case 3:
            let (a, b) = (integer(depth - 1), integer(depth - 1))
            return ("CAST(\(a.kith) / \(b.kith) AS INTEGER)", "CAST((\(a.sqlite)) * 1.0 / \(b.sqlite) AS INTEGER)")
        case 4:
            // SQLite changes the case of ASCII letters only, so that ß stays one letter there.
            guard let a = text(), !a.kith.contains("LOWER("), !a.kith.contains("UPPER(") else { return integer(0) }
            return ("LENGTH(\(a.kith))", "length(\(a.sqlite))")
        case 5:
            guard let a = plainText() else { return integer(0) }
            let word = pick(["a", "ta", "A", "", "lph", "e_t"])
            return ("INSTR(\(a.kith), '\(word)')", "instr(\(a.sqlite), '\(word)')")
        default: return choice { $0.integer(depth - 1) }
        }
    }

    mutating func moneyFunction(_ depth: Int) -> Pair {
        let a = money(depth - 1)
        switch next(4) {
        case 0: return ("ABS(\(a.kith))", "abs(\(a.sqlite))")
        case 1:
            let b = money(depth - 1)
            return ("MOD(\(a.kith), \(b.kith))", "(\(a.sqlite) % \(b.sqlite))")
        case 2:
            // Halves away from zero, in SQLite on the units.
            let unit = 100
            return (
                "CAST(ROUND(\(a.kith), 2) AS DECIMAL(18, 4))",
                "((\(a.sqlite) + iif(\(a.sqlite) < 0, -\(unit / 2), \(unit / 2))) / \(unit) * \(unit))"
            )
        default: return choice { $0.money(depth - 1) }
        }
    }

    mutating func textFunction() -> Pair? {
        guard let a = plainText() else { return nil }
        switch next(9) {
        case 0: return ("LOWER(\(a.kith))", "lower(\(a.sqlite))")
        case 1: return ("UPPER(\(a.kith))", "upper(\(a.sqlite))")
        case 2:
            let name = pick(["TRIM", "LTRIM", "RTRIM"])
            let characters = pick(["", ", 'a'", ", 'Ax'", ", 'ahpl'"])
            return ("\(name)(\(a.kith)\(characters))", "\(name)(\(a.sqlite)\(characters))")
        case 3:
            let start = next(12) - 6
            let count = chance(70) ? ", \(next(8) - 2)" : ""
            return ("SUBSTR(\(a.kith), \(start)\(count))", "substr(\(a.sqlite), \(start)\(count))")
        case 4:
            let (old, new) = (pick(["a", "alp", "", "A", "ta"]), pick(["", "x", "aa", "Lo"]))
            return ("REPLACE(\(a.kith), '\(old)', '\(new)')", "replace(\(a.sqlite), '\(old)', '\(new)')")
        case 5:
            guard let b = plainText() else { return a }
            return ("(\(a.kith) || '-' || \(b.kith))", "(\(a.sqlite) || '-' || \(b.sqlite))")
        case 6:
            let number = integer(0)
            return ("(\(a.kith) || \(number.kith))", "(\(a.sqlite) || \(number.sqlite))")
        case 7:
            let word = pick(Self.words)
            return ("NULLIF(\(a.kith), '\(word)')", "nullif(\(a.sqlite) COLLATE NOCASE, '\(word)')")
        default: return choice { random in random.plainText() ?? random.same("'x'") }
        }
    }
}
