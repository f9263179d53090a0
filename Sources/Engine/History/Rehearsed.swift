// What a transaction would do, record by record: read from the log entry that it would have written.
//
//   u8 is cut, u32 records, then per record: u64 id, u8 kind, u32 changes, then per change
//     text attribute, value before, value after      as in Value+Codec.swift

/// What would happen to one record.
public struct RehearsedRecord: Hashable, Sendable {
    /// The record; one that would be made has the id that it would have at this moment.
    public var record: RecordID
    /// What would happen to it.
    public var kind: HistoryStep.Kind
    /// What would change, in the order of the entry.
    public var changes: [HistoryStep.Change]
}

/// What a transaction would do at this moment.
public struct Rehearsed: Hashable, Sendable {
    /// Records that an answer may hold, and bytes of values, so that it fits a frame with room to spare.
    package static let recordCountMax = 10_000
    private static let bytesMax = 8 << 20

    /// In the order in which they would be written; a record may come more than once.
    public var records: [RehearsedRecord] = []
    /// It would change more than is listed.
    public var isCut = false

    /// Nothing.
    package init() {}

    /// Reads an entry of changes. O(rows).
    package init(
        _ entry: UnsafeRawBufferPointer,
        schema: Schema,
        tables: Tables
    ) throws(DecodeError) {
        var reader = ByteReader(entry)
        let header = try EntryHeader(from: &reader)
        guard header.kind == EntryHeader.changesKind else { return }
        var bytes = 0
        for _ in 0..<Int(try reader.u32()) {
            let change = try Change(from: &reader, schema: schema, tables: tables)
            let entity = tables[change.place].entity
            for row in 0..<change.count {
                let changes = change.changes(row, entity, schema)
                bytes += changes.reduce(0) { $0 + $1.bytes }
                guard records.count < Rehearsed.recordCountMax, bytes <= Rehearsed.bytesMax else {
                    isCut = true
                    return
                }
                records.append(
                    RehearsedRecord(
                        record: change.id(row),
                        kind: HistoryStep.Kind(rawValue: change.kind.rawValue) ?? .updated,
                        changes: changes
                    )
                )
            }
        }
    }

    package func encode(into writer: inout ByteWriter) {
        writer.u8(isCut ? 1 : 0)
        writer.u32(UInt32(records.count))
        for record in records {
            writer.u64(record.record.rawValue)
            writer.u8(record.kind.rawValue)
            HistoryStep.Change.encode(record.changes, into: &writer)
        }
    }

    package init(from reader: inout ByteReader) throws(DecodeError) {
        isCut = try reader.u8() != 0
        let at = reader.offset
        let count = Int(try reader.u32())
        guard count <= Rehearsed.recordCountMax else { throw DecodeError("\(count) records", at: at) }
        for _ in 0..<count {
            let record = RecordID(rawValue: try reader.u64())
            guard let kind = HistoryStep.Kind(rawValue: try reader.u8()) else {
                throw DecodeError("unknown kind of change", at: reader.offset)
            }
            records.append(
                RehearsedRecord(record: record, kind: kind, changes: try HistoryStep.Change.list(from: &reader))
            )
        }
    }
}
