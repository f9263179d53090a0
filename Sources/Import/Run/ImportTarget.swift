import Engine
import Kith

/// Hands an import's transactions to a session in their order, and keeps the session busy while the next batch is made.
///
/// Each transaction is executed when the one before it is durable: rows of one key must take effect in the order of the
/// file, and a session may reorder what runs at the same time. Batches are large, so the time between two is small
/// against theirs. After a failure nothing more is executed.
final class ImportTarget {
    /// The reply to come.
    typealias Ticket = Task<Result<TransactionReply, ImportError>, Never>

    let schema: Schema
    private let session: any Session
    private var last: Ticket?

    /// How often, and after what pause, a transaction is offered again to a session that has too much to do.
    private static let overloadRetryCountMax = 600
    private static let overloadPause = Duration.milliseconds(100)

    init(_ session: any Session) async throws(ImportError) {
        self.session = session
        do { schema = try await session.schema } catch { throw Self.wrapped(error) }
    }

    /// Queues a transaction.
    func submit(_ transaction: Transaction) -> Ticket {
        let previous = last
        let session = session
        // Detached: the checker of 6.3.1 does not understand a task that inherits the isolation of a caller without
        // one.
        let ticket = Task<Result<TransactionReply, ImportError>, Never>.detached {
            await ImportTarget.execute(transaction, session, after: previous)
        }
        last = ticket
        return ticket
    }

    /// The text of a record's attribute; nil when there is no such record, or no text.
    func text(of id: RecordID, _ attribute: String) async throws(ImportError) -> String? {
        guard let entity = schema.entity(id.entity), entity.attributeID(attribute) != nil else { return nil }
        do {
            let page = try await session.read(entity.name, [attribute], [id])
            guard page.versions.first.flatMap({ $0 }) != nil, case .text(let text)? = page.rows.first?.first else {
                return nil
            }
            return text
        } catch {
            throw Self.wrapped(error)
        }
    }

    /// What the rows of a transaction would be like; nil where that is too much for one question.
    func duplicates(of transaction: Transaction) async throws(ImportError) -> DuplicateReport? {
        guard let session = session as? any DuplicateSession else {
            throw ImportError(.session, "this session cannot look for duplicates")
        }
        do {
            return try await session.duplicates(.transaction(transaction))
        } catch let refusal as Refusal where refusal.code == .limitExceeded {
            return nil
        } catch {
            throw Self.wrapped(error)
        }
    }

    private static func execute(
        _ transaction: Transaction,
        _ session: any Session,
        after previous: Ticket?
    ) async -> Result<TransactionReply, ImportError> {
        if let earlier = await previous?.value, case .failure = earlier { return earlier }
        for _ in 0..<overloadRetryCountMax {
            do {
                return .success(try await session.execute(transaction))
            } catch let refusal as Refusal where refusal.code == .overloaded {
                do { try await Task.sleep(for: overloadPause) } catch { return .failure(wrapped(error)) }
            } catch {
                return .failure(wrapped(error))
            }
        }
        return .failure(ImportError(.session, "the database has had too much to do for a minute; try again later"))
    }

    private static func wrapped(_ error: any Error) -> ImportError {
        if error is CancellationError { return ImportError(.session, "the import was cancelled") }
        return error as? ImportError ?? ImportError(.session, "\(error)")
    }
}
