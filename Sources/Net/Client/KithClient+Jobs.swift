import Engine
import Kith

extension KithClient: JobSession {
    /// Starts bulk work at the server, as the client's user, and returns its record when it is durable. Sent again after a lost
    /// connection, it is started once.
    public func startJob(_ request: JobRequest) async throws -> RecordID {
        let body = request.encoded(key: RequestKey(client: options.number, request: 0))
        let answer = try await call(.startJob, epoch: 0, body: body)
        return try decode(answer) { body throws(DecodeError) in
            let reply = try TransactionReply(decoding: body)
            guard let id = reply.operations.first?.ids.first else { throw DecodeError("no record of a job", at: 0) }
            return id
        }
    }
}
