// What conditions on columns say of an index over several: keys between which the rows stand. Conditions that fix a column
// count as long as they fix the index's columns from the first one on; the next column may be bounded.
//
// Keys are cut off, so the bounds hold every row that the conditions let through, and perhaps more: rows that an index leads to
// are always tested.

/// What conditions say of one column.
private struct ColumnBounds {
    enum Fixed {
        case null
        case numbers([Int64])
        case text(TextConstant)
    }

    var fixed: Fixed?
    /// The test that fixes it, or those that bound it.
    var tests: Set<Int> = []
    var low = Int64.min
    var high = Int64.max
    var hasNumberBounds = false
    /// Bytes at which texts begin and end, as `prefixKey128` of the column's collation; those of the end may be the beginning of more.
    var lowText: UInt128?
    var highText: (prefix: UInt128, isOpen: Bool)?

    /// Whether only some values are possible.
    var isBounded: Bool { hasNumberBounds || lowText != nil || highText != nil }
}

/// How an index serves conditions.
struct CompositeChoice {
    /// Place of the index in `TableLayout.composites`.
    let place: Int
    /// Columns that are fixed, from the first one on.
    let fixedCount: Int
    /// Keys between which rows stand; several where a condition lists values.
    let ranges: [(lower: UInt128, upper: UInt128)]
    /// Conditions that the bounds express.
    let tests: Set<Int>

    /// Ways into an index that listed values may make.
    private static let rangesMax = 64

    /// What `tests` say of an index; nil when they say nothing.
    init?(_ place: Int, _ tests: [BlockTest], _ table: TableView) {
        let composite = table.layout.composites[place]
        var builders = [CompositeKeyBuilder()]
        var used: Set<Int> = []
        var fixedCount = 0
        var bounded: ColumnBounds?
        for column in composite.columns {
            let bounds = Self.bounds(column, tests)
            guard let fixed = bounds.fixed else {
                if bounds.isBounded { bounded = bounds }
                break
            }
            guard let next = Self.extended(builders, by: fixed, column) else { break }
            builders = next
            used.formUnion(bounds.tests)
            fixedCount += 1
        }
        guard fixedCount > 0 || bounded != nil else { return nil }
        let kind = composite.columns[min(fixedCount, composite.columns.count - 1)].kind
        ranges = builders.map { builder in
            guard let bounded else { return (builder.key, builder.highest) }
            return Self.range(builder, bounded, kind)
        }
        self.place = place
        self.fixedCount = fixedCount
        self.tests = used.union(bounded?.tests ?? [])
    }

    private static func extended(
        _ builders: [CompositeKeyBuilder],
        by fixed: ColumnBounds.Fixed,
        _ column: CompositeColumn
    ) -> [CompositeKeyBuilder]? {
        var builders = builders
        switch fixed {
        case .null: for place in builders.indices { builders[place].appendNull() }
        case .text(let text):
            let prefix = withExtendedLifetime(text) {
                column.collation.prefixKey128(UnsafeRawBufferPointer(text.bytes))
            }
            for place in builders.indices { builders[place].append(textPrefix: prefix) }
        case .numbers(let numbers):
            guard builders.count * numbers.count <= rangesMax else { return nil }
            builders = builders.flatMap { builder in
                numbers.map { number in
                    var builder = builder
                    if column.kind == .id { builder.append(id: number) } else { builder.append(number: number) }
                    return builder
                }
            }
        }
        return builders
    }

    private static func range(
        _ builder: CompositeKeyBuilder,
        _ bounds: ColumnBounds,
        _ kind: CompositeColumn.Kind
    ) -> (lower: UInt128, upper: UInt128) {
        // Null is no value that a bound lets through.
        var (lower, upper) = (builder.lowestValue, builder.highest)
        if let text = bounds.lowText {
            var low = builder
            low.append(textPrefix: text, isOpen: true)
            lower = max(lower, low.key)
        }
        if let text = bounds.highText {
            var high = builder
            high.append(textPrefix: text.prefix, isOpen: text.isOpen)
            upper = high.highest
        }
        if bounds.hasNumberBounds, kind == .number {
            var (low, high) = (builder, builder)
            low.append(number: bounds.low)
            high.append(number: bounds.high)
            (lower, upper) = (low.key, high.highest)
        }
        return (lower, upper)
    }

