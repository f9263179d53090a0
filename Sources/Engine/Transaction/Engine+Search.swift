// Making quick-find indexes beside the writer: the index is made from a view, on whatever thread, while the engine notes which
// rows change; then those rows are brought up to date, and the engine keeps the index from there on (docs/find.md).

extension Engine {
    /// Begins to note which rows of a table change, and returns the view from which its index is to be made; nil when it has
    /// one, or nothing to search. Only one index of a table may be in the making.
    package func beginSearch(place: Int) -> View? {
        guard !tables[place].layout.searchedColumns.isEmpty, tables[place].search == nil else { return nil }
        let view = view
        tables[place].searchJournal = SearchJournal()
        return view
    }

    /// The rows that changed since the last view, and a new view; nil when the schema has changed, and the index is good for
    /// its view only.
    package func continueSearch(place: Int, schema: Schema) -> (rows: [UInt32], view: View)? {
        guard self.schema === schema, let journal = tables[place].searchJournal else { return nil }
        let view = view
        tables[place].searchJournal = SearchJournal()
        return (journal.rows, view)
    }

    /// Takes an index over that was made from `view`, or brought up to date to it.
    package func installSearch(_ index: consuming SearchIndex, place: Int, view: View) {
        guard schema === view.schema, let journal = tables[place].searchJournal else { return }
        var index = index
        for row in journal.rows {
            index.update(row: Int(row), from: view.tables[place].table, to: tables[place])
        }
        tables[place].searchJournal = nil
        tables[place].search = index
    }

    /// Makes the quick-find indexes of all tables (docs/find.md), and keeps them from here on. O(records). A `Database` does so by
    /// itself, table by table, beside its writer, when somebody searches.
    public func makeSearch() {
        for place in tables.indices {
            if let view = beginSearch(place: place) {
                installSearch(SearchIndex(of: view.tables[place].table), place: place, view: view)
            }
        }
    }
}
