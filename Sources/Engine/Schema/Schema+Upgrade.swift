// What a newer version's standard entities add to an organisation's schema when it is opened.
//
// An organisation's schema is its own: names may be declared otherwise than in the standard, by its administrators, and
// what they deleted stays deleted. So the standard is merged in by name, and only adds what was never there: entities,
// attributes, options, statuses, targets of lookups that are new themselves, and keys over new attributes. An attribute that
// the standard adds gets the next number of its entity, whatever the standard calls it.
//
// An entity that an organisation made itself keeps its shape: where the standard has one of the same name, that is not here, nothing
// of it is added to the organisation's, and no lookup of the standard refers to it.

extension Schema {
    /// This schema with what `standard` adds, under the next epoch; nil where it adds nothing.
    package func upgraded(by standard: Schema) -> Schema? {
        if entities.isEmpty, deletedEntities.isEmpty {
            return standard.entities.isEmpty ? nil : standard.succeeding(self)
        }
        // What the standard computes may need attributes that are gone here: such a one does not come.
        var excluded: Set<[String]> = []
        var merged = merged(with: standard, computed: true, excluded)
        while let flaw = merged.derivedFlaw, entity(named: flaw.entity)?.attributeID(flaw.attribute) == nil,
            excluded.insert([flaw.entity, flaw.attribute]).inserted
        {
            merged = self.merged(with: standard, computed: true, excluded)
        }
        let isSound =
            merged.derivedFlaw == nil && merged.entities.allSatisfy { Schema.hasSoundRate($0, merged.entities) }
        let sound = isSound ? merged : self.merged(with: standard, computed: false, [])
        return sound.sameContent(as: self) ? nil : sound.succeeding(self)
    }

    /// Names of the standard's entities that are not here, since the organisation has made one of its own under each.
    package func replacedEntities(of standard: Schema) -> [String] {
        entities.filter { $0.isOwn && standard.entity(named: $0.name) != nil }.map(\.name)
    }

    private func merged(with standard: Schema, computed: Bool, _ excluded: Set<[String]>) -> Schema {
        var merge = SchemaMerge(self, standard)
        merge.takesComputed = computed
        merge.excluded = excluded
        merge.run()
        return Schema(
            epoch: epoch,
            entities: merge.entities.map { $0.built() },
            optionSets: merge.optionSets,
            deletedEntities: deletedEntities,
            views: views
        )
    }
}

private struct SchemaMerge {
    let own: Schema
    let standard: Schema
    var entities: [EntityDraft]
    var optionSets: [OptionSet]
    /// Whether attributes that are computed are taken over, and rates, which depend on others too.
    var takesComputed = true
    /// Entity and attribute of what does not come.
    var excluded: Set<[String]> = []

    init(_ own: Schema, _ standard: Schema) {
        self.own = own
        self.standard = standard
        entities = own.entities.map(EntityDraft.init)
        optionSets = own.optionSets
    }

    mutating func run() {
        // Entities first, so that lookups find them.
        let numbers = Set(own.entities.map(\.id) + own.deletedEntities.map(\.id))
        // Whoever deletes an entity of their own makes room for the standard's of the same name.
        let deleted = own.deletedEntities.filter { $0.id.rawValue < Limits.clientEntityMin }
        let names = Set(own.entities.map(\.name) + deleted.map(\.name))
        for entity in standard.entities where !numbers.contains(entity.id) && !names.contains(entity.name) {
            var draft = EntityDraft(entity)
            draft.attributes = []
            draft.keys = []
            draft.stateModel = nil
            entities.append(draft)
        }
        for entity in standard.entities {
            guard let place = place(of: entity) else { continue }
            merge(entity, place)
        }
    }

