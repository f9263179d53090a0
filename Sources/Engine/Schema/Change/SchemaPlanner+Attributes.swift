// Attributes of a document.

extension SchemaPlanner {
    // MARK: Attributes

    mutating func declare(_ declaration: AttributeDeclaration, _ entity: Int) {
        let draft = entities[entity]
        note(declaration.place, draft.name, declaration.name)
        if let place = draft.place(of: declaration.name) {
            guard mayChange(place, entity) else {
                return problem(
                    "The engine keeps this attribute itself"
                        + (declaration.name.hasPrefix("stat") ? "; 'states' declares it." : "."),
                    draft.name,
                    declaration.name,
                    at: declaration.place
                )
            }
            if let changed = attribute(declaration, over: draft.attributes[place], entity) {
                entities[entity].attributes[place] = changed
            }
            return
        }
        guard SchemaPlanner.isName(declaration.name) else {
            return problem(
                "'\(declaration.name)' cannot be a name: \(SchemaPlanner.nameRule).",
                draft.name,
                at: declaration.place
            )
        }
        guard !["statecode", "statuscode", "ownerid"].contains(declaration.name) else {
            return problem(
                "The name belongs to what 'states' and 'owner' declare.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        guard draft.attributes.count < Limits.attributeCountMax else {
            return problem(
                "An entity has at most \(Limits.attributeCountMax) attributes, deleted ones included.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        if let made = attribute(declaration, over: nil, entity) { entities[entity].attributes.append(made) }
    }

    /// Whether a document has a say in the attribute.
    private func mayChange(_ place: Int, _ entity: Int) -> Bool {
        let draft = entities[entity]
        if place < SystemAttribute.count || draft.attributes[place].isDeleted { return false }
        if draft.ownership == .user, draft.attributes[place].name == "ownerid" { return false }
        switch draft.attributes[place].type {
        case .state, .status: return false
        default: return true
        }
    }

    /// The attribute that a declaration makes of the present one, or of nothing; nil after a problem.
    private mutating func attribute(
        _ declaration: AttributeDeclaration,
        over present: Attribute?,
        _ entity: Int
    ) -> Attribute? {
        let name = entities[entity].name
        guard let type = type(declaration, present?.type, entity) else { return nil }
        var attribute =
            present
            ?? Attribute(
                name: declaration.name,
                displayName: declaration.name.prefix(1).uppercased() + declaration.name.dropFirst(),
                type: type,
                isRequired: false,
                defaultValue: .null,
                isOrdered: false,
                onDelete: .removeLink
            )
        attribute.type = type
        if let label = declaration.label { attribute.displayName = label }
        if let isRequired = declaration.isRequired { attribute.isRequired = isRequired }
        if let isOrdered = declaration.isOrdered { attribute.isOrdered = isOrdered }
        if let isSearched = declaration.isSearched { attribute.isSearched = isSearched }
        if let isHierarchy = declaration.isHierarchy { attribute.isHierarchy = isHierarchy }
        do throws(FormError) {
            if let texts = declaration.parameters[.collation] {
                attribute.collation = try SchemaPlanner.collation(texts)
            }
            if let text = declaration.defaultText { attribute.defaultValue = try defaultValue(text, type) }
            try declare(declaration.behaviours, &attribute)
            try check(attribute, entities[entity].id)
            let others = entities[entity].attributes.filter { $0.isSearched && $0.name != attribute.name }
            if attribute.isSearched, others.count >= Limits.searchedAttributesMax {
                throw FormError(message: "At most \(Limits.searchedAttributesMax) attributes are searched.")
            }
        } catch {
            problem(error.message, name, declaration.name, at: declaration.place)
            return nil
        }
        return attribute
    }

    /// The type that a declaration makes of the present one.
    private mutating func type(
        _ declaration: AttributeDeclaration,
        _ present: AttributeType?,
        _ entity: Int
    ) -> AttributeType? {
        let name = entities[entity].name
        let forms = AttributeForm.all.map(\.name)
        let presentForm = present.flatMap { AttributeForm.of($0, formNames) }
        guard let formName = declaration.form ?? presentForm?.0.name else {
            problem(
                "A new attribute needs 'type', one of \(forms.joined(separator: ", ")).",
                name,
                declaration.name,
                at: declaration.place
            )
            return nil
        }
        guard let form = AttributeForm.named(formName) else {
            problem(
                "There is no type '\(formName)'\(hint(formName, among: forms)); there are \(forms.joined(separator: ", ")).",
                name,
                declaration.name,
                at: declaration.place
            )
            return nil
        }
        for parameter in declaration.parameters.keys.sorted() where !form.parameters.contains(parameter) {
            let taken = form.parameters.map(\.name).joined(separator: ", ")
            problem(
                "'\(parameter)' says nothing about \(formName), which takes \(taken.isEmpty ? "nothing" : taken).",
                name,
                declaration.name,
                at: declaration.place
            )
        }
        if !declaration.options.isEmpty, !form.takesOptions {
            problem("Only options have 'options'.", name, declaration.name, at: declaration.place)
            return nil
        }
        // What the declaration does not say stays; of a text that becomes a memo that is the length.
        var given = presentForm?.1.filter { form.parameters.contains($0.key) } ?? [:]
        given.merge(declaration.parameters) { $1 }
        var ownSet: OptionSetID?
        if form.takesOptions, given[.set] == nil {
            ownSet = declareOwnSet("\(name)_\(declaration.name)", present?.optionSet, declaration)
            if ownSet == nil { return nil }
        } else if !declaration.options.isEmpty {
            problem(
                "The options of a shared set are declared under 'optionsets'.",
                name,
                declaration.name,
                at: declaration.place
            )
        }
        let reader = FormReader(given: given) { [entities] wanted throws(FormError) in
            if let id = entities.first(where: { $0.name == wanted })?.id { return id }
            let near = nearestName(to: wanted, among: entities.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
            throw FormError(message: "There is no entity '\(wanted)'\(near).")
        } set: { [optionSets] shared throws(FormError) in
            if let ownSet { return ownSet }
            let living = optionSets.indices.filter { optionSets[$0].isShared && !optionSets[$0].isDeleted }
            if let set = living.first(where: { optionSets[$0].name == shared }) { return OptionSetID(UInt16(set)) }
            let near = nearestName(to: shared ?? "", among: living.map { optionSets[$0].name })
            throw FormError(
                message: "There is no shared option set '\(shared ?? "")'"
                    + (near.map { "; did you mean '\($0)'?" } ?? "") + "."
            )
        } role: { [self] text throws(FormError) in
            try partyRole(text)
        }
        do throws(FormError) {
            let type = try form.type(reader)
            // Links are numbered by the order of their targets: those that were there come first.
            guard case .lookup(let targets) = type, case .lookup(let before)? = present else { return type }
            return .lookup(before.filter(targets.contains) + targets.filter { !before.contains($0) })
        } catch {
            problem(SchemaPlanner.sentence(error.message), name, declaration.name, at: declaration.place)
            return nil
        }
    }

    var formNames: FormNames {
        FormNames(
            entity: { [entities] id in entities.first { $0.id == id }?.name ?? "\(id.rawValue)" },
            optionSet: { [optionSets] id in
                optionSets.indices.contains(Int(id.rawValue)) ? optionSets[Int(id.rawValue)] : nil
            },
            roles: partyRoles
        )
    }

    static func sentence(_ text: String) -> String {
        text.hasSuffix(".") ? text : text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private func defaultValue(_ text: String, _ type: AttributeType) throws(FormError) -> Value {
        if text == "none" { return .null }
        switch type {
        case .boolean:
            if ["yes", "true"].contains(text) { return .boolean(true) }
            if ["no", "false"].contains(text) { return .boolean(false) }
            throw FormError(message: "The default must be yes, no or none.")
        case .integer(let low, let high):
            guard let number = Int64(text), (low...high).contains(number) else {
                throw FormError(message: "The default must be a whole number from \(low) to \(high), or none.")
            }
            return .integer(number)
        case .option(let set): return .option(try option(text, optionSets[Int(set.rawValue)]))
        default: throw FormError(message: "Only yes/no, whole numbers and options can have a default.")
        }
    }

    /// An option by its number or label.
    func option(_ text: String, _ set: OptionSet) throws(FormError) -> Int32 {
        if let number = Int32(text), set.place(of: number) != nil { return number }
        if let option = set.choices.first(where: { SchemaPlanner.areEqual($0.label, text) }) { return option.value }
        let known = set.choices.map { "\($0.value) \($0.label)" }.joined(separator: ", ")
        throw FormError(message: "There is no option '\(text)'; there are \(known).")
    }

    /// Whether two labels are the same under the collation.
    static func areEqual(_ a: String, _ b: String) -> Bool {
        var (a, b) = (a, b)
        return a.withUTF8 { a in b.withUTF8 { b in Collation.equal(a, b) } }
    }

    private static func collation(_ texts: [String]) throws(FormError) -> Collation {
        guard texts.count == 1, let collation = Collation.allCases.first(where: { $0.name == texts[0] }) else {
            let names = Collation.allCases.map(\.name).joined(separator: " or ")
            throw FormError(message: "'collation' must be \(names).")
        }
        return collation
    }

    private func declare(_ behaviours: [RelationshipAction: String], _ attribute: inout Attribute) throws(FormError) {
        guard !behaviours.isEmpty else { return }
        guard !attribute.type.lookupTargets.isEmpty else { throw FormError(message: "Only lookups have 'behaviours'.") }
        for (action, text) in behaviours.sorted(by: { $0.key < $1.key }) {
            if action == .delete {
                guard let behaviour = DeleteBehaviour.allCases.first(where: { $0.name == text }) else {
                    let names = DeleteBehaviour.allCases.map(\.name).joined(separator: ", ")
                    throw FormError(message: "'delete' must be one of \(names).")
                }
                attribute.onDelete = behaviour
                continue
            }
            guard let scope = CascadeScope.allCases.first(where: { $0.name == text }) else {
                let names = CascadeScope.allCases.map(\.name).joined(separator: ", ")
                throw FormError(message: "'\(action)' must be one of \(names).")
            }
            switch action {
            case .assign: attribute.cascades.assign = scope
            case .share: attribute.cascades.share = scope
            case .reparent: attribute.cascades.reparent = scope
            case .merge: attribute.cascades.merge = scope
            case .delete: break
            }
        }
    }

    /// What an attribute's parts say about one another.
    private func check(_ attribute: Attribute, _ entity: EntityID) throws(FormError) {
        if attribute.type.isAutoNumber, attribute.isRequired {
            throw FormError(message: "An auto-number cannot be required: records that are older have none.")
        }
        if attribute.type.isDerived, attribute.isRequired {
            throw FormError(message: "An attribute that is computed cannot be required.")
        }
        if attribute.isOrdered {
            switch attribute.type {
            case .text, .integer, .decimal, .money, .date, .instant, .autoNumber: break
            default: throw FormError(message: "Only texts of one line, numbers, dates and moments can be ordered.")
            }
        }
        if attribute.collation != .general, !attribute.type.takesCollation {
            throw FormError(
                message: "Only texts that are stored have a collation; a computed one has that of its operands."
            )
        }
        if attribute.isSearched,
            attribute.type.physicalKind != .text || attribute.type.isFile || attribute.type.partyRole != nil
        {
            throw FormError(message: "Only texts can be searched.")
        }
        let targets = attribute.type.lookupTargets
        if attribute.isHierarchy, targets != [entity] {
            throw FormError(message: "Only a lookup to the entity itself makes a hierarchy.")
        }
        if attribute.isRequired, !targets.isEmpty, attribute.onDelete == .removeLink {
            throw FormError(
                message:
                    "A required lookup cannot lose its link: 'behaviours' must say 'delete: restrict' or 'delete: cascade'."
            )
        }
    }

    mutating func delete(_ declaration: AttributeDeclaration, _ entity: Int) {
        let draft = entities[entity]
        note(declaration.place, draft.name, declaration.name)
        guard let place = draft.place(of: declaration.name) else { return }
        guard mayChange(place, entity) else {
            return problem(
                "The engine keeps this attribute itself.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        let id = AttributeID(UInt16(place))
        for key in draft.keys where key.attributes.contains(id) {
            problem(
                "The key '\(key.name)' is made of it; delete the key with it.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        if draft.pair.contains(id) {
            problem("The entity pairs records by it.", draft.name, declaration.name, at: declaration.place)
        }
        let count = schema.place(of: draft.id).map { tables[$0].valueCount(place) } ?? 0
        if count > 0, declaration.deletion != .withData {
            let have = count == 1 ? "1 record has" : "\(count) records have"
            problem(
                "\(have) a value; 'delete: with data' deletes the values too.",
                draft.name,
                declaration.name,
                at: declaration.place
            )
        }
        retireOwnSet(of: draft.attributes[place])
        entities[entity].attributes[place] = .deleted(declaration.name, at: place)
        if draft.primaryName == id { entities[entity].primaryName = nil }
    }
}

extension DeleteBehaviour: CaseIterable {
    /// All of them.
    public static let allCases: [DeleteBehaviour] = [.restrict, .removeLink, .cascade]

    /// What it is called in files.
    var name: String { "\(self)".lowercased() }
}

extension CascadeScope {
    /// What it is called in files.
    var name: String { "\(self)".lowercased() }
}
