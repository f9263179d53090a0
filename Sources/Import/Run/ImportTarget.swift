import Engine

/// Where an import's transactions go. Transactions are executed in the order in which `submit` was called, one call at a
/// time; several may be waiting for their replies.
package protocol ImportTarget: Sendable {
    /// The schema in force.
    var schema: Schema { get }

    /// Names the database, so that a run resumes only where it began.
    var identity: String { get }

    /// Hands over a transaction.
    func submit(_ transaction: Transaction) async throws(ImportError) -> ImportTicket
}

/// The reply to come.
package struct ImportTicket: Sendable {
    private let body: @Sendable () async -> Result<TransactionReply, ImportError>

    package init(_ body: @escaping @Sendable () async -> Result<TransactionReply, ImportError>) { self.body = body }

    /// Waits for the reply, which comes when the transaction is durable.
    package func reply() async throws(ImportError) -> TransactionReply { try await body().get() }
}
