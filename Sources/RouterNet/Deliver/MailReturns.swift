// What a message changes in records that were there before it: a report of an e-mail that was not delivered, or a wish not to get any more.
//
// Guarantees
// - A report counts only for an e-mail that this CRM has sent, found by its signed bounce address; without keys to sign with by its
//   Message-ID, which nobody can guess. And only for recipients of that e-mail. A report about anything else marks nobody.
// - Of a recipient that a report names more than once the worst counts. That an e-mail is delayed opens nobody who is settled.
// - Hard marks the address of its account, contact or lead (`bouncedaddress`), so that nothing is sent to it any more; soft is counted.
//   What was said stands at the e-mail and at the recipient. An e-mail that reached nobody is Failed, and open again.
// - A wish counts only where it came to a signed address.
// - All of it is in the message's own transaction, and refused where a record has changed meanwhile: then it is looked at again.

import Engine
import Net
import Router

struct MailReturns: Sendable {
    struct Change: Sendable {
        var record: RecordID
        var version: Position
        var values: [(String, Value)]
    }

    private(set) var changes: [Change] = []
    /// What the e-mail regards that a report or wish is about.
    private(set) var regarding: RecordID?
    private(set) var reasons: [String] = []

    init() {}

    /// What a report changes.
    ///
    /// - Parameters:
    ///   - signed: the e-mail that its bounce address names.
    ///   - believesIdentifiers: whether it is found by its Message-ID too. Everybody who got an e-mail knows that.
    init(
        _ report: BounceReport,
        about signed: RecordID?,
        believesIdentifiers: Bool,
        at moment: Int64,
        _ client: KithClient
    ) async throws {
        var found = signed
        if found == nil, let id = report.originalID {
            guard believesIdentifiers else {
                reasons.append("report: came to no signed address")
                return
            }
            found = try await Self.email(identifiedBy: id, client)
        }
        guard let found, let email = try await SentEmail(found, client) else {
            reasons.append("report: of no e-mail that was sent")
            return
        }
        regarding = email.regarding
        let schema = try await client.schema
        reasons.append("report: of \(schema.text(of: found))")
        var codes = email.recipients.map(\.code)
        var persons: [RecordID: (address: String, isHard: Bool)] = [:]
        var said: String?
        // What is said of each recipient, by its place.
        var verdicts: [Int: (isDelayed: Bool, words: String)] = [:]
        for bounced in report.recipients {
            let words = MailText.line([bounced.status ?? "", bounced.diagnostic].joined(separator: " "), 500)
            let key = bounced.address.lowercased()
            var places = email.recipients.indices.filter { email.recipients[$0].address.lowercased() == key }
            // Of one recipient the report may name the address to which somebody passed it on.
            let isNamed = !places.isEmpty
            if !isNamed, email.recipients.count == 1 { places = [0] }
            for place in places {
                let recipient = email.recipients[place]
                said = words
                if verdicts[place]?.isDelayed != false { verdicts[place] = (bounced.isDelayed, words) }
                guard let person = recipient.person else { continue }
                let isHard = bounced.isHard && (isNamed || key.isEmpty)
                if persons[person]?.isHard != true { persons[person] = (recipient.address, isHard) }
            }
        }
        guard let said else {
            reasons.append("report: names no recipient of it")
            return
        }
        for (place, recipient) in email.recipients.enumerated() {
            guard let verdict = verdicts[place] else { continue }
            var values: [(String, Value)] = [("deliveryreason", .text(verdict.words))]
            if verdict.isDelayed {
                // 1 and 3 are Accepted and Failed: the mail system that has it tries on by itself.
                if recipient.code == 3 { continue }
                codes[place] = recipient.code == 1 ? 1 : 2
            } else {
                codes[place] = 3
            }
            if codes[place] != recipient.code {
                values.append(("deliverycode", codes[place].map(Value.option) ?? .null))
            }
            changes.append(Change(record: recipient.party, version: recipient.version, values: values))
        }
        var values: [(String, Value)] = [("deliveryreason", .text(said))]
        // 3 is Sent; 0 and 8 are Open and Failed.
        if email.status == .option(3), codes.allSatisfy({ $0 == 3 }) {
            values += [("statecode", .option(0)), ("statuscode", .option(8)), ("actualend", .null)]
        }
        changes.append(Change(record: found, version: email.version, values: values))
        for person in persons.keys.sorted() {
            guard let mark = persons[person] else { continue }
            try await self.mark(person, mark.address, isHard: mark.isHard, at: moment, client)
        }
    }

