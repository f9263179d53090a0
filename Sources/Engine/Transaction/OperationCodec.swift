// A transaction as it is sent, and as an embedded program hands it over: the engine executes these bytes.
//
//   u8  flags           bit 0: a request key follows; bit 1: rows are independent (otherwise all or nothing); bit 2: refused where
//                       a record is like another one (docs/duplicates.md)
//   u8  0
//   u16 message         0: plain change of data
//   u64 client, u64 request     only with bit 0
//   u16 operations, then per operation
//     u8  kind          1 create, 2 update, 3 upsert, 4 delete
//     u8  flags         bit 0: expected versions follow; bit 1: attributes carry a reference key
//     u16 entity
//     u32 rows
//     u16 key           upsert: index of the alternate key
//     u16 attributes, then per attribute
//       u16 attribute
//       u16 entity, u16 key     only with bit 1: the lookup's values are values of that key of that entity; 0 0: ids
//     u64 × rows        ids: update, delete
//     u64 × rows        expected versions: bit 0; 0 expects nothing
//     columns           one per attribute, see ColumnCodec
//
// A reference to a record that an earlier operation of the same transaction creates is an id with origin 0xFFFF and
// sequence = operation << 20 | row: rows of an operation are at most 65,536, operations at most 1,024.

/// What an operation does.
public enum OperationKind: UInt8, Sendable {
    /// Makes records.
    case create = 1
    /// Changes records by id.
    case update = 2
    /// Changes records found by an alternate key, and makes those that are not there.
    case upsert = 3
    /// Deletes records by id.
    case delete = 4
}

/// Names a request of a client, so that sending it again takes effect once.
public struct RequestKey: Hashable, Sendable {
    /// The client's own number, drawn at random by the client.
    public var client: UInt64
    /// Number of the request, rising within the client.
    public var request: UInt64

    /// Makes a key.
    public init(client: UInt64, request: UInt64) {
        self.client = client
        self.request = request
    }
}

/// The head of an encoded transaction.
package struct TransactionHeader {
    package static let keyedFlag: UInt8 = 1
    package static let independentFlag: UInt8 = 2
    package static let checkedFlag: UInt8 = 4

    package var key: RequestKey?
    package var isIndependent: Bool
    /// Whether it is to be looked at as a whole before it takes effect: `Engine.transactionCheck`.
    package var asksForCheck: Bool
    package var message: UInt16
    package var operationCount: Int

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let flags = try reader.u8()
        guard flags < 8, try reader.u8() == 0 else { throw DecodeError("unknown transaction flags", at: 0) }
        isIndependent = flags & TransactionHeader.independentFlag != 0
        asksForCheck = flags & TransactionHeader.checkedFlag != 0
        message = try reader.u16()
        if flags & TransactionHeader.keyedFlag != 0 {
            key = RequestKey(client: try reader.u64(), request: try reader.u64())
        }
        operationCount = Int(try reader.u16())
        guard operationCount <= Limits.transactionOperationsMax else {
            throw DecodeError("\(operationCount) operations", at: reader.offset)
        }
    }
}

/// A decoded operation. Borrows the transaction's bytes.
struct Operation {
    static let versionsFlag: UInt8 = 1
    static let referencesFlag: UInt8 = 2

    var kind: OperationKind
    /// Place of the entity in the schema.
    var place: Int
    var count: Int
    /// Alternate key of an upsert.
    var key: Int
    /// Columns of the table, one per attribute given.
    var attributes: [Int]
    /// Per attribute: the key that its values are of; nil for plain values.
    var references: [(place: Int, key: Int)?]
    var ids: UnsafeRawPointer?
    var versions: UnsafeRawPointer?
    var columns: [ColumnView]

