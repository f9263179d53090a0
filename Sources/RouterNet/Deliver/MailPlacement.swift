// Where a message goes: whose its addresses are, and in which queue it waits.

import Engine
import Net
import Router

extension MailPlacement {
    /// Whose the addresses of a message are: first its senders', then those of the envelope, To, Cc and Bcc.
    static func parties(
        of delivery: MailDelivery,
        _ directory: inout MailDirectory
    ) async throws -> [String: MailParty] {
        let message = delivery.message
        var parties: [String: MailParty] = [:]
        for address in message.from + message.sender + delivery.recipients + message.to + message.cc + message.bcc
        where parties[address.key] == nil {
            parties[address.key] = try await directory.party(address.key)
        }
        return parties
    }

    /// The placement of a message, with its reasons. `rest` is the queue of what came to none and belongs to nothing; `related` is
    /// what a report or a wish is about, where the decision says nothing.
    init(
        _ delivery: MailDelivery,
        _ decision: MailDecision,
        _ parties: [String: MailParty],
        rest: MailQueue,
        about related: RecordID? = nil,
        _ schema: Schema
    ) {
        let message = delivery.message
        reasons = ["kind: \(decision.kind.name)"]
        reasons += decision.steps.map { step in
            "\(step.step.rawValue): \(step.reason.rawValue)" + (step.detail.isEmpty ? "" : " (\(step.detail))")
        }
        if case .thread(let thread) = decision.link {
            let record = RecordID(rawValue: thread.rawValue)
            if MailPlacement.canBeRegarded(record, schema) {
                regarding = record
                reasons.append("regards: \(schema.text(of: record))")
            }
        }
        if regarding == nil, let related, MailPlacement.canBeRegarded(related, schema) {
            regarding = related
            reasons.append("regards: \(schema.text(of: related)), as what was sent")
        }
        if case .suggested(let threads) = decision.link {
            let names = threads.map { schema.text(of: RecordID(rawValue: $0.rawValue)) }
            reasons.append("suggested: \(names.joined(separator: " "))")
        }
        if decision.proposesNewRecord { reasons.append("proposed: a record of its own") }
        for address in (message.from + message.sender).prefix(3) {
            switch parties[address.key] {
            case .record(let id): reasons.append("sender: \(schema.text(of: id))")
            case .accountByDomain(let id): reasons.append("sender: \(schema.text(of: id)) by domain")
            case .queue(let queue): reasons.append("sender: queue \(queue.name)")
            case .nobody, nil: reasons.append("sender: nobody known")
            }
        }
        customer = message.from.lazy.compactMap { parties[$0.key]?.record }.first {
            [schema.standardEntity(named: "account")?.id, schema.standardEntity(named: "contact")?.id].contains(
                $0.entity
            )
        }
        // The envelope says where it came to; without a queue there, the fields say where it was sent.
        let arrived = delivery.recipients + message.recipients
        queue =
            arrived.lazy.compactMap { address -> MailQueue? in
                if case .queue(let queue)? = parties[address.key] { queue } else { nil }
            }.first
        if queue == nil, regarding == nil { queue = rest }
        if let queue { reasons.append("queue: \(queue.name)") }
        if case .message = decision.kind, regarding == nil, queue?.createsCases == true {
            makesCase = true
            reasons.append("case: made by queue \(queue?.name ?? "")")
        }
    }

    private static func canBeRegarded(_ record: RecordID, _ schema: Schema) -> Bool {
        guard let email = schema.standardEntity(named: "email"), let attribute = email.attributeID("regardingobjectid"),
            case .lookup(let targets) = email[attribute].type
        else { return false }
        return targets.contains(record.entity)
    }
}
