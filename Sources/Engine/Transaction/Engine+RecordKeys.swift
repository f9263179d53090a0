// Making indexes by record keys beside the writer (RecordKeyIndex): the index is made from a view, on whatever thread, while the engine
// notes which rows change; then those rows are brought up to date, and the engine keeps the index from there on. As quick find does
// (Engine+Search). And what a cache of something that records say has to look at: `stamp`.

extension Engine {
    /// Begins to note which rows of a table change, and returns the view from which its index is to be made; nil when it has that of this
    /// maker. What it has of another one is dropped. Only one index of a table may be in the making.
    package func beginRecordKeys(place: Int, _ maker: any RecordKeyMaker) -> View? {
        if let known = tables[place].recordKeys?.maker {
            if known === maker { return nil }
            tables[place].recordKeys = nil
        }
        let view = view
        tables[place].keyJournal = SearchJournal()
        return view
    }

    /// The rows that changed since the last view, and a new view; nil when the schema has changed, and the index is good for its view only.
    package func continueRecordKeys(place: Int, schema: Schema) -> (rows: [UInt32], view: View)? {
        guard self.schema === schema, let journal = tables[place].keyJournal else {
            tables[place].keyJournal = nil
            return nil
        }
        let view = view
        tables[place].keyJournal = SearchJournal()
        return (journal.rows, view)
    }

    /// Takes an index over that was made from `view`, or brought up to date to it.
    package func installRecordKeys(_ index: consuming RecordKeyIndex, place: Int, view: View) {
        guard schema === view.schema, let journal = tables[place].keyJournal else { return }
        var index = index
        for row in journal.rows { index.update(row: Int(row), from: view.tables[place].table, to: tables[place]) }
        tables[place].keyJournal = nil
        tables[place].recordKeys = index
    }

    /// Gives up making the index of a table.
    package func cancelRecordKeys(place: Int) { tables[place].keyJournal = nil }

    /// Makes the index of a table here and now. O(records). For copies of an engine, which nobody else waits for.
    package func makeRecordKeys(place: Int, _ maker: any RecordKeyMaker) {
        guard let view = beginRecordKeys(place: place, maker) else { return }
        installRecordKeys(RecordKeyIndex(maker, of: view.tables[place].table), place: place, view: view)
    }

    /// Whether any table has such an index.
    package var hasRecordKeys: Bool { tables.indices.contains { tables[$0].recordKeys != nil } }

    /// Drops the indexes whose makers are not wanted any more. O(entities).
    package func dropRecordKeys(unless isWanted: (any RecordKeyMaker) -> Bool) {
        for place in tables.indices {
            guard let maker = tables[place].recordKeys?.maker, !isWanted(maker) else { continue }
            tables[place].recordKeys = nil
        }
    }

    /// Says whether the records of an entity are the same as at another time: while neither number has changed, none was made, changed or
    /// deleted. (What is made or changed gets a version above all that there were; what is deleted is missing.) True of states between
    /// transactions, not within one that may be reverted. O(records).
    package func stamp(of entity: EntityID) -> RecordStamp? {
        guard let place = schema.place(of: entity) else { return nil }
        var last: Position = 0
        for row in 0..<tables[place].rowCount where tables[place].recordID(atRow: row) != .none {
            last = max(last, tables[place].version(atRow: row))
        }
        return RecordStamp(count: tables[place].liveCount, lastVersion: last)
    }
}

/// See `Engine.stamp`.
package struct RecordStamp: Equatable, Sendable {
    let count: Int
    let lastVersion: Position
}
