// UNDER and ABOVE along a hierarchy: the records of an entity whose lookup to the entity itself names the parent. The set of
// records is built once, before the plan is made, by walking the lookup index (down) or the lookups (up); what remains is
// membership in a set of ids, which record ids, indexes and zone maps serve.
//
// Only rows that may be seen are walked, so the answer is that of a database without the others. Each record is visited once,
// so a cycle ends; what is visited is counted by the budget.

struct TreeSets {
    let context: ExecutionContext

    /// UNDER or ABOVE a record as a set that holds the operand's value or does not.
    func condition(
        _ operand: Bound,
        _ direction: TreeDirection,
        root: Bound,
        orEqual: Bool,
        negated: Bool
    ) throws(QueryError) -> Bound {
        if case .null = root.node { return Bound(.null, .boolean) }
        guard case .number(let number) = root.node else {
            throw QueryError(.type, "the record behind UNDER and ABOVE must be the same for every row")
        }
        let ids = try records(direction, RecordID(rawValue: UInt64(bitPattern: number)), orEqual: orEqual)
        let items = ids.map { Bound(.number(Int64(bitPattern: $0.rawValue)), .id) }
        guard let set = ConstantSet(items, for: .id) else { return Bound(.null, .boolean) }
        return Bound(.inSet(operand, set, negated: negated), .boolean)
    }

    private func records(
        _ direction: TreeDirection,
        _ root: RecordID,
        orEqual: Bool
    ) throws(QueryError) -> [RecordID] {
        let schema = context.view.schema
        guard let entity = schema.entity(root.entity), let place = schema.place(of: root.entity) else {
            return []
        }
        guard let lookup = entity.hierarchyAttribute else {
            throw QueryError(.type, "\(entity.name) is no hierarchy: no lookup to itself, or none marked of several")
        }
        let column = Int(lookup.rawValue)
        let source = context.table(at: place)
        let start = source.row(of: root.rawValue)
        guard start != Table.noRow else { return [] }
        var visited = Set<UInt32>([start])
        var rows: [UInt32] = [start]
        switch direction {
        case .under: try walkDown(source, column, entity.id, &rows, &visited)
        case .above: try walkUp(source, column, &rows, &visited)
        }
        try context.meter.keep(rows: rows.count, bytes: rows.count * 64)
        return rows.dropFirst(orEqual ? 0 : 1).map { source.table.recordID(atRow: Int($0)) }
    }

    private func walkDown(
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
                try context.meter.step(1)
                if source.isVisible(child), visited.insert(child).inserted { rows.append(child) }
                child = link.next(after: child)
            }
            at += 1
        }
    }

    private func walkUp(
        _ source: SourceTable,
        _ column: Int,
        _ rows: inout [UInt32],
        _ visited: inout Set<UInt32>
    ) throws(QueryError) {
        var row = rows[0]
        while case .reference(let parent) = source.table.value(column, Int(row)) {
            try context.meter.step(1)
            row = source.row(of: parent.rawValue)
            guard row != Table.noRow, visited.insert(row).inserted else { return }
            rows.append(row)
        }
    }
}
