// What a newer version's standard does to the schema of an organisation that has changed its own.

import Engine
import TestSupport
import Testing

@Suite struct SchemaUpgradeTests {
    /// A standard as of some version.
    private func standard(isNewer: Bool) -> Schema {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        builder.entity(3, "account", "Account") { e in
            e.text("name", "Name", 100)
            e.text("fax", "Fax", 20)
            e.option("rating", "Rating", isNewer ? [1: "Hot", 2: "Cold", 3: "Frozen"] : [1: "Hot", 2: "Cold"])
            e.states([
                (0, "Active", [1: "Active"]),
                (1, "Inactive", isNewer ? [2: "Inactive", 3: "Dormant"] : [2: "Inactive"]),
            ])
            if isNewer {
                e.text("code", "Code", 20)
                e.boolean("vip", "Important", default: false)
                e.key("code")
            }
            e.primaryName("name")
        }
        builder.entity(4, "note", "Note") { e in
            e.text("subject", "Subject", 100)
            if isNewer {
                e.lookup("objectid", "Regarding", to: "account", "visit")
            } else {
                e.lookup("objectid", "Regarding", to: "account")
            }
            e.primaryName("subject")
        }
        if isNewer {
            builder.entity(5, "visit", "Visit") { e in
                e.text("name", "Name", 100)
                e.lookup("accountid", "Account", to: "account")
                e.lookup("noteid", "Note", to: "note")
                e.states([(0, "Open", [1: "Open"])])
                e.primaryName("name")
            }
        }
        return builder.build()
    }

    private func engine(_ document: SchemaDocument) throws -> Engine {
        let engine = Engine(schema: standard(isNewer: false))
        try change(engine, document)
        return engine
    }

