// Random queries on a random world, each in two dialects. Expressions are made by kind; whatever may be compared is made
// comparable exactly, so that the answers must be equal to the last digit, floating point apart.

import Engine

/// For Kith, and for SQLite and DuckDB: in what both of them understand and the calls of `OracleDialect`.
typealias Dialects = (kith: String, oracle: String)

/// An expression in both dialects.
struct Term {
    var kith: String
    var oracle: String
    var kind: Kind
    /// Of numbers: the largest amount, in the smallest unit. Nothing is computed that could exceed 64 bits.
    var magnitude = 0.0
    var targets: [Int] = []
    /// A number alone is an ordinal in GROUP BY and ORDER BY.
    var isConstant = false

    /// Whether it is an attribute, or one behind a lookup.
    var isName: Bool { kith.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." } }

    /// As it is compared, grouped and sorted.
    var collated: String {
        kind == .code ? "exactly(\(oracle))" : kind.isText ? "collated(\(oracle))" : oracle
    }

    /// The number in units of `scale` digits behind the point.
    func scaled(_ scale: Int) -> String {
        scale == kind.scale ? oracle : "(\(oracle) * \(Decimal64.powersOfTen[scale - kind.scale]))"
    }

    var real: String {
        switch kind {
        case .double: oracle
        case .decimal(let scale): "(\(oracle) / \(Decimal64.powersOfTen[scale]).0)"
        default: "CAST(\(oracle) AS DOUBLE)"
        }
    }

    /// The value as one of another kind that it goes together with.
    func converted(_ kind: Kind) -> String {
        switch kind {
        case .double: real
        case .decimal(let scale): scaled(scale)
        case .instant where self.kind == .date: "(\(oracle) * 86400000000)"
        default: oracle
        }
    }
}

struct QueryMaker {
    struct Source {
        var alias: String
        var oracleAlias: String
        var columns: [WorldColumn]
        var rowCount: Double
        /// Whether its first column tells its rows apart.
        var hasKey = true
        var entity: Int?
    }

    struct Scope {
        var sources: [Source] = []
        /// Behind a grouping: what may be read instead of the sources, and what tells groups apart.
        var leaves: [Term]?
        var keys: [Term] = []

        var rowCount: Double { sources.reduce(1) { $0 * max(1, $1.rowCount) } }
    }

    /// Noon of 20 November 2023, a Monday.
    static let now: Int64 = 1_700_481_600_000_000
    static let today: Int64 = 19_681
    static let environment = QueryEnvironment(nowMicroseconds: now)

    /// No number grows beyond this: sums of some thousand rows stay within 64 bits.
    static let magnitudeMax = 1e17

    let world: RandomWorld
    var choices: Choices
    /// Queries around the part that is being made, the innermost last.
    var scopes: [Scope] = []
    /// Of a calculated attribute: there is nothing around it and nothing inside.
    var isAlone = false
    var mayParameter = true
    /// Whether names of the queries around may be read.
    var mayReadOutside = true
    var depth = 0
    var aliasCount = 0
    /// What aliases begin with: those inside of calculated attributes must differ from those around.
    var aliasPrefix = "q"
    var named: [Source] = []
    var parameters: [String: Value] = [:]

    init(_ world: RandomWorld, _ choices: Choices) {
        self.world = world
        self.choices = choices
    }

    /// Sub-queries have sub-queries, but large tables are not multiplied by each other.
    var mayNest: Bool { !isAlone && depth < (world.isLarge ? 1 : 2) }

    mutating func alias() -> String {
        aliasCount += 1
        return "\(aliasPrefix)\(aliasCount)"
    }

    mutating func chance(_ percent: Int) -> Bool { choices.chance(percent) }
    mutating func below(_ bound: Int) -> Int { choices.below(bound) }
    mutating func pick<T>(_ items: [T]) -> T { choices.pick(items) }

    // MARK: Columns

