// What is different between two schemas, in words: what `diff` shows, and what a change reports that it did.

/// One difference.
public struct SchemaDifference: Hashable, Sendable {
    /// Logical name of the entity, option set or view.
    public var subject: String
    /// What changes, in words: `add attribute budget (money)`.
    public var change: String

    /// Makes a difference.
    public init(_ subject: String, _ change: String) {
        self.subject = subject
        self.change = change
    }
}

extension Schema {
    /// What makes of this schema the other one, in the order of entities, sets and views.
    package func differences(to new: Schema) -> [SchemaDifference] {
        var list: [SchemaDifference] = []
        for entity in entities where new.entity(entity.id) == nil {
            list.append(SchemaDifference(entity.name, "delete entity"))
        }
        for after in new.entities {
            guard let before = entity(after.id) else {
                list.append(SchemaDifference(after.name, "add entity: \(new.summary(after))"))
                for attribute in after.attributes.dropFirst(SystemAttribute.count)
                where !["ownerid", "statecode", "statuscode"].contains(attribute.name) {
                    list.append(SchemaDifference(after.name, "add attribute \(new.words(attribute))"))
                }
                list += keyDifferences([], after.keys.dropFirst(), after)
                list += indexDifferences([], after)
                list += new.lifeCycle(of: after, since: nil).map { SchemaDifference(after.name, $0) }
                continue
            }
            guard before != after || !hasSameOptions(before, in: new) else { continue }
            list += differences(before, after, new)
        }
        for (number, set) in new.optionSets.enumerated() where set.isShared {
            list += setDifferences(number < optionSets.count ? optionSets[number] : nil, set, set.name)
        }
        for view in views where !new.views.contains(where: { $0.name == view.name }) {
            list.append(SchemaDifference(view.name, "delete view"))
        }
        for view in new.views {
            guard let before = views.first(where: { $0.name == view.name }) else {
                list.append(SchemaDifference(view.name, "add view of \(new.entity(view.entity)?.name ?? "")"))
                continue
            }
            if before != view { list.append(SchemaDifference(view.name, "change view")) }
        }
        return list
    }

    private func hasSameOptions(_ entity: Entity, in new: Schema) -> Bool {
        entity.attributes.allSatisfy { attribute in
            attribute.type.optionSet.map { self[$0] == new[$0] } ?? true
        }
    }

    private func summary(_ entity: Entity) -> String {
        if !entity.pair.isEmpty {
            let names = entity.pair.flatMap { entity[$0].type.lookupTargets.compactMap { self.entity($0)?.name } }
            return "'\(entity.displayName)', pairs \(names.joined(separator: " and "))"
        }
        return "'\(entity.displayName)', owned by \(entity.ownership == .user ? "users and teams" : "the organisation")"
    }

    private func words(_ attribute: Attribute) -> String {
        var parts = [words(attribute.type)]
        if attribute.isRequired { parts.append("required") }
        if attribute.isOrdered { parts.append("ordered") }
        if attribute.isSearched { parts.append("searched") }
        if attribute.collation != .general { parts.append("collation \(attribute.collation.name)") }
        if attribute.isHierarchy { parts.append("hierarchy") }
        if attribute.defaultValue != .null { parts.append("default \(words(attribute.defaultValue))") }
        return "\(attribute.name): \(parts.joined(separator: ", "))"
    }

    private func words(_ value: Value) -> String {
        switch value {
        case .boolean(let isTrue): isTrue ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .option(let number): "\(number)"
        default: "none"
        }
    }

