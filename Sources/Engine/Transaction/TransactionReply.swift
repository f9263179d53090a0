// What a transaction did, as it is answered, remembered for retries, and logged with its request key.
//
//   u64 position      the position that the transaction became durable at, or observed when it changed nothing
//   u16 operations, then per operation
//     u8  kind        as in the request
//     u8  flags       bit 0: ids are a run, its first follows; bit 1: an id per row follows; bit 2: an outcome per row
//     u16 0
//     u32 created, updated, unchanged, deleted, rejected
//     …   ids         u64 first, or u64 × rows (0 where the row was rejected)
//     …   outcomes    u8 × rows; without bit 2 all rows have the one outcome whose count is not zero
//     …   refusals    one per rejected row

/// What became of one row.
public enum RowOutcome: UInt8, Sendable {
    /// A record was made.
    case created = 1
    /// A record was changed.
    case updated = 2
    /// The record had these values already.
    case unchanged = 3
    /// The record was deleted.
    case deleted = 4
    /// The row was refused; the others of the transaction went on.
    case rejected = 5
}

/// What became of one operation.
public struct OperationReply: Hashable, Sendable {
    /// Rows per outcome.
    public var created = 0, updated = 0, unchanged = 0, deleted = 0, rejected = 0
    /// The record of each row of a create or upsert; `.none` for a rejected row. Empty for updates and deletes.
    public var ids: [RecordID] = []
    /// The outcome of each row.
    public var outcomes: [RowOutcome] = []
    /// Why rows were rejected.
    public var refusals: [Refusal] = []
}

/// The answer to a transaction.
public struct TransactionReply: Hashable, Sendable {
    /// Position of the transaction; the version of every record that it changed. When it changed nothing: the position at
    /// which that was observed.
    public var position: Position
    /// What became of each operation.
    public var operations: [OperationReply]

    package init(from reader: inout ByteReader) throws(DecodeError) {
        position = try reader.u64()
        operations = []
        for _ in 0..<Int(try reader.u16()) { operations.append(try OperationReply(from: &reader)) }
    }

    /// Reads a whole reply.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(DecodeError) {
        var reader = ByteReader(bytes)
        try self.init(from: &reader)
        try reader.expectEnd()
    }
}

extension OperationReply {
    static let idRunFlag: UInt8 = 1
    static let idListFlag: UInt8 = 2
    static let outcomesFlag: UInt8 = 4

    init(from reader: inout ByteReader) throws(DecodeError) {
        _ = try reader.u8()
        let at = reader.offset
        let flags = try reader.u8()
        _ = try reader.u16()
        created = Int(try reader.u32())
        updated = Int(try reader.u32())
        unchanged = Int(try reader.u32())
        deleted = Int(try reader.u32())
        rejected = Int(try reader.u32())
        let rows = created + updated + unchanged + deleted + rejected
        guard rows <= Limits.operationRowsMax else { throw DecodeError("\(rows) rows in a reply", at: at) }
        if flags & OperationReply.idRunFlag != 0 {
            let first = try reader.u64()
            guard UInt64(rows) <= RecordID.sequenceMax - (first & RecordID.sequenceMax) + 1 else {
                throw DecodeError("ids beyond the last sequence", at: at)
            }
            ids = (0..<UInt64(rows)).map { RecordID(rawValue: first + $0) }
        } else if flags & OperationReply.idListFlag != 0 {
            ids.reserveCapacity(rows)
            for _ in 0..<rows { ids.append(RecordID(rawValue: try reader.u64())) }
        }
        if flags & OperationReply.outcomesFlag != 0 {
            outcomes.reserveCapacity(rows)
            for _ in 0..<rows {
                guard let outcome = RowOutcome(rawValue: try reader.u8()) else {
                    throw DecodeError("unknown outcome", at: reader.offset)
                }
                outcomes.append(outcome)
            }
        } else {
            let outcome: RowOutcome =
                created > 0
                ? .created
                : updated > 0
                    ? .updated
                    : unchanged > 0
                        ? .unchanged
                        : deleted > 0 ? .deleted : .rejected
            outcomes = Array(repeating: outcome, count: rows)
        }
        for _ in 0..<rejected { refusals.append(try Refusal(from: &reader)) }
    }
}

/// Collects the outcome of one operation while it runs, and encodes it.
struct OperationOutcome {
    let kind: OperationKind
    let rowCount: Int
    /// nil while every row so far has the same outcome.
    private var outcomes: [RowOutcome]?
    private var common: RowOutcome?
    /// The id of each row, when they are not a run.
    private var ids: [RecordID] = []
    private var firstID: RecordID?
    var refusals: [Refusal] = []

    init(kind: OperationKind, rowCount: Int) {
        self.kind = kind
        self.rowCount = rowCount
    }

    /// All rows ended alike, with ids that are a run from `firstID`.
    mutating func setAll(_ outcome: RowOutcome, firstID: RecordID? = nil) {
        common = outcome
        self.firstID = firstID
    }

    /// One row's outcome.
    mutating func set(_ row: Int, _ outcome: RowOutcome, id: RecordID = .none) {
        if outcomes == nil { outcomes = Array(repeating: .rejected, count: rowCount) }
        outcomes![row] = outcome
        guard kind == .create || kind == .upsert else { return }
        if ids.isEmpty { ids = Array(repeating: .none, count: rowCount) }
        ids[row] = id
    }

    /// What `encode` writes when one record was updated.
    static func encodeOneUpdate(into writer: inout ByteWriter) {
        // Kind, 0, 0 (u16); created, updated, unchanged, deleted, rejected (u32 each).
        let start = writer.claim(24)
        start.storeBytes(of: UInt64(OperationKind.update.rawValue).littleEndian, as: UInt64.self)
        start.storeBytes(of: UInt64(1).littleEndian, toByteOffset: 8, as: UInt64.self)
        start.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)
    }

    func encode(into writer: inout ByteWriter) {
        var (created, updated, unchanged, deleted, rejected) = (0, 0, 0, 0, 0)
        func add(_ outcome: RowOutcome, _ rows: Int) {
            switch outcome {
            case .created: created += rows
            case .updated: updated += rows
            case .unchanged: unchanged += rows
            case .deleted: deleted += rows
            case .rejected: rejected += rows
            }
        }
        if let outcomes { for outcome in outcomes { add(outcome, 1) } } else if let common { add(common, rowCount) }
        let isMixed = max(created, updated, unchanged, deleted, rejected) < rowCount
        writer.u8(kind.rawValue)
        var flags: UInt8 = isMixed ? OperationReply.outcomesFlag : 0
        if firstID != nil {
            flags |= OperationReply.idRunFlag
        } else if !ids.isEmpty {
            flags |= OperationReply.idListFlag
        }
        writer.u8(flags)
        writer.u16(0)
        writer.u32(UInt32(created))
        writer.u32(UInt32(updated))
        writer.u32(UInt32(unchanged))
        writer.u32(UInt32(deleted))
        writer.u32(UInt32(rejected))
        if let firstID { writer.u64(firstID.rawValue) }
        for id in ids { writer.u64(id.rawValue) }
        if isMixed, let outcomes { for outcome in outcomes { writer.u8(outcome.rawValue) } }
        for refusal in refusals.sorted(by: { $0.row < $1.row }) { refusal.encode(into: &writer) }
    }
}
