// An engine whose schema is changed by files, with its log.

import Engine
import SchemaFile
import TestSupport
import Testing

final class SchemaHarness {
    let engine = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
    private(set) var log: [[UInt8]] = []
    private var timeMicroseconds: Int64 = 0

    /// Begins as a directory does: the schema is the first entry.
    init(_ schema: Schema = TestSchema.schema) {
        var entry = ByteWriter()
        engine.install(
            schema.succeeding(engine.schema),
            context: CommandContext(timeMicroseconds: 0),
            entry: &entry
        )
        log.append(entry.bytes)
    }

    /// What a file asks to be indexed.
    func ahead(_ yaml: String, recordsMin: Int) throws -> IndexesAhead? {
        ahead(try SchemaDocument(yaml: yaml), recordsMin: recordsMin)
    }

    func ahead(_ document: SchemaDocument, recordsMin: Int) -> IndexesAhead? {
        SchemaRequest(document).encoded.withUnsafeBytes { engine.indexesAhead(of: $0, recordsMin: recordsMin) }
    }

    /// Carries a file out, or only checks it.
    @discardableResult
    func apply(_ yaml: String, isCheck: Bool = false, key: RequestKey? = nil) throws -> SchemaReply {
        try apply(try SchemaDocument(yaml: yaml), isCheck: isCheck, key: key)
    }

    @discardableResult
    func apply(
        _ document: SchemaDocument,
        isCheck: Bool = false,
        key: RequestKey? = nil,
        ahead: IndexesAhead? = nil
    ) throws -> SchemaReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        timeMicroseconds += 1
        let context = CommandContext(timeMicroseconds: timeMicroseconds)
        let request = SchemaRequest(document, isCheck: isCheck, key: key).encoded
        let before = engine.position
        let outcome = try request.withUnsafeBytes {
            try engine.changeSchema($0, ahead: ahead, context: context, entry: &entry, reply: &reply)
        }
        if case .changed = outcome {
            log.append(entry.bytes)
        } else {
            #expect(entry.count == 0 && engine.position == before)
        }
        return try reply.withUnsafeBytes { try SchemaReply(decoding: $0) }
    }

    /// Carries out a file in which nothing may be wrong.
    func change(_ yaml: String) throws {
        let reply = try apply(yaml)
        #expect(reply.problems.isEmpty && reply.isApplied, "\(reply.problems.map(\.description))")
    }

    @discardableResult
    func run(_ build: (inout Transaction) throws -> Void) throws -> [RecordID] {
        var transaction = Transaction(engine.schema)
        try build(&transaction)
        return try execute(transaction.encoded()).operations.flatMap(\.ids)
    }

    func execute(_ transaction: [UInt8]) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        timeMicroseconds += 1
        let outcome = try transaction.withUnsafeBytes {
            try engine.execute(
                $0,
                context: CommandContext(timeMicroseconds: timeMicroseconds),
                entry: &entry,
                reply: &reply
            )
        }
        if case .changed = outcome { log.append(entry.bytes) }
        return try reply.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    /// The code of the refusal that a transaction meets.
    func refusal(_ build: (inout Transaction) throws -> Void) -> Refusal.Code? {
        do {
            try run(build)
            return nil
        } catch {
            return (error as? Refusal)?.code
        }
    }

    func value(_ id: RecordID, _ attribute: String) -> Value {
        let view = engine.view
        guard let entity = engine.schema.entity(id.entity), let place = engine.schema.place(of: id.entity),
            let column = entity.attributeID(attribute)
        else { return .null }
        let table = view.table(place)
        return table.value(Int(column.rawValue), Int(table.row(of: id)))
    }

    func rows(_ sql: String) throws -> [[Value]] {
        let view = engine.view
        let result = try PreparedQuery(sql, schema: view.schema).execute(on: view)
        return (0..<result.rowCount).map { row in result.columns.map { $0[row] } }
    }

    /// A second engine that replays the log, and a third that is restored from an image: all three are the same.
    func checkCopies() throws {
        let copy = Engine(schema: Schema(epoch: 0, entities: [], optionSets: []))
        let replay = Replay(copy)
        for (index, entry) in log.enumerated() {
            try entry.withUnsafeBytes { try replay.replay($0, position: UInt64(index + 1)) }
        }
        try replay.finish()
        #expect(copy.digest == engine.digest && copy.schema.sameContent(as: engine.schema))
        #expect(copy.schema.epoch == engine.schema.epoch)
        copy.checkInvariants()
        engine.checkInvariants()
        let image = EngineImage(engine).prepared()
        let restore = EngineRestore()
        for part in image.parts {
            var writer = ByteWriter()
            image.encode(part, into: &writer)
            try writer.withUnsafeBytes { try restore.add(part, $0) }
        }
        let restored = try restore.finish { count, body in for index in 0..<count { body(index) } }
        #expect(restored.digest == engine.digest && restored.schema.sameContent(as: engine.schema))
        restored.checkInvariants()
    }
}
