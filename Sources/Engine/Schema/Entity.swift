/// One attribute of an entity. A deleted one keeps its place, so that a column's number is never given to another: it is an
/// optional yes/no under the name `#` and its number, which nobody can write, and `displayName` is the name that it had.
public struct Attribute: Hashable, Sendable {
    /// Logical name, lower case: `estimatedvalue`.
    public var name: String
    /// What people call it.
    public var displayName: String
    /// What it may hold.
    public var type: AttributeType
    /// A record cannot be without it.
    public var isRequired: Bool
    /// Value of a new record that does not say otherwise.
    public var defaultValue: Value
    /// Kept in order in an index of its own, so that ranges and sorts need no scan.
    public var isOrdered: Bool
    /// Quick find looks into it (docs/find.md): texts only.
    public var isSearched = false
    /// How its texts are compared; general for what is no text.
    public var collation = Collation.general
    /// For lookups: what a delete of the target does to this record.
    public var onDelete: DeleteBehaviour
    /// For lookups: what else that happens to the target happens to this record.
    public var cascades = Cascades()
    /// For a lookup to its own entity: it makes a tree of the entity's records.
    public var isHierarchy = false

    /// Whether it is the place of a deleted attribute.
    @inlinable public var isDeleted: Bool { name.utf8.first == UInt8(ascii: "#") }

    /// What remains of a deleted attribute.
    static func deleted(_ name: String, at place: Int) -> Attribute {
        Attribute(
            name: "#\(place)",
            displayName: name,
            type: .boolean,
            isRequired: false,
            defaultValue: .null,
            isOrdered: false,
            onDelete: .removeLink
        )
    }
}

/// A set of attributes whose values, together, name at most one record. Text counts under its attribute's collation.
/// A record with a null in any of them is not named by the key.
public struct AlternateKey: Hashable, Sendable {
    /// Name of the key, unique within the entity.
    public var name: String
    /// The attributes, in the order in which values are given; none in the place of a deleted key.
    public var attributes: [AttributeID]

    /// Whether it is the place of a deleted key: requests name keys by their place.
    public var isDeleted: Bool { attributes.isEmpty }
}

/// A state of an entity's life cycle and the statuses that belong to it.
public struct StateModel: Hashable, Sendable {
    /// Per state: its number and the numbers of its statuses, the default status first.
    public struct State: Hashable, Sendable {
        /// Number of the state.
        public var value: Int32
        /// Numbers of its statuses; the first is the default.
        public var statuses: [Int32]
    }

    /// From a status to those that a record may go to.
    public struct Transition: Hashable, Sendable {
        /// Number of the status before.
        public var from: Int32
        /// Numbers of the statuses after.
        public var to: [Int32]
    }

    /// All states, the initial one first.
    public var states: [State]
    /// The changes of status that are allowed; all are where there is none. A status that is not listed is final.
    public var transitions: [Transition] = []

    /// Whether a record may go from one status to another.
    public func allows(from: Int32, to: Int32) -> Bool {
        transitions.isEmpty || from == to || transitions.contains { $0.from == from && $0.to.contains(to) }
    }

    /// The state that a status belongs to.
    public func state(ofStatus status: Int32) -> Int32? { states.first { $0.statuses.contains(status) }?.value }

    /// The status that a state begins with.
    public func defaultStatus(ofState state: Int32) -> Int32? { states.first { $0.value == state }?.statuses.first }
}

/// Who owns records of an entity.
public enum Ownership: UInt8, Sendable {
    /// A user or a team: the entity has `ownerid`.
    case user = 1
    /// The organisation.
    case organisation = 2
}

