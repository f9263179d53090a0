// The binary form of a query tree, for the wire and for stored views.
//
//   u8 version (1)   u8 flags: 1 explain, 2 distinct, 4 filter, 8 group filter, 16 limit, 32 offset, 64 named, 128 more
//   [u8 more flags: 1 unions, 2 sources that are queries]
//   u16 columns      each: u8 0 expression, u8 hasAlias [text] | 1 all, location, u8 hasSource [text]
//   source           text entity, text alias, location
//   u8 joins         each: u8 kind, source, expression
//   [filter]  u8 groups, expressions  [group filter]  u8 orders: u8 descending, expression  [limit] [offset]
//   [u8 named, each: text, location, query]  [u16 unions, queries]  [u8 sources, each: u8 number from 0, query]
//
// location = u32 line, u32 column. text = u32 length, UTF-8. An expression is a tag, a location, and what the tag needs,
// operands behind it; lists begin with a u32 count; a query inside has this form again. Nesting is bounded by `QueryLimits.depthMax`, nodes by `nodeCountMax`.

extension Query {
    /// Appends the tree.
    public func encode(into writer: inout ByteWriter) {
        writer.u8(1)
        var flags: UInt8 = isExplain ? 1 : 0
        if isDistinct { flags |= 2 }
        if filter != nil { flags |= 4 }
        if groupFilter != nil { flags |= 8 }
        if limit != nil { flags |= 16 }
        if offset != nil { flags |= 32 }
        let hasQuerySources = hasQuerySources
        if !named.isEmpty { flags |= 64 }
        if !unions.isEmpty || hasQuerySources { flags |= 128 }
        writer.u8(flags)
        if flags & 128 != 0 { writer.u8((unions.isEmpty ? 0 : 1) | (hasQuerySources ? 2 : 0)) }
        writer.u16(UInt16(truncatingIfNeeded: columns.count))
        for column in columns {
            switch column {
            case .expression(let expression, let alias):
                writer.u8(0)
                expression.encode(into: &writer)
                writer.optional(alias)
            case .all(let source, let location):
                writer.u8(1)
                writer.location(location)
                writer.optional(source)
            }
        }
        source.encode(into: &writer)
        writer.u8(UInt8(truncatingIfNeeded: joins.count))
        for join in joins {
            writer.u8(join.kind.rawValue)
            join.source.encode(into: &writer)
            join.condition.encode(into: &writer)
        }
        filter?.encode(into: &writer)
        writer.u8(UInt8(truncatingIfNeeded: groups.count))
        for group in groups { group.encode(into: &writer) }
        groupFilter?.encode(into: &writer)
        writer.u8(UInt8(truncatingIfNeeded: order.count))
        for key in order {
            writer.u8(key.isDescending ? 1 : 0)
            key.expression.encode(into: &writer)
        }
        limit?.encode(into: &writer)
        offset?.encode(into: &writer)
        encodeInnerQueries(into: &writer)
    }

    /// Reads a tree; every count and depth is checked before anything is made of it.
    public init(from reader: inout ByteReader) throws(DecodeError) {
        var decoder = QueryDecoder(reader: reader)
        self = try decoder.query()
        reader = decoder.reader
    }
}

extension ByteWriter {
    mutating func location(_ location: SourceLocation) {
        u32(location.line)
        u32(location.column)
    }

    fileprivate mutating func optional(_ text: String?) {
        u8(text == nil ? 0 : 1)
        if let text { self.text(text) }
    }

    fileprivate mutating func optional(_ expression: Expression?) {
        u8(expression == nil ? 0 : 1)
        expression?.encode(into: &self)
    }

    mutating func list(_ expressions: [Expression]) {
        u32(UInt32(truncatingIfNeeded: expressions.count))
        for expression in expressions { expression.encode(into: &self) }
    }
}

extension Query.Source {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.text(entity)
        writer.text(alias)
        writer.location(location)
    }
}

private enum ExpressionTag: UInt8 {
    case literal = 1
    case name, parameter, negate, arithmetic, compare, and, or, not, isNull, isIn, between, like, aggregate
    case caseWhen = 15
    case during, inTree, contains, function
    case exists = 20
    case inQuery, scalarQuery, window
}

