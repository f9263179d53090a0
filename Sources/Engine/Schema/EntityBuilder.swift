/// Declares one entity, attribute by attribute, in the words of `StandardSchema`. Traps on a contradictory declaration:
/// it is used for schemas written in Swift, which tests build.
package struct EntityBuilder {
    private let id: EntityID
    private let name: String
    private let displayName: String
    private let ownership: Ownership
    private var attributes: [Attribute] = []
    private var primaryName: String?
    private var keys: [AlternateKey] = []
    private var indexes: [RecordIndex] = []
    private var stateModel: StateModel?

    /// Entity names of lookups are resolved when the whole schema is known.
    private let entityIDs: (String) -> EntityID
    private(set) var optionSets: [OptionSet]

    init(
        id: EntityID,
        name: String,
        displayName: String,
        ownership: Ownership,
        keyAttribute: String?,
        optionSets: [OptionSet],
        entityIDs: @escaping (String) -> EntityID
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.ownership = ownership
        self.entityIDs = entityIDs
        self.optionSets = optionSets
        // The order is that of `SystemAttribute`.
        add(keyAttribute ?? "\(name)id", displayName, .identifier)
        add("versionnumber", "Version", .version)
        add("createdon", "Created on", .instant)
        lookup("createdby", "Created by", to: "systemuser", onDelete: .removeLink)
        add("modifiedon", "Modified on", .instant)
        lookup("modifiedby", "Modified by", to: "systemuser", onDelete: .removeLink)
        text("externalid", "External id", 200)
        key("externalid")
        precondition(attributes.count == SystemAttribute.count)
        if ownership == .user { lookup("ownerid", "Owner", to: "systemuser", "team", onDelete: .restrict) }
    }

    private mutating func add(
        _ name: String,
        _ displayName: String,
        _ type: AttributeType,
        required: Bool = false,
        default defaultValue: Value = .null,
        ordered: Bool = false,
        onDelete: DeleteBehaviour = .removeLink
    ) {
        precondition(attributes.count < Limits.attributeCountMax)
        attributes.append(
            Attribute(
                name: name,
                displayName: displayName,
                type: type,
                isRequired: required,
                defaultValue: defaultValue,
                isOrdered: ordered,
                onDelete: onDelete
            )
        )
    }

    /// One line of text.
    package mutating func text(
        _ name: String,
        _ displayName: String,
        _ lengthMax: Int,
        required: Bool = false,
        ordered: Bool = false
    ) {
        add(name, displayName, .text(lengthMax: lengthMax), required: required, ordered: ordered)
    }

    /// Long text.
    package mutating func memo(_ name: String, _ displayName: String, _ lengthMax: Int = 100_000) {
        add(name, displayName, .memo(lengthMax: lengthMax))
    }

    /// Whole number; the default bounds are those of 32 bits, as in Dynamics.
    package mutating func integer(
        _ name: String,
        _ displayName: String,
        _ bounds: ClosedRange<Int64> = -2_147_483_648...2_147_483_647,
        default defaultValue: Int64? = nil,
        ordered: Bool = false
    ) {
        add(
            name,
            displayName,
            .integer(minimum: bounds.lowerBound, maximum: bounds.upperBound),
            default: defaultValue.map(Value.integer) ?? .null,
            ordered: ordered
        )
    }

    /// Decimal number with `scale` digits behind the point and bounds in whole units.
    package mutating func decimal(
        _ name: String,
        _ displayName: String,
        scale: UInt8 = 2,
        _ bounds: ClosedRange<Int64> = -100_000_000_000...100_000_000_000
    ) {
        let unit = Decimal64.powersOfTen[Int(scale)]
        let (low, lowOverflow) = bounds.lowerBound.multipliedReportingOverflow(by: unit)
        let (high, highOverflow) = bounds.upperBound.multipliedReportingOverflow(by: unit)
        let type = AttributeType.decimal(
            scale: scale,
            minimum: lowOverflow ? .min : low,
            maximum: highOverflow ? .max : high
        )
        add(name, displayName, type)
    }

    /// Money in the record's currency.
    package mutating func money(_ name: String, _ displayName: String, ordered: Bool = false) {
        add(name, displayName, .money, ordered: ordered)
    }

    /// Yes or no.
    package mutating func boolean(_ name: String, _ displayName: String, default defaultValue: Bool? = nil) {
        add(name, displayName, .boolean, default: defaultValue.map(Value.boolean) ?? .null)
    }

    /// One of a list of labels, with a set of its own named `<entity>_<attribute>`.
    package mutating func option(
        _ name: String,
        _ displayName: String,
        _ options: KeyValuePairs<Int32, String>,
        default defaultValue: Int32? = nil
    ) {
        let set = addOptionSet(name, options.map { ($0.key, $0.value) })
        add(name, displayName, .option(set), default: defaultValue.map(Value.option) ?? .null)
    }

    /// A file of at most so many bytes, of one of these content types; none: of any.
    package mutating func file(
        _ name: String,
        _ displayName: String,
        bytesMax: Int64 = 32 << 20,
        types: [String] = []
    ) {
        let type = AttributeType.file(bytesMax: bytesMax, contentTypes: types)
        precondition(type.isSoundFile, "\(self.name).\(name) has impossible bounds")
        add(name, displayName, type)
    }

    /// A number of the engine's, in a format.
    package mutating func autoNumber(
        _ name: String,
        _ displayName: String,
        _ format: String,
        ordered: Bool = false
    ) {
        do { _ = try AutoNumberFormat(format) } catch { preconditionFailure("\(self.name).\(name): \(error.message)") }
        add(name, displayName, .autoNumber(format: format), ordered: ordered)
    }

    /// The rate of the record's currency, and for every amount so far one in the base currency: `<amount>_base`.
    package mutating func baseAmounts() {
        add(RateLayout.rateName, "Exchange rate", .exchangeRate)
        for amount in attributes where amount.type == .money { baseAmount(amount.name) }
    }

    /// The same for amounts that came later.
    package mutating func baseAmount(_ names: String...) {
        for name in names {
            guard let amount = attributes.first(where: { $0.name == name && $0.type == .money }) else {
                preconditionFailure("\(self.name).\(name) is no amount")
            }
            calculated(
                "\(name)_base",
                "\(amount.displayName) (base)",
                .money,
                "CASE WHEN \(RateLayout.currencyName) IS NULL THEN \(name) ELSE \(name) / \(RateLayout.rateName) END"
            )
        }
    }

    /// Any of a list of labels, with a set of its own.
    package mutating func options(_ name: String, _ displayName: String, _ options: [(Int32, String)]) {
        let set = addOptionSet(name, options)
        precondition(
            optionSets[Int(set.rawValue)].isSelectable,
            "\(self.name).\(name): too many options, or a label with ;"
        )
        add(name, displayName, .options(set))
    }

    /// A value computed from an expression over the record and its lookups.
    package mutating func calculated(
        _ name: String,
        _ displayName: String,
        _ result: AttributeType,
        _ expression: String
    ) {
        add(name, displayName, .calculated(expression: expression, result: result))
    }

    /// A count or total over the records that refer to the record.
    package mutating func rollUp(_ name: String, _ displayName: String, _ result: AttributeType, _ rollUp: RollUp) {
        add(name, displayName, .rollUp(rollUp, result: result))
    }

    /// The parties of an activity in one role.
    package mutating func partyList(_ name: String, _ displayName: String, role: Int32) {
        add(name, displayName, .partyList(role: role))
    }

    /// The places of attributes that were there once: no others get them.
    package mutating func deleted(_ names: String...) {
        for name in names { attributes.append(Attribute.deleted(name, at: attributes.count)) }
    }

    /// Calendar date.
    package mutating func date(_ name: String, _ displayName: String, ordered: Bool = false) {
        add(name, displayName, .date, ordered: ordered)
    }

    /// Moment.
    package mutating func instant(_ name: String, _ displayName: String, ordered: Bool = false) {
        add(name, displayName, .instant, ordered: ordered)
    }

    /// Reference to a record of one of `targets`.
    package mutating func lookup(
        _ name: String,
        _ displayName: String,
        to targets: String...,
        required: Bool = false,
        onDelete: DeleteBehaviour = .removeLink
    ) {
        add(
            name,
            displayName,
            .lookup(targets.map(entityIDs)),
            required: required,
            onDelete: onDelete
        )
    }

    /// The attribute that names a record to people.
    package mutating func primaryName(_ attribute: String) { primaryName = attribute }

    /// Alternate key over these attributes.
    package mutating func key(_ names: String...) {
        let ids = names.map { name in
            guard let index = attributes.firstIndex(where: { $0.name == name }) else {
                preconditionFailure("\(self.name): key over unknown attribute \(name)")
            }
            return AttributeID(UInt16(index))
        }
        precondition(keys.count < Limits.keyCountMax && ids.count <= Limits.keyAttributesMax)
        keys.append(AlternateKey(name: names.joined(separator: "+"), attributes: ids))
    }

    /// Index over these attributes, in order.
    package mutating func index(_ name: String, _ names: [String]) {
        let ids = names.map { attribute in
            guard let place = attributes.firstIndex(where: { $0.name == attribute }), attributes[place].type.isIndexable
            else { preconditionFailure("\(self.name): no index over \(attribute)") }
            return AttributeID(UInt16(place))
        }
        precondition(indexes.count < Limits.indexCountMax && 1...Limits.indexAttributesMax ~= ids.count)
        indexes.append(RecordIndex(name: name, attributes: ids))
    }

    /// Texts that are compared exactly.
    package mutating func exact(_ names: String...) {
        for name in names {
            guard let index = attributes.firstIndex(where: { $0.name == name }), attributes[index].type.takesCollation
            else { preconditionFailure("\(self.name).\(name) is no text that can be compared") }
            attributes[index].collation = .exact
        }
    }

    /// Texts that quick find looks into.
    package mutating func searched(_ names: String...) {
        for name in names {
            guard let index = attributes.firstIndex(where: { $0.name == name }),
                attributes[index].type.physicalKind == .text
            else { preconditionFailure("\(self.name).\(name) is no text that can be searched") }
            attributes[index].isSearched = true
        }
        precondition(attributes.filter(\.isSearched).count <= Limits.searchedAttributesMax)
    }

    /// Life cycle: `statecode` and `statuscode`; the first state is the initial one, its first status the default.
    package mutating func states(_ states: [(Int32, String, KeyValuePairs<Int32, String>)]) {
        let stateSet = addOptionSet("statecode", states.map { ($0.0, $0.1) })
        let statusSet = addOptionSet("statuscode", states.flatMap { state in state.2.map { ($0.key, $0.value) } })
        stateModel = StateModel(
            states: states.map { state in StateModel.State(value: state.0, statuses: state.2.map(\.key)) }
        )
        add("statecode", "State", .state(stateSet), required: true, default: .option(states[0].0))
        add("statuscode", "Status", .status(statusSet), required: true, default: .option(states[0].2[0].key))
    }

    private mutating func addOptionSet(_ attribute: String, _ options: [(Int32, String)]) -> OptionSetID {
        precondition(Set(options.map(\.0)).count == options.count, "\(name).\(attribute): an option number twice")
        optionSets.append(
            OptionSet(name: "\(name)_\(attribute)", options: options.map { OptionSet.Option(value: $0.0, label: $0.1) })
        )
        return OptionSetID(UInt16(optionSets.count - 1))
    }

    /// The entity with what every one begins with, shown by its external id.
    func begun() -> Entity {
        Entity(
            id: id,
            name: name,
            displayName: displayName,
            ownership: ownership,
            attributes: attributes,
            primaryName: SystemAttribute.externalID,
            keys: keys,
            stateModel: nil
        )
    }

    func build() -> Entity {
        guard let primaryName, let index = attributes.firstIndex(where: { $0.name == primaryName }) else {
            preconditionFailure("\(name): no primary name")
        }
        return Entity(
            id: id,
            name: name,
            displayName: displayName,
            ownership: ownership,
            attributes: attributes,
            primaryName: AttributeID(UInt16(index)),
            keys: keys,
            stateModel: stateModel,
            indexes: indexes
        )
    }
}

