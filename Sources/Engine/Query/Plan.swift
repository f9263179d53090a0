// Decides, for one specialised query on one view, which source rows are found in and how, in which order the others join,
// and where each condition is tested: as early as its sources are known.
//
// Inner joins may be reordered: if every other source can be reached by following lookups from some source, that source is
// scanned and the joins become array look-ups. Left joins keep the order in which they were written.

/// How the rows of the first source are found.
enum Access {
    /// All blocks, cut by zone maps.
    case scan
    /// A list of candidates from an index, in row order.
    case rows([UInt32], index: String)
    /// An ordered index, in the order of the result.
    case ordered(column: Int, descending: Bool, lower: Int64, upper: Int64)
    /// For each row of the query outside, those that go with it.
    case lateral(LateralAccess)
    /// An index over several columns, in the order of the result.
    case composite(CompositeWalk)

    /// Whether rows come in the order of the result.
    var isOrdered: Bool {
        switch self {
        case .ordered, .composite: true
        default: false
        }
    }
}

/// How the partners of a row are found.
enum JoinMethod {
    /// The record with this id.
    case record(Bound)
    /// The records whose lookup `column` refers to the row of `parent`.
    case children(parent: Int, column: Int, target: Int)
    /// The rows of the source whose keys have the same hash; with no keys all rows.
    case table(left: [Bound], right: [Bound])
}

struct JoinStage {
    var source: Int
    var isLeft: Bool
    var method: JoinMethod
    /// What partners must satisfy; for inner joins this is part of the filter behind it.
    var conditions: [Bound]
}

enum Stage {
    case filter([Bound])
    case join(JoinStage)
}

struct Plan {
    /// The source whose rows come first.
    var base = 0
    /// Conditions tested on blocks of the base.
    var tests: [BlockTest] = []
    var access = Access.scan
    var stages: [Stage] = []
    /// Whether rows leave the stages in the order in which the base gives them.
    var keepsOrder = true

    init(_ query: BoundQuery, tables: [SourceTable], view: View, isLateral: Bool = false) {
        var planner = Planner(query: query, tables: tables, view: view, isLateral: isLateral)
        self = planner.make()
    }

    fileprivate init() {}
}

struct Planner {
    let query: BoundQuery
    let tables: [SourceTable]
    let view: View
    let isLateral: Bool
    private var schema: Schema { view.schema }
    /// Per source the named source at the start of its path.
    private var roots: [Int] = []
    private var plan = Plan()

    init(query: BoundQuery, tables: [SourceTable], view: View, isLateral: Bool) {
        self.query = query
        self.tables = tables
        self.view = view
        self.isLateral = isLateral
        for (index, source) in query.sources.enumerated() {
            // A path's source is made after the one that it starts from.
            if case .path(let parent, _) = source.origin { roots.append(roots[parent]) } else { roots.append(index) }
        }
    }

    private func rootSet(_ expression: Bound) -> SourceSet {
        let sources = expression.sources
        return roots.indices.reduce(into: SourceSet()) { if sources.contains($1) { $0.insert(roots[$1]) } }
    }

    mutating func make() -> Plan {
        let hasLeft = query.joins.contains { $0.kind == .left }
        var open = query.filter
        for join in query.joins where join.kind == .inner { open += join.conditions }
        plan.base = hasLeft ? 0 : chooseBase(open)
        if isLateral { chooseLateral(&open, hasLeft ? [0] : Array(0..<query.namedCount)) }

        var known = SourceSet(plan.base)
        take(&open, known)
        var rest = query.joins.map { ($0.source, $0) }
        if !hasLeft, plan.base != 0 {
            // Source 0 has no join of its own: it takes the place of the one that became the base.
            rest.removeAll { $0.0 == plan.base }
            rest.insert((0, BoundJoin(kind: .inner, source: 0, conditions: [])), at: 0)
        }
        while !rest.isEmpty {
            let next = hasLeft ? 0 : nextJoin(rest.map(\.0), open, known)
            let (source, join) = rest.remove(at: next)
            let conditions = join.kind == .left ? join.conditions : open
            let method = method(for: source, conditions, known)
            plan.stages.append(
                .join(
                    JoinStage(
                        source: source,
                        isLeft: join.kind == .left,
                        method: method,
                        conditions: join.kind == .left ? remaining(conditions, method, source) : []
                    )
                )
            )
            if join.kind == .left, case .record = method {} else if join.kind == .left { plan.keepsOrder = false }
            known.insert(source)
            if join.kind == .inner { open = remaining(open, method, source) }
            take(&open, known)
        }
        if !isLateral { plan.access = chooseAccess() }
        return plan
    }

