// Conditions: everything that may stand in WHERE, ON, HAVING and CASE.

import Engine
import SQLiteOracle

extension QueryMaker {
    mutating func condition(_ depth: Int) -> Term {
        guard depth > 0, chance(55) else { return leaf() }
        if chance(20) {
            let inner = condition(depth - 1)
            return Term(kith: "(NOT \(inner.kith))", oracle: "(NOT \(inner.oracle))", kind: .boolean)
        }
        let word = chance(50) ? "AND" : "OR"
        let parts = (0..<2 + below(2)).map { _ in condition(depth - 1) }
        return Term(
            kith: "(" + parts.map(\.kith).joined(separator: " \(word) ") + ")",
            oracle: "(" + parts.map(\.oracle).joined(separator: " \(word) ") + ")",
            kind: .boolean
        )
    }

    private func condition(_ kith: String, _ oracle: String) -> Term {
        Term(kith: "(\(kith))", oracle: "(\(oracle))", kind: .boolean)
    }

    mutating func sign() -> String { pick(["=", "<>", "<", "<=", ">", ">="]) }

    /// One condition without AND and OR.
    mutating func leaf() -> Term {
        let not = chance(25) ? "NOT " : ""
        switch below(20) {
        case 0: return comparison(with: true)
        case 1, 2, 3, 4: return comparison(with: chance(70))
        case 5, 6: return pattern(not)
        case 7, 8: return list(not)
        case 9: return range(not)
        case 10:
            let a = column { _ in true } ?? integer(1)
            return condition("\(a.kith) IS \(not)NULL", "\(a.oracle) IS \(not)NULL")
        case 11:
            let a = anyTerm(1)
            return condition("\(a.kith) IS \(not)NULL", "\(a.oracle) IS \(not)NULL")
        case 12:
            if let a = column(where: { $0 == .boolean }) {
                return condition("\(not)\(a.kith)", "\(not)(\(a.oracle) <> 0)")
            }
        case 13, 14: if let term = selection(not) { return term }
        case 15: return period()
        case 16: if let term = tree(not) { return term }
        case 17, 18, 19: if mayNest { return queryCondition(not) }
        default: break
        }
        return comparison(with: true)
    }

    private mutating func comparison(with constant: Bool) -> Term {
        let sign = sign()
        let a: Term
        if let column = column(where: { if case .selection = $0 { false } else { true } }), chance(60) {
            a = column
        } else {
            a = anyTerm(1)
        }
        if case .selection = a.kind { return condition("\(a.kith) IS NULL", "\(a.oracle) IS NULL") }
        var b = constant && a.kind != .double ? self.constant(comparableKind(a.kind)) : term(a.kind, 1)
        // Columns of two collations.
        if a.kind == .code || a.kind == .text && a.isName, chance(20) {
            b = column { $0 == (a.kind == .code ? .text : .code) } ?? b
        }
        // Two parameters, or a text alone, say nothing about their type.
        guard !(a.isConstant && b.isConstant), let pair = comparable(a, b) else {
            return condition("\(a.kith) IS NULL", "\(a.oracle) IS NULL")
        }
        return condition("\(a.kith) \(sign) \(b.kith)", "\(pair.0) \(sign) \(pair.1)")
    }

    /// Constants may have more or fewer digits than what they are compared with.
    private mutating func comparableKind(_ kind: Kind) -> Kind {
        switch kind {
        case .integer: chance(10) ? .decimal(1) : .integer
        case .decimal(let scale): pick([kind, .integer, .decimal(min(6, scale + 1)), .decimal(max(1, scale - 1))])
        default: kind
        }
    }

    private mutating func pattern(_ not: String) -> Term {
        guard let a = text(1) else { return comparison(with: true) }
        let pattern = pick([
            "%a%", "al%", "_eta", "%ta", "a_p%a", "%", "", "%!_%", "d%l%a", "%m_g%3", "%ß", "É_", "%''s",
        ])
        let folded = String(decoding: SQLiteOracle.folded(pattern), as: UTF8.self)
        return condition(
            "\(a.kith) \(not)LIKE '\(pattern)' ESCAPE '!'",
            "\(a.collated) \(not)LIKE '\(folded)' ESCAPE '!'"
        )
    }

