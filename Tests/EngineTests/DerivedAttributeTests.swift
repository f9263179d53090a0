// Calculated attributes apart from queries, which Scripts/calculated.test asks: reads by id, refusals of writes, flawed schemas,
// and that nothing of them is kept.

import Engine
import TestSupport
import Testing

@Suite struct DerivedAttributeTests {
    /// An account with calculated attributes of every kind of value, beside what they are computed from.
    static func schema(_ declare: (inout EntityBuilder) -> Void = { _ in }) -> Schema {
        withoutActuallyEscaping(declare) { declare in
            var builder = SchemaBuilder()
            builder.entity(1, "account", "Account", ownership: .organisation) { e in
                e.text("name", "Name", 100)
                e.integer("employees", "Employees", Int64.min...Int64.max)
                e.money("revenue", "Revenue")
                e.date("founded", "Founded")
                e.lookup("parentaccountid", "Parent", to: "account")
                e.calculated("twice", "Twice", .integer(minimum: .min, maximum: .max), "employees * 2")
                e.calculated("perhead", "A head", .money, "revenue / employees")
                e.calculated("parentname", "Parent's name", .text(lengthMax: 100), "parentaccountid.name")
                e.calculated("isyoung", "Young", .boolean, "founded > '2000-01-01'")
                e.calculated("next", "Next day", .date, "founded + 1")
                e.calculated("grandparent", "Grandparent", .text(lengthMax: 100), "parentaccountid.parentname")
                e.primaryName("name")
                declare(&e)
            }
            builder.entity(2, "systemuser", "User", ownership: .organisation) { e in
                e.text("name", "Name", 100)
                e.primaryName("name")
            }
            return builder.build()
        }
    }

    private func read(_ engine: Engine, _ attributes: [String], _ ids: [RecordID]) throws -> RecordPage {
        let (entity, columns) = try RecordPage.resolve("account", attributes, engine.schema)
        var reply = ByteWriter()
        try RecordPage.request(entity, columns, ids).withUnsafeBytes { try engine.read($0, into: &reply) }
        return try reply.bytes.withUnsafeBytes {
            try RecordPage(entity, columns, count: ids.count, in: engine.schema, decoding: $0)
        }
    }

    /// Accounts with nulls everywhere, some deleted again.
    private func filled(_ schema: Schema, seed: UInt64) throws -> (PropertyEngine, [RecordID]) {
        var random = PropertyRandom(seed: seed)
        let driver = PropertyEngine(Engine(schema: schema))
        var ids: [RecordID] = []
        for index in 0..<60 {
            var transaction = Transaction(schema)
            func some(_ value: Value) -> Value { random.below(4) == 0 ? .null : value }
            let id = try transaction.createRecord(
                "account",
                [
                    ("name", some(.text("Account \(index)"))), ("employees", some(.integer(Int64(random.below(5))))),
                    ("revenue", some(.decimal(Decimal64(units: Int64(random.below(1 << 30)), scale: 4)))),
                    ("founded", some(.date(Int32(random.below(20_000))))),
                    ("parentaccountid", ids.isEmpty ? .null : some(.reference(ids[random.below(ids.count)]))),
                ]
            )
            _ = id
            #expect(driver.execute(transaction.encoded()) == nil)
            let reply = try driver.reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
            ids += reply.operations[0].ids
        }
        for _ in 0..<8 {
            var transaction = Transaction(schema)
            try transaction.delete(ids[random.below(ids.count)])
            _ = driver.execute(transaction.encoded())
        }
        return (driver, ids)
    }

