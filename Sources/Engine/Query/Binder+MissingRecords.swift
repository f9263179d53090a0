// A record that is not there has no attributes: behind a lookup that is null, or whose record may not be seen, and on the right
// of a LEFT JOIN that found nothing, a derived attribute is null, whatever its expression makes of nulls.

extension Binder {
    /// The value of a derived attribute, null where the source has no record.
    func ofRecord(_ source: Int, _ value: Bound) -> Bound {
        let isOptional =
            switch bound.sources[source].origin {
            case .path: true
            case .named: bound.joins.contains { $0.source == source && $0.kind == .left }
            case .derived: false
            }
        guard isOptional, !value.isNullOfNulls else { return value }
        let identifier = Bound(.column(source: source, column: Int(SystemAttribute.identifier.rawValue)), .id)
        let isThere = Bound(.isNull(identifier, negated: true), .boolean)
        return Bound(
            .caseWhen(
                operand: nil,
                [BoundBranch(condition: isThere, result: value)],
                otherwise: Bound(.null, value.type)
            ),
            value.type
        )
    }
}

extension Bound {
    /// Whether it is null when all columns that it reads are: then it needs no test of its own.
    fileprivate var isNullOfNulls: Bool {
        switch node {
        case .null, .column: true
        case .label(let operand), .negate(let operand), .startOfDay(let operand), .convert(let operand),
            .rounded(let operand), .choices(let operand, _):
            operand.isNullOfNulls
        case .arithmetic(_, let left, let right), .compare(_, let left, let right):
            left.isNullOfNulls || right.isNullOfNulls
        case .firstOf(let list): list.allSatisfy(\.isNullOfNulls)
        case .caseWhen(_, let branches, let otherwise):
            otherwise.isNullOfNulls && branches.allSatisfy(\.result.isNullOfNulls)
        default: false
        }
    }
}
