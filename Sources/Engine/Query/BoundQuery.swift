// A query whose names are resolved: what `PreparedQuery` keeps and every execution specialises.

/// Where rows come from.
struct BoundSource: Hashable, Sendable {
    enum Origin: Hashable, Sendable {
        /// Named in FROM or JOIN.
        case named
        /// The record that a lookup of another source refers to, when it is of this entity.
        case path(source: Int, column: Int)
        /// Rows of a query: its place in `BoundQuery.tables`.
        case derived(Int)
    }

    /// Number of the first column of a source that is a query. Those below are the system attributes, which it has not: so no
    /// column of it is taken for a record's id.
    static let firstDerivedColumn = SystemAttribute.count

    /// Place of the entity in `Schema.entities`; -1 for a query.
    var place: Int
    /// Alias or path, for messages and EXPLAIN.
    var name: String
    var origin: Origin
}

/// A named source after the first, and how it is joined.
struct BoundJoin: Hashable, Sendable {
    var kind: Query.JoinKind
    var source: Int
    /// All must hold.
    var conditions: [Bound]
}

struct BoundOutput: Hashable, Sendable {
    var name: String
    var expression: Bound
}

struct BoundOrder: Hashable, Sendable {
    var expression: Bound
    var isDescending: Bool
}

struct BoundQuery: Hashable, Sendable {
    var sources: [BoundSource]
    /// Queries that sources are.
    var tables: [BoundTable] = []
    /// Sources named in FROM and JOIN; the rest are paths.
    var namedCount: Int
    var joins: [BoundJoin] = []
    /// All must hold.
    var filter: [Bound] = []
    /// Whether rows are grouped; the expressions below then read slots.
    var isGrouped = false
    /// Whether each row is a group of its own, for window functions.
    var keepsRows = false
    var groups: [Bound] = []
    var aggregates: [BoundAggregate] = []
    var groupFilter: [Bound] = []
    /// Window functions, over the groups that pass.
    var windows: [BoundWindow] = []
    var outputs: [BoundOutput] = []
    var order: [BoundOrder] = []
    /// Repeated rows of grouped output are left out. (Without grouping, DISTINCT is a grouping.)
    var isDistinct = false
    var limit: Bound?
    var offset: Bound?
    var parameterNames: [Int: String] = [:]
    var parameterCount: Int { (parameterNames.keys.max() ?? -1) + 1 }
    var isExplain = false
}
