// A log entry: what one transaction changed, from what, to what. The engine writes the entry first and then applies it, and
// a replay applies the same bytes: there is one way for a change to get into the tables.
//
//   u8  format        1
//   u8  kind          1 changes, 2 schema, 3 change of the schema
//   u8  flags         bit 0: request key and reply
//   u8  0
//   u16 message
//   u16 0
//   i64 time          microseconds since 1970
//   u64 actor         record id of the user, 0 for the system
//   u64 client, u64 request     bit 0
//   u32 changes, then per change
//     u8  kind        1 create, 2 update, 3 delete
//     u8  flags       bit 0: the ids are a run
//     u16 entity
//     u32 rows
//     u16 attributes (none: an update of a list of parties, whose records change behind it)
//     u16 0
//     u16 × attributes
//     u64 first id, or u64 × rows ids
//     u64 × rows      update, delete: position of the record's previous entry, which was its version
//     columns         create: the new values; update: old and new values of each attribute in turn; delete: the old values
//   u32 length, reply bytes     bit 0
//
// Kinds 2 and 3 have the schema that is in force from then on (Schema+Codec.swift) in the place of the changes. 2 is the
// first of an organisation, and what versions added before clients could change a schema: it adds at the ends and fills
// nothing. 3 does whatever `SchemaTransition` allows.
//
// Not written because they follow from the envelope and the schema at that position: `versionnumber`, `createdon`,
// `createdby`, `modifiedon`, `modifiedby`, defaults of attributes that a create does not give, and `ownerid` then (the
// actor). A delete does write those, since they would be gone otherwise.

/// What a change does.
package enum ChangeKind: UInt8, Sendable {
    /// Records came into being.
    case create = 1
    /// Attributes of records changed.
    case update = 2
    /// Records ended.
    case delete = 3
}

/// Who changed something, when, with which message.
package struct Envelope {
    package var message: UInt16
    package var timeMicroseconds: Int64
    package var actor: RecordID
    package var key: RequestKey?

    package init(message: UInt16, timeMicroseconds: Int64, actor: RecordID, key: RequestKey?) {
        self.message = message
        self.timeMicroseconds = timeMicroseconds
        self.actor = actor
        self.key = key
    }
}

/// The fixed head of an entry.
package struct EntryHeader {
    package static let format: UInt8 = 1
    package static let changesKind: UInt8 = 1
    package static let schemaKind: UInt8 = 2
    package static let schemaChangeKind: UInt8 = 3
    package static let keyedFlag: UInt8 = 1

    package var kind: UInt8
    package var envelope: Envelope

    package func encode(into writer: inout ByteWriter) {
        // Word by word, since every transaction has one: format, kind, flags, 0, message (u16), 0 (u16).
        let flags = envelope.key == nil ? 0 : EntryHeader.keyedFlag
        let kinds =
            UInt64(EntryHeader.format) | UInt64(kind) << 8 | UInt64(flags) << 16 | UInt64(envelope.message) << 32
        let start = writer.claim(24)
        start.storeBytes(of: kinds.littleEndian, as: UInt64.self)
        start.storeBytes(of: envelope.timeMicroseconds.littleEndian, toByteOffset: 8, as: Int64.self)
        start.storeBytes(of: envelope.actor.rawValue.littleEndian, toByteOffset: 16, as: UInt64.self)
        if let key = envelope.key {
            writer.u64(key.client)
            writer.u64(key.request)
        }
    }

    package init(kind: UInt8, envelope: Envelope) {
        self.kind = kind
        self.envelope = envelope
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        let format = try reader.u8()
        guard format == EntryHeader.format else { throw DecodeError("unknown entry format \(format)", at: 0) }
        kind = try reader.u8()
        let flags = try reader.u8()
        guard EntryHeader.changesKind...EntryHeader.schemaChangeKind ~= kind, flags < 2, try reader.u8() == 0 else {
            throw DecodeError("unknown entry kind or flags", at: 1)
        }
        let message = try reader.u16()
        _ = try reader.u16()
        let time = try reader.i64()
        let actor = RecordID(rawValue: try reader.u64())
        var key: RequestKey?
        if flags & EntryHeader.keyedFlag != 0 {
            key = RequestKey(client: try reader.u64(), request: try reader.u64())
        }
        envelope = Envelope(message: message, timeMicroseconds: time, actor: actor, key: key)
    }
}

