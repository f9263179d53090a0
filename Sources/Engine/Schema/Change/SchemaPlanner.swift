// From what a document says and the schema in force to the schema that shall be: the first half of every change. It knows
// names, forms and what belongs together; what the records allow is asked afterwards (`SchemaTransition`).
//
// All problems of a document are found in one go, each with its place, so that a file is not corrected one line at a time.

/// Why a part of a document cannot be carried out.
public struct SchemaProblem: Error, Hashable, Sendable {
    /// Logical name of the entity, or of the option set or view; empty when none is concerned.
    public var entity: String
    /// Logical name of the attribute or key; empty when none is concerned.
    public var attribute: String
    /// One sentence for people.
    public var message: String
    /// Where the declaration stands.
    public var place: SourcePlace

    /// Makes a problem.
    public init(_ message: String, entity: String = "", attribute: String = "", place: SourcePlace = SourcePlace()) {
        self.entity = entity
        self.attribute = attribute
        self.message = message
        self.place = place
    }

    /// Subject and reason.
    public var description: String {
        (entity.isEmpty ? "" : attribute.isEmpty ? "\(entity): " : "\(entity).\(attribute): ") + message
    }
}

/// An entity under construction: its attributes may change, and are looked up one after another.
struct EntityDraft {
    var id: EntityID
    var name: String
    var displayName: String
    var ownership: Ownership
    var attributes: [Attribute]
    var primaryName: AttributeID?
    var keys: [AlternateKey]
    var stateModel: StateModel?
    var pair: [AttributeID]
    var indexes: [RecordIndex]

    init(_ entity: Entity) {
        id = entity.id
        name = entity.name
        displayName = entity.displayName
        ownership = entity.ownership
        attributes = entity.attributes
        primaryName = entity.primaryName
        keys = entity.keys
        stateModel = entity.stateModel
        pair = entity.pair
        indexes = entity.indexes
    }

    func place(of attribute: String) -> Int? { attributes.firstIndex { $0.name == attribute } }

    func built() -> Entity {
        Entity(
            id: id,
            name: name,
            displayName: displayName,
            ownership: ownership,
            attributes: attributes,
            primaryName: primaryName ?? SystemAttribute.externalID,
            keys: keys,
            stateModel: stateModel,
            pair: pair,
            indexes: indexes
        )
    }
}

/// Works out the schema that a document asks for.
struct SchemaPlanner {
    let schema: Schema
    let tables: Tables
    var entities: [EntityDraft]
    var optionSets: [OptionSet]
    var deletedEntities: [DeletedEntity]
    var views: [SharedView]
    var problems: [SchemaProblem] = []
    /// Where what was declared stands, by entity, set or view, and attribute.
    private var places: [[String]: SourcePlace] = [:]

    init(_ schema: Schema, _ tables: Tables) {
        self.schema = schema
        self.tables = tables
        entities = schema.entities.map(EntityDraft.init)
        optionSets = schema.optionSets
        deletedEntities = schema.deletedEntities
        views = schema.views
    }

    /// The schema that the document asks for, under the epoch in force; nil when there are problems.
    mutating func plan(_ document: SchemaDocument) -> Schema? {
        for view in document.views where view.isDeleted { declare(view) }
        for set in document.optionSets where set.deletion == .none { declare(set) }
        for entity in document.entities where entity.deletion == .none { create(entity) }
        // Lists of parties name roles, wherever in the file these are declared.
        let isParty = { (declaration: EntityDeclaration) in declaration.name == PartyAttributes.entityName }
        for declaration in document.entities.filter(isParty) + document.entities.filter({ !isParty($0) })
        where declaration.deletion == .none {
            guard let entity = entities.firstIndex(where: { $0.name == declaration.name }) else { continue }
            declare(declaration, entity)
        }
        let gone = Set(document.entities.filter { $0.deletion != .none }.map(\.name))
        for entity in document.entities where entity.deletion != .none { delete(entity, with: gone) }
        for set in document.optionSets where set.deletion != .none { delete(set) }
        for view in document.views where !view.isDeleted { declare(view) }
        for entity in entities {
            checkWhole(entity)
            checkIndexes(entity)
        }
        guard problems.isEmpty else { return nil }
        return built()
    }

