// What a read by id looks like to the one who asks: the request's bytes, and the values in the reply.

/// Records that were read: values by row and attribute.
public struct RecordPage: Sendable {
    /// The entity.
    public var entity: Entity
    /// The attributes read.
    public var attributes: [AttributeID]
    /// Version of each record; nil where there is none.
    public var versions: [Position?]
    /// Values of each record, in the order of the attributes.
    public var rows: [[Value]]

    /// Looks up names: the entity, and its attributes.
    package static func resolve(
        _ entity: String,
        _ attributes: [String],
        _ schema: Schema
    ) throws(Refusal)
        -> (Entity, [AttributeID])
    {
        guard let declared = schema.entity(named: entity) else {
            throw Refusal(.unknownEntity, entity: entity, "The schema has no entity '\(entity)'.")
        }
        var columns: [AttributeID] = []
        for name in attributes {
            guard let attribute = declared.attributeID(name) else {
                throw Refusal(.unknownAttribute, entity: entity, attribute: name, "There is no such attribute.")
            }
            columns.append(attribute)
        }
        return (declared, columns)
    }

    /// Bytes of the request that reads `ids`.
    package static func request(_ entity: Entity, _ attributes: [AttributeID], _ ids: [RecordID]) -> [UInt8] {
        var writer = ByteWriter(capacityBytes: 8 + attributes.count * 2 + ids.count * 8)
        writer.u16(entity.id.rawValue)
        writer.u16(UInt16(attributes.count))
        for attribute in attributes { writer.u16(attribute.rawValue) }
        writer.u32(UInt32(ids.count))
        for id in ids { writer.u64(id.rawValue) }
        return writer.bytes
    }

    /// Reads the reply to such a request, made under `schema`.
    package init(
        _ entity: Entity,
        _ attributes: [AttributeID],
        count: Int,
        in schema: Schema,
        decoding bytes: UnsafeRawBufferPointer
    )
        throws(DecodeError)
    {
        self.entity = entity
        self.attributes = attributes
        var reader = ByteReader(bytes)
        let versions = try ColumnView(from: &reader, kind: .int64, count: count)
        var rows = [[Value]](repeating: [], count: count)
        for attribute in attributes {
            let type = entity[attribute].type
            let column = try ColumnView(from: &reader, kind: type.physicalKind, count: count)
            for row in 0..<count { rows[row].append(Value(column, row, type, schema)) }
        }
        try reader.expectEnd()
        self.versions = (0..<count).map { versions.isValid($0) ? UInt64(bitPattern: versions.number($0)) : nil }
        self.rows = rows
    }
}

extension Value {
    /// A value of a decoded column, typed by its attribute.
    package init(_ column: ColumnView, _ row: Int, _ type: AttributeType, _ schema: Schema) {
        guard column.isValid(row) else {
            self = .null
            return
        }
        switch type {
        case .text, .memo, .autoNumber, .file, .partyList:
            self = .text(String(decoding: column.text(row), as: UTF8.self))
        case .boolean: self = .boolean(column.number(row) != 0)
        case .integer, .version: self = .integer(column.number(row))
        case .decimal(let scale, _, _): self = .decimal(Decimal64(units: column.number(row), scale: scale))
        case .money: self = .decimal(Decimal64(units: column.number(row), scale: AttributeType.moneyScale))
        case .option, .state, .status: self = .option(Int32(truncatingIfNeeded: column.number(row)))
        case .exchangeRate:
            self = .decimal(Decimal64(units: column.number(row), scale: AttributeType.rateScale))
        case .date: self = .date(Int32(truncatingIfNeeded: column.number(row)))
        case .instant: self = .instant(column.number(row))
        case .lookup, .identifier: self = .reference(RecordID(rawValue: UInt64(bitPattern: column.number(row))))
        case .calculated(_, let result), .rollUp(_, let result): self.init(column, row, result, schema)
        case .options(let set):
            self = .text(schema[set].text(ofSelection: UInt64(bitPattern: column.number(row))))
        }
    }
}
