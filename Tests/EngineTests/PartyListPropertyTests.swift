import Engine
import TestSupport
import Testing

/// Random writes of lists and of the parties themselves, compared with a model that keeps the parties only and puts each list
/// together from them anew.
@Suite struct PartyListPropertyTests {
    static let schema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "contact", "Contact", ownership: .organisation) { e in
            e.text("fullname", "Name", 100)
            e.primaryName("fullname")
        }
        builder.entity(2, "visit", "Visit", ownership: .organisation) { e in
            e.text("subject", "Subject", 100)
            e.partyList("guests", "Guests", role: 5)
            e.partyList("hosts", "Hosts", role: 7)
            e.key("subject")
            e.primaryName("subject")
        }
        builder.entity(3, "activityparty", "Party", ownership: .organisation) { e in
            e.lookup("activityid", "Activity", to: "contact", "visit", onDelete: .cascade)
            e.option("participationtypemask", "Role", [5: "Guest", 6: "Other", 7: "Host"])
            e.lookup("partyid", "Party", to: "contact")
            e.text("addressused", "Address", 100)
            e.integer("ordering", "Place", 0...40)
            e.text("note", "Note", 100)
            e.primaryName("addressused")
        }
        builder.entity(4, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        return builder.build()
    }()

    private struct Entry: Hashable {
        var party: RecordID?
        var address: String?
    }

    private struct Party: Equatable {
        var activity: RecordID?
        var role: Int32
        var entry: Entry
        var ordering: Int64?
    }

    /// Addresses, and how they are written alone and behind a record.
    private static let addresses: [String: (alone: String, behind: String)] = [
        "ann@example.com": ("ann@example.com", "ann@example.com"), "Ann <a@b.c>": ("Ann <a@b.c>", "\"Ann <a@b.c>\""),
        "odd;one": ("\"odd;one\"", "odd;one"), "": ("\"\"", "\"\""), " x": ("\" x\"", "\" x\""),
        "x\n": ("\"x\n\"", "\"x\n\""), "contact/11": ("\"contact/11\"", "contact/11"),
        "contact/no code": ("\"contact/no code\"", "contact/no code"), "\"q": ("\"\"\"q\"", "\"\"\"q\""),
        "a\"b": ("a\"b", "a\"b"), "<y": ("\"<y\"", "<y"), "030/12 34": ("030/12 34", "030/12 34"),
        "<>": ("\"<>\"", "\"<>\""),
        "Zoë; \"Z\"": ("\"Zoë; \"\"Z\"\"\"", "Zoë; \"Z\""), "/": ("/", "/"), "a/": ("a/", "a/"),
        "a/b/c": ("a/b/c", "a/b/c"),
    ]
    private static let known = addresses.keys.sorted()

    private static func shown(_ entries: [Entry]) -> Value {
        if entries.isEmpty { return .null }
        let texts = entries.map { entry in
            guard let party = entry.party else {
                return entry.address.map { addresses[$0]?.alone ?? "" } ?? "<>"
            }
            let record = schema.text(of: party)
            return entry.address.map { "\(record) <\(addresses[$0]?.behind ?? "")>" } ?? record
        }
        return .text(texts.joined(separator: "; "))
    }

    /// The same list as somebody may write it: more quotes, more or fewer blanks, a separator at the end.
    private static func given(_ entries: [Entry], _ random: inout PropertyRandom) -> String {
        var text = ["", " ", "\n"][random.below(3)]
        for (place, entry) in entries.enumerated() {
            if place > 0 { text += [";", " ; ", "; "][random.below(3)] }
            let quoted = entry.address.map {
                "\"\($0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
            }
            switch (entry.party.map { schema.text(of: $0) }, quoted) {
            case (nil, nil): text += ["<>", "< >"][random.below(2)]
            case (nil, let address?): text += [address, "<\(address)>", "< \(address) >"][random.below(3)]
            case (let record?, nil): text += record
            case (let record?, let address?): text += record + ["<\(address)>", " < \(address)>"][random.below(2)]
            }
        }
        return text + (entries.isEmpty ? "" : ["", ";", " ; "][random.below(3)])
    }

    /// The parties as an ordinary query has them.
    private static func parties(_ engine: Engine) throws -> [RecordID: Party] {
        let query = try PreparedQuery(
            "SELECT activitypartyid, activityid, participationtypemask, partyid, addressused, ordering FROM activityparty",
            schema: schema
        )
        var parties: [RecordID: Party] = [:]
        for row in try query.execute(on: engine.view).rows {
            guard case .reference(let id) = row[0], case .option(let role) = row[2] else { continue }
            var party = Party(role: role, entry: Entry())
            if case .reference(let id) = row[1] { party.activity = id }
            if case .reference(let id) = row[3] { party.entry.party = id }
            if case .text(let text) = row[4] { party.entry.address = text }
            if case .integer(let number) = row[5] { party.ordering = number }
            parties[id] = party
        }
        return parties
    }

    private static func list(_ parties: [RecordID: Party], of visit: RecordID, _ role: Int32) -> [(RecordID, Party)] {
        parties.filter { $0.value.activity == visit && $0.value.role == role }
            .sorted { ($0.value.ordering ?? -1, $0.key) < ($1.value.ordering ?? -1, $1.key) }
            .map { ($0.key, $0.value) }
    }

    private static let roles: [(attribute: String, role: Int32)] = [("guests", 5), ("hosts", 7)]

    @Test(arguments: PropertyRandom.seeds(12))
    func listsAreTheirParties(seed: UInt64) throws {
        var random = PropertyRandom(seed: seed)
        let h = EngineHarness(Self.schema)
        var contacts: [RecordID] = []
        var visits: [RecordID] = []
        for step in 0..<150 {
            let at: Comment = "seed \(seed), step \(step)"
            let before = try Self.parties(h.engine)
            let some = { (random: inout PropertyRandom) -> [Entry] in
                (0..<random.below(random.below(8) == 0 ? 14 : 5)).map { _ in
                    let party = contacts.isEmpty || random.below(2) == 0 ? nil : contacts[random.below(contacts.count)]
                    let address = random.below(3) == 0 ? nil : Self.known[random.below(Self.known.count)]
                    return Entry(party: party, address: address)
                }
            }
            switch random.below(12) {
            case 0: contacts.append(try h.run { try $0.create("contact", ["fullname": "C"]) }.operations[0].ids[0])
            case 1 where !contacts.isEmpty:
                let contact = contacts.remove(at: random.below(contacts.count))
                try h.run { try $0.delete(contact) }
            case 2 where visits.count > 3:
                let visit = visits.remove(at: random.below(visits.count))
                try h.run { try $0.delete(visit) }
                #expect(try Self.parties(h.engine) == before.filter { $0.value.activity != visit }, at)
            case 1...4:
                let (guests, hosts) = (some(&random), some(&random))
                let texts = (Self.given(guests, &random), Self.given(hosts, &random))
                let reply = try h.run { transaction in
                    let values: KeyValuePairs<String, Value> = [
                        "subject": .text("V\(step)"), "guests": .text(texts.0), "hosts": .text(texts.1),
                    ]
                    if step % 2 == 0 {
                        try transaction.create("visit", values)
                    } else {
                        try transaction.upsert("visit", key: "subject", values)
                    }
                }
                visits.append(reply.operations[0].ids[0])
                let after = try Self.parties(h.engine)
                #expect(Self.list(after, of: visits[visits.count - 1], 5).map(\.1.entry) == guests, at)
                #expect(Self.list(after, of: visits[visits.count - 1], 7).map(\.1.entry) == hosts, at)
                #expect(after.filter { before[$0.key] != nil } == before, at)
            case 5..<9 where !visits.isEmpty:
                try write(h, visits[random.below(visits.count)], some(&random), before, &random, at)
            case 9 where !visits.isEmpty:
                // A party by itself, wherever it stands.
                let entry = some(&random).first ?? Entry()
                let ordering: Value = random.below(3) == 0 ? .null : .integer(Int64(random.below(41)))
                let visit = visits[random.below(visits.count)]
                let role: Value = .option([5, 6, 7][random.below(3)])
                try h.run {
                    try $0.create(
                        "activityparty",
                        [
                            "activityid": .reference(visit), "participationtypemask": role,
                            "partyid": entry.party.map { .reference($0) } ?? .null,
                            "addressused": entry.address.map { .text($0) } ?? .null, "ordering": ordering,
                        ]
                    )
                }
            case 10 where !before.isEmpty:
                let id = before.keys.sorted()[random.below(before.count)]
                let ordering: Value = random.below(3) == 0 ? .null : .integer(Int64(random.below(41)))
                let isDeleted = random.below(3) == 0
                try h.run { transaction in
                    if isDeleted { return try transaction.delete(id) }
                    try transaction.update(id, ["ordering": ordering, "note": "kept"])
                }
            default:
                // Everything that a refused transaction wrote is taken back.
                guard let visit = visits.first else { continue }
                let digest = h.engine.digest
                let list = Self.given(some(&random), &random)
                #expect(throws: Refusal.self, at) {
                    try h.run {
                        let contact = try $0.create("contact", ["fullname": "D"])
                        try $0.update(visit, ["guests": .text(list + Self.schema.text(of: contact))])
                        try $0.update(visit, ["hosts": .text(list), "subject": "Gone"])
                        try $0.delete(RecordID(entity: EntityID(2), sequence: 1_000_000))
                    }
                }
                #expect(h.engine.digest == digest, at)
            }
            try compare(h, visits, &random, at)
        }
        h.engine.checkInvariants()
        #expect(try h.replayed().digest == h.engine.digest)
    }

    /// Writes one or both lists of a visit, and looks at what became of the records.
    private func write(
        _ h: EngineHarness,
        _ visit: RecordID,
        _ entries: [Entry],
        _ before: [RecordID: Party],
        _ random: inout PropertyRandom,
        _ at: Comment
    ) throws {
        let (attribute, role) = Self.roles[random.below(2)]
        let old = Self.list(before, of: visit, role)
        var entries = entries
        if random.below(2) == 0 {
            // Most of those that are there, and most often in their order.
            var kept = old.map(\.1.entry).filter { _ in random.below(5) > 0 }
            if random.below(3) == 0 { kept.shuffle(using: &random) }
            entries = kept + entries.prefix(random.below(3))
        }
        let text = Self.given(entries, &random)
        let version = h.value(visit, "versionnumber")
        let reply = try h.run { try $0.update(visit, [attribute == "guests" ? "guests" : "hosts": .text(text)]) }
        let after = try Self.parties(h.engine)
        let new = Self.list(after, of: visit, role)
        #expect(new.map(\.1.entry) == entries, at)
        let isSame = old.map(\.1.entry) == entries
        #expect(reply.operations[0].unchanged == (isSame ? 1 : 0), at)
        #expect((h.value(visit, "versionnumber") == version) == isSame, at)
        if isSame { #expect(after == before, at) }
        // All other parties are as they were.
        let others = { (parties: [RecordID: Party]) in
            parties.filter { $0.value.activity != visit || $0.value.role != role }
        }
        #expect(others(after) == others(before), at)
        // Whoever was there before and is there now is the same record, as often as that can be.
        for entry in Set(entries) {
            let count = min(old.count { $0.1.entry == entry }, entries.count { $0 == entry })
            #expect(new.count { $0.1.entry == entry && before[$0.0]?.entry == entry } >= count, at)
        }
        for party in Set(entries.compactMap(\.party)) {
            let count = min(old.count { $0.1.entry.party == party }, entries.count { $0.party == party })
            #expect(new.count { $0.1.entry.party == party && before[$0.0] != nil } == count, at)
        }
    }

    /// Reads, queries and queries that may not see everything give what the parties say; writing what was read changes nothing.
    private func compare(
        _ h: EngineHarness,
        _ visits: [RecordID],
        _ random: inout PropertyRandom,
        _ at: Comment
    ) throws {
        let parties = try Self.parties(h.engine)
        let hidden = Set(parties.keys.sorted().filter { _ in random.below(6) == 0 })
        let query = try PreparedQuery("SELECT visitid, guests, hosts FROM visit ORDER BY visitid", schema: Self.schema)
        let view = h.engine.view
        let all = try query.execute(on: view).rows
        let visible = try query.execute(on: view, visible: Self.visible(view, hidden)).rows
        let seen = parties.filter { !hidden.contains($0.key) }
        for (place, visit) in visits.sorted().enumerated() {
            let lists = { (parties: [RecordID: Party]) in
                [.reference(visit)]
                    + Self.roles.map { Self.shown(Self.list(parties, of: visit, $0.role).map(\.1.entry)) }
            }
            #expect(all[place] == lists(parties), at)
            #expect(visible[place] == lists(seen), at)
        }
        guard let visit = visits.last else { return }
        let guests = try PartyListTests.read(h.engine, visit, "guests")
        let hosts = try PartyListTests.read(h.engine, visit, "hosts")
        #expect(guests.map { .text($0) } ?? .null == Self.shown(Self.list(parties, of: visit, 5).map(\.1.entry)), at)
        let reply = try h.run {
            try $0.update(
                visit,
                ["guests": guests.map { .text($0) } ?? .null, "hosts": hosts.map { .text($0) } ?? .null]
            )
        }
        #expect(reply.operations[0].unchanged == 1, at)
    }

    private static func visible(_ view: View, _ hidden: Set<RecordID>) -> VisibleRows {
        let bitmaps = view.tables.map { table -> [UInt64]? in
            var words = [UInt64](repeating: 0, count: (table.rowCount + 63) / 64)
            for row in 0..<table.rowCount {
                let id = table.recordID(atRow: row)
                if id != .none, !hidden.contains(id) { words[row / 64] |= 1 << UInt64(row % 64) }
            }
            return words
        }
        return VisibleRows(bitmaps: bitmaps)
    }
}