extension Expression {
    func encode(into writer: inout ByteWriter) {
        func begin(_ tag: ExpressionTag) {
            writer.u8(tag.rawValue)
            writer.location(location)
        }
        switch kind {
        case .literal(let value):
            begin(.literal)
            value.encode(into: &writer)
        case .name(let parts):
            begin(.name)
            writer.u8(UInt8(truncatingIfNeeded: parts.count))
            for part in parts { writer.text(part) }
        case .parameter(let index, let name):
            begin(.parameter)
            writer.u32(UInt32(truncatingIfNeeded: index))
            writer.text(name)
        case .negate(let operand):
            begin(.negate)
            operand.encode(into: &writer)
        case .arithmetic(let sign, let left, let right):
            begin(.arithmetic)
            writer.u8(sign.rawValue)
            left.encode(into: &writer)
            right.encode(into: &writer)
        case .compare(let sign, let left, let right):
            begin(.compare)
            writer.u8(sign.rawValue)
            left.encode(into: &writer)
            right.encode(into: &writer)
        case .and(let list):
            begin(.and)
            writer.list(list)
        case .or(let list):
            begin(.or)
            writer.list(list)
        case .not(let operand):
            begin(.not)
            operand.encode(into: &writer)
        case .isNull(let operand, let negated):
            begin(.isNull)
            writer.u8(negated ? 1 : 0)
            operand.encode(into: &writer)
        case .isIn(let operand, let list, let negated):
            begin(.isIn)
            writer.u8(negated ? 1 : 0)
            operand.encode(into: &writer)
            writer.list(list)
        case .between(let operand, let low, let high, let negated):
            begin(.between)
            writer.u8(negated ? 1 : 0)
            operand.encode(into: &writer)
            low.encode(into: &writer)
            high.encode(into: &writer)
        case .like(let operand, let pattern, let escape, let negated):
            begin(.like)
            writer.u8(negated ? 1 : 0)
            writer.optional(escape)
            operand.encode(into: &writer)
            pattern.encode(into: &writer)
        case .contains(let operand, let list, let all, let negated):
            begin(.contains)
            writer.u8((negated ? 1 : 0) | (all ? 2 : 0))
            operand.encode(into: &writer)
            writer.list(list)
        case .aggregate(let function, let operand, let distinct):
            begin(.aggregate)
            writer.u8(function.rawValue)
            writer.u8(distinct ? 1 : 0)
            writer.u8(operand == nil ? 0 : 1)
            operand?.encode(into: &writer)
        case .function(let function, let operands):
            begin(.function)
            writer.u8(function.rawValue)
            writer.list(operands)
        case .caseWhen(let operand, let branches, let otherwise):
            begin(.caseWhen)
            writer.optional(operand)
            writer.u32(UInt32(truncatingIfNeeded: branches.count))
            for branch in branches {
                branch.condition.encode(into: &writer)
                branch.result.encode(into: &writer)
            }
            writer.optional(otherwise)
        case .exists(let query, let negated):
            begin(.exists)
            writer.u8(negated ? 1 : 0)
            query.encode(into: &writer)
        case .inQuery(let operand, let query, let negated):
            begin(.inQuery)
            writer.u8(negated ? 1 : 0)
            operand.encode(into: &writer)
            query.encode(into: &writer)
        case .scalarQuery(let query):
            begin(.scalarQuery)
            query.encode(into: &writer)
        case .during(let operand, let period, let negated):
            begin(.during)
            writer.u8(negated ? 1 : 0)
            writer.u8(period.kind.rawValue)
            writer.u8(period.unit.rawValue)
            operand.encode(into: &writer)
            writer.list(period.operands)
        case .inTree(let operand, let direction, let root, let orEqual, let negated):
            begin(.inTree)
            writer.u8(negated ? 1 : 0)
            writer.u8(direction.rawValue)
            writer.u8(orEqual ? 1 : 0)
            operand.encode(into: &writer)
            root.encode(into: &writer)
        case .window(let function, let operand, let window):
            begin(.window)
            writer.window(function, window)
            writer.optional(operand)
        }
    }
}

/// Reads a tree, counting its nodes and its depth.
struct QueryDecoder {
    var reader: ByteReader
    private var nodeCount = 0
    /// Queries around the one that is being read, and the depth of the expression that it stands in.
    private var queryDepth = 0
    private var depthOutside = 0

    init(reader: ByteReader) { self.reader = reader }

    mutating func flag() throws(DecodeError) -> Bool {
        let start = reader.offset
        let byte = try reader.u8()
        guard byte <= 1 else { throw DecodeError("a flag is neither 0 nor 1", at: start) }
        return byte == 1
    }

    mutating func name() throws(DecodeError) -> String {
        try reader.text(lengthBytesMax: QueryLimits.nameBytesMax)
    }

