// Reading records by id: the hottest request of a CRM. One request names an entity, attributes and many ids.
//
//   request   u16 entity, u16 attributes, u16 × attributes, u32 rows, u64 × rows ids
//   reply     column of versions (int64; null: there is no such record), then one column per attribute

extension Engine {
    /// Up to this many rows all columns are asked for before the first is read: 64 rows of 12 columns are 100 KiB, which the
    /// second-level cache holds. Longer reads ask column by column (`Table.encode`).
    private static let prefetchedRowsMax = 64

    /// Executes an encoded read and appends the reply. Reads see every transaction executed so far.
    /// - Complexity: O(rows × attributes).
    public func read(_ request: UnsafeRawBufferPointer, into reply: inout ByteWriter) throws(Refusal) {
        do {
            var reader = ByteReader(request)
            let entityID = EntityID(try reader.u16())
            let attributeCount = Int(try reader.u16())
            let attributes = try reader.take(attributeCount, stride: 2)
            let count = Int(try reader.u32())
            let ids = try reader.take(count, stride: 8)
            try reader.expectEnd()
            guard let place = schema.place(of: entityID) else {
                throw DecodeError("there is no entity \(entityID.rawValue)", at: 0)
            }
            guard count <= Limits.operationRowsMax else { throw DecodeError("\(count) ids in one read", at: 4) }
            let columnCount = tables[place].layout.columns.count
            var columns: [Int] = []
            columns.reserveCapacity(min(attributeCount, columnCount))
            for index in 0..<attributeCount {
                let attribute = attributes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                guard attribute < columnCount else { throw DecodeError("there is no attribute \(attribute)", at: 4) }
                columns.append(Int(attribute))
            }
            rowList.removeAll(keepingCapacity: true)
            for index in 0..<count {
                let id = RecordID(rawValue: ids.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
                rowList.append(tables[place].row(of: id))
            }
            try rowList.withUnsafeBufferPointer { list throws(Refusal) in
                let rows = RowSet(first: 0, count: count, list: list.baseAddress)
                try tables[place].requireFits(columns, rows: rows, limitBytes: Limits.readBytesMax)
                if count <= Engine.prefetchedRowsMax {
                    tables[place].prefetch(rows, attributes, attributeCount)
                }
                tables[place].encode(Int(SystemAttribute.version.rawValue), rows: rows, into: &reply)
                for column in columns { tables[place].encode(column, rows: rows, into: &reply) }
            }
        } catch let error as DecodeError {
            throw Refusal(error)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            preconditionFailure("an error of a type that nothing here throws")
        }
    }
}

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

    /// Reads the reply to such a request.
    package init(
        _ entity: Entity,
        _ attributes: [AttributeID],
        count: Int,
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
            for row in 0..<count { rows[row].append(Value(column, row, type)) }
        }
        try reader.expectEnd()
        self.versions = (0..<count).map { versions.isValid($0) ? UInt64(bitPattern: versions.number($0)) : nil }
        self.rows = rows
    }
}

extension Value {
    /// A value of a decoded column, typed by its attribute.
    package init(_ column: ColumnView, _ row: Int, _ type: AttributeType) {
        guard column.isValid(row) else {
            self = .null
            return
        }
        switch type {
        case .text, .memo: self = .text(String(decoding: column.text(row), as: UTF8.self))
        case .boolean: self = .boolean(column.number(row) != 0)
        case .integer, .version: self = .integer(column.number(row))
        case .decimal(let scale, _, _): self = .decimal(Decimal64(units: column.number(row), scale: scale))
        case .money: self = .decimal(Decimal64(units: column.number(row), scale: AttributeType.moneyScale))
        case .option, .state, .status: self = .option(Int32(truncatingIfNeeded: column.number(row)))
        case .date: self = .date(Int32(truncatingIfNeeded: column.number(row)))
        case .instant: self = .instant(column.number(row))
        case .lookup, .identifier: self = .reference(RecordID(rawValue: UInt64(bitPattern: column.number(row))))
        }
    }
}
