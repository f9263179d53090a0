// What a message that comes in has to do with those that went out, or are to go: reports, wishes, acknowledgements.

import Engine
import Net
import Router

extension MailCarrier {
    /// What a message changes in records that were there before it.
    func returns(
        of kind: MailKind,
        _ delivery: MailDelivery,
        at moment: Int64,
        _ client: KithClient
    ) async throws -> MailReturns {
        if case .bounce(let report) = kind {
            let email = reference(.bounce, delivery).map { RecordID(rawValue: $0.email) }
            return try await MailReturns(
                report,
                about: email,
                believesIdentifiers: !options.deliveryTokens.canSign,
                at: moment,
                client
            )
        }
        switch kind {
        case .message, .automatic, .bulk, .internalMessage:
            guard let reference = reference(.unsubscribe, delivery) else { break }
            return try await MailReturns(
                unsubscribingFrom: RecordID(rawValue: reference.email),
                recipient: Int(reference.recipient),
                client
            )
        case .bounce, .complaint, .duplicate, .loop: break
        }
        return MailReturns()
    }

    /// What a signed address of the envelope stands for; where the mail system names no such one, of what it noted in the head.
    private func reference(_ purpose: DeliveryToken.Purpose, _ delivery: MailDelivery) -> DeliveryReference? {
        for address in delivery.recipients + delivery.message.deliveredTo {
            if let found = options.deliveryTokens.read(address), found.purpose == purpose { return found.reference }
        }
        return nil
    }

    /// What is written to whoever opens a case; nil, with its reason, where nothing is. A storm opens no more cases.
    func acknowledgement(
        of spooled: SpooledMail,
        _ delivery: MailDelivery,
        _ placement: inout MailPlacement,
        _ parties: [String: MailParty],
        _ answers: MailAnswers,
        _ directory: inout MailDirectory
    ) async throws -> MailAcknowledgement? {
        guard placement.makesCase else { return nil }
        let storms = MailStorms(client: answers.client, limits: options.storms, moment: spooled.receivedMicroseconds)
        let sender = delivery.message.from.first ?? MailAddress(address: spooled.mail.sender)
        if let reason = try await storms.reasonAgainstCase(from: sender) {
            placement.makesCase = false
            placement.reasons.removeAll { $0.hasPrefix("case: ") }
            placement.reasons.append("case: none, \(reason)")
            return nil
        }
        let recipient = delivery.message.replyTo.first ?? sender
        let person = try await directory.party(recipient.key).record
        guard let acknowledgement = MailAcknowledgement(placement.queue, to: recipient, person) else { return nil }
        var reason = try await storms.reasonAgainstAcknowledgement(
            to: recipient,
            envelopeSender: spooled.mail.sender
        )
        if reason == nil, try await answers.isOwn(recipient.key, &directory) {
            reason = "\(recipient.address) is the CRM's own"
        }
        if reason == nil, let person, try await MailStorms.isUnwanted(by: person, recipient, answers.client) {
            reason = "\(recipient.address) is not to be written to"
        }
        if let reason {
            placement.reasons.append("acknowledgement: none, \(reason)")
            return nil
        }
        placement.reasons.append("acknowledgement: to \(MailText.line(recipient.address, 320))")
        return acknowledgement
    }
}

extension MailStorms {
    /// Whether somebody wishes no e-mails, or mail to the address comes back.
    static func isUnwanted(by person: RecordID, _ address: MailAddress, _ client: KithClient) async throws -> Bool {
        guard let entity = try await client.schema.entity(person.entity) else { return false }
        let names = ["donotemail", "bouncedaddress"].filter { entity.attributeID($0) != nil }
        guard !names.isEmpty else { return false }
        let page = try await client.read(entity.name, names, [person])
        return (page.rows.first ?? []).contains { value in
            value == .boolean(true) || value.textOrNil?.lowercased() == address.key
        }
    }
}
