// Whole queries: plain, grouped, without repetitions, with window functions, one behind the other.

import Engine

extension QueryMaker {
    /// One SELECT whose columns are not written yet, since several may have to agree in their kinds.
    struct Select {
        var outputs: [Term]
        /// What the names of the columns begin with: no other query's do.
        var name: String
        var isDistinct = false
        /// FROM to HAVING.
        var tail: Dialects
        /// ORDER BY and LIMIT.
        var end: Dialects = ("", "")
        var rowCount: Double
        var isOrdered = false

        /// With the columns as these kinds.
        func text(_ kinds: [Kind]) -> Dialects {
            let word = isDistinct ? "SELECT DISTINCT " : "SELECT "
            let kith = outputs.enumerated().map { "\($1.kith) AS \(name)\($0)" }.joined(separator: ", ")
            let oracle = outputs.enumerated().map { place, term in
                let value =
                    switch kinds[place] {
                    case .text: "shown(\(term.oracle))"
                    case .folded: term.collated
                    default: term.converted(kinds[place])
                    }
                return "\(value) AS \(name)\(place)"
            }.joined(separator: ", ")
            return (word + kith + tail.kith + end.kith, word + oracle + tail.oracle + end.oracle)
        }
    }

    /// A query and what it gives.
    struct Made {
        var kith: String
        var oracle: String
        var columns: [WorldColumn]
        var rowCount: Double
        var isOrdered: Bool
    }

    struct Statement {
        var kith: String
        var oracle: String
        var kinds: [Kind]
        var isOrdered: Bool
        var parameters: [String: Value]
    }

    /// A whole statement.
    mutating func statement() -> Statement {
        var with: Dialects = ("", "")
        if chance(15) {
            var parts: [Dialects] = []
            for number in 0..<1 + below(2) {
                let query = apart { $0.query() }
                parts.append(("w\(number) AS (\(query.kith))", "w\(number) AS (\(query.oracle))"))
                named.append(
                    Source(
                        alias: "w\(number)",
                        oracleAlias: "w\(number)",
                        columns: query.columns,
                        rowCount: query.rowCount,
                        hasKey: false
                    )
                )
            }
            with = (
                "WITH " + parts.map(\.kith).joined(separator: ", ") + " ",
                "WITH " + parts.map(\.oracle).joined(separator: ", ") + " "
            )
        }
        let query = query()
        return Statement(
            kith: with.kith + query.kith,
            oracle: with.oracle + query.oracle,
            kinds: query.columns.map(\.kind),
            isOrdered: query.isOrdered,
            parameters: parameters
        )
    }

    /// One SELECT, or several with UNION ALL between them.
    mutating func query() -> Made {
        if chance(12) { return union() }
        let select = select(nil, mayOrder: true)
        let text = select.text(select.outputs.map(\.kind))
        return Made(
            kith: text.kith,
            oracle: text.oracle,
            columns: Self.columns(select.outputs, select.name, keepsTargets: true),
            rowCount: select.rowCount,
            isOrdered: select.isOrdered
        )
    }

    private static func columns(_ outputs: [Term], _ name: String, keepsTargets: Bool) -> [WorldColumn] {
        outputs.enumerated().map { place, term in
            var column = WorldColumn(name: "\(name)\(place)", kind: term.kind)
            column.magnitude = term.magnitude
            if keepsTargets, !term.targets.isEmpty {
                column.targets = term.targets
                column.isPath = true
            }
            return column
        }
    }

