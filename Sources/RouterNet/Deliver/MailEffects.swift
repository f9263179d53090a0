// What a message does in the CRM: one transaction, once.
//
//   email            received, with its parties, what it regards, why, and the message as it came
//   emailidentifier  its own identifier, those that it names, and its Thread-Index
//   annotation       each attachment
//   incident         where the queue makes cases and the message is a person's that belongs to nothing yet
//   queueitem        the case, or the e-mail, in the queue that it came to; in the queue for the rest, where it came to none and
//                    belongs to nothing
//   email            the acknowledgement of the case, which waits to be sent
//   and the records that a report or a wish is about: an e-mail and its recipients, contacts, leads, accounts (MailReturns.swift)
//
// Guarantees
// - Exactly once: the e-mail's external id is a digest of the message, and its key lets a second one in no more. Whoever delivers
//   again, after a lost answer or a power cut, is refused (`duplicateKey`), with everything that comes with it.
// - Nothing is dropped: what belongs to no record and came to no queue waits in the queue for the rest.
// - Text of strangers is cut to what attributes hold, and has no U+0000.

import Engine
import Router

/// Where a message goes, as it was decided.
package struct MailPlacement: Sendable {
    /// What it regards.
    package var regarding: RecordID?
    /// Where it waits.
    package var queue: MailQueue?
    package var makesCase = false
    /// The account or contact of the sender.
    package var customer: RecordID?
    /// One line for each step, and one for each party that was found.
    package var reasons: [String] = []
}

/// A message that can be read, and what was made of it.
struct MailEffects {
    /// Attachments that become notes, and identifiers that are remembered: more stand in the message itself.
    static let notesMax = 100
    static let identifiersMax = 200

    let schema: Schema
    let spooled: SpooledMail
    let delivery: MailDelivery
    let placement: MailPlacement
    /// Parties by `MailAddress.key`.
    let parties: [String: MailParty]
    /// The message as it came, uploaded.
    let source: FileReference?
    /// As many as were uploaded, in the order of the attachments; nil where one is empty.
    let files: [FileReference?]
    /// What it changes in records that were there before it.
    var returns = MailReturns()
    /// What is written to whoever sent it, where a case is made.
    var acknowledgement: MailAcknowledgement?

    private var message: MailMessage { delivery.message }

    /// The transaction.
    func transaction() throws(Refusal) -> Transaction {
        var transaction = Transaction(schema)
        let subject = MailText.line(message.subject, 200)
        var regarding = placement.regarding
        var waiting: RecordID?
        if placement.makesCase {
            let incident = try transaction.createStandard(
                "incident",
                [
                    ("title", .text(subject.isEmpty ? "(no subject)" : subject)), ("caseorigincode", .option(2)),
                    ("customerid", placement.customer.map(Value.reference) ?? .null),
                    ("description", .text(MailText.block(ReplyText.trim(message.text), 100_000))),
                ]
            )
            (regarding, waiting) = (incident, incident)
        }
        var values = values(subject, regarding)
        if waiting != nil { values.append(("casemadeon", .instant(spooled.receivedMicroseconds))) }
        let email = try transaction.createStandard("email", values)
        guard let email else { return transaction }
        try appendIdentifiers(of: email, to: &transaction)
        try appendNotes(to: email, &transaction)
        if let queue = placement.queue {
            _ = try transaction.createStandard(
                "queueitem",
                [
                    ("title", .text(subject.isEmpty ? "(no subject)" : subject)), ("queueid", .reference(queue.id)),
                    ("objectid", .reference(waiting ?? email)), ("enteredon", .instant(spooled.receivedMicroseconds)),
                ]
            )
        }
        if let acknowledgement, let incident = waiting {
            let moment = spooled.receivedMicroseconds
            _ = try transaction.createStandard(
                "email",
                acknowledgement.values(answering: message.messageID, about: incident, at: moment, schema)
            )
        }
        for change in returns.changes {
            let entity = schema.entity(change.record.entity)
            let known = change.values.filter { entity?.attributeID($0.0) != nil }
            if known.isEmpty { continue }
            try transaction.updateRecord(change.record, known, expecting: change.version)
        }
        return transaction
    }

    private func values(_ subject: String, _ regarding: RecordID?) -> [(String, Value)] {
        let named = Set(message.recipients.map(\.key))
        let hidden = delivery.recipients.filter { !named.contains($0.key) }
        let sender = message.from.isEmpty ? message.sender : message.from
        return [
            ("subject", .text(subject)), ("externalid", .text(MailIdentifier.key(of: delivery.fingerprint))),
            ("directioncode", .boolean(false)), ("statecode", .option(1)), ("statuscode", .option(4)),
            ("senton", message.dateSeconds.flatMap(MailText.instant) ?? .null),
            ("actualend", .instant(spooled.receivedMicroseconds)),
            ("messageid", message.messageID.map { .text(MailText.line($0.text, 320)) } ?? .null),
            ("inreplyto", message.inReplyTo.first.map { .text(MailText.line($0.text, 320)) } ?? .null),
            ("mimetype", .text(MailText.line(message.root.type, 256))),
            ("description", .text(MailText.block(message.text, 100_000))),
            ("attachmentcount", .integer(Int64(message.attachments.count))),
            ("from", list(sender)), ("to", list(message.to)), ("cc", list(message.cc)),
            ("bcc", list(message.bcc + hidden)),
            ("regardingobjectid", regarding.map(Value.reference) ?? .null),
            ("routingreason", .text(MailText.block(placement.reasons.joined(separator: "\n"), 10_000))),
            ("source", source.map { .text($0.text) } ?? .null),
        ]
    }

