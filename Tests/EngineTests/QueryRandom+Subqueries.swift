// Queries inside queries from random parts: values, EXISTS and IN, correlated by lookups, by other equalities, by anything,
// or not at all.

import Engine

extension QueryRandom {
    /// Sub-queries have sub-queries, but large tables are not multiplied by each other.
    var mayNest: Bool { !sources.isEmpty && subqueryDepth < (isLarge ? 1 : 2) }

    private struct Inner {
        var alias: String
        var entity: String
        var from: Pair
    }

    /// Makes a FROM with its filter, then what is asked of it, while its sources (and sometimes those outside) are in sight.
    private mutating func inside(_ body: (inout QueryRandom, Inner) -> Pair) -> Pair {
        let outside = sources
        subqueryDepth += 1
        subqueryCount += 1
        defer {
            subqueryDepth -= 1
            sources = outside
        }
        let entity = pick(isLarge ? ["company", "systemuser", "deal"] : ["deal", "deal", "company", "systemuser"])
        let alias = "q\(subqueryCount)"
        let partner = pick(outside)
        var conditions: [Pair] = []
        if chance(80), let condition = correlation(alias, entity, partner) { conditions.append(condition) }
        var from: Pair = ("\(entity) \(alias)", "\(entity) \(alias)")
        sources = [Source(alias: alias, entity: entity)]
        if !isLarge, entity != "systemuser", chance(20) {
            let (lookup, other) = entity == "deal" ? ("owner", "systemuser") : ("boss", "systemuser")
            let join = chance(50) ? "LEFT JOIN" : "JOIN"
            from.kith += " \(join) \(other) \(alias)j ON \(alias).\(lookup) = \(alias)j.\(other)id"
            from.sqlite += " \(join) \(other) \(alias)j ON \(alias).\(lookup) = \(alias)j.id"
            sources.append(Source(alias: "\(alias)j", entity: other))
        }
        let own = sources
        if chance(60) {
            if !isLarge, chance(25) { sources += outside }
            conditions.append(condition(1))
            sources = own
        }
        if !conditions.isEmpty {
            from.kith += " WHERE " + conditions.map { "(\($0.kith))" }.joined(separator: " AND ")
            from.sqlite += " WHERE " + conditions.map { "(\($0.sqlite))" }.joined(separator: " AND ")
        }
        return body(&self, Inner(alias: alias, entity: entity, from: from))
    }

    /// What ties the rows of a sub-query to a row outside.
    private mutating func correlation(_ alias: String, _ entity: String, _ partner: Source) -> Pair? {
        let links: [(from: String, column: String, to: String)] = [
            ("deal", "customer", "company"), ("deal", "customer", "systemuser"), ("deal", "owner", "systemuser"),
            ("company", "parent", "company"), ("company", "boss", "systemuser"),
        ]
        var choices: [Pair] = []
        for link in links {
            if link.from == entity, link.to == partner.entity {
                choices.append(
                    (
                        "\(alias).\(link.column) = \(partner.alias).\(link.to)id",
                        "\(alias).\(link.column) = \(partner.alias).id"
                    )
                )
            }
            if link.from == partner.entity, link.to == entity {
                choices.append(
                    (
                        "\(partner.alias).\(link.column) = \(alias).\(entity)id",
                        "\(partner.alias).\(link.column) = \(alias).id"
                    )
                )
            }
        }
        if !isLarge {
            let names = ["systemuser": "name", "company": "name", "deal": "title"]
            let numbers = ["systemuser": "age", "deal": "qty"]
            choices.append(
                same("\(alias).\(names[entity] ?? "") = \(partner.alias).\(names[partner.entity] ?? "")")
            )
            if let a = numbers[entity], let b = numbers[partner.entity] {
                choices.append(same("\(alias).\(a) \(sign()) \(partner.alias).\(b)"))
                choices.append(same("\(alias).\(a) + 1 = \(partner.alias).\(b) * 2"))
            }
            if entity == "deal", partner.entity == "deal" {
                choices.append(
                    same("\(alias).stage = \(partner.alias).stage AND \(alias).flag = \(partner.alias).flag")
                )
                choices.append(same("\(alias).due < \(partner.alias).due"))
            }
        }
        return choices.isEmpty ? nil : pick(choices)
    }

    mutating func integerQuery() -> Pair {
        inside { random, inner in
            let a = random.integer(1)
            let (output, part): (Pair, String) =
                // One run for each row is left to the outermost: nested ones multiply.
                switch random.next(random.subqueryDepth > 1 ? 5 : 6) {
                case 0, 1: (random.same("count(*)"), "")
                case 2: (("sum(\(a.kith))", "sum(\(a.sqlite))"), "")
                case 3: (("max(\(a.kith))", "max(\(a.sqlite))"), "")
                case 4: (("count(\(a.kith)) + 1", "count(\(a.sqlite)) + 1"), "")
                default: (a, random.pick([" ORDER BY 1 LIMIT 1", " ORDER BY 1 DESC LIMIT 1"]))
                }
            return (
                "(SELECT \(output.kith) FROM \(inner.from.kith)\(part))",
                "(SELECT \(output.sqlite) FROM \(inner.from.sqlite)\(part))"
            )
        }
    }

    mutating func moneyQuery() -> Pair {
        inside { random, inner in
            let a = random.money(1)
            let function = random.pick(["sum", "min", "max"])
            return (
                "(SELECT \(function)(\(a.kith)) FROM \(inner.from.kith))",
                "(SELECT \(function)(\(a.sqlite)) FROM \(inner.from.sqlite))"
            )
        }
    }

    /// EXISTS or IN, plain or negated.
    mutating func queryCondition() -> Pair {
        let not = chance(40) ? "NOT " : ""
        let number = integer(0)
        let text: Pair? = self.text()
        let outside = sources
        return inside { random, inner in
            switch random.next(5) {
            case 0, 1:
                return (
                    "\(not)EXISTS (SELECT 1 FROM \(inner.from.kith))",
                    "\(not)EXISTS (SELECT 1 FROM \(inner.from.sqlite))"
                )
            case 2:
                let own: Pair? = random.text()
                guard let text, let inside = own else { break }
                return (
                    "\(text.kith) \(not)IN (SELECT \(inside.kith) FROM \(inner.from.kith))",
                    "(\(text.sqlite) COLLATE NOCASE) \(not)IN (SELECT \(inside.sqlite) FROM \(inner.from.sqlite))"
                )
            case 3:
                // Records by id, which is what joins are for.
                guard let deal = outside.first(where: { $0.entity == "deal" }), inner.entity != "deal" else { break }
                return (
                    "\(deal.alias).customer \(not)IN (SELECT \(inner.alias).\(inner.entity)id FROM \(inner.from.kith))",
                    "\(deal.alias).customer \(not)IN (SELECT \(inner.alias).id FROM \(inner.from.sqlite))"
                )
            default: break
            }
            let inside = random.integer(0)
            return (
                "\(number.kith) \(not)IN (SELECT \(inside.kith) FROM \(inner.from.kith))",
                "\(number.sqlite) \(not)IN (SELECT \(inside.sqlite) FROM \(inner.from.sqlite))"
            )
        }
    }
}
