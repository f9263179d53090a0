// Whether a schema that came as bytes is one that the engine can run. A schema written in Swift traps in its builder when it
// contradicts itself; one from a disk or a server costs an error. Everything that tables, defaults, life cycles and deletes
// take for granted is asked here.

extension Schema {
    static func check(_ epoch: UInt32, _ parts: SchemaParts, at offset: Int) throws(DecodeError) {
        let (entities, optionSets) = (parts.entities, parts.optionSets)
        let ids = Set(entities.map(\.id))
        guard epoch < .max, ids.count == entities.count, Set(entities.map(\.name)).count == entities.count else {
            throw DecodeError("an entity stands twice in the schema", at: offset)
        }
        // An attribute without options could have no value, and places of options are numbered in sixteen bits.
        guard
            optionSets.allSatisfy({ set in
                1...Int(UInt16.max) ~= set.options.count
                    && set.options.allSatisfy { $0.value >= OptionSet.valueMin }
            })
        else {
            throw DecodeError("an option set has no options, or too many", at: offset)
        }
        for entity in entities {
            guard
                isSound(entity), hasSoundIndexes(entity), hasSystemAttributes(entity),
                hasSoundLifeCycle(entity, optionSets),
                hasSoundRate(entity, entities),
                entity.attributes.allSatisfy({ isSound($0, ids) && hasKnownDefault($0, optionSets) })
            else { throw DecodeError("entity \(entity.name) contradicts itself", at: offset) }
        }
        let deletedIDs = Set(parts.deletedEntities.map(\.id))
        guard deletedIDs.count == parts.deletedEntities.count, deletedIDs.isDisjoint(with: ids) else {
            throw DecodeError("the number of a deleted entity is in use", at: offset)
        }
        guard parts.views.count <= Limits.viewCountMax,
            Set(parts.views.map(\.name)).count == parts.views.count
        else { throw DecodeError("a view stands twice in the schema, or there are too many", at: offset) }
    }

    private static func isSound(_ entity: Entity) -> Bool {
        let count = entity.attributes.count
        // Values of these are written without asking whether they are part of a key.
        let keyable = Int(SystemAttribute.writableFrom.rawValue)..<max(count, SystemAttribute.count)
        let lookups = entity.attributes.filter { !$0.type.lookupTargets.isEmpty }
        return entity.id.rawValue > 0 && entity.id.rawValue <= Limits.entityCountMax
            && count >= SystemAttribute.count && count <= Limits.attributeCountMax
            && Int(entity.primaryName.rawValue) < count
            && entity[entity.primaryName].type.physicalKind == .text && !entity[entity.primaryName].type.isFile
            && entity.attributes.filter(\.isSearched).count <= Limits.searchedAttributesMax
            && entity.keys.filter { !$0.isDeleted }.count <= Limits.keyCountMax
            // A key without attributes is a deleted one.
            && entity.keys.allSatisfy { key in
                key.attributes.count <= Limits.keyAttributesMax
                    && key.attributes.allSatisfy {
                        keyable.contains(Int($0.rawValue)) && !entity[$0].isDeleted && !entity[$0].type.isDerived
                            && !entity[$0].type.isSelection && !entity[$0].type.isFile
                    }
            }
            && (entity.pair.isEmpty || entity.pair.count == 2)
            && entity.pair.allSatisfy { Int($0.rawValue) < count && !entity[$0].type.lookupTargets.isEmpty }
            // Places of indexes are numbered in eight bits.
            && lookups.count <= Int(Int8.max) && entity.attributes.filter(\.isOrdered).count <= Int(Int8.max)
            && entity.attributes.dropFirst(Int(SystemAttribute.version.rawValue) + 1).allSatisfy {
                $0.type != .identifier && $0.type != .version
            }
    }

    private static func hasSoundIndexes(_ entity: Entity) -> Bool {
        entity.indexes.count <= Limits.indexCountMax
            && Set(entity.indexes.map(\.name)).count == entity.indexes.count
            && entity.indexes.allSatisfy { index in
                !index.name.isEmpty && 1...Limits.indexAttributesMax ~= index.attributes.count
                    && Set(index.attributes).count == index.attributes.count
                    && index.attributes.allSatisfy {
                        Int($0.rawValue) < entity.attributes.count && !entity[$0].isDeleted
                            && entity[$0].type.isIndexable
                    }
            }
    }

