import Engine
import Kith
import NIOCore
import Synchronization

/// A copy of the data on which one client tries transactions out. It goes with its connection, when nobody has used it for as
/// long as a cursor lives, and at the end of its own lifetime in any case.
///
/// Memory: it shares with the data what neither side has changed since, as a view does. The memory of what it changed itself,
/// blocks that it copied to change a single value included, is bounded: see `WireLimits.rehearsalBytesMax`.
///
/// `@unchecked` for `idleSince`, which is the loop's; everything else may be used from any thread.
final class OpenRehearsal: @unchecked Sendable {
    let id: UInt64
    /// Position of the view that was copied: what its replies have observed of the log.
    let position: Position
    /// nil when it was freed.
    private let rehearsal: Mutex<Rehearsal?>
    private let bytesMax: Int
    /// When it was opened.
    let openedAt: NIODeadline
    private let busy = Atomic(false)

    /// When the sweep first saw it unused.
    var idleSince: NIODeadline?

    init(id: UInt64, _ rehearsal: Rehearsal, position: Position, bytesMax: Int, now: NIODeadline) {
        self.id = id
        self.rehearsal = Mutex(rehearsal)
        self.position = position
        self.bytesMax = bytesMax
        openedAt = now
    }

    /// Whether a call on the pool has it.
    var isBusy: Bool { busy.load(ordering: .acquiring) }
    /// A call is about to have it.
    func begin() { busy.store(true, ordering: .releasing) }
    /// The call is done.
    func end() { busy.store(false, ordering: .releasing) }

    /// For one call: when the rehearsal is freed meanwhile, the call's end frees it, which is on the pool as well.
    private func lend() throws(WireFailure) -> Rehearsal {
        guard let rehearsal = rehearsal.withLock({ $0 }) else { throw .wire(OpenRehearsal.unknown) }
        return rehearsal
    }

    /// What a request of a rehearsal that is not there is told.
    static var unknown: WireError {
        WireError(.rehearsalUnknown, "The rehearsal is closed, has expired, or never was.")
    }

    /// Executes an encoded transaction and returns the encoded reply.
    func execute(_ transaction: UnsafeRawBufferPointer, actor: RecordID) throws(WireFailure) -> [UInt8] {
        let rehearsal = try lend()
        guard rehearsal.ownBytes < bytesMax else {
            throw .refusal(
                Refusal(
                    .limitExceeded,
                    "The rehearsal's changes take \(bytesMax >> 20) MiB of memory, as much as the server allows: rehearse on "
                        + "a copy of the data directory, or with fewer rows."
                )
            )
        }
        do { return try rehearsal.execute(transaction, actor: actor) } catch { throw .refusal(error) }
    }

    /// Executes an encoded read and returns the encoded reply.
    func read(_ request: UnsafeRawBufferPointer) throws(WireFailure) -> [UInt8] {
        let rehearsal = try lend()
        do { return try rehearsal.read(request) } catch { throw .refusal(error) }
    }
}

extension OpenRehearsal: Discardable {
    func free() { rehearsal.withLock { $0 = nil } }
}
