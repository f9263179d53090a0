// The decoders that read what others wrote, under truncations and damage: an error, or something that can be used.

import Engine
import TestSupport
import Testing

@Suite struct PropertyDecoderTests {
    /// Feeds every truncation, which must be refused, and random damage; returns how much of that was refused.
    private func torture(
        _ bytes: [UInt8],
        seed: UInt64,
        rounds: Int,
        _ decode: (UnsafeRawBufferPointer) throws -> Void
    ) -> Int {
        for length in 0..<bytes.count {
            #expect(throws: DecodeError.self, "\(length) of \(bytes.count) bytes") {
                try bytes[..<length].withUnsafeBytes(decode)
            }
        }
        var random = PropertyRandom(seed: seed)
        var refused = 0
        for _ in 0..<rounds {
            do { try random.damaged(bytes).withUnsafeBytes(decode) } catch { refused += 1 }
        }
        return refused
    }

    @Test func schema() throws {
        var writer = ByteWriter()
        TestSchema.schema.encode(into: &writer)
        let refused = torture(writer.bytes, seed: 1, rounds: 20_000) { bytes in
            var reader = ByteReader(bytes)
            let schema = try Schema(from: &reader)
            try reader.expectEnd()
            _ = schema.obstacle(to: TestSchema.schema)
            // What decodes is a schema that an engine can run.
            let engine = PropertyEngine(Engine(schema: schema))
            for entity in schema.entities {
                var transaction = Transaction(schema)
                _ = try? transaction.createRecord(entity.name, [(entity[entity.primaryName].name, "a")])
                _ = engine.execute(transaction.encoded())
            }
            engine.engine.checkInvariants()
        }
        #expect(refused > 5_000)
    }

    @Test func reply() throws {
        var workload = PropertyWorkload(seed: 5)
        let engine = Engine(schema: TestSchema.schema)
        var refused = 0
        for round in 0..<60 {
            var entry = ByteWriter()
            var reply = ByteWriter()
            let transaction = try workload.transaction(engine)
            let context = CommandContext(timeMicroseconds: 1)
            let outcome = try? transaction.withUnsafeBytes {
                try engine.execute($0, context: context, entry: &entry, reply: &reply)
            }
            guard outcome != nil else { continue }
            refused += torture(reply.bytes, seed: UInt64(round), rounds: 500) { bytes in
                _ = try TransactionReply(decoding: bytes)
            }
        }
        #expect(refused > 1_000)
    }

    @Test func recordPage() throws {
        let harness = EngineHarness()
        let ids = try (0..<9).map { number in
            try harness.run {
                try $0.create(
                    "account",
                    ["name": .text("Account \(number)"), "employees": .integer(Int64(number))]
                )
            }.operations[0].ids[0]
        }
        let (entity, attributes) = try RecordPage.resolve(
            "account",
            ["name", "employees", "onhold", "rating", "parentaccountid"],
            TestSchema.schema
        )
        let request = RecordPage.request(entity, attributes, ids)
        var reply = ByteWriter()
        try request.withUnsafeBytes { try harness.engine.read($0, into: &reply) }
        let refused = torture(reply.bytes, seed: 3, rounds: 20_000) { bytes in
            _ = try RecordPage(entity, attributes, count: ids.count, in: TestSchema.schema, decoding: bytes)
        }
        #expect(refused > 1_000)
        var random = PropertyRandom(seed: 4)
        var refusedRequests = 0
        for _ in 0..<20_000 {
            var reply = ByteWriter()
            do {
                try random.damaged(request).withUnsafeBytes { try harness.engine.read($0, into: &reply) }
            } catch {
                refusedRequests += 1
                #expect(reply.count == 0)
            }
        }
        #expect(refusedRequests > 1_000)
    }
}