    /// The attributes that every entity begins with, and the owner where there is one.
    private static func hasSystemAttributes(_ entity: Entity) -> Bool {
        let types = entity.attributes.prefix(SystemAttribute.count).map(\.type)
        guard types[0] == .identifier, types[1] == .version, types[2] == .instant, types[4] == .instant,
            !types[3].lookupTargets.isEmpty, !types[5].lookupTargets.isEmpty, types[6].physicalKind == .text,
            !entity[SystemAttribute.identifier].isOrdered
        else { return false }
        guard entity.ownership == .user else { return true }
        guard let owner = entity.ownerAttribute else { return false }
        return entity[owner].type.lookupTargets.starts(with: types[3].lookupTargets)
    }

    private static func hasSoundLifeCycle(_ entity: Entity, _ optionSets: [OptionSet]) -> Bool {
        guard let states = entity.stateModel?.states else { return true }
        guard let state = entity.stateAttribute.map({ entity[$0] }), case .state(let stateSet) = state.type,
            let status = entity.statusAttribute.map({ entity[$0] }), case .status(let statusSet) = status.type,
            state.isRequired, status.isRequired
        else { return false }
        let transitions = entity.stateModel?.transitions ?? []
        let known = { (status: Int32) in optionSets[Int(statusSet.rawValue)].place(of: status) != nil }
        guard transitions.allSatisfy({ known($0.from) && $0.to.allSatisfy(known) }) else { return false }
        return states.allSatisfy { state in
            !state.statuses.isEmpty && optionSets[Int(stateSet.rawValue)].place(of: state.value) != nil
                && state.statuses.allSatisfy { optionSets[Int(statusSet.rawValue)].place(of: $0) != nil }
        }
    }

    private static func hasKnownDefault(_ attribute: Attribute, _ optionSets: [OptionSet]) -> Bool {
        guard case .option(let value) = attribute.defaultValue, let set = attribute.type.optionSet else { return true }
        return optionSets[Int(set.rawValue)].place(of: value) != nil
    }

    private static func isSound(_ attribute: Attribute, _ ids: Set<EntityID>) -> Bool {
        let fitsDefault =
            switch (attribute.type, attribute.defaultValue) {
            case (_, .null), (.boolean, .boolean): true
            case (.option, .option), (.state, .option), (.status, .option): true
            case (.integer(let minimum, let maximum), .integer(let number)): minimum <= number && number <= maximum
            default: false
            }
        let fitsType =
            switch attribute.type {
            case .text(let lengthMax), .memo(let lengthMax): lengthMax <= Limits.textBytesMax
            case .lookup(let targets):
                !targets.isEmpty && targets.allSatisfy(ids.contains) && Set(targets).count == targets.count
            case .calculated(_, let result), .rollUp(_, let result): result.isComputable
            default: true
            }
        // Nothing may happen in the column of a deleted attribute.
        let isCanonical =
            !attribute.isDeleted
            || attribute.type == .boolean && attribute.defaultValue == .null && !attribute.isRequired
                && !attribute.isOrdered
        // Nothing is stored for a derived attribute: no default, no order, and nothing that could be required.
        let isFree = attribute.defaultValue == .null && !attribute.isRequired && !attribute.isOrdered
        // Records that are older than the attribute have no number.
        let isOptional = !attribute.isRequired || !attribute.type.isAutoNumber
        return fitsDefault && fitsType && isCanonical && isOptional
            && (isFree || !attribute.type.isDerived && attribute.type != .exchangeRate)
            && (!attribute.isOrdered || !attribute.type.isSelection && !attribute.type.isFile)
            && (attribute.collation == .general || attribute.type.takesCollation)
            && (!attribute.isSearched
                || attribute.type.physicalKind == .text && !attribute.type.isDerived && !attribute.type.isFile)
    }
}