    private func change(_ engine: Engine, _ document: SchemaDocument) throws {
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try SchemaRequest(document).encoded.withUnsafeBytes {
            try engine.changeSchema($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
        }
        let answer = try reply.withUnsafeBytes { try SchemaReply(decoding: $0) }
        #expect(answer.isApplied && answer.problems.isEmpty)
    }

    private func run(_ transaction: Transaction, _ engine: Engine) throws {
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try transaction.encoded().withUnsafeBytes {
            try engine.execute($0, context: CommandContext(timeMicroseconds: 3), entry: &entry, reply: &reply)
        }
    }

    @Test func theStandardAddsWhatWasNeverThere() throws {
        var document = SchemaDocument()
        var account = EntityDeclaration("account")
        var fax = AttributeDeclaration("fax")
        fax.deletion = .unused
        account.attributes = [AttributeDeclaration("own", "money"), fax]
        document.entities = [account]
        let engine = try engine(document)
        let before = try #require(engine.schema.entity(named: "account"))
        let schema = try #require(engine.schema.upgraded(by: standard(isNewer: true)))
        var entry = ByteWriter()
        #expect(engine.install(schema, context: CommandContext(timeMicroseconds: 2), entry: &entry) == nil)
        engine.checkInvariants()
        let after = try #require(schema.entity(named: "account"))
        // Own attributes keep their places, the standard's come behind them.
        #expect(Array(after.attributes.prefix(before.attributes.count)) == before.attributes)
        #expect(after.attributes.dropFirst(before.attributes.count).map(\.name) == ["code", "vip"])
        #expect(after.keys.map(\.name) == ["externalid", "code"])
        // What was deleted stays deleted.
        #expect(after.attributeID("fax") == nil)
        #expect(after.stateModel?.states.map(\.statuses) == [[1], [2, 3]])
        let rating = try #require(after.attributeID("rating").flatMap { after[$0].type.optionSet })
        #expect(schema[rating].options.map(\.label) == ["Hot", "Cold", "Frozen"])
        let visit = try #require(schema.entity(named: "visit"))
        #expect(visit.id == EntityID(5) && visit.stateModel?.states.count == 1)
        let note = try #require(schema.entity(named: "note"))
        #expect(note[try #require(note.attributeID("objectid"))].type == .lookup([EntityID(3), EntityID(5)]))
        // Once more adds nothing.
        #expect(schema.upgraded(by: standard(isNewer: true)) == nil)
        #expect(schema.upgraded(by: standard(isNewer: false)) == nil)
    }

    @Test func whatAnOrganisationDeclaredItselfIsItsOwn() throws {
        var document = SchemaDocument()
        var visit = EntityDeclaration("visit")
        visit.ownership = .organisation
        visit.attributes = [AttributeDeclaration("name", "text"), AttributeDeclaration("noteid", "integer")]
        var account = EntityDeclaration("account")
        account.attributes = [AttributeDeclaration("code", "integer")]
        var note = EntityDeclaration("note")
        note.deletion = .unused
        document.entities = [visit, account, note]
        let engine = try engine(document)
        let schema = try #require(engine.schema.upgraded(by: standard(isNewer: true)))
        let own = try #require(schema.entity(named: "visit"))
        #expect(own.id.rawValue >= UInt16(Limits.clientEntityMin) && own.ownership == .organisation)
        #expect(own[try #require(own.attributeID("noteid"))].type.physicalKind == .int64)
        // Nothing of the standard's comes to it.
        #expect(own == engine.schema.entity(named: "visit"))
        #expect(schema.replacedEntities(of: standard(isNewer: true)) == ["visit"])
        #expect(schema.entity(named: "note") == nil && schema.entity(EntityID(5)) == nil)
        let after = try #require(schema.entity(named: "account"))
        #expect(after.attributes.filter { $0.name == "code" }.count == 1)
        var entry = ByteWriter()
        #expect(engine.install(schema, context: CommandContext(timeMicroseconds: 2), entry: &entry) == nil)
    }

    /// A new standard entity may require what an organisation's own of the same name has not.
    @Test func anOwnEntityKeepsItsShapeAndItsRecords() throws {
        var document = SchemaDocument()
        var quota = EntityDeclaration("quota")
        quota.attributes = [AttributeDeclaration("name", "text")]
        document.entities = [quota]
        let engine = try engine(document)
        var transaction = Transaction(engine.schema)
        _ = try transaction.createRecord("quota", [("name", .text("Mine"))])
        try run(transaction, engine)
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.primaryName("fullname")
        }
        builder.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        builder.entity(3, "account", "Account") { e in
            e.text("name", "Name", 100)
            e.primaryName("name")
        }
        builder.entity(6, "quota", "Quota") { e in
            e.text("title", "Title", 100, required: true)
            e.lookup("accountid", "Account", to: "account", required: true)
            e.states([(0, "Open", [1: "Open"])])
            e.primaryName("title")
        }
        builder.entity(7, "quotaline", "Line of a quota") { e in
            e.text("name", "Name", 100)
            e.lookup("quotaid", "Quota", to: "quota")
            e.lookup("aboutid", "About", to: "quota", "account")
            e.primaryName("name")
        }
        let newer = builder.build()
        let schema = try #require(engine.schema.upgraded(by: newer))
        #expect(schema.entity(named: "quota") == engine.schema.entity(named: "quota"))
        #expect(schema.entity(EntityID(6)) == nil && schema.replacedEntities(of: newer) == ["quota"])
        let line = try #require(schema.entity(named: "quotaline"))
        #expect(line.attributeID("quotaid") == nil)
        #expect(line[try #require(line.attributeID("aboutid"))].type == .lookup([EntityID(3)]))
        var entry = ByteWriter()
        #expect(engine.install(schema, context: CommandContext(timeMicroseconds: 2), entry: &entry) == nil)
        engine.checkInvariants()
        // Its records are as valid as before.
        transaction = Transaction(engine.schema)
        _ = try transaction.createRecord("quota", [("name", .text("Another"))])
        try run(transaction, engine)
        #expect(engine.schema.upgraded(by: newer) == nil)
        // With their own deleted there is room for the standard's.
        quota.deletion = .withData
        document.entities = [quota]
        try change(engine, document)
        let made = try #require(engine.schema.upgraded(by: newer))
        #expect(made.entity(named: "quota")?.id == EntityID(6) && made.replacedEntities(of: newer).isEmpty)
    }

