/// Rows of one entity in columns: one operation of a transaction, built row by row.
///
/// The fast way in: `appendNumber`, `appendText` and `appendNull` fill one column after the other for each row without
/// making a `Value`; `append` takes values and converts them.
public struct RecordBatch: ~Copyable {
    /// The entity.
    public let entity: Entity
    /// What happens to each row.
    public let kind: OperationKind
    /// The attributes given, by column.
    public let attributes: [AttributeID]
    /// Rows so far.
    public private(set) var count = 0

    private let schema: Schema
    private let keyIndex: Int
    /// Per column: the alternate key whose values stand in the lookup; nil for ids.
    private let references: [(entity: Entity, key: Int)?]
    private var columns: [Column]
    private var ids: [RecordID] = []
    private var versions: [Position] = []
    /// The row that is being added.
    private var converted: [PhysicalValue] = []

    private final class Column {
        var builder: ColumnBuilder
        init(_ kind: PhysicalKind) { builder = ColumnBuilder(kind: kind) }
    }

    /// An empty batch over these attributes. An upsert names the alternate key by which records are found.
    ///
    /// `references` says, for lookups, that the values are not ids but values of an alternate key of an entity:
    /// `["productid": ("product", "productnumber")]`.
    public init(
        _ schema: Schema,
        _ kind: OperationKind,
        _ entityName: String,
        attributes names: [String],
        key: String? = nil,
        references: [String: (entity: String, key: String)] = [:]
    ) throws(Refusal) {
        guard let entity = schema.entity(named: entityName) else {
            throw Refusal(.unknownEntity, entity: entityName, "The schema has no entity '\(entityName)'.")
        }
        var attributes: [AttributeID] = []
        var resolved: [(entity: Entity, key: Int)?] = []
        var columns: [Column] = []
        for name in names {
            guard let attribute = entity.attributeID(name) else {
                throw Refusal(.unknownAttribute, entity: entityName, attribute: name, "There is no such attribute.")
            }
            attributes.append(attribute)
            if let reference = references[name] {
                guard let target = schema.entity(named: reference.entity),
                    let key = target.keys.firstIndex(where: { $0.name == reference.key }),
                    target.keys[key].attributes.count == 1
                else {
                    throw Refusal(
                        .unknownKey,
                        entity: reference.entity,
                        attribute: reference.key,
                        "There is no alternate key of this one attribute."
                    )
                }
                resolved.append((target, key))
                columns.append(Column(target[target.keys[key].attributes[0]].type.physicalKind))
            } else {
                resolved.append(nil)
                columns.append(Column(entity[attribute].type.physicalKind))
            }
        }
        var keyIndex = 0
        if kind == .upsert {
            guard let index = entity.keys.firstIndex(where: { $0.name == key }) else {
                throw Refusal(
                    .unknownKey,
                    entity: entityName,
                    attribute: key ?? "",
                    "There is no such alternate key; there are \(entity.keys.map(\.name).joined(separator: ", "))."
                )
            }
            keyIndex = index
        }
        self.schema = schema
        self.kind = kind
        self.entity = entity
        self.keyIndex = keyIndex
        self.attributes = attributes
        self.references = resolved
        self.columns = columns
    }

    /// Bytes that the encoded operation will have, at most.
    public var encodedBytesMax: Int {
        columns.reduce(24 + attributes.count * 6 + (ids.count + versions.count) * 8) { $0 + $1.builder.encodedBytesMax }
    }

    /// Adds a row of values in the order of the attributes. Updates and deletes name the record. On a refusal the batch is
    /// as before.
    public mutating func append(
        _ values: [Value],
        id: RecordID = .none,
        expecting version: Position? = nil
    ) throws(Refusal) {
        precondition(values.count == attributes.count)
        guard count < Limits.operationRowsMax else {
            throw Refusal(
                .limitExceeded,
                entity: entity.name,
                "The batch holds \(count) rows, the most of one operation."
            )
        }
        converted.removeAll(keepingCapacity: true)
        for (index, value) in values.enumerated() {
            // Values of a key are of the key's type in the target entity.
            if let reference = references[index] {
                let attribute = reference.entity.keys[reference.key].attributes[0]
                converted.append(try schema.physical(value, reference.entity, attribute))
            } else {
                converted.append(try schema.physical(value, entity, attributes[index]))
            }
        }
        for (index, value) in converted.enumerated() {
            switch value {
            case .null: columns[index].builder.appendNull()
            case .number(let number): columns[index].builder.append(number)
            case .text(let text): columns[index].builder.append(text: text)
            }
        }
        endRow(id: id, expecting: version)
    }

    /// The next value of a column as a number in physical form: see `PhysicalKind`.
    public mutating func appendNumber(column: Int, _ number: Int64) { columns[column].builder.append(number) }
    /// The next value of a column as UTF-8 bytes.
    public mutating func appendText(column: Int, _ utf8: UnsafeRawBufferPointer) {
        columns[column].builder.append(text: utf8)
    }
    /// No value in a column.
    public mutating func appendNull(column: Int) { columns[column].builder.appendNull() }

    /// Ends a row whose columns were appended one by one.
    public mutating func endRow(id: RecordID = .none, expecting version: Position? = nil) {
        count += 1
        if kind == .update || kind == .delete {
            ids.append(id)
            versions.append(version ?? 0)
        }
        for column in columns { precondition(column.builder.count == count, "a row without a value in each column") }
    }

    /// Empties the batch and keeps its memory.
    public mutating func removeAll() {
        count = 0
        ids.removeAll(keepingCapacity: true)
        versions.removeAll(keepingCapacity: true)
        for column in columns { column.builder.removeAll() }
    }

