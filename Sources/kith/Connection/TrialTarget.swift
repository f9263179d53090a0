// Where a dry run goes: the records that are on the disk, in memory, with whatever the import adds. Nothing is written.

import Engine
import Import
import Kith
import Synchronization

/// An engine without log and disk.
final class TrialTarget: ImportTarget {
    let schema: Schema
    /// A trial is never resumed.
    let identity = ""
    // The engine is no value that can be sent; it is reached only under the lock.
    private let engine: Mutex<Engine>
    private let clock: @Sendable () -> Int64

    /// - Parameter path: a data directory, which must not be in use, or a path where there is none yet.
    init(_ path: String, clock: @escaping @Sendable () -> Int64 = DatabaseOptions.systemClock) throws {
        let engine = try Database.readState(path)
        schema = engine.schema
        self.clock = clock
        self.engine = Mutex(engine)
    }

    func submit(_ transaction: Transaction) async throws(ImportError) -> ImportTicket {
        let context = CommandContext(timeMicroseconds: clock())
        let result = engine.withLock { engine -> Result<TransactionReply, ImportError> in
            var entry = ByteWriter()
            var reply = ByteWriter()
            do {
                _ = try transaction.encoded().withUnsafeBytes { bytes in
                    try engine.execute(bytes, context: context, entry: &entry, reply: &reply)
                }
                return .success(try reply.withUnsafeBytes { try TransactionReply(decoding: $0) })
            } catch {
                return .failure(ImportError(.session, "\(error)"))
            }
        }
        return ImportTicket { result }
    }
}
