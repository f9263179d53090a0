// The engine: a deterministic state machine. A transaction comes in as bytes with time and actor as values; out come a log
// entry (what changed) and a reply. It does no I/O, reads no clock and starts no thread.
//
// Life of a transaction
//   1. decode and check: every rule that can refuse is asked before anything is written (Engine+Create, +Update, …);
//   2. write the change into the entry;
//   3. apply the entry's bytes to the tables (Engine+Apply): a replay does only this step;
//   4. when a later operation of an all-or-nothing transaction is refused, revert the changes of the earlier ones from the
//      entry's bytes, newest first; so also when the transaction asks to be checked as a whole, and `transactionCheck` refuses it.
//
// Determinism: equal schema, entries and order give equal logical content (`Engine.digest`). Row places are not logical
// content; sequences are, so a reverted transaction gives its sequences back.

/// Who asks, and when: everything about a command that is not in its bytes.
public struct CommandContext: Sendable {
    /// The acting user; `.none` is the system itself.
    public var actor: RecordID
    /// Microseconds since 1970-01-01T00:00:00Z. The engine never lets time run backwards: see `Engine.execute`.
    public var timeMicroseconds: Int64

    /// Makes a context.
    public init(actor: RecordID = .none, timeMicroseconds: Int64) {
        self.actor = actor
        self.timeMicroseconds = timeMicroseconds
    }
}

/// All records of one organisation and the rules that change them.
///
/// Thread rule: one thread at a time, the writer; hand out `view` for everything else. While nobody writes, several threads may
/// read by id, each with a `RecordReader`. As no access to a property spans a call that could make another, the runtime's check
/// of exclusive access, a tenth of a change, is left out.
public final class Engine {
    /// The schema in force.
    @exclusivity(unchecked) public internal(set) var schema: Schema
    /// The last transaction applied.
    @exclusivity(unchecked) public internal(set) var position: Position = 0
    /// Time of the last transaction.
    @exclusivity(unchecked) public internal(set) var timeMicroseconds: Int64 = 0

    /// Bytes that the next log entry may have: `Limits.entryBytesMax`, or less where the log takes less or has less room
    /// reserved. Whoever executes sets it.
    @exclusivity(unchecked) package var entryBytesMax = Limits.entryBytesMax

    /// What is known of the contents of files. Whoever keeps some sets it; without, no record can be given a file.
    @exclusivity(unchecked) package var contents: (any FileContents)?
    /// Looks at what a transaction that asks for it has made and changed, when all of it stands in the tables and none of it has taken
    /// effect; refuses it by throwing. Whoever executes such transactions sets it.
    @exclusivity(unchecked) package var transactionCheck: ((Engine, [ChangedRecord]) throws(Refusal) -> Void)?
    /// Takes work beside the writer; nil: there is none beside it.
    @exclusivity(unchecked) package var background: Background?

    package let tables: Tables
    @exclusivity(unchecked) var results = RequestResults()

    /// Reads of the writer itself.
    let reader = RecordReader()
    /// Counts schemas that were put in force: `RecordReader` forgets what it knows of older ones.
    @exclusivity(unchecked) var schemaChangeCount = 0
    /// Shapes of updates of one record that came lately.
    let updateShapes = ShapeCache<UpdateShape>()

    /// Derived attributes that reads asked for lately, ready to be computed.
    let derivedReads = DerivedReads()

    /// Reused from operation to operation, so that single-record updates do not allocate.
    @exclusivity(unchecked) var rowList: [UInt32] = []
    /// Columns that were rewritten (resolved references); they live until the operation ends.
    @exclusivity(unchecked) var buffers: [ColumnBuffer] = []
    /// What reverting needs besides the entry.
    @exclusivity(unchecked) var undo = UndoState()
    /// Ids created by each operation of the running transaction, when it has several.
    @exclusivity(unchecked) var createdIDs: [[RecordID]] = []