    /// `text, length 100`.
    private func words(_ type: AttributeType) -> String {
        let names = FormNames(self)
        guard let (form, given) = AttributeForm.of(type, names) else {
            switch type {
            case .state: return "state"
            case .status: return "status"
            default: return "kept by the engine"
            }
        }
        let parts = given.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.joined(separator: ", "))" }
        return ([form.name] + parts).joined(separator: ", ")
    }

    private func differences(_ before: Entity, _ after: Entity, _ new: Schema) -> [SchemaDifference] {
        var list: [SchemaDifference] = []
        func add(_ change: String) { list.append(SchemaDifference(after.name, change)) }
        if before.displayName != after.displayName {
            add("label '\(before.displayName)' becomes '\(after.displayName)'")
        }
        if before[before.primaryName].name != after[after.primaryName].name {
            add("records are named by \(after[after.primaryName].name) instead of \(before[before.primaryName].name)")
        }
        for (place, attribute) in after.attributes.enumerated() {
            guard place < before.attributes.count else {
                if !attribute.isDeleted { add("add attribute \(new.words(attribute))") }
                continue
            }
            let old = before.attributes[place]
            if attribute.isDeleted {
                if !old.isDeleted { add("delete attribute \(old.name)") }
                continue
            }
            for change in changes(old, attribute, new) { add("\(attribute.name): \(change)") }
            if let set = attribute.type.optionSet, old.type.optionSet == set, !new[set].isShared {
                list += setDifferences(self[set], new[set], after.name, attribute.name)
            }
        }
        list += keyDifferences(before.keys[...], after.keys[...], after)
        list += indexDifferences(before.indexes, after)
        list += new.lifeCycle(of: after, since: before.stateModel).map { SchemaDifference(after.name, $0) }
        return list
    }

    private func changes(_ old: Attribute, _ attribute: Attribute, _ new: Schema) -> [String] {
        var list: [String] = []
        if old.displayName != attribute.displayName {
            list.append("label '\(old.displayName)' becomes '\(attribute.displayName)'")
        }
        if words(old.type) != new.words(attribute.type) {
            list.append("\(words(old.type)) becomes \(new.words(attribute.type))")
        }
        if old.isRequired != attribute.isRequired {
            list.append(attribute.isRequired ? "required" : "no longer required")
        }
        if old.isOrdered != attribute.isOrdered { list.append(attribute.isOrdered ? "ordered" : "no longer ordered") }
        if old.isSearched != attribute.isSearched {
            list.append(attribute.isSearched ? "searched" : "no longer searched")
        }
        if old.collation != attribute.collation {
            list.append("collation \(old.collation.name) becomes \(attribute.collation.name)")
        }
        if old.isHierarchy != attribute.isHierarchy {
            list.append(attribute.isHierarchy ? "makes the hierarchy" : "no longer makes the hierarchy")
        }
        if old.defaultValue != attribute.defaultValue {
            list.append("default \(words(old.defaultValue)) becomes \(words(attribute.defaultValue))")
        }
        if old.onDelete != attribute.onDelete {
            list.append("delete: \(old.onDelete.name) becomes \(attribute.onDelete.name)")
        }
        let scopes = zip(old.cascades.all, attribute.cascades.all)
        for (action, (before, after)) in zip(RelationshipAction.allCases.dropFirst(), scopes) where before != after {
            list.append("\(action): \(before.name) becomes \(after.name)")
        }
        return list
    }

    private func keyDifferences(
        _ before: ArraySlice<AlternateKey>,
        _ after: ArraySlice<AlternateKey>,
        _ entity: Entity
    ) -> [SchemaDifference] {
        after.indices.compactMap { place in
            let (key, old) = (after[place], before.indices.contains(place) ? before[place] : nil)
            if let old {
                return key.isDeleted && !old.isDeleted ? SchemaDifference(entity.name, "delete key \(old.name)") : nil
            }
            if key.isDeleted { return nil }
            let names = key.attributes.map { entity[$0].name }.joined(separator: ", ")
            return SchemaDifference(entity.name, "add key \(key.name) of \(names)")
        }
    }

    private func indexDifferences(_ before: [RecordIndex], _ entity: Entity) -> [SchemaDifference] {
        func names(_ index: RecordIndex) -> String { index.attributes.map { entity[$0].name }.joined(separator: ", ") }
        let gone = before.filter { index in !entity.indexes.contains { $0.name == index.name } }
        return gone.map { SchemaDifference(entity.name, "delete index \($0.name)") }
            + entity.indexes.compactMap { index in
                guard let old = before.first(where: { $0.name == index.name }) else {
                    return SchemaDifference(entity.name, "add index \(index.name) of \(names(index))")
                }
                return old == index
                    ? nil : SchemaDifference(entity.name, "index \(index.name) becomes one of \(names(index))")
            }
    }

    private func setDifferences(
        _ before: OptionSet?,
        _ after: OptionSet,
        _ subject: String,
        _ attribute: String = ""
    ) -> [SchemaDifference] {
        let prefix = attribute.isEmpty ? "" : "\(attribute): "
        guard let before else {
            let options = after.choices.map { "\($0.value) \($0.label)" }.joined(separator: ", ")
            return after.isDeleted ? [] : [SchemaDifference(subject, "add option set: \(options)")]
        }
        if after.isDeleted { return before.isDeleted ? [] : [SchemaDifference(subject, "delete option set")] }
        return after.options.enumerated().compactMap { place, option in
            let old = place < before.options.count ? before.options[place] : nil
            let wasThere = old.map { !$0.isDeleted } ?? false
            if option.isDeleted {
                return wasThere
                    ? SchemaDifference(subject, "\(prefix)delete option \(option.value) \(option.label)") : nil
            }
            if !wasThere { return SchemaDifference(subject, "\(prefix)add option \(option.value) \(option.label)") }
            guard let old, old.label != option.label else { return nil }
            return SchemaDifference(subject, "\(prefix)option \(option.value) '\(old.label)' becomes '\(option.label)'")
        }
    }
}

// Life cycles.
extension Schema {
    /// What is different in an entity's life cycle, besides the labels of its states and statuses.
    private func lifeCycle(of entity: Entity, since old: StateModel?) -> [String] {
        guard let model = entity.stateModel, model != old else { return [] }
        let options = { (attribute: AttributeID?) in attribute.flatMap { entity[$0].type.optionSet }.map { self[$0] } }
        let (states, statuses) = (options(entity.stateAttribute), options(entity.statusAttribute))
        let state = { (number: Int32) in states?.label(of: number) ?? "\(number)" }
        let status = { (number: Int32) in statuses?.label(of: number) ?? "\(number)" }
        let names = { (numbers: [Int32]) in numbers.map(status).joined(separator: ", ") }
        var list: [String] = []
        if let old {
            for declared in model.states {
                let added = declared.statuses.filter { old.state(ofStatus: $0) == nil }
                if !added.isEmpty { list.append("state \(state(declared.value)) gets \(names(added))") }
            }
        } else {
            let shown = model.states.map { "\(state($0.value)) (\(names($0.statuses)))" }
            list.append("add life cycle: \(shown.joined(separator: ", "))")
        }
        let before = old?.transitions ?? []
        if model.transitions.isEmpty {
            return before.isEmpty ? list : list + ["every change of status is allowed"]
        }
        for number in model.states.flatMap(\.statuses) {
            let present = model.transitions.first { $0.from == number }?.to ?? []
            guard before.isEmpty || before.first(where: { $0.from == number })?.to ?? [] != present else { continue }
            list.append(present.isEmpty ? "\(status(number)) is final" : "\(status(number)) leads to \(names(present))")
        }
        return list
    }
}
