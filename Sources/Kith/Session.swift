import Engine

/// A conversation with an organisation's data, wherever it lives: in this process (`Database`) or behind a server
/// (`Net.Client`). Importers, generators and the command line are written against it.
///
/// Thread rule: all calls may be made from any task, also at the same time; each takes effect in some order, and after it
/// returns it is durable.
public protocol Session: Sendable {
    /// The schema in force. Refreshed by the session when the server says that it is stale.
    var schema: Schema { get async throws }

    /// Executes a transaction; returns when it is durable. A transaction without a key gets one, so that a retry after a
    /// lost connection takes effect once.
    ///
    /// Throws `Refusal` when the engine refuses it, and the session's own error when it could not be brought there.
    func execute(_ transaction: Transaction) async throws -> TransactionReply

    /// Reads attributes of records of one entity by id.
    func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) async throws -> RecordPage
}

/// A session that can change the schema (docs/metadata.md).
public protocol SchemaSession: Session {
    /// Makes the schema say what the document says, in one transaction; returns when it is durable. Nothing is changed where
    /// the reply names problems, or with `checkOnly`, which only says what would be different.
    ///
    /// Throws `Refusal` when the request cannot be carried out at all, and the session's own error when it could not be
    /// brought there.
    func change(_ document: SchemaDocument, checkOnly: Bool) async throws -> SchemaReply
}

extension SchemaSession {
    /// Makes the schema say what the document says.
    public func change(_ document: SchemaDocument) async throws -> SchemaReply {
        try await change(document, checkOnly: false)
    }
}
