import Engine

extension Database: SchemaSession {
    /// Makes the schema say what the document says, as the system. Queries under way go on with the schema that they began
    /// with. What it costs is in docs/metadata.md; it runs in the writer's turn.
    public func change(_ document: SchemaDocument, checkOnly: Bool) async throws -> SchemaReply {
        // No key: within one process no outcome is ever unknown.
        let request = SchemaRequest(document, isCheck: checkOnly).encoded
        let (reply, position) = try turn { turn -> Result<(SchemaReply, Position), any Error> in
            Result {
                var reply = ByteWriter()
                try request.withUnsafeBytes { try turn.changeSchema($0, actor: .none, reply: &reply) }
                return (try reply.withUnsafeBytes { try SchemaReply(decoding: $0) }, turn.position)
            }
        }.get()
        try await settle(position)
        return reply
    }
}
