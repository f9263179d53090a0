import Synchronization

/// What one execution may use. The engine reads no clock: time is bounded by steps, about 0.3 to 100 ns each.
public struct QueryBudget: Hashable, Sendable {
    /// Rows that may be kept at once: of the result, of groups, of a sort, of a join's table.
    public var rowsMax: Int
    /// Bytes that may be kept at once.
    public var bytesMax: Int
    /// Rows that may be looked at, counted once per operator that looks.
    public var stepsMax: Int

    /// Makes a budget; the defaults suit an interactive question to a large database.
    public init(rowsMax: Int = 10_000_000, bytesMax: Int = 1 << 30, stepsMax: Int = 20_000_000_000) {
        self.rowsMax = rowsMax
        self.bytesMax = bytesMax
        self.stepsMax = stepsMax
    }
}

/// Stops running queries from another thread. One flag may be shared by many executions.
public final class QueryCancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Not cancelled.
    public init() {}

    /// Makes every execution that holds this flag end with `cancelled` at its next block of rows.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether `cancel` was called.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// Counts what an execution uses. Checked once a batch or block, so a budget can be exceeded by one batch.
///
/// Shared by a query and the queries inside it. Thread rule: one thread at a time.
final class QueryMeter {
    private let budget: QueryBudget
    private let cancellation: QueryCancellation?
    private(set) var steps = 0
    private(set) var rows = 0
    private(set) var bytes = 0

    init(_ budget: QueryBudget, _ cancellation: QueryCancellation?) {
        self.budget = budget
        self.cancellation = cancellation
    }

    /// `count` rows were looked at.
    func step(_ count: Int) throws(QueryError) {
        steps &+= count
        if steps > budget.stepsMax {
            throw QueryError(.budget, "the query looked at more than \(budget.stepsMax) rows: narrow it by a filter")
        }
        if let cancellation, cancellation.isCancelled { throw QueryError(.cancelled, "the query was cancelled") }
    }

    /// Everything but so many rows and bytes was given back.
    func keepOnly(rows rowCount: Int, bytes byteCount: Int) {
        rows = rowCount
        bytes = byteCount
    }

    /// Bytes that were kept are free again.
    func giveBack(bytes byteCount: Int) { bytes -= byteCount }

    /// Rows and bytes are kept; negative when they are given back.
    func keep(rows rowCount: Int, bytes byteCount: Int) throws(QueryError) {
        rows += rowCount
        bytes += byteCount
        if rows > budget.rowsMax {
            throw QueryError(.budget, "the query keeps more than \(budget.rowsMax) rows: use LIMIT or a filter")
        }
        if bytes > budget.bytesMax {
            throw QueryError(.budget, "the query keeps more than \(budget.bytesMax) bytes: use LIMIT or fewer columns")
        }
    }
}

/// Which rows an execution may see, per entity. Whoever asks about rights makes it; the executor cuts every scan, index
/// walk, join, path and count by it.
public struct VisibleRows: Sendable {
    /// By place of the entity in `Schema.entities`: bit r % 64 of word r / 64 is set when row r may be seen; rows beyond
    /// the last word may not. nil: every row of the entity.
    package var bitmaps: [[UInt64]?]

    /// Restricts the entities with a bitmap, by place.
    package init(bitmaps: [[UInt64]?]) { self.bitmaps = bitmaps }
}
