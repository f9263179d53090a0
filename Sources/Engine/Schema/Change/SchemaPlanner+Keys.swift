// Alternate keys of a document, and what an entity's parts say about one another once all are declared.

extension SchemaPlanner {
    mutating func declare(_ declaration: KeyDeclaration, _ entity: Int) {
        let draft = entities[entity]
        note(declaration.place, draft.name, declaration.name)
        guard let attributes = attributeIDs(declaration.attributes, of: draft, declaration.name, declaration.place)
        else {
            return
        }
        if let present = draft.keys.first(where: { $0.name == declaration.name }) {
            guard present.attributes != attributes else { return }
            return problem(
                "What a key is made of cannot change; delete it and declare another name.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        guard declaration.name.utf8.first != UInt8(ascii: "#"), !declaration.name.isEmpty,
            declaration.name.utf8.count <= Limits.nameBytesMax
        else { return problem("'\(declaration.name)' cannot be the name of a key.", draft.name, at: declaration.place) }
        guard !attributes.isEmpty, attributes.count <= Limits.keyAttributesMax,
            Set(attributes).count == attributes.count
        else {
            return problem(
                "A key is made of 1 to \(Limits.keyAttributesMax) different attributes.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        entities[entity].keys.append(AlternateKey(name: declaration.name, attributes: attributes))
    }

    /// The attributes with these names, of which a key or index is made; nil after a problem.
    mutating func attributeIDs(
        _ names: [String],
        of draft: EntityDraft,
        _ declared: String,
        _ place: SourcePlace
    ) -> [AttributeID]? {
        var attributes: [AttributeID] = []
        for name in names {
            guard let known = draft.place(of: name) else {
                problem(
                    "There is no attribute '\(name)'\(hint(name, among: draft.attributes.map(\.name))).",
                    draft.name,
                    declared,
                    at: place
                )
                return nil
            }
            attributes.append(AttributeID(UInt16(known)))
        }
        return attributes
    }

    mutating func delete(_ declaration: KeyDeclaration, _ entity: Int) {
        let draft = entities[entity]
        guard let place = draft.keys.firstIndex(where: { $0.name == declaration.name }) else { return }
        guard place > 0, draft.keys[place].attributes != draft.pair else {
            return problem("The engine needs this key itself.", draft.name, declaration.name, at: declaration.place)
        }
        entities[entity].keys[place] = AlternateKey(name: "#\(place)", attributes: [])
    }

    /// What an entity's parts say about one another.
    mutating func checkWhole(_ draft: EntityDraft) {
        for attribute in draft.attributes {
            guard case .option(let value) = attribute.defaultValue, let set = attribute.type.optionSet,
                optionSets[Int(set.rawValue)].place(of: value) == nil
            else { continue }
            problems.append(
                located(
                    SchemaProblem(
                        "Its default is option \(value), which would go.",
                        entity: draft.name,
                        attribute: attribute.name
                    )
                )
            )
        }
        if let name = draft.primaryName.map({ draft.attributes[Int($0.rawValue)] }), name.type.physicalKind != .text {
            problems.append(
                located(
                    SchemaProblem("It names the records and must be a text.", entity: draft.name, attribute: name.name)
                )
            )
        }
        let before = schema.entity(draft.id).map(EntityDraft.init)
        guard before?.attributes != draft.attributes || before?.keys != draft.keys else { return }
        for key in draft.keys {
            for id in key.attributes {
                let attribute = draft.attributes[Int(id.rawValue)]
                guard let reason = SchemaPlanner.reasonAgainstKey(attribute, id, draft) else { continue }
                problems.append(located(SchemaProblem(reason, entity: draft.name, attribute: key.name)))
            }
        }
        // Their number is written in eight bits, deleted ones included.
        if draft.keys.filter({ !$0.isDeleted }).count > Limits.keyCountMax || draft.keys.count > Int(UInt8.max) {
            problems.append(
                located(
                    SchemaProblem(
                        "An entity has at most \(Limits.keyCountMax) keys, and \(UInt8.max) with deleted ones.",
                        entity: draft.name
                    )
                )
            )
        }
        if draft.attributes.filter(\.isHierarchy).count > 1 {
            problems.append(located(SchemaProblem("Two lookups make a hierarchy of it.", entity: draft.name)))
        }
        // `ownerid` is also seen as `owneridname`.
        for attribute in draft.attributes where attribute.type.optionSet != nil || !attribute.type.lookupTargets.isEmpty
        {
            guard draft.place(of: attribute.name + "name") != nil else { continue }
            problems.append(
                located(
                    SchemaProblem(
                        "\(attribute.name)name is what '\(attribute.name)' is called in words.",
                        entity: draft.name,
                        attribute: attribute.name + "name"
                    )
                )
            )
        }
    }

    private static func reasonAgainstKey(_ attribute: Attribute, _ id: AttributeID, _ draft: EntityDraft) -> String? {
        let name = attribute.name
        if id < SystemAttribute.writableFrom || name == "ownerid" {
            return "'\(name)' is kept by the engine and cannot be part of a key."
        }
        if attribute.defaultValue != .null { return "'\(name)' has a default and cannot be part of a key." }
        switch attribute.type {
        case .text, .integer, .decimal, .money, .option, .date, .instant, .lookup, .autoNumber: return nil
        default: return "'\(name)' is of a type that cannot be part of a key."
        }
    }
}
