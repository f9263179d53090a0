import Engine
import Synchronization

/// A session that can lend a copy of its data for trying things out.
public protocol RehearsableSession: Session {
    /// A session on a copy of the data as they are now. What it executes is seen by it alone, and gone with it.
    func rehearsal() async throws -> any Session
}

/// The records of an organisation at one moment, and what was tried on them since: every rule of the engine holds, no
/// log is written. Shares memory with the database for all that neither side changes.
///
/// Thread rule: all calls from any task; one transaction at a time.
public final class Rehearsal: Session {
    /// `@unchecked` because the engine is reached only under the lock.
    private struct Stage: @unchecked Sendable {
        let engine: Engine
        /// Bytes of blocks, pages and nodes that were made or copied for it.
        var ownBytes = 0
    }

    /// The schema of the copy.
    public let schema: Schema
    private let stage: Mutex<Stage>
    private let contents: (any FileContents)?
    private let clock: @Sendable () -> Int64
    private let duplicateRules = KnownDuplicateRules()

    /// A copy of what the view shows. Records can be given files whose contents are among `contents`.
    package init(
        _ view: View,
        contents: (any FileContents)? = nil,
        clock: @escaping @Sendable () -> Int64
    ) {
        schema = view.schema
        let engine = Engine(copying: view)
        engine.contents = contents
        stage = Mutex(Stage(engine: engine))
        self.contents = contents
        self.clock = clock
    }

    /// The records as they are now.
    package var view: View { stage.withLock { $0.engine.view } }

    /// Executes a transaction on the copy.
    public func execute(_ transaction: Transaction) async throws -> TransactionReply {
        let reply = try transaction.encoded().withUnsafeBytes { try execute($0, actor: .none) }
        return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    /// Executes an encoded transaction as `actor` and returns the encoded reply.
    package func execute(_ transaction: UnsafeRawBufferPointer, actor: RecordID) throws(Refusal) -> [UInt8] {
        let context = CommandContext(actor: actor, timeMicroseconds: clock())
        return try stage.withLock { stage throws(Refusal) in
            var entry = ByteWriter()
            var reply = ByteWriter()
            let engine = stage.engine
            // Counted when it is refused, too: what was copied for it stays.
            _ = try StoreMemory.balance(&stage.ownBytes) { () throws(Refusal) in
                guard TransactionHeader.asksForCheck(transaction) else {
                    return try engine.execute(transaction, context: context, entry: &entry, reply: &reply)
                }
                return try duplicateRules.making(on: engine) { (book) throws(Refusal) in
                    try DuplicateCheck.beginning(
                        transaction,
                        book,
                        engine,
                        comparisonsMax: DuplicateCheck.comparisonsMaxBeside
                    )
                } body: { (_) throws(Refusal) in
                    defer { engine.transactionCheck = nil }
                    return try engine.execute(transaction, context: context, entry: &entry, reply: &reply)
                }
            }
            return reply.bytes
        }
    }

    /// Bytes of memory that the changes so far have taken: of what they copied, whole blocks, so that one small update in each
    /// chunk of a table takes as much as the columns that it changes. What is still shared is not in it.
    package var ownBytes: Int { stage.withLock { $0.ownBytes } }

    /// Reads attributes of records of the copy by id.
    public func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
        let reply = try RecordPage.request(declared, columns, ids).withUnsafeBytes { try read($0) }
        return try reply.withUnsafeBytes {
            try RecordPage(declared, columns, count: ids.count, in: schema, decoding: $0)
        }
    }

    /// Executes an encoded read and returns the encoded reply.
    package func read(_ request: UnsafeRawBufferPointer) throws(Refusal) -> [UInt8] {
        try stage.withLock { stage throws(Refusal) in
            var reply = ByteWriter()
            try stage.engine.read(request, into: &reply)
            return reply.bytes
        }
    }
}

extension Rehearsal: DuplicateSession {
    /// What records of the copy are like, or would be.
    public func duplicates(_ question: DuplicateQuestion) async throws -> DuplicateReport {
        try stage.withLock { stage throws(Refusal) in
            try duplicateRules.making(on: stage.engine) { book in
                DuplicateCheck(book, comparisonsMax: DuplicateCheck.comparisonsMaxBeside)
            } body: { (check) throws(Refusal) in
                let engine = Engine(copying: stage.engine.view)
                engine.contents = contents
                return try question.answer(engine, check, actor: .none, timeMicroseconds: clock())
            }
        }
    }
}

extension Rehearsal: RehearsableSession {
    /// Goes on from what this one has tried, without being seen by it.
    public func rehearsal() async throws -> any Session { Rehearsal(view, contents: contents, clock: clock) }
}

extension Database: RehearsableSession {
    /// A session on a copy of the data as they are now. O(entities).
    public func rehearsal() async throws -> any Session {
        Rehearsal(currentView, contents: contents, clock: options.clock)
    }
}
