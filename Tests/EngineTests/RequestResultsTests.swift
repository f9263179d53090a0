// What is kept of keyed requests stays within its bounds, whoever asks how much, and every replay forgets the same.

import Engine
import TestSupport
import Testing

@Suite struct RequestResultsTests {
    /// Creates one contact under a key; returns what came of it.
    private func create(_ engine: PropertyEngine, client: UInt64, request: UInt64) throws -> Refusal? {
        var transaction = Transaction(engine.engine.schema)
        transaction.key = RequestKey(client: client, request: request)
        try transaction.create("contact", ["name": "Ann"])
        return engine.execute(transaction.encoded())
    }

    @Test func theClientSilentForLongestIsForgotten() throws {
        let engine = PropertyEngine()
        let clients = UInt64(Limits.requestClientsMax)
        for client in 0..<clients { #expect(try create(engine, client: client, request: 1) == nil) }
        // The first one speaks again, so the second one is silent for longest when another comes.
        #expect(try create(engine, client: 0, request: 2) == nil)
        #expect(try create(engine, client: clients, request: 1) == nil)
        let position = engine.engine.position
        #expect(try create(engine, client: 0, request: 1) == nil)
        #expect(try create(engine, client: 2, request: 1) == nil)
        #expect(engine.engine.position == position, "remembered requests were executed again")
        #expect(try create(engine, client: 1, request: 1) == nil)
        #expect(engine.engine.position == position + 1, "a forgotten client is a new one")
        #expect(try engine.replayed().digest == engine.engine.digest)
    }

    /// A restart from a snapshot knows the replies that were kept, and which ones were not.
    @Test func aRestoreRemembersWhatIsTooOld() throws {
        let engine = PropertyEngine()
        let last = UInt64(Limits.requestResultsPerClientMax) + 1
        for request in 1...last { #expect(try create(engine, client: 5, request: request) == nil) }
        let restored = try Engine.restored(engine.engine.imageParts())
        for (request, expected) in [(1, Refusal.Code.requestExpired), (2, nil), (last, nil)] {
            var transaction = Transaction(restored.schema)
            transaction.key = RequestKey(client: 5, request: request)
            try transaction.create("contact", ["name": "Ann"])
            var entry = ByteWriter()
            var reply = ByteWriter()
            let result = Result {
                try transaction.encoded().withUnsafeBytes {
                    try restored.execute($0, context: CommandContext(timeMicroseconds: 1), entry: &entry, reply: &reply)
                }
            }
            switch result {
            case .success(let outcome): #expect(outcome == .repeated && expected == nil, "request \(request)")
            case .failure(let error): #expect((error as? Refusal)?.code == expected, "request \(request)")
            }
        }
        #expect(restored.position == engine.engine.position)
    }

    @Test func oneClientsLargeRepliesFitABlockOfASnapshot() throws {
        let engine = PropertyEngine()
        let ids = (0..<20_000).map { RecordID(entity: EntityID(4), sequence: UInt64($0 + 1_000_000)) }
        for request in 1...40 as ClosedRange<UInt64> {
            var transaction = Transaction(engine.engine.schema)
            transaction.isIndependent = true
            transaction.key = RequestKey(client: 7, request: request)
            try transaction.create("contact", ["name": "Ann"])
            // Each is refused, in a reply of more than a megabyte.
            var batch = try RecordBatch(engine.engine.schema, .delete, "contact", attributes: [])
            for id in ids { batch.endRow(id: id) }
            transaction.append(batch)
            #expect(engine.execute(transaction.encoded()) == nil)
        }
        let state = engine.engine.imageParts().first { $0.part.kind == ImagePart.stateKind }
        let bytes = try #require(state?.bytes.count)
        #expect(bytes > 16 << 20 && bytes < 40 << 20, "\(bytes) bytes")
        // The last one is remembered, the first one refused as expired.
        let position = engine.engine.position
        #expect(try create(engine, client: 7, request: 40) == nil)
        #expect(engine.engine.position == position)
        #expect(try create(engine, client: 7, request: 1)?.code == .requestExpired)
    }

    @Test func oneKeyInEveryRowOfAnUpsertTakesEffectInOrder() throws {
        let engine = PropertyEngine()
        var batch = try RecordBatch(
            engine.engine.schema,
            .upsert,
            "account",
            attributes: ["accountnumber", "name", "employees"],
            key: "accountnumber"
        )
        let rows = 20_000
        for row in 0..<rows {
            try batch.append([.text(row % 4 == 0 ? "other" : "A"), .text("n\(row)"), .integer(Int64(row))])
        }
        var transaction = Transaction(engine.engine.schema)
        transaction.append(batch)
        #expect(engine.execute(transaction.encoded()) == nil)
        let names = engine.engine.contents().values.flatMap { $0 }.filter { $0 == "n19999" || $0 == "n19996" }
        #expect(engine.engine.contents().count == 2 && names.count == 2)
        engine.engine.checkInvariants()
    }
}
