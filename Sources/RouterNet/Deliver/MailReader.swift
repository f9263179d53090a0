// Reading a message with a bound on its time.
//
// A parser in C that does not return cannot be stopped, only left. So a message is read on a thread of its own; when its time is over,
// `stalled` is called, which ends the process: the count in the spool then says that this message was begun and not ended.

import NIOCore
import Router
import Snapshot
import Synchronization

struct MailReader: Sendable {
    /// Enough for the largest message on a slow machine: the slowest known one takes 0.3 s in a debug build.
    static let timeMax = TimeAmount.seconds(60)

    let timeMax: TimeAmount
    let parse: @Sendable (SpooledMail) throws -> MailDelivery
    let eventLoop: any EventLoop
    /// Called on the event loop; what it does not end goes on.
    let stalled: @Sendable () -> Void

    /// What the message is. Throws what the parser refuses.
    func read(_ mail: SpooledMail) async throws -> MailDelivery {
        let stalled = stalled
        let timer = eventLoop.scheduleTask(in: timeMax) { stalled() }
        defer { timer.cancel() }
        let parse = parse
        return try await withCheckedThrowingContinuation { continuation in
            startThread { continuation.resume(with: Result { try parse(mail) }) }
        }
    }

    static func parsed(_ mail: SpooledMail) throws -> MailDelivery {
        try MailDelivery(mail.mail.bytes, recipients: mail.mail.recipients.map { MailAddress(address: $0) })
    }
}
