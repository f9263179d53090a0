// What a name can mean, in this order:
//   alias.attribute…      an attribute of a source of this query
//   attribute…            an attribute of the only source that has it
//   column                a named column of the result (in GROUP BY, HAVING and ORDER BY)
//   any of these          in the query around this one, and so on outwards
// An attribute is one of the entity's, or `<option>name` (the label) or `<lookup>name` (the primary name of the record
// that the lookup refers to). Behind a lookup the path goes on in the record that it refers to; where the lookup can refer
// to several entities, the value comes from whichever record it is, and is null when that one has no such attribute.

extension Binder {
    mutating func bindName(_ parts: [String], at location: SourceLocation) throws(QueryError) -> Bound {
        if let value = try resolveName(parts, at: location) { return value }
        if let source = derived.source { throw unknownAttribute(parts[...], in: source, at: location) }
        let first = parts[0]
        let visible = bound.sources[..<min(visibleCount, bound.namedCount)]
        // The first part that cannot be read decides which message helps.
        if parts.count > 1, visible.allSatisfy({ !hasAttribute(first, $0) }) {
            throw unknownSource(first, at: location)
        }
        let owner = visible.firstIndex { hasAttribute(first, $0) } ?? 0
        throw unknownAttribute(parts[...], in: owner, at: location)
    }

    /// What the name means, here or in a query outside; nil when it is known nowhere.
    mutating func resolveName(_ parts: [String], at location: SourceLocation) throws(QueryError) -> Bound? {
        guard let first = parts.first, parts.count <= QueryLimits.pathPartsMax else {
            throw QueryError(.tooComplex, "a path has 1 to \(QueryLimits.pathPartsMax) parts", at: location)
        }
        if let source = derived.source { return try resolveDerivedName(parts, in: source, at: location) }
        // In the query of a roll-up this is the record that it belongs to, whatever the records inside call so.
        if first == RollUp.parentName, parts.count > 1, outside?.binder.derived.isRollUp == true {
            return try outerValue(parts, at: location)
        }
        let visible = bound.sources[..<min(visibleCount, bound.namedCount)]
        if parts.count > 1, let source = visible.firstIndex(where: { $0.name == first }) {
            if let result = try resolve(parts.dropFirst(), in: source) { return result }
            throw unknownAttribute(parts.dropFirst(), in: source, at: location)
        }
        var found: (source: Int, value: Bound)?
        for source in visible.indices {
            guard let value = try resolve(parts[...], in: source) else { continue }
            if let found {
                throw QueryError(
                    .ambiguousName,
                    "\"\(parts.joined(separator: "."))\" is an attribute of \(visible[found.source].name) and of "
                        + "\(visible[source].name): write \(visible[found.source].name).\(first)",
                    at: location
                )
            }
            found = (source, value)
        }
        if let found { return found.value }
        if parts.count == 1, let column = aliases[first] { return try bindAlias(first, column) }
        return try outerValue(parts, at: location)
    }

    /// Binds the expression behind a column's name. The name is not known inside, so that it cannot contain itself.
    private mutating func bindAlias(_ name: String, _ expression: Expression) throws(QueryError) -> Bound {
        let saved = aliases
        aliases = [:]
        defer { aliases = saved }
        return try bind(expression, expecting: nil)
    }

    private func hasAttribute(_ name: String, _ source: BoundSource) -> Bool {
        if case .derived(let table) = source.origin { return bound.tables[table].columns.contains { $0.name == name } }
        return schema.entities[source.place].attributeID(name) != nil
    }

    /// The value at the end of a path that begins in a source; nil when a name on it is unknown.
    mutating func resolve(_ path: ArraySlice<String>, in source: Int) throws(QueryError) -> Bound? {
        guard let name = path.first else { return nil }
        if case .derived(let table) = bound.sources[source].origin {
            return try resolve(path, in: source, of: bound.tables[table])
        }
        let entity = schema.entities[bound.sources[source].place]
        if let id = entity.attributeID(name) {
            let type = entity[id].type
            if path.count == 1 { return try value(source, id, type) }
            guard case .lookup(let targets) = type else { return nil }
            return try follow(source, id, targets) { binder, target throws(QueryError) in
                try binder.resolve(path.dropFirst(), in: target)
            }
        }
        if path.count == 1, let part = filePart(name, source, entity) { return part }
        if path.count == 1, let part = try partyListPart(name, source, entity) { return part }
        guard path.count == 1, name.hasSuffix("name"), let id = entity.attributeID(String(name.dropLast(4))) else {
            return nil
        }
        switch entity[id].type.valueType {
        case .options: return try value(source, id, entity[id].type)
        case .option, .state, .status: return Bound(.label(try value(source, id, entity[id].type)), .text(.general))
        case .lookup(let targets):
            return try follow(source, id, targets) { binder, target throws(QueryError) in
                let entity = binder.schema.entities[binder.bound.sources[target].place]
                return try binder.value(target, entity.primaryName, entity[entity.primaryName].type)
            }
        default: return nil
        }
    }

