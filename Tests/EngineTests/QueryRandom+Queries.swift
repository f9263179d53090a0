// Whole queries from random parts: what is asked for, from where, plain or grouped.

import Engine

extension QueryRandom {
    mutating func output() -> (Pair, Output) {
        switch next(7) {
        case 0, 1: return (integer(2), .exact)
        case 2: return (money(2), .decimal)
        case 3, 4:
            if let text = text() { return ((text.kith, "lower(\(text.sqlite))"), .text) }
            return (integer(2), .exact)
        case 5:
            let (a, b) = (integer(1), integer(1))
            let quotient = ("\(a.kith) / \(b.kith)", "(\(a.sqlite)) * 1.0 / \(b.sqlite)")
            guard chance(30) else { return (quotient, .real) }
            return (("ROUND(\(quotient.0), 2)", "round(\(quotient.1), 2)"), .real)
        default:
            let condition = leaf()
            return (("(\(condition.kith))", "(\(condition.sqlite))"), .exact)
        }
    }

    mutating func from() -> (Pair, [Pair]) {
        let first = pick(["deal", "deal", "deal", "company", "systemuser"])
        sources = [Source(alias: "t0", entity: first)]
        var text: Pair = ("\(first) t0", "\(first) t0")
        func key(_ source: Source) -> Pair { ("\(source.alias).\(source.entity)id", "\(source.alias).id") }
        for index in 1..<3 where chance(40) {
            let other = Source(alias: "t\(index)", entity: pick(["deal", "company", "systemuser"]))
            let partner = pick(sources)
            sources.append(other)
            let links: [(from: String, column: String, to: String)] = [
                ("deal", "customer", "company"), ("deal", "customer", "systemuser"), ("deal", "owner", "systemuser"),
                ("company", "parent", "company"), ("company", "boss", "systemuser"),
            ]
            var conditions: [Pair] = []
            for link in links {
                if link.from == other.entity, link.to == partner.entity {
                    conditions.append(
                        (
                            "\(other.alias).\(link.column) = \(key(partner).kith)",
                            "\(other.alias).\(link.column) = \(key(partner).sqlite)"
                        )
                    )
                }
                if link.from == partner.entity, link.to == other.entity {
                    conditions.append(
                        (
                            "\(key(other).kith) = \(partner.alias).\(link.column)",
                            "\(key(other).sqlite) = \(partner.alias).\(link.column)"
                        )
                    )
                }
            }
            let names = ["systemuser": "name", "company": "name", "deal": "title"]
            if isLarge, conditions.isEmpty {
                sources.removeLast()
                continue
            }
            if !isLarge {
                conditions.append(
                    same(
                        "\(partner.alias).\(names[partner.entity] ?? "") = \(other.alias).\(names[other.entity] ?? "")"
                    )
                )
            }
            var condition = pick(conditions)
            if chance(30) {
                let more = leaf()
                condition = ("\(condition.kith) AND \(more.kith)", "\(condition.sqlite) AND \(more.sqlite)")
            }
            let join = chance(50) ? "LEFT JOIN" : "JOIN"
            text.kith += " \(join) \(other.entity) \(other.alias) ON \(condition.kith)"
            text.sqlite += " \(join) \(other.entity) \(other.alias) ON \(condition.sqlite)"
        }
        return (text, sources.map(key))
    }

    mutating func query() -> Generated {
        let (from, keys) = from()
        var kith = ""
        var sqlite = ""
        if chance(75) {
            let filter = condition(2)
            kith = " WHERE \(filter.kith)"
            sqlite = " WHERE \(filter.sqlite)"
        }
        if chance(25) { return relation(from, keys, kith, sqlite) }
        return chance(35) ? grouped(from, kith, sqlite) : plain(from, keys, kith, sqlite)
    }

