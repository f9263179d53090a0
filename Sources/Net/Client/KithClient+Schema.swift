import Engine
import Kith

extension KithClient: SchemaSession {
    /// Makes the schema say what the document says, as the acting user, and takes the new schema over. A retry after a lost
    /// connection takes effect once.
    public func change(_ document: SchemaDocument, checkOnly: Bool) async throws -> SchemaReply {
        let key = checkOnly ? nil : RequestKey(client: options.number, request: 0)
        let request = SchemaRequest(document, isCheck: checkOnly, key: key).encoded
        let answer = try await call(.changeSchema, epoch: 0, body: request)
        let reply = try decode(answer) { body throws(DecodeError) in try SchemaReply(decoding: body) }
        if reply.isApplied { try await refreshSchema() }
        return reply
    }

    /// Asks for the schema in force. A client does so by itself when a request was made with an older one.
    public func refreshSchema() async throws {
        let answer = try await call(.schema, epoch: 0, body: [])
        let schema = try decode(answer) { body throws(DecodeError) in
            var reader = ByteReader(body)
            return try Schema(from: &reader)
        }
        schemaBox.schema = schema
    }
}