    private mutating func built() -> Schema? {
        let parts = SchemaParts(
            optionSets: optionSets,
            entities: entities.map { $0.built() },
            deletedEntities: deletedEntities,
            views: views
        )
        do {
            try Schema.check(schema.epoch, parts, at: 0)
        } catch {
            problems.append(SchemaProblem(error.reason))
            return nil
        }
        let planned = Schema(
            epoch: schema.epoch,
            entities: parts.entities,
            optionSets: parts.optionSets,
            deletedEntities: parts.deletedEntities,
            views: parts.views
        )
        guard let flaw = planned.derivedFlaw else { return planned }
        problems.append(
            located(SchemaProblem("It \(flaw.reason).", entity: flaw.entity, attribute: flaw.attribute))
        )
        return nil
    }

    // MARK: Problems

    mutating func note(_ place: SourcePlace, _ subject: String...) { places[subject] = place }

    mutating func problem(_ message: String, _ entity: String = "", _ attribute: String = "", at place: SourcePlace) {
        problems.append(SchemaProblem(message, entity: entity, attribute: attribute, place: place))
    }

    /// Where what a problem speaks of was declared.
    func located(_ problem: SchemaProblem) -> SchemaProblem {
        guard problem.place == SourcePlace() else { return problem }
        var problem = problem
        problem.place = places[[problem.entity, problem.attribute]] ?? places[[problem.entity]] ?? SourcePlace()
        return problem
    }

    /// `; did you mean "x"?`, or nothing.
    func hint(_ name: String, among known: some Sequence<String>) -> String {
        nearestName(to: name.lowercased(), among: known).map { "; did you mean '\($0)'?" } ?? ""
    }

    /// Lower case letters, digits and underscores, beginning with a letter: names that no query has to quote.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (97...122).contains(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    }

    static let nameRule = "a name has lower case letters, digits and _, begins with a letter and has at most 64"

    // MARK: Entities

    private mutating func create(_ declaration: EntityDeclaration) {
        let name = declaration.name
        note(declaration.place, name)
        guard !entities.contains(where: { $0.name == name }) else { return }
        guard SchemaPlanner.isName(name) else {
            return problem("'\(name)' cannot be a name: \(SchemaPlanner.nameRule).", at: declaration.place)
        }
        let numbers = entities.map { Int($0.id.rawValue) } + deletedEntities.map { Int($0.id.rawValue) }
        let number = max(numbers.max() ?? 0, Limits.clientEntityMin - 1) + 1
        guard number <= Limits.entityCountMax else {
            return problem("No number is left for another entity.", name, at: declaration.place)
        }
        let ownership = declaration.ownership ?? (declaration.pairedEntities.isEmpty ? .user : .organisation)
        let known = { [entities] (name: String) in entities.first { $0.name == name }?.id }
        guard known("systemuser") != nil, ownership == .organisation || known("team") != nil else {
            return problem("The schema has no users or teams, whom records need.", name, at: declaration.place)
        }
        if let identifier = declaration.identifier, !SchemaPlanner.isName(identifier) {
            return problem("'\(identifier)' cannot be a name: \(SchemaPlanner.nameRule).", name, at: declaration.place)
        }
        let builder = EntityBuilder(
            id: EntityID(UInt16(number)),
            name: name,
            displayName: declaration.label ?? name.prefix(1).uppercased() + name.dropFirst(),
            ownership: ownership,
            keyAttribute: declaration.identifier,
            optionSets: [],
            entityIDs: { known($0) ?? EntityID(0) }
        )
        entities.append(EntityDraft(builder.begun()))
        entities[entities.count - 1].primaryName = nil
    }

    private mutating func declare(_ declaration: EntityDeclaration, _ entity: Int) {
        let isNew = schema.entity(named: declaration.name) == nil
        let draft = entities[entity]
        if let label = declaration.label { entities[entity].displayName = label }
        if let ownership = declaration.ownership, ownership != draft.ownership {
            problem(
                "The records are owned by \(draft.ownership == .user ? "users" : "the organisation"); that cannot change.",
                draft.name,
                at: declaration.place
            )
        }
        if let identifier = declaration.identifier, identifier != draft.attributes[0].name {
            problem(
                "The id attribute is \(draft.attributes[0].name); that cannot change.",
                draft.name,
                at: declaration.place
            )
        }
        if !declaration.pairedEntities.isEmpty { declarePair(declaration, entity, isNew: isNew) }
        for key in declaration.keys where key.isDeleted { delete(key, entity) }
        for index in declaration.indexes where index.isDeleted {
            entities[entity].indexes.removeAll { $0.name == index.name }
        }
        for attribute in declaration.attributes where attribute.deletion != .none { delete(attribute, entity) }
        if !declaration.states.isEmpty { declareStates(declaration, entity) }
        for attribute in declaration.attributes where attribute.deletion == .none { declare(attribute, entity) }
        for key in declaration.keys where !key.isDeleted { declare(key, entity) }
        for index in declaration.indexes where !index.isDeleted { declare(index, entity) }
        if let transitions = declaration.transitions { declare(transitions, entity, declaration) }
        declarePrimaryName(declaration, entity)
    }