    private mutating func mark(
        _ person: RecordID,
        _ address: String,
        isHard: Bool,
        at moment: Int64,
        _ client: KithClient
    ) async throws {
        guard let entity = try await client.schema.entity(person.entity), entity.attributeID("bouncecount") != nil,
            entity.attributeID("bouncedaddress") != nil, entity.attributeID("bouncedon") != nil
        else { return }
        let page = try await client.read(entity.name, ["bouncecount"], [person])
        guard let version = page.versions.first ?? nil, let value = page.rows.first?.first else { return }
        var count: Int64 = 1
        if case .integer(let before) = value { count = min(before + 1, 1_000_000_000) }
        var values: [(String, Value)] = [("bouncecount", .integer(count))]
        if isHard {
            values += [("bouncedaddress", .text(MailText.line(address, 320))), ("bouncedon", .instant(moment))]
        }
        changes.append(Change(record: person, version: version, values: values))
        let schema = try await client.schema
        reasons.append("\(isHard ? "marked" : "counted"): \(schema.text(of: person)) <\(address)>")
    }

    /// What a wish changes that came to the signed address of an e-mail.
    init(unsubscribingFrom signed: RecordID, recipient index: Int, _ client: KithClient) async throws {
        guard let email = try await SentEmail(signed, client), email.recipients.indices.contains(index) else {
            reasons.append("unsubscribe: of no e-mail that was sent")
            return
        }
        regarding = email.regarding
        guard let person = email.recipients[index].person,
            let entity = try await client.schema.entity(person.entity), entity.attributeID("donotbulkemail") != nil,
            let version = try await client.read(entity.name, ["donotbulkemail"], [person]).versions.first ?? nil
        else {
            reasons.append("unsubscribe: nobody is known by that address")
            return
        }
        changes.append(Change(record: person, version: version, values: [("donotbulkemail", .boolean(true))]))
        reasons.append("unsubscribe: \(try await client.schema.text(of: person)) wishes no e-mails that go to many")
    }

    /// The e-mail that went out with this Message-ID.
    private static func email(identifiedBy id: MessageID, _ client: KithClient) async throws -> RecordID? {
        guard try await client.schema.standardEntity(named: "emailidentifier") != nil else { return nil }
        var cursor = try await client.query(
            """
            SELECT emailid FROM emailidentifier WHERE digest = ? AND identifier = ? AND identifiercode = 1 \
            AND emailid.directioncode = true ORDER BY emailidentifierid LIMIT 1
            """,
            [.text(MailIdentifier.digest(id.text)), .text(id.text)]
        )
        return try await cursor.rows().first?[0].referenced
    }
}

/// An e-mail that was sent, as far as reports are about it.
private struct SentEmail {
    struct Recipient {
        var party: RecordID
        var version: Position
        var address: String
        var person: RecordID?
        var code: Int32?
    }

    let version: Position
    let status: Value
    let regarding: RecordID?
    /// In the order in which they were written to.
    let recipients: [Recipient]

    init?(_ id: RecordID, _ client: KithClient) async throws {
        guard try await client.schema.standardEntity(named: "email")?.id == id.entity,
            try await client.schema.standardEntity(named: "activityparty")?.attributeID("deliverycode") != nil
        else { return nil }
        let page = try await client.read("email", ["statuscode", "regardingobjectid", "directioncode"], [id])
        guard let version = page.versions.first ?? nil, let row = page.rows.first, row[2] != .boolean(false) else {
            return nil
        }
        (self.version, status, regarding) = (version, row[0], row[1].referenced)
        let parties: [WaitingEmail.Party]
        do {
            parties = try await WaitingEmail.parties(of: id, client).filter(\.isRecipient)
        } catch is SendFlaw {
            // Too many: the router has sent no such e-mail.
            return nil
        }
        let versions = try await client.read("activityparty", ["deliverycode"], parties.map(\.id))
        recipients = zip(parties, zip(versions.versions, versions.rows)).compactMap { party, state in
            guard let version = state.0 else { return nil }
            var code: Int32?
            if case .option(let given)? = state.1.first { code = given }
            return Recipient(
                party: party.id,
                version: version,
                address: party.address.address,
                person: party.person,
                code: code
            )
        }
    }
}