    /// Moves the conditions that can be tested now from `open` to the tests of the base or to a stage.
    private mutating func take(_ open: inout [Bound], _ known: SourceSet) {
        var conditions: [Bound] = []
        var later: [Bound] = []
        for condition in open {
            if !rootSet(condition).isSubset(of: known) {
                later.append(condition)
            } else if plan.stages.isEmpty, tables[plan.base].derived == nil,
                let test = BlockTest(condition, source: plan.base, table: tables[plan.base].table, schema: schema)
            {
                plan.tests.append(test)
            } else {
                conditions.append(condition)
            }
        }
        if !conditions.isEmpty { plan.stages.append(.filter(conditions)) }
        open = later
    }

    // MARK: Joins

    private func isIdentifier(_ expression: Bound, of source: Int) -> Bool {
        expression.node == .column(source: source, column: Int(SystemAttribute.identifier.rawValue))
    }

    /// The operands of an equality of which the first belongs to `source` and the second to known sources.
    private func equality(_ condition: Bound, _ source: Int, _ known: SourceSet) -> (own: Bound, other: Bound)? {
        guard case .compare(.equal, let left, let right) = condition.node else { return nil }
        let own = SourceSet(source)
        for (a, b) in [(left, right), (right, left)] {
            let roots = rootSet(a)
            guard !roots.isEmpty, roots.isSubset(of: own), rootSet(b).isSubset(of: known) else { continue }
            // What is read of the row outside changes, and a hash table is made once.
            if !a.readsOuter { return (a, b) }
        }
        return nil
    }

    /// The source that the row outside leads to most cheaply, and how; of equals the first. A condition that the way itself
    /// settles is taken out.
    private mutating func chooseLateral(_ conditions: inout [Bound], _ sources: [Int]) {
        var best: (cost: Int, base: Int, access: LateralAccess) = (3, plan.base, .table(own: [], outer: []))
        var settled: Int?
        for source in sources {
            var keys: [(own: Bound, other: Bound)] = []
            for (index, condition) in conditions.enumerated() {
                guard let pair = equality(condition, source, SourceSet()), pair.other.readsOuter else { continue }
                if let pair = Self.hashed(pair.own, pair.other) { keys.append(pair) }
                guard pair.other.type == .id, case .column(source, let column) = pair.own.node else { continue }
                if isIdentifier(pair.own, of: source), best.cost > 0 {
                    best = (0, source, .record(pair.other))
                    settled = index
                } else if best.cost > 1, tables[source].table.link(column) != nil {
                    best = (1, source, .children(column: column, pair.other))
                    settled = index
                }
            }
            if !keys.isEmpty, best.cost > 2 {
                best = (2, source, .table(own: keys.map(\.own), outer: keys.map(\.other)))
            }
        }
        if let settled { conditions.remove(at: settled) }
        plan.base = best.base
        plan.access = .lateral(best.access)
    }

    /// The operands of an equality as they are hashed: texts under the collation that they are compared under. Nil where hashes do
    /// not agree with equality: they do between values of one form.
    static func hashed(_ own: Bound, _ other: Bound) -> (own: Bound, other: Bound)? {
        let (a, b) = (own.type, other.type)
        if a.isText, b.isText {
            let common = QueryType.texts([a, b])
            return (Bound(own.node, common), Bound(other.node, common))
        }
        return a != .double && b != .double && a.scale == b.scale && a != .null && b != .null ? (own, other) : nil
    }

