// Queries as sources: FROM (SELECT …) AS x, named queries of WITH, and the rows of a UNION ALL. Each is computed once, before
// the query that reads it, into columns of its own; every use of a name reads the same rows.
//
// Rejected: merging such queries into the one around, which pays only where a filter outside could have used an index inside,
// and would need a rule for each clause that must not be merged.

/// What a source that is a query offers by name.
struct DerivedColumn: Hashable, Sendable {
    var name: String
    var type: QueryType
    /// Entities that a record id may belong to, where it comes from a lookup.
    var targets: [EntityID]
}

/// The queries that make up a source's rows. Immutable; equal only to itself, and its rows are found by its identity: within a query
/// `BoundTables` makes what is written twice one. (Compared by what is in them, tables over tables that are each used twice would
/// take a time that doubles with each.)
final class BoundTable: Hashable, Sendable {
    let branches: [BoundQuery]
    let columns: [DerivedColumn]

    init(_ branches: [BoundQuery], _ columns: [DerivedColumn]) {
        self.branches = branches
        self.columns = columns
    }

    static func == (a: BoundTable, b: BoundTable) -> Bool { a === b }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The tables of a query and of those inside it, each once. Those that a table reads were made one before it, so that comparing two
/// takes no longer than reading them.
final class BoundTables {
    private struct Content: Hashable {
        var branches: [BoundQuery]
        var columns: [DerivedColumn]
    }

    private var known: [Content: BoundTable] = [:]

    func table(_ branches: [BoundQuery], _ columns: [DerivedColumn]) -> BoundTable {
        let content = Content(branches: branches, columns: columns)
        if let table = known[content] { return table }
        let table = BoundTable(branches, columns)
        known[content] = table
        return table
    }
}

/// The rows of a query that is a source.
final class DerivedRows {
    private(set) var count = 0
    private var keptBytes = 0
    private var columns: [SlotColumn]
    private let types: [QueryType]
    private let keeper = TextKeeper()
    /// For EXPLAIN: what ran for them.
    private(set) var notes: [String] = []

    /// Runs the specialised branches one after the other.
    init(_ branches: [BoundQuery], _ types: [QueryType], _ context: ExecutionContext) throws(QueryError) {
        self.types = types
        columns = types.map(SlotColumn.init)
        let meter = context.meter
        let before = (rows: meter.rows, bytes: meter.bytes)
        for branch in branches {
            let execution = Execution(branch, context, blockRows: Self.blockRows)
            while let block = try execution.next() { try append(block, context) }
            notes += execution.explanation()
            // At its end the execution gave back all that was kept since it began: these rows stay.
            meter.keepOnly(rows: before.rows + count, bytes: before.bytes + keptBytes)
            try meter.keep(rows: 0, bytes: 0)
        }
    }

    private static let blockRows = 8192

    private func append(_ block: QueryResult, _ context: ExecutionContext) throws(QueryError) {
        try context.meter.step(block.rowCount)
        for (place, column) in block.columns.enumerated() {
            let convert = NumberConversion(column.type, to: types[place], context.environment.calendar)
            for row in 0..<block.rowCount {
                if columns[place].isText {
                    columns[place].append(text: column.withText(row) { keeper.copy($0) })
                } else {
                    columns[place].append(number: try column.number(row).map(convert.apply))
                }
            }
        }
        count += block.rowCount
        let bytes = columns.reduce(0) { $0 + $1.strideBytes } * block.rowCount + keeper.takeNewBytes()
        keptBytes += bytes
        try context.meter.keep(rows: block.rowCount, bytes: bytes)
    }

    /// Reads a column for the rows of a batch; `Table.noRow` is null.
    func load(_ column: Int, _ rows: UnsafePointer<UInt32>, _ rowCount: Int, into vector: Vector) {
        let column = columns[column]
        for index in 0..<rowCount {
            let row = Int(rows[index])
            guard row < column.count, column.valid[row] else {
                vector.setNull(index, isText: column.isText)
                continue
            }
            vector.valid[index] = 1
            if column.isText {
                vector.texts[index] = column.texts[row]
            } else {
                vector.numbers[index] = column.numbers[row]
            }
        }
    }
}

/// Brings a stored number to another type.
struct NumberConversion {
    private enum Kind { case none, scale(Int64), real(Double), day(BusinessCalendar) }
    private let kind: Kind

    /// Only for types that `QueryType.union` has found to go together.
    init(_ from: QueryType, to: QueryType, _ calendar: BusinessCalendar) {
        switch (from, to) {
        case (.double, .double): kind = .none
        case (_, .double): kind = .real(Double(Decimal64.powersOfTen[Int(from.scale)]))
        case (.date, .instant): kind = .day(calendar)
        default: kind = to.scale > from.scale ? .scale(Decimal64.powersOfTen[Int(to.scale - from.scale)]) : .none
        }
    }

    func apply(_ number: Int64) throws(QueryError) -> Int64 {
        switch kind {
        case .none: return number
        case .day(let calendar): return calendar.moment(ofDay: Int(number))
        case .real(let scale): return Int64(bitPattern: (Double(number) / scale).bitPattern)
        case .scale(let factor):
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            if overflow { throw QueryError(.overflow, "a number does not fit the column's type") }
            return product
        }
    }
}

extension QueryType {
    /// The type of a column whose values come from queries of both types; nil when they do not go together.
    static func union(_ a: QueryType, _ b: QueryType) -> QueryType? {
        if a == b || b == .null { return a }
        if a == .null { return b }
        switch (a, b) {
        case (.text, .text): return .texts([a, b])
        case (.date, .instant), (.instant, .date): return .instant
        case (.option, .option), (.option, .integer), (.integer, .option): return .integer
        default:
            guard a.isNumber, b.isNumber else { return nil }
            if a == .double || b == .double { return .double }
            return .decimal(scale: max(a.scale, b.scale))
        }
    }
}
