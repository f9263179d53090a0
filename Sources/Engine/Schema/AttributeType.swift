/// What an attribute may hold. Bounds are part of the type, so that every check can name the rule it applied.
public indirect enum AttributeType: Hashable, Sendable {
    /// One line of text of at most `lengthMax` Unicode scalars.
    case text(lengthMax: Int)
    /// Long text of at most `lengthMax` Unicode scalars; not indexed.
    case memo(lengthMax: Int)
    /// Whole number within the bounds.
    case integer(minimum: Int64, maximum: Int64)
    /// Decimal number with `scale` digits behind the point, bounds in scaled units.
    case decimal(scale: UInt8, minimum: Int64, maximum: Int64)
    /// Money, four digits behind the point, in the record's currency (`transactioncurrencyid`).
    case money
    /// Yes or no.
    case boolean
    /// One value of an option set of the schema.
    case option(OptionSetID)
    /// State of the record's life cycle; the options are the entity's states.
    case state(OptionSetID)
    /// Status within a state; the options are the entity's statuses.
    case status(OptionSetID)
    /// Calendar date without a time zone.
    case date
    /// Moment in UTC with microseconds.
    case instant
    /// Reference to a record of one of these entities.
    case lookup([EntityID])
    /// The record's own id. Kept by the engine.
    case identifier
    /// The record's version: position of its last change. Kept by the engine.
    case version
    /// Any of the options of a set of at most 64: see OptionSelection.swift.
    case options(OptionSetID)
    /// A text that the engine gives to a new record: see AutoNumberFormat.swift.
    case autoNumber(format: String)
    /// The rate of the record's currency when an amount of the record, or its currency, was set last. Kept by the engine.
    case exchangeRate
    /// Computed from the record and what its lookups lead to, wherever it is read. Nothing is stored.
    case calculated(expression: String, result: AttributeType)
    /// Counted or added up over the records that refer to the record, wherever it is read. Nothing is stored.
    case rollUp(RollUp, result: AttributeType)
    /// A file of at most so many bytes, of one of these content types (none: of any): see FileReference.swift.
    case file(bytesMax: Int64, contentTypes: [String])
    /// The parties of an activity in one role, an option of `activityparty.participationtypemask`, as one text: see
    /// PartyListText.swift. Nothing is stored: it is read from the records of `activityparty`, and writing it writes them.
    case partyList(role: Int32)

    /// Digits behind the point that money is stored with.
    public static let moneyScale: UInt8 = 4

    /// Digits behind the point of exchange rates.
    package static let rateScale: UInt8 = 10

    /// How values lie in batches, log and wire.
    public var physicalKind: PhysicalKind {
        switch self {
        case .text, .memo, .autoNumber, .file, .partyList: .text
        case .integer, .decimal, .money, .instant, .version, .options, .exchangeRate: .int64
        case .boolean: .bool
        case .option, .state, .status, .date: .int32
        case .lookup, .identifier: .id
        case .calculated(_, let result), .rollUp(_, let result): result.physicalKind
        }
    }

    /// The option set behind an attribute whose values are options, one or several at once.
    public var optionSet: OptionSetID? {
        switch self {
        case .option(let id), .state(let id), .status(let id), .options(let id): id
        case .calculated(_, let result), .rollUp(_, let result): result.optionSet
        default: nil
        }
    }

    /// Unicode scalars that a text may have; nil when the values are no texts that somebody writes.
    package var textLengthMax: Int? {
        switch self {
        case .text(let lengthMax), .memo(let lengthMax): lengthMax
        default: nil
        }
    }

    /// Digits behind the point of the scaled integer; nil when the values are not decimal.
    public var decimalScale: UInt8? {
        switch self {
        case .decimal(let scale, _, _): scale
        case .money: AttributeType.moneyScale
        case .exchangeRate: AttributeType.rateScale
        case .calculated(_, let result), .rollUp(_, let result): result.decimalScale
        default: nil
        }
    }

    /// Whether an attribute of this type may declare how its texts are compared.
    package var takesCollation: Bool {
        switch self {
        case .text, .memo, .autoNumber: true
        default: false
        }
    }

    /// Entities that a lookup may refer to; empty for other types.
    public var lookupTargets: [EntityID] {
        if case .lookup(let targets) = self { targets } else { [] }
    }
}

/// Number of an option set in the schema.
public struct OptionSetID: Hashable, Sendable {
    /// Index into `Schema.optionSets`.
    public let rawValue: UInt16
    /// Wraps the index.
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}

/// A list of numbered, labelled choices. A column stores the place of an option in this list, so that places never change:
/// new options come at the end, and deleted ones stay where they are.
public struct OptionSet: Hashable, Sendable {
    /// One choice.
    public struct Option: Hashable, Sendable {
        /// The number that programs use.
        public var value: Int32
        /// What people see; unique within the set under the default collation.
        public var label: String
        /// No record has it and none can get it: it keeps its place only.
        public var isDeleted = false

        /// Makes a choice.
        public init(value: Int32, label: String) {
            self.value = value
            self.label = label
        }
    }

    /// Logical name: `<entity>_<attribute>` for a local set.
    public var name: String
    /// The choices by place, deleted ones included.
    public var options: [Option]
    /// Whether any attribute may use it, instead of the one that it is named after.
    public var isShared = false
    /// It keeps its number only.
    public var isDeleted = false

    /// Makes a set.
    public init(name: String, options: [Option], isShared: Bool = false) {
        self.name = name
        self.options = options
        self.isShared = isShared
    }

    /// The smallest number of an option: smaller ones stand in for deleted options where columns are written.
    static let valueMin = Int32.min + 1

    /// The choices that there are, in the order of their declaration.
    public var choices: [Option] { options.filter { !$0.isDeleted } }

    /// Place of the option with this number, nil when there is none. O(n) in a list of rarely more than ten.
    public func place(of value: Int32) -> Int? { options.firstIndex { $0.value == value && !$0.isDeleted } }

    /// Label of the option with this number.
    public func label(of value: Int32) -> String? { place(of: value).map { options[$0].label } }
}

/// Index of an attribute among the attributes of its entity. Append-only: it is also the number of the column.
public struct AttributeID: Hashable, Comparable, Sendable {
    /// The index.
    public let rawValue: UInt16
    /// Wraps the index.
    @inlinable
    public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    /// By index.
    @inlinable
    public static func < (a: AttributeID, b: AttributeID) -> Bool { a.rawValue < b.rawValue }
}

/// What happens to a record that refers to a deleted one.
public enum DeleteBehaviour: UInt8, Sendable {
    /// The delete is refused while the reference exists.
    case restrict = 1
    /// The reference becomes null.
    case removeLink = 2
    /// The referring record is deleted too.
    case cascade = 3
}