    /// A list of parties as its text, each address once.
    private func list(_ addresses: [MailAddress]) -> Value {
        var seen: Set<String> = []
        var entries: [String] = []
        for address in addresses where entries.count < Limits.partyListEntriesMax {
            let text = MailText.line(address.address, 320)
            guard !text.isEmpty, seen.insert(address.key).inserted else { continue }
            entries.append(MailText.party(text, parties[address.key]?.record, schema))
        }
        return entries.isEmpty ? .null : .text(entries.joined(separator: "; "))
    }

    private func appendIdentifiers(of email: RecordID, to transaction: inout Transaction) throws(Refusal) {
        var identifiers: [(text: String, code: Int32)] = []
        if let own = message.messageID { identifiers.append((own.text, MailIdentifier.messageID)) }
        if let index = message.threadIndex {
            identifiers.append((MailIdentifier.text(ofIndex: index), MailIdentifier.threadIndex))
        }
        let answered = Set(message.inReplyTo)
        // The newest are the last.
        for other in message.mentionedIdentifiers.reversed() where identifiers.count < MailEffects.identifiersMax {
            identifiers.append(
                (other.text, answered.contains(other) ? MailIdentifier.inReplyTo : MailIdentifier.references)
            )
        }
        guard schema.standardEntity(named: "emailidentifier") != nil, !identifiers.isEmpty else { return }
        var batch = try RecordBatch(
            schema,
            .create,
            "emailidentifier",
            attributes: ["identifier", "digest", "identifiercode", "emailid"]
        )
        for (text, code) in identifiers {
            let identifier = MailText.line(text, 1_000)
            try batch.append([
                .text(identifier), .text(MailIdentifier.digest(identifier)), .option(code), .reference(email),
            ])
        }
        transaction.append(batch)
    }

    private func appendNotes(to email: RecordID, _ transaction: inout Transaction) throws(Refusal) {
        for (attachment, file) in zip(message.attachments, files) {
            let name = file?.name ?? MailText.line(attachment.fileName, 255)
            _ = try transaction.createStandard(
                "annotation",
                [
                    ("subject", .text(name.isEmpty ? "(no name)" : name)), ("objectid", .reference(email)),
                    ("isdocument", .boolean(file != nil)), ("filename", name.isEmpty ? .null : .text(name)),
                    ("filesize", .integer(Int64(attachment.bytes.count))),
                    ("mimetype", .text(MailText.line(attachment.type, 256))),
                    ("documentbody", file.map { .text($0.text) } ?? .null),
                ]
            )
        }
    }
}

extension Transaction {
    /// Makes a record of a standard entity, with those of the values whose attributes are there; nil where the entity is not. Null
    /// values are left out, so that defaults take effect.
    mutating func createStandard(_ entity: String, _ values: [(String, Value)]) throws(Refusal) -> RecordID? {
        guard let declared = schema.standardEntity(named: entity) else { return nil }
        return try createRecord(entity, values.filter { $0.1 != .null && declared.attributeID($0.0) != nil })
    }
}

/// Text of strangers, made to fit.
enum MailText {
    /// One line of so many scalars at most, without control characters.
    static func line(_ text: String, _ lengthMax: Int) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(lengthMax) {
            line.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return String(line)
    }

    /// Text of so many scalars at most, without U+0000.
    static func block(_ text: String, _ lengthMax: Int) -> String {
        var block = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(lengthMax) { block.append(scalar.value == 0 ? " " : scalar) }
        return String(block)
    }

    /// An entry of a list of parties: a record with the address that was used, or an address.
    static func party(_ address: String, _ record: RecordID?, _ schema: Schema) -> String {
        let quoted =
            "\"" + address.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        return record.map { "\(schema.text(of: $0)) <\(quoted)>" } ?? quoted
    }

    /// A moment that the engine takes: dates of strangers are anything.
    static func instant(_ seconds: Int64) -> Value? {
        // The years 1970 to 2200.
        guard 0...7_258_118_400 ~= seconds else { return nil }
        return .instant(seconds * 1_000_000)
    }

    /// What a content is called, and of what type it is, as a file may be.
    static func file(_ content: FileContent, name: String, type: String) -> FileReference? {
        let plain = line(name, 200).split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        let trimmed = plain.isEmpty || plain == "." || plain == ".." ? "attachment" : plain
        return (try? FileReference(content, name: trimmed, contentType: type))
            ?? (try? FileReference(content, name: trimmed, contentType: "application/octet-stream"))
            ?? (try? FileReference(content, name: "attachment", contentType: "application/octet-stream"))
    }
}
