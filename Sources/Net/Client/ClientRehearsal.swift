import Engine
import Kith

/// A copy of a server's data to try transactions on: every rule holds, and nothing stays. It sees the data as they were when
/// it was opened, and what was tried since.
///
/// It lives on its connection: when that is lost, or the rehearsal was not used for a minute or is a quarter of an hour old,
/// calls fail, and there is nothing to go on with. Given back with its last reference. One call at a time.
public final class ClientRehearsal: Session {
    /// The schema of the copy.
    public let schema: Schema
    private let client: KithClient
    private let handle: UInt64

    fileprivate init(_ client: KithClient, _ handle: UInt64, _ schema: Schema) {
        self.client = client
        self.handle = handle
        self.schema = schema
    }

    deinit {
        var writer = ByteWriter()
        writer.u64(handle)
        client.submit(
            ClientCall(
                operation: .closeRehearsal,
                schemaEpoch: 0,
                body: writer.bytes,
                isResendable: false,
                completion: .handler { _ in }
            )
        )
    }

    /// Executes a transaction on the copy.
    public func execute(_ transaction: Transaction) async throws -> TransactionReply {
        let answer = try await call(.rehearse, epoch: transaction.schema.epoch, transaction.encoded())
        return try client.decode(answer) { body throws(DecodeError) in try TransactionReply(decoding: body) }
    }

    /// Reads attributes of records of the copy by id.
    public func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage {
        let (declared, columns) = try RecordPage.resolve(entity, attributes, schema)
        let answer = try await call(.rehearseRead, epoch: schema.epoch, RecordPage.request(declared, columns, ids))
        return try client.decode(answer) { body throws(DecodeError) in
            try RecordPage(declared, columns, count: ids.count, in: schema, decoding: body)
        }
    }

    private func call(
        _ operation: WireOperation,
        epoch: UInt32,
        _ request: [UInt8]
    ) async throws -> ClientCall.Answer {
        var writer = ByteWriter(capacityBytes: request.count + 8)
        writer.u64(handle)
        writer.raw(request)
        return try await client.call(operation, epoch: epoch, body: writer.bytes, isResendable: false)
    }
}

extension KithClient: RehearsableSession {
    /// A session on a copy of the server's data as they are now.
    public func rehearsal() async throws -> any Session {
        // Sent again after a lost connection: the copy that no one was told of went with it.
        let answer = try await call(.openRehearsal, epoch: 0, body: [])
        let handle = try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            let handle = try reader.u64()
            _ = try reader.u64()
            try reader.expectEnd()
            return handle
        }
        return ClientRehearsal(self, handle, try await schema)
    }
}
