import Engine
import TestSupport
import Testing

/// Party lists: one value of the activity, kept by the records of its parties.
@Suite struct PartyListTests {
    /// A list as it is read by id.
    static func read(_ engine: Engine, _ record: RecordID, _ attribute: String) throws -> String? {
        let name = try #require(engine.schema.entity(record.entity)).name
        let (entity, columns) = try RecordPage.resolve(name, [attribute], engine.schema)
        var reply = ByteWriter()
        try RecordPage.request(entity, columns, [record]).withUnsafeBytes { try engine.read($0, into: &reply) }
        let page = try reply.bytes.withUnsafeBytes {
            try RecordPage(entity, columns, count: 1, in: engine.schema, decoding: $0)
        }
        return if case .text(let text)? = page.rows[0].first { text } else { nil }
    }

    private static func count(_ engine: Engine) throws -> Value {
        let result = try PreparedQuery("SELECT COUNT(*) FROM activityparty", schema: engine.schema).execute(
            on: engine.view
        )
        return result.columns[0][0]
    }

    @Test func aListIsWrittenWithItsActivity() throws {
        let h = EngineHarness(.standard)
        let reply = try h.run { transaction in
            let ann = try transaction.create("contact", ["fullname": "Ann"])
            let list = "\(transaction.schema.text(of: ann)) <ann@example.com>; who@example.com;"
            try transaction.create("email", ["subject": "Offer", "to": .text(list), "from": "me@example.com"])
        }
        let (ann, mail) = (reply.operations[0].ids[0], reply.operations[1].ids[0])
        let code = h.engine.schema.text(of: ann)
        #expect(try Self.read(h.engine, mail, "to") == "\(code) <ann@example.com>; who@example.com")
        #expect(try Self.read(h.engine, mail, "torecipients") == "ann@example.com; who@example.com")
        #expect(try Self.read(h.engine, mail, "sender") == "me@example.com")
        #expect(try Self.read(h.engine, mail, "cc") == nil)
        // What was read can be written, and changes nothing.
        let same = try h.run { try $0.update(mail, ["to": .text("\(code) <ann@example.com>; who@example.com")]) }
        #expect(same.operations[0].unchanged == 1 && same.position == 1)
        // A list that changes is a change of its activity.
        let other = try h.run { try $0.update(mail, ["to": .text("who@example.com; \(code)")], expecting: 1) }
        #expect(other.operations[0].updated == 1)
        #expect(h.value(mail, "versionnumber") == .integer(2))
        #expect(try Self.read(h.engine, mail, "to") == "who@example.com; \(code)")
        #expect(throws: Refusal.self) { try h.run { try $0.update(mail, ["to": .null], expecting: 1) } }
        // Parties that are written by themselves are in the list at once.
        try h.run {
            try $0.create(
                "activityparty",
                ["activityid": .reference(mail), "participationtypemask": "Cc", "addressused": "cc@example.com"]
            )
        }
        #expect(try Self.read(h.engine, mail, "cc") == "cc@example.com")
        try h.run { try $0.delete(ann) }
        #expect(try Self.read(h.engine, mail, "to") == "who@example.com; <>")
        try h.run { try $0.update(mail, ["to": .null, "cc": ""]) }
        #expect(try Self.count(h.engine) == 1)
        try h.run { try $0.delete(mail) }
        #expect(try Self.count(h.engine) == 0)
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func aRetryTakesEffectOnce() throws {
        let h = EngineHarness(.standard)
        let key = RequestKey(client: 1, request: 1)
        let first = try h.run({ try $0.create("email", ["to": "a; b"]) }, key: key)
        let again = try h.run({ try $0.create("email", ["to": "a; b"]) }, key: key)
        #expect(first.operations[0].ids == again.operations[0].ids && h.log.count == 1)
        #expect(try Self.count(h.engine) == 2)
    }

    @Test func listsGoWithTheSchemaBytes() throws {
        var writer = ByteWriter()
        Schema.standard.encode(into: &writer)
        let decoded = try writer.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try Schema(from: &reader)
        }
        #expect(decoded.sameContent(as: .standard))
        #expect(decoded.parties == Schema.standard.parties && decoded.parties != nil)
    }

