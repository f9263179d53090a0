// The answers of the server to what a decision asks. Every question goes through an index: the key of `externalid`, the ordered index of
// an identifier's digest, lookups, the ordered index of subjects, quick find.
//
// What a thread is: the record that e-mails regard. An e-mail that regards nothing belongs to no thread.

import COpenSSL
import Engine
import Net
import Router

/// Asks one server for one message.
struct MailAnswers {
    let client: KithClient
    /// Addresses, and domains without `@`, in small letters, that are the CRM's own beside those of queues and users.
    let own: Set<String>
    /// Messages of a thread that are looked at: the oldest.
    private static let messagesMax = 200

    /// Decides, asking as often as it takes. The decision is a function of message and answers.
    func decide(
        _ delivery: MailDelivery,
        by router: MailRouter,
        _ directory: inout MailDirectory,
        _ work: MailWork
    ) async throws -> MailDecision {
        var answers: [MailQuestion: MailAnswer] = [:]
        while true {
            let (decision, questions) = try await work.run { [answers] in
                let knowledge = AskedKnowledge(answers)
                let decision = router.decide(delivery, knowing: knowledge)
                return (decision, knowledge.open)
            }
            if questions.isEmpty { return decision }
            for (question, answer) in try await self.answers(questions, &directory) { answers[question] = answer }
        }
    }

    private func answers(
        _ questions: [MailQuestion],
        _ directory: inout MailDirectory
    ) async throws -> [(MailQuestion, MailAnswer)] {
        var answers: [(MailQuestion, MailAnswer)] = []
        // Identifiers are asked together: a message may name a thousand.
        var identifiers: [(question: MailQuestion, text: String)] = []
        for question in questions {
            switch question {
            case .message(let id), .mention(let id): identifiers.append((question, id.text))
            case .index(let bytes): identifiers.append((question, MailIdentifier.text(ofIndex: bytes)))
            case .tag(let tag): answers.append((question, .link(try await thread(ofTag: tag))))
            case .thread(let id): answers.append((question, .thread(try await thread(id, &directory))))
            case .about(let subject, let participants):
                answers.append((question, .links(try await threads(about: subject, with: Set(participants)))))
            case .delivered(let fingerprint):
                let key = MailIdentifier.key(of: fingerprint)
                let rows = try await rows("SELECT activityid FROM email WHERE externalid = ?", [.text(key)])
                answers.append((question, .flag(!rows.isEmpty)))
            case .own(let key): answers.append((question, .flag(try await isOwn(key, &directory))))
            }
        }
        for start in stride(from: 0, to: identifiers.count, by: 100) {
            let part = identifiers[start..<min(start + 100, identifiers.count)]
            let found = try await threads(ofIdentifiers: part.map(\.text))
            for (question, text) in part {
                let codes: ClosedRange<Int32> =
                    switch question {
                    case .message: MailIdentifier.messageID...MailIdentifier.messageID
                    case .index: MailIdentifier.threadIndex...MailIdentifier.threadIndex
                    default: MailIdentifier.inReplyTo...MailIdentifier.references
                    }
                let first = found.first { $0.identifier == text && codes.contains($0.code) }
                answers.append((question, .link(first?.thread)))
            }
        }
        return answers
    }

    /// The threads of identifiers, those of the oldest e-mails first.
    private func threads(
        ofIdentifiers texts: [String]
    ) async throws -> [(identifier: String, code: Int32, thread: MailThreadID)] {
        guard try await client.schema.standardEntity(named: "emailidentifier") != nil else { return [] }
        let digests = Set(texts.map { MailIdentifier.digest($0) }).sorted()
        let places = digests.map { _ in "?" }.joined(separator: ", ")
        let rows = try await rows(
            """
            SELECT identifier, identifiercode, emailid.regardingobjectid, emailid FROM emailidentifier \
            WHERE digest IN (\(places)) AND emailid.regardingobjectid IS NOT NULL ORDER BY emailidentifierid LIMIT 5000
            """,
            digests.map(Value.text)
        )
        return rows.compactMap { row in
            guard case .option(let code) = row[1], let record = row[2].referenced else { return nil }
            return (row[0].textOrEmpty, code, MailThreadID(rawValue: record.rawValue))
        }
    }

    private func thread(ofTag tag: String) async throws -> MailThreadID? {
        guard try await client.schema.standardEntity(named: "incident") != nil else { return nil }
        let rows = try await rows("SELECT incidentid FROM incident WHERE ticketnumber = ?", [.text(tag)])
        return rows.first?.first?.referenced.map { MailThreadID(rawValue: $0.rawValue) }
    }

    private func threads(about subject: String, with participants: Set<String>) async throws -> [MailThreadID] {
        guard !subject.isEmpty else { return [] }
        let rows = try await rows(
            """
            SELECT activityid, regardingobjectid FROM email WHERE subject = ? AND regardingobjectid IS NOT NULL \
            ORDER BY activityid DESC LIMIT 50
            """,
            [.text(String(subject.prefix(200)))]
        )
        var threads: [MailThreadID] = []
        for row in rows {
            guard let email = row[0].referenced, let record = row[1].referenced else { continue }
            let thread = MailThreadID(rawValue: record.rawValue)
            guard threads.count < 10, !threads.contains(thread) else { continue }
            if try await !participants.isDisjoint(with: addresses(of: [email])) { threads.append(thread) }
        }
        return threads
    }

