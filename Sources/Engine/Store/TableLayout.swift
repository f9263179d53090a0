/// What a table derives from its entity once: layouts, index places and option tables. Immutable and shared by all copies
/// of the table.
package final class TableLayout: Sendable {
    package let entity: Entity
    package let columns: [ColumnLayout]
    /// Per column: how its texts are compared.
    package let collations: [Collation]
    /// Per column: how its values lie in batches.
    package let kinds: [PhysicalKind]
    /// Per column: what its values must keep, in a form that costs nothing to look at.
    let rules: [ColumnRule]
    /// Per column: whether it is part of an alternate key.
    let isKeyColumn: [Bool]
    /// Per column: whether quick find looks into it; and those columns, that of the primary name first.
    let isSearched: [Bool]
    package let searchedColumns: [Int]
    /// Per column: the option numbers by place, `Int32.min` for a deleted one; empty for other columns.
    package let optionValues: [[Int32]]
    /// Per column: the entities that a lookup may refer to.
    let lookupTargets: [[EntityID]]
    let isRequired: [Bool]
    /// Per column: whether its attribute was deleted. Such a column has no values, and nobody can name it.
    let isDeleted: [Bool]
    /// Per column: whether a client may write it.
    let isWritable: [Bool]
    /// Per column: whether its values are computed, and the column never written.
    let isDerived: [Bool]
    /// Per column: bytes that one value takes in a batch at most.
    let valueBytesMax: [Int]
    /// Per column: place of its link index in `Table.links`, or -1.
    package let linkPlaces: [Int8]
    /// Per link index: its column, and the entities that it refers to.
    package let links: [(column: Int, targets: [EntityID])]
    /// Per column: place of its ordered index in `Table.textOrders` or, for other layouts, `Table.numberOrders`; or -1.
    package let orderedPlaces: [Int8]
    /// Columns with an ordered index, by place: the numbers and the texts.
    package let numberOrderColumns: [Int]
    package let textOrderColumns: [Int]
    /// The indexes over several columns, by place in `Table.composites`.
    package let composites: [CompositeLayout]
    /// Per alternate key: its columns.
    package let keyColumns: [[Int]]
    /// Columns that a create must give: required and without a default.
    package let requiredColumns: [Int]
    /// Columns with a default, and the default in stored form.
    package let defaults: [(column: Int, number: Int64)]
    /// Columns to which the engine gives numbers, and what these look like.
    package let autoNumbers: [(column: Int, format: AutoNumberFormat)]
    /// How records come by the rate of their currency; nil where they have none.
    let rates: RateLayout?
    /// Columns of state, status and owner; -1 where the entity has none.
    package let stateColumn: Int
    package let statusColumn: Int
    package let ownerColumn: Int
    /// Per column: the alternate keys that it is part of.
    package let keysOfColumn: [[Int]]

    package init(entity: Entity, schema: Schema) {
        self.entity = entity
        columns = entity.attributes.map { ColumnLayout($0.type, schema: schema) }
        collations = entity.attributes.map(\.collation)
        kinds = entity.attributes.map(\.type.physicalKind)
        rules = entity.attributes.map { ColumnRule($0, schema) }
        optionValues = entity.attributes.map { attribute in
            // Several options at once are bits in stored form already.
            guard let set = attribute.type.optionSet, !attribute.type.isSelection else { return [] }
            return schema[set].options.map { $0.isDeleted ? .min : $0.value }
        }
        valueBytesMax = entity.attributes.map { attribute in
            switch attribute.type {
            case .autoNumber: 4 + 4 * AutoNumberFormat.lengthMax
            case .file: 4 + FileReference.textBytesMax
            case .text(let lengthMax), .memo(let lengthMax): 4 + min(4 * lengthMax, Limits.textBytesMax)
            default: attribute.type.physicalKind.strideBytes
            }
        }
        var linkPlaces = [Int8](repeating: -1, count: columns.count)
        var links: [(column: Int, targets: [EntityID])] = []
        var orderedPlaces = linkPlaces
        var numberOrderColumns: [Int] = []
        var textOrderColumns: [Int] = []
        for (column, attribute) in entity.attributes.enumerated() {
            // createdby and modifiedby change with every write and are hardly ever followed backwards: no index.
            if case .lookup(let targets) = attribute.type, column >= SystemAttribute.count {
                linkPlaces[column] = Int8(links.count)
                links.append((column, targets))
            }
            guard attribute.isOrdered else { continue }
            if columns[column] == .text {
                orderedPlaces[column] = Int8(textOrderColumns.count)
                textOrderColumns.append(column)
            } else {
                orderedPlaces[column] = Int8(numberOrderColumns.count)
                numberOrderColumns.append(column)
            }
        }
        let (layouts, options, collations) = (columns, optionValues, collations)
        composites = TableIndex.all(of: entity, in: schema).map { CompositeLayout($0, layouts, options, collations) }
        self.linkPlaces = linkPlaces
        self.links = links
        self.orderedPlaces = orderedPlaces
        self.numberOrderColumns = numberOrderColumns
        self.textOrderColumns = textOrderColumns
        requiredColumns = entity.attributes.indices.filter {
            entity.attributes[$0].isRequired && entity.attributes[$0].defaultValue == .null
        }
        autoNumbers = entity.attributes.enumerated().compactMap { column, attribute in
            guard case .autoNumber(let text) = attribute.type, let format = try? AutoNumberFormat(text) else {
                return nil
            }
            return (column, format)
        }
        rates = RateLayout(entity, schema)
        stateColumn = entity.stateAttribute.map { Int($0.rawValue) } ?? -1
        statusColumn = entity.statusAttribute.map { Int($0.rawValue) } ?? -1
        ownerColumn = entity.ownerAttribute.map { Int($0.rawValue) } ?? -1
        var defaults: [(column: Int, number: Int64)] = []
        for (column, attribute) in entity.attributes.enumerated() {
            switch attribute.defaultValue {
            case .null: break
            case .boolean(let isTrue): defaults.append((column, isTrue ? 1 : 0))
            case .integer(let number): defaults.append((column, number))
            case .option(let value):
                guard let place = attribute.type.optionSet.flatMap({ schema[$0].place(of: value) }) else {
                    preconditionFailure("\(entity.name).\(attribute.name): the default is not an option")
                }
                defaults.append((column, Int64(place)))
            default: preconditionFailure("\(entity.name).\(attribute.name): a default of this type is not supported")
            }
        }
        self.defaults = defaults
        keyColumns = entity.keys.map { $0.attributes.map { Int($0.rawValue) } }
        var keysOfColumn = [[Int]](repeating: [], count: columns.count)
        for (key, alternateKey) in entity.keys.enumerated() {
            for attribute in alternateKey.attributes { keysOfColumn[Int(attribute.rawValue)].append(key) }
        }
        self.keysOfColumn = keysOfColumn
        lookupTargets = entity.attributes.map(\.type.lookupTargets)
        isSearched = entity.attributes.map(\.isSearched)
        let primaryName = Int(entity.primaryName.rawValue)
        searchedColumns = entity.attributes.indices.filter { entity.attributes[$0].isSearched }
            .sorted { ($0 == primaryName ? 0 : 1, $0) < ($1 == primaryName ? 0 : 1, $1) }
        isRequired = entity.attributes.map(\.isRequired)
        isDeleted = entity.attributes.map(\.isDeleted)
        isDerived = entity.attributes.map(\.type.isDerived)
        isWritable = entity.attributes.indices.map { column in
            column >= Int(SystemAttribute.writableFrom.rawValue) && entity.attributes[column].type.isWritable
        }
        isKeyColumn = keysOfColumn.map { !$0.isEmpty }
    }

    /// Place of an option number in its column's set, -1 when unknown.
    @inline(__always)
    package func optionPlace(_ column: Int, _ value: Int64) -> Int64 {
        optionValues[column].withUnsafeBufferPointer { TableLayout.place(of: value, among: $0) }
    }

    /// Place of an option number in a set, -1 when it is not there. Most sets count up from their first number; the others
    /// are short, so that looking at one after another beats a hash.
    @inline(__always)
    static func place(of number: Int64, among options: UnsafeBufferPointer<Int32>) -> Int64 {
        guard let first = options.first, number >= Int64(OptionSet.valueMin) else { return -1 }
        let guess = number &- Int64(first)
        if guess >= 0, guess < options.count, Int64(options[Int(guess)]) == number { return guess }
        for place in 0..<options.count where Int64(options[place]) == number { return Int64(place) }
        return -1
    }
}

