// Indexes over attributes in order. Unlike a key an index has no number that anybody sends, so that it may change and go
// without leaving anything.

extension SchemaPlanner {
    mutating func declare(_ declaration: IndexDeclaration, _ entity: Int) {
        let draft = entities[entity]
        note(declaration.place, draft.name, declaration.name)
        guard let attributes = attributeIDs(declaration.attributes, of: draft, declaration.name, declaration.place)
        else {
            return
        }
        guard !declaration.name.isEmpty, declaration.name.utf8.count <= Limits.nameBytesMax else {
            return problem(
                "'\(declaration.name)' cannot be the name of an index.",
                draft.name,
                at: declaration.place
            )
        }
        guard 1...Limits.indexAttributesMax ~= attributes.count, Set(attributes).count == attributes.count else {
            return problem(
                "An index is made of 1 to \(Limits.indexAttributesMax) different attributes.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        let index = RecordIndex(name: declaration.name, attributes: attributes)
        if let present = draft.indexes.firstIndex(where: { $0.name == index.name }) {
            entities[entity].indexes[present] = index
        } else {
            entities[entity].indexes.append(index)
        }
    }

    /// Whether every index is made of what can be kept in order: attributes change, too.
    mutating func checkIndexes(_ draft: EntityDraft) {
        for index in draft.indexes {
            for id in index.attributes {
                let attribute = draft.attributes[Int(id.rawValue)]
                guard attribute.isDeleted || !attribute.type.isIndexable else { continue }
                let reason =
                    attribute.isDeleted
                    ? "'\(attribute.displayName)' is part of it; delete the index with it."
                    : "'\(attribute.name)' is of a type that cannot be part of an index."
                problems.append(located(SchemaProblem(reason, entity: draft.name, attribute: index.name)))
            }
        }
        if draft.indexes.count > Limits.indexCountMax {
            problems.append(
                located(SchemaProblem("An entity has at most \(Limits.indexCountMax) indexes.", entity: draft.name))
            )
        }
    }
}
