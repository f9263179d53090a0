import CKernels

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
                if places.count == 1, readings.count == 1 { return hits(search.found) }
                found += search.found.map { ($0, number) }
            }
        }
        if places.count > 1 || readings.count > 1 {
            found.sort { $0.record < $1.record }
            // What two readings have found counts where it is better.
            var seen: Set<RecordID> = []
            found = Array(found.filter { seen.insert($0.record.record).inserted }.prefix(request.limit))
        }
        return hits(found.map(\.record))
    }

    /// What is shown of records. Each stands somewhere else in memory: all are asked for before the first is read.
    private func hits(_ found: [FoundRecord]) -> [FindHit] {
        // Most often one: what does not depend on the record is looked up for all.
        var sources: [HitSource] = []
        var sourceOf: [Int] = []
        sourceOf.reserveCapacity(found.count)
        for record in found {
            let entity = record.record.entity
            var source = sources.firstIndex { $0.entity == entity }
            if source == nil {
                guard let place = schema.place(of: entity) else {
                    preconditionFailure("quick find: a record of no entity")
                }
                sources.append(HitSource(entity, tables[place]))
                source = sources.count - 1
            }
            sourceOf.append(source ?? 0)
        }
        return sources.withUnsafeBufferPointer { sources in
            for (record, source) in zip(found, sourceOf) {
                sources[source].table.table.prefetchDirectory(record.record)
            }
            let rows = zip(found, sourceOf).map { record, source in
                let row = Int(sources[source].table.row(of: record.record))
                sources[source].prefetchSlots(of: record, row)
                return row
            }
            for index in found.indices { sources[sourceOf[index]].prefetchTexts(of: found[index], rows[index]) }
            var cutter = WordCutter()
            return found.indices.map { sources[sourceOf[$0]].hit(found[$0], rows[$0], &cutter) }
        }
    }
}

/// An entity of which records are shown.
private struct HitSource {
    let entity: EntityID
    let table: TableView
    private let layout: TableLayout
    private let primaryName: Int

    init(_ entity: EntityID, _ table: TableView) {
        self.entity = entity
        self.table = table
        layout = table.layout
        primaryName = Int(layout.entity.primaryName.rawValue)
    }

    func hit(_ found: FoundRecord, _ row: Int, _ cutter: inout WordCutter) -> FindHit {
        let column = column(of: found, row, &cutter)
        let name = text(primaryName, row)
        return FindHit(
            record: found.record,
            match: found.level,
            name: name,
            attribute: layout.entity.attributes[column].name,
            text: column == primaryName ? name : text(column, row)
        )
    }

    /// The column in which the word stands that ranked the record.
    private func column(of found: FoundRecord, _ row: Int, _ cutter: inout WordCutter) -> Int {
        var fallback = primaryName
        // The primary name is a field of its own.
        if found.field == 0 { return fallback }
        for column in layout.searchedColumns where table.table.field(column) == found.field {
            guard let head = table.head(column, row), head.isValid(row & 8191) else { continue }
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

    /// Asks for what stands in the slots of the columns that the record may be shown by.
    func prefetchSlots(of found: FoundRecord, _ row: Int) {
        let stride = ColumnLayout.text.strideBytes
        table.table.prefetch(primaryName, stride, row)
        for column in layout.searchedColumns where found.field > 0 { table.table.prefetch(column, stride, row) }
    }

    /// Asks for the texts that stand outside their slots.
    func prefetchTexts(of found: FoundRecord, _ row: Int) {
        func prefetchText(_ column: Int) {
            guard let head = table.head(column, row), head.isValid(row & 8191) else { return }
            kith_prefetch(head.text(row & 8191).baseAddress)
        }
        prefetchText(primaryName)
        for column in layout.searchedColumns where found.field > 0 { prefetchText(column) }
    }

    /// The beginning of a text, whole characters.
    private func text(_ column: Int, _ row: Int) -> String {
        guard let head = table.head(column, row), head.isValid(row & 8191) else { return "" }
        let text = head.text(row & 8191)
        var end = min(text.count, FindLimits.hitTextBytesMax)
        while end > 0, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: text[..<end], as: UTF8.self)
    }
}