    private mutating func union() -> Made {
        let kinds = (0..<1 + below(3)).map { _ in pick([Kind.integer, .decimal(2), .text, .date, .instant, .boolean]) }
        var branches = (0..<2 + below(2)).map { _ in select(kinds, mayOrder: false) }
        var outputs = branches[0].outputs
        for branch in branches.dropFirst() {
            for place in outputs.indices {
                let (a, b) = (outputs[place], branch.outputs[place])
                let kind = Self.common(a.kind, b.kind) ?? a.kind
                outputs[place].kind = kind
                outputs[place].magnitude = max(
                    a.magnitude * Self.factor(a.kind, kind),
                    b.magnitude * Self.factor(b.kind, kind)
                )
            }
        }
        if outputs.contains(where: { $0.magnitude > Self.magnitudeMax }) {
            // With the digits of the others a number could exceed 64 bits.
            branches = [branches[0]]
            outputs = branches[0].outputs
        }
        let isOrdered = chance(50)
        for place in outputs.indices where isOrdered && outputs[place].kind == .text {
            // Which of several equal texts comes first is the engines' own affair.
            outputs[place].kind = .folded
        }
        let texts = branches.map { $0.text(outputs.map(\.kind)) }
        var made = Made(
            kith: texts.map(\.kith).joined(separator: " UNION ALL "),
            oracle: texts.map(\.oracle).joined(separator: " UNION ALL "),
            columns: [],
            rowCount: branches.reduce(0) { $0 + $1.rowCount },
            isOrdered: isOrdered
        )
        if made.isOrdered {
            var keys: [Dialects] = []
            for place in outputs.indices {
                let column = "\(branches[0].name)\(place)"
                let name = chance(50) ? column : "\(place + 1)"
                let direction = chance(30) ? " DESC" : ""
                keys.append((name + direction, column + direction))
            }
            let limit = limit(&made.rowCount)
            made.kith += " ORDER BY " + keys.map(\.kith).joined(separator: ", ") + limit
            made.oracle += " ORDER BY " + keys.map(\.oracle).joined(separator: ", ") + limit
        }
        made.columns = Self.columns(outputs, branches[0].name, keepsTargets: false)
        return made
    }

    private mutating func limit(_ rowCount: inout Double) -> String {
        guard chance(50) else { return "" }
        let count = pick([5, 1, 0, 20, 100])
        rowCount = min(rowCount, Double(count))
        return " LIMIT \(count)" + (chance(40) ? " OFFSET \(below(12))" : "")
    }

    // MARK: One SELECT

    /// With columns of these kinds, or any; ordered and limited only where that leaves nothing open.
    mutating func select(_ kinds: [Kind]?, mayOrder: Bool) -> Select {
        scopes.append(Scope())
        defer { scopes.removeLast() }
        let from = from()
        let filter = filter()
        var tail: Dialects = (" FROM \(from.kith)\(filter.kith)", " FROM \(from.oracle)\(filter.oracle)")
        let form = below(10)
        let rowCount = scopes[scopes.count - 1].rowCount
        if form == 5 || form == 6 { group(&tail, isWhole: kinds == nil && chance(35)) }
        var outputs: [Term] = []
        if let scope = scopes.last, let leaves = scope.leaves, scope.keys.isEmpty { outputs.append(leaves[0]) }
        if let kinds {
            for kind in kinds { outputs.append(output(term(kind, 2))) }
        } else {
            for _ in 0..<1 + below(4) { outputs.append(output(anyTerm(2))) }
            if form >= 8 || form == 6 && chance(50) {
                for _ in 0..<1 + below(2) { outputs.append(window(rowCount)) }
            }
        }
        var select = Select(
            outputs: outputs,
            name: alias() + "c",
            isDistinct: form == 7,
            tail: tail,
            rowCount: rowCount
        )
        if select.isDistinct {
            // Of several equal texts any may stand for all.
            for place in outputs.indices where outputs[place].kind == .text { select.outputs[place].kind = .folded }
        }
        if mayOrder, chance(60), !select.isDistinct || scopes.count == 1 { order(&select) }
        return select
    }

    /// As a column of a result, or in an order: selections are texts there.
    private func output(_ term: Term) -> Term {
        guard case .selection = term.kind else { return term }
        return Term(kith: term.kith, oracle: labels(term), kind: .text)
    }

    /// A selection as a text that no longer knows its options.
    private func asText(_ term: Term) -> Term {
        guard case .selection = term.kind else { return term }
        return Term(kith: "(\(term.kith) || '')", oracle: "(\(labels(term)) || '')", kind: .text)
    }

