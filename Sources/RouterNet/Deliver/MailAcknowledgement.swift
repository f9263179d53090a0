// What a queue writes to whoever opened a case: an e-mail that waits to be sent, in the transaction that makes the case.
//
// Its texts have merge fields, which are filled in when it is sent: the number of the case is not known before the case is there.

import Engine
import Router

struct MailAcknowledgement: Sendable {
    let queue: MailQueue
    /// Whom it is written to, and the record that it is, if one is known.
    let recipient: MailAddress
    let person: RecordID?

    /// Nil where the queue writes none, or has no address to write from.
    init?(_ queue: MailQueue?, to recipient: MailAddress, _ person: RecordID?) {
        guard let queue, !queue.address.isEmpty, !queue.acknowledgementSubject.isEmpty, !queue.acknowledgement.isEmpty
        else { return nil }
        (self.queue, self.recipient, self.person) = (queue, recipient, person)
    }

    /// The values of its e-mail.
    func values(
        answering id: MessageID?,
        about incident: RecordID,
        at moment: Int64,
        _ schema: Schema
    ) -> [(String, Value)] {
        [
            ("subject", .text(MailText.line(queue.acknowledgementSubject, 200))),
            ("description", .text(queue.acknowledgement)), ("hasmergefields", .boolean(true)),
            ("directioncode", .boolean(true)), ("statecode", .option(1)), ("statuscode", .option(6)),
            ("actualend", .instant(moment)), ("sendafter", .instant(moment)), ("automaticon", .instant(moment)),
            ("from", .text(MailText.party(MailText.line(queue.address, 320), nil, schema))),
            ("to", .text(MailText.party(MailText.line(recipient.address, 320), person, schema))),
            ("inreplyto", id.map { .text(MailText.line($0.text, 320)) } ?? .null),
            ("regardingobjectid", .reference(incident)),
        ]
    }
}
