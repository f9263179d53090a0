// What the text of a value means, which depends on the attribute that it is compared with: everything in XML is text.

import Engine

extension FetchReader {
    /// The operand and the literal of a comparison. A GUID names a record by the id that it has in the system that it came
    /// from (`externalid`), so that documents and data of that system go together; any other id is Kith's own.
    func operands(
        _ condition: FetchCondition,
        _ value: FetchValue
    ) throws(QueryError) -> (operand: Expression, literal: Expression) {
        let attribute = condition.attribute
        if let guid = GUIDText(value.text.trimmed) {
            let literal = Expression(.literal(.text(guid.digits)), at: value.location)
            if case .lookup? = attribute.type { return (attribute.behind("externalid"), literal) }
            if case .identifier? = attribute.type { return (attribute.beside("externalid"), literal) }
        }
        return (attribute.expression, try literal(value, of: attribute.type, named: attribute.name))
    }

    /// The literal that a value is, compared with an attribute of this type; nil is text.
    func literal(
        _ value: FetchValue,
        of type: AttributeType?,
        named name: String
    ) throws(QueryError) -> Expression {
        let text = value.text.trimmed
        func literal(_ constant: Value) -> Expression { Expression(.literal(constant), at: value.location) }
        func refusal(_ what: String) -> QueryError {
            QueryError(.type, "\(name) is \(what), not \"\(value.text.shortened)\"", at: value.location)
        }
        switch type?.valueType {
        case nil, .text?, .memo?, .autoNumber?, .calculated?, .rollUp?, .file?, .partyList?:
            return literal(.text(value.text))
        case .integer?, .version?, .decimal?, .money?, .exchangeRate?:
            guard let number = Value(number: text) else { throw refusal("a number") }
            return literal(number)
        case .boolean?:
            switch text.lowercased() {
            case "1", "true": return literal(.boolean(true))
            case "0", "false": return literal(.boolean(false))
            default: throw refusal("yes or no: 1 or 0")
            }
        case .option?, .state?, .status?, .options?:
            // The number, or the label.
            return literal(Int64(text).map { .integer($0) } ?? .text(text))
        case .date?:
            // Tools write moments where a day is meant.
            let day = text.utf8.count > 10 && CalendarText.instant(text) != nil ? String(text.prefix(10)) : text
            return literal(.text(day))
        case .instant?, .lookup?, .identifier?: return literal(.text(text))
        }
    }
}

extension Value {
    /// A whole number, or an exact decimal with at most ten digits behind the point.
    fileprivate init?(number text: String) {
        if let integer = Int64(text) {
            self = .integer(integer)
            return
        }
        guard let point = text.firstIndex(of: ".") else { return nil }
        var digits = text
        digits.remove(at: point)
        let scale = text.utf8.distance(from: point, to: text.utf8.endIndex) - 1
        // `Int64` would take a sign behind the point for one of the number.
        guard scale >= 1, scale <= 10, text[text.index(after: point)...].utf8.allSatisfy({ $0 &- 0x30 < 10 }),
            let units = Int64(digits)
        else { return nil }
        self = .decimal(Decimal64(units: units, scale: UInt8(scale)))
    }
}

/// A GUID as tools write it: 8-4-4-4-12 hexadecimal digits, with or without braces.
struct GUIDText {
    /// Without braces. Keys compare without case.
    let digits: String

    init?(_ text: String) {
        var inner = text[...]
        if inner.first == "{", inner.last == "}" { inner = inner.dropFirst().dropLast() }
        let groups = inner.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], groups.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else {
            return nil
        }
        digits = String(inner)
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
