import CRM
import Engine
import Kith
import NIOCore

// Rehearsals: transactions that are executed on a copy of the data, answered as if in earnest, and forgotten. They run on
// the pool, beside the writer, which only gives them its view.

extension ServerConnection {
    /// Answers the operations about rehearsals; nil when it is not one of them.
    func answerRehearsal(
        _ operation: WireOperation,
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn,
        _ output: inout ByteWriter
    ) throws(WireFailure) -> Bool? {
        switch operation {
        case .openRehearsal:
            try expectEmpty(body)
            try openRehearsal(turn.view, &output)
            return true
        case .closeRehearsal:
            _ = try idleRehearsal(body, exactly: true)
            closeRehearsal()
            return true
        case .rehearse, .rehearseRead:
            let rehearsal = try idleRehearsal(body, exactly: false)
            let request = Array(body.dropFirst(MemoryLayout<UInt64>.size))
            let actor = actor
            let isRead = operation == .rehearseRead
            // Before the call, which may end on its thread before this one goes on.
            rehearsal.begin()
            do throws(WireFailure) {
                try beginCall(header, request.count, observed: rehearsal.position, turn.schemaEpoch) {
                    writer throws(WireFailure) in
                    defer { rehearsal.end() }
                    let reply = request.withUnsafeBytes { bytes in
                        Result { () throws(WireFailure) in
                            isRead ? try rehearsal.read(bytes) : try rehearsal.execute(bytes, actor: actor)
                        }
                    }
                    writer.raw(try reply.get())
                    return CallResult()
                }
            } catch {
                rehearsal.end()
                throw error
            }
            return false
        default: return try answerFile(operation, header, body, &turn, &output)
        }
    }

    /// Says what a message would do, on the pool, from a view that it takes there.
    func beginMessageRehearsal(
        _ header: WireHeader,
        _ body: UnsafeRawBufferPointer,
        _ turn: inout WriterTurn
    ) throws(WireFailure) {
        let request: MessageRequest
        do throws(DecodeError) { request = try MessageRequest.decode(body).0 } catch { throw .malformed(error) }
        let actor = actor
        try beginCall(header, body.count, observed: turn.position, turn.schemaEpoch) {
            [database = core.database] writer throws(WireFailure) in
            do throws(Refusal) {
                let (rehearsed, position) = try database.rehearse(request, actor: actor)
                rehearsed.encode(into: &writer)
                return CallResult(observed: position)
            } catch {
                throw .refusal(error)
            }
        }
    }

    private func openRehearsal(_ view: View, _ output: inout ByteWriter) throws(WireFailure) {
        guard rehearsal == nil, core.census.beginRehearsal() else {
            let whose = rehearsal == nil ? "All \(core.limits.rehearsalsMax) rehearsals are" : "A rehearsal is"
            throw .wire(WireError(.rehearsalLimit, "\(whose) under way: close one first, or wait for its end."))
        }
        let opened = OpenRehearsal(
            id: core.takeHandle(),
            Rehearsal(view, contents: core.database.contents, clock: core.database.options.clock),
            position: view.position,
            bytesMax: core.limits.rehearsalBytesMax,
            now: .now()
        )
        rehearsal = opened
        output.u64(opened.id)
        output.u64(opened.position)
    }

    private func idleRehearsal(_ body: UnsafeRawBufferPointer, exactly: Bool) throws(WireFailure) -> OpenRehearsal {
        let id = try handle(body, exactly: exactly)
        guard let rehearsal, rehearsal.id == id else {
            throw .wire(OpenRehearsal.unknown)
        }
        guard !rehearsal.isBusy else {
            throw .wire(WireError(.overloaded, "A request of this rehearsal is under way: wait for it."))
        }
        rehearsal.idleSince = nil
        return rehearsal
    }

    /// Gives the rehearsal up, if there is one.
    func closeRehearsal() {
        guard let closed = rehearsal.take() else { return }
        core.census.endRehearsal()
        core.discard(closed)
    }

    /// Closes a rehearsal that nobody has used for the lifetime of a cursor, or that has reached its own: then even while a
    /// request is under way, which still ends and is answered, since one that is never idle would live for ever.
    func expireRehearsal(_ now: NIODeadline) {
        guard let rehearsal else { return }
        if now - rehearsal.openedAt >= .milliseconds(Int64(core.limits.rehearsalLifetimeMilliseconds)) {
            return closeRehearsal()
        }
        guard !rehearsal.isBusy else { return }
        let since = rehearsal.idleSince ?? now
        rehearsal.idleSince = since
        if now - since >= .milliseconds(Int64(core.limits.cursorLifetimeMilliseconds)) { closeRehearsal() }
    }
}