    func term(_ column: WorldColumn, _ source: Source) -> Term {
        Term(
            kith: "\(source.alias).\(column.name)",
            oracle: "\(source.oracleAlias).\(column.name)",
            kind: column.kind,
            magnitude: column.magnitude,
            targets: column.isPath ? column.targets : []
        )
    }

    /// A column of this query or one around, or an attribute behind a lookup.
    mutating func column(where fits: (Kind) -> Bool) -> Term? {
        guard var scope = scopes.last else { return nil }
        if scopes.count > 1, mayReadOutside, chance(20) {
            let outside = scopes[below(scopes.count - 1)]
            if outside.leaves != nil {
                // Of groups the attributes that they have in common.
                let keys = outside.keys.filter { $0.isName && fits($0.kind) }
                if !keys.isEmpty { return pick(keys) }
            } else if !outside.sources.isEmpty {
                scope = outside
            }
        }
        if let leaves = scope.leaves {
            let fitting = leaves.filter { fits($0.kind) }
            return fitting.isEmpty ? nil : pick(fitting)
        }
        guard !scope.sources.isEmpty else { return nil }
        let first = below(scope.sources.count)
        for step in scope.sources.indices {
            let source = scope.sources[(first + step) % scope.sources.count]
            if chance(15), let path = path(source, where: fits) { return path }
            let fitting = source.columns.filter { fits($0.kind) }
            if !fitting.isEmpty { return term(pick(fitting), source) }
        }
        return path(scope.sources[first], where: fits)
    }

    /// An attribute of the record behind a lookup of the source, or behind a lookup of that.
    private mutating func path(_ source: Source, where fits: (Kind) -> Bool) -> Term? {
        let lookups = source.columns.filter { $0.isPath && $0.name != "\(world.entities[$0.targets[0]].name)id" }
        guard !lookups.isEmpty else { return nil }
        let lookup = pick(lookups)
        return path(term(lookup, source), lookup.targets, lookup.name, 2, where: fits)
    }

    private mutating func path(
        _ base: Term,
        _ targets: [Int],
        _ name: String,
        _ depth: Int,
        where fits: (Kind) -> Bool
    ) -> Term? {
        func value(_ column: WorldColumn, _ target: Int, _ maker: inout QueryMaker) -> String {
            let alias = maker.alias()
            let name = maker.world.entities[target].name
            return "(SELECT \(alias).\(column.name) FROM \(name) \(alias) WHERE \(alias).\(name)id = \(base.oracle))"
        }
        if chance(25), fits(.text) {
            let names = targets.map { target -> String in
                let entity = world.entities[target]
                let column = entity.columns.first { $0.name == entity.primaryName } ?? entity.columns[0]
                return value(column, target, &self)
            }
            // Two lookups in a row have no short form of the name.
            return Term(
                kith: base.kith + "name",
                oracle: names.count == 1 ? names[0] : "coalesce(\(names.joined(separator: ", ")))",
                kind: .text
            )
        }
        let target = pick(targets)
        if depth > 1, chance(30) {
            let lookups = world.entities[target].columns.dropFirst().filter(\.isPath)
            if !lookups.isEmpty {
                let lookup = pick(Array(lookups))
                let next = Term(
                    kith: "\(base.kith).\(lookup.name)",
                    oracle: value(lookup, target, &self),
                    kind: .id
                )
                return path(next, lookup.targets, lookup.name, depth - 1, where: fits)
            }
        }
        // All entities have a `createdon`, which would be that of whichever record it is.
        let fitting = world.entities[target].columns.filter { fits($0.kind) && $0.name != "createdon" }
        guard !fitting.isEmpty else { return nil }
        let column = pick(fitting)
        return Term(
            kith: "\(base.kith).\(column.name)",
            oracle: value(column, target, &self),
            kind: column.kind,
            magnitude: column.magnitude
        )
    }

    // MARK: Constants

