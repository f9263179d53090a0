// An engine with its log, and random transactions for it: sensible ones, and ones that it must refuse.

import Engine
import TestSupport
import Testing

/// An engine that is driven by encoded transactions.
final class PropertyEngine {
    let engine: Engine
    private(set) var log: [[UInt8]] = []
    /// The reply to the last transaction that was not refused.
    private(set) var reply: [UInt8] = []
    private var timeMicroseconds: Int64 = 0

    init(_ engine: Engine = Engine(schema: TestSchema.schema)) { self.engine = engine }

    /// Executes the bytes; returns the refusal, if there was one.
    func execute(_ transaction: [UInt8], actor: RecordID = .none) -> Refusal? {
        var entry = ByteWriter()
        var reply = ByteWriter()
        timeMicroseconds += 1
        do {
            let context = CommandContext(actor: actor, timeMicroseconds: timeMicroseconds)
            let outcome = try transaction.withUnsafeBytes {
                try engine.execute($0, context: context, entry: &entry, reply: &reply)
            }
            if case .changed = outcome { log.append(entry.bytes) }
            self.reply = reply.bytes
            return nil
        } catch let refusal as Refusal {
            return refusal
        } catch {
            Issue.record("neither outcome nor refusal: \(error)")
            return nil
        }
    }

    /// A second engine that replays the log.
    func replayed() throws -> Engine {
        let copy = Engine(schema: TestSchema.schema)
        for (index, entry) in log.enumerated() {
            try entry.withUnsafeBytes { try copy.replay($0, position: UInt64(index + 1)) }
        }
        return copy
    }
}

extension Engine {
    /// The parts of the state's image, encoded.
    func imageParts() -> [(part: ImagePart, bytes: [UInt8])] {
        let image = EngineImage(self).prepared()
        return image.parts.map { part in
            var writer = ByteWriter()
            image.encode(part, into: &writer)
            return (part, writer.bytes)
        }
    }

    static func restored(_ parts: [(part: ImagePart, bytes: [UInt8])]) throws -> Engine {
        let restore = EngineRestore()
        for (part, bytes) in parts { try bytes.withUnsafeBytes { try restore.add(part, $0) } }
        return try restore.finish { count, body in for index in 0..<count { body(index) } }
    }

    /// Every value of every record, by id: slow, and independent of rows, blocks and digests.
    func contents() -> [RecordID: [Value]] { view.contents() }
}

extension View {
    func contents() -> [RecordID: [Value]] {
        var contents: [RecordID: [Value]] = [:]
        for place in schema.entities.indices {
            let table = table(place)
            for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
                contents[table.recordID(atRow: row)] = table.layout.columns.indices.map {
                    table.value($0, row)
                }
            }
        }
        return contents
    }
}

/// Random transactions over the records of an engine of `TestSchema`.
struct PropertyWorkload {
    var random: PropertyRandom

    init(seed: UInt64) { random = PropertyRandom(seed: seed) }

    mutating func transaction(_ engine: Engine) throws -> [UInt8] {
        var transaction = Transaction(engine.schema)
        transaction.isIndependent = random.below(3) == 0
        if random.below(4) == 0 {
            transaction.key = RequestKey(
                client: UInt64(random.below(3)),
                request: UInt64(random.below(60))
            )
        }
        for _ in 0..<1 + random.below(4) {
            let entity = ["account", "account", "contact", "order", "systemuser"][random.below(5)]
            let kinds: [OperationKind] = [.create, .create, .update, .update, .delete, .upsert]
            try append(kinds[random.below(kinds.count)], entity, engine, &transaction)
        }
        return transaction.encoded()
    }

    /// An update of one record, with good values mostly.
    mutating func singleUpdate(_ engine: Engine) throws -> [UInt8] {
        var transaction = Transaction(engine.schema)
        transaction.isIndependent = random.below(3) == 0
        if random.below(4) == 0 { transaction.key = RequestKey(client: 9, request: UInt64(random.below(100_000))) }
        let entity = ["account", "account", "contact"][random.below(3)]
        let all =
            entity == "contact"
            ? ["name", "notes"]
            : ["name", "revenue", "employees", "onhold", "rating", "founded", "accountnumber", "statecode"]
        // Few sets of attributes, so that their shapes come again.
        let first = random.below(all.count)
        let attributes = Array(all[first..<min(all.count, first + 1 + random.below(3))])
        let isVersioned = random.below(3) == 0
        var batch = try RecordBatch(engine.schema, .update, entity, attributes: attributes)
        for (column, name) in attributes.enumerated() { appendValue(name, column, false, engine, &batch) }
        let id = id([entity], engine)
        let place = engine.schema.place(of: id.entity) ?? 0
        let row = engine.tables[place].row(of: id)
        let version = row == Table.noRow ? 1 : engine.tables[place].version(atRow: Int(row))
        batch.endRow(id: id, expecting: isVersioned ? version &+ (random.below(4) == 0 ? 1 : 0) : nil)
        transaction.append(batch)
        return transaction.encoded()
    }

