// Attributes that are computed where they are read: nothing of them is stored, logged or kept in a snapshot.
//
// A derived attribute is a named expression. Its text stands in the schema and is parsed once, when the schema is made; the
// binder puts the expression in the place of the name (Binder+Derived). It has a number and a column like any attribute, so
// that reads, results and later schemas name it in the same way, but the column is never written.

extension AttributeType {
    /// Whether the values are computed instead of stored.
    public var isDerived: Bool {
        switch self {
        case .calculated, .rollUp, .partyList: true
        default: false
        }
    }

    /// Whether a value is several options at once.
    var isSelection: Bool { if case .options = self { true } else { false } }

    /// Whether the engine gives the value to new records.
    var isAutoNumber: Bool { if case .autoNumber = self { true } else { false } }

    /// What the values are: of a derived attribute the type of its result, else the type itself.
    public var valueType: AttributeType {
        switch self {
        case .calculated(_, let result), .rollUp(_, let result): result
        default: self
        }
    }

    /// Whether an expression can give values of the type.
    var isComputable: Bool {
        switch self {
        case .text, .integer, .decimal, .money, .boolean, .option, .date, .instant: true
        default: false
        }
    }

    /// Whether a client may write the attribute, `SystemAttribute` apart.
    public var isWritable: Bool {
        switch self {
        case .identifier, .version, .exchangeRate, .calculated, .rollUp: false
        default: true
        }
    }
}

/// The parsed expressions of a schema's derived attributes.
package struct DerivedExpressions: Sendable {
    /// By place of the entity, then by attribute. Attributes whose text is no expression are missing: `Schema.derivedFlaw` says
    /// so before such a schema is used.
    private let expressions: [[AttributeID: Expression]]

    init(_ entities: [Entity]) {
        expressions = entities.map { entity in
            var expressions: [AttributeID: Expression] = [:]
            for (index, attribute) in entity.attributes.enumerated() where attribute.type.isDerived {
                expressions[AttributeID(UInt16(index))] = try? attribute.type.derivation(in: entity)
            }
            return expressions
        }
    }

    /// The expression of an attribute of the entity at a place; nil for stored ones.
    subscript(_ place: Int, _ attribute: AttributeID) -> Expression? {
        expressions[place].isEmpty ? nil : expressions[place][attribute]
    }
}

extension AttributeType {
    /// Parses what a derived attribute is computed from; nil for stored ones.
    fileprivate func derivation(in entity: Entity) throws(QueryError) -> Expression? {
        switch self {
        case .calculated(let text, _): try Expression(parsing: text)
        case .rollUp(let rollUp, _): Expression(.scalarQuery(try rollUp.query(for: entity)))
        default: nil
        }
    }
}

extension Schema {
    /// A derived attribute that cannot be computed, and why.
    package struct DerivedFlaw {
        package var entity: String
        package var attribute: String
        /// Why, as what is said of "it".
        package var reason: String
        /// The whole sentence.
        package var message: String { "\(entity).\(attribute) \(reason)" }
    }

    /// The first derived attribute that cannot be computed; nil when all can. Asked of every schema that comes as bytes, and of
    /// those made in Swift. Complexity: binds every expression once for each attribute that uses it.
    package var derivedFlaw: DerivedFlaw? {
        for entity in entities {
            for attribute in entity.attributes where attribute.type.isDerived {
                func flaw(_ reason: String) -> DerivedFlaw {
                    DerivedFlaw(entity: entity.name, attribute: attribute.name, reason: reason)
                }
                do throws(QueryError) { _ = try attribute.type.derivation(in: entity) } catch {
                    return flaw("cannot be read: \(error)")
                }
                if let obstacle = obstacle(toPartyList: attribute, of: entity) { return flaw(obstacle) }
                if case .rollUp(let rollUp, _) = attribute.type, let obstacle = obstacle(to: rollUp, of: entity) {
                    return flaw("cannot be computed: \(obstacle)")
                }
                do throws(QueryError) {
                    let name = Expression(.name([entity.name, attribute.name]))
                    let query = Query([.expression(name, alias: nil)], from: Query.Source(entity.name))
                    _ = try Binder.bind(query, schema: self)
                } catch {
                    // The binder begins with the name.
                    let name = "\(entity.name).\(attribute.name) "
                    return flaw(
                        error.message.hasPrefix(name) ? String(error.message.dropFirst(name.count)) : error.message
                    )
                }
            }
        }
        return nil
    }

    /// Why the records that a roll-up is over cannot be those that refer to a record of the entity.
    private func obstacle(to rollUp: RollUp, of entity: Entity) -> String? {
        guard let children = self.entity(named: rollUp.entity) else {
            let nearest =
                nearestName(to: rollUp.entity, among: entities.map(\.name)).map { ", did you mean \($0)?" } ?? ""
            return "there is no entity \"\(rollUp.entity)\"\(nearest)"
        }
        let lookup = children.attributeID(rollUp.lookup).map { children[$0] }
        guard lookup?.type.lookupTargets.contains(entity.id) == true else {
            return "\(rollUp.entity).\(rollUp.lookup) is no lookup to \(entity.name)"
        }
        return nil
    }
}
