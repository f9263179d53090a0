// UNDER and ABOVE along a hierarchy: the records of an entity whose lookup to the entity itself names the parent. The set of
// records is built once, before the plan is made, by walking the lookup index (down) or the lookups (up); what remains is
// membership in a set of ids, which record ids, indexes and zone maps serve.
//
// Only rows that may be seen are walked, so the answer is that of a database without the others. Each record is visited once,
// so a cycle ends; what is visited is counted by the budget.

struct TreeSets {
    let view: View
    let tables: (Int) -> SourceTable
    var meter: QueryMeter

    init(view: View, visible: VisibleRows?, meter: QueryMeter) {
        self.view = view
        self.meter = meter
        let bitmaps = visible?.bitmaps ?? []
        tables = { place in
            SourceTable(table: view.table(place), visible: place < bitmaps.count ? bitmaps[place] : nil)
        }
    }

    /// The query with every UNDER and ABOVE as a set.
    mutating func resolve(_ query: BoundQuery) throws(QueryError) -> BoundQuery {
        var query = query
        for index in query.joins.indices { try resolve(&query.joins[index].conditions) }
        try resolve(&query.filter)
        try resolve(&query.groups)
        for index in query.aggregates.indices {
            if let operand = query.aggregates[index].operand {
                query.aggregates[index].operand = try resolve(operand)
            }
        }
        try resolve(&query.groupFilter)
        for index in query.outputs.indices {
            query.outputs[index].expression = try resolve(query.outputs[index].expression)
        }
        for index in query.order.indices { query.order[index].expression = try resolve(query.order[index].expression) }
        return query
    }

    private mutating func resolve(_ list: inout [Bound]) throws(QueryError) {
        for index in list.indices { list[index] = try resolve(list[index]) }
    }

    private mutating func resolve(_ bound: Bound) throws(QueryError) -> Bound {
        guard bound.containsTree else { return bound }
        guard case .inTree(let value, let direction, let root, let orEqual, let negated) = bound.node else {
            var copy = self
            let result = try bound.mapChildren { child throws(QueryError) in try copy.resolve(child) }
            self = copy
            return result
        }
        let operand = try resolve(value)
        guard case .number(let number) = root.node else { return Bound(.null, .boolean) }
        let ids = try records(direction, RecordID(rawValue: UInt64(bitPattern: number)), orEqual: orEqual)
        let items = ids.map { Bound(.number(Int64(bitPattern: $0.rawValue)), .id) }
        guard let set = ConstantSet(items, for: .id) else { return Bound(.null, .boolean) }
        return Bound(.inSet(operand, set, negated: negated), .boolean)
    }

    private mutating func records(
        _ direction: TreeDirection,
        _ root: RecordID,
        orEqual: Bool
    ) throws(QueryError) -> [RecordID] {
        guard let entity = view.schema.entity(root.entity), let place = view.schema.place(of: root.entity) else {
            return []
        }
        guard let lookup = entity.hierarchyAttribute else {
            throw QueryError(.type, "\(entity.name) is no hierarchy: no lookup to itself, or none marked of several")
        }
        let column = Int(lookup.rawValue)
        let source = tables(place)
        let start = source.row(of: root.rawValue)
        guard start != Table.noRow else { return [] }
        var visited = Set<UInt32>([start])
        var rows: [UInt32] = [start]
        switch direction {
        case .under: try walkDown(source, column, entity.id, &rows, &visited)
        case .above: try walkUp(source, column, &rows, &visited)
        }
        try meter.keep(rows: rows.count, bytes: rows.count * 64)
        return rows.dropFirst(orEqual ? 0 : 1).map { source.table.recordID(atRow: Int($0)) }
    }

    private mutating func walkDown(
        _ source: SourceTable,
        _ column: Int,
        _ entity: EntityID,
        _ rows: inout [UInt32],
        _ visited: inout Set<UInt32>
    ) throws(QueryError) {
        guard let link = source.table.link(column), let target = source.table.linkTarget(column, entity) else { return }
        var at = 0
        while at < rows.count {
            var child = link.first(target: target, targetRow: rows[at])
            while child != LinkIndex.none {
                try meter.step(1)
                if source.isVisible(child), visited.insert(child).inserted { rows.append(child) }
                child = link.next(after: child)
            }
            at += 1
        }
    }

    private mutating func walkUp(
        _ source: SourceTable,
        _ column: Int,
        _ rows: inout [UInt32],
        _ visited: inout Set<UInt32>
    ) throws(QueryError) {
        var row = rows[0]
        while case .reference(let parent) = source.table.value(column, Int(row)) {
            try meter.step(1)
            row = source.row(of: parent.rawValue)
            guard row != Table.noRow, visited.insert(row).inserted else { return }
            rows.append(row)
        }
    }
}

extension Bound {
    /// Whether UNDER or ABOVE stands anywhere inside.
    var containsTree: Bool {
        if case .inTree = node { return true }
        return children.contains(where: \.containsTree)
    }
}
