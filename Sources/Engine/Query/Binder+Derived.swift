// Puts the expression of a derived attribute in the place of its name.
//
// The expression sees one record: the one that the name was said of, whichever source of the query that is (named, or at the
// end of a path), and what its lookups lead to. It sees neither the query's other entities nor its columns, parameters or
// groups, so that an attribute means the same in every query.
//
// An expression that is used twice is bound once for each record that it is about. What it comes to is bounded: its nodes, and
// those of the queries inside it, count towards those of the query each time they are used, since each use is evaluated.

/// Derived attributes of one query, while it is bound.
struct DerivedScope {
    struct Use: Hashable {
        var source: Int
        var attribute: AttributeID
    }

    struct Known {
        var value: Bound
        /// What one use of it counts: its nodes, and those of the queries inside.
        var nodeCount: Int
    }

    /// The record that the expression being bound is about; nil outside of such expressions.
    var source: Int?
    /// Whether that expression is a roll-up, whose texts see the records that it is over, and the record only by its name.
    var isRollUp = false
    /// The attributes whose expressions are being bound, outermost first, by place of their entity: one that comes again is
    /// computed from itself.
    var running: [(place: Int, attribute: AttributeID)] = []
    /// What was bound before.
    var known: [Use: Known] = [:]
}

extension Binder {
    /// The value of a derived attribute of a source's record, as one of its declared type.
    mutating func bindDerived(
        _ source: Int,
        _ id: AttributeID,
        _ type: AttributeType
    ) throws(QueryError) -> Bound {
        let use = DerivedScope.Use(source: source, attribute: id)
        guard let known = derived.known[use] else {
            let known = try bindExpression(of: use, type)
            derived.known[use] = known
            return ofRecord(source, known.value)
        }
        boundCount += known.nodeCount
        guard boundCount <= 2 * QueryLimits.nodeCountMax else {
            throw QueryError(.tooComplex, "the query has too many parts, those of calculated attributes included")
        }
        return ofRecord(source, known.value)
    }

    private mutating func bindExpression(
        of use: DerivedScope.Use,
        _ type: AttributeType
    ) throws(QueryError) -> DerivedScope.Known {
        let place = bound.sources[use.source].place
        let name = "\(schema.entities[place].name).\(schema.entities[place][use.attribute].name)"
        guard let expression = schema.derivedExpressions[place, use.attribute] else {
            throw QueryError(.type, "\(name) has no expression")
        }
        guard !derived.running.contains(where: { $0 == (place, use.attribute) }) else {
            throw QueryError(.type, "\(name) is computed from itself")
        }
        let outer = (derived.source, derived.isRollUp, aliases, mayAggregate, aggregateRefusal, mayUseWindows)
        derived.source = use.source
        if case .rollUp = schema.entities[place][use.attribute].type {
            derived.isRollUp = true
        } else {
            derived.isRollUp = false
        }
        derived.running.append((place, use.attribute))
        (aliases, mayAggregate, mayUseWindows) = ([:], false, false)
        aggregateRefusal = "a calculated attribute sees one record, not groups: a roll-up counts and adds up"
        defer {
            (derived.source, derived.isRollUp, aliases, mayAggregate, aggregateRefusal, mayUseWindows) = outer
            derived.running.removeLast()
        }
        do throws(QueryError) {
            let wanted = QueryType(type.valueType)
            let countBefore = boundCount
            let value = try converted(try bind(expression, expecting: wanted), to: wanted)
            let size = value.size
            let nodeCount = max(size.nodes, boundCount - countBefore)
            guard nodeCount <= QueryLimits.derivedNodeCountMax, size.depth <= QueryLimits.depthMax else {
                throw QueryError(.tooComplex, "the expression, with those that it uses, is too large")
            }
            return DerivedScope.Known(value: value, nodeCount: nodeCount)
        } catch {
            // The place within the expression's own text means nothing in the query's.
            throw QueryError(
                error.code,
                "\(name) cannot be computed: \(error.message)",
                suggestion: error.suggestion
            )
        }
    }

    /// A name inside an expression: an attribute of the record or a path from it, with or without the entity's name before;
    /// in a roll-up's always with `parent` before. Nil when it is none.
    mutating func resolveDerivedName(
        _ parts: [String],
        in source: Int,
        at location: SourceLocation
    ) throws(QueryError) -> Bound? {
        guard derived.isRollUp else {
            if let value = try resolve(parts[...], in: source) { return value }
            let entity = schema.entities[bound.sources[source].place].name
            return parts.count > 1 && parts[0] == entity ? try resolve(parts.dropFirst(), in: source) : nil
        }
        guard parts.count > 1, [RollUp.ownName, RollUp.parentName].contains(parts[0]) else { return nil }
        if let value = try resolve(parts.dropFirst(), in: source) { return value }
        throw unknownAttribute(parts.dropFirst(), in: source, at: location)
    }

    /// A value as one of the declared type: numbers get its digits, rounded; other types must be the same.
    private func converted(_ value: Bound, to type: QueryType) throws(QueryError) -> Bound {
        if case .caseWhen(let operand, let branches, let otherwise) = value.node, type.isNumber {
            // Each result by itself: a quotient among them is rounded from its exact value, not as what it has in common with
            // the others.
            let branches = try branches.map { branch throws(QueryError) in
                BoundBranch(condition: branch.condition, result: try converted(branch.result.unconverted, to: type))
            }
            let last = try converted(otherwise.unconverted, to: type)
            return Bound(.caseWhen(operand: operand, branches, otherwise: last), type)
        }
        if case .subquery(let inside, let operands) = value.node, inside.shape == .aggregate, type.isNumber {
            // Where it is made: the mean of a roll-up is rounded from its exact value.
            var query = inside.query
            query.outputs[0].expression = try converted(query.outputs[0].expression, to: type)
            return Bound(.subquery(BoundSubquery(query, inside.form), operands), type)
        }
        switch (value.type, type) {
        case _ where value.type == type: return value
        // A computed text is compared as what it is computed from.
        case (.text, .text): return value
        case (.null, _): return Bound(value.node, type)
        case (.integer, .option), (.option, .integer): return Bound(value.node, type)
        case (.date, .instant): return Bound(.startOfDay(value), type)
        case (.integer, .decimal), (.decimal, .decimal), (.double, .decimal), (.decimal, .integer), (.double, .integer):
            return Bound(.rounded(value), type)
        default:
            throw QueryError(.type, "the expression gives \(value.type.name), declared is \(type.name)")
        }
    }
}

extension Bound {
    /// The value before it was brought to a type that it has in common with others.
    fileprivate var unconverted: Bound { if case .convert(let inner) = node { inner } else { self } }

    /// Nodes, and the longest way from the root to a leaf.
    fileprivate var size: (nodes: Int, depth: Int) {
        var (nodes, depth) = (1, 0)
        for child in children {
            let size = child.size
            nodes += size.nodes
            depth = max(depth, size.depth)
        }
        return (nodes, depth + 1)
    }
}

extension Expression {
    /// Parses an expression that stands alone: of a derived attribute, which has no parameters.
    init(parsing text: String) throws(QueryError) {
        var parser = try SQLParser(text)
        self = try parser.parseExpression()
        guard parser.token.kind == .end else { throw parser.unexpected("the end of the expression") }
        guard parser.parameterNames.isEmpty else {
            throw QueryError(.parameter, "the expression of an attribute has no parameters")
        }
    }
}