    @Test func readsAndQueriesAgree() throws {
        let schema = Self.schema()
        let attributes = ["grandparent", "name", "twice", "perhead", "parentname", "isyoung", "revenue", "next"]
        for seed in PropertyRandom.seeds(6) {
            let (driver, ids) = try filled(schema, seed: seed)
            let names = attributes.joined(separator: ", ")
            let query = try PreparedQuery("SELECT accountid, \(names) FROM account", schema: schema)
            var expected: [RecordID: [Value]] = [:]
            for row in try query.execute(on: driver.engine.view).rows {
                guard case .reference(let id) = row[0] else { continue }
                expected[id] = Array(row.dropFirst())
            }
            #expect(expected.count > 40 && expected.count < ids.count)
            let none = [Value](repeating: .null, count: attributes.count)
            let page = try read(driver.engine, attributes, ids + ids.reversed())
            #expect(page.rows == (ids + ids.reversed()).map { expected[$0] ?? none }, "seed \(seed)")
            #expect(
                page.versions
                    == (ids + ids.reversed()).map { id in
                        expected[id] == nil ? nil : page.versions[ids.firstIndex(of: id)!]
                    }
            )
            for id in ids {
                #expect(try read(driver.engine, attributes, [id]).rows == [expected[id] ?? none], "seed \(seed)")
            }
            #expect(try read(driver.engine, attributes, []).rows.isEmpty)
        }
    }

    @Test func aReadSeesTheLastTransaction() throws {
        let (driver, ids) = try filled(Self.schema(), seed: 1)
        var transaction = Transaction(driver.engine.schema)
        try transaction.update(ids[59], ["employees": 21])
        let before = driver.engine.view
        #expect(driver.execute(transaction.encoded()) == nil)
        #expect(try read(driver.engine, ["twice"], [ids[59]]).rows == [[42]])
        let query = try PreparedQuery("SELECT twice FROM account WHERE twice = 42", schema: driver.engine.schema)
        #expect(try query.execute(on: before).rows.isEmpty)
        #expect(try query.execute(on: driver.engine.view).rows == [[42]])
    }

    @Test func nothingIsStored() throws {
        let (driver, _) = try filled(Self.schema(), seed: 2)
        let parts = driver.engine.imageParts()
        let derived = driver.engine.schema.entities[0].attributes.indices.filter {
            driver.engine.schema.entities[0].attributes[$0].type.isDerived
        }
        #expect(derived.count == 6)
        #expect(!parts.contains { $0.part.kind == ImagePart.blockKind && derived.contains(Int($0.part.column)) })
        let restored = try Engine.restored(parts)
        #expect(restored.digest == driver.engine.digest)
        #expect(restored.schema.sameContent(as: driver.engine.schema))
        let query = try PreparedQuery(
            "SELECT name, perhead, grandparent FROM account ORDER BY accountid",
            schema: restored.schema
        )
        #expect(try query.execute(on: restored.view).rows == query.execute(on: driver.engine.view).rows)
    }

    @Test func writesAreRefused() throws {
        let (driver, ids) = try filled(Self.schema(), seed: 3)
        var transaction = Transaction(driver.engine.schema)
        #expect { try transaction.create("account", ["twice": 4]) } throws: { ($0 as? Refusal)?.code == .readOnly }
        try transaction.update(ids[59], ["twice": .null])
        #expect(driver.execute(transaction.encoded())?.code == .readOnly)
        // Over the wire, by number, in the general way and in the short one.
        let entity = driver.engine.schema.entities[0]
        let twice = try #require(entity.attributeID("twice")).rawValue
        for kind in [OperationKind.create, .update] {
            var writer = ByteWriter()
            writer.u16(0)
            writer.u16(0)
            writer.u16(1)
            writer.u8(kind.rawValue)
            writer.u8(0)
            writer.u16(1)
            writer.u32(1)
            writer.u16(0)
            writer.u16(1)
            writer.u16(twice)
            if kind == .update { writer.u64(ids[59].rawValue) }
            writer.u8(0)
            writer.i64(5)
            let digest = driver.engine.digest
            #expect(driver.execute(writer.bytes)?.code == .readOnly)
            #expect(driver.engine.digest == digest)
        }
    }

    @Test func aNumberThatDoesNotFitIsRefusedAndTheOtherAttributesAreRead() throws {
        let schema = Self.schema()
        let driver = PropertyEngine(Engine(schema: schema))
        var transaction = Transaction(schema)
        try transaction.create("account", ["name": "Large", "employees": .integer(.max)])
        #expect(driver.execute(transaction.encoded()) == nil)
        let id = try driver.reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids[0]
        #expect { try read(driver.engine, ["name", "twice"], [id]) } throws: {
            ($0 as? Refusal)?.code == .notComputable
        }
        #expect(try read(driver.engine, ["name", "next"], [id]).rows == [["Large", .null]])
    }

    /// Text, and what the refusal says.
    static let flaws: [(text: String, type: AttributeType, message: String)] = [
        ("x +", .money, "cannot be read"),
        ("revenue; employees", .money, "cannot be read"),
        ("employees + :bonus", .money, "has no parameters"),
        ("employees + ?", .money, "has no parameters"),
        ("emploees", .money, "has no attribute \"emploees\""),
        ("name.length", .money, "is no lookup"),
        ("sum(revenue)", .money, "a roll-up"),
        ("name", .money, "gives a text, declared is a decimal number"),
        ("'2024-13-01'", .date, "is no date"),
        ("flawed + 1", .money, "is computed from itself"),
        ("parentaccountid.flawed", .money, "is computed from itself"),
        ("founded", .integer(minimum: 0, maximum: 1), "gives a date"),
    ]

    /// The schema's bytes with the expression of `next` exchanged; a schema that Swift builds would trap.
    private func bytes(_ text: String, _ type: AttributeType) -> [UInt8] {
        let sound = Self.schema()
        var entity = sound.entities[0]
        let attributes = entity.attributes.map { attribute in
            var attribute = attribute
            if attribute.name == "next" {
                attribute.name = "flawed"
                attribute.type = .calculated(expression: text, result: type)
            }
            return attribute
        }
        entity = entity.with(attributes: attributes)
        var writer = ByteWriter()
        Schema(epoch: 1, entities: [entity, sound.entities[1]], optionSets: []).encode(into: &writer)
        return writer.bytes
    }

    @Test(arguments: flaws)
    func flawedExpressionsAreRefusedWithTheSchema(_ flaw: (text: String, type: AttributeType, message: String)) {
        #expect {
            try bytes(flaw.text, flaw.type).withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try Schema(from: &reader)
            }
        } throws: { error in
            let reason = (error as? DecodeError)?.reason ?? ""
            return reason.contains("account.flawed") && reason.contains(flaw.message)
        }
    }

    @Test func derivedTypesDoNotNest() throws {
        let nested = AttributeType.calculated(expression: "1", result: .calculated(expression: "1", result: .money))
        #expect(throws: DecodeError.self) {
            try bytes("1", nested).withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try Schema(from: &reader)
            }
        }
    }

    /// Each attribute uses the one before it many times: what a query would evaluate grows without end, and is bounded.
    @Test func expressionsThatGrowAreRefused() throws {
        var texts = ["employees + 1"]
        for index in 1..<12 { texts.append([String](repeating: "x\(index - 1)", count: 8).joined(separator: " + ")) }
        let sound = Self.schema { e in e.calculated("x0", "0", .integer(minimum: .min, maximum: .max), "employees + 1")
        }
        var entity = sound.entities[0]
        let type = AttributeType.integer(minimum: .min, maximum: .max)
        let more = texts.enumerated().dropFirst().map { index, text in
            var attribute = entity.attributes[entity.attributes.count - 1]
            attribute.name = "x\(index)"
            attribute.type = .calculated(expression: text, result: type)
            return attribute
        }
        entity = entity.with(attributes: entity.attributes + more)
        let flaw = try #require(Schema(epoch: 1, entities: [entity, sound.entities[1]], optionSets: []).derivedFlaw)
        #expect(flaw.message.contains("too large"))
    }

    @Test func aStoredAttributeCannotBecomeCalculated() throws {
        let stored = Self.schema { e in e.money("later", "Later") }
        let calculated = Self.schema { e in e.calculated("later", "Later", .money, "revenue * 2") }
        let other = Self.schema { e in e.calculated("later", "Later", .money, "revenue * 3") }
        #expect(calculated.obstacle(to: stored) == "account.later has changed")
        #expect(stored.obstacle(to: calculated) == "account.later has changed")
        #expect(other.obstacle(to: calculated) == nil)
    }
}