    private mutating func optionalName() throws(DecodeError) -> String? { try flag() ? try name() : nil }

    mutating func location() throws(DecodeError) -> SourceLocation {
        SourceLocation(line: try reader.u32(), column: try reader.u32())
    }

    private mutating func source() throws(DecodeError) -> Query.Source {
        let entity = try name()
        let alias = try name()
        return Query.Source(entity, as: alias, at: try location())
    }

    mutating func code<T: RawRepresentable>(_ type: T.Type, _ what: String) throws(DecodeError) -> T
    where T.RawValue == UInt8 {
        let start = reader.offset
        guard let value = T(rawValue: try reader.u8()) else { throw DecodeError("unknown \(what)", at: start) }
        return value
    }

    mutating func query() throws(DecodeError) -> Query {
        let start = reader.offset
        let version = try reader.u8()
        guard version == 1 else { throw DecodeError("query tree of version \(version)", at: start) }
        let flags = try reader.u8()
        let more = flags & 128 == 0 ? 0 : try reader.u8()
        guard more < 4 else { throw DecodeError("unknown flags \(more) of a query", at: start) }
        var columns: [Query.Column] = []
        for _ in 0..<Int(try reader.u16()) {
            if try flag() {
                let location = try location()
                columns.append(.all(of: try optionalName(), location))
            } else {
                let expression = try expression()
                columns.append(.expression(expression, alias: try optionalName()))
            }
        }
        guard columns.count <= QueryLimits.columnCountMax else { throw DecodeError("too many columns", at: start) }
        var query = Query(columns, from: try source())
        query.isExplain = flags & 1 != 0
        query.isDistinct = flags & 2 != 0
        let joinCount = Int(try reader.u8())
        guard joinCount < QueryLimits.sourceCountMax else { throw DecodeError("too many joins", at: start) }
        for _ in 0..<joinCount {
            let kind = try code(Query.JoinKind.self, "kind of join")
            let source = try source()
            query.joins.append(Query.Join(kind, source, on: try expression()))
        }
        if flags & 4 != 0 { query.filter = try expression() }
        let groupCount = Int(try reader.u8())
        guard groupCount <= QueryLimits.keyCountMax else { throw DecodeError("too many group keys", at: start) }
        for _ in 0..<groupCount { query.groups.append(try expression()) }
        if flags & 8 != 0 { query.groupFilter = try expression() }
        let orderCount = Int(try reader.u8())
        guard orderCount <= QueryLimits.keyCountMax else { throw DecodeError("too many sort keys", at: start) }
        for _ in 0..<orderCount {
            let isDescending = try flag()
            query.order.append(Query.Order(try expression(), descending: isDescending))
        }
        if flags & 16 != 0 { query.limit = try expression() }
        if flags & 32 != 0 { query.offset = try expression() }
        try innerQueries(&query, hasNamed: flags & 64 != 0, hasUnions: more & 1 != 0, hasSources: more & 2 != 0)
        return query
    }

    mutating func list(_ depth: Int) throws(DecodeError) -> [Expression] {
        let start = reader.offset
        let count = Int(try reader.u32())
        // Each node is at least nine bytes, so a count beyond the bytes is a lie: no room is made for it.
        guard count <= QueryLimits.nodeCountMax, count <= reader.remaining / 9 else {
            throw DecodeError("list of \(count) expressions", at: start)
        }
        var result: [Expression] = []
        result.reserveCapacity(count)
        for _ in 0..<count { result.append(try expression(depth + 1)) }
        return result
    }

    /// A query inside an expression; depths go on counting, so that nesting cannot multiply them.
    mutating func subquery() throws(DecodeError) -> Query { try subquery(depthOutside) }

    private mutating func subquery(_ depth: Int) throws(DecodeError) -> Query {
        guard queryDepth < QueryLimits.queryDepthMax else {
            throw DecodeError("queries are nested too deep", at: reader.offset)
        }
        let outside = depthOutside
        queryDepth += 1
        depthOutside = depth + 1
        defer {
            queryDepth -= 1
            depthOutside = outside
        }
        return try query()
    }

    private mutating func expression() throws(DecodeError) -> Expression { try expression(depthOutside) }

