import CRM
import Engine
import Kith

extension KithClient: MessageSession {
    /// Carries a message out; returns when it is durable. Sent again after a lost connection, it takes effect once.
    public func perform(_ request: MessageRequest) async throws -> TransactionReply {
        let body = request.encoded(key: RequestKey(client: options.number, request: 0))
        let answer = try await call(.perform, epoch: 0, body: body)
        return try decode(answer) { body throws(DecodeError) in try TransactionReply(decoding: body) }
    }

    /// What a message would do at this moment; nothing is changed.
    public func rehearse(_ request: MessageRequest) async throws -> Rehearsed {
        let answer = try await call(.rehearseMessage, epoch: 0, body: request.encoded(key: nil))
        return try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let rehearsed = try Rehearsed(from: &reader)
            try reader.expectEnd()
            return rehearsed
        }
    }
}
