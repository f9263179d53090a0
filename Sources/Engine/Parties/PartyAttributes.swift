// Where the parties of activities lie, and whether an attribute can be a list of them (docs/schema.md, "Lists of parties").
//
// A party list stores nothing: its value is the records of `activityparty` that refer to the record in one role. So all that is
// needed of that entity is asked once, when a schema is made, and what follows takes it for granted.

/// The entity of parties: its place in the schema, and the columns that lists read and write.
package struct PartyAttributes: Hashable, Sendable {
    /// Logical name of the entity.
    package static let entityName = "activityparty"
    /// Name of the attribute that says as what a party takes part.
    static let roleName = "participationtypemask"
    /// Names of its attributes, in the order of the columns below.
    private static let names = ["activityid", roleName, "partyid", "addressused", "ordering"]

    package let place: Int
    /// The record that takes the party.
    let activity: Int
    /// As what it does.
    let role: Int
    /// The record that is the party, if it is one.
    let party: Int
    /// The address that was used.
    let address: Int
    /// Its place in the list.
    let ordering: Int
    /// The set of the roles.
    package let roles: OptionSetID
    /// Entities whose records may be parties.
    let partyEntities: [EntityID]
    /// Entities whose records may have parties.
    let activityEntities: [EntityID]
    /// Characters of an address at most.
    let addressLengthMax: Int
    /// The largest place in a list.
    let orderingMax: Int64

    /// Nil when there is no such entity, or one of another make.
    init?(_ entities: [Entity], at place: Int) {
        let entity = entities[place]
        let ids = Self.names.compactMap { entity.attributeID($0) }
        guard ids.count == Self.names.count,
            case .lookup(let activities) = entity[ids[0]].type, case .option(let roles) = entity[ids[1]].type,
            case .lookup(let parties) = entity[ids[2]].type, case .integer(_, let orderingMax) = entity[ids[4]].type
        else { return nil }
        switch entity[ids[3]].type {
        case .text(let lengthMax), .memo(let lengthMax): addressLengthMax = lengthMax
        default: return nil
        }
        self.place = place
        self.roles = roles
        self.orderingMax = orderingMax
        (activityEntities, partyEntities) = (activities, parties)
        let columns = ids.map { Int($0.rawValue) }
        (activity, role, party, address, ordering) = (columns[0], columns[1], columns[2], columns[3], columns[4])
    }
}

extension AttributeType {
    /// The role of a party list; nil for other types.
    package var partyRole: Int32? { if case .partyList(let role) = self { role } else { nil } }
}

extension Schema {
    /// Why an attribute of an entity cannot list the parties in a role, as what is said of "it"; nil when it can.
    func obstacle(toPartyList attribute: Attribute, of entity: Entity) -> String? {
        guard let role = attribute.type.partyRole else { return nil }
        guard let parties else {
            return
                "lists parties, and there is no entity \(PartyAttributes.entityName) with the attributes of the standard's"
        }
        guard self[parties.roles].place(of: role) != nil else {
            return
                "lists parties in role \(role), which is no option of \(PartyAttributes.entityName).\(PartyAttributes.roleName)"
        }
        guard parties.activityEntities.contains(entity.id) else {
            return "lists parties, but \(PartyAttributes.entityName).activityid cannot refer to \(entity.name)"
        }
        let same = entity.attributes.prefix { $0.name != attribute.name }.first { $0.type.partyRole == role }
        return same.map { "lists the same parties as \($0.name)" }
    }
}