    /// A constant of a kind, as a literal or as a parameter.
    mutating func constant(_ kind: Kind) -> Term {
        let value: Value
        var kith: String
        var magnitude = 0.0
        switch kind {
        case .integer, .double:
            let number = Int64(below(30) - 5)
            value = .integer(number)
            kith = number < 0 ? "(\(number))" : "\(number)"
            magnitude = 30
        case .decimal(let scale):
            let decimal = Decimal64(units: Int64(below(4000) - 1000) * (scale > 3 ? 125 : 1), scale: UInt8(scale))
            value = .decimal(decimal)
            kith = decimal.units < 0 ? "(\(decimal.description))" : decimal.description
            magnitude = 500_000
        case .boolean:
            let truth = chance(50)
            value = .boolean(truth)
            kith = truth ? "TRUE" : "FALSE"
        case .option(let set), .selection(let set):
            let option = pick(world.sets[set])
            value = .option(option.0)
            kith = chance(50) ? RandomWorld.quoted(option.1) : "\(option.0)"
        case .date:
            let days = Int32(19_600 + below(400))
            value = .date(days)
            kith = "'\(CalendarText.text(days: days))'"
        case .instant:
            let microseconds = (Int64(19_660 + below(40)) * 86_400 + Int64(below(2) * below(86_400))) * 1_000_000
            value = .instant(microseconds)
            kith = "'\(CalendarText.text(microseconds: microseconds))'"
        case .id:
            let ids = world.entities[below(world.entities.count)].ids
            guard !ids.isEmpty else { return Term(kith: "NULL", oracle: "NULL", kind: .id, isConstant: true) }
            let id = pick(Array(ids.prefix(50)))
            value = .reference(id)
            kith = "'\(world.schema.text(of: id))'"
        case .text, .folded, .code:
            let text = kind == .code && chance(30) ? pick(RandomWorld.words).uppercased() : pick(RandomWorld.words)
            value = .text(text)
            kith = RandomWorld.quoted(text)
        }
        var oracle = world.sql(value)
        if oracle.hasPrefix("-") { oracle = "(\(oracle))" }
        if mayParameter, chance(8) {
            kith = ":p\(parameters.count)"
            parameters["p\(parameters.count)"] = value
        }
        return Term(kith: kith, oracle: oracle, kind: kind, magnitude: magnitude, isConstant: true)
    }

    /// A literal that says by itself what it is.
    mutating func literal(_ kind: Kind) -> Term {
        let may = mayParameter
        mayParameter = false
        defer { mayParameter = may }
        let term = constant(kind)
        switch kind {
        case .date:
            return Term(kith: "CAST(\(term.kith) AS DATE)", oracle: term.oracle, kind: kind, isConstant: true)
        case .instant:
            return Term(kith: "CAST(\(term.kith) AS DATETIME)", oracle: term.oracle, kind: kind, isConstant: true)
        default: return term
        }
    }

    // MARK: By kind

    /// A term of the kind, or of one that goes together with it where it has none.
    mutating func term(_ kind: Kind, _ depth: Int) -> Term {
        switch kind {
        case .integer: integer(depth)
        case .decimal: exact(depth)
        case .double: quotient(depth)
        case .boolean: truth(depth)
        case .text, .folded: text(depth) ?? literal(.text)
        case .date: date(depth)
        case .instant: instant(depth)
        case .option, .id, .selection, .code: column { $0 == kind } ?? integer(depth)
        }
    }

    /// A term of any kind.
    mutating func anyTerm(_ depth: Int) -> Term {
        switch below(12) {
        case 0, 1: return column { _ in true } ?? integer(depth)
        case 2, 3: return integer(depth)
        case 4: return exact(depth)
        case 5, 6: return text(depth) ?? integer(depth)
        case 7: return date(depth)
        case 8: return instant(depth)
        case 9: return quotient(depth)
        case 10:
            return column { if case .option = $0 { true } else { $0 == .id || $0 == .code } } ?? integer(depth)
        default: return truth(depth)
        }
    }

