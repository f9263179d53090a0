import CRM
import Engine

/// A session that carries messages out (docs/crm.md).
public protocol MessageSession: Session {
    /// Carries a message out; returns when it is durable. The reply is that of the transaction that it planned.
    ///
    /// Throws `Refusal` when a rule forbids it, and the session's own error when it could not be brought there.
    func perform(_ request: MessageRequest) async throws -> TransactionReply

    /// What a message would do at this moment, cascades and all; nothing is changed.
    ///
    /// Throws as `perform` does, for the same reasons.
    func rehearse(_ request: MessageRequest) async throws -> Rehearsed
}

extension MessageSession {
    /// What a message would do at this moment; nothing is changed.
    public func rehearse(_ message: some Message) async throws -> Rehearsed { try await rehearse(message.request) }

    /// Carries a message out; returns when it is durable. The reply is that of the transaction that it planned.
    @discardableResult
    public func perform(_ message: some Message) async throws -> TransactionReply {
        try await perform(message.request)
    }
}

extension Database: MessageSession {
    /// Carries a message out as the system and returns when it is durable.
    public func perform(_ request: MessageRequest) async throws -> TransactionReply {
        // No key: within one process no outcome is ever unknown.
        let encoded = request.encoded(key: nil)
        return try await reply { turn, reply throws(Refusal) in
            try encoded.withUnsafeBytes { bytes in
                Result { () throws(Refusal) in try turn.perform(bytes, actor: .none, reply: &reply) }
            }.get()
        }
    }

    /// What a message would do at this moment. Planned and executed on a copy that shares its memory with the data, on the calling task's
    /// thread, while writing goes on.
    public func rehearse(_ request: MessageRequest) async throws -> Rehearsed {
        let (rehearsed, position) = try rehearse(request, actor: .none)
        try await settle(position)
        return rehearsed
    }

    /// As `rehearse(_:)`, as `actor`, with the position of what it has seen, which may not be durable yet.
    package func rehearse(
        _ request: MessageRequest,
        actor: RecordID
    ) throws(Refusal) -> (rehearsed: Rehearsed, position: Position) {
        guard request.refusesDuplicates else {
            let view = currentView
            return (try rehearse(request, actor, on: Engine(copying: view), view), view.position)
        }
        return try withCheckedCopies { (engine, view, check) throws(Refusal) in
            engine.transactionCheck = { engine, changes throws(Refusal) in try check.refuse(engine, changes) }
            return (try rehearse(request, actor, on: engine, view), view.position)
        }
    }

    /// On an engine that goes on from a view and that nobody else has.
    private func rehearse(
        _ request: MessageRequest,
        _ actor: RecordID,
        on engine: Engine,
        _ view: View
    ) throws(Refusal) -> Rehearsed {
        engine.contents = contents
        let records = Records(engine, actor: actor, timeMicroseconds: options.clock()) { [knownCalendar] in
            knownCalendar.calendar(view)
        }
        let transaction = try Messages.plan(request, key: nil, records)
        let context = CommandContext(actor: actor, timeMicroseconds: records.timeMicroseconds)
        var entry = ByteWriter()
        var reply = ByteWriter()
        let outcome = try transaction.withEncoded { encoded in
            Result { () throws(Refusal) in
                try engine.execute(encoded, context: context, entry: &entry, reply: &reply)
            }
        }.get()
        guard outcome == .changed else { return Rehearsed() }
        do throws(DecodeError) {
            return try entry.withUnsafeBytes { entry in
                Result { () throws(DecodeError) in
                    try Rehearsed(entry, schema: engine.schema, tables: engine.tables)
                }
            }.get()
        } catch {
            throw Refusal(error)
        }
    }
}