    @inline(__always)
    func id(_ row: Int) -> RecordID {
        RecordID(rawValue: ids.unsafelyUnwrapped.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self))
    }

    @inline(__always)
    func expectedVersion(_ row: Int) -> Position {
        versions.map { $0.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self) } ?? 0
    }

    init(from reader: inout ByteReader, schema: Schema, tables: Tables) throws(Refusal) {
        do {
            guard let kind = OperationKind(rawValue: try reader.u8()) else {
                throw DecodeError("unknown kind of operation", at: reader.offset)
            }
            self.kind = kind
            let flags = try reader.u8()
            guard flags < 4 else { throw DecodeError("unknown operation flags", at: reader.offset) }
            let entityID = EntityID(try reader.u16())
            guard let place = schema.place(of: entityID) else {
                throw Refusal(.unknownEntity, "The schema has no entity \(entityID.rawValue).")
            }
            self.place = place
            let layout = tables[place].layout
            count = Int(try reader.u32())
            guard count <= Limits.operationRowsMax else {
                throw Refusal(
                    .limitExceeded,
                    entity: layout.entity.name,
                    "\(count) rows in one operation; the limit is \(Limits.operationRowsMax). Split the batch."
                )
            }
            key = Int(try reader.u16())
            guard kind != .upsert || key < layout.keyColumns.count && !layout.keyColumns[key].isEmpty else {
                throw Refusal(.unknownKey, entity: layout.entity.name, "There is no alternate key \(key).")
            }
            let attributeCount = Int(try reader.u16())
            attributes = []
            references = []
            columns = []
            for _ in 0..<attributeCount {
                let attribute = Int(try reader.u16())
                try Operation.checkWritable(attribute, layout, isRepeated: attributes.contains(attribute))
                attributes.append(attribute)
                if flags & Operation.referencesFlag != 0 {
                    references.append(
                        try Operation.reference(
                            from: &reader,
                            entity: layout.entity,
                            attribute: attribute,
                            schema: schema
                        )
                    )
                }
            }
            columns.reserveCapacity(attributes.count)
            ids = kind == .update || kind == .delete ? try reader.take(count, stride: 8) : nil
            versions = flags & Operation.versionsFlag != 0 ? try reader.take(count, stride: 8) : nil
            for (index, attribute) in attributes.enumerated() {
                var kind = layout.kinds[attribute]
                if !references.isEmpty, let reference = references[index] {
                    let target = schema.entities[reference.place]
                    kind = target[target.keys[reference.key].attributes[0]].type.physicalKind
                }
                columns.append(try ColumnView(from: &reader, kind: kind, count: count))
            }
        } catch let error as DecodeError {
            throw Refusal(error)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            preconditionFailure("an error of a type that nothing here throws")
        }
    }

    private static func checkWritable(_ attribute: Int, _ layout: TableLayout, isRepeated: Bool) throws(Refusal) {
        guard attribute < layout.columns.count, !layout.isDeleted[attribute] else {
            throw Refusal(.unknownAttribute, entity: layout.entity.name, "There is no attribute \(attribute).")
        }
        if layout.isWritable[attribute], !isRepeated { return }
        throw Refusal(
            isRepeated ? .malformed : .readOnly,
            entity: layout.entity.name,
            attribute: layout.entity.attributes[attribute].name,
            isRepeated ? "The attribute is given twice." : "The engine keeps this attribute itself."
        )
    }

    private static func reference(
        from reader: inout ByteReader,
        entity: Entity,
        attribute: Int,
        schema: Schema
    ) throws -> (place: Int, key: Int)? {
        let targetID = EntityID(try reader.u16())
        let key = Int(try reader.u16())
        if targetID.rawValue == 0 { return nil }
        let attribute = entity.attributes[attribute]
        guard attribute.type.lookupTargets.contains(targetID), let place = schema.place(of: targetID) else {
            throw Refusal(
                .wrongReferenceEntity,
                entity: entity.name,
                attribute: attribute.name,
                "The attribute cannot refer to entity \(targetID.rawValue)."
            )
        }
        guard key < schema.entities[place].keys.count, schema.entities[place].keys[key].attributes.count == 1 else {
            throw Refusal(
                .unknownKey,
                entity: entity.name,
                attribute: attribute.name,
                "\(schema.entities[place].name) has no alternate key \(key) of one attribute."
            )
        }
        return (place, key)
    }
}

extension TransactionHeader {
    /// Whether an encoded transaction or message asks to be checked as a whole, from its first byte.
    @inline(__always)
    package static func asksForCheck(_ request: UnsafeRawBufferPointer) -> Bool {
        request.first.map { $0 & checkedFlag != 0 } ?? false
    }

    /// An upper bound of the rows whose old values the transaction may log, from the heads of the operations only; 1 when
    /// the bytes are malformed, since then nothing will be logged.
    package static func rowBound(of transaction: UnsafeRawBufferPointer) -> Int {
        // The first operation's head says it exactly when it is the only one; otherwise every operation is at least
        // 12 bytes long, and a row at least one byte of an id or a key.
        var reader = ByteReader(transaction)
        guard let header = try? TransactionHeader(from: &reader) else { return 1 }
        if header.operationCount == 1, let kind = try? reader.u8(), (try? reader.take(3)) != nil,
            let rows = try? reader.u32()
        {
            return kind == OperationKind.create.rawValue ? 1 : min(Int(rows), Limits.operationRowsMax)
        }
        return min(reader.remaining / 12, Limits.operationRowsMax)
    }
}
