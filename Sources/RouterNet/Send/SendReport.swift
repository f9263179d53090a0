// What the CRM is told of an attempt, as a message: a function of what the mail system said of each recipient.
//
// Guarantees
// - Every recipient is told of: who has it, who was refused, and who is tried again.
// - Nothing is given up for "not now" before `isLate`; then whoever is left counts as refused, with what was said last.
// - A conversation that was lost behind the message is "not now": the e-mail leaves again, with its Message-ID.

import CRM
import Engine
import Router

/// What a mail system said of a recipient.
package enum RecipientFate: Equatable, Sendable {
    case accepted
    /// Not now, or nobody knows.
    case later(String)
    case refused(String)
}

package enum SendReport: Equatable, Sendable {
    case confirmed(refused: [(address: String, reason: String)])
    case postponed(reason: String, accepted: [String], refused: [(address: String, reason: String)])

    /// - Parameter isLate: whether it was tried for as long as anything is tried.
    package init(_ fates: [(address: String, fate: RecipientFate)], isLate: Bool, days: Int64) {
        var refused: [(address: String, reason: String)] = []
        var accepted: [String] = []
        var later: [(address: String, reason: String)] = []
        for (address, fate) in fates {
            switch fate {
            case .accepted: accepted.append(address)
            case .refused(let reason): refused.append((address, reason))
            case .later(let reason): later.append((address, reason))
            }
        }
        if let first = later.first, !isLate {
            self = .postponed(reason: first.reason, accepted: accepted, refused: refused)
        } else {
            refused += later.map { ($0.address, "given up after \(days) days: \($0.reason)") }
            self = .confirmed(refused: refused)
        }
    }

    /// The message about an e-mail's attempt.
    package func request(_ email: RecordID, attempt: Int64) -> MessageRequest {
        switch self {
        case .confirmed(let refused):
            ConfirmDelivery(email, refused: SendReport.lines(refused), attempt: attempt).request
        case .postponed(let reason, let accepted, let refused):
            PostponeDelivery(
                email,
                reason: MailText.line(reason, 500),
                accepted: accepted.isEmpty ? nil : accepted.joined(separator: "\n"),
                refused: SendReport.lines(refused),
                attempt: attempt
            ).request
        }
    }

    private static func lines(_ refused: [(address: String, reason: String)]) -> String? {
        guard !refused.isEmpty else { return nil }
        return refused.map { "\($0.address) \(MailText.line($0.reason, 500))" }.joined(separator: "\n")
    }

    package static func == (a: SendReport, b: SendReport) -> Bool {
        a.request(.none, attempt: 0) == b.request(.none, attempt: 0)
    }
}