    mutating func expression(_ depth: Int) throws(DecodeError) -> Expression {
        let start = reader.offset
        nodeCount += 1
        guard depth <= QueryLimits.depthMax, nodeCount <= QueryLimits.nodeCountMax else {
            throw DecodeError("the query is too deep or has too many parts", at: start)
        }
        let tag = try code(ExpressionTag.self, "tag of an expression")
        let location = try location()
        return Expression(try kind(tag, depth, start), at: location)
    }

    private mutating func kind(_ tag: ExpressionTag, _ depth: Int, _ start: Int) throws(DecodeError) -> Expression.Kind
    {
        switch tag {
        case .literal:
            return .literal(try Value(from: &reader))
        case .name:
            let count = Int(try reader.u8())
            guard count >= 1, count <= QueryLimits.pathPartsMax else {
                throw DecodeError("path of \(count) parts", at: start)
            }
            var parts: [String] = []
            for _ in 0..<count { parts.append(try name()) }
            return .name(parts)
        case .parameter:
            let index = Int(try reader.u32())
            guard index < QueryLimits.parameterCountMax else { throw DecodeError("parameter \(index)", at: start) }
            return .parameter(index, name: try name())
        case .negate:
            return .negate(try expression(depth + 1))
        case .arithmetic:
            let sign = try code(ArithmeticOperator.self, "arithmetic operator")
            let left = try expression(depth + 1)
            return .arithmetic(sign, left, try expression(depth + 1))
        case .compare:
            let sign = try code(ComparisonOperator.self, "comparison")
            let left = try expression(depth + 1)
            return .compare(sign, left, try expression(depth + 1))
        case .and:
            return .and(try list(depth))
        case .or:
            return .or(try list(depth))
        case .not:
            return .not(try expression(depth + 1))
        case .isNull:
            let negated = try flag()
            return .isNull(try expression(depth + 1), negated: negated)
        case .isIn:
            let negated = try flag()
            let operand = try expression(depth + 1)
            return .isIn(operand, try list(depth), negated: negated)
        case .between:
            let negated = try flag()
            let operand = try expression(depth + 1)
            let low = try expression(depth + 1)
            return .between(operand, low, try expression(depth + 1), negated: negated)
        case .like:
            let negated = try flag()
            let escape = try optionalName()
            let operand = try expression(depth + 1)
            return .like(operand, try expression(depth + 1), escape: escape, negated: negated)
        case .contains:
            let flags = try reader.u8()
            guard flags <= 3 else { throw DecodeError("unknown flags of a condition", at: start) }
            let operand = try expression(depth + 1)
            return .contains(operand, try list(depth), all: flags & 2 != 0, negated: flags & 1 != 0)
        case .aggregate:
            let function = try code(AggregateFunction.self, "aggregate")
            let distinct = try flag()
            return .aggregate(function, try flag() ? try expression(depth + 1) : nil, distinct: distinct)
        case .function:
            let function = try code(ScalarFunction.self, "function")
            return .function(function, try list(depth))
        case .caseWhen:
            let operand = try flag() ? try expression(depth + 1) : nil
            let count = Int(try reader.u32())
            // As for lists; a branch has two nodes.
            guard count <= QueryLimits.nodeCountMax, count <= reader.remaining / 18 else {
                throw DecodeError("CASE with \(count) branches", at: start)
            }
            var branches: [CaseBranch] = []
            for _ in 0..<count {
                let condition = try expression(depth + 1)
                branches.append(CaseBranch(when: condition, then: try expression(depth + 1)))
            }
            return .caseWhen(operand, branches, otherwise: try flag() ? try expression(depth + 1) : nil)
        case .exists:
            let negated = try flag()
            return .exists(try subquery(depth), negated: negated)
        case .inQuery:
            let negated = try flag()
            let operand = try expression(depth + 1)
            return .inQuery(operand, try subquery(depth), negated: negated)
        case .scalarQuery:
            return .scalarQuery(try subquery(depth))
        case .during:
            let negated = try flag()
            let kind = try code(Period.Kind.self, "period")
            let unit = try code(CalendarUnit.self, "unit of time")
            let operand = try expression(depth + 1)
            return .during(operand, Period(kind, unit, try list(depth)), negated: negated)
        case .inTree:
            let negated = try flag()
            let direction = try code(TreeDirection.self, "direction in a tree")
            let orEqual = try flag()
            let operand = try expression(depth + 1)
            return .inTree(
                operand,
                direction,
                root: try expression(depth + 1),
                orEqual: orEqual,
                negated: negated
            )
        case .window:
            let (function, window) = try window(depth + 1)
            return .window(function, try flag() ? try expression(depth + 1) : nil, window)
        }
    }
}
