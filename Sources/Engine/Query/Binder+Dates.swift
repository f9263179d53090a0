// Types of the functions that take a unit: DATE_TRUNC and DATEADD give what they are given, DATEDIFF a whole number.

extension Binder {
    /// What a text or parameter is where a date or a moment may stand: a date, if it can be read as one.
    func dateType(_ operand: Expression, _ isMoment: Bool) -> QueryType {
        if !isMoment, case .literal(.text(let text)) = operand.kind, CalendarText.date(text) != nil { return .date }
        return .instant
    }

    mutating func bindDate(
        _ function: ScalarFunction,
        _ operands: [Expression],
        _ signature: ScalarFunction.Signature
    ) throws(QueryError) -> Bound {
        var values: [Bound] = []
        for (place, operand) in operands.enumerated() { values.append(try bindOperand(operand, signature, place)) }
        let dates = function == .dateDifference ? values[1...2] : values[(values.count - 1)...]
        if dates.contains(where: { $0.type == .null }) {
            return Bound(.null, function == .dateDifference ? .integer : .null)
        }
        if case .number(let number) = values[0].node, let unit = CalendarUnit(rawValue: UInt8(number)),
            unit.clockMicroseconds != nil, dates.contains(where: { $0.type == .date })
        {
            throw QueryError(.type, "a date has no \(unit): CAST it to DATETIME", at: operands[0].location)
        }
        let type = function == .dateDifference ? QueryType.integer : values[values.count - 1].type
        return Bound(.function(function, values), type)
    }
}
