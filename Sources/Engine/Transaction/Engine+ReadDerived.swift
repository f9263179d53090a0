// Reads by id of attributes that are computed: the reply has the same form as any (Engine+Read), and its derived columns come
// from the evaluator that queries use, so that a read and a query never differ.
//
// A read without derived attributes does not come here. One with some takes a view for its own time and one query over the rows
// in question, bound once for each set of derived attributes. As it runs in the writer's turn, it may look at so many rows and
// no more: who needs more asks by a query, which holds nobody up.

extension Engine {
    /// Rows that one read may look at for its derived attributes: a few milliseconds.
    private static let derivedStepsMax = 1_000_000
    /// What a read may keep: its reply is at most a frame.
    private static let derivedBudget = QueryBudget(
        rowsMax: Limits.operationRowsMax * 2,
        bytesMax: 16 * Limits.readBytesMax,
        stepsMax: derivedStepsMax
    )

    func readDerived(
        _ ids: ReadIDs,
        _ shape: ReadShape,
        _ environment: QueryEnvironment,
        into reply: inout ByteWriter
    ) throws(Refusal) {
        let layout = tables[shape.place].layout
        let columns = shape.columns.map(\.column)
        let derived = columns.filter { layout.isDerived[$0] }
        let computed = try compute(derived, ids, shape.place, environment)
        let start = reply.count
        try tables[shape.place].withRows(of: ids) { (table: borrowing Table, rows) throws(Refusal) in
            let stored = columns.filter { !layout.isDerived[$0] }
            try table.requireFits(stored, rows: rows, limitBytes: Limits.readBytesMax)
            table.encode(Int(SystemAttribute.version.rawValue), rows: rows, into: &reply)
            var next = 0
            for column in columns {
                if layout.isDerived[column] {
                    computed[next].encode(into: &reply)
                    next += 1
                } else {
                    table.encode(column, rows: rows, into: &reply)
                }
            }
        }
        guard reply.count - start <= Limits.readBytesMax else {
            reply.truncate(start)
            throw Refusal(
                .limitExceeded,
                entity: layout.entity.name,
                "The records have more than \(Limits.readBytesMax >> 20) MiB of these attributes. Read fewer at once."
            )
        }
    }

    /// The values of derived attributes, one for each id; null where there is no such record.
    private func compute(
        _ derived: [Int],
        _ ids: ReadIDs,
        _ place: Int,
        _ environment: QueryEnvironment
    ) throws(Refusal) -> [ResultColumn] {
        var rows: [UInt32] = []
        rows.reserveCapacity(ids.count)
        for index in 0..<ids.count {
            let row = tables[place].row(of: ids[index])
            if row != Table.noRow { rows.append(row) }
        }
        do throws(QueryError) {
            let query = try derivedReads.query(derived, place, schema)
            let view = View(schema: schema, position: position, tables: tables.borrowed())
            let result = try query.values(
                ofRows: rows,
                on: view,
                budget: Engine.derivedBudget,
                environment: environment
            )
            guard rows.count < ids.count else { return result.columns }
            var next = 0
            let order = (0..<ids.count).map { index -> Int? in
                guard tables[place].row(of: ids[index]) != Table.noRow else { return nil }
                defer { next += 1 }
                return next
            }
            return result.columns.map { $0.spread(order) }
        } catch {
            throw Refusal(
                .notComputable,
                entity: schema.entities[place].name,
                "An attribute cannot be computed: \(error.message)."
            )
        }
    }
}

/// Queries for the derived attributes of reads, by entity and attributes. Thread rule: the engine's writer.
final class DerivedReads {
    private struct Key: Hashable {
        var place: Int
        var columns: [Int]
    }

    /// As many as there are shapes of reads; when more come, all are bound anew.
    private static let countMax = 64
    private var queries: [Key: PreparedQuery] = [:]

    func query(_ columns: [Int], _ place: Int, _ schema: Schema) throws(QueryError) -> PreparedQuery {
        let key = Key(place: place, columns: columns)
        if let known = queries[key] { return known }
        let entity = schema.entities[place]
        let names = columns.map { column in
            Query.Column.expression(Expression(.name([entity.name, entity.attributes[column].name])), alias: nil)
        }
        let query = try PreparedQuery(Query(names, from: Query.Source(entity.name)), schema: schema)
        if queries.count == DerivedReads.countMax { queries.removeAll() }
        queries[key] = query
        return query
    }

    /// Forgets all: the schema changes.
    func removeAll() { queries.removeAll() }
}
