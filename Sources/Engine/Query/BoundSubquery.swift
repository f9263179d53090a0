/// A query inside an expression. It reads values of the row outside as `.outer(i)`: operand i of the expression that it
/// stands in. Immutable; the executor knows it by its identity.
final class BoundSubquery: Hashable, Sendable {
    /// What is asked of the query.
    enum Form: Hashable, Sendable {
        /// The value of its only row.
        case scalar
        /// Whether it has a row.
        case exists(negated: Bool)
        /// Whether the last operand is among its values.
        case isIn(negated: Bool)
    }

    /// What has to be known about the rows of the query.
    enum Shape {
        /// One group of all rows.
        case aggregate
        /// The rows that pass the filter, in any order.
        case rows
        /// Anything else: groups, distinct or ordered rows, a part of the rows.
        case other
    }

    let query: BoundQuery
    let form: Form

    init(_ query: BoundQuery, _ form: Form) {
        self.query = query
        self.form = form
    }

    var shape: Shape {
        guard query.limit == nil, query.offset == nil, !query.isDistinct, query.windows.isEmpty else { return .other }
        if !query.isGrouped { return .rows }
        guard query.groups.isEmpty, query.groupFilter.isEmpty, form == .scalar else { return .other }
        return .aggregate
    }

    /// The test that is true where this one is false; nil for a value.
    var negated: BoundSubquery? {
        switch form {
        case .scalar: nil
        case .exists(let negated): BoundSubquery(query, .exists(negated: !negated))
        case .isIn(let negated): BoundSubquery(query, .isIn(negated: !negated))
        }
    }

    /// How many of the operands the query itself reads.
    func outerCount(operands: Int) -> Int {
        if case .isIn = form { return operands - 1 }
        return operands
    }

    static func == (a: BoundSubquery, b: BoundSubquery) -> Bool { a === b || a.form == b.form && a.query == b.query }

    func hash(into hasher: inout Hasher) {
        hasher.combine(form)
        hasher.combine(query)
    }
}

extension Bound {
    /// Whether a value of the row outside is read.
    var readsOuter: Bool {
        if case .outer = node { return true }
        return children.contains { $0.readsOuter }
    }
}
