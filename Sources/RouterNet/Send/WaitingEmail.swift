// An e-mail that waits to be sent, as the CRM has it: what a message is made of, read by a few queries through indexes.

import Engine
import Kith
import Net
import Router

/// What is wrong with an e-mail that cannot be sent as it is; somebody has to correct it.
struct SendFlaw: Error, CustomStringConvertible {
    let description: String
}

struct WaitingEmail: Sendable {
    /// Somebody who takes part.
    struct Party: Sendable {
        var id: RecordID
        var person: RecordID?
        var role: Int32
        var address: MailAddress
        /// Whether the e-mail is still to be delivered to it.
        var isOpen: Bool

        var isRecipient: Bool { Role.to...Role.bcc ~= role }
    }

    /// A file that goes with it.
    struct File: Sendable {
        var note: RecordID
        var name: String
        var type: String
        var reference: FileReference
    }

    let id: RecordID
    let subject: String
    let text: String
    /// When it was handed over, in microseconds: the date that it bears. Nil for one that came to wait in another way.
    let handedOver: Int64?
    let messageID: String?
    let inReplyTo: String?
    let regarding: RecordID?
    /// Whether nobody wrote it.
    let isAutomatic: Bool
    let hasMergeFields: Bool
    let parties: [Party]

    private enum Role {
        static let sender: Int32 = 1
        static let to: Int32 = 2
        static let cc: Int32 = 3
        static let bcc: Int32 = 4
    }

    var to: [MailAddress] { parties.filter { $0.role == Role.to }.map(\.address) }
    var cc: [MailAddress] { parties.filter { $0.role == Role.cc }.map(\.address) }

    /// All recipients, and those who are still to get it, each address once.
    var recipients: [Party] { parties.filter(\.isRecipient) }

    var openRecipients: [MailAddress] {
        var seen: Set<String> = []
        return recipients.filter { $0.isOpen && seen.insert($0.address.key).inserted }.map(\.address)
    }

    /// What was said of addresses, of the parties that have them: an address may be another by the time at which the CRM is told.
    func named(
        _ fates: [(address: String, fate: RecipientFate)],
        _ schema: Schema
    ) -> [(address: String, fate: RecipientFate)] {
        fates.flatMap { address, fate in
            let key = MailAddress(address: address).key
            return recipients.filter { $0.isOpen && $0.address.key == key }.map { (schema.text(of: $0.id), fate) }
        }
    }

    /// Whom it is from. Throws where nobody is.
    func sender() throws(SendFlaw) -> MailAddress {
        guard let sender = parties.first(where: { $0.role == Role.sender })?.address, !sender.address.isEmpty else {
            throw SendFlaw(description: "it has no sender with an address")
        }
        return sender
    }

    /// Throws where somebody cannot be written to.
    func requireAddresses() throws(SendFlaw) {
        for recipient in recipients where recipient.address.domain.isEmpty || recipient.address.address.contains(" ") {
            let name = recipient.address.name.isEmpty ? recipient.address.address : recipient.address.name
            throw SendFlaw(description: "\(name.isEmpty ? "a recipient" : name) has no address that can be written to")
        }
    }

    /// Whether it is one of many that a campaign sends.
    func isMailing(_ schema: Schema) -> Bool {
        guard let regarding else { return false }
        return schema.standardEntity(named: "campaignactivity")?.id == regarding.entity
    }

    // MARK: Reading

    /// Reads it; nil where it is not there, or does not wait.
    init?(_ id: RecordID, _ client: KithClient) async throws {
        let names = [
            "statuscode", "subject", "description", "actualend", "messageid", "inreplyto", "regardingobjectid",
            "automaticon", "hasmergefields", "ownerid",
        ]
        let page = try await client.read("email", names, [id])
        guard page.versions.first != .some(nil), let row = page.rows.first, row.count == names.count,
            row[0] == .option(6) || row[0] == .option(7)
        else { return nil }
        self.id = id
        (subject, text) = (row[1].textOrEmpty, row[2].textOrEmpty)
        handedOver = row[3].instant
        (messageID, inReplyTo) = (row[4].textOrNil, row[5].textOrNil)
        regarding = row[6].referenced
        isAutomatic = row[7] != .null
        hasMergeFields = row[8] == .boolean(true)
        var parties = try await Self.parties(of: id, client)
        if !parties.contains(where: { $0.role == Role.sender }), let owner = row[9].referenced,
            let address = try await Self.addresses(of: [owner], client)[owner]
        {
            parties.append(Party(id: .none, person: owner, role: Role.sender, address: address, isOpen: false))
        }
        self.parties = parties
    }

    /// Parties of an e-mail that is sent: more recipients than a message has.
    private static let partiesMax = 5_000

    /// Who takes part in an e-mail, in the order in which they were written down.
    static func parties(of id: RecordID, _ client: KithClient) async throws -> [Party] {
        let sql = """
            SELECT participationtypemask, partyid, addressused, deliverycode, activitypartyid FROM activityparty \
            WHERE activityid = ? ORDER BY activitypartyid LIMIT \(partiesMax + 1)
            """
        var cursor = try await client.query(sql, [.reference(id)])
        let rows = try await cursor.rows()
        guard rows.count <= partiesMax else { throw SendFlaw(description: "it has more than \(partiesMax) parties") }
        let people = try await addresses(of: rows.compactMap { $0[1].referenced }, client)
        return rows.compactMap { row in
            guard case .option(let role) = row[0], let id = row[4].referenced else { return nil }
            let person = row[1].referenced.flatMap { people[$0] }
            let address = MailAddress(
                name: person?.name ?? "",
                address: row[2].textOrNil ?? person?.address ?? ""
            )
            // 1 and 3 are Accepted and Failed.
            return Party(
                id: id,
                person: row[1].referenced,
                role: role,
                address: address,
                isOpen: row[3] != .option(1) && row[3] != .option(3)
            )
        }
    }

