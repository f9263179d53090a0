// An e-mail of the CRM as a message with its envelope.
//
// Guarantees: who is in Bcc is in the envelope only; the envelope's sender and Reply-To are signed where there are keys, so that reports
// and answers are known by them; what nobody wrote says so, and has no sender in its envelope.

import Engine
import Net
import Router

struct OutgoingEmail: Sendable {
    let submission: SubmitMessage

    /// Reads what is missing and composes. Throws what is wrong with the e-mail: `SendFlaw`, `ComposeError`.
    init(
        _ email: WaitingEmail,
        messageID: MessageID,
        at moment: Int64,
        _ options: SendOptions,
        _ client: KithClient
    ) async throws {
        let tokens = DeliveryToken(keys: options.keys)
        let reference = DeliveryReference(email: email.id.rawValue, recipient: 0)
        try email.requireAddresses()
        let sender = try email.sender()
        var mail = OutgoingMail(
            messageID: messageID,
            dateSeconds: (email.handedOver ?? moment) / 1_000_000,
            from: sender
        )
        (mail.to, mail.cc) = (email.to, email.cc)
        (mail.subject, mail.text) = (email.subject, email.text)
        let conversation = try await email.conversation(domain: options.domain, client)
        mail.inReplyTo = conversation.inReplyTo.map { [$0] } ?? []
        mail.references = conversation.references
        for file in try await email.files(options.limits, client) {
            mail.attachments.append(
                OutgoingMail.Attachment(fileName: file.name, type: file.type, bytes: try await file.bytes(client))
            )
        }
        if email.isAutomatic { mail.origin = mail.inReplyTo.isEmpty ? .generated : .replied }
        mail.routerName = options.routerName
        if let regarding = email.regarding {
            let thread = MailThreadID(rawValue: regarding.rawValue)
            if let address = ReplyToken(keys: options.keys).address(for: thread, domain: options.domain) {
                mail.replyTo = [MailAddress(name: sender.name, address: address)]
            }
            if email.isMailing(try await client.schema), email.recipients.count == 1,
                let address = tokens.address(.unsubscribe, reference, domain: options.domain)
            {
                mail.unsubscribe = OutgoingMail.Unsubscribe(address: address)
            }
        }
        // What nobody wrote is answered by nobody: RFC 3834, 3.3.
        let signed = tokens.address(.bounce, reference, domain: options.domain)
        submission = try SubmitMessage(
            sender: email.isAutomatic ? "" : signed ?? sender.address,
            recipients: email.openRecipients.map(\.address),
            bytes: mail.bytes()
        )
    }
}