/// What the values of a column must keep: the attribute's type without its names and lists.
enum ColumnRule: Sendable {
    case any
    case text(lengthMax: Int)
    case range(Int64, Int64)
    case option
    case lookup
    /// Bits of a selection, at least one of them set.
    case selection(UInt64)
    /// A file: `Engine.validateFiles` looks at the attribute's type itself.
    case file
    /// The parties in a role: `Engine.resolvePartyLists` looks at them, and nothing is stored.
    case partyList(role: Int32)

    /// Whether it is a party list.
    var isPartyList: Bool { if case .partyList = self { true } else { false } }

    /// Whether values are places in an option set.
    var isOption: Bool { if case .option = self { true } else { false } }

    /// Days of 0001-01-01 and 9999-12-31, the range that every calendar format can show.
    private static let daysMin: Int64 = -719_162
    private static let daysMax: Int64 = 2_932_896
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    init(_ attribute: Attribute, _ schema: Schema) {
        switch attribute.type {
        case .text(let lengthMax), .memo(let lengthMax): self = .text(lengthMax: lengthMax)
        case .autoNumber: self = .text(lengthMax: AutoNumberFormat.lengthMax)
        case .integer(let low, let high): self = .range(low, high)
        case .decimal(_, let low, let high): self = .range(low, high)
        case .date: self = .range(ColumnRule.daysMin, ColumnRule.daysMax)
        case .instant:
            let day = ColumnRule.microsecondsPerDay
            self = .range(ColumnRule.daysMin * day, (ColumnRule.daysMax + 1) * day - 1)
        case .option, .state, .status: self = .option
        case .lookup: self = .lookup
        case .file: self = .file
        case .partyList(let role): self = .partyList(role: role)
        case .options(let set): self = .selection(schema[set].selectableBits)
        case .boolean, .money, .identifier, .version, .exchangeRate, .calculated, .rollUp: self = .any
        }
    }
}

/// An ordered index of whichever key width the column needs.
package enum ColumnOrder: Sendable {
    /// Numbers, dates, options, ids: the exact value.
    case number(OrderedIndex<UInt64>)
    /// Texts: the first sixteen bytes under the column's collation.
    case text(OrderedIndex<UInt128>)

    /// Entries, which is rows with a value.
    package var count: Int {
        switch self {
        case .number(let index): index.count
        case .text(let index): index.count
        }
    }

    package var memoryBytes: Int {
        switch self {
        case .number(let index): index.memoryBytes
        case .text(let index): index.memoryBytes
        }
    }

    /// The key of a number: flips the sign bit, so that unsigned order is signed order.
    @inline(__always)
    package static func key(_ number: Int64) -> UInt64 { UInt64(bitPattern: number) ^ 1 << 63 }
}
