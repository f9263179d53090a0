/// The entities, option sets and relationships of one organisation at one moment. Immutable and shared by reference;
/// a change of the schema is a new one with a higher epoch.
public final class Schema: Sendable {
    /// Counts changes of the schema; a client that prepared something under an older epoch is told to refresh.
    public let epoch: UInt32
    /// All entities in order of their numbers.
    public let entities: [Entity]
    /// All option sets, by `OptionSetID`.
    public let optionSets: [OptionSet]
    /// Numbers that no entity gets again.
    public let deletedEntities: [DeletedEntity]
    /// Queries that are shared by name, in order of their names.
    public let views: [SharedView]
    /// Per entity (by place in `entities`): the lookups that can refer to it, in order of entity and attribute.
    package let references: [[Reference]]
    /// Places of the entities that quick find looks into.
    package let searchedPlaces: [Int]
    /// The entity whose records act: `systemuser`.
    package let userEntity: EntityID?

    /// Where the parties of activities lie; nil where there are none.
    package let parties: PartyAttributes?

    /// What derived attributes are computed from.
    package let derivedExpressions: DerivedExpressions

    private let placesByName: [String: Int]
    private let placesByID: [Int16]

    /// A lookup attribute seen from its target.
    package struct Reference: Hashable, Sendable {
        package var entity: EntityID
        package var attribute: AttributeID
        package var onDelete: DeleteBehaviour
    }

    /// Puts a schema together. Numbers and names of entities must be unique.
    package init(
        epoch: UInt32,
        entities: [Entity],
        optionSets: [OptionSet],
        deletedEntities: [DeletedEntity] = [],
        views: [SharedView] = []
    ) {
        precondition(entities.count <= Limits.entityCountMax)
        let entities = entities.sorted { $0.id < $1.id }
        self.epoch = epoch
        self.entities = entities
        self.optionSets = optionSets
        self.deletedEntities = deletedEntities.sorted { $0.id < $1.id }
        self.views = views.sorted { $0.name < $1.name }
        derivedExpressions = DerivedExpressions(entities)
        var byName: [String: Int] = [:]
        var byID = [Int16](repeating: -1, count: 4096)
        for (place, entity) in entities.enumerated() {
            let previous = byName.updateValue(place, forKey: entity.name)
            precondition(previous == nil && byID[Int(entity.id.rawValue)] < 0, "\(entity.name) is declared twice")
            byID[Int(entity.id.rawValue)] = Int16(place)
        }
        var references = [[Reference]](repeating: [], count: entities.count)
        for entity in entities {
            for (index, attribute) in entity.attributes.enumerated() {
                for target in attribute.type.lookupTargets {
                    let place = Int(byID[Int(target.rawValue)])
                    precondition(place >= 0, "\(entity.name).\(attribute.name) refers to an unknown entity")
                    references[place].append(
                        Reference(
                            entity: entity.id,
                            attribute: AttributeID(UInt16(index)),
                            onDelete: attribute.onDelete
                        )
                    )
                }
            }
        }
        searchedPlaces = entities.indices.filter { entities[$0].attributes.contains(where: \.isSearched) }
        userEntity = byName["systemuser"].map { entities[$0].id }
        parties = byName[PartyAttributes.entityName].flatMap { PartyAttributes(entities, at: $0) }
        placesByName = byName
        placesByID = byID
        self.references = references
    }

    /// Place of an entity in `entities`, nil when the number names none. O(1).
    public func place(of id: EntityID) -> Int? {
        guard id.rawValue < 4096 else { return nil }
        let place = Int(placesByID[Int(id.rawValue)])
        return place < 0 ? nil : place
    }

    /// The entity with this number. O(1).
    public func entity(_ id: EntityID) -> Entity? { place(of: id).map { entities[$0] } }

    /// Place in `entities` of the one with this logical name. O(1).
    package func place(named name: String) -> Int? { placesByName[name] }

    /// The entity with this logical name (lower case). O(1).
    public func entity(named name: String) -> Entity? { placesByName[name].map { entities[$0] } }

    /// Place in `entities` of the standard's one with this logical name; nil where it is not there, also when the organisation has one
    /// of its own that is called so. Whoever acts on records of an entity by a name of the standard asks here. O(1).
    package func standardPlace(named name: String) -> Int? {
        place(named: name).flatMap { entities[$0].isOwn ? nil : $0 }
    }

    /// The standard's entity with this logical name; nil as for `standardPlace`. O(1).
    package func standardEntity(named name: String) -> Entity? { standardPlace(named: name).map { entities[$0] } }

    /// The option set with this number; the number must come from this schema.
    public subscript(_ id: OptionSetID) -> OptionSet { optionSets[Int(id.rawValue)] }

    /// The text form of a record id: `account/7K3M`.
    public func text(of id: RecordID) -> String {
        "\(entity(id.entity)?.name ?? String(id.entity.rawValue))/\(id.code)"
    }

    /// Reads the text form of a record id; nil when the entity is unknown or the check character is wrong.
    public func recordID(_ text: some StringProtocol) -> RecordID? {
        guard let slash = text.firstIndex(of: "/"), let entity = entity(named: String(text[..<slash])) else {
            return nil
        }
        return RecordID(entity: entity.id, code: text[text.index(after: slash)...])
    }
}

/// An entity that was deleted: record ids in old logs still carry its number.
public struct DeletedEntity: Hashable, Sendable {
    /// The number.
    public var id: EntityID
    /// The logical name that it had; another entity may have it now.
    public var name: String
}

/// A query that everyone finds under a name.
public struct SharedView: Hashable, Sendable {
    /// The name, for people.
    public var name: String
    /// The entity whose records it lists.
    public var entity: EntityID
    /// The query, in SQL.
    public var query: String

    /// Makes a view, for schemas written in Swift.
    package init(name: String, entity: EntityID, query: String) {
        self.name = name
        self.entity = entity
        self.query = query
    }
}
