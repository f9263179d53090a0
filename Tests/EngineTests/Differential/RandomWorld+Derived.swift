// Attributes of a random world that are computed: calculated ones and roll-ups, over stored attributes and over each other. In
// SQLite they are columns that are filled once by their expressions, when all rows are there.

import Engine

extension RandomWorld {
    /// Adds a calculated attribute.
    func calculate(_ index: Int) {
        let entity = entities[index]
        var maker = QueryMaker(alone: self)
        maker.scopes = [
            QueryMaker.Scope(sources: [
                QueryMaker.Source(alias: entity.name, oracleAlias: entity.name, columns: entity.columns, rowCount: 1)
            ])
        ]
        let term = maker.anyTerm(2)
        choices = maker.choices
        guard let type = Self.type(of: term.kind), !term.isConstant else { return }
        add(to: entity, "c", .calculated(term.kith), type, term)
    }

    /// Adds a count or total over the records of an entity that refer to those of this one.
    func rollUp(_ index: Int) {
        let entity = entities[index]
        let lookups = entities.flatMap { children in
            children.attributes.filter { $0.column.targets.contains(index) }.map { (children, $0.column.name) }
        }
        guard !lookups.isEmpty else { return }
        let (children, lookup) = choices.pick(lookups)
        var maker = QueryMaker(alone: self)
        let alias = maker.alias()
        let source = QueryMaker.Source(
            alias: children.name,
            oracleAlias: alias,
            columns: children.columns,
            rowCount: rowCountMax
        )
        maker.scopes = [QueryMaker.Scope(sources: [source])]
        let function = maker.pick([AggregateFunction.count, .sum, .minimum, .maximum, .average])
        var operand: Term? =
            switch function {
            case .count: maker.chance(30) ? maker.anyTerm(1) : nil
            case .sum, .average: maker.chance(50) ? maker.integer(1) : maker.exact(1)
            default: maker.anyTerm(1)
            }
        // What goes in is read from the records that are added up.
        if let term = operand, !term.kith.contains(children.name + ".") || Self.type(of: term.kind) == nil {
            guard function == .count else {
                choices = maker.choices
                return
            }
            operand = nil
        }
        var condition: Term?
        if maker.chance(60) {
            maker.scopes[0].sources.append(
                QueryMaker.Source(alias: "parent", oracleAlias: entity.name, columns: entity.columns, rowCount: 1)
            )
            condition = maker.condition(1)
        }
        choices = maker.choices
        let from =
            "FROM \(children.name) \(alias) WHERE \(alias).\(lookup) = \(entity.name).\(entity.name)id"
            + (condition.map { " AND (\($0.oracle))" } ?? "")
        var value = operand ?? Term(kith: "", oracle: "*", kind: .integer)
        switch function {
        case .count:
            value.oracle = "(SELECT count(\(value.oracle)) \(from))"
            (value.kind, value.magnitude) = (.integer, rowCountMax)
        case .sum:
            value.magnitude *= rowCountMax
            guard value.magnitude < QueryMaker.magnitudeMax else { return }
            value.oracle = "(SELECT sum(\(value.oracle)) \(from))"
        case .average:
            // The exact mean with two more digits, halves away from zero.
            let kind = Kind.decimal(min(6, value.kind.scale + choices.below(3)))
            value.magnitude *= QueryMaker.factor(value.kind, kind)
            guard kind.scale >= value.kind.scale, value.magnitude * rowCountMax < QueryMaker.magnitudeMax else {
                return
            }
            let total = "2 * sum(\(value.converted(kind))) AS s, count(\(value.oracle)) AS n"
            value.oracle = "(SELECT (s + iif(s < 0, -n, n)) // (2 * n) FROM (SELECT \(total) \(from)))"
            value.kind = kind
        default: value.oracle = "(SELECT \(function.name)(\(value.collated)) \(from))"
        }
        if value.kind == .text { value.kind = .folded }
        guard let type = Self.type(of: value.kind) else { return }
        let rollUp = RollUp(
            function,
            of: operand?.kith,
            over: children.name,
            lookup,
            where: condition?.kith
        )
        add(to: entity, "r", .rollUp(rollUp), type, value)
    }

    /// What the computed attributes that a text names are, and those that these name.
    func computed(in text: String) -> [String] {
        var texts = [text]
        for entity in entities.reversed() {
            for attribute in entity.attributes.reversed() {
                guard texts.contains(where: { $0.contains(".\(attribute.column.name)") }) else { continue }
                let start = "\(entity.name).\(attribute.column.name): "
                switch attribute.form {
                case .calculated(let expression): texts.append(start + expression)
                case .rollUp(let rollUp):
                    texts.append(
                        start
                            + "\(rollUp.function.name)(\(rollUp.operand ?? "*")) over \(rollUp.entity).\(rollUp.lookup)"
                            + (rollUp.filter.map { " where \($0)" } ?? "")
                    )
                default: break
                }
            }
        }
        return Array(texts.dropFirst())
    }

    /// Of records that a roll-up adds up.
    private var rowCountMax: Double { isLarge ? 20_000 : 70 }

    /// The type that an attribute of the kind is declared with; nil for kinds that are not computed.
    private static func type(of kind: Kind) -> AttributeType? {
        switch kind {
        case .integer: .integer(minimum: .min, maximum: .max)
        case .decimal(let scale): .decimal(scale: UInt8(scale), minimum: .min, maximum: .max)
        case .boolean: .boolean
        case .date: .date
        case .instant: .instant
        case .text, .folded, .code: .text(lengthMax: 4000)
        default: nil
        }
    }

    private func add(to entity: Entity, _ letter: String, _ form: Attribute.Form, _ type: AttributeType, _ term: Term) {
        var column = WorldColumn(name: name(letter), kind: term.kind)
        column.magnitude = term.magnitude
        entity.attributes.append(Attribute(column: column, form: form, type: type, nullPercent: 0))
        entity.columns.append(column)
        derivations += [
            "ALTER TABLE \(entity.name) ADD COLUMN \(column.name) \(Self.sqliteType(column.kind))",
            "UPDATE \(entity.name) SET \(column.name) = \(term.oracle)",
        ]
    }
}

extension QueryMaker {
    /// Of the expression of an attribute: with aliases that no other expression has.
    fileprivate init(alone world: RandomWorld) {
        self.init(world, world.choices)
        isAlone = true
        aliasPrefix = "c\(world.attributeCount)q"
        mayParameter = false
    }
}
