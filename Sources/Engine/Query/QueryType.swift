/// What a result column or an expression holds.
public enum QueryType: Hashable, Sendable {
    /// Only ever null.
    case null
    /// Yes or no.
    case boolean
    /// Whole number of 64 bits.
    case integer
    /// Decimal number or money with this many digits behind the point.
    case decimal(scale: UInt8)
    /// Binary floating point: averages, quotients.
    case double
    /// Calendar date, days since 1970-01-01.
    case date
    /// Moment, microseconds since 1970-01-01T00:00:00Z.
    case instant
    /// Number of an option of this set.
    case option(OptionSetID)
    /// Record id.
    case id
    /// Text that is compared so.
    case text(Collation)

    /// How its values lie in result columns.
    public var physicalKind: PhysicalKind {
        switch self {
        case .null, .boolean: .bool
        case .option, .date: .int32
        case .integer, .decimal, .instant: .int64
        case .double: .double
        case .id: .id
        case .text: .text
        }
    }

    /// The type of an attribute's values.
    package init(_ type: AttributeType) {
        switch type {
        case .text, .memo, .options, .autoNumber, .file, .partyList: self = .text(.general)
        case .integer, .version: self = .integer
        case .decimal(let scale, _, _): self = .decimal(scale: scale)
        case .money: self = .decimal(scale: AttributeType.moneyScale)
        case .exchangeRate: self = .decimal(scale: AttributeType.rateScale)
        case .boolean: self = .boolean
        case .option(let set), .state(let set), .status(let set): self = .option(set)
        case .date: self = .date
        case .instant: self = .instant
        case .lookup, .identifier: self = .id
        case .calculated(_, let result), .rollUp(_, let result): self.init(result)
        }
    }

    /// What it is called in messages.
    package var name: String {
        switch self {
        case .null: "NULL"
        case .boolean: "a yes/no value"
        case .integer: "a whole number"
        case .decimal: "a decimal number"
        case .double: "a number"
        case .date: "a date"
        case .instant: "a moment"
        case .option: "an option"
        case .id: "a record id"
        case .text: "a text"
        }
    }

    package var isText: Bool { if case .text = self { true } else { false } }

    /// How texts are compared that have this type; general for anything else.
    @inline(__always)
    var collation: Collation { if case .text(let collation) = self { collation } else { .general } }

    /// The type of texts that come from several of these types.
    static func texts(_ types: some Sequence<QueryType>) -> QueryType {
        .text(types.reduce(.general) { $0.joined(with: $1.collation) })
    }

    package var isNumber: Bool {
        switch self {
        case .integer, .decimal, .double: true
        default: false
        }
    }

    /// Digits behind the point of an exact number; 0 for anything else that is stored as an integer.
    package var scale: UInt8 { if case .decimal(let scale) = self { scale } else { 0 } }

    /// A stored number of this type as a value.
    package func value(_ number: Int64) -> Value {
        switch self {
        case .null, .text: .null
        case .boolean: .boolean(number != 0)
        case .integer: .integer(number)
        case .decimal(let scale): .decimal(Decimal64(units: number, scale: scale))
        case .double: .double(Double(bitPattern: UInt64(bitPattern: number)))
        case .date: .date(Int32(truncatingIfNeeded: number))
        case .instant: .instant(number)
        case .option: .option(Int32(truncatingIfNeeded: number))
        case .id: .reference(RecordID(rawValue: UInt64(bitPattern: number)))
        }
    }
}