    @Test func whoStaysIsTheSameRecord() throws {
        let h = EngineHarness(.standard)
        let reply = try h.run { transaction in
            for name in ["Ann", "Bob"] { try transaction.create("contact", ["fullname": .text(name)]) }
            try transaction.create(
                "appointment",
                ["subject": "Talk", "requiredattendees": "a@example.com; b@example.com"]
            )
        }
        let talk = reply.operations[2].ids[0]
        let (ann, bob) = (
            h.engine.schema.text(of: reply.operations[0].ids[0]), h.engine.schema.text(of: reply.operations[1].ids[0])
        )
        func parties() throws -> [[Value]] {
            let query = try PreparedQuery(
                "SELECT activitypartyid, addressused, ordering FROM activityparty ORDER BY ordering",
                schema: h.engine.schema
            )
            let result = try query.execute(on: h.engine.view)
            return (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
        }
        func set(_ list: String) throws { try h.run { try $0.update(talk, ["requiredattendees": .text(list)]) } }
        let before = try parties()
        // One more at the end touches nobody else.
        try set("a@example.com; b@example.com; \(ann)")
        #expect(try parties().prefix(2) == before[...])
        #expect(try parties()[2][2] == .integer(2))
        let ids = try parties().map { $0[0] }
        // Another order numbers them anew; a record keeps its party when its address changes.
        try set("\(ann) <ann@example.com>; b@example.com; a@example.com")
        #expect(try parties().map { $0[0] } == [ids[2], ids[1], ids[0]])
        #expect(try parties().map { $0[2] } == [.integer(0), .integer(1), .integer(2)])
        #expect(try parties()[0][1] == "ann@example.com")
        // Who goes leaves a gap, which harms nobody.
        try set("\(ann) <ann@example.com>; a@example.com")
        #expect(try parties().map { $0[2] } == [.integer(0), .integer(2)])
        try set("\(bob)")
        #expect(try parties().count == 1)
        #expect(try parties().map { $0[0] } != [ids[2]])
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func whatIsWrongIsRefusedWithItsPlace() throws {
        let h = EngineHarness(.standard)
        let reply = try h.run { transaction in
            try transaction.create("contact", ["fullname": "Ann"])
            try transaction.create("email", ["subject": "Offer", "to": "kept@example.com"])
            try transaction.create("opportunity", ["name": "Deal"])
        }
        let ids = reply.operations.map { $0.ids[0] }
        let (ann, deal) = (h.engine.schema.text(of: ids[0]), h.engine.schema.text(of: ids[2]))
        let gone = h.engine.schema.text(of: RecordID(entity: ids[0].entity, sequence: 999))
        let long = String(repeating: "x", count: 321)
        let cases: [(list: String, code: Refusal.Code, message: String)] = [
            ("a; ; b", .partyListRefused, "Party 2: It is empty."),
            ("; a", .partyListRefused, "Party 1: It is empty."),
            ("\"a", .partyListRefused, "Party 1: The closing quotation mark is missing."),
            ("x; \"a\" b", .partyListRefused, "Party 2: Between two parties stands ';'."),
            ("<a", .partyListRefused, "Party 1: '>' is missing."),
            ("\(ann) <", .partyListRefused, "Party 1: '>' is missing."),
            ("\(ann) <>", .partyListRefused, "Party 1: Between '<' and '>' behind a record stands its address."),
            (
                "\(ann) Ann", .partyListRefused,
                "Party 1: Behind a record stands nothing but its address between '<' and '>'; "
                    + "an address that looks like a record stands in double quotes."
            ),
            (
                "a; contac/11", .partyListRefused,
                "Party 2: There is no entity 'contac'; did you mean 'contact'? An address that looks like a record stands in "
                    + "double quotes."
            ),
            (
                "contact/12", .partyListRefused,
                "Party 1: The code of contact/12 is mistyped, for its last character checks the others."
            ),
            ("a;\(gone)", .referenceNotFound, "Party 2: There is no \(gone)."),
            (
                "\(deal)", .wrongReferenceEntity,
                "Party 1: \(deal) cannot take part; a party is one of account, contact, lead, systemuser."
            ),
            (long, .tooLong, "Party 1: Its address has 321 characters; at most 320 fit."),
            (
                Array(repeating: "a", count: 1001).joined(separator: ";"), .tooLong,
                "Party 1001: A list has at most 1000 parties."
            ),
            ("a\u{0}", .invalidText, "The text is not UTF-8 or contains U+0000."),
        ]
        let before = h.engine.digest
        for wrong in cases {
            let refusal = #expect(throws: Refusal.self) {
                try h.run {
                    try $0.update(ids[1], ["subject": "Other"])
                    try $0.update(ids[1], ["to": .text(wrong.list)])
                }
            }
            #expect(refusal?.code == wrong.code, "\(wrong.list)")
            #expect(refusal?.message == wrong.message)
            #expect(refusal?.entity == "email" && refusal?.attribute == "to" && refusal?.operation == 1)
        }
        #expect(h.engine.digest == before)
        // Where rows are independent, the others are written.
        var batch = try RecordBatch(h.engine.schema, .create, "email", attributes: ["subject", "to"])
        for list in ["a", "contact/12", "b;c"] { try batch.append([.text(list), .text(list)]) }
        var transaction = Transaction(h.engine.schema)
        transaction.isIndependent = true
        transaction.append(batch)
        let outcome = try h.run(transaction).operations[0]
        #expect(outcome.outcomes == [.created, .rejected, .created])
        #expect(outcome.refusals.map(\.row) == [1])
        #expect(try Self.read(h.engine, outcome.ids[2], "to") == "b; c")
        #expect(try Self.count(h.engine) == 4)
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func whatOnlyThePartyRefusesRefusesTheTransaction() throws {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "visit", "Visit", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.partyList("guests", "Guests", role: 1)
            e.lookup("badgeid", "Badge", to: "activityparty", onDelete: .cascade)
            e.primaryName("name")
        }
        builder.entity(3, "activityparty", "Party", ownership: .organisation) { e in
            e.lookup("activityid", "Activity", to: "visit", onDelete: .cascade)
            e.option("participationtypemask", "Role", [1: "Guest", 2: "Host"])
            e.lookup("partyid", "Party", to: "systemuser")
            e.text("addressused", "Address", 20)
            e.integer("ordering", "Place", 0...10)
            e.key("activityid", "addressused")
            e.primaryName("addressused")
        }
        builder.entity(4, "badge", "Badge", ownership: .organisation) { e in
            e.lookup("holderid", "Holder", to: "activityparty", onDelete: .restrict)
            e.primaryName("externalid")
        }
        let h = EngineHarness(builder.build())
        let visit = try h.run { try $0.create("visit", ["name": "V", "guests": "a; b"]) }.operations[0].ids[0]
        let first = RecordID(entity: EntityID(3), sequence: 1)
        func refusal(_ list: String) throws -> Refusal? {
            let before = h.engine.digest
            defer { #expect(h.engine.digest == before) }
            return #expect(throws: Refusal.self) { try h.run { try $0.update(visit, ["guests": .text(list)]) } }
        }
        #expect(try refusal("a; b; B")?.code == .duplicateKey)
        #expect(try refusal((0...11).map { "\($0)" }.joined(separator: ";"))?.code == .outOfRange)
        let badge = try h.run { try $0.create("badge", ["holderid": .reference(first)]) }.operations[0].ids[0]
        #expect(try refusal("b")?.code == .restricted)
        try h.run { try $0.delete(badge) }
        // The delete of a party would take the visit along, whose list it is.
        try h.run { try $0.update(visit, ["badgeid": .reference(first)]) }
        #expect(try refusal("b; c")?.code == .referenceNotFound)
        try h.run { try $0.update(visit, ["badgeid": .null]) }
        try h.run { try $0.update(visit, ["guests": "b; c"]) }
        #expect(try Self.read(h.engine, visit, "guests") == "b; c")
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func contradictionsAreSaid() throws {
        func flaw(_ change: (inout [Attribute], inout [Attribute]) -> Void) throws -> String? {
            let standard = Schema.standard
            let entities = standard.entities.map { entity in
                var (own, parties) = (entity.attributes, entity.attributes)
                change(&own, &parties)
                let attributes = entity.name == "email" ? own : entity.name == "activityparty" ? parties : nil
                return attributes.map { entity.with(attributes: $0) } ?? entity
            }
            return Schema(epoch: 1, entities: entities, optionSets: standard.optionSets).derivedFlaw?.message
        }
        func place(_ name: String, _ attributes: [Attribute]) -> Int { attributes.firstIndex { $0.name == name } ?? 0 }
        #expect(try flaw { _, _ in } == nil)
        #expect(
            try flaw { email, _ in email[place("cc", email)].type = .partyList(role: 77) }
                == "email.cc lists parties in role 77, which is no option of activityparty.participationtypemask"
        )
        #expect(
            try flaw { email, _ in email[place("cc", email)].type = .partyList(role: 2) }
                == "email.cc lists the same parties as to"
        )
        #expect(
            try flaw { _, parties in
                guard case .lookup(let targets) = parties[place("activityid", parties)].type else { return }
                parties[place("activityid", parties)].type = .lookup(targets.filter { $0.rawValue != 130 })
            } == "email.from lists parties, but activityparty.activityid cannot refer to email"
        )
        #expect(
            try flaw { _, parties in parties[place("ordering", parties)].name = "rank" }
                == "campaignresponse.customer lists parties, and there is no entity activityparty with the attributes of the standard's"
        )
    }
}