/// Collects the entities of a schema written in Swift.
package struct SchemaBuilder {
    private var declarations:
        [(
            id: EntityID, name: String, displayName: String, ownership: Ownership, keyAttribute: String?,
            declare: (inout EntityBuilder) -> Void
        )] = []

    package init() {}

    /// Declares an entity under a number that it keeps for ever.
    package mutating func entity(
        _ number: UInt16,
        _ name: String,
        _ displayName: String,
        ownership: Ownership = .user,
        keyAttribute: String? = nil,
        _ declare: @escaping (inout EntityBuilder) -> Void
    ) {
        declarations.append((EntityID(number), name, displayName, ownership, keyAttribute, declare))
    }

    /// The finished schema.
    package func build(epoch: UInt32 = 1) -> Schema {
        var ids: [String: EntityID] = [:]
        for declaration in declarations { ids[declaration.name] = declaration.id }
        var entities: [Entity] = []
        var optionSets: [OptionSet] = []
        for declaration in declarations {
            var builder = EntityBuilder(
                id: declaration.id,
                name: declaration.name,
                displayName: declaration.displayName,
                ownership: declaration.ownership,
                keyAttribute: declaration.keyAttribute,
                optionSets: optionSets,
                entityIDs: { name in
                    guard let id = ids[name] else { preconditionFailure("lookup to unknown entity \(name)") }
                    return id
                }
            )
            declaration.declare(&builder)
            entities.append(builder.build())
            optionSets = builder.optionSets
        }
        let schema = Schema(epoch: epoch, entities: entities, optionSets: optionSets)
        if let flaw = schema.derivedFlaw { preconditionFailure(flaw.message) }
        return schema
    }
}