/// A decoded change. Borrows the entry's bytes.
package struct Change {
    static let idRunFlag: UInt8 = 1

    package var kind: ChangeKind
    package var place: Int
    package var count: Int
    package var attributes: [Int]
    private var hasIDRun: Bool
    private var ids: UnsafeRawPointer
    private var previous: UnsafeRawPointer?
    /// New values of a create, old values of a delete, old values of an update.
    package var columns: [ColumnView]
    /// New values of an update.
    package var newColumns: [ColumnView]

    @inline(__always)
    package func id(_ row: Int) -> RecordID {
        hasIDRun
            ? RecordID(rawValue: ids.loadUnaligned(as: UInt64.self) &+ UInt64(row))
            : RecordID(rawValue: ids.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self))
    }

    @inline(__always)
    package func previousPosition(_ row: Int) -> Position {
        previous.map { $0.loadUnaligned(fromByteOffset: row * 8, as: UInt64.self) } ?? 0
    }

    package init(from reader: inout ByteReader, schema: Schema, tables: Tables) throws(DecodeError) {
        let at = reader.offset
        guard let kind = ChangeKind(rawValue: try reader.u8()) else {
            throw DecodeError("unknown kind of change", at: at)
        }
        self.kind = kind
        hasIDRun = try reader.u8() & Change.idRunFlag != 0
        guard let place = schema.place(of: EntityID(try reader.u16())) else {
            throw DecodeError("change of an unknown entity", at: at)
        }
        self.place = place
        count = Int(try reader.u32())
        let attributeCount = Int(try reader.u16())
        _ = try reader.u16()
        let layout = tables[place].layout
        attributes = []
        attributes.reserveCapacity(attributeCount)
        for _ in 0..<attributeCount {
            let attribute = Int(try reader.u16())
            guard attribute < layout.columns.count else {
                throw DecodeError("change of an unknown attribute", at: at)
            }
            attributes.append(attribute)
        }
        ids = hasIDRun ? try reader.take(8) : try reader.take(count, stride: 8)
        previous = kind == .create ? nil : try reader.take(count, stride: 8)
        columns = []
        newColumns = []
        columns.reserveCapacity(attributeCount)
        for attribute in attributes {
            let kind = layout.kinds[attribute]
            columns.append(try ColumnView(from: &reader, kind: kind, count: count))
            if self.kind == .update { newColumns.append(try ColumnView(from: &reader, kind: kind, count: count)) }
        }
    }

    /// The change that was just written at `offset` of the entry, without reading it again: the rows of `operation` are its
    /// new values. `idsOffset` is where its ids begin.
    init(_ kind: ChangeKind, _ operation: Operation, hasIDRun: Bool, idsOffset: Int, in entry: borrowing ByteWriter) {
        self.kind = kind
        place = operation.place
        count = operation.count
        attributes = operation.attributes
        self.hasIDRun = hasIDRun
        ids = entry.withUnsafeBytes { UnsafeRawPointer($0.baseAddress.unsafelyUnwrapped + idsOffset) }
        previous = kind == .create ? nil : ids + count * 8
        columns = kind == .create ? operation.columns : []
        newColumns = kind == .update ? operation.columns : []
    }

    /// Bytes of the head that `encodeHead` writes.
    static func headBytes(attributeCount: Int) -> Int { 12 + 2 * attributeCount }

    /// Writes everything before the ids of a change of listed records, whose attributes are given as the entry holds them.
    static func encodeHead(
        _ kind: ChangeKind,
        entity: EntityID,
        count: Int,
        attributes: UnsafeRawBufferPointer,
        into writer: inout ByteWriter
    ) {
        encodeHead(
            kind,
            entity: entity,
            count: count,
            hasIDRun: false,
            attributeCount: attributes.count / 2,
            into: &writer
        )
        writer.raw(attributes)
    }

    /// Writes everything before the ids.
    static func encodeHead(
        _ kind: ChangeKind,
        entity: EntityID,
        count: Int,
        hasIDRun: Bool,
        attributes: [Int],
        into writer: inout ByteWriter
    ) {
        encodeHead(
            kind,
            entity: entity,
            count: count,
            hasIDRun: hasIDRun,
            attributeCount: attributes.count,
            into: &writer
        )
        for attribute in attributes { writer.u16(UInt16(attribute)) }
    }

    private static func encodeHead(
        _ kind: ChangeKind,
        entity: EntityID,
        count: Int,
        hasIDRun: Bool,
        attributeCount: Int,
        into writer: inout ByteWriter
    ) {
        let flags = hasIDRun ? idRunFlag : 0
        let kinds =
            UInt64(kind.rawValue) | UInt64(flags) << 8 | UInt64(entity.rawValue) << 16 | UInt64(UInt32(count)) << 32
        let start = writer.claim(12)
        start.storeBytes(of: kinds.littleEndian, as: UInt64.self)
        start.storeBytes(of: UInt32(UInt16(attributeCount)).littleEndian, toByteOffset: 8, as: UInt32.self)
    }
}