    private mutating func list(_ not: String) -> Term {
        let a =
            column(where: { if case .selection = $0 { false } else { $0 != .boolean && $0 != .double } }) ?? integer(1)
        var kith: [String] = []
        var oracle: [String] = []
        var isConstant = true
        for _ in 0..<1 + below(4) {
            if chance(6) {
                kith.append("NULL")
                oracle.append("NULL")
                continue
            }
            let item = chance(85) ? constant(a.kind) : term(a.kind, 1)
            guard Self.common(a.kind, item.kind) == a.kind || a.kind.isText && item.kind.isText else { continue }
            isConstant = isConstant && item.isConstant
            kith.append(item.kith)
            oracle.append(a.kind.isText || a.kind == .code ? item.collated : item.converted(a.kind))
        }
        guard !a.isConstant, !kith.isEmpty else { return condition("\(a.kith) IS NULL", "\(a.oracle) IS NULL") }
        // One item that is a query in parentheses is to DuckDB that query, in which nothing is where it has no row, and not its
        // value, which is NULL then. Two are a list.
        if oracle.count == 1, !isConstant { oracle.append(oracle[0]) }
        return condition(
            "\(a.kith) \(not)IN (\(kith.joined(separator: ", ")))",
            "\(a.collated) \(not)IN (\(oracle.joined(separator: ", ")))"
        )
    }

    private mutating func range(_ not: String) -> Term {
        let a = pick([integer(1), exact(1), date(1), instant(1), column(where: \.isText) ?? integer(0)])
        let (low, high) = (constant(a.kind), constant(a.kind))
        guard !a.isConstant, let lower = comparable(a, low), let upper = comparable(a, high), lower.0 == upper.0 else {
            return condition("\(a.kith) IS NULL", "\(a.oracle) IS NULL")
        }
        return condition(
            "\(a.kith) \(not)BETWEEN \(low.kith) AND \(high.kith)",
            "\(lower.0) \(not)BETWEEN \(lower.1) AND \(upper.1)"
        )
    }

    /// What a multi-select attribute contains.
    private mutating func selection(_ not: String) -> Term? {
        guard let a = column(where: { if case .selection = $0 { true } else { false } }),
            case .selection(let set) = a.kind
        else { return nil }
        let places = world.sets[set].indices.filter { _ in chance(50) }
        let chosen = places.isEmpty ? [0] : Array(places)
        let mask = chosen.reduce(0) { $0 | 1 << $1 }
        let labels = chosen.map { RandomWorld.quoted(world.sets[set][$0].1) }.joined(separator: ", ")
        switch below(3) {
        case 0: return condition("\(a.kith) \(not)CONTAINS (\(labels))", "\(not)(\(a.oracle) & \(mask) <> 0)")
        case 1: return condition("\(a.kith) \(not)CONTAINS ALL (\(labels))", "\(not)(\(a.oracle) & \(mask) = \(mask))")
        default:
            let whole = chosen.reversed().map { world.sets[set][$0].1 }.joined(separator: ";")
            let sign = pick(["=", "<>"])
            return condition("\(a.kith) \(sign) \(RandomWorld.quoted(whole))", "\(a.oracle) \(sign) \(mask)")
        }
    }

    /// UNDER and ABOVE a record of an entity with a hierarchy.
    private mutating func tree(_ not: String) -> Term? {
        let trees = world.entities.filter { $0.hierarchy != nil && !$0.ids.isEmpty }
        guard !trees.isEmpty, let a = column(where: { $0 == .id }) else { return nil }
        let entity = pick(trees)
        let (name, lookup) = (entity.name, entity.hierarchy ?? "")
        let root = pick(Array(entity.ids.prefix(50)))
        let (alias, isUnder, orEqual) = (alias(), chance(50), chance(40))
        let own = "c.\(name)id"
        let step =
            isUnder
            ? "SELECT \(own) FROM \(name) c JOIN \(alias) ON c.\(lookup) = \(alias).id"
            : "SELECT p.\(name)id FROM \(alias) JOIN \(name) c ON \(own) = \(alias).id "
                + "JOIN \(name) p ON p.\(name)id = c.\(lookup)"
        let first = "SELECT \(name)id FROM \(name) WHERE \(name)id = \(root.rawValue)"
        let end = orEqual ? "" : " WHERE id <> \(root.rawValue)"
        return condition(
            "\(a.kith) \(not)\(isUnder ? "UNDER" : "ABOVE")\(orEqual ? " OR EQUAL" : "") '\(world.schema.text(of: root))'",
            // To SQLite null is not among no records; here it is unknown whether nothing is above something.
            "CASE WHEN \(a.oracle) IS NOT NULL THEN \(a.oracle) \(not)IN (WITH RECURSIVE \(alias)(id) AS "
                + "(\(first) UNION \(step)) SELECT id FROM \(alias)\(end)) END"
        )
    }
}
