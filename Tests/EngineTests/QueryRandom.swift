import Engine

/// Random data and random queries, each query in two dialects: Kith's and SQLite's. In SQLite texts are NOCASE, decimals are
/// scaled integers, dates are days, ids are the 64-bit words; so what the two must agree on is exact.
struct QueryRandom {
    typealias Pair = (kith: String, sqlite: String)

    enum Output { case exact, text, real, decimal }

    struct Generated {
        var kith: String
        var sqlite: String
        var outputs: [Output]
        var isOrdered: Bool
    }

    private var state: UInt64
    /// Joins along lookups only: others of large tables have too many rows.
    let isLarge: Bool

    init(seed: UInt64, isLarge: Bool = false) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.isLarge = isLarge
    }

    mutating func next(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 20) % UInt64(bound))
    }

    mutating func pick<T>(_ items: [T]) -> T { items[next(items.count)] }
    mutating func chance(_ percent: Int) -> Bool { next(100) < percent }

    // MARK: Data

    static let stages: [(Int32, String)] = [(1, "Prospect"), (5, "Qualify"), (10, "Propose"), (200, "Close")]
    static let words = [
        "alpha", "Beta", "GAMMA", "delta", "Alp", "al", "be_ta", "del%ta", "omega", "Omega 3", "x", "",
        "Éß", "ｆｕｌｌ", "naïve", "日本", "🙂 a", "e\u{301}", "-\u{AD}-",
    ]

    static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "Person", ownership: .organisation) { e in
            e.text("name", "Name", 50, ordered: true)
            e.integer("age", "Age", ordered: true)
            e.primaryName("name")
        }
        builder.entity(2, "company", "Company", ownership: .organisation) { e in
            e.text("name", "Name", 50)
            e.money("revenue", "Revenue", ordered: true)
            e.lookup("parent", "Parent", to: "company")
            e.lookup("boss", "Boss", to: "systemuser")
            e.primaryName("name")
        }
        builder.entity(3, "deal", "Deal", ownership: .organisation) { e in
            e.text("title", "Title", 50, ordered: true)
            e.text("code", "Code", 50)
            e.integer("qty", "Quantity", ordered: true)
            e.integer("score", "Score", -1_000_000_000_000...1_000_000_000_000)
            e.money("amount", "Amount", ordered: true)
            e.decimal("rate", "Rate", scale: 2)
            e.boolean("flag", "Flag")
            e.option("stage", "Stage", [1: "Prospect", 5: "Qualify", 10: "Propose", 200: "Close"])
            e.date("due", "Due", ordered: true)
            e.instant("at", "At")
            e.lookup("customer", "Customer", to: "company", "systemuser")
            e.lookup("owner", "Owner", to: "systemuser")
            e.key("code")
            e.primaryName("title")
        }
        return builder.build()
    }()

    static let columns: [String: [(name: String, sqlType: String)]] = [
        "systemuser": [("id", "INTEGER PRIMARY KEY"), ("name", "TEXT COLLATE NOCASE"), ("age", "INTEGER")],
        "company": [
            ("id", "INTEGER PRIMARY KEY"), ("name", "TEXT COLLATE NOCASE"), ("revenue", "INTEGER"),
            ("parent", "INTEGER"), ("boss", "INTEGER"),
        ],
        "deal": [
            ("id", "INTEGER PRIMARY KEY"), ("title", "TEXT COLLATE NOCASE"), ("code", "TEXT COLLATE NOCASE"),
            ("qty", "INTEGER"), ("score", "INTEGER"), ("amount", "INTEGER"), ("rate", "INTEGER"), ("flag", "INTEGER"),
            ("stage", "INTEGER"), ("due", "INTEGER"), ("at", "INTEGER"), ("customer", "INTEGER"), ("owner", "INTEGER"),
        ],
    ]

    mutating func orNull(_ percent: Int, _ value: Value) -> Value { chance(percent) ? .null : value }

    mutating func text() -> String { pick(Self.words) + (chance(40) ? pick(Self.words) : "") }

    mutating func row(_ entity: String, _ ids: [String: [RecordID]], _ index: Int) -> [(String, Value)] {
        func reference(_ entities: [String]) -> Value {
            var all: [RecordID] = []
            for entity in entities { all += ids[entity] ?? [] }
            return all.isEmpty ? .null : .reference(pick(all))
        }
        switch entity {
        case "systemuser":
            return [("name", orNull(10, .text(text()))), ("age", orNull(20, .integer(Int64(next(60)))))]
        case "company":
            return [
                ("name", orNull(10, .text(text()))),
                ("revenue", orNull(20, .decimal(Decimal64(units: Int64(next(1_000_000)) * 5000, scale: 4)))),
                ("parent", orNull(40, reference(["company"]))), ("boss", orNull(20, reference(["systemuser"]))),
            ]
        default:
            return [
                ("title", orNull(15, .text(text()))), ("code", orNull(10, .text("C-\(index)"))),
                ("qty", orNull(15, .integer(Int64(next(40)) - 10))),
                ("score", orNull(15, .integer(Int64(next(2_000_000)) * 1000 - 1_000_000_000))),
                ("amount", orNull(15, .decimal(Decimal64(units: Int64(next(200_000)) * 25 - 500_000, scale: 4)))),
                ("rate", orNull(15, .decimal(Decimal64(units: Int64(next(400)) - 100, scale: 2)))),
                ("flag", orNull(15, .boolean(chance(50)))), ("stage", orNull(15, .option(pick(Self.stages).0))),
                ("due", orNull(15, .date(Int32(19_700 + next(400))))),
                ("at", orNull(15, .instant(Int64(1_700_000_000 + next(1_000_000)) * 1_000_000))),
                ("customer", orNull(20, reference(["company", "systemuser"]))),
                ("owner", orNull(20, reference(["systemuser"]))),
            ]
        }
    }

    static func sql(_ value: Value) -> String {
        switch value {
        case .null: "NULL"
        case .boolean(let truth): truth ? "1" : "0"
        case .integer(let number): String(number)
        case .decimal(let decimal): String(decimal.units)
        case .option(let number): String(number)
        case .date(let days): String(days)
        case .instant(let microseconds): String(microseconds)
        case .reference(let id): String(id.rawValue)
        case .text(let text): "'\(text)'"
        case .double(let real): String(real)
        }
    }

    // MARK: Expressions

    struct Source {
        var alias: String
        var entity: String
    }

    var sources: [Source] = []

    mutating func source(_ entity: String) -> String? {
        let fitting = sources.filter { $0.entity == entity }
        return fitting.isEmpty ? nil : pick(fitting).alias
    }

    func same(_ text: String) -> Pair { (text, text) }

    /// Queries around the part that is being made, and those made so far.
    var subqueryDepth = 0
    var subqueryCount = 0

    mutating func integer(_ depth: Int) -> Pair {
        if depth > 0, chance(25) { return integerFunction(depth) }
        if mayNest, chance(8) { return integerQuery() }
        if depth > 0, chance(8), let part = datePart() { return part }
        if depth > 0, chance(35) {
            let (a, b) = (integer(depth - 1), integer(depth - 1))
            switch next(4) {
            case 0: return ("(\(a.kith) + \(b.kith))", "(\(a.sqlite) + \(b.sqlite))")
            case 1: return ("(\(a.kith) - \(b.kith))", "(\(a.sqlite) - \(b.sqlite))")
            case 2: return ("(-\(a.kith))", "(-\(a.sqlite))")
            default:
                let factor = next(7) - 3
                return ("(\(a.kith) * (\(factor)))", "(\(a.sqlite) * (\(factor)))")
            }
        }
        if chance(25) { return same("(\(next(40) - 10))") }
        if let deal = source("deal"), chance(80) { return same("\(deal).\(pick(["qty", "score"]))") }
        if let person = source("systemuser") { return same("\(person).age") }
        return same("(\(next(20)))")
    }

    mutating func money(_ depth: Int) -> Pair {
        if depth > 0, chance(20) { return moneyFunction(depth) }
        if mayNest, chance(8) { return moneyQuery() }
        if depth > 0, chance(30) {
            let (a, b) = (money(depth - 1), money(depth - 1))
            switch next(3) {
            case 0: return ("(\(a.kith) + \(b.kith))", "(\(a.sqlite) + \(b.sqlite))")
            case 1: return ("(\(a.kith) - \(b.kith))", "(\(a.sqlite) - \(b.sqlite))")
            default:
                let factor = next(7) - 3
                return ("(\(a.kith) * (\(factor)))", "(\(a.sqlite) * (\(factor)))")
            }
        }
        if let deal = source("deal"), chance(75) { return same("\(deal).amount") }
        if let company = source("company"), chance(75) { return same("\(company).revenue") }
        let units = Int64(next(40_000)) * 25 - 100_000
        return ("(\(Decimal64(units: units, scale: 4).description))", "(\(units))")
    }

    mutating func text() -> Pair? { chance(35) ? textFunction() : plainText() }

    mutating func plainText() -> Pair? {
        var choices: [Pair] = []
        for source in sources {
            let a = source.alias
            switch source.entity {
            case "systemuser": choices.append(same("\(a).name"))
            case "company":
                choices.append(same("\(a).name"))
                choices.append(("\(a).boss.name", "(SELECT name FROM systemuser WHERE id = \(a).boss)"))
                choices.append(("\(a).parentname", "(SELECT name FROM company WHERE id = \(a).parent)"))
            default:
                choices.append(same("\(a).title"))
                choices.append(
                    (
                        "\(a).stagename",
                        "(CASE \(a).stage "
                            + Self.stages.map { "WHEN \($0.0) THEN '\($0.1)'" }.joined(separator: " ") + " END)"
                    )
                )
                choices.append(("\(a).owner.name", "(SELECT name FROM systemuser WHERE id = \(a).owner)"))
                choices.append(
                    (
                        "\(a).customer.name",
                        "coalesce((SELECT name FROM company WHERE id = \(a).customer), "
                            + "(SELECT name FROM systemuser WHERE id = \(a).customer))"
                    )
                )
                choices.append(
                    (
                        "\(a).customer.parent.name",
                        "(SELECT q.name FROM company p JOIN company q ON q.id = p.parent WHERE p.id = \(a).customer)"
                    )
                )
            }
        }
        return choices.isEmpty ? nil : pick(choices)
    }

    mutating func sign() -> String { pick(["=", "<>", "<", "<=", ">", ">="]) }

    mutating func condition(_ depth: Int) -> Pair {
        if depth > 0, chance(55) {
            if chance(20) {
                let inner = condition(depth - 1)
                return ("(NOT \(inner.kith))", "(NOT \(inner.sqlite))")
            }
            let word = chance(50) ? "AND" : "OR"
            let parts = (0..<2 + next(2)).map { _ in condition(depth - 1) }
            return (
                "(" + parts.map(\.kith).joined(separator: " \(word) ") + ")",
                "(" + parts.map(\.sqlite).joined(separator: " \(word) ") + ")"
            )
        }
        return leaf()
    }

    mutating func leaf() -> Pair {
        if mayNest, chance(15) { return queryCondition() }
        let not = chance(25) ? "NOT " : ""
        if chance(12), let condition = period() { return condition }
        switch next(12) {
        case 0, 1:
            let (a, b) = (integer(1), integer(1))
            let sign = sign()
            return ("\(a.kith) \(sign) \(b.kith)", "\(a.sqlite) \(sign) \(b.sqlite)")
        case 2:
            let (a, b) = (money(1), money(1))
            let sign = sign()
            return ("\(a.kith) \(sign) \(b.kith)", "\(a.sqlite) \(sign) \(b.sqlite)")
        case 3:
            guard let a = text() else { break }
            let (sign, word) = (sign(), pick(Self.words))
            return ("\(a.kith) \(sign) '\(word)'", "\(a.sqlite) \(sign) '\(word)' COLLATE NOCASE")
        case 4:
            guard let a = text() else { break }
            let pattern = pick(["%a%", "al%", "_eta", "%ta", "a_p%a", "%", "", "%!_%", "d%l%a", "%m_g%3"])
            return (
                "\(a.kith) \(not)LIKE '\(pattern)' ESCAPE '!'", "\(a.sqlite) \(not)LIKE '\(pattern)' ESCAPE '!'"
            )
        case 5:
            guard let a = text() else { break }
            let list = (0..<1 + next(4)).map { _ in "'\(pick(Self.words))'" }.joined(separator: ", ")
            return ("\(a.kith) \(not)IN (\(list))", "(\(a.sqlite) COLLATE NOCASE) \(not)IN (\(list))")
        case 6:
            let a = integer(1)
            let list = (0..<1 + next(5)).map { _ in chance(8) ? "NULL" : "\(next(30) - 10)" }.joined(separator: ", ")
            return ("\(a.kith) \(not)IN (\(list))", "\(a.sqlite) \(not)IN (\(list))")
        case 7:
            let a = integer(1)
            let (low, high) = (next(20) - 10, next(40) - 10)
            return (
                "\(a.kith) \(not)BETWEEN \(low) AND \(high)", "\(a.sqlite) \(not)BETWEEN \(low) AND \(high)"
            )
        case 8:
            guard let deal = source("deal") else { break }
            let column = pick(["qty", "title", "amount", "flag", "stage", "due", "customer", "owner"])
            return same("\(deal).\(column) IS \(not)NULL")
        case 9:
            guard let deal = source("deal") else { break }
            if chance(30) { return same("\(deal).flag") }
            let stage = pick(Self.stages)
            let sign = sign()
            return chance(50)
                ? ("\(deal).stage \(sign) '\(stage.1)'", "\(deal).stage \(sign) \(stage.0)")
                : ("\(deal).stage IN ('\(stage.1)', 5)", "\(deal).stage IN (\(stage.0), 5)")
        case 10:
            guard let deal = source("deal") else { break }
            let days = Int32(19_700 + next(400))
            let sign = sign()
            if chance(30) {
                return (
                    "\(deal).at \(sign) '\(CalendarText.text(days: days))'",
                    "\(deal).at \(sign) \(Int64(days) * 86_400_000_000)"
                )
            }
            return ("\(deal).due \(sign) '\(CalendarText.text(days: days))'", "\(deal).due \(sign) \(days)")
        default:
            guard let deal = source("deal") else { break }
            // Constants with more digits than the attribute has.
            let units = next(4000) - 1000
            let sign = sign()
            return (
                "\(deal).rate \(sign) \(Decimal64(units: Int64(units), scale: 3).description)",
                "\(deal).rate * 10 \(sign) \(units)"
            )
        }
        return same("1 = \(next(2))")
    }
}
