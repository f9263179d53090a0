// Option sets, life cycles and views of a document.

extension SchemaPlanner {
    // MARK: Sets

    mutating func declare(_ declaration: OptionSetDeclaration) {
        note(declaration.place, declaration.name)
        let name = declaration.name
        if let set = livingSet(name) {
            guard optionSets[set].isShared else {
                return problem("An attribute's own option set has this name.", name, at: declaration.place)
            }
            return declareOptions(declaration.options, in: set, name, "")
        }
        guard SchemaPlanner.isName(name) else {
            return problem("'\(name)' cannot be a name: \(SchemaPlanner.nameRule).", at: declaration.place)
        }
        guard let set = appendSet(name, isShared: true, at: declaration.place) else { return }
        declareOptions(declaration.options, in: set, name, "")
        requireOptions(set, name, "", at: declaration.place)
    }

    mutating func delete(_ declaration: OptionSetDeclaration) {
        note(declaration.place, declaration.name)
        guard let set = livingSet(declaration.name) else { return }
        guard optionSets[set].isShared else {
            return problem(
                "The set belongs to an attribute and goes with it.",
                declaration.name,
                at: declaration.place
            )
        }
        let id = OptionSetID(UInt16(set))
        let users = entities.flatMap { entity in
            entity.attributes.filter { $0.type.optionSet == id }.map { "\(entity.name).\($0.name)" }
        }
        guard users.isEmpty else {
            return problem("\(users.joined(separator: ", ")) use it.", declaration.name, at: declaration.place)
        }
        optionSets[set].isDeleted = true
    }

    private func livingSet(_ name: String) -> Int? {
        optionSets.indices.first { optionSets[$0].name == name && !optionSets[$0].isDeleted }
    }

    private mutating func appendSet(_ name: String, isShared: Bool, at place: SourcePlace) -> Int? {
        guard optionSets.count < Limits.optionSetCountMax else {
            problem("There are as many option sets as can be, deleted ones included.", name, at: place)
            return nil
        }
        optionSets.append(OptionSet(name: name, options: [], isShared: isShared))
        return optionSets.count - 1
    }

    private mutating func requireOptions(_ set: Int, _ entity: String, _ attribute: String, at place: SourcePlace) {
        guard optionSets[set].choices.isEmpty else { return }
        problem("An option set needs at least one option.", entity, attribute, at: place)
    }

    /// The set that belongs to one attribute, made or changed as the declaration says.
    mutating func declareOwnSet(
        _ name: String,
        _ present: OptionSetID?,
        _ declaration: AttributeDeclaration
    ) -> OptionSetID? {
        let entity = String(name.dropLast(declaration.name.count + 1))
        var set = present.map { Int($0.rawValue) }
        if set == nil {
            guard livingSet(name) == nil else {
                problem("There is an option set '\(name)' already.", entity, declaration.name, at: declaration.place)
                return nil
            }
            set = appendSet(name, isShared: false, at: declaration.place)
        }
        guard let set else { return nil }
        declareOptions(declaration.options, in: set, entity, declaration.name)
        requireOptions(set, entity, declaration.name, at: declaration.place)
        return OptionSetID(UInt16(set))
    }

    /// Retires the option set of an attribute that goes.
    mutating func retireOwnSet(of attribute: Attribute) {
        guard let set = attribute.type.optionSet.map({ Int($0.rawValue) }), !optionSets[set].isShared else { return }
        optionSets[set].isDeleted = true
    }

