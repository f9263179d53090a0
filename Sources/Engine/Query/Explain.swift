extension Execution {
    /// What was done, step by step, with what it touched: the lines of EXPLAIN.
    func explanation(resultRows: Int) -> [String] {
        let rows = "\(resultRows) row\(resultRows == 1 ? "" : "s")"
        return evaluator.context.notes + explanation()
            + ["\(rows), \(evaluator.meter.steps) step\(evaluator.meter.steps == 1 ? "" : "s")"]
    }

    /// The same without what it led to.
    func explanation() -> [String] {
        var lines: [String] = []
        func entity(_ source: Int) -> String {
            if case .derived = query.sources[source].origin {
                let name = query.sources[source].name
                return name.isEmpty ? "the union" : "the query \(name)"
            }
            let name = evaluator.schema.entities[query.sources[source].place].name
            return name == query.sources[source].name ? name : "\(name) as \(query.sources[source].name)"
        }
        func plural(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
        let table = evaluator.tables[plan.base].table
        switch plan.access {
        case .scan where evaluator.tables[plan.base].derived != nil:
            lines.append("read \(entity(plan.base))")
        case .lateral(let access):
            lines.append(
                "find \(entity(plan.base)) \(access.explanation(table)): "
                    + "\(plural(statistics.rowsFetched, "row")) fetched"
            )
        case .scan:
            lines.append(
                "scan \(entity(plan.base)): \(plural(statistics.blocksScanned, "block")) scanned, "
                    + "\(statistics.blocksSkipped) skipped"
            )
            if statistics.fellBack { lines.append("  (after the ordered index led to too few rows)") }
        case .rows(_, let index):
            lines.append("find \(entity(plan.base)) by \(index): \(plural(statistics.rowsFetched, "row")) fetched")
        case .ordered(let column, let isDescending, _, _):
            lines.append(
                "walk \(entity(plan.base)) along the ordered index on \(table.entity.attributes[column].name)"
                    + "\(isDescending ? ", falling" : ""): \(plural(statistics.rowsFetched, "row")) fetched"
            )
        case .composite(let walk):
            lines.append(
                "walk \(entity(plan.base)) along \(table.compositeLabel(walk.place))"
                    + "\(walk.isDescending ? ", falling" : ""): \(plural(statistics.rowsFetched, "row")) fetched"
            )
        }
        if !plan.tests.isEmpty { lines.append("  \(plural(plan.tests.count, "condition")) on columns") }
        lines.append("  \(plural(statistics.rowsSelected, "row")) selected")
        for stage in plan.stages {
            switch stage {
            case .filter(let conditions): lines.append("filter by \(plural(conditions.count, "condition"))")
            case .join(let join):
                let how =
                    switch join.method {
                    case .record: "by record id"
                    case .children(_, let column, _):
                        "by the lookup index on "
                            + evaluator.tables[join.source].table.entity.attributes[column].name
                    case .table(let keys, _):
                        keys.isEmpty ? "with every row" : "by a hash table over \(plural(keys.count, "key"))"
                    }
                lines.append("\(join.isLeft ? "left join" : "join") \(entity(join.source)) \(how)")
            }
        }
        for source in query.sources[query.namedCount...] {
            lines.append("follow \(source.name) to \(evaluator.schema.entities[source.place].name)")
        }
        if query.isGrouped, !query.keepsRows, sink is GroupSink || sink is OutputSink {
            lines.append("group by \(plural(query.groups.count, "key")): \(plural(statistics.groups, "group"))")
        }
        for window in query.windows {
            lines.append(
                "\(window.function.name) over \(plural(window.partition.count, "partition key")), "
                    + "\(plural(window.order.count, "sort key"))"
            )
        }
        if !query.order.isEmpty {
            if !plan.access.isOrdered { lines.append("sort by \(plural(query.order.count, "key"))") }
        }
        for subquery in evaluator.subqueries { lines += subquery.explanation() }
        return lines
    }
}
