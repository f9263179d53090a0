// Indexes over several attributes in order: those that a schema declares, and those that its shared views ask for.
//
// A table has what `TableIndex.all` lists. It follows from the schema alone, so that nothing about an index of a view stands
// in any bytes: it comes and goes with the view, and a later version may choose otherwise.

/// An index that is declared: its records in the order of the first attribute, of equal ones in that of the second, and so on.
public struct RecordIndex: Hashable, Sendable {
    /// Its name, unique within the entity.
    public var name: String
    /// The attributes, each rising.
    public var attributes: [AttributeID]
}

/// An index of a table and where it comes from.
package struct TableIndex: Hashable, Sendable {
    /// How EXPLAIN calls it: `index byowner`, `the index of view Open deals`.
    package var label: String
    package var columns: [Int]
    package var isDeclared: Bool
}

extension AttributeType {
    /// Whether records can be kept in order of it together with other attributes. Long texts cannot: sixteen bytes say too
    /// little of them.
    package var isIndexable: Bool {
        switch self {
        case .text, .integer, .decimal, .money, .boolean, .option, .state, .status, .date, .instant, .lookup, .version,
            .autoNumber, .exchangeRate:
            true
        default: false
        }
    }
}

extension TableIndex {
    /// Every index of an entity's table over attributes in order: the declared ones in their order, then those of views in the
    /// order of the views' names. What another one begins with needs none of its own.
    package static func all(of entity: Entity, in schema: Schema) -> [TableIndex] {
        var indexes = entity.indexes.map { index in
            TableIndex(
                label: "index \(index.name)",
                columns: index.attributes.map { Int($0.rawValue) },
                isDeclared: true
            )
        }
        var wanted: [TableIndex] = []
        for view in schema.views where view.entity == entity.id {
            // A view that does not fit the schema any more is asked by nobody.
            guard let query = try? Query.parse(view.query), let bound = try? Binder.bind(query, schema: schema),
                // Nor has one that begins with something else columns of this table.
                case .named = bound.sources[0].origin, schema.entities[bound.sources[0].place].id == entity.id
            else { continue }
            let columns = ViewColumns(bound, entity).indexed
            guard !columns.isEmpty, !wanted.contains(where: { $0.columns == columns }) else { continue }
            wanted.append(TableIndex(label: "the index of view \(view.name)", columns: columns, isDeclared: false))
        }
        let declared = indexes
        for index in wanted where indexes.count < max(Limits.indexCountMax, declared.count) {
            let others = declared + wanted.filter { $0.columns != index.columns }
            if !others.contains(where: { $0.columns.starts(with: index.columns) }) { indexes.append(index) }
        }
        return indexes
    }
}

/// What a view asks of its entity's columns.
private struct ViewColumns {
    /// Columns that have to equal something.
    private var equal: Set<Int> = []
    /// Columns that have to lie in a range or list, as written.
    private var ranges: [Int] = []
    /// Columns that give the order; none where an index cannot give it.
    private var order: [Int] = []
    private let entity: Entity

    init(_ query: BoundQuery, _ entity: Entity) {
        self.entity = entity
        for condition in query.filter { take(condition) }
        guard !query.isGrouped, Set(query.order.map(\.isDescending)).count == 1 else { return }
        let columns = query.order.map { column($0.expression) }
        if columns.allSatisfy({ $0 != nil }) { order = columns.compactMap { $0 } }
    }

    /// What an index begins with: columns that are fixed, then those of the order or, without one, the first that is bounded.
    /// None where what the table has anyway is as good.
    var indexed: [Int] {
        var columns = equal.sorted()
        let further = order.isEmpty ? Array(ranges.prefix(1)) : order
        for column in further where !columns.contains(column) { columns.append(column) }
        columns = Array(columns.prefix(Limits.indexAttributesMax))
        guard columns.count == 1 else { return columns }
        let attribute = entity.attributes[columns[0]]
        let id = AttributeID(UInt16(columns[0]))
        if attribute.isOrdered || entity.keyIndex(of: id) != nil { return [] }
        guard further.isEmpty else { return columns }
        switch attribute.type {
        // Too few different values to lead to few records.
        case .boolean, .option, .state, .status: return []
        // Those that records keep have an index of their own.
        case .lookup: return columns[0] < SystemAttribute.count ? columns : []
        default: return columns
        }
    }

    private mutating func take(_ condition: Bound) {
        switch condition.node {
        case .and(let list): for item in list { take(item) }
        case .compare(let sign, let left, let right):
            guard let column = column(left) ?? column(right),
                left.sources.isEmpty || right.sources.isEmpty
            else { return }
            if sign == .equal { equal.insert(column) } else if sign != .notEqual { ranges.append(column) }
        case .isNull(let operand, negated: false): if let column = column(operand) { equal.insert(column) }
        case .column, .not: if let column = column(condition) { equal.insert(column) }
        case .isIn(let operand, let list, negated: false):
            if let column = column(operand), list.allSatisfy(\.sources.isEmpty) { ranges.append(column) }
        case .during(let operand, _, _, _, negated: false): if let column = column(operand) { ranges.append(column) }
        default: break
        }
    }

    /// The column of the view's own records that an expression is, or is the label or the opposite of.
    private func column(_ expression: Bound) -> Int? {
        switch expression.node {
        case .column(0, let column) where entity.attributes[column].type.isIndexable: column
        case .label(let operand), .not(let operand): column(operand)
        default: nil
        }
    }
}