    /// Adds, renames and retires options.
    mutating func declareOptions(
        _ declarations: [OptionDeclaration],
        in set: Int,
        _ entity: String,
        _ attribute: String
    ) {
        for declaration in declarations where declaration.isDeleted {
            guard let place = optionSets[set].place(of: declaration.value) else { continue }
            optionSets[set].options[place].isDeleted = true
        }
        for declaration in declarations where !declaration.isDeleted {
            let value = declaration.value
            guard value >= OptionSet.valueMin else {
                problem("\(value) cannot be an option's number.", entity, attribute, at: declaration.place)
                continue
            }
            // A number that comes back takes the place that it had.
            let present = optionSets[set].options.firstIndex { $0.value == value }
            let label = declaration.label ?? optionSets[set].place(of: value).map { optionSets[set].options[$0].label }
            guard let label, !label.isEmpty, label.utf8.count <= Limits.nameBytesMax else {
                problem(
                    "Option \(value) needs a label of at most \(Limits.nameBytesMax) bytes.",
                    entity,
                    attribute,
                    at: declaration.place
                )
                continue
            }
            if let present {
                optionSets[set].options[present].label = label
                optionSets[set].options[present].isDeleted = false
            } else if optionSets[set].options.count < Int(UInt16.max) {
                optionSets[set].options.append(OptionSet.Option(value: value, label: label))
            } else {
                problem("The set has as many options as can be.", entity, attribute, at: declaration.place)
            }
        }
        let choices = optionSets[set].choices
        for declaration in declarations where !declaration.isDeleted {
            guard let label = optionSets[set].label(of: declaration.value),
                choices.contains(where: { $0.value != declaration.value && SchemaPlanner.areEqual($0.label, label) })
            else { continue }
            problem("Two options are called '\(label)'.", entity, attribute, at: declaration.place)
            return
        }
    }

    // MARK: Life cycles

    mutating func declareStates(_ declaration: EntityDeclaration, _ entity: Int) {
        let name = entities[entity].name
        guard let sets = lifeCycle(declaration, entity) else { return }
        var model = entities[entity].stateModel ?? StateModel(states: [])
        for state in declaration.states {
            note(state.state.place, name, "statecode")
            let value = state.state.value
            var statuses = state.statuses
            let known = model.states.firstIndex { $0.value == value }
            if state.state.isDeleted {
                guard let known else { continue }
                guard known > 0 else {
                    problem("The initial state cannot go.", name, "statecode", at: state.state.place)
                    continue
                }
                for status in model.states[known].statuses {
                    var gone = OptionDeclaration(status, nil, place: state.state.place)
                    gone.isDeleted = true
                    statuses.append(gone)
                }
                model.states.remove(at: known)
            } else {
                if known == nil { model.states.append(StateModel.State(value: value, statuses: [])) }
                place(statuses, in: known ?? model.states.count - 1, &model, name)
            }
            declareOptions([state.state], in: sets.state, name, "statecode")
            declareOptions(statuses, in: sets.status, name, "statuscode")
        }
        for state in model.states where state.statuses.isEmpty {
            problem("State \(state.value) needs at least one status.", name, "statecode", at: declaration.place)
        }
        guard let first = model.states.first, let status = first.statuses.first else { return }
        let living = Set(model.states.flatMap(\.statuses))
        model.transitions.removeAll { !living.contains($0.from) }
        for index in model.transitions.indices { model.transitions[index].to.removeAll { !living.contains($0) } }
        entities[entity].stateModel = model
        for (attribute, value) in [("statecode", first.value), ("statuscode", status)] {
            if let place = entities[entity].place(of: attribute) {
                entities[entity].attributes[place].defaultValue = .option(value)
            }
        }
    }

    /// Enters statuses in a state, or takes them out.
    private mutating func place(
        _ statuses: [OptionDeclaration],
        in state: Int,
        _ model: inout StateModel,
        _ entity: String
    ) {
        for status in statuses {
            let owner = model.states.firstIndex { $0.statuses.contains(status.value) }
            if let owner, owner != state {
                problem(
                    "Status \(status.value) belongs to state \(model.states[owner].value); a status cannot move.",
                    entity,
                    "statuscode",
                    at: status.place
                )
            } else if status.isDeleted {
                model.states[state].statuses.removeAll { $0 == status.value }
            } else if owner == nil {
                model.states[state].statuses.append(status.value)
            }
        }
    }