    /// GROUP BY, unless all rows are one group, and HAVING; the scope offers keys and aggregates from then on.
    private mutating func group(_ tail: inout Dialects, isWhole: Bool) {
        var keys: [Term] = []
        let mayRead = mayReadOutside
        mayReadOutside = false
        defer { mayReadOutside = mayRead }
        for _ in 0..<(isWhole ? 0 : 1 + below(2)) {
            let key = chance(50) ? column { _ in true } ?? anyTerm(1) : anyTerm(1)
            if let key = Self.key(key), !keys.contains(where: { $0.kith == key.kith }) { keys.append(key) }
        }
        guard isWhole || !keys.isEmpty else { return }
        if !keys.isEmpty {
            tail.kith += " GROUP BY " + keys.map(\.kith).joined(separator: ", ")
            tail.oracle += " GROUP BY " + keys.map(\.collated).joined(separator: ", ")
        }
        let shown = keys.map { key -> Term in
            var key = key
            key.oracle = key.collated
            if key.kind == .text { key.kind = .folded }
            return key
        }
        let rowCount = scopes[scopes.count - 1].rowCount
        let aggregates = (0..<1 + below(3)).map { _ in aggregate(rowCount) }
        scopes[scopes.count - 1].leaves = shown + aggregates
        scopes[scopes.count - 1].keys = shown
        guard chance(30) else { return }
        let condition = condition(1)
        tail.kith += " HAVING \(condition.kith)"
        tail.oracle += " HAVING \(condition.oracle)"
    }

    /// As a key of a grouping or an order; nil for a number alone, which would be an ordinal.
    private static func key(_ term: Term) -> Term? {
        !term.isConstant && term.kith.contains(where: \.isLetter) && term.oracle.contains(where: \.isLetter)
            ? term : nil
    }

    mutating func aggregate(_ rowCount: Double) -> Term {
        let distinct = chance(20) ? "DISTINCT " : ""
        func call(_ name: String, _ term: Term, _ kind: Kind, _ magnitude: Double) -> Term {
            Term(
                kith: "\(name)(\(distinct)\(term.kith))",
                oracle: "\(name)(\(distinct)\(term.collated))",
                kind: kind,
                magnitude: magnitude
            )
        }
        switch below(8) {
        case 0: break
        case 1: return call("count", output(anyTerm(1)), .integer, rowCount)
        case 2, 3:
            let a = chance(50) ? integer(1) : exact(1)
            if a.magnitude * rowCount < Self.magnitudeMax { return call("sum", a, a.kind, a.magnitude * rowCount) }
        case 4:
            let a = chance(50) ? integer(1) : exact(1)
            let scale = a.kind == .integer ? "1.0" : "\(Decimal64.powersOfTen[a.kind.scale]).0"
            return Term(
                kith: "avg(\(distinct)\(a.kith))",
                oracle: "(sum(\(distinct)\(a.oracle)) / \(scale) / count(\(distinct)\(a.oracle)))",
                kind: .double,
                magnitude: a.magnitude
            )
        default:
            let a = asText(chance(40) ? column { _ in true } ?? anyTerm(1) : anyTerm(1))
            let name = pick(["min", "max"])
            return Term(
                kith: "\(name)(\(a.kith))",
                oracle: "\(name)(\(a.collated))",
                kind: a.kind == .text ? .folded : a.kind,
                magnitude: a.magnitude
            )
        }
        return Term(kith: "count(*)", oracle: "count(*)", kind: .integer, magnitude: rowCount)
    }

    /// What tells rows (or groups) apart; nil when equal texts could be in either order.
    func rowKeys() -> [Term]? {
        guard let scope = scopes.last else { return nil }
        if scope.leaves != nil { return scope.keys.map(output) }
        var keys: [Term] = []
        for source in scope.sources {
            let columns = source.hasKey ? Array(source.columns.prefix(1)) : source.columns
            guard !columns.contains(where: { $0.kind.isText }) else { return nil }
            keys += columns.map { term($0, source) }
        }
        return keys
    }

