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

    /// The tables of a query's sources, cut by what may be seen.
    func tables(of sources: [BoundSource]) -> [SourceTable] {
        sources.map { table(at: $0.place) }
    }

    /// The table of an entity, by its place in the schema, cut by what may be seen.
    func table(at place: Int) -> SourceTable {
        let bitmaps = visible?.bitmaps ?? []
        return SourceTable(table: view.table(place), visible: place < bitmaps.count ? bitmaps[place] : nil)
    }
}
