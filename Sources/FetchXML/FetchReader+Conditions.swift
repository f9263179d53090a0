// Filters and conditions.
//
// A condition with a negated operator (`ne`, `not-in`, `not-like`, …) also holds where the attribute has no value. SQL says
// otherwise, but people who ask for "not equal" in a list mean the empty ones as well, and documents rely on it.

import Engine

extension FetchReader {
    /// What the filters directly inside an entity or link demand; all must hold.
    func filters(of index: Int) throws(QueryError) -> [Expression] {
        var result: [Expression] = []
        for element in nodes[index].element.children where element.name == "filter" {
            if let expression = try filter(element, of: index) { result.append(expression) }
        }
        return result
    }

    /// nil for an empty filter, which demands nothing.
    private func filter(_ element: XMLElement, of index: Int) throws(QueryError) -> Expression? {
        // The last three say which search box a filter came from: hints, not conditions.
        try allow(
            element,
            [
                "type", "isquickfindfields", "overridequickfindrecordlimitenabled",
                "overridequickfindrecordlimitdisabled", "hint",
            ]
        )
        try expectNoText(element)
        var isOr = false
        if let type = element["type"] {
            guard type.value == "and" || type.value == "or" else {
                throw QueryError(
                    .syntax,
                    "the type of a filter is \"and\" or \"or\", not \"\(type.value.shortened)\"",
                    at: type.location
                )
            }
            isOr = type.value == "or"
        }
        var parts: [Expression] = []
        for child in element.children {
            switch child.name {
            case "condition": parts.append(try condition(child, of: index))
            case "filter": if let part = try filter(child, of: index) { parts.append(part) }
            case "link-entity": if let link = link(at: child, in: index) { parts.append(try test(of: link)) }
            default: throw unexpected(child, in: element, among: ["condition", "filter", "link-entity"])
            }
        }
        if parts.count < 2 { return parts.first }
        return Expression(isOr ? .or(parts) : .and(parts), at: element.location)
    }

    // MARK: One condition

    private func condition(_ element: XMLElement, of index: Int) throws(QueryError) -> Expression {
        // What the user interface wrote down to show the value again.
        try allow(
            element,
            [
                "attribute", "operator", "value", "valueof", "entityname", "uiname", "uitype", "uihidden", "alias",
                "column",
            ]
        )
        try expectNoText(element)
        for refused in ["alias", "column"] {
            if let attribute = element[refused] {
                throw QueryError(
                    .syntax,
                    "\(refused) in a <condition> is not supported",
                    at: attribute.location
                )
            }
        }
        var owner = index
        if let entity = element["entityname"] { owner = try node(named: entity) }
        let name = try required(element, "attribute")
        let operatorName = try required(element, "operator")
        guard let meaning = FetchOperator.named(operatorName.value) else {
            throw QueryError(
                .unknownName,
                "there is no operator \"\(operatorName.value.shortened)\"",
                at: operatorName.location,
                suggestion: nearestName(to: operatorName.value, among: FetchOperator.names)
            )
        }
        let condition = FetchCondition(
            element: element,
            attribute: try attribute(name.value, of: owner, at: name.location),
            operatorName: operatorName,
            values: try values(of: element)
        )
        if let other = element["valueof"] { return try columnComparison(condition, meaning, other, owner) }
        return try expression(condition, meaning)
    }

    /// The values of a condition: `value="…"`, or `<value>` elements.
    private func values(of element: XMLElement) throws(QueryError) -> [FetchValue] {
        var result: [FetchValue] = []
        for child in element.children {
            guard child.name == "value" else { throw unexpected(child, in: element, among: ["value"]) }
            try allow(child, ["uiname", "uitype"])
            if let surplus = child.children.first { throw unexpected(surplus, in: child, among: []) }
            result.append(FetchValue(text: child.text, location: child.location))
        }
        guard let value = element["value"] else { return result }
        guard result.isEmpty else {
            throw QueryError(.syntax, "a condition has both value and <value> elements", at: value.location)
        }
        return [FetchValue(text: value.value, location: value.location)]
    }

    /// `attribute operator valueof`: two attributes are compared.
    private func columnComparison(
        _ condition: FetchCondition,
        _ meaning: FetchOperator.Meaning,
        _ other: XMLElement.Attribute,
        _ owner: Int
    ) throws(QueryError) -> Expression {
        guard case .compare(let sign) = meaning, condition.values.isEmpty else {
            throw QueryError(
                .syntax,
                "valueof goes with eq, ne, gt, ge, lt and le, and without a value",
                at: other.location
            )
        }
        // `alias.attribute`, or an attribute of the same entity.
        var (node, name) = (owner, other.value)
        if let point = name.firstIndex(of: ".") {
            let alias = XMLElement.Attribute(
                name: other.name,
                value: String(name[..<point]),
                location: other.location
            )
            node = try self.node(named: alias)
            name = String(name[name.index(after: point)...])
        }
        let right = try attribute(name, of: node, at: other.location).expression
        return Expression(.compare(sign, condition.attribute.expression, right), at: condition.location)
    }

    // MARK: Operators