    private func method(for source: Int, _ conditions: [Bound], _ known: SourceSet) -> JoinMethod {
        let equalities = conditions.compactMap { equality($0, source, known) }
        for pair in equalities where isIdentifier(pair.own, of: source) && pair.other.type == .id {
            return .record(pair.other)
        }
        for pair in equalities {
            guard case .column(source, let column) = pair.own.node, case .column(let parent, _) = pair.other.node,
                isIdentifier(pair.other, of: parent),
                let target = tables[source].table.linkTarget(
                    column,
                    schema.entities[query.sources[parent].place].id
                )
            else { continue }
            return .children(parent: parent, column: column, target: target)
        }
        let keys = equalities.compactMap { Self.hashed($0.own, $0.other) }
        return .table(left: keys.map(\.other), right: keys.map(\.own))
    }

    /// Conditions that the method has not settled: all but the equality with the record's id or lookup.
    private func remaining(_ conditions: [Bound], _ method: JoinMethod, _ source: Int) -> [Bound] {
        conditions.filter { condition in
            guard case .compare(.equal, let left, let right) = condition.node else { return true }
            switch method {
            case .record(let id):
                return !(isIdentifier(left, of: source) && right == id || isIdentifier(right, of: source) && left == id)
            case .children(let parent, let column, _):
                let own = Bound.Node.column(source: source, column: column)
                return
                    !(left.node == own && isIdentifier(right, of: parent)
                    || right.node == own && isIdentifier(left, of: parent))
            case .table: return true
            }
        }
    }

    /// Of the sources that can join next, the one with the cheapest method; of equals the first written.
    private func nextJoin(_ sources: [Int], _ conditions: [Bound], _ known: SourceSet) -> Int {
        let costs = sources.map { source in
            switch method(for: source, conditions, known) {
            case .record: 0
            case .children: 1
            case .table(let left, _): left.isEmpty ? 3 : 2
            }
        }
        return costs.indices.min { costs[$0] < costs[$1] } ?? 0
    }

    /// The source from which all others are reached by following lookups, unless the first one is found by an index.
    private func chooseBase(_ conditions: [Bound]) -> Int {
        guard query.namedCount > 1 else { return 0 }
        let own =
            tables[0].derived != nil
            ? []
            : conditions.filter { rootSet($0) == SourceSet(0) }
                .compactMap { BlockTest($0, source: 0, table: tables[0].table, schema: schema) }
        if case .rows = IndexChooser(tests: own, table: tables[0].table, view: view).access() { return 0 }
        for base in 0..<query.namedCount {
            var known = SourceSet(base)
            var rest = (0..<query.namedCount).filter { $0 != base }
            while let next = rest.firstIndex(where: { source in
                if case .record = method(for: source, conditions, known) { true } else { false }
            }) {
                known.insert(rest.remove(at: next))
            }
            if rest.isEmpty { return base }
        }
        return 0
    }

    // MARK: Access

    private func chooseAccess() -> Access {
        let table = tables[plan.base].table
        let access = IndexChooser(tests: plan.tests, table: table, view: view).access()
        let walk = plan.keepsOrder ? CompositeWalk.best(query, base: plan.base, plan.tests, table) : nil
        if case .rows(let rows, _) = access {
            // Of many candidates only the first of the order are wanted.
            guard let walk, walk.isExact, plan.stages.isEmpty, query.rowsWanted < rows.count else { return access }
            return .composite(walk)
        }
        if let walk, walk.fixedCount > 0 || table.order(walk.firstOrdered(table)) == nil { return .composite(walk) }
        guard !query.isGrouped, query.limit != nil, query.order.count == 1, plan.keepsOrder,
            case .column(plan.base, let column) = query.order[0].expression.node, table.order(column) != nil,
            // Options are indexed by place, and sorted by number.
            table.layout.optionValues[column].isEmpty
        else { return walk.map { .composite($0) } ?? access }
        var (lower, upper) = (Int64.min, Int64.max)
        for case .number(column, let low, let high, false) in plan.tests {
            lower = max(lower, low)
            upper = min(upper, high)
        }
        return .ordered(column: column, descending: query.order[0].isDescending, lower: lower, upper: upper)
    }
}

/// Looks for an index that leads to few rows.
struct IndexChooser {
    let tests: [BlockTest]
    let table: TableView
    let view: View

