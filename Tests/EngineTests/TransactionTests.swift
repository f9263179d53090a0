import Engine
import TestSupport
import Testing

/// An engine with its log, driven by typed transactions.
final class EngineHarness {
    let engine: Engine
    var log: [[UInt8]] = []
    var time: Int64 = 1_000_000

    init(_ schema: Schema = TestSchema.schema) { engine = Engine(schema: schema) }

    @discardableResult
    func run(
        _ build: (inout Transaction) throws -> Void,
        key: RequestKey? = nil,
        actor: RecordID = .none
    ) throws
        -> TransactionReply
    {
        var transaction = Transaction(engine.schema)
        try build(&transaction)
        return try run(transaction, key: key, actor: actor)
    }

    func run(_ transaction: Transaction, key: RequestKey? = nil, actor: RecordID = .none) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        time += 1
        let outcome = try transaction.encoded(key: key).withUnsafeBytes { bytes in
            try engine.execute(
                bytes,
                context: CommandContext(actor: actor, timeMicroseconds: time),
                entry: &entry,
                reply: &reply
            )
        }
        if case .changed = outcome { log.append(entry.bytes) } else { #expect(entry.count == 0) }
        return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    /// A second engine that replays the log.
    func replayed() throws -> Engine {
        let copy = Engine(schema: engine.schema)
        for (index, entry) in log.enumerated() {
            try entry.withUnsafeBytes { try copy.replay($0, position: UInt64(index + 1)) }
        }
        return copy
    }

    func value(_ id: RecordID, _ attribute: String) -> Value {
        let place = engine.schema.place(of: id.entity)!
        let row = engine.tables[place].row(of: id)
        guard row != Table.noRow else { return .null }
        return engine.tables[place].value(Int(engine.schema.entities[place].attributeID(attribute)!.rawValue), Int(row))
    }
}

@Suite struct TransactionTests {
    @Test func createReadUpdateDelete() throws {
        let h = EngineHarness()
        let reply = try h.run { try $0.create("account", ["name": "Contoso", "revenue": 12, "rating": "hot"]) }
        #expect(reply.position == 1)
        let id = reply.operations[0].ids[0]
        #expect(h.value(id, "name") == "Contoso")
        #expect(h.value(id, "revenue") == .decimal(Decimal64(units: 120_000, scale: 4)))
        #expect(h.value(id, "rating") == .option(1))
        #expect(h.value(id, "statecode") == .option(0))
        #expect(h.value(id, "onhold") == .boolean(false))
        #expect(h.value(id, "versionnumber") == .integer(1))
        let second = try h.run { try $0.update(id, ["name": "Contoso Ltd", "statecode": "Inactive"]) }
        #expect(second.operations[0].updated == 1)
        #expect(h.value(id, "statuscode") == .option(2))
        #expect(h.value(id, "versionnumber") == .integer(2))
        let third = try h.run { try $0.update(id, ["name": "Contoso Ltd"]) }
        #expect(third.operations[0].unchanged == 1 && third.position == 2)
        try h.run { try $0.delete(id) }
        #expect(h.value(id, "name") == .null)
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func allOrNothing() throws {
        let h = EngineHarness()
        let a = try h.run { try $0.create("account", ["name": "A", "accountnumber": "1"]) }.operations[0].ids[0]
        let before = h.engine.digest
        #expect(throws: Refusal.self) {
            try h.run {
                let b = try $0.create("account", ["name": "B", "parentaccountid": .reference(a)])
                try $0.create("contact", ["name": "C", "customerid": .reference(b)])
                try $0.update(a, ["name": "changed", "employees": 5])
                try $0.delete(a)
                try $0.create("account", ["name": "a name that is much too long for this attribute"])
            }
        }
        #expect(h.engine.digest == before)
        h.engine.checkInvariants()
        let next = try h.run { try $0.create("account", ["name": "D"]) }.operations[0].ids[0]
        #expect(next.sequence == 2)
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func refusalsNameEverything() throws {
        let h = EngineHarness()
        let a = try h.run { try $0.create("account", ["name": "A", "accountnumber": "No-1"]) }.operations[0].ids[0]
        func refusal(_ build: (inout Transaction) throws -> Void) -> Refusal? {
            do {
                try h.run(build)
                return nil
            } catch { return error as? Refusal }
        }
        #expect(refusal { try $0.create("account", ["employees": 1]) }?.code == .required)
        #expect(refusal { try $0.create("account", ["name": "B", "accountnumber": "nó-1"]) }?.code == .duplicateKey)
        #expect(refusal { try $0.create("account", ["name": "B", "employees": -1]) }?.code == .outOfRange)
        #expect(refusal { try $0.create("account", ["name": "B", "rating": .option(7)]) }?.code == .unknownOption)
        #expect(
            refusal {
                try $0.create("contact", ["customerid": .reference(RecordID(entity: EntityID(5), sequence: 1))])
            }?.code == .wrongReferenceEntity
        )
        #expect(
            refusal {
                try $0.create("contact", ["customerid": .reference(RecordID(entity: EntityID(3), sequence: 9))])
            }?.code == .referenceNotFound
        )
        #expect(refusal { try $0.update(a, ["name": "B"], expecting: 7) }?.code == .staleVersion)
        #expect(
            refusal { try $0.update(a, ["statecode": .option(1), "statuscode": .option(3)]) }?.code == .statusNotInState
        )
        #expect(refusal { try $0.delete(a, expecting: 7) }?.code == .staleVersion)
        #expect(refusal { try $0.create("account", ["name": "a\u{0}b"]) }?.code == .invalidText)
        #expect(
            refusal { transaction in
                var batch = try RecordBatch(h.engine.schema, .create, "account", attributes: ["name"])
                [UInt8]([0x61, 0xC3]).withUnsafeBytes { batch.appendText(column: 0, $0) }
                batch.endRow()
                transaction.append(batch)
            }?.code == .invalidText
        )
        #expect(
            refusal { transaction in
                var batch = try RecordBatch(h.engine.schema, .update, "account", attributes: ["name"])
                for name in ["B", "C"] { try batch.append([.text(name)], id: a) }
                transaction.append(batch)
            }?.code == .duplicateRecord
        )
        #expect(
            refusal { transaction in
                let attributes = ["name", "accountnumber"]
                var batch = try RecordBatch(h.engine.schema, .create, "account", attributes: attributes)
                for number in ["É-2", "e-2"] { try batch.append(["B", .text(number)]) }
                transaction.append(batch)
            }?.code == .duplicateKey
        )
        #expect(refusal { try $0.update(a, ["name": .null]) }?.code == .required)
        #expect(h.value(a, "name") == "A" && h.engine.position == 1, "what was refused has changed something")
        try h.run { try $0.create("order", ["name": "O", "accountid": .reference(a)]) }
        let restricted = refusal { try $0.delete(a) }
        #expect(
            restricted?.code == .restricted && restricted?.entity == "order" && restricted?.attribute == "accountid"
        )
    }

    @Test func cascadesAndCyclesEnd() throws {
        let h = EngineHarness()
        let a = try h.run { try $0.create("account", ["name": "A"]) }.operations[0].ids[0]
        let c1 = try h.run { try $0.create("contact", ["name": "1", "customerid": .reference(a)]) }.operations[0].ids[0]
        let c2 = try h.run { try $0.create("contact", ["name": "2", "customerid": .reference(c1)]) }.operations[0].ids[
            0
        ]
        try h.run { try $0.update(c1, ["customerid": .reference(c2)]) }
        let before = h.engine.digest
        // The cycle c1 → c2 → c1 goes as a whole; reverting it brings it back.
        #expect(throws: Refusal.self) {
            try h.run {
                try $0.delete(c1)
                try $0.delete(c2)
            }
        }
        #expect(h.engine.digest == before)
        h.engine.checkInvariants()
        try h.run { try $0.delete(c2) }
        #expect(h.value(c1, "name") == .null)
        h.engine.checkInvariants()
        #expect(try h.replayed().digest == h.engine.digest)
    }

    @Test func requestKeysTakeEffectOnce() throws {
        let h = EngineHarness()
        let key = RequestKey(client: 7, request: 1)
        let first = try h.run({ try $0.create("account", ["name": "A"]) }, key: key)
        let again = try h.run({ try $0.create("account", ["name": "A"]) }, key: key)
        #expect(first == again)
        #expect(h.engine.position == 1)
    }

    @Test func upsertsFindRowsOfTheSameBatch() throws {
        let h = EngineHarness()
        var batch = try RecordBatch(
            h.engine.schema,
            .upsert,
            "account",
            attributes: ["accountnumber", "name"],
            key: "accountnumber"
        )
        for (number, name) in [("1", "one"), ("2", "two"), ("1", "uno"), ("", "nothing")] {
            try batch.append([number.isEmpty ? .null : .text(number), .text(name)])
        }
        var transaction = Transaction(h.engine.schema)
        transaction.isIndependent = true
        transaction.append(batch)
        let reply = try h.run(transaction).operations[0]
        #expect(reply.created == 2 && reply.updated == 1 && reply.rejected == 1)
        #expect(reply.refusals[0].row == 3 && reply.refusals[0].code == .required)
        #expect(h.value(reply.ids[0], "name") == "uno")
        #expect(try h.run(transaction).operations[0].unchanged == 1)
        #expect(try h.replayed().digest == h.engine.digest)
    }
}