    private mutating func append(
        _ kind: OperationKind,
        _ entity: String,
        _ engine: Engine,
        _ transaction: inout Transaction
    ) throws {
        let entity = kind == .upsert ? "account" : entity
        var attributes: [String] =
            switch entity {
            case "account":
                [
                    "name", "accountnumber", "revenue", "employees", "onhold", "rating", "founded",
                    "tier", "parentaccountid",
                    "statecode", "statuscode", "ownerid",
                ].filter {
                    $0 == "name" || random.below(3) == 0 || kind == .upsert && $0 == "accountnumber"
                }
            case "contact": ["name", "customerid"]
            case "order": ["name", "accountid"]
            default: ["fullname"]
            }
        if kind == .delete { attributes = [] }
        let byKey = kind != .delete && attributes.contains("parentaccountid") && random.below(3) == 0
        var batch = try RecordBatch(
            engine.schema,
            kind,
            entity,
            attributes: attributes,
            key: kind == .upsert ? "accountnumber" : nil,
            references: byKey ? ["parentaccountid": (entity: "account", key: "accountnumber")] : [:]
        )
        for _ in 0..<1 + random.below(random.below(4) == 0 ? 12 : 2) {
            for (column, name) in attributes.enumerated() {
                appendValue(name, column, byKey, engine, &batch)
            }
            let expected: Position? = random.below(8) == 0 ? Position(random.below(30) + 1) : nil
            batch.endRow(id: id([entity], engine), expecting: expected)
        }
        transaction.append(batch)
    }

    private mutating func appendValue(
        _ name: String,
        _ column: Int,
        _ byKey: Bool,
        _ engine: Engine,
        _ batch: inout RecordBatch
    ) {
        if random.below(12) == 0 { return batch.appendNull(column: column) }
        switch name {
        case "notes": appendText(String(repeating: "Ümlaut 0123 ", count: random.below(400)), column, &batch)
        case "name", "fullname", "accountnumber":
            appendText(
                ["", "a", "Contoso", "ÄÖÜ", "n\(random.below(30))"][random.below(5)],
                column,
                &batch
            )
        case "parentaccountid" where byKey: appendText("N\(random.below(30))", column, &batch)
        case "parentaccountid", "accountid":
            batch.appendNumber(column: column, Int64(bitPattern: id(["account"], engine).rawValue))
        case "customerid":
            batch.appendNumber(
                column: column,
                Int64(bitPattern: id(["account", "contact"], engine).rawValue)
            )
        case "ownerid":
            batch.appendNumber(column: column, Int64(bitPattern: id(["systemuser"], engine).rawValue))
        case "revenue": batch.appendNumber(column: column, Int64(bitPattern: random.next()))
        case "employees": batch.appendNumber(column: column, Int64(random.below(1000)))
        case "onhold": batch.appendNumber(column: column, Int64(random.below(2)))
        case "rating":
            batch.appendNumber(column: column, [1, 2, 100_001, 1, 2, 100_001, 3][random.below(7)])
        case "tier": batch.appendNumber(column: column, [7, 7, 7, 8][random.below(4)])
        case "statecode": batch.appendNumber(column: column, Int64(random.below(2)))
        case "statuscode": batch.appendNumber(column: column, Int64(1 + random.below(3)))
        default: batch.appendNumber(column: column, Int64(random.below(30_000)))
        }
    }

    private func appendText(_ text: String, _ column: Int, _ batch: inout RecordBatch) {
        var text = text
        text.withUTF8 { batch.appendText(column: column, UnsafeRawBufferPointer($0)) }
    }

    /// A record that is there, mostly; one that an earlier operation may have made; or one that is not there.
    mutating func id(_ entities: [String], _ engine: Engine) -> RecordID {
        let view = engine.view
        guard let entity = engine.schema.entity(named: entities[random.below(entities.count)]),
            let place = view.schema.place(of: entity.id)
        else { return .none }
        if random.below(6) == 0 {
            let sequence = UInt64(random.below(3) << 20 | random.below(2))
            return RecordID(entity: entity.id, origin: RecordID.localOrigin, sequence: sequence)
        }
        let table = view.table(place)
        guard table.rowCount > 0, random.below(20) > 0 else {
            // Just behind the last one: the record that an earlier operation of the transaction makes.
            return RecordID(entity: entity.id, sequence: table.nextSequence + UInt64(random.below(2)))
        }
        return table.recordID(atRow: random.below(table.rowCount))
    }

    /// A user who is there, or the system.
    mutating func actor(_ engine: Engine) -> RecordID {
        random.below(2) == 0 ? .none : id(["systemuser"], engine)
    }
}
