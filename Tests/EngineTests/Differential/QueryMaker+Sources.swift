// FROM and WHERE: entities, queries as sources, named queries, and joins of them along lookups, equal values or anything.

extension QueryMaker {
    /// Rows that a query may have to look at, of joins without anything in common.
    private var rowCountMax: Double { world.isLarge ? 40_000 : depth == 0 ? 4000 : 400 }

    private func entity(_ index: Int, _ alias: String) -> Source {
        let entity = world.entities[index]
        return Source(
            alias: alias,
            oracleAlias: alias,
            columns: entity.columns,
            rowCount: Double(entity.count),
            entity: index
        )
    }

    /// A source that is no part of the scope yet, and its text.
    private mutating func source() -> (Source, Dialects) {
        let alias = alias()
        if !named.isEmpty, chance(40) {
            var source = pick(named)
            let text = "\(source.alias) \(alias)"
            (source.alias, source.oracleAlias) = (alias, alias)
            return (source, (text, text))
        }
        if mayNest, chance(12) {
            let query = apart { $0.query() }
            let source = Source(
                alias: alias,
                oracleAlias: alias,
                columns: query.columns,
                rowCount: query.rowCount,
                hasKey: false
            )
            return (source, ("(\(query.kith)) AS \(alias)", "(\(query.oracle)) AS \(alias)"))
        }
        var index = below(world.entities.count)
        // What runs for each row of a large table is small.
        if depth > 0, world.entities[index].count > 100 {
            index = world.entities.firstIndex { $0.count <= 100 } ?? index
        }
        let name = world.entities[index].name
        return (entity(index, alias), ("\(name) \(alias)", "\(name) \(alias)"))
    }

    /// Makes a query that reads nothing of those around.
    mutating func apart<T>(_ make: (inout QueryMaker) -> T) -> T {
        let (outside, mayRead) = (scopes, mayReadOutside)
        (scopes, mayReadOutside) = ([], true)
        depth += 1
        defer {
            (scopes, mayReadOutside) = (outside, mayRead)
            depth -= 1
        }
        return make(&self)
    }

    /// FROM with its joins; the sources are in the scope then.
    mutating func from() -> Dialects {
        let (first, text) = source()
        scopes[scopes.count - 1].sources = [first]
        var result = text
        for _ in 0..<2 where chance(depth == 0 ? 40 : 20) { join(&result) }
        return result
    }

    private mutating func join(_ text: inout Dialects) {
        let (other, name) = source()
        let partner = pick(scopes[scopes.count - 1].sources)
        let rowCount = scopes[scopes.count - 1].rowCount * max(1, other.rowCount)
        let links = links(other, partner)
        guard rowCount <= rowCountMax || world.isLarge && depth == 0 && !links.isEmpty else { return }
        scopes[scopes.count - 1].sources.append(other)
        let isLinked = !links.isEmpty && (world.isLarge || chance(70))
        if !isLinked, chance(20) {
            text.kith += " CROSS JOIN \(name.kith)"
            text.oracle += " CROSS JOIN \(name.oracle)"
            return
        }
        var condition: Dialects
        if isLinked {
            condition = pick(links)
        } else if let equality = equality(other, partner), chance(70) {
            condition = equality
        } else {
            let anything = leaf()
            condition = (anything.kith, anything.oracle)
        }
        if chance(30) {
            let more = leaf()
            condition = ("\(condition.kith) AND \(more.kith)", "\(condition.oracle) AND \(more.oracle)")
        }
        let word = pick(["JOIN", "LEFT JOIN"])
        text.kith += " \(word) \(name.kith) ON \(condition.kith)"
        text.oracle += " \(word) \(name.oracle) ON \(condition.oracle)"
    }

    /// Equalities of ids that can be equal.
    func links(_ a: Source, _ b: Source) -> [Dialects] {
        var links: [Dialects] = []
        for first in a.columns where first.kind == .id && !first.targets.isEmpty {
            for second in b.columns where second.kind == .id {
                guard first.targets.contains(where: second.targets.contains) else { continue }
                let (one, two) = (term(first, a), term(second, b))
                links.append(("\(one.kith) = \(two.kith)", "\(one.oracle) = \(two.oracle)"))
            }
        }
        return links
    }

    /// An equality of columns of one kind.
    mutating func equality(_ a: Source, _ b: Source) -> Dialects? {
        let columns = a.columns.filter {
            $0.kind == .integer || $0.kind.isText || $0.kind == .code || $0.kind == .date || $0.kind == .boolean
        }
        guard !columns.isEmpty else { return nil }
        let column = pick(columns)
        let others = b.columns.filter { $0.kind == column.kind }
        guard !others.isEmpty else { return nil }
        let (one, two) = (term(column, a), term(pick(others), b))
        return ("\(one.kith) = \(two.kith)", "\(one.collated) = \(two.collated)")
    }

    /// WHERE; what ties the rows to those of a query around is part of it.
    mutating func filter() -> Dialects {
        var conditions: [Term] = []
        if scopes.count > 1, mayReadOutside, chance(70) {
            let outside = scopes[scopes.count - 2]
            if outside.leaves == nil, !outside.sources.isEmpty {
                let (own, partner) = (pick(scopes[scopes.count - 1].sources), pick(outside.sources))
                let links = links(own, partner)
                if !links.isEmpty, chance(70) {
                    let link = pick(links)
                    conditions.append(Term(kith: link.kith, oracle: link.oracle, kind: .boolean))
                } else if let equality = equality(own, partner) {
                    conditions.append(Term(kith: equality.kith, oracle: equality.oracle, kind: .boolean))
                }
            }
        }
        if chance(60) { conditions.append(condition(depth == 0 ? 2 : 1)) }
        guard !conditions.isEmpty else { return ("", "") }
        return (
            " WHERE " + conditions.map(\.kith).joined(separator: " AND "),
            " WHERE " + conditions.map(\.oracle).joined(separator: " AND ")
        )
    }
}
