/// What a window function computes for a row from the rows of its partition.
public enum WindowFunction: Hashable, Sendable {
    /// ROW_NUMBER: 1, 2, 3, … in the order of the window.
    case rowNumber
    /// RANK: one more than the rows before that differ; equal rows have the same.
    case rank
    /// DENSE_RANK: the same without gaps.
    case denseRank
    /// LAG: the value so many rows before.
    case lag(Int)
    /// LEAD: the value so many rows behind.
    case lead(Int)
    /// An aggregate: with an order over the rows up to this one and its equals, without over the whole partition.
    case aggregate(AggregateFunction)

    /// The name in SQL.
    package var name: String {
        switch self {
        case .rowNumber: "row_number"
        case .rank: "rank"
        case .denseRank: "dense_rank"
        case .lag: "lag"
        case .lead: "lead"
        case .aggregate(let function): function.name
        }
    }

    /// The function of this name that stands only before OVER.
    package static func named(_ name: String) -> WindowFunction? {
        [.rowNumber, .rank, .denseRank, .lag(1), .lead(1)].first { $0.name == name }
    }
}

/// OVER (…): which rows belong together, and their order.
public struct Window: Hashable, Sendable {
    /// PARTITION BY.
    public var partition: [Expression]
    /// ORDER BY.
    public var order: [Query.Order]

    /// Makes a window.
    public init(partition: [Expression] = [], order: [Query.Order] = []) {
        self.partition = partition
        self.order = order
    }

    /// Everything that is computed for it.
    package var expressions: [Expression] { partition + order.map(\.expression) }
}
