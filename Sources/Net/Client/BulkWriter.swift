import Engine
import Synchronization

/// Sends many transactions over one client, a bounded number of them under way at a time, and reports each answer. For loads
/// where nobody waits for one transaction, only for all.
///
///     let writer = BulkWriter(client) { tag, result in … }
///     for … { try await writer.write(transaction, tag: line) }
///     await writer.finish()
///
/// Transactions are executed in the order in which they were written, as long as one task writes them. Memory is bounded by
/// `inFlightMax` transactions.
///
/// Thread rule: any task; reports come one at a time, on the client's event loop, and should be brief.
public final class BulkWriter: Sendable {
    /// What became of one transaction, with the tag that it was written with.
    public typealias Report = @Sendable (_ tag: UInt64, _ result: Result<TransactionReply, any Error>) -> Void

    private struct State {
        var inFlight = 0
        /// Writers that wait for room, first come first served, and those that wait for the end.
        var waiting: [UnsafeContinuation<Void, Never>] = []
        var finishing: [UnsafeContinuation<Void, Never>] = []
    }

    private let client: KithClient
    private let inFlightMax: Int
    private let report: Report
    private let state = Mutex(State())

    /// Makes a writer; sixteen transactions under way keep the server and its disk busy when each has hundreds of rows.
    public init(_ client: KithClient, inFlightMax: Int = 16, report: @escaping Report) {
        precondition(inFlightMax > 0)
        self.client = client
        self.inFlightMax = inFlightMax
        self.report = report
    }

    /// Sends a transaction, as soon as there is room.
    public func write(_ transaction: Transaction, tag: UInt64 = 0) async {
        let body = client.encoded(transaction)
        // Resumed exactly once: by whoever takes it from `waiting`, or at once when there is room.
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let hasRoom = state.withLock { state in
                if state.inFlight < inFlightMax {
                    state.inFlight += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if hasRoom { continuation.resume() }
        }
        client.submit(
            ClientCall(
                operation: .execute,
                schemaEpoch: transaction.schema.epoch,
                body: body,
                completion: .handler { [self] result in finish(tag, result) }
            )
        )
    }

    /// Returns when every transaction was answered and reported.
    public func finish() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let isIdle = state.withLock { state in
                if state.inFlight > 0 { state.finishing.append(continuation) }
                return state.inFlight == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    private func finish(_ tag: UInt64, _ result: Result<ClientCall.Answer, any Error>) {
        report(
            tag,
            result.flatMap { answer in
                Result {
                    try client.decode(answer) { body throws(DecodeError) in try TransactionReply(decoding: body) }
                }
            }
        )
        let woken = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            // The room goes to the one that has waited longest.
            if !state.waiting.isEmpty { return [state.waiting.removeFirst()] }
            state.inFlight -= 1
            return state.inFlight == 0 ? exchange(&state.finishing, with: []) : []
        }
        for continuation in woken { continuation.resume() }
    }
}
