// Window functions are computed behind grouping and HAVING, before DISTINCT, ORDER BY and LIMIT: they see groups where rows
// are grouped, else rows. A query with window functions that does not group keeps each row as a group of its own, with
// whatever its columns need of it as the keys, so that both go the same way from there on.

/// A window function whose expressions read slots.
struct BoundWindow: Hashable, Sendable {
    var function: WindowFunction
    var operand: Bound?
    var partition: [Bound]
    var order: [BoundOrder]
    var type: QueryType
}

extension Binder {
    mutating func bindWindow(
        _ function: WindowFunction,
        _ operand: Expression?,
        _ window: Window,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard mayUseWindows else {
            throw QueryError(
                .type,
                "a window function stands only in SELECT and ORDER BY: put the query into FROM (…) to filter by it",
                at: location
            )
        }
        mayUseWindows = false
        defer { mayUseWindows = true }
        guard window.expressions.count <= QueryLimits.keyCountMax else {
            throw QueryError(.tooComplex, "more than \(QueryLimits.keyCountMax) keys in OVER", at: location)
        }
        let value = try operand.map { operand throws(QueryError) in
            try grouped(try bind(operand, expecting: nil), at: operand.location)
        }
        var bound = BoundWindow(
            function: function,
            operand: value,
            partition: [],
            order: [],
            type: try Self.windowType(function, value?.type, at: location)
        )
        for key in window.partition {
            bound.partition.append(try grouped(try bind(key, expecting: nil), at: key.location))
        }
        for key in window.order {
            let expression = try grouped(try bind(key.expression, expecting: nil), at: key.expression.location)
            bound.order.append(BoundOrder(expression: expression, isDescending: key.isDescending))
        }
        let index = self.bound.windows.firstIndex(of: bound) ?? self.bound.windows.count
        if index == self.bound.windows.count { self.bound.windows.append(bound) }
        return Bound(.window(index), bound.type)
    }

    private static func windowType(
        _ function: WindowFunction,
        _ operand: QueryType?,
        at location: SourceLocation
    ) throws(QueryError) -> QueryType {
        let name = function.name.uppercased()
        switch function {
        case .rowNumber, .rank, .denseRank:
            guard operand == nil else { throw QueryError(.type, "\(name) has no operand", at: location) }
            return .integer
        case .aggregate(.count): return .integer
        case .lag, .lead, .aggregate(.minimum), .aggregate(.maximum):
            guard let operand else { throw QueryError(.type, "\(name) needs an operand", at: location) }
            return operand
        case .aggregate(let aggregate):
            guard let operand, operand.isNumber || operand == .null else {
                throw QueryError(
                    .type,
                    "\(name) needs numbers\(operand.map { ": this is \($0.name)" } ?? "")",
                    at: location
                )
            }
            return aggregate == .sum ? operand : .double
        }
    }

    /// The slot of an expression of single rows, where rows are kept one by one; what holds a window function is left.
    mutating func keptRow(_ expression: Bound) throws(QueryError) -> Bound {
        if expression.isConstant { return expression }
        switch expression.node {
        case .window, .parameter: return expression
        default: break
        }
        if expression.containsWindow {
            var binder = self
            let mapped = try expression.mapChildren { child throws(QueryError) in try binder.keptRow(child) }
            self = binder
            return mapped
        }
        let index = bound.groups.firstIndex(of: expression) ?? bound.groups.count
        if index == bound.groups.count { bound.groups.append(expression) }
        return Bound(.slot(index), expression.type)
    }

    /// Numbers the slots of window functions, once all group keys and aggregates are known.
    mutating func numberWindows() throws(QueryError) {
        let first = bound.groups.count + bound.aggregates.count
        guard !bound.windows.isEmpty else { return }
        for index in bound.outputs.indices {
            bound.outputs[index].expression = try Self.numbered(bound.outputs[index].expression, first)
        }
        for index in bound.order.indices {
            bound.order[index].expression = try Self.numbered(bound.order[index].expression, first)
        }
    }

    private static func numbered(_ expression: Bound, _ first: Int) throws(QueryError) -> Bound {
        if case .window(let index) = expression.node { return Bound(.slot(first + index), expression.type) }
        return try expression.mapChildren { child throws(QueryError) in try numbered(child, first) }
    }
}

extension Bound {
    var containsWindow: Bool {
        if case .window = node { return true }
        return children.contains { $0.containsWindow }
    }
}

extension Expression {
    /// Whether a window function stands anywhere inside.
    var containsWindow: Bool {
        if case .window = kind { return true }
        return children.contains { $0.containsWindow }
    }
}
