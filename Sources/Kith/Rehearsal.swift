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
    }

    /// The schema of the copy.
    public let schema: Schema
    private let stage: Mutex<Stage>
    private let clock: @Sendable () -> Int64

    /// A copy of what the view shows.
    package init(_ view: View, clock: @escaping @Sendable () -> Int64) {
        schema = view.schema
        stage = Mutex(Stage(engine: Engine(copying: view)))
        self.clock = clock
    }

    /// The records as they are now.
    package var view: View { stage.withLock { $0.engine.view } }

    /// Executes a transaction on the copy.
    public func execute(_ transaction: Transaction) async throws -> TransactionReply {
        let encoded = transaction.encoded()
        let context = CommandContext(timeMicroseconds: clock())
        return try stage.withLock { stage in
            var entry = ByteWriter()
            var reply = ByteWriter()
            _ = try encoded.withUnsafeBytes { bytes in
                try stage.engine.execute(bytes, context: context, entry: &entry, reply: &reply)
            }
            return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
        }
    }

    /// Reads attributes of records of the copy by id.
    public func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
        let request = RecordPage.request(declared, columns, ids)
        return try stage.withLock { stage in
            var reply = ByteWriter()
            try request.withUnsafeBytes { try stage.engine.read($0, into: &reply) }
            return try reply.withUnsafeBytes { try RecordPage(declared, columns, count: ids.count, decoding: $0) }
        }
    }
}

extension Rehearsal: RehearsableSession {
    /// Goes on from what this one has tried, without being seen by it.
    public func rehearsal() async throws -> any Session { Rehearsal(view, clock: clock) }
}

extension Database: RehearsableSession {
    /// A session on a copy of the data as they are now. O(entities).
    public func rehearsal() async throws -> any Session { Rehearsal(currentView, clock: options.clock) }
}