    private func thread(_ id: MailThreadID, _ directory: inout MailDirectory) async throws -> MailThread? {
        let record = RecordID(rawValue: id.rawValue)
        guard let entity = try await client.schema.entity(record.entity) else { return nil }
        // Whom the record belongs to, and what people call it.
        let customers = ["customerid", "parentcustomerid"].filter { entity.attributeID($0) != nil }
        let page = try await client.read(entity.name, [entity[entity.primaryName].name] + customers, [record])
        guard page.versions.first != .some(nil), let row = page.rows.first else { return nil }
        let emails = try await rows(
            "SELECT activityid, subject FROM email WHERE regardingobjectid = ? ORDER BY activityid LIMIT \(Self.messagesMax)",
            [.reference(record)]
        )
        let subject = emails.first?[1].textOrEmpty ?? row[0].textOrEmpty
        var participants: Set<String> = []
        for address in try await addresses(of: emails.compactMap { $0[0].referenced }).sorted() {
            if try await !isOwn(address, &directory) { participants.insert(address) }
        }
        let customer = entity.name == "account" ? record : row.dropFirst().lazy.compactMap(\.referenced).first
        return MailThread(
            subject: MailSubject(subject).core,
            participants: participants,
            accountDomains: try await accountDomains(customer, directory.domains)
        )
    }

    /// The domains of an account's addresses, or of the account of a contact.
    private func accountDomains(_ customer: RecordID?, _ domains: MailDomains) async throws -> Set<String> {
        let schema = try await client.schema
        guard var id = customer, let contact = schema.standardEntity(named: "contact"),
            let account = schema.standardEntity(named: "account")
        else { return [] }
        if id.entity == contact.id {
            let page = try await client.read("contact", ["parentcustomerid"], [id])
            guard let parent = page.rows.first?.first?.referenced else { return [] }
            id = parent
        }
        guard id.entity == account.id else { return [] }
        let names = ["emailaddress1", "emailaddress2", "emailaddress3"].filter { account.attributeID($0) != nil }
        let page = try await client.read("account", names, [id])
        let own = (page.rows.first ?? []).map { MailAddress(address: $0.textOrEmpty).domain }
        return Set(own.filter { domains.organisationDomains(of: $0).first == $0 })
    }

    private func addresses(of emails: [RecordID]) async throws -> Set<String> {
        guard !emails.isEmpty else { return [] }
        let places = emails.map { _ in "?" }.joined(separator: ", ")
        let rows = try await rows(
            "SELECT addressused FROM activityparty WHERE activityid IN (\(places)) AND addressused IS NOT NULL LIMIT 5000",
            emails.map(Value.reference)
        )
        return Set(rows.map { $0[0].textOrEmpty.lowercased() })
    }

    func isOwn(_ key: String, _ directory: inout MailDirectory) async throws -> Bool {
        let address = MailAddress(address: key)
        if own.contains(key) || own.contains(address.domain) { return true }
        switch try await directory.party(key) {
        case .queue: return true
        case .record(let id): return try await client.schema.standardEntity(named: "systemuser")?.id == id.entity
        case .accountByDomain, .nobody: return false
        }
    }

    private func rows(_ sql: String, _ arguments: [Value]) async throws -> [[Value]] {
        var cursor = try await client.query(sql, QueryArguments(arguments))
        return try await cursor.rows()
    }
}

/// What e-mails are known by, as it is stored.
enum MailIdentifier {
    // Options of `emailidentifier.identifiercode`.
    static let messageID: Int32 = 1
    static let inReplyTo: Int32 = 2
    static let references: Int32 = 3
    static let threadIndex: Int32 = 4

    /// 128 bits of SHA-256 in hexadecimal digits.
    static func digest(_ text: String) -> String { String(hexadecimal(sha256(Array(text.utf8))).prefix(32)) }

    /// A `Thread-Index` as an identifier. No Message-ID begins so: it would have an `@`.
    static func text(ofIndex bytes: [UInt8]) -> String { "thread-index:" + hexadecimal(bytes) }

    /// The external id of an e-mail that came in: the same message has the same, whichever way it comes and however often it is
    /// delivered, and the key of `externalid` lets it in once.
    static func key(of fingerprint: MailFingerprint) -> String {
        let id = Array((fingerprint.messageID?.text ?? "").utf8)
        return "mail:" + hexadecimal(sha256(fingerprint.bodyDigest + id))
    }

    /// The same for a message that is not read.
    static func key(ofBytes bytes: [UInt8]) -> String { "mail:bytes:" + hexadecimal(sha256(bytes)) }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let isMade = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(isMade == 1, "libcrypto has SHA-256")
        return digest
    }
}
