// All activities as one table: FROM activitypointer. It is no entity but a UNION ALL of what every kind of activity has in common, an
// organisation's own types included, put in the place of its name before the query is bound.
//
// What a query asks of its columns is asked of each kind too, so that an index of theirs finds the rows and only those are kept:
// conditions of WHERE, and those of ON about this source alone. They are asked again of the rows that came, so that a condition that
// cannot be moved costs time and changes nothing. Where it is the only source, the columns that nothing reads are left out: rows are
// kept until the query has read them.
//
// Rejected: a table that is kept beside the others, which every write to an activity would have to maintain; a plan that reads
// several tables as one, which every operator would have to know of.

/// What `activitypointer` has.
private enum ActivityPointer {
    static let name = "activitypointer"
    /// The kind of activity: the logical name of its entity, as a text.
    static let typeColumn = "activitytypecode"
    /// In order. Kinds that lack an attribute have null there. States and statuses are numbers, since each kind has its own.
    static let columns = [
        "activityid", typeColumn, "subject", "regardingobjectid", "ownerid", "statecode", "statecodename", "statuscode",
        "statuscodename", "scheduledstart", "scheduledend", "scheduleddurationminutes", "actualstart", "actualend",
        "actualdurationminutes", "createdon",
    ]

    /// The attribute that a column shows, or whose label it is.
    static func attribute(_ column: String) -> String {
        column.hasSuffix("codename") ? String(column.dropLast(4)) : column
    }
}

extension Binder {
    /// The query with all kinds of activities where it reads `activitypointer`. An entity or a named query that is called so comes first.
    func spellingOutActivities(_ query: Query) -> Query {
        func isPointer(_ source: Query.Source) -> Bool { source.entity == ActivityPointer.name && source.query == nil }
        guard unionTable == nil, isPointer(query.source) || query.joins.contains(where: { isPointer($0.source) }),
            schema.entity(named: ActivityPointer.name) == nil, namedTables[ActivityPointer.name] == nil
        else { return query }
        var query = query
        let filter = Self.parts(of: query.filter)
        if isPointer(query.source) {
            let alias = query.source.alias
            let columns = Self.columns(readBy: query) ?? ActivityPointer.columns
            query.source.query = activities(columns, where: filter, of: alias, byName: true, at: query.source.location)
        }
        for (index, join) in query.joins.enumerated() where isPointer(join.source) {
            // Rows without a partner are asked WHERE with nulls: what that says is no condition on the rows of this source.
            let conditions = Self.parts(of: join.condition) + (join.kind == .inner ? filter : [])
            let (alias, location) = (join.source.alias, join.source.location)
            query.joins[index].source.query = activities(
                ActivityPointer.columns,
                where: conditions,
                of: alias,
                byName: false,
                at: location
            )
        }
        return query
    }

    /// The parts of a condition that all have to hold.
    private static func parts(of condition: Expression?) -> [Expression] {
        guard let condition else { return [] }
        if case .and(let list) = condition.kind { return list.flatMap { parts(of: $0) } }
        return [condition]
    }

    /// The columns that a query reads of its only source; nil where it asks for all of them, or may ask for others than is seen here.
    private static func columns(readBy query: Query) -> [String]? {
        guard query.joins.isEmpty else { return nil }
        var expressions = [query.filter, query.groupFilter].compactMap { $0 } + query.groups
        expressions += query.order.map(\.expression)
        var aliases: Set<String> = []
        for column in query.columns {
            guard case .expression(let expression, let alias) = column else { return nil }
            expressions.append(expression)
            if let alias { aliases.insert(alias) }
        }
        var read: Set<String> = []
        while let expression = expressions.popLast() {
            switch expression.kind {
            case .exists, .scalarQuery, .inQuery: return nil
            case .name(let path):
                let names = path.count > 1 && path[0] == query.source.alias ? path.dropFirst() : path[...]
                guard let name = names.first else { return nil }
                if ActivityPointer.columns.contains(name) {
                    read.insert(name)
                } else if name.hasSuffix("name"), ActivityPointer.columns.contains(String(name.dropLast(4))) {
                    read.insert(String(name.dropLast(4)))
                } else if !aliases.contains(name) {
                    return nil
                }
            default: expressions += expression.children
            }
        }
        // Rows have to be counted by something.
        if read.isEmpty { read.insert(ActivityPointer.columns[0]) }
        return ActivityPointer.columns.filter { read.contains($0) }
    }

