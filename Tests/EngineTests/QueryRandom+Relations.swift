// Random queries over queries: window functions, UNION ALL, and queries as sources, in FROM and in WITH.

import Engine

extension QueryRandom {
    mutating func relation(_ from: Pair, _ keys: [Pair], _ kith: String, _ sqlite: String) -> Generated {
        switch next(3) {
        case 0: windows(from, keys, kith, sqlite)
        case 1: union(from, kith, sqlite)
        default: derived(from, kith, sqlite)
        }
    }

    /// OVER with an order that leaves no ties where they would be open.
    private mutating func over(_ keys: [Pair], isTotal: Bool) -> Pair {
        var (kith, sqlite) = ("", "")
        if chance(60) {
            let number = integer(0)
            let text: Pair? = self.text()
            let folded: Pair? = text.map { (kith: $0.kith, sqlite: "\($0.sqlite) COLLATE NOCASE") }
            let key = chance(50) ? number : folded ?? number
            kith = "PARTITION BY \(key.kith)"
            sqlite = "PARTITION BY \(key.sqlite)"
        }
        guard isTotal || chance(70) else { return ("OVER (\(kith))", "OVER (\(sqlite))") }
        var order: [Pair] = []
        let direction = chance(40) ? " DESC" : ""
        let key = integer(1)
        order.append((key.kith + direction, key.sqlite + direction))
        if isTotal { order += keys }
        kith += " ORDER BY " + order.map(\.kith).joined(separator: ", ")
        sqlite += " ORDER BY " + order.map(\.sqlite).joined(separator: ", ")
        return ("OVER (\(kith))", "OVER (\(sqlite))")
    }

    private mutating func windows(_ from: Pair, _ keys: [Pair], _ kith: String, _ sqlite: String) -> Generated {
        var outputs: [(Pair, Output)] = keys.map { ($0, .exact) }
        for _ in 0..<1 + next(3) {
            let (number, amount) = (integer(1), money(1))
            let (call, output, isTotal): (Pair, Output, Bool) =
                switch next(8) {
                case 0: (same("row_number()"), .exact, true)
                case 1: (same("rank()"), .exact, false)
                case 2: (same("dense_rank()"), .exact, false)
                case 3: (("sum(\(number.kith))", "sum(\(number.sqlite))"), .exact, false)
                case 4: (("count(\(number.kith))", "count(\(number.sqlite))"), .exact, false)
                case 5: (("max(\(amount.kith))", "max(\(amount.sqlite))"), .decimal, false)
                case 6: (("lag(\(number.kith), 2)", "lag(\(number.sqlite), 2)"), .exact, true)
                default: (("lead(\(amount.kith))", "lead(\(amount.sqlite))"), .decimal, true)
                }
            let over = over(keys, isTotal: isTotal)
            outputs.append((("\(call.kith) \(over.kith)", "\(call.sqlite) \(over.sqlite)"), output))
        }
        return Generated(
            kith: "SELECT " + outputs.map(\.0.kith).joined(separator: ", ") + " FROM \(from.kith)\(kith)",
            sqlite: "SELECT " + outputs.map(\.0.sqlite).joined(separator: ", ") + " FROM \(from.sqlite)\(sqlite)",
            outputs: outputs.map(\.1),
            isOrdered: false
        )
    }

    private mutating func union(_ from: Pair, _ kith: String, _ sqlite: String) -> Generated {
        var branches: [Pair] = []
        var place = (from, kith, sqlite)
        for _ in 0..<2 + next(2) {
            let (number, amount) = (integer(1), money(1))
            branches.append(
                (
                    "SELECT \(number.kith) AS a, \(amount.kith) AS b FROM \(place.0.kith)\(place.1)",
                    "SELECT \(number.sqlite) AS a, \(amount.sqlite) AS b FROM \(place.0.sqlite)\(place.2)"
                )
            )
            place.0 = self.from().0
            let filter = condition(1)
            place.1 = " WHERE \(filter.kith)"
            place.2 = " WHERE \(filter.sqlite)"
        }
        let order = chance(50) ? " ORDER BY b DESC, a LIMIT \(next(30))" : ""
        return Generated(
            kith: branches.map(\.kith).joined(separator: " UNION ALL ") + order,
            sqlite: branches.map(\.sqlite).joined(separator: " UNION ALL ") + order,
            outputs: [.exact, .decimal],
            isOrdered: !order.isEmpty
        )
    }

    private mutating func derived(_ from: Pair, _ kith: String, _ sqlite: String) -> Generated {
        let (number, amount) = (integer(1), money(1))
        var inner: Pair = (
            "SELECT \(number.kith) AS a, \(amount.kith) AS b FROM \(from.kith)\(kith)",
            "SELECT \(number.sqlite) AS a, \(amount.sqlite) AS b FROM \(from.sqlite)\(sqlite)"
        )
        if chance(30) {
            inner = (
                "SELECT \(number.kith) AS a, sum(\(amount.kith)) AS b FROM \(from.kith)\(kith) GROUP BY a",
                "SELECT \(number.sqlite) AS a, sum(\(amount.sqlite)) AS b FROM \(from.sqlite)\(sqlite) GROUP BY 1"
            )
        }
        let (outer, output): (String, [Output]) =
            switch next(4) {
            case 0: ("SELECT x.a + 1, x.b FROM x WHERE x.a \(sign()) \(next(30) - 5)", [.exact, .decimal])
            case 1: ("SELECT x.a, count(*), max(x.b) FROM x GROUP BY x.a", [.exact, .exact, .decimal])
            case 2: ("SELECT x.b, d.id FROM deal d JOIN x ON x.a = d.qty", [.decimal, .exact])
            default:
                (
                    "SELECT count(*), sum(x.b) FROM x WHERE x.a NOT IN (SELECT y.a FROM x y WHERE y.b < 0)",
                    [.exact, .decimal]
                )
            }
        return Generated(
            kith: "WITH x AS (\(inner.kith)) " + outer.replacing("d.id", with: "d.dealid"),
            sqlite: "WITH x AS (\(inner.sqlite)) " + outer,
            outputs: output,
            isOrdered: false
        )
    }
}
