// Makes the typed tree of a query from the elements of a FetchXML document: columns and orders. Entities and links are in
// FetchReader+Links.swift, conditions in FetchReader+Conditions.swift, values in FetchReader+Values.swift, paging in
// FetchPaging.swift.
//
// Every element and attribute is either understood or refused by name; nothing is passed over silently except what only
// ever tuned the server of another system (`no-lock`, `latematerialize`, …), which is listed where it is accepted.

import Engine

struct FetchReader {
    /// Links that a query may have: with the entity itself as many sources as the tree allows.
    static let linkCountMax = QueryLimits.sourceCountMax - 1

    let schema: Schema
    /// The entity first, then every link in the order of the document.
    var nodes: [FetchNode] = []
    private(set) var columns: [Query.Column] = []
    /// Names of the result's columns, as far as the document gives them.
    private var aliases: [String: Int] = [:]
    private var columnNames: [String] = []
    private(set) var isAggregate = false
    private var sortsByNumber = false
    /// What the rows are sorted by, where they are no totals.
    var keys: [FetchKey] = []

    init(schema: Schema) { self.schema = schema }

    // MARK: The document

    /// The query, without its paging.
    mutating func query(_ fetch: XMLElement) throws(QueryError) -> Query {
        guard fetch.name == "fetch" else { throw unexpected(fetch, in: nil, among: ["fetch"]) }
        try allow(
            fetch,
            [
                "version", "output-format", "mapping", "distinct", "aggregate", "count", "page", "paging-cookie", "top",
                "returntotalrecordcount", "useraworderby",
                // Hints to another system's server: they never change an answer.
                "no-lock", "latematerialize", "options", "aggregatelimit", "min-active-row-version", "utc-offset",
            ]
        )
        guard fetch.children.count == 1, let root = fetch.children.first, root.name == "entity" else {
            if let other = fetch.children.first(where: { $0.name != "entity" }) {
                throw unexpected(other, in: fetch, among: ["entity"])
            }
            throw QueryError(
                .syntax,
                "<fetch> has \(fetch.children.isEmpty ? "no" : "more than one") <entity>",
                at: fetch.children.dropFirst().first?.location ?? fetch.location
            )
        }
        try expectNoText(fetch)
        isAggregate = try flag(fetch, "aggregate")
        sortsByNumber = try flag(fetch, "useraworderby")
        try collect(root, parent: nil)
        var query = try relation(of: 0)
        try readColumns(of: 0)
        if columns.isEmpty {
            guard !isAggregate else {
                throw QueryError(.syntax, "a query with aggregates needs <attribute> elements", at: root.location)
            }
            columns = [.all(of: nodes[0].alias, root.location)]
        }
        query.columns = columns
        query.isDistinct = try flag(fetch, "distinct")
        if isAggregate { query.groups = groups }
        for index in nodes.indices where nodes[index].scope == 0 { query.order += try orders(of: index) }
        return query
    }

    private var groups: [Expression] = []

    // MARK: Columns

    /// The columns of an entity and of the links inside it, in the order of the document.
    private mutating func readColumns(of index: Int) throws(QueryError) {
        let node = nodes[index]
        for child in node.element.children {
            switch child.name {
            case "attribute": try readColumn(child, of: index)
            case "all-attributes":
                try allow(child, [])
                try expectLeaf(child)
                guard !isAggregate else {
                    throw QueryError(
                        .syntax,
                        "<all-attributes> cannot stand in a query with aggregates",
                        at: child.location
                    )
                }
                if nodes.count == 1 {
                    columns.append(.all(of: node.alias, child.location))
                    columnNames += node.entity.attributes.map(\.name)
                } else {
                    for attribute in node.entity.attributes {
                        append(attribute.name, nil, of: index, at: child.location)
                    }
                }
            case "no-attrs": try expectLeaf(child)
            case "link-entity":
                guard let link = link(at: child, in: index) else { continue }
                try readColumns(of: link)
            default: continue
            }
        }
    }

    private mutating func readColumn(_ element: XMLElement, of index: Int) throws(QueryError) {
        try allow(
            element,
            ["name", "alias", "aggregate", "groupby", "dategrouping", "distinct", "usertimezone", "rowaggregate"]
        )
        try expectLeaf(element)
        let name = try required(element, "name")
        let found = try attribute(name.value, of: index, at: name.location)
        if let rowAggregate = element["rowaggregate"] {
            throw QueryError(.syntax, "rowaggregate is not supported", at: rowAggregate.location)
        }
        let alias = element["alias"]?.value.lowercased()
        guard isAggregate else {
            for word in ["aggregate", "groupby", "dategrouping"] {
                if let attribute = element[word] {
                    throw QueryError(
                        .syntax,
                        "\(word) needs aggregate=\"true\" on <fetch>",
                        at: attribute.location
                    )
                }
            }
            return append(found.name, alias, of: index, at: name.location)
        }
        guard let alias else {
            throw QueryError(
                .syntax,
                "in a query with aggregates every <attribute> needs an alias",
                at: element.location
            )
        }
        var expression = found.expression
        if let aggregate = element["aggregate"] {
            expression = try aggregated(expression, by: aggregate, isDistinct: try flag(element, "distinct"))
        } else if try flag(element, "groupby") {
            if let grouping = element["dategrouping"] { expression = try grouped(expression, by: grouping) }
            groups.append(expression)
        } else {
            throw QueryError(
                .syntax,
                "in a query with aggregates an <attribute> has aggregate or groupby=\"true\"",
                at: element.location
            )
        }
        append(expression, named: alias)
    }

