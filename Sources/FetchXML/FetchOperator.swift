// The operators of conditions, in one table.

import Engine

enum FetchOperator {
    /// How the text of a pattern is meant.
    enum LikeForm {
        /// With `%`, `_` and single characters in brackets.
        case pattern
        case prefix
        case suffix
    }

    /// What an operator makes of an attribute and its values.
    enum Meaning {
        case compare(ComparisonOperator)
        case isNull(negated: Bool)
        case isIn(negated: Bool)
        case between(negated: Bool)
        case like(LikeForm, negated: Bool)
        /// Of a multi-select attribute: at least one of the values.
        case contains(negated: Bool)
    }

    private static let table: [(name: String, meaning: Meaning)] = [
        ("eq", .compare(.equal)), ("ne", .compare(.notEqual)), ("neq", .compare(.notEqual)),
        ("gt", .compare(.greater)), ("ge", .compare(.greaterOrEqual)),
        ("lt", .compare(.less)), ("le", .compare(.lessOrEqual)),
        ("null", .isNull(negated: false)), ("not-null", .isNull(negated: true)),
        ("in", .isIn(negated: false)), ("not-in", .isIn(negated: true)),
        ("contain-values", .contains(negated: false)), ("not-contain-values", .contains(negated: true)),
        ("between", .between(negated: false)), ("not-between", .between(negated: true)),
        ("like", .like(.pattern, negated: false)), ("not-like", .like(.pattern, negated: true)),
        ("begins-with", .like(.prefix, negated: false)), ("not-begin-with", .like(.prefix, negated: true)),
        ("ends-with", .like(.suffix, negated: false)), ("not-end-with", .like(.suffix, negated: true)),
    ]

    /// What the operator of this name means.
    static func named(_ name: String) -> Meaning? { table.first { $0.name == name }?.meaning }

    /// All names, for suggestions.
    static var names: [String] { table.map(\.name) }
}

/// A pattern of `LIKE` made from the text of a condition.
struct FetchPattern {
    let text: String
    /// The character that makes the next one stand for itself, if one was needed.
    let escape: String?

    /// In a pattern, brackets around one character make it stand for itself (`[%]`); sets and ranges in brackets are refused.
    init(_ source: String, _ form: FetchOperator.LikeForm, at location: SourceLocation) throws(QueryError) {
        var text = ""
        var isEscaped = false
        func literal(_ character: Unicode.Scalar) {
            if character == "%" || character == "_" || character == "\\" {
                text.unicodeScalars.append("\\")
                isEscaped = true
            }
            text.unicodeScalars.append(character)
        }
        var rest = source.unicodeScalars[...]
        while let character = rest.popFirst() {
            guard form == .pattern else {
                literal(character)
                continue
            }
            if character == "[" {
                guard let inside = rest.popFirst(), rest.popFirst() == "]" else {
                    throw QueryError(
                        .syntax,
                        "brackets in a pattern hold one character that stands for itself, like [%]",
                        at: location
                    )
                }
                literal(inside)
            } else if character == "\\" {
                literal(character)
            } else {
                text.unicodeScalars.append(character)
            }
        }
        switch form {
        case .pattern: self.text = text
        case .prefix: self.text = text + "%"
        case .suffix: self.text = "%" + text
        }
        escape = isEscaped ? "\\" : nil
    }
}
