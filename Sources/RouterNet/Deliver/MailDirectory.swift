// Whose an address is: a user's, a contact's, a lead's, an account's by one of its addresses, an account's by its domain, or a queue's.
//
// Guarantees
// - Addresses are compared as `MailAddress.key` has them, with what quick find has found; nobody is found by a part of an address.
// - Of several records the order is: user, contact, lead, account; those that are in use before those that are not; then the oldest.
// - An account is found by a domain where an address of its own is there, and never at a free-mail provider or a public suffix.
// - A message searches for `addressesMax` addresses; the rest stay addresses. Queues are known without a search, all of them.
// - What a server's schema does not have is not asked for.

import Engine
import Net
import Router

/// Whose an address is.
package enum MailParty: Equatable, Sendable {
    case record(RecordID)
    /// An account, by the address's domain only.
    case accountByDomain(RecordID)
    case queue(MailQueue)
    case nobody

    /// The record that can be a party of an activity.
    var record: RecordID? {
        switch self {
        case .record(let id), .accountByDomain(let id): id
        case .queue, .nobody: nil
        }
    }
}

/// A queue that is in use, and what it is for.
package struct MailQueue: Equatable, Sendable {
    package var id: RecordID
    package var name: String
    /// In small letters; empty where it has none.
    package var address: String
    package var createsCases: Bool
    /// What it writes to whoever opened a case, with merge fields; nothing where one is empty.
    package var acknowledgementSubject = ""
    package var acknowledgement = ""
}

/// What a server lacks, or refuses, whatever the message: it is waited for until somebody has mended it.
struct MailServerFlaw: Error, CustomStringConvertible {
    let description: String
}

/// What is known of addresses while one message is delivered.
struct MailDirectory {
    /// Addresses of one message that are looked up: each is a search.
    static let addressesMax = 200
    /// Records that are looked at for one address.
    private static let hitsMax = 50

    let client: KithClient
    let domains: MailDomains
    let queues: [MailQueue]
    /// The oldest of each address.
    private let queuesByAddress: [String: MailQueue]
    private var known: [String: MailParty] = [:]
    private var knownDomains: [String: RecordID?] = [:]

