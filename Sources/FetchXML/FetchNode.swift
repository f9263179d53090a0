// The entity of a document or one of its links, and an attribute as the document names it.

import Engine

struct FetchNode {
    enum Kind: Equatable {
        case root
        case join(Query.JoinKind)
    }

    let element: XMLElement
    let entity: Entity
    let source: Query.Source
    /// The node that a link stands in.
    let parent: Int?
    let kind: Kind

    var alias: String { source.alias }
}

/// An attribute of a node.
struct FetchAttribute {
    /// Lower case.
    let name: String
    /// Of what is stored; nil for the text behind a number or an id (`statecodename`, `owneridname`).
    let type: AttributeType?
    let expression: Expression

    /// The text that people see behind an option or a lookup.
    var appendingName: Expression { following("name") }

    /// The attribute with letters behind its name: `owneridname`.
    private func following(_ suffix: String) -> Expression {
        guard case .name(let parts) = expression.kind else { return expression }
        return Expression(.name(parts.dropLast() + [name + suffix]), at: expression.location)
    }

    /// An attribute of the record that the lookup refers to.
    func behind(_ attribute: String) -> Expression {
        guard case .name(let parts) = expression.kind else { return expression }
        return Expression(.name(parts + [attribute]), at: expression.location)
    }

    /// Another attribute of the same record.
    func beside(_ attribute: String) -> Expression {
        guard case .name(let parts) = expression.kind else { return expression }
        return Expression(.name(parts.dropLast() + [attribute]), at: expression.location)
    }
}