    /// Fewer candidates than this share of the rows are fetched one by one; more are found faster by a scan, which looks at
    /// about fifty rows in the time of one cache miss.
    private static let scanRowsPerFetch = 64
    private static let fetchedRowsMin = 256

    /// Fewer rows than this are not worth looking for a better index.
    private static let fetchedRowsFew = 16

    func access() -> Access {
        let rowsMax = max(Self.fetchedRowsMin, table.rowCount / Self.scanRowsPerFetch)
        var best = singleAccess(rowsMax)
        var countMax = rowsMax
        if case .rows(let rows, _) = best { countMax = rows.count - 1 }
        for place in table.layout.composites.indices where countMax >= Self.fetchedRowsFew {
            guard let choice = CompositeChoice(place, tests, table), let rows = choice.rows(table, countMax) else {
                continue
            }
            best = .rows(rows, index: table.compositeLabel(place))
            countMax = rows.count - 1
        }
        return best
    }

    /// What the record id, keys and the indexes of single columns lead to.
    private func singleAccess(_ rowsMax: Int) -> Access {
        let entity = table.entity
        for test in tests {
            switch test {
            case .number(let column, let low, let high, false) where low == high:
                if let rows = rows(column, [low], rowsMax) { return rows }
            case .numberSet(let column, let set, false) where set.numbers.count <= rowsMax:
                if let rows = rows(column, set.numbers, rowsMax) { return rows }
            case .compareText(let column, .equal, let text):
                guard let key = entity.keyIndex(of: AttributeID(UInt16(column))) else { continue }
                let row = table.find(key: key, text: UnsafeRawBufferPointer(text.bytes))
                return .rows(row.map { [$0] } ?? [], index: "key \(entity.keys[key].name)")
            default: continue
            }
        }
        for case .number(let column, let low, let high, false) in tests {
            guard case .number(let index)? = table.order(column) else { continue }
            var rows: [UInt32] = []
            index.forEach(from: ColumnOrder.key(low), through: ColumnOrder.key(high)) { _, row in
                rows.append(row)
                return rows.count <= rowsMax
            }
            if rows.count <= rowsMax {
                return .rows(rows.sorted(), index: "ordered index on \(entity.attributes[column].name)")
            }
        }
        for test in tests {
            guard let (column, low, high) = test.textBounds(table.layout), case .text(let index)? = table.order(column)
            else {
                continue
            }
            var rows: [UInt32] = []
            index.forEach(from: low, through: high) { _, row in
                rows.append(row)
                return rows.count <= rowsMax
            }
            if rows.count <= rowsMax {
                return .rows(rows.sorted(), index: "ordered index on \(entity.attributes[column].name)")
            }
        }
        return .scan
    }

    /// Rows whose column has one of the values, when an index knows them and they are few.
    private func rows(_ column: Int, _ values: [Int64], _ rowsMax: Int) -> Access? {
        let attribute = AttributeID(UInt16(column))
        var rows: [UInt32] = []
        if attribute == SystemAttribute.identifier {
            for value in values {
                let row = table.row(of: RecordID(rawValue: UInt64(bitPattern: value)))
                if row != Table.noRow { rows.append(row) }
            }
            return .rows(rows.sorted(), index: "record id")
        }
        if let key = table.entity.keyIndex(of: attribute), table.layout.columns[column] != .text {
            for value in values { if let row = table.find(key: key, number: value) { rows.append(row) } }
            return .rows(rows.sorted(), index: "key \(table.entity.keys[key].name)")
        }
        guard table.layout.columns[column] == .id, let link = table.link(column) else { return nil }
        for value in values {
            let id = RecordID(rawValue: UInt64(bitPattern: value))
            guard let target = table.linkTarget(column, id.entity), let place = view.schema.place(of: id.entity) else {
                continue
            }
            let targetRow = view.table(place).row(of: id)
            if targetRow == Table.noRow { continue }
            var row = link.first(target: target, targetRow: targetRow)
            while row != LinkIndex.none {
                rows.append(row)
                if rows.count > rowsMax { return nil }
                row = link.next(after: row)
            }
        }
        return .rows(rows.sorted(), index: "lookup index on \(table.entity.attributes[column].name)")
    }

}