    /// The option sets of an entity's life cycle, which is begun where there is none.
    private mutating func lifeCycle(
        _ declaration: EntityDeclaration,
        _ entity: Int
    ) -> (state: Int, status: Int)? {
        let draft = entities[entity]
        if draft.stateModel != nil {
            let sets = ["statecode", "statuscode"].compactMap { name in
                draft.place(of: name).flatMap { draft.attributes[$0].type.optionSet }.map { Int($0.rawValue) }
            }
            return sets.count == 2 ? (sets[0], sets[1]) : nil
        }
        guard draft.place(of: "statecode") == nil, draft.place(of: "statuscode") == nil,
            draft.attributes.count + 2 <= Limits.attributeCountMax
        else {
            problem("There is no room for 'statecode' and 'statuscode'.", draft.name, at: declaration.place)
            return nil
        }
        guard let state = appendSet("\(draft.name)_statecode", isShared: false, at: declaration.place),
            let status = appendSet("\(draft.name)_statuscode", isShared: false, at: declaration.place)
        else { return nil }
        let types = [
            ("statecode", "State", AttributeType.state(OptionSetID(UInt16(state)))),
            ("statuscode", "Status", AttributeType.status(OptionSetID(UInt16(status)))),
        ]
        for (name, label, type) in types {
            entities[entity].attributes.append(
                Attribute(
                    name: name,
                    displayName: label,
                    type: type,
                    isRequired: true,
                    defaultValue: .null,
                    isOrdered: false,
                    onDelete: .removeLink
                )
            )
        }
        return (state, status)
    }

    mutating func declare(_ transitions: [TransitionDeclaration], _ entity: Int, _ declaration: EntityDeclaration) {
        let draft = entities[entity]
        guard draft.stateModel != nil,
            let set = draft.place(of: "statuscode").flatMap({ draft.attributes[$0].type.optionSet })
        else {
            return problem("Only an entity with 'states' has 'transitions'.", draft.name, at: declaration.place)
        }
        var model: [StateModel.Transition] = []
        for transition in transitions {
            do throws(FormError) {
                let options = optionSets[Int(set.rawValue)]
                let from = try option(transition.from, options)
                var to: [Int32] = []
                for status in transition.to { to.append(try option(status, options)) }
                guard !model.contains(where: { $0.from == from }) else {
                    throw FormError(message: "'\(transition.from)' is there twice.")
                }
                model.append(StateModel.Transition(from: from, to: to))
            } catch {
                problem(error.message, draft.name, "transitions", at: transition.place)
            }
        }
        entities[entity].stateModel?.transitions = model
    }

    // MARK: Views

    mutating func declare(_ declaration: ViewDeclaration) {
        let name = declaration.name
        note(declaration.place, name)
        let present = views.firstIndex { $0.name == name }
        if declaration.isDeleted {
            if let present { views.remove(at: present) }
            return
        }
        guard !name.isEmpty, name.utf8.count <= Limits.nameBytesMax else {
            return problem("A view's name has 1 to \(Limits.nameBytesMax) bytes.", name, at: declaration.place)
        }
        let entityName =
            declaration.entity
            ?? present.flatMap { view in
                entities.first { $0.id == views[view].entity }?.name
            }
        guard let entityName, let query = declaration.query ?? present.map({ views[$0].query }) else {
            return problem("A new view needs 'entity' and 'query'.", name, at: declaration.place)
        }
        guard let entity = entities.first(where: { $0.name == entityName }) else {
            return problem(
                "There is no entity '\(entityName)'\(hint(entityName, among: entities.map(\.name))).",
                name,
                at: declaration.place
            )
        }
        let view = SharedView(name: name, entity: entity.id, query: query)
        if let present {
            views[present] = view
        } else if views.count < Limits.viewCountMax {
            views.append(view)
        } else {
            problem("There are \(Limits.viewCountMax) shared views already.", name, at: declaration.place)
        }
    }
}
