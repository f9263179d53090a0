// The bytes of a schema: in the log's schema entries, in snapshots, and in the hello reply of the wire.
//
//   u16 format (1; 2: a supplement follows, see Schema+Supplement.swift; 3: indexes follow that), u32 epoch
//   u16 option sets, each: text name, u16 options, each: i32 value, text label
//   u16 entities, each: u16 number, text name, text display name, u8 ownership, u16 primary name,
//     u16 attributes, each: text name, text display name, type, u8 flags (1 required, 2 ordered,
//     4 searched), default, u8 on delete
//     u8 keys, each: text name, u8 attributes, u16 each
//     u8 states (0: none), each: i32 state, u8 statuses, i32 each
//   type: u8 tag and its parameters; default: u8 tag (0 none, 1 yes/no u8, 2 whole i64, 3 option i32)
//
// Decoding checks everything that `Schema.init` requires, so that bytes from a disk or a server cannot trap.

extension Schema {
    private static let format: UInt16 = 1
    private static let supplementedFormat: UInt16 = 2
    private static let indexedFormat: UInt16 = 3
    private static let nameBytesMax = Limits.nameBytesMax

    /// Appends the schema's bytes.
    package func encode(into writer: inout ByteWriter) {
        writer.u16(hasIndexes ? Schema.indexedFormat : hasSupplement ? Schema.supplementedFormat : Schema.format)
        writer.u32(epoch)
        writer.u16(UInt16(optionSets.count))
        for set in optionSets {
            writer.text(set.name)
            writer.u16(UInt16(set.options.count))
            for option in set.options {
                writer.integer(option.value)
                writer.text(option.label)
            }
        }
        writer.u16(UInt16(entities.count))
        for entity in entities { Schema.encode(entity, into: &writer) }
        if hasSupplement || hasIndexes { encodeSupplement(into: &writer) }
        if hasIndexes { encodeIndexes(into: &writer) }
    }

    private static func encode(_ entity: Entity, into writer: inout ByteWriter) {
        writer.u16(entity.id.rawValue)
        writer.text(entity.name)
        writer.text(entity.displayName)
        writer.u8(entity.ownership.rawValue)
        writer.u16(entity.primaryName.rawValue)
        writer.u16(UInt16(entity.attributes.count))
        for attribute in entity.attributes {
            writer.text(attribute.name)
            writer.text(attribute.displayName)
            encode(attribute.type, into: &writer)
            let flags: UInt8 =
                (attribute.isRequired ? 1 : 0) | (attribute.isOrdered ? 2 : 0) | (attribute.isSearched ? 4 : 0)
            writer.u8(flags | attribute.collation.rawValue << 3)
            switch attribute.defaultValue {
            case .boolean(let isTrue):
                writer.u8(1)
                writer.u8(isTrue ? 1 : 0)
            case .integer(let number):
                writer.u8(2)
                writer.i64(number)
            case .option(let value):
                writer.u8(3)
                writer.integer(value)
            default: writer.u8(0)
            }
            writer.u8(attribute.onDelete.rawValue)
        }
        writer.u8(UInt8(entity.keys.count))
        for key in entity.keys {
            writer.text(key.name)
            writer.u8(UInt8(key.attributes.count))
            for attribute in key.attributes { writer.u16(attribute.rawValue) }
        }
        let states = entity.stateModel?.states ?? []
        writer.u8(UInt8(states.count))
        for state in states {
            writer.integer(state.value)
            writer.u8(UInt8(state.statuses.count))
            for status in state.statuses { writer.integer(status) }
        }
    }

