// DURING, UNDER and ABOVE. What stands behind them is the same for every row.

extension Binder {
    mutating func bindDuring(
        _ operand: Expression,
        _ period: Period,
        _ negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        guard period.operands.count == period.kind.operandCount else {
            throw QueryError(.syntax, "a period has a wrong number of operands", at: location)
        }
        let value = try bind(operand, expecting: Self.isUntyped(operand) ? dateType(operand, false) : nil)
        guard value.type == .date || value.type == .instant || value.type == .null else {
            throw QueryError(.type, "DURING needs a date or a moment, not \(value.type.name)", at: operand.location)
        }
        if value.type == .date, period.unit.clockMicroseconds != nil {
            throw QueryError(.type, "a date has no \(period.unit): count days or more", at: location)
        }
        let wanted: QueryType = period.kind.takesDate ? .date : .integer
        var operands: [Bound] = []
        for operand in period.operands {
            var bound = try bind(operand, expecting: wanted)
            if bound.type == .instant, wanted == .date { bound = Bound(.function(.castDate, [bound]), .date) }
            guard bound.type == wanted, bound.sources.isEmpty else {
                let what = wanted == .date ? "a date" : "a whole number"
                throw QueryError(
                    .type,
                    "DURING needs \(what) here that is the same for every row",
                    at: operand.location
                )
            }
            operands.append(bound)
        }
        if value.type == .null { return Bound(.null, .boolean) }
        // A period of any year is no range.
        if period.kind == .fiscalPeriod {
            let number = Bound(.function(.fiscalPeriod, [value]), .integer)
            return Bound(.compare(negated ? .notEqual : .equal, number, operands[0]), .boolean)
        }
        return Bound(.during(value, period.kind, period.unit, operands, negated: negated), .boolean)
    }

    mutating func bindTree(
        _ operand: Expression,
        _ direction: TreeDirection,
        _ root: Expression,
        orEqual: Bool,
        _ negated: Bool,
        at location: SourceLocation
    ) throws(QueryError) -> Bound {
        let value = try bind(operand, expecting: Self.isUntyped(operand) ? .id : nil)
        let root = try bind(root, expecting: .id)
        guard value.type == .id, root.type == .id else {
            let other = value.type == .id ? root.type : value.type
            throw QueryError(.type, "UNDER and ABOVE compare record ids, not \(other.name)", at: location)
        }
        guard root.sources.isEmpty else {
            throw QueryError(
                .type,
                "the record behind UNDER and ABOVE must be the same for every row",
                at: location
            )
        }
        return Bound(.inTree(value, direction, root: root, orEqual: orEqual, negated: negated), .boolean)
    }
}
