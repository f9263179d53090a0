import CRM
import Engine

/// A session that carries messages out (docs/crm.md).
public protocol MessageSession: Session {
    /// Carries a message out; returns when it is durable. The reply is that of the transaction that it planned.
    ///
    /// Throws `Refusal` when a rule forbids it, and the session's own error when it could not be brought there.
    func perform(_ request: MessageRequest) async throws -> TransactionReply
}

extension MessageSession {
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
}
