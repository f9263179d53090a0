// The entity of a document or one of its links, and an attribute as the document names it.

import Engine

struct FetchNode {
    enum Kind: Equatable {
        case root
        /// Rows go together.
        case join(Query.JoinKind)
        /// Rows of the parent stay if the link has a partner for them (`exists`, `in`; inside a filter `any`, `not all`), or
        /// if it has none (`not any`).
        case exists(negated: Bool)
        /// `all`: there are partners, and none of them passes the link's filters. (The original's meaning, despite the name.)
        case noneOfSome

        /// Whether the link only decides about rows of its parent, in a query of its own.
        var isTest: Bool {
            switch self {
            case .root, .join: false
            case .exists, .noneOfSome: true
            }
        }
    }

    let element: XMLElement
    let entity: Entity
    let source: Query.Source
    /// The node that a link stands in.
    let parent: Int?
    let kind: Kind
    /// The node whose rows the query that this node belongs to starts with: the entity, or the link that is a test.
    let scope: Int
    /// Whether a filter decides where the test of the link stands.
    let isInFilter: Bool

    var alias: String { source.alias }
}

/// An attribute of a node.
struct FetchAttribute {
    /// Lower case.
    let name: String
    /// Of what is stored; nil for the text behind a number or an id (`statecodename`, `owneridname`).
    let type: AttributeType?
    /// The entity that it is an attribute of.
    let owner: Entity
    let expression: Expression

    /// The entity whose records the attribute names; nil when it names none, or those of several entities.
    func entity(in schema: Schema) -> Entity? {
        switch type {
        case .identifier?: owner
        case .lookup(let targets)? where targets.count == 1: schema.entity(targets[0])
        default: nil
        }
    }

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