    private static func encode(_ type: AttributeType, into writer: inout ByteWriter) {
        switch type {
        case .text(let lengthMax):
            writer.u8(1)
            writer.u32(UInt32(lengthMax))
        case .memo(let lengthMax):
            writer.u8(2)
            writer.u32(UInt32(lengthMax))
        case .integer(let minimum, let maximum):
            writer.u8(3)
            writer.i64(minimum)
            writer.i64(maximum)
        case .decimal(let scale, let minimum, let maximum):
            writer.u8(4)
            writer.u8(scale)
            writer.i64(minimum)
            writer.i64(maximum)
        case .money: writer.u8(5)
        case .boolean: writer.u8(6)
        case .option(let set):
            writer.u8(7)
            writer.u16(set.rawValue)
        case .state(let set):
            writer.u8(8)
            writer.u16(set.rawValue)
        case .status(let set):
            writer.u8(9)
            writer.u16(set.rawValue)
        case .date: writer.u8(10)
        case .instant: writer.u8(11)
        case .lookup(let targets):
            writer.u8(12)
            writer.u16(UInt16(targets.count))
            for target in targets { writer.u16(target.rawValue) }
        case .identifier: writer.u8(13)
        case .version: writer.u8(14)
        case .calculated(let expression, let result):
            writer.u8(15)
            writer.text(expression)
            encode(result, into: &writer)
        case .rollUp(let rollUp, let result):
            writer.u8(16)
            writer.u8(rollUp.function.rawValue)
            writer.text(rollUp.entity)
            writer.text(rollUp.lookup)
            // No expression is empty.
            writer.text(rollUp.operand ?? "")
            writer.text(rollUp.filter ?? "")
            encode(result, into: &writer)
        case .autoNumber(let format):
            writer.u8(18)
            writer.text(format)
        case .exchangeRate: writer.u8(19)
        case .options(let set):
            writer.u8(17)
            writer.u16(set.rawValue)
        case .file(let bytesMax, let contentTypes):
            writer.u8(20)
            writer.i64(bytesMax)
            writer.u8(UInt8(contentTypes.count))
            for contentType in contentTypes { writer.text(contentType) }
        case .partyList(let role):
            writer.u8(21)
            writer.integer(role)
        }
    }

    /// Reads a schema.
    package convenience init(from reader: inout ByteReader) throws(DecodeError) {
        let format = try reader.u16()
        guard Schema.format...Schema.indexedFormat ~= format else {
            throw DecodeError("unknown schema format \(format)", at: reader.offset)
        }
        let epoch = try reader.u32()
        var optionSets: [OptionSet] = []
        for _ in 0..<(try reader.u16()) {
            let name = try reader.text(lengthBytesMax: Schema.nameBytesMax)
            var options: [OptionSet.Option] = []
            for _ in 0..<(try reader.u16()) {
                options.append(
                    OptionSet.Option(
                        value: try reader.integer(),
                        label: try reader.text(lengthBytesMax: Schema.nameBytesMax)
                    )
                )
            }
            optionSets.append(OptionSet(name: name, options: options))
        }
        var entities: [Entity] = []
        for _ in 0..<(try reader.u16()) { entities.append(try Schema.entity(from: &reader, optionSets)) }
        var parts = SchemaParts(optionSets: optionSets, entities: entities)
        if format >= Schema.supplementedFormat { try parts.readSupplement(from: &reader) }
        if format >= Schema.indexedFormat { try parts.readIndexes(from: &reader) }
        try Schema.check(epoch, parts, at: reader.offset)
        self.init(
            epoch: epoch,
            entities: parts.entities,
            optionSets: parts.optionSets,
            deletedEntities: parts.deletedEntities,
            views: parts.views
        )
        if let flaw = derivedFlaw { throw DecodeError(flaw.message, at: reader.offset) }
    }

    private static func entity(from reader: inout ByteReader, _ sets: [OptionSet]) throws(DecodeError) -> Entity {
        let id = EntityID(try reader.u16())
        let name = try reader.text(lengthBytesMax: nameBytesMax)
        let displayName = try reader.text(lengthBytesMax: nameBytesMax)
        guard let ownership = Ownership(rawValue: try reader.u8()) else {
            throw DecodeError("unknown ownership", at: reader.offset)
        }
        let primaryName = AttributeID(try reader.u16())
        var attributes: [Attribute] = []
        for _ in 0..<(try reader.u16()) { attributes.append(try attribute(from: &reader, sets)) }
        var keys: [AlternateKey] = []
        for _ in 0..<(try reader.u8()) {
            var key = AlternateKey(name: try reader.text(lengthBytesMax: nameBytesMax), attributes: [])
            for _ in 0..<(try reader.u8()) { key.attributes.append(AttributeID(try reader.u16())) }
            keys.append(key)
        }
        var states: [StateModel.State] = []
        for _ in 0..<(try reader.u8()) {
            var state = StateModel.State(value: try reader.integer(), statuses: [])
            for _ in 0..<(try reader.u8()) { state.statuses.append(try reader.integer()) }
            states.append(state)
        }
        // What `Entity.init` requires; `Schema.check` asks the rest.
        guard Set(attributes.map(\.name)).count == attributes.count else {
            throw DecodeError("entity \(name) has an attribute twice", at: reader.offset)
        }
        return Entity(
            id: id,
            name: name,
            displayName: displayName,
            ownership: ownership,
            attributes: attributes,
            primaryName: primaryName,
            keys: keys,
            stateModel: states.isEmpty ? nil : StateModel(states: states)
        )
    }

