import Engine
import TestSupport

/// What the engine decodes: transactions, entries, schemas, parts of snapshots.
enum FuzzEngine {
    /// An engine with a record of each kind, by transactions that are always the same.
    static func seeded() -> Engine {
        let engine = Engine(schema: TestSchema.schema)
        _ = try? transaction { transaction in
            let account = try transaction.create(
                "account",
                ["name": "Adam", "accountnumber": "1", "revenue": .integer(5), "rating": .integer(1)]
            )
            let contact = try transaction.create("contact", ["name": "Berta", "customerid": .reference(account)])
            try transaction.create("contact", ["name": "Carla", "customerid": .reference(contact), "notes": "n"])
            try transaction.create("order", ["name": "Order", "accountid": .reference(account)])
        }.withUnsafeBytes { _ = execute($0, engine) }
        return engine
    }

    static func transaction(_ build: (inout Transaction) throws -> Void) throws -> [UInt8] {
        var transaction = Transaction(TestSchema.schema)
        try build(&transaction)
        return transaction.encoded()
    }

    /// The entry of a transaction that changed something.
    static func execute(_ bytes: UnsafeRawBufferPointer, _ engine: Engine) -> [UInt8]? {
        var entry = ByteWriter()
        var reply = ByteWriter()
        let context = CommandContext(timeMicroseconds: 1_000_000)
        let outcome = try? engine.execute(bytes, context: context, entry: &entry, reply: &reply)
        if case .changed? = outcome { return entry.bytes }
        return nil
    }

    /// What was executed has to be replayed to the same state.
    static func transactions(_ bytes: UnsafeRawBufferPointer) {
        let engine = seeded()
        let before = engine.view
        guard let entry = execute(bytes, engine) else { return }
        engine.checkInvariants()
        let copy = Engine(copying: before)
        do {
            try entry.withUnsafeBytes { try copy.replay($0, position: before.position + 1) }
        } catch {
            preconditionFailure("an entry that was just written is refused: \(error)")
        }
        precondition(copy.digest == engine.digest, "a replay leads to another state")
    }

    static func reads(_ bytes: UnsafeRawBufferPointer) {
        var reply = ByteWriter()
        try? seeded().read(bytes, into: &reply)
    }

    static func entries(_ bytes: UnsafeRawBufferPointer) {
        let engine = seeded()
        guard (try? engine.replay(bytes, position: engine.position + 1)) != nil else { return }
        engine.checkInvariants()
    }

    /// A schema that can be decoded can be run.
    static func schemas(_ bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        guard let schema = try? Schema(from: &reader), (try? reader.expectEnd()) != nil else { return }
        _ = schema.obstacle(to: TestSchema.schema)
        let engine = Engine(schema: schema)
        for entity in schema.entities.prefix(8) {
            var transaction = Transaction(schema)
            _ = try? transaction.createRecord(entity.name, [(entity[entity.primaryName].name, "a")])
            transaction.encoded().withUnsafeBytes { _ = execute($0, engine) }
        }
        engine.checkInvariants()
    }

    /// The parts of the engine's image, one of which is the one in the bytes.
    static func parts(_ bytes: UnsafeRawBufferPointer) {
        guard let place = bytes.first else { return }
        let image = EngineImage(seeded()).prepared()
        let damaged = Int(place) % image.parts.count
        let restore = EngineRestore()
        do {
            for (index, part) in image.parts.enumerated() {
                if index == damaged {
                    try restore.add(part, UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
                } else {
                    var writer = ByteWriter()
                    image.encode(part, into: &writer)
                    try writer.withUnsafeBytes { try restore.add(part, $0) }
                }
            }
            let engine = try restore.finish { count, body in for index in 0..<count { body(index) } }
            engine.checkInvariants()
        } catch {}
    }

    static func blocks(_ bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        _ = try? Block.decode(from: &reader)
    }

    // MARK: Seeds

    static var transactionSeeds: [[UInt8]] {
        let first = RecordID(entity: TestSchema.schema.entities[2].id, sequence: 1)
        let made = try? [
            transaction {
                _ = try $0.create("account", ["name": "Dora", "founded": .date(20_000), "tier": .option(7)])
            },
            transaction { transaction in
                let account = try transaction.create("account", ["name": "Emil"])
                _ = try transaction.create("contact", ["name": "Frida", "customerid": .reference(account)])
            },
            transaction { try $0.update(first, ["name": "Anna", "statecode": .option(1), "revenue": .null]) },
            transaction { try $0.upsert("account", key: "accountnumber", ["accountnumber": "1", "name": "Again"]) },
            transaction { try $0.delete(first) },
            transaction { transaction in
                transaction.isIndependent = true
                transaction.key = RequestKey(client: 1, request: 2)
                _ = try transaction.create("order", ["name": "Order", "accountid": .reference(first)])
            },
        ]
        return made ?? []
    }

    static var readSeeds: [[UInt8]] {
        let entity = TestSchema.schema.entities[2]
        let attributes = entity.attributes.indices.map { AttributeID(UInt16($0)) }
        let ids = (1...3).map { RecordID(entity: entity.id, sequence: UInt64($0)) }
        return [RecordPage.request(entity, attributes, ids), RecordPage.request(entity, [attributes[0]], [ids[0]])]
    }

    static var entrySeeds: [[UInt8]] {
        transactionSeeds.compactMap { $0.withUnsafeBytes { execute($0, seeded()) } }
    }

    static var schemaSeeds: [[UInt8]] {
        [TestSchema.schema, TestSchema.searched].map { schema in
            var writer = ByteWriter()
            schema.encode(into: &writer)
            return writer.bytes
        }
    }

    static var partSeeds: [[UInt8]] {
        let image = EngineImage(seeded()).prepared()
        return image.parts.enumerated().map { index, part in
            var writer = ByteWriter()
            writer.u8(UInt8(truncatingIfNeeded: index))
            image.encode(part, into: &writer)
            return writer.bytes
        }
    }

    static var blockSeeds: [[UInt8]] {
        [ColumnLayout.code8, .int32, .int64].map { layout in
            let block = Block(layout: layout, capacity: 64)
            for row in 0..<64 where row % 7 != 3 { block.setNumber(row, Int64(row * row % 100)) }
            var writer = ByteWriter()
            block.encode(into: &writer)
            return writer.bytes
        }
    }
}