    func withEncoded(_ body: (UnsafeRawBufferPointer) -> Void) {
        var writer = ByteWriter(capacityBytes: encodedBytesMax)
        let hasVersions = versions.contains { $0 != 0 }
        let hasReferences = references.contains { $0 != nil }
        writer.u8(kind.rawValue)
        writer.u8((hasVersions ? Operation.versionsFlag : 0) | (hasReferences ? Operation.referencesFlag : 0))
        writer.u16(entity.id.rawValue)
        writer.u32(UInt32(count))
        writer.u16(UInt16(keyIndex))
        writer.u16(UInt16(attributes.count))
        for (index, attribute) in attributes.enumerated() {
            writer.u16(attribute.rawValue)
            if hasReferences {
                writer.u16(references[index]?.entity.id.rawValue ?? 0)
                writer.u16(UInt16(references[index]?.key ?? 0))
            }
        }
        for id in ids { writer.u64(id.rawValue) }
        if hasVersions { for version in versions { writer.u64(version) } }
        for column in columns { column.builder.encode(into: &writer) }
        writer.withUnsafeBytes(body)
    }
}

/// A value in the form of batches.
package enum PhysicalValue {
    case null
    case number(Int64)
    case text(String)
}

extension Schema {
    /// Converts a value to what the attribute holds.
    package func physical(_ value: Value, _ entity: Entity, _ attribute: AttributeID) throws(Refusal) -> PhysicalValue {
        // Not the attribute as a whole: its copy would cost more than the conversion.
        let type = entity.attributes[Int(attribute.rawValue)].type
        func mismatch(_ expected: String) -> Refusal {
            Refusal(
                .wrongType,
                entity: entity.name,
                attribute: entity[attribute].name,
                "\(value) given where \(expected) is expected."
            )
        }
        switch (type, value) {
        case (_, .null): return .null
        case (.text, .text(let text)), (.memo, .text(let text)), (.autoNumber, .text(let text)): return .text(text)
        case (.file, .text(let text)), (.partyList, .text(let text)): return .text(text)
        case (.integer, .integer(let number)): return .number(number)
        case (.boolean, .boolean(let isTrue)): return .number(isTrue ? 1 : 0)
        case (.date, .date(let days)): return .number(Int64(days))
        case (.instant, .instant(let microseconds)): return .number(microseconds)
        case (.decimal, .decimal(let decimal)), (.money, .decimal(let decimal)):
            guard let scaled = decimal.rescaled(to: type.decimalScale ?? 0) else {
                throw mismatch("a number with at most \(type.decimalScale ?? 0) decimals")
            }
            return .number(scaled.units)
        case (.decimal, .integer(let number)), (.money, .integer(let number)):
            guard let scaled = Decimal64(units: number, scale: 0).rescaled(to: type.decimalScale ?? 0) else {
                throw mismatch("a smaller number")
            }
            return .number(scaled.units)
        case (.option, .option(let option)), (.state, .option(let option)), (.status, .option(let option)):
            return .number(Int64(option))
        case (.option, .integer(let number)), (.state, .integer(let number)), (.status, .integer(let number)):
            return .number(number)
        case (.option(let set), .text(let label)), (.state(let set), .text(let label)),
            (.status(let set), .text(let label)):
            guard let option = option(labelled: label, in: set) else {
                let known = self[set].choices.map(\.label).joined(separator: ", ")
                throw Refusal(
                    .unknownOption,
                    entity: entity.name,
                    attribute: entity[attribute].name,
                    "There is no option '\(label)'; there are \(known)."
                )
            }
            return .number(Int64(option))
        case (.options(let set), .text(let text)):
            do {
                let bits = try self[set].selection(of: text)
                return bits == 0 ? .null : .number(Int64(bitPattern: bits))
            } catch {
                let known = self[set].choices.map(\.label).joined(separator: ", ")
                throw Refusal(
                    .unknownOption,
                    entity: entity.name,
                    attribute: entity[attribute].name,
                    "There is no option '\(error.text)'; there are \(known)."
                )
            }
        case (.lookup, .reference(let id)): return .number(Int64(bitPattern: id.rawValue))
        case (.lookup, .text(let text)):
            guard let id = recordID(text) else { throw mismatch("a record such as account/1K3") }
            return .number(Int64(bitPattern: id.rawValue))
        default:
            guard type.isWritable else {
                throw Refusal(
                    .readOnly,
                    entity: entity.name,
                    attribute: entity[attribute].name,
                    "The engine keeps this attribute itself."
                )
            }
            throw mismatch(type.expectedValue)
        }
    }

    /// The number of the option with this label under the default collation.
    package func option(labelled label: String, in set: OptionSetID) -> Int32? {
        var label = label
        return label.withUTF8 { wanted in
            self[set].choices.first { option in
                var text = option.label
                return text.withUTF8 { Collation.equal($0, wanted) }
            }?.value
        }
    }
}

extension AttributeType {
    /// What a value of another type stands in the place of.
    fileprivate var expectedValue: String {
        switch self {
        case .text, .memo, .autoNumber: "a text"
        case .file: "a file's hash, length, content type and name"
        case .partyList: "records and addresses with ; between them"
        case .integer, .version: "a whole number"
        case .boolean: "yes or no"
        case .date: "a date"
        case .instant: "a moment"
        case .decimal, .money, .exchangeRate: "a number"
        case .option, .state, .status: "an option's number or label"
        case .options: "labels with ; between them"
        case .lookup, .identifier: "a record"
        case .calculated(_, let result), .rollUp(_, let result): result.expectedValue
        }
    }
}
