// What a lookup says about the relationship behind it, besides deletes: how far an action on a record reaches the records
// that refer to it. Assigning is a message (docs/crm.md); sharing, reparenting and merging are to come, and until then the schema
// carries their scopes.

/// Which of the referring records an action on their target reaches.
public enum CascadeScope: UInt8, Sendable, CaseIterable {
    /// None of them.
    case none = 0
    /// All.
    case all = 1
    /// Those in the initial state of their life cycle.
    case active = 2
    /// Those with the same owner as the target.
    case userOwned = 3
}

/// The scopes of a lookup.
public struct Cascades: Hashable, Sendable {
    /// When the target gets another owner.
    public var assign = CascadeScope.none
    /// When the target is shared, or no longer shared.
    public var share = CascadeScope.none
    /// When the target gets another parent, and with it other readers.
    public var reparent = CascadeScope.none
    /// When the target is merged into another record.
    public var merge = CascadeScope.none

    /// No reach at all.
    public init() {}

    /// The scopes in the order of their declaration.
    var all: [CascadeScope] { [assign, share, reparent, merge] }

    /// All four in one byte, two bits each.
    var packed: UInt8 { all.enumerated().reduce(0) { $0 | $1.element.rawValue << UInt8($1.offset * 2) } }

    /// Every byte is some four scopes.
    init(packed: UInt8) {
        func scope(_ place: UInt8) -> CascadeScope { CascadeScope(rawValue: packed >> (place * 2) & 3) ?? .none }
        (assign, share, reparent, merge) = (scope(0), scope(1), scope(2), scope(3))
    }
}