    /// A condition as a value, or a yes/no attribute.
    mutating func truth(_ depth: Int) -> Term {
        if chance(40), let column = column(where: { $0 == .boolean }) { return column }
        let condition = condition(max(0, depth - 1))
        return Term(kith: "(\(condition.kith))", oracle: "truth(\(condition.oracle))", kind: .boolean)
    }

    /// One of two values of one kind, by a condition or because the first is null.
    mutating func choice(_ make: (inout QueryMaker) -> Term) -> Term {
        let (a, b) = (make(&self), make(&self))
        guard let kind = Self.common(a.kind, b.kind) else { return a }
        let (first, second) = (a.converted(kind), b.converted(kind))
        let magnitude = max(
            a.magnitude * Self.factor(a.kind, kind),
            b.magnitude * Self.factor(b.kind, kind)
        )
        guard magnitude <= Self.magnitudeMax else { return a }
        func term(_ kith: String, _ oracle: String) -> Term {
            Term(kith: kith, oracle: oracle, kind: kind, magnitude: magnitude)
        }
        switch below(5) {
        case 0: return term("COALESCE(\(a.kith), \(b.kith))", "coalesce(\(first), \(second))")
        case 1:
            let condition = leaf()
            return term(
                "IIF(\(condition.kith), \(a.kith), \(b.kith))",
                "iif(\(condition.oracle), \(first), \(second))"
            )
        case 2:
            let (one, two) = (leaf(), leaf())
            let end = chance(50) ? " END)" : " ELSE NULL END)"
            return term(
                "(CASE WHEN \(one.kith) THEN \(a.kith) WHEN \(two.kith) THEN \(b.kith)\(end)",
                "(CASE WHEN \(one.oracle) THEN \(first) WHEN \(two.oracle) THEN \(second)\(end)"
            )
        case 3:
            let value = integer(0)
            let numbers = (below(12), below(12))
            return term(
                "(CASE \(value.kith) WHEN \(numbers.0) THEN \(a.kith) WHEN \(numbers.1) THEN \(b.kith) ELSE \(a.kith) END)",
                "(CASE \(value.oracle) WHEN \(numbers.0) THEN \(first) WHEN \(numbers.1) THEN \(second) ELSE \(first) END)"
            )
        default:
            guard let pair = comparable(a, b) else { return a }
            return Term(
                kith: "NULLIF(\(a.kith), \(b.kith))",
                oracle: "(CASE WHEN \(pair.0) = \(pair.1) THEN NULL ELSE \(a.oracle) END)",
                kind: a.kind,
                magnitude: a.magnitude
            )
        }
    }

    /// The kind that holds values of both; nil when they do not go together.
    static func common(_ a: Kind, _ b: Kind) -> Kind? {
        if a == b { return a }
        switch (a, b) {
        case (.text, .folded), (.folded, .text): return .folded
        // Exact when one of them is.
        case (.text, .code), (.code, .text): return .code
        case (.date, .instant), (.instant, .date): return .instant
        case (.option, .option), (.option, .integer), (.integer, .option): return .integer
        default:
            guard a.isNumber, b.isNumber else { return nil }
            if a == .double || b == .double { return .double }
            return .decimal(max(a.scale, b.scale))
        }
    }

    static func factor(_ kind: Kind, _ common: Kind) -> Double {
        Double(Decimal64.powersOfTen[max(0, common.scale - kind.scale)])
    }

    /// Both in SQLite as they are compared; nil when they do not go together.
    func comparable(_ a: Term, _ b: Term) -> (String, String)? {
        guard let kind = Self.common(a.kind, b.kind) else { return nil }
        if kind == .code { return ("exactly(\(a.oracle))", "exactly(\(b.oracle))") }
        if kind.isText { return (a.collated, b.collated) }
        return (a.converted(kind), b.converted(kind))
    }
}
