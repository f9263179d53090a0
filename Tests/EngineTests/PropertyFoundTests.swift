// What random runs and hostile bytes have found, each as a case of its own.

import Engine
import TestSupport
import Testing

@Suite struct PropertyFoundTests {
    private func refusal(
        _ harness: EngineHarness,
        _ build: (inout Transaction) throws -> Void
    )
        -> Refusal?
    {
        do {
            try harness.run(build)
            return nil
        } catch {
            return error as? Refusal
        }
    }

    /// A transaction may delete what it made, and then refer to it.
    @Test func referenceToARecordDeletedMeanwhileIsRefused() throws {
        let h = EngineHarness()
        let account = try h.run { try $0.create("account", ["name": "A"]) }.operations[0].ids[0]
        let before = h.engine.digest
        let refused = refusal(h) {
            let contact = try $0.create(
                "contact",
                ["name": "goes with A", "customerid": .reference(account)]
            )
            try $0.delete(account)
            try $0.create("contact", ["name": "too late", "customerid": .reference(contact)])
        }
        #expect(refused?.code == .referenceNotFound && refused?.operation == 2)
        #expect(h.engine.digest == before)
        h.engine.checkInvariants()
    }

    /// Clearing `modifiedby` is an update of the attribute that every update writes.
    @Test func revertBringsModifiedByBack() throws {
        let h = EngineHarness()
        let users = try h.run {
            try $0.create("systemuser", ["fullname": "Ann"])
            try $0.create("systemuser", ["fullname": "Bob"])
        }.operations.map { $0.ids[0] }
        let team = try h.run({ try $0.create("team", ["name": "T"]) }, actor: users[0]).operations[0]
            .ids[0]
        try h.run({ try $0.update(team, ["name": "U"]) }, actor: users[1])
        let before = h.engine.digest
        #expect(throws: Refusal.self) {
            try h.run {
                try $0.delete(users[1])
                try $0.create("account", ["employees": 1])
            }
        }
        #expect(h.value(team, "modifiedby") == .reference(users[1]))
        #expect(h.engine.digest == before)
        try h.run { try $0.delete(users[1]) }
        #expect(
            h.value(team, "modifiedby") == .null && h.value(team, "createdby") == .reference(users[0])
        )
        #expect(try h.replayed().digest == h.engine.digest)
    }

    /// `modifiedby` of whatever the delete touches would lead to the user who is gone.
    @Test func actingUserStays() throws {
        let h = EngineHarness()
        let user = try h.run { try $0.create("systemuser", ["fullname": "Ann"]) }.operations[0].ids[0]
        try h.run({ try $0.create("team", ["name": "T"]) }, actor: user)
        #expect(throws: Refusal.self) { try h.run({ try $0.delete(user) }, actor: user) }
        try h.run { try $0.delete(user) }
    }

    @Test func refusalThatQuotesALongValueCanBeRead() throws {
        let h = EngineHarness()
        var batch = try RecordBatch(
            TestSchema.schema,
            .create,
            "account",
            attributes: ["name", "parentaccountid"],
            references: ["parentaccountid": (entity: "account", key: "accountnumber")]
        )
        Array("é".utf8).withUnsafeBytes { batch.appendText(column: 0, $0) }
        Array(String(repeating: "é", count: 10_000).utf8).withUnsafeBytes {
            batch.appendText(column: 1, $0)
        }
        batch.endRow()
        var transaction = Transaction(TestSchema.schema)
        transaction.isIndependent = true
        transaction.append(batch)
        let reply = try h.run(transaction).operations[0]
        #expect(reply.refusals[0].code == .referenceNotFound)
        #expect(
            reply.refusals[0].message.utf8.count <= 4096 && reply.refusals[0].message.utf8.count > 4000
        )
    }

    /// Restores the image of an engine with accounts of which one column's block is another.
    private func restore(_ attribute: String, _ layout: ColumnLayout, _ numbers: [Int64]) throws -> Engine {
        let h = EngineHarness()
        for _ in numbers { try h.run { try $0.create("account", ["name": "A", "tier": "Only"]) } }
        let entity = try #require(TestSchema.schema.entity(named: "account"))
        let column = UInt32(try #require(entity.attributeID(attribute)).rawValue)
        var parts = h.engine.imageParts()
        let index = try #require(
            parts.firstIndex {
                $0.part.kind == ImagePart.blockKind && $0.part.entity == entity.id.rawValue && $0.part.column == column
            }
        )
        let block = Block(layout: layout, capacity: numbers.count)
        for (row, number) in numbers.enumerated() { block.setNumber(row, number) }
        var writer = ByteWriter()
        block.encode(into: &writer)
        parts[index].bytes = writer.bytes
        return try Engine.restored(parts)
    }

    /// A set of one option has one place, and not two as yes and no have.
    @Test func codesOfASnapshotAreThoseOfTheOptions() throws {
        _ = try restore("tier", .code8, [0, 0])
        #expect(throws: DecodeError.self) { try restore("tier", .code8, [0, 1]) }
        _ = try restore("onhold", .code8, [0, 1])
        #expect(throws: DecodeError.self) { try restore("onhold", .code8, [0, 2]) }
    }

    /// Nobody's id, in a row that lives: its values would stay in indexes and the row would be given out again.
    @Test func idsOfASnapshotAreSomebodys() throws {
        let ids = (1...2).map { Int64(bitPattern: RecordID(entity: EntityID(3), sequence: $0).rawValue) }
        _ = try restore("accountid", .id, ids)
        #expect(throws: DecodeError.self) { try restore("accountid", .id, [ids[0], 0]) }
    }

    @Test func optionSetsHaveOptions() throws {
        let schema = TestSchema.schema
        func decoded(_ sets: [OptionSet]) throws -> Schema {
            var writer = ByteWriter()
            Schema(epoch: 1, entities: schema.entities, optionSets: sets).encode(into: &writer)
            return try writer.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try Schema(from: &reader)
            }
        }
        #expect(try decoded(schema.optionSets).optionSets.count == schema.optionSets.count)
        var empty = schema.optionSets[0]
        empty.options = []
        #expect(throws: DecodeError.self) { try decoded(schema.optionSets + [empty]) }
    }

    /// A schema with long texts.
    private static let memoSchema: Schema = {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Full name", 200)
            e.memo("notes", "Notes")
            e.primaryName("fullname")
        }
        return builder.build()
    }()

    /// 400 records of 100,000 bytes: 40 MB, more than a reply or a log entry holds.
    private func largeHarness() throws -> (EngineHarness, [RecordID]) {
        let h = EngineHarness(Self.memoSchema)
        var ids: [RecordID] = []
        let notes = String(repeating: "n", count: 100_000)
        for _ in 0..<4 {
            var batch = try RecordBatch(Self.memoSchema, .create, "systemuser", attributes: ["notes"])
            for _ in 0..<100 { try batch.append([.text(notes)]) }
            var transaction = Transaction(Self.memoSchema)
            transaction.append(batch)
            ids += try h.run(transaction).operations[0].ids
        }
        return (h, ids)
    }

    @Test func manyTextsOfAChunkArePutTogetherAgain() throws {
        let (h, _) = try largeHarness()
        let column = UInt32(try #require(Self.memoSchema.entities[0].attributeID("notes")).rawValue)
        var random = PropertyRandom(seed: 1)
        let parts = h.engine.imageParts().shuffled(using: &random)
        let pieces = parts.indices.filter { parts[$0].part.column == column }
        #expect(pieces.count == 5 && Set(pieces.map { parts[$0].part.piece }) == Set(0..<5))
        #expect(pieces.allSatisfy { parts[$0].bytes.count < 9 << 20 && parts[$0].part.chunk == 0 })
        let restored = try Engine.restored(parts)
        #expect(restored.digest == h.engine.digest)
        restored.checkInvariants()
        for (step, piece) in pieces.enumerated() {
            let number = parts[piece].part.piece
            var damaged = parts
            // One is missing, or one stands twice under another's number.
            if step % 2 == 0, number < 4 {
                damaged.remove(at: piece)
            } else {
                damaged[piece].bytes = parts[pieces[step == 0 ? 1 : 0]].bytes
            }
            #expect(throws: DecodeError.self) { try Engine.restored(damaged) }
        }
    }

    @Test func readOfMoreThanAReplyHoldsIsRefused() throws {
        let (h, ids) = try largeHarness()
        let (entity, attributes) = try RecordPage.resolve("systemuser", ["notes"], Self.memoSchema)
        func read(_ ids: [RecordID]) throws -> Int {
            var reply = ByteWriter()
            try RecordPage.request(entity, attributes, ids).withUnsafeBytes {
                try h.engine.read($0, into: &reply)
            }
            return reply.count
        }
        #expect(try read(Array(ids.prefix(100))) > 10_000_000)
        // One record again and again: 6.5 GB from a request of half a megabyte.
        do {
            _ = try read(Array(repeating: ids[0], count: 65_536))
            Issue.record("6.5 GB were read")
        } catch let refusal as Refusal {
            #expect(refusal.code == .limitExceeded)
        }
    }

    @Test func changeOfMoreThanAnEntryHoldsIsRefused() throws {
        let (h, ids) = try largeHarness()
        let before = h.engine.digest
        let update = refusal(h) { transaction in
            var batch = try RecordBatch(Self.memoSchema, .update, "systemuser", attributes: ["notes"])
            for id in ids { try batch.append([.null], id: id) }
            transaction.append(batch)
        }
        #expect(update?.code == .limitExceeded)
        let delete = refusal(h) { transaction in
            var batch = try RecordBatch(Self.memoSchema, .delete, "systemuser", attributes: [])
            for id in ids { try batch.append([], id: id) }
            transaction.append(batch)
        }
        #expect(delete?.code == .limitExceeded)
        #expect(h.engine.digest == before)
        h.engine.checkInvariants()
    }
}