    private mutating func order(_ select: inout Select) {
        var keys: [Dialects] = []
        func add(_ term: Term, _ kith: String? = nil, _ maker: inout QueryMaker) {
            let direction = maker.chance(35) ? " DESC" : ""
            keys.append(((kith ?? term.kith) + direction, term.collated + direction))
        }
        if select.isDistinct {
            for (place, output) in select.outputs.enumerated() {
                guard let key = Self.key(output) else { return }
                add(key, chance(50) ? "\(place + 1)" : nil, &self)
            }
            select.isOrdered = true
        } else {
            // SQLite does not find columns of the query around there.
            let mayRead = mayReadOutside
            mayReadOutside = false
            defer { mayReadOutside = mayRead }
            for _ in 0..<below(3) {
                let place = below(select.outputs.count)
                let output = select.outputs[place]
                if chance(40), scopes.count == 1, let key = Self.key(output) {
                    add(key, pick(["\(select.name)\(place)", "\(place + 1)", key.kith]), &self)
                } else if let key = Self.key(self.output(anyTerm(1))) {
                    add(key, nil, &self)
                }
            }
            if let rows = rowKeys() {
                select.isOrdered = true
                for key in rows { add(key, nil, &self) }
            }
        }
        guard !keys.isEmpty else {
            select.isOrdered = false
            return
        }
        let limit = select.isOrdered ? limit(&select.rowCount) : ""
        select.end = (
            " ORDER BY " + keys.map(\.kith).joined(separator: ", ") + limit,
            " ORDER BY " + keys.map(\.oracle).joined(separator: ", ") + limit
        )
    }

    // MARK: Window functions

    mutating func window(_ rowCount: Double) -> Term {
        let (number, any) = (chance(50) ? integer(1) : exact(1), asText(anyTerm(1)))
        let keys = rowKeys()
        var isTotal = false
        var call: Term
        switch below(9) {
        case 0, 1:
            isTotal = keys != nil
            let name = isTotal ? "row_number()" : "rank()"
            call = Term(kith: name, oracle: name, kind: .integer, magnitude: rowCount)
        case 2: call = Term(kith: "rank()", oracle: "rank()", kind: .integer, magnitude: rowCount)
        case 3: call = Term(kith: "dense_rank()", oracle: "dense_rank()", kind: .integer, magnitude: rowCount)
        case 4:
            call = Term(kith: "count(\(any.kith))", oracle: "count(\(any.oracle))", kind: .integer, magnitude: rowCount)
        case 5:
            guard number.magnitude * rowCount < Self.magnitudeMax else { fallthrough }
            call = Term(
                kith: "sum(\(number.kith))",
                oracle: "sum(\(number.oracle))",
                kind: number.kind,
                magnitude: number.magnitude * rowCount
            )
        case 6:
            let name = pick(["min", "max"])
            call = Term(
                kith: "\(name)(\(any.kith))",
                oracle: "\(name)(\(any.collated))",
                kind: any.kind == .text ? .folded : any.kind,
                magnitude: any.magnitude
            )
        default:
            guard keys != nil else { return Term(kith: "rank() OVER ()", oracle: "rank() OVER ()", kind: .integer) }
            isTotal = true
            let name = pick(["lag", "lead"])
            let distance = chance(50) ? ", \(1 + below(3))" : ""
            call = any
            call.kith = "\(name)(\(any.kith)\(distance))"
            call.oracle = "\(name)(\(any.oracle)\(distance))"
            call.targets = []
        }
        call.isConstant = false
        let over = over(isTotal ? keys ?? [] : nil)
        call.kith += " OVER (\(over.kith))"
        call.oracle += " OVER (\(over.oracle))"
        return call
    }

    /// Partition and order; with keys, one that leaves nothing open.
    private mutating func over(_ keys: [Term]?) -> Dialects {
        var (kith, oracle) = ("", "")
        let partition = (0..<below(3)).compactMap { _ in Self.key(output(anyTerm(1))) }
        if !partition.isEmpty {
            kith = "PARTITION BY " + partition.map(\.kith).joined(separator: ", ")
            oracle = "PARTITION BY " + partition.map(\.collated).joined(separator: ", ")
        }
        var order = (0..<below(3)).compactMap { _ in Self.key(output(anyTerm(1))) }
        order += keys ?? []
        guard !order.isEmpty else { return (kith, oracle) }
        let directions = order.map { _ in chance(40) ? " DESC" : "" }
        kith += " ORDER BY " + zip(order, directions).map { $0.kith + $1 }.joined(separator: ", ")
        oracle += " ORDER BY " + zip(order, directions).map { $0.collated + $1 }.joined(separator: ", ")
        return (kith, oracle)
    }
}