    private mutating func merge(_ entity: Entity, _ place: Int) {
        let present = entities[place].attributes.count
        for attribute in entity.attributes where !attribute.isDeleted {
            if let known = entities[place].place(of: attribute.name) {
                merge(attribute, entities[place].attributes[known], place, known)
            } else if !entities[place].attributes.contains(where: { $0.isDeleted && $0.displayName == attribute.name }),
                takesComputed || !attribute.type.isDerived && attribute.type != .exchangeRate,
                !excluded.contains([entity.name, attribute.name]),
                let type = type(attribute.type), entities[place].attributes.count < Limits.attributeCountMax
            {
                var added = attribute
                added.type = type
                entities[place].attributes.append(added)
            }
        }
        mergeStates(entity, place)
        for key in entity.keys where !entities[place].keys.contains(where: { $0.name == key.name }) {
            let columns = key.attributes.compactMap { entities[place].place(of: entity[$0].name) }
            guard columns.count == key.attributes.count, columns.contains(where: { $0 >= present }) else { continue }
            let attributes = columns.map { AttributeID(UInt16($0)) }
            entities[place].keys.append(AlternateKey(name: key.name, attributes: attributes))
        }
        if present == 0, let name = entities[place].place(of: entity[entity.primaryName].name) {
            entities[place].primaryName = AttributeID(UInt16(name))
        }
    }

    /// Options and targets that are new in the standard.
    private mutating func merge(_ attribute: Attribute, _ known: Attribute, _ entity: Int, _ place: Int) {
        if let from = attribute.type.optionSet, let into = known.type.optionSet {
            for option in standard[from].choices
            where !optionSets[Int(into.rawValue)].options.contains(where: { $0.value == option.value }) {
                optionSets[Int(into.rawValue)].options.append(option)
            }
        }
        guard case .lookup(let wanted) = attribute.type, case .lookup(let present) = known.type else { return }
        let added = targets(wanted).filter { own.entity($0) == nil && !present.contains($0) }
        if !added.isEmpty { entities[entity].attributes[place].type = .lookup(present + added) }
    }

    private mutating func mergeStates(_ entity: Entity, _ place: Int) {
        guard let model = entity.stateModel else { return }
        guard var present = entities[place].stateModel else {
            // Where the entity has no life cycle of its own, the standard's came with its attributes.
            let hasStates = entities[place].attributes.contains { if case .state = $0.type { true } else { false } }
            if hasStates { entities[place].stateModel = model }
            return
        }
        let set = entities[place].place(of: "statuscode").flatMap { entities[place].attributes[$0].type.optionSet }
        for state in model.states {
            let known = Set(present.states.flatMap(\.statuses))
            let added = state.statuses.filter { status in
                !known.contains(status) && set.map { optionSets[Int($0.rawValue)].place(of: status) != nil } ?? false
            }
            if let index = present.states.firstIndex(where: { $0.value == state.value }) {
                present.states[index].statuses += added
            } else if !added.isEmpty {
                present.states.append(StateModel.State(value: state.value, statuses: added))
            }
        }
        entities[place].stateModel = present
    }

    /// The type of a standard attribute in this schema; nil where nothing is there that it could refer to.
    private mutating func type(_ type: AttributeType) -> AttributeType? {
        switch type {
        case .option(let set): return .option(copy(set))
        case .state(let set): return .state(copy(set))
        case .status(let set): return .status(copy(set))
        case .lookup(let wanted):
            let targets = targets(wanted)
            return targets.isEmpty ? nil : .lookup(targets)
        default: return type
        }
    }

    private func targets(_ wanted: [EntityID]) -> [EntityID] {
        wanted.compactMap { id in
            standard.entity(id).flatMap { target in place(of: target) }.map { entities[$0].id }
        }
    }

    /// Where the standard's entity is; nil where it was deleted, or one of the organisation's own has its name.
    private func place(of entity: Entity) -> Int? {
        entities.firstIndex { $0.name == entity.name && !$0.built().isOwn }
    }

    private mutating func copy(_ set: OptionSetID) -> OptionSetID {
        optionSets.append(standard[set])
        return OptionSetID(UInt16(optionSets.count - 1))
    }
}