    private static func bounds(_ column: CompositeColumn, _ tests: [BlockTest]) -> ColumnBounds {
        var bounds = ColumnBounds()
        for (number, test) in tests.enumerated() {
            var fixed: ColumnBounds.Fixed?
            switch test {
            case .isNull(column.column, false): fixed = .null
            case .compareText(column.column, .equal, let text): fixed = .text(text)
            case .number(column.column, let low, let high, false):
                if low == high { fixed = .numbers([low]) }
                bounds.low = max(bounds.low, low)
                bounds.high = min(bounds.high, high)
                bounds.hasNumberBounds = true
            case .numberSet(column.column, let set, false) where set.numbers.count <= rangesMax:
                fixed = .numbers(set.numbers)
            case .codes(column.column, let accepted):
                let places = accepted.indices.filter { accepted[$0] }
                guard places.count <= rangesMax else { continue }
                fixed = .numbers(
                    column.options.isEmpty ? places.map(Int64.init) : places.map { Int64(column.options[$0]) }
                )
            case .compareText(column.column, let sign, let text):
                let prefix = withExtendedLifetime(text) {
                    column.collation.prefixKey128(UnsafeRawBufferPointer(text.bytes))
                }
                switch sign {
                case .greater, .greaterOrEqual: bounds.lowText = max(bounds.lowText ?? 0, prefix)
                case .less, .lessOrEqual:
                    if bounds.highText.map({ prefix < $0.prefix }) ?? true { bounds.highText = (prefix, false) }
                case .equal, .notEqual: continue
                }
            case .textPattern(column.column, let pattern, false):
                guard let prefix = pattern.prefixKey128 else { continue }
                bounds.lowText = max(bounds.lowText ?? 0, prefix)
                if bounds.highText.map({ prefix < $0.prefix }) ?? true { bounds.highText = (prefix, true) }
            default: continue
            }
            if let fixed {
                // A second one is tested on the rows.
                guard bounds.fixed == nil else { continue }
                bounds.fixed = fixed
                bounds.tests = [number]
            } else if bounds.fixed == nil {
                bounds.tests.insert(number)
            }
        }
        // Bounds of ids would be those of another order.
        if column.kind == .id { bounds.hasNumberBounds = false }
        return bounds
    }

    /// Rows between the bounds, at most `countMax`; nil when there are more.
    func rows(_ table: TableView, _ countMax: Int) -> [UInt32]? {
        let index = table.composite(place)
        var rows: [UInt32] = []
        for range in ranges {
            index.forEach(from: range.lower, through: range.upper) { _, row in
                rows.append(row)
                return rows.count <= countMax
            }
            if rows.count > countMax { return nil }
        }
        // Listed values may be equal in what the key has of them.
        return ranges.count == 1 ? rows.sorted() : Array(Set(rows)).sorted()
    }

    /// How EXPLAIN calls the index.
    func label(_ table: TableView) -> String { table.compositeLabel(place) }
}

extension TableView {
    /// An index over several columns.
    func composite(_ place: Int) -> OrderedIndex<UInt128> { table.composites[place] }

    /// `index byowner (ownerid, createdon)`.
    func compositeLabel(_ place: Int) -> String {
        let index = layout.composites[place].index
        return "\(index.label) (\(index.columns.map { entity.attributes[$0].name }.joined(separator: ", ")))"
    }
}

/// A walk along an index over several columns, in the order of the result.
struct CompositeWalk {
    var place: Int
    /// Columns that conditions fix.
    var fixedCount: Int
    var lower: UInt128
    var upper: UInt128
    var isDescending: Bool
    /// Columns whose order counts.
    var orderCount: Int
    /// Text columns of the order: texts that are equal under the collation come in the order of their bytes.
    var textColumns: [Int]
    /// Whether every condition is among the bounds, so that hardly a row is passed over.
    var isExact: Bool
}

