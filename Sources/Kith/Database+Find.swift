import Engine

/// A session that finds records as people type them (docs/find.md).
public protocol FindSession: Session {
    /// Finds records by words, best first; returns when what it saw is durable.
    ///
    /// Throws `QueryError` when the request breaks a bound or names what is not there.
    func find(_ request: FindRequest) async throws -> [FindHit]
}

extension FindSession {
    /// Finds records of all entities with searched columns, or of some.
    public func find(_ text: String, entities: [String] = [], limit: Int = 10) async throws -> [FindHit] {
        try await find(FindRequest(text, entities: entities, limit: limit))
    }
}

extension Database: FindSession {
    /// Finds records by words that stand in their searched columns (docs/find.md). Runs on the calling task's thread, and writing
    /// goes on meanwhile. The first search of an entity since the database was opened makes its index: O(records).
    public func find(_ request: FindRequest) async throws -> [FindHit] {
        let (hits, position) = try find(request, budget: QueryBudget(), cancellation: nil)
        try await settle(position)
        return hits
    }

    /// As `find(_:)`; with the position that it has seen, which may not be durable yet.
    package func find(
        _ request: FindRequest,
        budget: QueryBudget,
        cancellation: QueryCancellation?
    ) throws(QueryError) -> (hits: [FindHit], position: Position) {
        var view = currentView
        var places = try request.places(view.schema)
        if try request.hasWords, let missing = view.withoutSearch(places) {
            for entity in missing { makeSearch(entity) }
            view = currentView
            places = try request.places(view.schema)
        }
        let hits = try view.find(request, places, indexes: [:], visible: nil, budget, cancellation)
        return (hits, view.position)
    }

    /// Rows that may have changed when an index is taken over in the writer's turn: some milliseconds of work.
    private static let lateRowsMax = 1000
    /// Rounds of catching up beside the writer, before the rest is done in its turn whatever it is.
    private static let roundsMax = 5

    /// Makes the index of an entity beside the writer, unless there is one, or nothing to search.
    private func makeSearch(_ entity: EntityID) {
        searchMaking.withLock { _ in
            guard var view = turn({ $0.beginSearch(entity) }), let place = view.schema.place(of: entity) else { return }
            var index = SearchIndex(of: view.table(place).table)
            for _ in 0..<Database.roundsMax {
                let next = turn { [view] in $0.continueSearch(entity, view.schema) }
                guard let next else { return }
                for row in next.rows {
                    index.update(row: Int(row), from: view.table(place).table, to: next.view.table(place).table)
                }
                view = next.view
                if next.rows.count <= Database.lateRowsMax { break }
            }
            let (made, last) = (index, view)
            turn { $0.installSearch(made, entity, last) }
        }
    }
}

extension View {
    /// Those of some entities that have records but no quick-find index; nil when there are none.
    fileprivate func withoutSearch(_ places: [Int]) -> [EntityID]? {
        let missing = places.filter { table($0).liveCount > 0 && table($0).table.search == nil }
        return missing.isEmpty ? nil : missing.map { schema.entities[$0].id }
    }
}