    private static func attribute(from reader: inout ByteReader, _ sets: [OptionSet]) throws(DecodeError) -> Attribute {
        let name = try reader.text(lengthBytesMax: nameBytesMax)
        let displayName = try reader.text(lengthBytesMax: nameBytesMax)
        let type = try attributeType(from: &reader, sets)
        let flags = try reader.u8()
        guard let collation = Collation(rawValue: flags >> 3) else {
            throw DecodeError("unknown collation", at: reader.offset)
        }
        var defaultValue = Value.null
        switch try reader.u8() {
        case 0: break
        case 1: defaultValue = .boolean(try reader.u8() != 0)
        case 2: defaultValue = .integer(try reader.i64())
        case 3:
            let value = try reader.integer(Int32.self)
            guard let set = type.optionSet, sets[Int(set.rawValue)].place(of: value) != nil else {
                throw DecodeError("the default of \(name) is not an option", at: reader.offset)
            }
            defaultValue = .option(value)
        default: throw DecodeError("unknown default", at: reader.offset)
        }
        guard let onDelete = DeleteBehaviour(rawValue: try reader.u8()) else {
            throw DecodeError("unknown delete behaviour", at: reader.offset)
        }
        return Attribute(
            name: name,
            displayName: displayName,
            type: type,
            isRequired: flags & 1 != 0,
            defaultValue: defaultValue,
            isOrdered: flags & 2 != 0,
            isSearched: flags & 4 != 0,
            collation: collation,
            onDelete: onDelete
        )
    }

    private static func attributeType(
        from reader: inout ByteReader,
        _ sets: [OptionSet],
        mayBeDerived: Bool = true
    ) throws(DecodeError) -> AttributeType {
        func set() throws(DecodeError) -> OptionSetID {
            let id = try reader.u16()
            guard id < sets.count else { throw DecodeError("unknown option set", at: reader.offset) }
            return OptionSetID(id)
        }
        switch try reader.u8() {
        case 1: return .text(lengthMax: Int(try reader.u32()))
        case 2: return .memo(lengthMax: Int(try reader.u32()))
        case 3:
            let (low, high) = (try reader.i64(), try reader.i64())
            guard low <= high else { throw DecodeError("bounds in the wrong order", at: reader.offset) }
            return .integer(minimum: low, maximum: high)
        case 4:
            let (scale, low, high) = (try reader.u8(), try reader.i64(), try reader.i64())
            guard scale <= 18, low <= high else { throw DecodeError("impossible decimal", at: reader.offset) }
            return .decimal(scale: scale, minimum: low, maximum: high)
        case 5: return .money
        case 6: return .boolean
        case 7: return .option(try set())
        case 8: return .state(try set())
        case 9: return .status(try set())
        case 10: return .date
        case 11: return .instant
        case 12:
            var targets: [EntityID] = []
            for _ in 0..<(try reader.u16()) { targets.append(EntityID(try reader.u16())) }
            return .lookup(targets)
        case 13: return .identifier
        case 14: return .version
        // The values of a derived attribute are of a plain type, so that bytes cannot nest without end.
        case 15 where mayBeDerived:
            let expression = try reader.text(lengthBytesMax: Limits.expressionBytesMax)
            let result = try attributeType(from: &reader, sets, mayBeDerived: false)
            return .calculated(expression: expression, result: result)
        case 16 where mayBeDerived:
            guard let function = AggregateFunction(rawValue: try reader.u8()) else {
                throw DecodeError("unknown aggregate", at: reader.offset)
            }
            let (entity, lookup) = (
                try reader.text(lengthBytesMax: nameBytesMax), try reader.text(lengthBytesMax: nameBytesMax)
            )
            let operand = try reader.text(lengthBytesMax: Limits.expressionBytesMax)
            let filter = try reader.text(lengthBytesMax: Limits.expressionBytesMax)
            let rollUp = RollUp(
                function,
                of: operand.isEmpty ? nil : operand,
                over: entity,
                lookup,
                where: filter.isEmpty ? nil : filter
            )
            return .rollUp(rollUp, result: try attributeType(from: &reader, sets, mayBeDerived: false))
        case 17:
            let id = try set()
            guard sets[Int(id.rawValue)].isSelectable else {
                throw DecodeError("an option set of which not several can be chosen", at: reader.offset)
            }
            return .options(id)
        case 18:
            let format = try reader.text(lengthBytesMax: nameBytesMax)
            do { _ = try AutoNumberFormat(format) } catch {
                throw DecodeError("the format \(format): \(error.message)", at: reader.offset)
            }
            return .autoNumber(format: format)
        case 19: return .exchangeRate
        case 20:
            let bytesMax = try reader.i64()
            var contentTypes: [String] = []
            for _ in 0..<(try reader.u8()) {
                contentTypes.append(try reader.text(lengthBytesMax: FileReference.contentTypeBytesMax))
            }
            let type = AttributeType.file(bytesMax: bytesMax, contentTypes: contentTypes)
            guard type.isSoundFile else { throw DecodeError("an impossible file attribute", at: reader.offset) }
            return type
        case 21 where mayBeDerived: return .partyList(role: try reader.integer())
        default: throw DecodeError("unknown attribute type", at: reader.offset)
        }
    }