    /// - Parameter byName: whether a column's name alone means this source.
    private func activities(
        _ names: [String],
        where conditions: [Expression],
        of alias: String,
        byName: Bool,
        at location: SourceLocation
    ) -> Query? {
        var branches: [Query] = []
        for entity in schema.entities where entity.isActivity {
            let columns = names.map { column in
                let value = Self.value(of: column, entity) ?? Expression(.literal(.null))
                return Query.Column.expression(value, alias: column)
            }
            var branch = Query(columns, from: Query.Source(entity.name, at: location))
            let plain = branch
            let moved = conditions.compactMap { Self.moved($0, to: entity, alias, byName) }
            if !moved.isEmpty {
                branch.filter = moved.count == 1 ? moved[0] : Expression(.and(moved))
                // What the columns of all kinds can be asked and those of this one cannot is asked afterwards.
                do throws(QueryError) { _ = try Binder.bind(branch, schema: schema) } catch { branch = plain }
            }
            branches.append(branch)
        }
        guard var first = branches.first else { return nil }
        first.unions = Array(branches.dropFirst())
        return first
    }

    private static func value(of column: String, _ entity: Entity) -> Expression? {
        if column == ActivityPointer.typeColumn { return Expression(.literal(.text(entity.name))) }
        guard entity.attributeID(ActivityPointer.attribute(column)) != nil else { return nil }
        return Expression(.name([entity.name, column]))
    }

    /// A condition about the columns of the source, as one about the attributes of a kind; nil where it asks for anything else, or for
    /// what could fail on rows that are not looked at.
    private static func moved(
        _ expression: Expression,
        to entity: Entity,
        _ alias: String,
        _ byName: Bool
    ) -> Expression? {
        func move(_ part: Expression) -> Expression? { moved(part, to: entity, alias, byName) }
        func all(_ parts: [Expression]) -> [Expression]? {
            let moved = parts.compactMap(move)
            return moved.count == parts.count ? moved : nil
        }
        let kind: Expression.Kind?
        switch expression.kind {
        case .literal, .parameter, .function(_, []): return expression
        case .name(let path):
            let isOwn = path.count == 2 ? path[0] == alias : byName && path.count == 1
            guard isOwn, let name = path.last, ActivityPointer.columns.contains(name),
                let value = value(of: name, entity)
            else { return nil }
            kind = value.kind
        case .compare(let op, let a, let b): kind = all([a, b]).map { .compare(op, $0[0], $0[1]) }
        case .and(let parts): kind = all(parts).map { .and($0) }
        case .or(let parts): kind = all(parts).map { .or($0) }
        case .not(let part): kind = move(part).map { .not($0) }
        case .isNull(let part, let negated): kind = move(part).map { .isNull($0, negated: negated) }
        case .isIn(let part, let list, let negated):
            kind = all([part] + list).map { .isIn($0[0], Array($0.dropFirst()), negated: negated) }
        case .between(let part, let low, let high, let negated):
            kind = all([part, low, high]).map { .between($0[0], $0[1], $0[2], negated: negated) }
        case .like(let part, let pattern, let escape, let negated):
            kind = all([part, pattern]).map { .like($0[0], $0[1], escape: escape, negated: negated) }
        case .during(let part, let period, let negated): kind = move(part).map { .during($0, period, negated: negated) }
        default: return nil
        }
        return kind.map { Expression($0, at: expression.location) }
    }
}
