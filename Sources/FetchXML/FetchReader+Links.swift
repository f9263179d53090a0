// The entity of a document and its links: which rows come together, and which links only test rows of their parent.
//
// Links that join become joins of one query. A link that tests (`exists`, `in`, and inside a filter `any`, `not any`, `all`,
// `not all`) becomes a sub-query, with the links inside it as its joins.

import Engine

extension FetchReader {
    private static let parts = ["attribute", "all-attributes", "no-attrs", "filter", "order", "link-entity"]

    /// Gathers the entity or a link and all links inside, so that conditions can name any of them.
    mutating func collect(_ element: XMLElement, parent: Int?, isInFilter: Bool = false) throws(QueryError) {
        let isLink = parent != nil
        let prefilter = ["enableprefiltering", "prefilterparametername"]
        try allow(
            element,
            ["name"] + prefilter + (isLink ? ["from", "to", "alias", "link-type", "intersect", "visible"] : [])
        )
        try expectNoText(element)
        let name = try required(element, "name")
        guard let entity = schema.entity(named: name.value.lowercased()) else {
            throw QueryError(
                .unknownName,
                "there is no entity \"\(name.value.shortened)\"",
                at: name.location,
                suggestion: nearestName(to: name.value.lowercased(), among: schema.entities.map(\.name))
            )
        }
        guard nodes.count <= Self.linkCountMax else {
            throw QueryError(.tooComplex, "more than \(Self.linkCountMax) <link-entity> elements", at: element.location)
        }
        let kind = try isLink ? linkKind(element, isInFilter: isInFilter) : .root
        // As the original does: a link without an alias is called like its entity, with its number behind.
        let alias = element["alias"]?.value.lowercased() ?? (isLink ? "\(entity.name)\(nodes.count)" : entity.name)
        guard !nodes.contains(where: { $0.alias == alias }) else {
            throw QueryError(
                .ambiguousName,
                "\"\(alias.shortened)\" names two entities of this query",
                at: element["alias"]?.location ?? element.location
            )
        }
        let index = nodes.count
        nodes.append(
            FetchNode(
                element: element,
                entity: entity,
                source: Query.Source(entity.name, as: alias, at: name.location),
                parent: parent,
                kind: kind,
                scope: kind.isTest ? index : parent.map { nodes[$0].scope } ?? 0,
                isInFilter: isInFilter
            )
        )
        for child in element.children {
            guard Self.parts.contains(child.name) else { throw unexpected(child, in: element, among: Self.parts) }
            if nodes[index].scope != 0,
                child.name.hasSuffix("attribute") || child.name.hasSuffix("attributes")
                    || child.name == "order"
            {
                throw QueryError(
                    .syntax,
                    "a link that only tests for rows shows none: <\(child.name)> cannot stand in it",
                    at: child.location
                )
            }
            if child.name == "link-entity" { try collect(child, parent: index) }
            if child.name == "filter" { try collectLinks(in: child, parent: index) }
        }
    }

    private mutating func collectLinks(in filter: XMLElement, parent: Int) throws(QueryError) {
        for child in filter.children {
            if child.name == "link-entity" { try collect(child, parent: parent, isInFilter: true) }
            if child.name == "filter" { try collectLinks(in: child, parent: parent) }
        }
    }

    private func linkKind(_ element: XMLElement, isInFilter: Bool) throws(QueryError) -> FetchNode.Kind {
        let kinds: [(name: String, kind: FetchNode.Kind)] =
            isInFilter
            ? [
                ("any", .exists(negated: false)), ("not all", .exists(negated: false)),
                ("not any", .exists(negated: true)), ("all", .noneOfSome),
            ]
            : [
                ("inner", .join(.inner)), ("natural", .join(.inner)), ("outer", .join(.left)),
                ("exists", .exists(negated: false)), ("in", .exists(negated: false)),
            ]
        guard let type = element["link-type"] else {
            guard isInFilter else { return .join(.inner) }
            throw QueryError(
                .syntax,
                "a link inside a filter needs a link-type: any, not any, all or not all",
                at: element.location
            )
        }
        if let found = kinds.first(where: { $0.name == type.value }) { return found.kind }
        throw QueryError(
            .syntax,
            "\"\(type.value.shortened)\" is no link-type \(isInFilter ? "inside" : "outside") a filter",
            at: type.location,
            suggestion: nearestName(to: type.value, among: kinds.map(\.name))
        )
    }

    /// The node of a link by its element.
    func link(at element: XMLElement, in parent: Int) -> Int? {
        nodes.firstIndex { $0.parent == parent && $0.element.location == element.location }
    }

    // MARK: Queries

    /// The rows of a scope: its first node, the links that join, and what their filters and tests demand; no columns yet.
    func relation(of scope: Int) throws(QueryError) -> Query {
        var query = Query([], from: nodes[scope].source)
        var conditions = try filters(of: scope)
        for index in nodes.indices where index != scope {
            let node = nodes[index]
            if node.scope == scope, case .join(let kind) = node.kind {
                let on = [try keys(of: index)] + (try filters(of: index))
                query.joins.append(Query.Join(kind, node.source, on: Self.all(on, at: node.element.location)))
            } else if node.kind.isTest, !node.isInFilter, let parent = node.parent, nodes[parent].scope == scope {
                conditions.append(try test(of: index))
            }
        }
        if !conditions.isEmpty { query.filter = Self.all(conditions, at: nodes[scope].element.location) }
        return query
    }

    /// Whether a link that tests lets a row of its parent pass.
    func test(of index: Int) throws(QueryError) -> Expression {
        let location = nodes[index].element.location
        var filtered = try relation(of: index)
        filtered.columns = [.expression(Expression(.literal(.integer(1)), at: location), alias: nil)]
        let keys = try keys(of: index)
        var any = filtered
        any.filter = keys
        filtered.filter = Self.all([keys] + (filtered.filter.map { [$0] } ?? []), at: location)
        if case .exists(let negated) = nodes[index].kind {
            return Expression(.exists(filtered, negated: negated), at: location)
        }
        return Self.all(
            [
                Expression(.exists(any, negated: false), at: location),
                Expression(.exists(filtered, negated: true), at: location),
            ],
            at: location
        )
    }

    /// `from` of the link equals `to` of its parent.
    private func keys(of index: Int) throws(QueryError) -> Expression {
        let node = nodes[index]
        guard let parent = node.parent else { return Expression(.literal(.boolean(true))) }
        let from = try required(node.element, "from")
        let to = try required(node.element, "to")
        return Expression(
            .compare(
                .equal,
                try attribute(to.value, of: parent, at: to.location).expression,
                try attribute(from.value, of: index, at: from.location).expression
            ),
            at: node.element.location
        )
    }
}