    /// The value of an attribute: its column, or what it is computed from.
    mutating func value(_ source: Int, _ id: AttributeID, _ type: AttributeType) throws(QueryError) -> Bound {
        if let list = try partyList(source, type, .entries) { return list }
        if type.isDerived { return try bindDerived(source, id, type) }
        let column = Bound.Node.column(source: source, column: Int(id.rawValue))
        if case .options(let set) = type { return Bound(.choices(Bound(column, .integer), set), .text(.general)) }
        if case .file = type { return Bound(.filePart(Bound(column, .text(.general)), .name), .text(.general)) }
        if case .text = type.physicalKind {
            return Bound(column, .text(schema.entities[bound.sources[source].place][id].collation))
        }
        return Bound(column, QueryType(type))
    }

    /// The value that `read` finds in the record that a lookup refers to.
    mutating func follow(
        _ source: Int,
        _ id: AttributeID,
        _ targets: [EntityID],
        _ read: (inout Binder, Int) throws(QueryError) -> Bound?
    ) throws(QueryError) -> Bound? {
        var values: [Bound] = []
        for target in targets {
            guard let place = schema.place(of: target) else { continue }
            let known = bound.sources.count
            let pathSource = try self.pathSource(place, source: source, column: Int(id.rawValue))
            guard let value = try read(&self, pathSource) else {
                // An entity without the attribute needs no source of its own.
                if bound.sources.count == known + 1 { bound.sources.removeLast() }
                continue
            }
            values.append(value)
        }
        guard let first = values.first else { return nil }
        if values.count == 1 { return first }
        guard values.allSatisfy({ $0.type == first.type || $0.type.isText && first.type.isText }) else {
            let name = columnName(source, Int(id.rawValue))
            throw QueryError(
                .type,
                "behind \(name) stand attributes of different types: join the entity that is meant"
            )
        }
        return Bound(.firstOf(values), first.type.isText ? .texts(values.map(\.type)) : first.type)
    }

    /// The source for the records of one entity behind a lookup; every path through the lookup shares it.
    private mutating func pathSource(_ place: Int, source: Int, column: Int) throws(QueryError) -> Int {
        let origin = BoundSource.Origin.path(source: source, column: column)
        if let known = bound.sources.firstIndex(where: { $0.place == place && $0.origin == origin }) { return known }
        guard bound.sources.count - bound.namedCount < QueryLimits.pathSourceCountMax else {
            throw QueryError(.tooComplex, "paths lead to more than \(QueryLimits.pathSourceCountMax) entities")
        }
        let parent = bound.sources[source]
        let name = "\(parent.name).\(columnName(source, column))"
        bound.sources.append(BoundSource(place: place, name: name, origin: origin))
        return bound.sources.count - 1
    }

    // MARK: Messages

    func unknownSource(_ name: String, at location: SourceLocation) -> QueryError {
        let named = bound.sources[..<bound.namedCount]
        if named.contains(where: { $0.name == name }) {
            return QueryError(.unknownName, "\"\(name)\" joins later and cannot be used here yet", at: location)
        }
        if let source = named.first(where: { $0.place >= 0 && schema.entities[$0.place].name == name }) {
            return QueryError(
                .unknownName,
                "\"\(name)\" has another name in this query",
                at: location,
                suggestion: source.name
            )
        }
        let known = named.map(\.name)
        let attributes = bound.sources[..<bound.namedCount].flatMap {
            attributeNames($0)
        }
        return QueryError(
            .unknownName,
            "\"\(name)\" is neither an entity of this query nor an attribute",
            at: location,
            suggestion: nearestName(to: name, among: known + attributes)
        )
    }

    /// Walks the path as far as it can be read and names what is wrong behind.
    func unknownAttribute(
        _ path: ArraySlice<String>,
        in source: Int,
        at location: SourceLocation
    ) -> QueryError {
        if case .derived = bound.sources[source].origin {
            return unknownColumn(path, in: source, at: location)
        }
        var places = [bound.sources[source].place]
        var owner = bound.sources[source].name
        for (depth, name) in path.enumerated() {
            let entities = places.map { schema.entities[$0] }
            let ids = entities.compactMap { entity in entity.attributeID(name).map { entity[$0] } }
            if ids.isEmpty {
                var known = entities.flatMap { $0.attributes.map(\.name) }
                if source == 0, depth == 0, bound.namedCount > 1 {
                    known = bound.sources[..<bound.namedCount].flatMap {
                        attributeNames($0)
                    }
                }
                if depth == 0 { known += aliases.keys.sorted() }
                return QueryError(
                    .unknownName,
                    "\(owner) has no attribute \"\(name)\"",
                    at: location,
                    suggestion: nearestName(to: name, among: known)
                )
            }
            places = ids.flatMap(\.type.lookupTargets).compactMap { schema.place(of: $0) }
            owner = "\(owner).\(name)"
            if places.isEmpty {
                return QueryError(.type, "\(owner) is no lookup: nothing stands behind it", at: location)
            }
        }
        return QueryError(.unknownName, "\(owner) is unknown", at: location)
    }
}