    /// An empty organisation.
    public convenience init(schema: Schema = .standard) {
        self.init(schema, schema.entities.map { TableLayout(entity: $0, schema: schema) })
    }

    /// An empty organisation whose layouts are there already: making them is most of what an engine costs.
    init(_ schema: Schema, _ layouts: [TableLayout]) {
        self.schema = schema
        tables = Tables(layouts)
    }

    /// All records at the present position. O(entities).
    public var view: View { View(schema: schema, position: position, tables: tables.freeze()) }

    /// What became of a transaction.
    public enum Outcome: Sendable {
        /// It changed something: the entry must become durable at `Engine.position` before the reply leaves.
        case changed
        /// It changed nothing; there is no entry.
        case unchanged
        /// It was executed before; the reply is the one of then.
        case repeated
    }

    /// Executes an encoded transaction (see OperationCodec.swift). Appends the log entry to `entry` and the encoded reply
    /// to `reply`; on a refusal both are as before and nothing has changed.
    ///
    /// Time is `context.timeMicroseconds`, or the last transaction's when that is later.
    /// - Complexity: O(rows × attributes), plus the indexes concerned.
    public func execute(
        _ transaction: UnsafeRawBufferPointer,
        context: CommandContext,
        entry: inout ByteWriter,
        reply: inout ByteWriter
    ) throws(Refusal) -> Outcome {
        var reader = ByteReader(transaction)
        let header: TransactionHeader
        do { header = try TransactionHeader(from: &reader) } catch { throw Refusal(error) }
        if let key = header.key, let stored = try results.find(key) {
            reply.raw(stored)
            return .repeated
        }
        let envelope = Envelope(
            message: header.message,
            timeMicroseconds: max(context.timeMicroseconds, timeMicroseconds),
            actor: context.actor,
            key: header.key
        )
        let entryStart = entry.count
        let replyStart = reply.count
        EntryHeader(kind: EntryHeader.changesKind, envelope: envelope).encode(into: &entry)
        var running = RunningTransaction(
            envelope: envelope,
            position: position + 1,
            isIndependent: header.isIndependent,
            hasSeveralOperations: header.operationCount > 1,
            changeCountOffset: entry.reserve(4)
        )
        undo.begin()
        if !createdIDs.isEmpty { createdIDs.removeAll(keepingCapacity: true) }
        reply.u64(0)
        reply.u16(UInt16(header.operationCount))
        do throws(Refusal) {
            if header.operationCount == 1, !header.asksForCheck, updateOne(reader, running, &entry) {
                OperationOutcome.encodeOneUpdate(into: &reply)
                finish(header, running, &entry, replyStart, &reply)
                return .changed
            }
            for index in 0..<header.operationCount {
                running.operationIndex = index
                var operation = try Operation(from: &reader, schema: schema, tables: tables)
                let outcome = try run(&operation, &running, &entry)
                outcome.encode(into: &reply)
                buffers.removeAll(keepingCapacity: true)
                guard entry.count - entryStart <= entryBytesMax else {
                    throw Refusal(
                        .limitExceeded,
                        "The transaction changes more than \(entryBytesMax >> 10) KiB. Split it."
                    )
                }
            }
            do { try reader.expectEnd() } catch { throw Refusal(error) }
            if header.asksForCheck { try check(entry) }
        } catch {
            var refusal = error
            refusal.operation = running.operationIndex
            buffers.removeAll(keepingCapacity: true)
            revert(entry, running)
            entry.truncate(entryStart)
            reply.truncate(replyStart)
            throw refusal
        }
        guard !undo.changeOffsets.isEmpty else {
            entry.truncate(entryStart)
            reply.patch(position, at: replyStart)
            return .unchanged
        }
        finish(header, running, &entry, replyStart, &reply)
        return .changed
    }

    private func check(_ entry: borrowing ByteWriter) throws(Refusal) {
        guard let transactionCheck else {
            throw Refusal(.malformed, "Nobody is here who could check the transaction.")
        }
        try transactionCheck(self, changedRecords(entry))
    }