    /// A directory from before there were lists of parties keeps what it had under their names, and gets the others.
    @Test func listsOfPartiesComeBesideWhatWasThere() throws {
        func older(_ entity: Entity) -> Entity {
            var attributes = entity.attributes.filter { $0.type.partyRole == nil && !$0.isDeleted }
            attributes.removeAll { ["sender", "torecipients", "ccrecipients", "bccrecipients"].contains($0.name) }
            func add(_ name: String, _ type: AttributeType) {
                // One that is optional and has no default.
                var attribute = entity[SystemAttribute.externalID]
                (attribute.name, attribute.type) = (name, type)
                attributes.append(attribute)
            }
            switch entity.name {
            case "email": for name in ["sender", "torecipients"] { add(name, .text(lengthMax: 250)) }
            case "appointment":
                add("organizer", .lookup([EntityID(17)]))
                add("requiredattendees", .text(lengthMax: 10_000))
            default: break
            }
            return Entity(
                id: entity.id,
                name: entity.name,
                displayName: entity.displayName,
                ownership: entity.ownership,
                attributes: attributes,
                primaryName: entity.primaryName,
                // Other keys of activities came later, over attributes that are behind the lists.
                keys: attributes.count == entity.attributes.count ? entity.keys : [entity.keys[0]],
                stateModel: entity.stateModel
            )
        }
        let standard = Schema.standard
        let old = Schema(epoch: 1, entities: standard.entities.map(older), optionSets: standard.optionSets)
        let engine = Engine(schema: old)
        let schema = try #require(old.upgraded(by: standard))
        var entry = ByteWriter()
        #expect(engine.install(schema, context: CommandContext(timeMicroseconds: 2), entry: &entry) == nil)
        #expect(schema.derivedFlaw == nil && schema.upgraded(by: standard) == nil)
        let mail = try #require(schema.entity(named: "email"))
        let talk = try #require(schema.entity(named: "appointment"))
        func type(_ entity: Entity, _ name: String) -> AttributeType? {
            entity.attributeID(name).map { entity[$0].type }
        }
        #expect(type(mail, "to") == .partyList(role: 2) && type(mail, "bcc") == .partyList(role: 4))
        #expect(type(mail, "sender") == .text(lengthMax: 250))
        #expect(type(mail, "ccrecipients")?.isDerived == true)
        #expect(type(talk, "organizer") == .lookup([EntityID(17)]))
        #expect(type(talk, "requiredattendees") == .text(lengthMax: 10_000))
        #expect(type(talk, "optionalattendees") == .partyList(role: 6))
        #expect(!mail.attributes.contains(where: \.isDeleted) && !talk.attributes.contains(where: \.isDeleted))
    }

    /// Where an organisation has no parties, or others, there are no lists of them, and everything else comes.
    @Test(arguments: [true, false]) func withoutPartiesThereAreNoLists(isDeleted: Bool) throws {
        let standard = Schema.standard
        let entities = standard.entities.map { entity in
            let isOwn = entity.name == "activityparty" && !isDeleted
            let attributes = entity.attributes.filter {
                $0.type.partyRole == nil && !$0.type.isDerived && !$0.isDeleted && !(isOwn && $0.name == "ordering")
            }
            return Entity(
                id: entity.id,
                name: entity.name,
                displayName: entity.displayName,
                ownership: entity.ownership,
                attributes: attributes,
                primaryName: SystemAttribute.externalID,
                keys: [entity.keys[0]],
                stateModel: entity.stateModel
            )
        }
        let engine = Engine(schema: Schema(epoch: 1, entities: entities, optionSets: standard.optionSets))
        var document = SchemaDocument()
        var parties = EntityDeclaration("activityparty")
        if isDeleted {
            parties.deletion = .unused
        } else {
            // Places by a name that the standard has for numbers.
            parties.attributes = [AttributeDeclaration("ordering", "text")]
        }
        document.entities = [parties]
        var entry = ByteWriter()
        var reply = ByteWriter()
        _ = try SchemaRequest(document).encoded.withUnsafeBytes {
            try engine.changeSchema($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
        }
        #expect((engine.schema.entity(named: "activityparty") == nil) == isDeleted)
        let schema = try #require(engine.schema.upgraded(by: standard))
        #expect(schema.derivedFlaw == nil)
        #expect(!schema.entities.contains { $0.attributes.contains { $0.type.partyRole != nil } })
        #expect(schema.entity(named: "opportunity")?.attributeID("estimatedvalue_base") != nil)
    }

    /// An entry of the kind that versions wrote before clients could change a schema: format, kind, flags, message, time, actor.
    private func entryFromBefore(_ schema: Schema) -> [UInt8] {
        var entry = ByteWriter()
        for byte in [1, 2, 0, 0, 0, 0, 0, 0] as [UInt8] { entry.u8(byte) }
        entry.i64(7)
        entry.u64(0)
        schema.encode(into: &entry)
        return entry.bytes
    }

    @Test func entriesFromBeforeOpen() throws {
        let engine = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
        try entryFromBefore(standard(isNewer: false)).withUnsafeBytes { try engine.replay($0, position: 1) }
        // They only add: a schema that lacks something is none of them.
        #expect(throws: ReplayError.self) {
            try entryFromBefore(TestSchema.schema).withUnsafeBytes { try engine.replay($0, position: 2) }
        }
        try entryFromBefore(standard(isNewer: true)).withUnsafeBytes { try engine.replay($0, position: 2) }
        #expect(engine.schema.sameContent(as: standard(isNewer: true)) && engine.position == 2)
        engine.checkInvariants()
    }
}
