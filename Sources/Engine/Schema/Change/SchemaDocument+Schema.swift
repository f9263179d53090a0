// A schema as a document: what `export` writes. Standard entities and those of clients look the same. Applied to the schema
// that it was made from it changes nothing; applied to an empty one it makes the same entities, under other numbers.
//
// What follows from something else is left out: what every entity begins with, `ownerid`, and the state and status that
// `states` declares.

extension SchemaDocument {
    /// The declarations of a whole schema, or of some of its entities with the shared sets and views that concern them.
    public init(_ schema: Schema, entities names: Set<String>? = nil) {
        self.init()
        let wanted = schema.entities.filter { names?.contains($0.name) ?? true }
        let used = Set(wanted.flatMap { $0.attributes.compactMap(\.type.optionSet) })
        for (number, set) in schema.optionSets.enumerated() where set.isShared && !set.isDeleted {
            guard names == nil || used.contains(OptionSetID(UInt16(number))) else { continue }
            var declaration = OptionSetDeclaration(set.name)
            declaration.options = set.choices.map { OptionDeclaration($0.value, $0.label) }
            optionSets.append(declaration)
        }
        entities = wanted.map { EntityDeclaration($0, schema) }
        for view in schema.views {
            guard let entity = wanted.first(where: { $0.id == view.entity }) else { continue }
            var declaration = ViewDeclaration(view.name)
            declaration.entity = entity.name
            declaration.query = view.query
            views.append(declaration)
        }
    }
}

extension EntityDeclaration {
    init(_ entity: Entity, _ schema: Schema) {
        self.init(entity.name)
        label = entity.displayName
        ownership = entity.ownership
        let key = entity[SystemAttribute.identifier].name
        identifier = key == "\(entity.name)id" ? nil : key
        primaryName = entity[entity.primaryName].name
        pairedEntities = entity.pair.compactMap { attribute in
            entity[attribute].type.lookupTargets.first.flatMap { schema.entity($0)?.name }
        }
        for (place, attribute) in entity.attributes.enumerated() where !attribute.isDeleted {
            let id = AttributeID(UInt16(place))
            guard place >= SystemAttribute.count, id != entity.ownerAttribute, !entity.pair.contains(id) else {
                continue
            }
            if let declaration = AttributeDeclaration(attribute, schema) { attributes.append(declaration) }
        }
        for key in entity.keys.dropFirst()
        where !key.isDeleted && (entity.pair.isEmpty || key.attributes != entity.pair) {
            keys.append(KeyDeclaration(key.name, key.attributes.map { entity[$0].name }))
        }
        indexes = entity.indexes.map { IndexDeclaration($0.name, $0.attributes.map { entity[$0].name }) }
        guard let model = entity.stateModel, let state = entity.stateAttribute, let status = entity.statusAttribute,
            let stateSet = entity[state].type.optionSet, let statusSet = entity[status].type.optionSet
        else { return }
        states = model.states.map { state in
            StateDeclaration(
                OptionDeclaration(state.value, schema[stateSet].label(of: state.value)),
                state.statuses.map { OptionDeclaration($0, schema[statusSet].label(of: $0)) }
            )
        }
        guard !model.transitions.isEmpty else { return }
        let shown = { (status: Int32) in schema[statusSet].readableName(of: status) }
        transitions = model.transitions.map { TransitionDeclaration(shown($0.from), $0.to.map(shown)) }
    }
}

extension AttributeDeclaration {
    /// Nil for attributes that a document cannot declare.
    init?(_ attribute: Attribute, _ schema: Schema) {
        let names = FormNames(schema)
        guard let (form, given) = AttributeForm.of(attribute.type, names) else { return nil }
        self.init(attribute.name, form.name)
        label = attribute.displayName
        parameters = given
        if attribute.collation != .general { parameters[.collation] = [attribute.collation.name] }
        let set = attribute.type.optionSet.map { schema[$0] }
        if form.takesOptions, let set, !set.isShared {
            options = set.choices.map { OptionDeclaration($0.value, $0.label) }
        }
        if attribute.isRequired { isRequired = true }
        if attribute.isOrdered { isOrdered = true }
        if attribute.isSearched { isSearched = true }
        if attribute.isHierarchy { isHierarchy = true }
        switch attribute.defaultValue {
        case .boolean(let isTrue): defaultText = isTrue ? "yes" : "no"
        case .integer(let number): defaultText = "\(number)"
        case .option(let number): defaultText = set?.readableName(of: number)
        default: break
        }
        guard !attribute.type.lookupTargets.isEmpty else { return }
        if attribute.onDelete != .removeLink { behaviours[.delete] = attribute.onDelete.name }
        let scopes = zip(RelationshipAction.allCases.dropFirst(), attribute.cascades.all)
        for (action, scope) in scopes where scope != .none { behaviours[action] = scope.name }
    }
}

extension OptionSet {
    /// An option's label, or its number where the label would be read as something else.
    fileprivate func readableName(of value: Int32) -> String {
        guard let label = label(of: value), label != "none", Int32(label) == nil else { return "\(value)" }
        return label
    }
}