    /// Appends the reply of a request that was executed before; false when it is new. Throws when it is too old to know.
    package func repeatReply(to key: RequestKey, into reply: inout ByteWriter) throws(Refusal) -> Bool {
        guard let stored = try results.find(key) else { return false }
        reply.raw(stored)
        return true
    }

    /// Completes entry and reply of a transaction that changed something, and counts it.
    private func finish(
        _ header: TransactionHeader,
        _ running: RunningTransaction,
        _ entry: inout ByteWriter,
        _ replyStart: Int,
        _ reply: inout ByteWriter
    ) {
        position = running.position
        timeMicroseconds = running.envelope.timeMicroseconds
        entry.patch(UInt32(undo.changeOffsets.count), at: running.changeCountOffset)
        reply.patch(position, at: replyStart)
        guard let key = header.key else { return }
        entry.u32(UInt32(reply.count - replyStart))
        reply.withUnsafeBytes { bytes in
            let stored = UnsafeRawBufferPointer(rebasing: bytes[replyStart...])
            entry.raw(stored)
            results.store(key, stored, at: position)
        }
    }

    private func run(
        _ operation: inout Operation,
        _ running: inout RunningTransaction,
        _ entry: inout ByteWriter
    ) throws(Refusal) -> OperationOutcome {
        var outcome = OperationOutcome(kind: operation.kind, rowCount: operation.count)
        if running.hasSeveralOperations { createdIDs.append([]) }
        guard operation.count > 0 else { return outcome }
        switch operation.kind {
        case .create: try create(operation, rowMap: nil, &running, &entry, &outcome)
        case .update: try update(operation, rowMap: nil, &running, &entry, &outcome)
        case .upsert: try upsert(operation, &running, &entry, &outcome)
        case .delete: try delete(operation, &running, &entry, &outcome)
        }
        return outcome
    }
}

/// What the operations of a transaction share while it runs.
struct RunningTransaction {
    let envelope: Envelope
    let position: Position
    let isIndependent: Bool
    let hasSeveralOperations: Bool
    let changeCountOffset: Int
    var operationIndex = 0
    /// Parties that were looked at to find those of its lists: see `Limits.transactionPartiesReadMax`.
    var partiesRead = 0
}

/// What reverting a transaction needs and the entry does not hold.
struct UndoState {
    /// `modifiedon` and `modifiedby` of each updated row, in order.
    var modified: [(on: Int64, by: Int64?)] = []
    /// Next sequences of tables that gave out ids, oldest first.
    var sequences: [(place: Int, next: UInt64)] = []
    /// Last numbers of tables that may give some, oldest first.
    var numbers: [(place: Int, last: [UInt64])] = []
    /// Where in the entry each change begins: what a revert walks backwards.
    var changeOffsets: [Int] = []

    mutating func begin() {
        // Asking first costs less than emptying what is empty, as most of it is for most transactions.
        if !changeOffsets.isEmpty { changeOffsets.removeAll(keepingCapacity: true) }
        if !modified.isEmpty { modified.removeAll(keepingCapacity: true) }
        if !sequences.isEmpty { sequences.removeAll(keepingCapacity: true) }
        if !numbers.isEmpty { numbers.removeAll(keepingCapacity: true) }
    }
}

/// Memory of a column that was rewritten while an operation runs.
final class ColumnBuffer {
    private var writer: ByteWriter

    init(_ build: (inout ByteWriter) -> Void) {
        writer = ByteWriter()
        build(&writer)
    }

    /// The column that was built. It stays valid while the buffer lives: nothing writes to it again.
    func column(kind: PhysicalKind, count: Int) -> ColumnView {
        writer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            guard let column = try? ColumnView(from: &reader, kind: kind, count: count) else {
                preconditionFailure("a column that the engine encoded itself does not decode")
            }
            return column
        }
    }
}
