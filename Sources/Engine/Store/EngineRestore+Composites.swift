// A restore sorts the rows for the indexes over several columns, each on a thread of its own: about 0.1 µs a row. Snapshots do
// not hold them, so that what a later version makes of a view is no matter of their format.

extension EngineRestore {
    /// Rebuilds the indexes of an engine whose columns are whole.
    static func rebuildComposites(_ engine: Engine, _ parallel: Parallel) throws(DecodeError) {
        let view = engine.view
        // The longest first.
        let names = view.tables.enumerated()
            .flatMap { place, table in table.layout.composites.indices.map { (place: place, index: $0) } }
            .sorted { view.tables[$0.place].rowCount > view.tables[$1.place].rowCount }
        let built = try gather(names.count, parallel) { number throws(DecodeError) in
            view.tables[names[number].place].table.builtComposite(names[number].index)
        }
        for (name, index) in zip(names, built) { engine.tables[name.place].composites[name.index] = index }
    }
}
