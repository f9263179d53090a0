// Conditions on time, on who asks, and along hierarchies.

import Engine

extension FetchReader {
    func during(_ condition: FetchCondition, _ period: Period) -> Expression {
        Expression(.during(condition.attribute.expression, period, negated: false), at: condition.location)
    }

    /// The values of a condition as a period takes them: a day, or whole numbers. Documents name the fiscal period before the
    /// year, the tree the year before the period.
    func periodOperands(_ condition: FetchCondition, _ kind: Period.Kind) throws(QueryError) -> [Expression] {
        switch kind {
        case .on, .onOrAfter, .onOrBefore:
            let value = try condition.onlyValue()
            return [try literal(value, of: .date, named: condition.attribute.name)]
        case .fiscalPeriodOfYear, .fiscalPeriodOrAfter, .fiscalPeriodOrBefore:
            guard condition.values.count == 2 else {
                throw QueryError(
                    .syntax,
                    "\(condition.operatorName.value) needs two <value> elements: the period and the year",
                    at: condition.location
                )
            }
            return [try wholeNumber(condition.values[1]), try wholeNumber(condition.values[0])]
        default: return [try wholeNumber(try condition.onlyValue())]
        }
    }

    private func wholeNumber(_ value: FetchValue) throws(QueryError) -> Expression {
        guard let number = Int64(value.text.trimmed) else {
            throw QueryError(.type, "\"\(value.text.shortened)\" is no whole number", at: value.location)
        }
        return Expression(.literal(.integer(number)), at: value.location)
    }

    static func currentUser(at location: SourceLocation) -> Expression {
        Expression(.function(.currentUser, []), at: location)
    }

    /// `(SELECT businessunitid FROM systemuser WHERE systemuserid = CURRENTUSER())`
    static func businessUnit(at location: SourceLocation) -> Expression {
        var query = Query(
            [.expression(Expression(.name(["systemuser", "businessunitid"]), at: location), alias: nil)],
            from: Query.Source("systemuser", at: location)
        )
        query.filter = Expression(
            .compare(
                .equal,
                Expression(.name(["systemuser", "systemuserid"]), at: location),
                currentUser(at: location)
            ),
            at: location
        )
        return Expression(.scalarQuery(query), at: location)
    }

    func isEqual(_ condition: FetchCondition, to value: Expression, negated: Bool) -> Expression {
        let operand = condition.attribute.expression
        let test = Expression(.compare(negated ? .notEqual : .equal, operand, value), at: condition.location)
        return negated ? Self.orMissing(test, operand) : test
    }

    func inTree(
        _ operand: Expression,
        _ direction: TreeDirection,
        _ root: Expression,
        orEqual: Bool,
        negated: Bool,
        at location: SourceLocation
    ) -> Expression {
        Expression(.inTree(operand, direction, root: root, orEqual: orEqual, negated: negated), at: location)
    }

    /// The record that a value names: by Kith's id, or by a GUID that is looked up among the `externalid`s of its entity.
    func record(_ condition: FetchCondition, _ value: FetchValue) throws(QueryError) -> Expression {
        guard let guid = GUIDText(value.text.trimmed) else {
            return Expression(.literal(.text(value.text.trimmed)), at: value.location)
        }
        guard let entity = condition.attribute.entity(in: schema) else {
            throw QueryError(
                .type,
                "\(condition.attribute.name) refers to several entities: name the record by its own id",
                at: value.location
            )
        }
        func name(_ attribute: String) -> Expression {
            Expression(.name([entity.name, attribute]), at: value.location)
        }
        var query = Query(
            [.expression(name(entity[SystemAttribute.identifier].name), alias: nil)],
            from: Query.Source(entity.name, at: value.location)
        )
        query.filter = Expression(
            .compare(.equal, name("externalid"), Expression(.literal(.text(guid.digits)), at: value.location)),
            at: value.location
        )
        return Expression(.scalarQuery(query), at: value.location)
    }
}
