/// What a query and the queries inside it share while they run: the view, the rows of it that may be seen, and what has
/// been used of the budget. So each of them is cut by the same rows, and all of them together stay within one budget.
final class ExecutionContext {
    let view: View
    let visible: VisibleRows?
    let environment: QueryEnvironment
    let meter: QueryMeter
    let coercion: Coercion
    /// For EXPLAIN: what ran before the query itself.
    var notes: [String] = []

    init(view: View, visible: VisibleRows?, environment: QueryEnvironment, meter: QueryMeter) {
        self.view = view
        self.visible = visible
        self.environment = environment
        self.meter = meter
        coercion = Coercion(schema: view.schema)
    }

    /// The rows of queries that are sources, by the identity of the table, which is kept with them.
    private var derived: [ObjectIdentifier: (table: BoundTable, rows: DerivedRows, layout: TableView)] = [:]

    /// Computes the rows of a source, unless they are there; `branches` specialises its queries.
    func prepare(
        _ table: BoundTable,
        _ branches: ([BoundQuery]) throws(QueryError) -> [BoundQuery]
    ) throws(QueryError) {
        guard derived[ObjectIdentifier(table)] == nil else { return }
        let rows = try DerivedRows(try branches(table.branches), table.columns.map(\.type), self)
        derived[ObjectIdentifier(table)] = (table, rows, Self.emptyTable(columnCount: table.columns.count, view.schema))
        notes +=
            ["query as a source, once: \(rows.count) row\(rows.count == 1 ? "" : "s")"]
            + rows.notes.map { "  \($0)" }
    }

    /// A table without rows and indexes, for what asks a source for them.
    private static func emptyTable(columnCount: Int, _ schema: Schema) -> TableView {
        let attributes = (0..<SystemAttribute.count + columnCount).map { number in
            Attribute(
                name: "#\(number)",
                displayName: "",
                type: .boolean,
                isRequired: false,
                defaultValue: .null,
                isOrdered: false,
                onDelete: .restrict
            )
        }
        let entity = Entity(
            id: EntityID(0),
            name: "",
            displayName: "",
            ownership: .organisation,
            attributes: attributes,
            primaryName: SystemAttribute.externalID,
            keys: [],
            stateModel: nil
        )
        return TableView(Table(layout: TableLayout(entity: entity, schema: schema)))
    }

    /// The tables of a query's sources, cut by what may be seen.
    func tables(of sources: [BoundSource], _ tables: [BoundTable]) -> [SourceTable] {
        sources.map { source in
            if case .derived(let number) = source.origin {
                guard let known = derived[ObjectIdentifier(tables[number])] else {
                    preconditionFailure("a source that is a query was not computed")
                }
                return SourceTable(rows: known.rows, layout: known.layout)
            }
            return table(at: source.place)
        }
    }

    /// The table of an entity, by its place in the schema, cut by what may be seen.
    func table(at place: Int) -> SourceTable {
        let bitmaps = visible?.bitmaps ?? []
        return SourceTable(table: view.table(place), visible: place < bitmaps.count ? bitmaps[place] : nil)
    }
}
