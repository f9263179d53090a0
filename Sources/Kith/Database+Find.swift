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

    /// Makes the index of an entity beside the writer, unless there is one, or nothing to search.
    private func makeSearch(_ entity: EntityID) {
        searchMaking.withLock { _ in
            guard let view = turn({ $0.beginSearch(entity) }), let place = view.schema.place(of: entity) else { return }
            let made = caughtUp(SearchIndex(of: view.table(place).table), of: view) { turn, schema in
                turn.continueSearch(entity, schema)
            } update: { index, row, old, new in
                index.update(row: Int(row), from: old.table(place).table, to: new.table(place).table)
            }
            if let (index, last) = made { turn { $0.installSearch(index, entity, last) } }
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
