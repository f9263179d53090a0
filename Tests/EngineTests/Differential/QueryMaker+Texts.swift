// Texts. SQLite changes the case of ASCII letters only, so what UPPER and LOWER give is equal under the collation, not in its
// bytes; functions that count or cut characters are given texts that are the same in both.

import Engine

extension QueryMaker {
    mutating func text(_ depth: Int) -> Term? {
        guard depth > 0, chance(45) else { return plainText { $0.isText } }
        switch below(4) {
        case 0: return folded(depth)
        case 1: return choice { $0.text(depth - 1) ?? $0.literal(.text) }
        default: return exactText(depth)
        }
    }

    private mutating func folded(_ depth: Int) -> Term? {
        guard let a = text(depth - 1) else { return nil }
        let name = pick(["LOWER", "UPPER"])
        return Term(kith: "\(name)(\(a.kith))", oracle: "\(name.lowercased())(\(a.oracle))", kind: .folded)
    }

    private mutating func plainText(where fits: (Kind) -> Bool) -> Term? {
        if chance(20), let option = column(where: { if case .option = $0 { true } else { false } }) {
            if option.isName, chance(50) { return Term(kith: option.kith + "name", oracle: label(option), kind: .text) }
            return Term(kith: "CAST(\(option.kith) AS TEXT)", oracle: label(option), kind: .text)
        }
        return column(where: fits)
    }

    private func label(_ option: Term) -> String {
        guard case .option(let set) = option.kind else { return "NULL" }
        let branches = world.sets[set].map { "WHEN \($0.0) THEN \(RandomWorld.quoted($0.1))" }
        return "(CASE \(option.oracle) \(branches.joined(separator: " ")) END)"
    }

    /// A selection as its labels.
    func labels(_ selection: Term) -> String {
        guard case .selection(let set) = selection.kind else { return "NULL" }
        let parts = world.sets[set].enumerated().map {
            "iif(\(selection.oracle) & \(1 << $0.offset) <> 0, \(RandomWorld.quoted($0.element.1 + ";")), '')"
        }
        return "iif(\(selection.oracle) IS NULL, NULL, rtrim(\(parts.joined(separator: " || ")), ';'))"
    }

    /// A text that has the same bytes in both.
    mutating func exactText(_ depth: Int = 1) -> Term? {
        guard let a = plainText(where: { $0 == .text }) else { return nil }
        guard depth > 0, chance(60) else { return a }
        func text(_ kith: String, _ oracle: String) -> Term { Term(kith: kith, oracle: oracle, kind: .text) }
        switch below(10) {
        case 0:
            let name = pick(["TRIM", "LTRIM", "RTRIM"])
            let characters = pick(["", ", 'a'", ", 'Ax'", ", 'ahpl'"])
            return text("\(name)(\(a.kith)\(characters))", "\(name)(\(a.oracle)\(characters))")
        case 1:
            let start = below(12) - 6
            let count = chance(70) ? ", \(below(8) - 2)" : ""
            return text("SUBSTR(\(a.kith), \(start)\(count))", "substr(\(a.oracle), \(start)\(count))")
        case 2:
            let (old, new) = (pick(["a", "alp", "", "A", "ta"]), pick(["", "x", "aa", "Lo"]))
            return text("REPLACE(\(a.kith), '\(old)', '\(new)')", "replace(\(a.oracle), '\(old)', '\(new)')")
        case 3:
            guard let b = exactText(depth - 1) else { return a }
            return text("(\(a.kith) || '-' || \(b.kith))", "(\(a.oracle) || '-' || \(b.oracle))")
        case 4:
            let number = integer(0)
            return text("(\(a.kith) || \(number.kith))", "(\(a.oracle) || \(number.oracle))")
        case 5:
            let count = below(6)
            return text("LEFT(\(a.kith), \(count))", "substr(\(a.oracle), 1, \(count))")
        case 6:
            let count = 1 + below(6)
            return text("RIGHT(\(a.kith), \(count))", "substr(\(a.oracle), -\(count))")
        case 7:
            let day = date(0)
            return text("CAST(\(day.kith) AS TEXT)", "datetext(\(day.oracle))")
        case 8:
            let number = integer(0)
            return text(
                "CONCAT(\(a.kith), \(number.kith), '.')",
                "(coalesce(\(a.oracle), '') || coalesce(CAST(\(number.oracle) AS TEXT), '') || '.')"
            )
        default: return choice { $0.exactText(depth - 1) ?? $0.literal(.text) }
        }
    }
}