    /// Why this schema cannot take over data of `old`; nil when it only adds: entities, attributes at the end, options at
    /// the end, keys at the end. Epochs are not compared.
    package func obstacle(to old: Schema) -> String? {
        for before in old.entities {
            guard let after = entity(before.id), after.name == before.name else {
                return "entity \(before.name) is gone"
            }
            guard after.attributes.count >= before.attributes.count, after.keys.count >= before.keys.count else {
                return "\(before.name) has lost attributes or keys"
            }
            for (a, b) in zip(after.attributes, before.attributes) {
                let isKept =
                    a.name == b.name && a.isOrdered == b.isOrdered && a.collation == b.collation
                    && keepsColumn(a.type, of: b.type, in: old)
                guard isKept else { return "\(before.name).\(b.name) has changed" }
                guard keepsOptions(a.type, of: b.type, in: old) else {
                    return "the options of \(before.name).\(b.name) have changed"
                }
            }
            for (a, b) in zip(after.keys, before.keys) where a.attributes != b.attributes {
                return "key \(before.name).\(b.name) has changed"
            }
            let kept = before.attributes.count
            for key in after.keys[before.keys.count...] where !key.attributes.contains(where: { $0.rawValue >= kept }) {
                return "\(before.name) has a new key over old attributes"
            }
        }
        return nil
    }

    /// Whether a column of type `before` in `old` can serve as one of type `after`.
    private func keepsColumn(_ after: AttributeType, of before: AttributeType, in old: Schema) -> Bool {
        ColumnLayout(after, schema: self) == ColumnLayout(before, schema: old) && after.isDerived == before.isDerived
            && after.isFile == before.isFile && (after.partyRole == nil) == (before.partyRole == nil)
            && after.decimalScale == before.decimalScale && after.lookupTargets.starts(with: before.lookupTargets)
    }

    /// Whether the options behind `before` are the first of those behind `after`.
    private func keepsOptions(_ after: AttributeType, of before: AttributeType, in old: Schema) -> Bool {
        guard let after = after.optionSet, let before = before.optionSet else { return true }
        return self[after].options.map(\.value).starts(with: old[before].options.map(\.value))
    }

    /// The same entities and option sets, apart from the epoch.
    package func sameContent(as other: Schema) -> Bool {
        entities == other.entities && optionSets == other.optionSets && deletedEntities == other.deletedEntities
            && views == other.views
    }
}