    private mutating func declarePrimaryName(_ declaration: EntityDeclaration, _ entity: Int) {
        let draft = entities[entity]
        guard let name = declaration.primaryName else {
            guard draft.primaryName == nil else { return }
            if let place = draft.place(of: "name") {
                entities[entity].primaryName = AttributeID(UInt16(place))
            } else if draft.pair.isEmpty {
                problem(
                    "A new entity needs 'primary', the text that names a record.",
                    draft.name,
                    at: declaration.place
                )
            } else {
                entities[entity].primaryName = SystemAttribute.externalID
            }
            return
        }
        guard let place = draft.place(of: name) else {
            return problem(
                "There is no attribute '\(name)'\(hint(name, among: draft.attributes.map(\.name))).",
                draft.name,
                at: declaration.place
            )
        }
        guard case .text = draft.attributes[place].type else {
            return problem("'\(name)' is no text, so it cannot name a record.", draft.name, at: declaration.place)
        }
        entities[entity].primaryName = AttributeID(UInt16(place))
    }

    /// Two lookups that every record must have, and a key over both: a record pairs two others, each pair once.
    private mutating func declarePair(_ declaration: EntityDeclaration, _ entity: Int, isNew: Bool) {
        let draft = entities[entity]
        let names = declaration.pairedEntities
        guard names.count == 2 else {
            return problem("'between' names two entities.", draft.name, at: declaration.place)
        }
        var ids: [EntityID] = []
        for name in names {
            guard let id = entities.first(where: { $0.name == name })?.id else {
                return problem(
                    "There is no entity '\(name)'\(hint(name, among: entities.map(\.name))).",
                    draft.name,
                    at: declaration.place
                )
            }
            ids.append(id)
        }
        guard isNew else {
            let present = draft.pair.map { draft.attributes[Int($0.rawValue)].type.lookupTargets }
            if present != ids.map({ [$0] }) {
                problem("What the entity pairs cannot change.", draft.name, at: declaration.place)
            }
            return
        }
        for (index, name) in names.enumerated() {
            let suffix = names[0] == names[1] ? "\(index + 1)" : ""
            entities[entity].pair.append(AttributeID(UInt16(entities[entity].attributes.count)))
            entities[entity].attributes.append(
                Attribute(
                    name: "\(name)id\(suffix)",
                    displayName: entities.first { $0.name == name }.map(\.displayName) ?? name,
                    type: .lookup([ids[index]]),
                    isRequired: true,
                    defaultValue: .null,
                    isOrdered: false,
                    onDelete: .cascade
                )
            )
        }
        entities[entity].keys.append(AlternateKey(name: "pair", attributes: entities[entity].pair))
    }

    /// - Parameter gone: entities that go together.
    private mutating func delete(_ declaration: EntityDeclaration, with gone: Set<String>) {
        let name = declaration.name
        note(declaration.place, name)
        guard let entity = entities.firstIndex(where: { $0.name == name }) else { return }
        let id = entities[entity].id
        for other in entities where other.id != id && !gone.contains(other.name) {
            for attribute in other.attributes where attribute.type.lookupTargets.contains(id) {
                let remedy =
                    attribute.type.lookupTargets.count > 1 ? "take it out of its 'to'" : "delete that attribute with it"
                problem("\(other.name).\(attribute.name) refers to it; \(remedy).", name, at: declaration.place)
            }
        }
        for view in views where view.entity == id {
            problem("The view '\(view.name)' lists its records; delete the view first.", name, at: declaration.place)
        }
        let count = schema.place(of: id).map { tables[$0].liveCount } ?? 0
        if count > 0, declaration.deletion != .withData {
            problem(
                "It has \(SchemaPlanner.records(count)); 'delete: with data' deletes them too.",
                name,
                at: declaration.place
            )
        }
        for attribute in entities[entity].attributes { retireOwnSet(of: attribute) }
        entities.remove(at: entity)
        deletedEntities.append(DeletedEntity(id: id, name: name))
    }

    /// `1 record`, `1204 records`.
    static func records(_ count: Int) -> String { count == 1 ? "1 record" : "\(count) records" }
}