    private func expression(
        _ condition: FetchCondition,
        _ meaning: FetchOperator.Meaning
    ) throws(QueryError) -> Expression {
        let location = condition.location
        switch meaning {
        case .compare(let sign):
            let (operand, value) = try operands(condition, try condition.onlyValue())
            let comparison = Expression(.compare(sign, operand, value), at: location)
            return sign == .notEqual ? Self.orMissing(comparison, operand) : comparison
        case .isNull(let negated):
            try condition.expectNoValue()
            return Expression(.isNull(condition.attribute.expression, negated: negated), at: location)
        case .isIn(let negated):
            guard !condition.values.isEmpty else {
                throw QueryError(.syntax, "\(condition.operatorName.value) needs <value> elements", at: location)
            }
            let lists = try inLists(condition)
            guard negated else { return Self.any(lists.map(\.test), at: location) }
            let absences = lists.map { Self.orMissing(Expression(.not($0.test), at: location), $0.operand) }
            return Self.all(absences, at: location)
        case .contains(let negated):
            guard !condition.values.isEmpty else {
                throw QueryError(.syntax, "\(condition.operatorName.value) needs <value> elements", at: location)
            }
            let operand = condition.attribute.expression
            let values = try condition.values.map { value throws(QueryError) in try operands(condition, value).1 }
            let test = Expression(.contains(operand, values, all: false, negated: negated), at: location)
            return negated ? Self.orMissing(test, operand) : test
        case .between(let negated):
            guard condition.values.count == 2 else {
                throw QueryError(
                    .syntax,
                    "\(condition.operatorName.value) needs two <value> elements",
                    at: location
                )
            }
            let (operand, low) = try operands(condition, condition.values[0])
            let (_, high) = try operands(condition, condition.values[1])
            let range = Expression(.between(operand, low, high, negated: negated), at: location)
            return negated ? Self.orMissing(range, operand) : range
        case .like(let form, let negated):
            let value = try condition.onlyValue()
            let pattern = try FetchPattern(value.text, form, at: value.location)
            let like = Expression(
                .like(
                    condition.attribute.expression,
                    Expression(.literal(.text(pattern.text)), at: value.location),
                    escape: pattern.escape,
                    negated: negated
                ),
                at: location
            )
            return negated ? Self.orMissing(like, condition.attribute.expression) : like
        case .shifted(let unit, let number):
            try condition.expectNoValue()
            return during(condition, .shifted(unit, by: number))
        case .sevenDays(let kind):
            try condition.expectNoValue()
            return during(condition, Period(kind, .day, [Expression(.literal(.integer(7)), at: location)]))
        case .during(let kind, let unit):
            return during(condition, Period(kind, unit, try periodOperands(condition, kind)))
        case .isUser(let negated):
            try condition.expectNoValue()
            return isEqual(condition, to: Self.currentUser(at: location), negated: negated)
        case .isBusinessUnit(let negated):
            try condition.expectNoValue()
            return isEqual(condition, to: Self.businessUnit(at: location), negated: negated)
        case .isUserOrBelow:
            try condition.expectNoValue()
            let user = Self.currentUser(at: location)
            return inTree(condition.attribute.expression, .under, user, orEqual: true, negated: false, at: location)
        case .isTeam(let orSelf, let orBelow):
            try condition.expectNoValue()
            return isTeam(condition, orSelf: orSelf, orBelow: orBelow)
        case .tree(let direction, let orEqual, let negated):
            let root = try record(condition, try condition.onlyValue())
            let operand = condition.attribute.expression
            let test = inTree(operand, direction, root, orEqual: orEqual, negated: negated, at: location)
            return negated ? Self.orMissing(test, operand) : test
        }
    }

    /// `IN` over the values; those that name records by another system's ids stand in a list of their own.
    private func inLists(
        _ condition: FetchCondition
    ) throws(QueryError) -> [(operand: Expression, test: Expression)] {
        var lists: [(operand: Expression, values: [Expression])] = []
        for value in condition.values {
            let (operand, literal) = try operands(condition, value)
            if let index = lists.firstIndex(where: { $0.operand == operand }) {
                lists[index].values.append(literal)
            } else {
                lists.append((operand, [literal]))
            }
        }
        return lists.map {
            ($0.operand, Expression(.isIn($0.operand, $0.values, negated: false), at: condition.location))
        }
    }

    /// The condition, or that the operand has no value.
    static func orMissing(_ condition: Expression, _ operand: Expression) -> Expression {
        let isMissing = Expression(.isNull(operand, negated: false), at: condition.location)
        return Expression(.or([condition, isMissing]), at: condition.location)
    }

    static func all(_ conditions: [Expression], at location: SourceLocation) -> Expression {
        conditions.count == 1 ? conditions[0] : Expression(.and(conditions), at: location)
    }

    private static func any(_ conditions: [Expression], at location: SourceLocation) -> Expression {
        conditions.count == 1 ? conditions[0] : Expression(.or(conditions), at: location)
    }
}

/// A value of a condition as it stands in the document.
struct FetchValue {
    let text: String
    let location: SourceLocation
}

/// A condition whose parts are known and whose operator is still to be applied.
struct FetchCondition {
    let element: XMLElement
    let attribute: FetchAttribute
    let operatorName: XMLElement.Attribute
    let values: [FetchValue]

    var location: SourceLocation { element.location }

    func onlyValue() throws(QueryError) -> FetchValue {
        guard values.count == 1 else {
            throw QueryError(
                .syntax,
                "\(operatorName.value) needs one value, and has \(values.count)",
                at: element.location
            )
        }
        return values[0]
    }

    func expectNoValue() throws(QueryError) {
        // Some tools write value="" where there is nothing to say.
        guard values.allSatisfy(\.text.isEmpty) else {
            throw QueryError(.syntax, "\(operatorName.value) takes no value", at: values[0].location)
        }
    }
}
