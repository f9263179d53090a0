// Work on a message with a bound on its time.
//
// A parser in C that does not return cannot be stopped, only left. So what depends on the bytes of strangers alone (reading a message,
// deciding about it, building what it does) runs on a thread of its own; when its time is over, `stalled` is called, which ends the
// process: the count in the spool then says that this message was begun and not ended. Waiting for the server is none of it.

import NIOCore
import Router
import Snapshot
import Synchronization

struct MailReader: Sendable {
    /// For each piece of work. Enough for the largest message on a slow machine: the slowest known one takes 0.3 s in a debug build.
    static let timeMax = TimeAmount.seconds(60)

    let timeMax: TimeAmount
    let parse: @Sendable (SpooledMail) throws -> MailDelivery
    let eventLoop: any EventLoop
    /// Called on the event loop; what it does not end goes on.
    let stalled: @Sendable () -> Void

    /// Does a piece of work.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let stalled = stalled
        let timer = eventLoop.scheduleTask(in: timeMax) { stalled() }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            startThread { continuation.resume(with: Result { try work() }) }
        }
    }
}

extension SpooledMail {
    /// What a message is, or the one inside it where it came to an address that is unwrapped. Throws what the parser refuses.
    package func delivery(unwrapping unwrapped: Set<String> = []) throws(MailError) -> MailDelivery {
        try MailDelivery(
            mail.bytes,
            recipients: mail.recipients.map { MailAddress(address: $0) },
            unwrapping: unwrapped
        )
    }
}

/// Work on one message, counted in the spool while it lasts.
struct MailWork: Sendable {
    let spool: MailSpool
    let reader: MailReader
    let number: UInt64

    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try spool.begin(number)
        let result: Result<Value, any Error>
        do {
            result = .success(try await reader.run(work))
        } catch {
            result = .failure(error)
        }
        try spool.end(number)
        return try result.get()
    }
}