    private func aggregated(
        _ operand: Expression,
        by aggregate: XMLElement.Attribute,
        isDistinct: Bool
    ) throws(QueryError) -> Expression {
        let kind: Expression.Kind
        switch aggregate.value {
        // Rows, whether or not they have a value; `distinct` belongs to countcolumn.
        case "count": kind = .aggregate(.count, nil, distinct: false)
        case "countcolumn": kind = .aggregate(.count, operand, distinct: isDistinct)
        case "sum": kind = .aggregate(.sum, operand, distinct: isDistinct)
        case "avg": kind = .aggregate(.average, operand, distinct: isDistinct)
        case "min": kind = .aggregate(.minimum, operand, distinct: false)
        case "max": kind = .aggregate(.maximum, operand, distinct: false)
        default:
            throw QueryError(
                .syntax,
                "there is no aggregate \"\(aggregate.value)\"",
                at: aggregate.location,
                suggestion: nearestName(
                    to: aggregate.value,
                    among: ["count", "countcolumn", "sum", "avg", "min", "max"]
                )
            )
        }
        return Expression(kind, at: operand.location)
    }

    private func grouped(_ operand: Expression, by grouping: XMLElement.Attribute) throws(QueryError) -> Expression {
        // Parts of the date, as the original gives them: the quarter is that of the fiscal year.
        let functions: [(name: String, function: ScalarFunction)] = [
            ("day", .day), ("week", .week), ("month", .month), ("quarter", .fiscalQuarter), ("year", .year),
            ("fiscal-period", .fiscalPeriod), ("fiscal-year", .fiscalYear),
        ]
        guard let found = functions.first(where: { $0.name == grouping.value }) else {
            throw QueryError(
                .syntax,
                "there is no dategrouping \"\(grouping.value.shortened)\"",
                at: grouping.location,
                suggestion: nearestName(to: grouping.value, among: functions.map(\.name))
            )
        }
        return Expression(.function(found.function, [operand]), at: operand.location)
    }

    /// A column of an attribute: of a link it is called `alias.attribute` unless it has a name of its own.
    private mutating func append(_ name: String, _ alias: String?, of index: Int, at location: SourceLocation) {
        let expression = Expression(.name([nodes[index].alias, name]), at: location)
        append(expression, named: alias ?? (index == 0 ? name : "\(nodes[index].alias).\(name)"))
    }

    private mutating func append(_ expression: Expression, named name: String) {
        columns.append(.expression(expression, alias: name))
        columnNames.append(name)
        aliases[name] = aliases[name] ?? columnNames.count
    }

    // MARK: Orders

    private mutating func orders(of index: Int) throws(QueryError) -> [Query.Order] {
        var result: [Query.Order] = []
        for element in nodes[index].element.children where element.name == "order" {
            try allow(element, ["attribute", "alias", "descending", "entityname"])
            try expectLeaf(element)
            let isDescending = try flag(element, "descending")
            result.append(Query.Order(try orderKey(element, of: index, isDescending), descending: isDescending))
        }
        return result
    }

    private mutating func orderKey(
        _ element: XMLElement,
        of index: Int,
        _ isDescending: Bool
    ) throws(QueryError) -> Expression {
        if let alias = element["alias"] {
            guard let ordinal = aliases[alias.value.lowercased()] else {
                throw QueryError(
                    .unknownName,
                    "no <attribute> has the alias \"\(alias.value)\"",
                    at: alias.location,
                    suggestion: nearestName(to: alias.value.lowercased(), among: columnNames)
                )
            }
            return Expression(.literal(.integer(Int64(ordinal))), at: alias.location)
        }
        if isAggregate {
            throw QueryError(.syntax, "in a query with aggregates an <order> needs an alias", at: element.location)
        }
        let name = try required(element, "attribute")
        var owner = index
        if let entity = element["entityname"] { owner = try node(named: entity) }
        let found = try attribute(name.value, of: owner, at: name.location)
        // People sort by what they see: a lookup by the other record's name, an option by its label.
        var isByName = false
        switch found.type {
        case .lookup?: isByName = true
        case .option?, .state?, .status?: isByName = !sortsByNumber
        default: break
        }
        let key = FetchKey(
            attribute: found,
            expression: isByName ? found.appendingName : found.expression,
            type: isByName ? nil : found.type,
            isDescending: isDescending
        )
        keys.append(key)
        return key.expression
    }
}