/// One entity: its attributes (the table's columns), keys and life cycle. Immutable within a schema.
public struct Entity: Hashable, Sendable {
    /// Number in the registry, part of every record id.
    public var id: EntityID
    /// Logical name, lower case: `opportunity`.
    public var name: String
    /// What people call one record.
    public var displayName: String
    /// Who owns the records.
    public var ownership: Ownership
    /// The attributes by `AttributeID`; the first seven are those of `SystemAttribute`.
    public var attributes: [Attribute]
    /// The attribute that names a record to people (`name`, `subject`, `fullname`).
    public var primaryName: AttributeID
    /// The alternate keys, by index.
    public var keys: [AlternateKey]
    /// The life cycle, for entities with `statecode` and `statuscode`.
    public var stateModel: StateModel?
    /// The two lookups of an entity whose records pair two others: a many-to-many relationship.
    public var pair: [AttributeID]
    /// The indexes that are declared, in order.
    public var indexes: [RecordIndex]
    /// Whether the organisation made it, and not the standard.
    package var isOwn: Bool { id.rawValue >= Limits.clientEntityMin }

    private var attributeIDs: [String: AttributeID]

    /// Makes an entity. Names of attributes must be unique.
    package init(
        id: EntityID,
        name: String,
        displayName: String,
        ownership: Ownership,
        attributes: [Attribute],
        primaryName: AttributeID,
        keys: [AlternateKey],
        stateModel: StateModel?,
        pair: [AttributeID] = [],
        indexes: [RecordIndex] = []
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.ownership = ownership
        self.attributes = attributes
        self.primaryName = primaryName
        self.keys = keys
        self.stateModel = stateModel
        self.pair = pair
        self.indexes = indexes
        attributeIDs = [:]
        for (index, attribute) in attributes.enumerated() {
            let previous = attributeIDs.updateValue(AttributeID(UInt16(index)), forKey: attribute.name)
            precondition(previous == nil, "\(name).\(attribute.name) is declared twice")
        }
    }

    /// The attribute with this logical name, nil when there is none. Names are lower case. O(1).
    public func attributeID(_ name: String) -> AttributeID? { attributeIDs[name] }

    /// The attribute with this number; the number must be one of this entity's.
    public subscript(_ id: AttributeID) -> Attribute { attributes[Int(id.rawValue)] }

    /// The state attribute of an entity with a life cycle.
    public var stateAttribute: AttributeID? { stateModel == nil ? nil : attributeID("statecode") }
    /// The status attribute of an entity with a life cycle.
    public var statusAttribute: AttributeID? { stateModel == nil ? nil : attributeID("statuscode") }
    /// The owner attribute of an entity owned by users.
    public var ownerAttribute: AttributeID? { ownership == .user ? attributeID("ownerid") : nil }
    /// The lookup to its own entity that makes a tree of the records: the one that says so, or else the only one.
    public var hierarchyAttribute: AttributeID? {
        let own = attributes.indices.filter { attributes[$0].type.lookupTargets == [id] && $0 >= SystemAttribute.count }
        let place = own.first { attributes[$0].isHierarchy } ?? (own.count == 1 ? own[0] : nil)
        return place.map { AttributeID(UInt16($0)) }
    }
    /// Whether its records are activities: their id is called `activityid`, as that of tasks and of an organisation's own activity
    /// types (docs/metadata.md).
    public var isActivity: Bool { attributes.first?.name == "activityid" }
    /// Index of the key made of exactly this attribute.
    public func keyIndex(of attribute: AttributeID) -> Int? { keys.firstIndex { $0.attributes == [attribute] } }
}

/// Attributes that every entity begins with, so that their numbers are constants.
public enum SystemAttribute {
    /// `<entity>id`: the record's id (the table's id column).
    public static let identifier = AttributeID(0)
    /// `versionnumber`.
    public static let version = AttributeID(1)
    /// `createdon`.
    public static let createdOn = AttributeID(2)
    /// `createdby`.
    public static let createdBy = AttributeID(3)
    /// `modifiedon`.
    public static let modifiedOn = AttributeID(4)
    /// `modifiedby`.
    public static let modifiedBy = AttributeID(5)
    /// `externalid`: the id in the system that the record came from; an alternate key of every entity (key 0).
    public static let externalID = AttributeID(6)
    /// How many there are.
    public static let count = 7
    /// Kept by the engine: a client cannot write attributes below this number.
    public static let writableFrom = AttributeID(6)
}
