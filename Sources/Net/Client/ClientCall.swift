import Engine

/// A request on its way, with who waits for its answer.
struct ClientCall: Sendable {
    /// What a reply carries.
    struct Answer: Sendable {
        var count: UInt32
        var body: [UInt8]
    }

    /// Who waits. A continuation is resumed, and a handler called, exactly once: when the call leaves the slots and queues of
    /// `ClientCore`, which is always the end of it.
    enum Completion: Sendable {
        case continuation(UnsafeContinuation<Result<Answer, any Error>, Never>)
        /// Called on the client's event loop.
        case handler(@Sendable (Result<Answer, any Error>) -> Void)
    }

    var operation: WireOperation
    /// Epoch of the schema that the body was made with; 0 when it names no entity.
    var schemaEpoch: UInt32
    var body: [UInt8]
    /// A keyed transaction takes effect once, and what changes nothing can be asked again.
    var isResendable = true
    /// Connections that it was sent on.
    var attempts = 0
    /// Place in the order of sending, so that it is sent again in that order.
    var order: UInt64 = 0
    let completion: Completion

    func complete(_ result: Result<Answer, any Error>) {
        switch completion {
        case .continuation(let continuation): continuation.resume(returning: result)
        case .handler(let handler): handler(result)
        }
    }
}