    /// Attributes with the name and the main address of whoever can be a party.
    private static let people: [(entity: String, name: String, address: String)] = [
        ("account", "name", "emailaddress1"), ("contact", "fullname", "emailaddress1"),
        ("lead", "fullname", "emailaddress1"), ("systemuser", "fullname", "internalemailaddress"),
    ]

    private static func addresses(
        of ids: [RecordID],
        _ client: KithClient
    ) async throws -> [RecordID: MailAddress] {
        let schema = try await client.schema
        var found: [RecordID: MailAddress] = [:]
        for source in people {
            guard let entity = schema.standardEntity(named: source.entity),
                entity.attributeID(source.name) != nil, entity.attributeID(source.address) != nil
            else { continue }
            let ids = ids.filter { $0.entity == entity.id }
            guard !ids.isEmpty else { continue }
            let page = try await client.read(source.entity, [source.name, source.address], ids)
            for (id, row) in zip(ids, page.rows) where row.count == 2 {
                found[id] = MailAddress(name: row[0].textOrEmpty, address: row[1].textOrEmpty)
            }
        }
        return found
    }

    /// What it answers, and the conversation before it, oldest first: of e-mails about the same record those only in which somebody outside
    /// takes part to whom this one goes. Message-IDs are for whoever was in the conversation. A mailing is none.
    ///
    /// - Parameter domain: whoever has an address in it is not outside, nor is a user or a queue.
    func conversation(
        domain: String,
        _ client: KithClient
    ) async throws -> (inReplyTo: MessageID?, references: [MessageID]) {
        let schema = try await client.schema
        guard let regarding, !isMailing(schema) else { return (inReplyTo.map { MessageID($0) }, []) }
        let inside = ["systemuser", "queue"].compactMap { schema.standardEntity(named: $0)?.id }
        func outside(_ parties: [Party]) -> Set<String> {
            let parties = parties.filter { party in
                !party.address.address.isEmpty && party.address.domain != domain.lowercased()
                    && !inside.contains { $0 == party.person?.entity }
            }
            return Set(parties.map(\.address.key))
        }
        let own = outside(recipients)
        var cursor = try await client.query(
            """
            SELECT messageid, directioncode, activityid FROM email WHERE regardingobjectid = ? AND messageid IS NOT NULL \
            ORDER BY activityid DESC LIMIT 20
            """,
            [.reference(regarding)]
        )
        var rows: [[Value]] = []
        for row in try await cursor.rows() where row[0].textOrNil != messageID {
            guard let other = row[2].referenced else { continue }
            let isAnswered = inReplyTo != nil && row[0].textOrNil == inReplyTo
            do {
                let others = outside(try await Self.parties(of: other, client))
                if isAnswered || !own.isDisjoint(with: others) { rows.append(row) }
            } catch is SendFlaw {
                // What went to so many is no conversation.
            }
        }
        let answered = inReplyTo ?? rows.first { $0[1] == .boolean(false) }?[0].textOrNil
        return (answered.map { MessageID($0) }, rows.reversed().map { MessageID($0[0].textOrEmpty) })
    }

    /// The files that go with it. Throws where there are too many or too large ones.
    func files(_ limits: SendLimits, _ client: KithClient) async throws -> [File] {
        guard try await client.schema.standardEntity(named: "annotation") != nil else { return [] }
        var cursor = try await client.query(
            """
            SELECT annotationid, filename, mimetype FROM annotation WHERE objectid = ? AND documentbody IS NOT NULL \
            ORDER BY annotationid LIMIT \(limits.attachmentCountMax + 1)
            """,
            [.reference(id)]
        )
        let rows = try await cursor.rows()
        guard rows.count <= limits.attachmentCountMax else {
            throw SendFlaw(description: "it has more than \(limits.attachmentCountMax) files")
        }
        var files: [File] = []
        for row in rows {
            guard let note = row[0].referenced, let reference = try await client.file(of: note, "documentbody") else {
                continue
            }
            let (name, type) = (row[1].textOrNil ?? reference.name, row[2].textOrNil ?? reference.contentType)
            files.append(File(note: note, name: name, type: type, reference: reference))
        }
        let bytes = files.reduce(0) { $0 + $1.reference.content.lengthBytes }
        guard bytes <= limits.attachmentBytesMax else {
            let most = limits.attachmentBytesMax >> 20
            throw SendFlaw(description: "its files have \(bytes >> 20) MiB, and at most \(most) are sent")
        }
        return files
    }
}

extension WaitingEmail.File {
    func bytes(_ client: KithClient) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await client.download(note, "documentbody", reference) { bytes += $0 }
        return bytes
    }
}

extension Value {
    /// The text, where there is one.
    var textOrNil: String? { if case .text(let text) = self, !text.isEmpty { text } else { nil } }

    /// The moment, where it is one.
    var instant: Int64? { if case .instant(let moment) = self { moment } else { nil } }
}