extension BoundQuery {
    /// Rows that LIMIT and OFFSET ask for.
    var rowsWanted: Int {
        func count(_ bound: Bound?) -> Int? {
            if case .number(let count)? = bound?.node { Int(clamping: count) } else { nil }
        }
        let (sum, isTooMany) = (count(limit) ?? .max).addingReportingOverflow(count(offset) ?? 0)
        return isTooMany ? .max : sum
    }
}

extension BlockTest {
    /// Between which first sixteen bytes texts stand that pass; nil for other tests, and where no bound is known.
    func textBounds(_ layout: TableLayout) -> (column: Int, low: UInt128, high: UInt128)? {
        switch self {
        case .compareText(let column, let sign, let text):
            let prefix = withExtendedLifetime(text) {
                layout.collations[column].prefixKey128(UnsafeRawBufferPointer(text.bytes))
            }
            switch sign {
            case .equal: return (column, prefix, prefix)
            case .less, .lessOrEqual: return (column, .min, prefix)
            case .greater, .greaterOrEqual: return (column, prefix, .max)
            case .notEqual: return nil
            }
        case .textPattern(let column, let pattern, false):
            // A text that begins with U+0000 bounds nothing: zeros also stand for what is not known.
            guard let prefix = pattern.prefixKey128, prefix != 0 else { return nil }
            let rest = (UInt128(1) << UInt128(prefix.trailingZeroBitCount & ~7)) - 1
            return (column, prefix, prefix | rest)
        default: return nil
        }
    }
}

extension CompositeWalk {
    /// The first column that gives the order.
    func firstOrdered(_ table: TableView) -> Int { table.layout.composites[place].index.columns[fixedCount] }

    /// The index that gives the order of a query with LIMIT, whose first rows are those of `base`.
    static func best(_ query: BoundQuery, base: Int, _ tests: [BlockTest], _ table: TableView) -> CompositeWalk? {
        guard !table.layout.composites.isEmpty, !query.isGrouped, query.limit != nil, let first = query.order.first,
            query.order.allSatisfy({ $0.isDescending == first.isDescending })
        else { return nil }
        var columns: [Int] = []
        for key in query.order {
            guard case .column(base, let column) = key.expression.node else { return nil }
            columns.append(column)
        }
        return best(columns, isDescending: first.isDescending, tests, table)
    }

    /// The index that gives the rows in the order of the query, the one with the most fixed columns; nil when there is none.
    /// `columns` are those of ORDER BY.
    private static func best(
        _ columns: [Int],
        isDescending: Bool,
        _ tests: [BlockTest],
        _ table: TableView
    ) -> CompositeWalk? {
        var best: CompositeWalk?
        for place in table.layout.composites.indices {
            let own = table.layout.composites[place].index.columns
            let choice = CompositeChoice(place, tests, table)
            // Several ways in are several orders.
            let isUsable = choice?.ranges.count == 1
            let fixedCount = isUsable ? choice?.fixedCount ?? 0 : 0
            let fixed = Set(own.prefix(fixedCount))
            let wanted = columns.filter { !fixed.contains($0) }
            guard !wanted.isEmpty, own.dropFirst(fixedCount).starts(with: wanted),
                best.map({ $0.fixedCount < fixedCount }) ?? true
            else { continue }
            let range = isUsable ? choice?.ranges.first : nil
            best = CompositeWalk(
                place: place,
                fixedCount: fixedCount,
                lower: range?.lower ?? .min,
                upper: range?.upper ?? .max,
                isDescending: isDescending,
                orderCount: fixedCount + wanted.count,
                textColumns: columns.filter { table.layout.columns[$0] == .text },
                isExact: (isUsable ? choice?.tests.count ?? 0 : 0) == tests.count
            )
        }
        return best
    }
}