    init(_ client: KithClient, domains: MailDomains) async throws {
        self.client = client
        self.domains = domains
        guard let entity = try await client.schema.standardEntity(named: "queue") else {
            throw MailServerFlaw(description: "the server has no queues")
        }
        let names = [
            "emailaddress", "createscases", "acknowledgementsubject", "acknowledgement",
        ].filter { entity.attributeID($0) != nil }
        let filter = entity.attributeID("statecode") == nil ? "" : " WHERE statecode = 0"
        var cursor = try await client.query(
            "SELECT \((["queueid", "name"] + names).joined(separator: ", ")) FROM queue\(filter) ORDER BY queueid"
        )
        queues = try await cursor.rows().compactMap { row in
            guard row.count == names.count + 2, case .reference(let id) = row[0] else { return nil }
            var queue = MailQueue(id: id, name: row[1].textOrEmpty, address: "", createsCases: false)
            for (name, value) in zip(names, row[2...]) {
                switch name {
                case "emailaddress": queue.address = value.textOrEmpty.lowercased()
                case "createscases": queue.createsCases = value == .boolean(true)
                case "acknowledgementsubject": queue.acknowledgementSubject = value.textOrEmpty
                default: queue.acknowledgement = value.textOrEmpty
                }
            }
            return queue
        }
        queuesByAddress = Dictionary(queues.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whose an address is, as `MailAddress.key` has it.
    mutating func party(_ key: String) async throws -> MailParty {
        if let party = known[key] { return party }
        guard let at = key.lastIndex(of: "@"), at != key.startIndex else { return .nobody }
        // What stands behind a `+` is for the owner of the mailbox, unless somebody is known by it.
        let plain = MailAddress(address: key).plainKey
        if let queue = queuesByAddress[key] { return .queue(queue) }
        guard known.count < MailDirectory.addressesMax else {
            return queuesByAddress[plain].map { .queue($0) } ?? .nobody
        }
        let party = try await find(key, plain, domain: String(key[key.index(after: at)...]))
        known[key] = party
        return party
    }

    private mutating func find(_ key: String, _ plain: String, domain: String) async throws -> MailParty {
        if let record = try await record(key) { return .record(record) }
        if plain != key {
            if let queue = queuesByAddress[plain] { return .queue(queue) }
            if let record = try await record(plain) { return .record(record) }
        }
        for domain in domains.organisationDomains(of: domain) {
            if let account = try await account(at: domain) { return .accountByDomain(account) }
        }
        return .nobody
    }

    /// Attributes with addresses, and what says that a record is not in use, of each entity in the order in which they count.
    private static let sources: [(entity: String, addresses: [String], state: String)] = [
        ("systemuser", ["internalemailaddress", "personalemailaddress"], "isdisabled"),
        ("contact", ["emailaddress1", "emailaddress2", "emailaddress3"], "statecode"),
        ("lead", ["emailaddress1", "emailaddress2", "emailaddress3"], "statecode"),
        ("account", ["emailaddress1", "emailaddress2", "emailaddress3"], "statecode"),
    ]

    private func record(_ key: String) async throws -> RecordID? {
        let hits = try await hits(key, entities: MailDirectory.sources.map(\.entity))
        var best: (rank: Int, id: RecordID)?
        for (place, source) in MailDirectory.sources.enumerated() {
            for (id, addresses, isInUse) in try await read(hits, source) where addresses.contains(key) {
                let rank = place + (isInUse ? 0 : MailDirectory.sources.count)
                if best.map({ (rank, id) < ($0.rank, $0.id) }) ?? true { best = (rank, id) }
            }
        }
        return best?.id
    }

    private mutating func account(at domain: String) async throws -> RecordID? {
        if let known = knownDomains[domain] { return known }
        let hits = try await hits(domain, entities: ["account"])
        var best: (rank: Int, id: RecordID)?
        for (id, addresses, isInUse) in try await read(hits, MailDirectory.sources[3]) {
            guard addresses.contains(where: { $0.hasSuffix("@" + domain) }) else { continue }
            let rank = isInUse ? 0 : 1
            if best.map({ (rank, id) < ($0.rank, $0.id) }) ?? true { best = (rank, id) }
        }
        knownDomains[domain] = .some(best?.id)
        return best?.id
    }

    /// What quick find has for a text; nothing for one that it does not take.
    private func hits(_ text: String, entities: [String]) async throws -> [RecordID] {
        let schema = try await client.schema
        let there = entities.filter { schema.standardEntity(named: $0) != nil }
        guard !there.isEmpty else { return [] }
        do {
            return try await client.find(FindRequest(text, entities: there, limit: MailDirectory.hitsMax)).map(\.record)
        } catch is QueryError {
            return []
        }
    }

    /// Addresses in small letters of those of the records that are of one entity.
    private func read(
        _ ids: [RecordID],
        _ source: (entity: String, addresses: [String], state: String)
    ) async throws -> [(id: RecordID, addresses: [String], isInUse: Bool)] {
        guard let entity = try await client.schema.standardEntity(named: source.entity) else { return [] }
        let ids = ids.filter { $0.entity == entity.id }
        let names = (source.addresses + [source.state]).filter { entity.attributeID($0) != nil }
        guard !ids.isEmpty, !names.isEmpty else { return [] }
        let page = try await client.read(source.entity, names, ids)
        return zip(ids, page.rows).map { id, row in
            let isInUse = zip(names, row).allSatisfy { name, value in
                name != source.state || value == .option(0) || value == .boolean(false) || value == .null
            }
            return (id, zip(names, row).filter { $0.0 != source.state }.map { $0.1.textOrEmpty.lowercased() }, isInUse)
        }
    }
}

extension Value {
    /// The text, or nothing where it is none.
    var textOrEmpty: String { if case .text(let text) = self { text } else { "" } }

    /// The record that it refers to.
    var referenced: RecordID? { if case .reference(let id) = self { id } else { nil } }
}
