// What someone wants the schema to say: the declarations of a YAML file, or of a program. A document is not a list of
// changes: it says how entities, attributes, option sets and views shall be, and the engine works out what is to change
// (`SchemaPlanner`). So applying it twice changes nothing, and two documents that speak of different things can be applied
// in any order.
//
// Rules that hold throughout
// - What is not mentioned stays as it is. Nothing is deleted that does not say so (`Deletion`).
// - Names are logical names; numbers of entities, attributes and keys are given by the engine.
// - Every declaration carries its place in the file that it came from, so that a refusal can name it.

/// Line and column of a declaration in its file, from 1; both 0 where there is no file.
public struct SourcePlace: Hashable, Sendable {
    /// From 1.
    public var line: UInt32
    /// From 1, in bytes.
    public var column: UInt32

    /// Makes a place.
    public init(line: UInt32 = 0, column: UInt32 = 0) {
        self.line = line
        self.column = column
    }
}

/// Whether a declaration says that its thing shall be gone.
public enum Deletion: UInt8, Sendable {
    /// It shall be there.
    case none = 0
    /// It shall be gone; refused while records or values would be lost.
    case unused = 1
    /// It shall be gone with its records or values.
    case withData = 2
}

/// One choice of an option set.
public struct OptionDeclaration: Hashable, Sendable {
    /// The number that programs use.
    public var value: Int32
    /// What people see; nil leaves it as it is.
    public var label: String?
    /// Whether it shall be gone; refused while a record has it.
    public var isDeleted = false
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ value: Int32, _ label: String?, place: SourcePlace = SourcePlace()) {
        self.value = value
        self.label = label
        self.place = place
    }
}

/// An option set that several attributes use.
public struct OptionSetDeclaration: Hashable, Sendable {
    /// Logical name.
    public var name: String
    /// Choices that shall be there, or be gone.
    public var options: [OptionDeclaration] = []
    /// Whether the set shall be gone; refused while an attribute uses it.
    public var deletion = Deletion.none
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String) { self.name = name }
}

/// One attribute.
public struct AttributeDeclaration: Hashable, Sendable {
    /// Logical name.
    public var name: String
    /// What people call it.
    public var label: String?
    /// Name of the form of its type: see `AttributeForm`. Nil leaves it as it is.
    public var form: String?
    /// What the form takes: only what shall change, or all of it for a new attribute.
    public var parameters: [AttributeParameter: [String]] = [:]
    /// Choices of its own option set.
    public var options: [OptionDeclaration] = []
    /// A record cannot be without it.
    public var isRequired: Bool?
    /// Kept in order in an index.
    public var isOrdered: Bool?
    /// Quick find looks into it.
    public var isSearched: Bool?
    /// Value of new records: yes, no, a number, an option's number or label, or `none`.
    public var defaultText: String?
    /// Makes a tree of the entity's records.
    public var isHierarchy: Bool?
    /// What happens to a record with the target of its lookup, by action.
    public var behaviours: [RelationshipAction: String] = [:]
    /// Whether the attribute shall be gone.
    public var deletion = Deletion.none
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String, _ form: String? = nil) {
        self.name = name
        self.form = form
    }
}

/// What can happen to the target of a lookup. The numbers are part of the document's bytes.
public enum RelationshipAction: UInt8, Sendable, CaseIterable, Comparable {
    case delete = 1
    case assign = 2
    case share = 3
    case reparent = 4
    case merge = 5

    /// By number.
    public static func < (a: RelationshipAction, b: RelationshipAction) -> Bool { a.rawValue < b.rawValue }
}

/// An alternate key.
public struct KeyDeclaration: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Names of its attributes, in order.
    public var attributes: [String]
    /// Whether it shall be gone.
    public var isDeleted = false
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String, _ attributes: [String]) {
        self.name = name
        self.attributes = attributes
    }
}

/// An index over attributes in order.
public struct IndexDeclaration: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Names of its attributes, in order.
    public var attributes: [String]
    /// Whether it shall be gone.
    public var isDeleted = false
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String, _ attributes: [String]) {
        self.name = name
        self.attributes = attributes
    }
}

/// A state of a life cycle with its statuses.
public struct StateDeclaration: Hashable, Sendable {
    /// The state itself.
    public var state: OptionDeclaration
    /// Its statuses; of a new state the first is the default.
    public var statuses: [OptionDeclaration]

    /// Makes a declaration.
    public init(_ state: OptionDeclaration, _ statuses: [OptionDeclaration]) {
        self.state = state
        self.statuses = statuses
    }
}

/// The statuses that a record may go to from one.
public struct TransitionDeclaration: Hashable, Sendable {
    /// Number or label of the status before.
    public var from: String
    /// Numbers or labels of the statuses after.
    public var to: [String]
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ from: String, _ to: [String]) {
        self.from = from
        self.to = to
    }
}

/// One entity.
public struct EntityDeclaration: Hashable, Sendable {
    /// Logical name.
    public var name: String
    /// What people call one record.
    public var label: String?
    /// Who owns the records; only for a new entity. Nil: a user or team.
    public var ownership: Ownership?
    /// Name of its id attribute; only for a new entity. Nil: the entity's name with `id` behind it.
    public var identifier: String?
    /// Name of the attribute that names a record to people.
    public var primaryName: String?
    /// The two entities whose records it pairs, which makes it a many-to-many relationship; only for a new entity.
    public var pairedEntities: [String] = []
    /// Attributes that shall be there, or be gone.
    public var attributes: [AttributeDeclaration] = []
    /// Alternate keys that shall be there, or be gone.
    public var keys: [KeyDeclaration] = []
    /// Indexes that shall be there, or be gone.
    public var indexes: [IndexDeclaration] = []
    /// States of its life cycle that shall be there, or be gone.
    public var states: [StateDeclaration] = []
    /// The changes of status that are allowed, all of them; nil leaves them as they are, none allows every change.
    public var transitions: [TransitionDeclaration]?
    /// Whether the entity shall be gone.
    public var deletion = Deletion.none
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String) { self.name = name }
}

/// A query that everyone finds under a name.
public struct ViewDeclaration: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// Logical name of the entity whose records it lists; nil leaves it as it is.
    public var entity: String?
    /// The query, in SQL; nil leaves it as it is.
    public var query: String?
    /// Whether it shall be gone.
    public var isDeleted = false
    /// Where it stands.
    public var place = SourcePlace()

    /// Makes a declaration.
    public init(_ name: String) { self.name = name }
}

/// Everything that one file declares.
public struct SchemaDocument: Hashable, Sendable {
    /// Shared option sets.
    public var optionSets: [OptionSetDeclaration] = []
    /// Entities.
    public var entities: [EntityDeclaration] = []
    /// Shared views.
    public var views: [ViewDeclaration] = []

    /// An empty document, which changes nothing.
    public init() {}
}
