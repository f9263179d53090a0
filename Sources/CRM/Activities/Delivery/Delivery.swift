// What became of an e-mail's recipients, and so of the e-mail.
//
// Guarantees: as long as a recipient is open, the e-mail is Pending Send; when none is, it is Sent if one has it, else it is Failed, and
// open again for whoever wrote it. What was said of each recipient stands at its party. Who names parties is understood also where an
// address has changed since it was written to; what is said of a party that is gone is of nobody.

import Engine

/// Numbers of `activityparty.deliverycode`.
enum DeliveryCode {
    static let accepted: Int32 = 1
    static let delayed: Int32 = 2
    static let failed: Int32 = 3

    /// Whether a recipient is still to get the e-mail.
    static func isOpen(_ code: Int32?) -> Bool { code != accepted && code != failed }
}

/// A report of one attempt.
struct Delivery {
    static let notBeingSent = Rule("not-being-sent", "The e-mail is not being sent.")
    static let anotherAttempt = Rule("another-attempt", "It is said of an attempt that was followed by another.")
    static let notARecipient = Rule("not-a-recipient", "Something is said of an address that is no recipient's.")

    private let email: RecordID
    private let records: Records
    /// Each recipient with its party, the words that name it, what became of it, and what was said.
    private var recipients: [(party: RecordID, names: [String], code: Int32?, reason: String?)]

    /// The recipients as they are. `attempt` is the one of which something is said; nil: the present one.
    init(_ email: RecordID, attempt: Int64?, _ records: Records) throws(Refusal) {
        (self.email, self.records) = (email, records)
        if let attempt, attempt != records.integer(email, "deliveryattempts") ?? 0 {
            throw records.refusal(
                Delivery.anotherAttempt,
                email,
                """
                It is said of attempt \(attempt) of \(records.name(email)); there were \
                \(records.integer(email, "deliveryattempts") ?? 0).
                """
            )
        }
        recipients = try records.recipients(of: email).map {
            let names = [records.address(ofParty: $0) ?? "", records.schema.text(of: $0)].map { $0.lowercased() }
            return ($0, names, records.option($0, "deliverycode"), records.text($0, "deliveryreason"))
        }
    }

    /// The refusal of what is said of an e-mail that is in another status.
    static func refusal(_ rule: Rule, _ email: RecordID, _ words: String, _ records: Records) -> Refusal {
        let label = records.option(email, "statuscode").map { records.label($0, "email", "statuscode") } ?? "nothing"
        return records.refusal(rule, email, "\(records.name(email)) is \(label) and does not \(words).")
    }

    /// Refuses an e-mail that is not being sent.
    static func requireSending(_ email: RecordID, _ records: Records) throws(Refusal) {
        guard records.option(email, "statuscode") == EmailStatus.sending else {
            throw refusal(notBeingSent, email, "leave at present", records)
        }
    }

    /// Says what became of the recipients that the lines of a text name: an address or a party, and behind a blank what was said of it.
    mutating func set(_ code: Int32, _ text: String?) throws(Refusal) {
        for line in (text ?? "").split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard let word = words.first else { continue }
            let name = word.lowercased()
            let places = recipients.indices.filter { recipients[$0].names.contains(name) }
            guard !places.isEmpty else {
                if records.schema.recordID(word)?.entity == records.schema.standardEntity(named: "activityparty")?.id {
                    continue
                }
                throw records.refusal(
                    Delivery.notARecipient,
                    email,
                    "\(word) is no recipient of \(records.name(email))."
                )
            }
            for place in places {
                (recipients[place].code, recipients[place].reason) = (code, words.count > 1 ? String(words[1]) : nil)
            }
        }
    }

    /// Says what became of all that are open.
    mutating func setOpen(_ code: Int32, _ reason: String?) {
        for place in recipients.indices where DeliveryCode.isOpen(recipients[place].code) {
            (recipients[place].code, recipients[place].reason) = (code, reason)
        }
    }

    /// What follows for the e-mail, which is tried again at `next` where a recipient is open.
    func plan(next: Int64, reason: String?) throws(Refusal) -> Plan {
        var plan = Plan(records)
        try plan.update(
            rows: recipients.map {
                ($0.party, [("deliverycode", $0.code.map(Value.option) ?? .null), ("deliveryreason", cut($0.reason))])
            }
        )
        // What is said of a recipient says more than what is said of all.
        let said = recipients.first { $0.code == DeliveryCode.failed }?.reason ?? reason
        var changes: [(String, Value)] = [("deliveryreason", cut(said))]
        if recipients.contains(where: { DeliveryCode.isOpen($0.code) }) {
            changes += [("statuscode", .option(EmailStatus.pendingSend)), ("sendafter", .instant(next))]
        } else if recipients.contains(where: { $0.code == DeliveryCode.accepted }) {
            changes += [("statuscode", .option(EmailStatus.sent)), ("sendafter", .null)]
            changes.append(("senton", .instant(records.timeMicroseconds)))
        } else {
            changes += [
                ("statecode", .option(ActivityState.open)), ("statuscode", .option(EmailStatus.failed)),
                ("actualend", .null), ("sendafter", .null),
            ]
        }
        try plan.update(email, changes)
        return plan
    }

    private func cut(_ reason: String?) -> Value {
        guard let reason, !reason.isEmpty else { return .null }
        return .text(String(String.UnicodeScalarView(reason.unicodeScalars.prefix(500))))
    }
}

extension MessageArgument {
    /// What was said of single recipients.
    static func recipients(
        _ number: UInt16,
        _ name: String,
        _ path: WritableKeyPath<M, String?> & Sendable,
        _ summary: String
    ) -> Self {
        .text(
            number,
            name,
            path,
            lengthBytesMax: 1 << 20,
            "\(summary) A line for each: its address or party, and behind a blank what was said."
        )
    }

    /// Of which attempt it is said.
    static func attempt(_ number: UInt16, _ path: WritableKeyPath<M, Int64?> & Sendable) -> Self {
        .integer(
            number,
            "attempt",
            path,
            0...1_000_000_000,
            "Of which attempt it is said (deliveryattempts); of the present one where it is not given."
        )
    }
}