    private mutating func plain(_ from: Pair, _ keys: [Pair], _ kith: String, _ sqlite: String) -> Generated {
        let outputs = (0..<1 + next(4)).map { _ in output() }
        var (kith, sqlite) = (kith, sqlite)
        let isDistinct = chance(15)
        var isOrdered = false
        if !isDistinct, chance(60) {
            isOrdered = true
            var order: [Pair] = []
            for _ in 0..<next(3) {
                let direction = chance(40) ? " DESC" : ""
                var key = chance(50) ? integer(0) : text() ?? integer(0)
                // A lone number would be an ordinal.
                if key.kith.hasPrefix("(") { key = same("t0.\(sources[0].entity == "deal" ? "qty" : "name")") }
                order.append((key.kith + direction, "\(key.sqlite) COLLATE NOCASE\(direction)"))
            }
            if order.count == 1, chance(40), keys.count == 1 {
                // The order of ties is open, so only the keys themselves are compared.
                let limit = " LIMIT \(next(30))"
                let key = order[0]
                let bare = (key.kith.replacing(" DESC", with: ""), key.sqlite.replacing(" DESC", with: ""))
                return Generated(
                    kith: "SELECT \(bare.0) FROM \(from.kith)\(kith) ORDER BY \(key.kith)\(limit)",
                    sqlite: "SELECT lower(\(bare.1)) FROM \(from.sqlite)\(sqlite) ORDER BY \(key.sqlite)\(limit)",
                    outputs: [.text],
                    isOrdered: true
                )
            }
            order += keys
            kith += " ORDER BY " + order.map(\.kith).joined(separator: ", ")
            sqlite += " ORDER BY " + order.map(\.sqlite).joined(separator: ", ")
            if chance(50) {
                let limit = " LIMIT \(next(40))" + (chance(50) ? " OFFSET \(next(20))" : "")
                kith += limit
                sqlite += limit
            }
        }
        let word = isDistinct ? "DISTINCT " : ""
        return Generated(
            kith: "SELECT \(word)" + outputs.map(\.0.kith).joined(separator: ", ") + " FROM \(from.kith)\(kith)",
            sqlite: "SELECT \(word)" + outputs.map(\.0.sqlite).joined(separator: ", ")
                + " FROM \(from.sqlite)\(sqlite)",
            outputs: outputs.map(\.1),
            isOrdered: isOrdered
        )
    }

    private mutating func aggregate() -> (Pair, Output) {
        let distinct = chance(25) ? "DISTINCT " : ""
        switch next(7) {
        case 0: return (same("count(*)"), .exact)
        case 1:
            if let text = text() {
                return (("count(\(distinct)\(text.kith))", "count(\(distinct)\(text.sqlite) COLLATE NOCASE)"), .exact)
            }
            return (same("count(*)"), .exact)
        case 2:
            let a = integer(1)
            return (("sum(\(distinct)\(a.kith))", "sum(\(distinct)\(a.sqlite))"), .exact)
        case 3:
            let a = money(1)
            return (("sum(\(distinct)\(a.kith))", "sum(\(distinct)\(a.sqlite))"), .decimal)
        case 4:
            let a = money(1)
            return (("avg(\(distinct)\(a.kith))", "avg(\(distinct)\(a.sqlite)) / 10000.0"), .real)
        case 5:
            let word = pick(["min", "max"])
            if let text = text() {
                return (("\(word)(\(text.kith))", "lower(\(word)(\(text.sqlite) COLLATE NOCASE))"), .text)
            }
            return (same("count(*)"), .exact)
        default:
            let a = integer(1)
            let word = pick(["min", "max"])
            return (("\(word)(\(a.kith))", "\(word)(\(a.sqlite))"), .exact)
        }
    }

    private mutating func grouped(_ from: Pair, _ kith: String, _ sqlite: String) -> Generated {
        var keys: [(Pair, Output)] = []
        for _ in 0..<next(3) {
            if chance(50), let text = text() {
                keys.append((text, .text))
            } else if let deal = source("deal") {
                keys.append((same("\(deal).\(pick(["stage", "flag", "qty", "owner"]))"), .exact))
            }
        }
        let aggregates = (0..<1 + next(3)).map { _ in aggregate() }
        var (kith, sqlite) = (kith, sqlite)
        if !keys.isEmpty {
            kith += " GROUP BY " + keys.map(\.0.kith).joined(separator: ", ")
            sqlite += " GROUP BY " + keys.map { "\($0.0.sqlite) COLLATE NOCASE" }.joined(separator: ", ")
        }
        if chance(25) {
            kith += " HAVING count(*) > 1"
            sqlite += " HAVING count(*) > 1"
        }
        let shown = keys.map { key -> Pair in
            key.1 == .text ? (key.0.kith, "lower(\(key.0.sqlite))") : key.0
        }
        return Generated(
            kith: "SELECT " + (shown.map(\.kith) + aggregates.map(\.0.kith)).joined(separator: ", ")
                + " FROM \(from.kith)\(kith)",
            sqlite: "SELECT " + (shown.map(\.sqlite) + aggregates.map(\.0.sqlite)).joined(separator: ", ")
                + " FROM \(from.sqlite)\(sqlite)",
            outputs: keys.map(\.1) + aggregates.map(\.1),
            isOrdered: false
        )
    }
}
