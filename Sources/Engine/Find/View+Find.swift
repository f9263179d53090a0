// Quick find on a view: every reading of the text on every table, merged by rank.

extension View {
    /// Finds records by words that stand in the searched columns, best first (docs/find.md).
    ///
    /// A table whose index was not made yet is indexed for this one search: O(records). `Database.find` sees to it that the
    /// engine keeps the index.
    ///
    /// - Parameters:
    ///   - visible: the records that may be found; nil: all.
    ///   - budget: counted are postings, words and candidates that are looked at.
    /// - Throws: `QueryError` when the request breaks a bound, names what is not there, or exceeds the budget.
    public func find(
        _ request: FindRequest,
        visible: VisibleRows? = nil,
        budget: QueryBudget = QueryBudget(),
        cancellation: QueryCancellation? = nil
    ) throws(QueryError) -> [FindHit] {
        let places = try request.places(schema)
        return try find(request, places, indexes: [:], visible: visible, budget, cancellation)
    }

    /// The same with indexes that were made for this view, by place. With fewer candidates than usual, tests reach both ways of
    /// finding several words.
    package func find(
        _ request: FindRequest,
        _ places: [Int],
        indexes: [Int: SearchIndex],
        visible: VisibleRows?,
        _ budget: QueryBudget,
        _ cancellation: QueryCancellation?,
        candidateCountMax: Int = FindLimits.candidateCountMax
    ) throws(QueryError) -> [FindHit] {
        let readings = try request.readings()
        var found: [(record: FoundRecord, reading: Int)] = []
        var meter = QueryMeter(budget, cancellation)
        for place in places where tables[place].liveCount > 0 && !readings.isEmpty {
            let index = tables[place].table.search ?? indexes[place] ?? SearchIndex(of: tables[place].table)
            for (number, patterns) in readings.enumerated() {
                let search = TableFind(
                    tables[place],
                    index,
                    patterns,
                    visible: visible?.bitmaps[place],
                    limit: request.limit,
                    candidateCountMax: candidateCountMax,
                    meter
                )
                meter = try search.run()
                found += search.found.map { ($0, number) }
            }
        }
        if places.count > 1 || readings.count > 1 {
            found.sort { $0.record < $1.record }
            // What two readings have found counts where it is better.
            var seen: Set<RecordID> = []
            found = Array(found.filter { seen.insert($0.record.record).inserted }.prefix(request.limit))
        }
        return found.map { hit($0.record, readings[$0.reading]) }
    }

    private func hit(_ found: FoundRecord, _ patterns: [Pattern]) -> FindHit {
        guard let place = schema.place(of: found.record.entity) else {
            preconditionFailure("quick find: a record of no entity")
        }
        let table = tables[place]
        let row = Int(table.row(of: found.record))
        let entity = table.entity
        let column = table.column(of: found, row)
        return FindHit(
            record: found.record,
            match: found.level,
            name: table.text(Int(entity.primaryName.rawValue), row),
            attribute: entity.attributes[column].name,
            text: table.text(column, row)
        )
    }
}

extension TableView {
    /// The column in which the word stands that ranked the record.
    fileprivate func column(of found: FoundRecord, _ row: Int) -> Int {
        var cutter = WordCutter()
        var fallback = Int(entity.primaryName.rawValue)
        for column in layout.searchedColumns where table.field(column) == found.field {
            guard let head = head(column, row), head.isValid(row & 8191) else { continue }
            fallback = column
            cutter.cut(head.text(row & 8191))
            for (position, word) in cutter.words.enumerated()
            where WordPlace.rank(position: position, wordCount: cutter.words.count) == found.rank
                && cutter.bytes[word].elementsEqual(found.word)
            {
                return column
            }
        }
        return fallback
    }

    /// The beginning of a text, whole characters.
    fileprivate func text(_ column: Int, _ row: Int) -> String {
        guard let head = head(column, row), head.isValid(row & 8191) else { return "" }
        let text = head.text(row & 8191)
        var end = min(text.count, FindLimits.hitTextBytesMax)
        while end > 0, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: text[..<end], as: UTF8.self)
    }
}
