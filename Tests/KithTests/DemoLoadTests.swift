import Demo
import Engine
import Kith
import Testing

/// The demonstration in an engine: it goes in, again without effect, and comes out as it was generated.
@Suite struct DemoLoadTests {
    let demo = Demo(today: DemoTests.today)

    @Test func everyRecordGoesInAndLoadingAgainChangesNothing() async throws {
        let session = EngineSession()
        let first = try await demo.load(into: session)
        var records: Set<String> = []
        for batch in demo.batches { records.formUnion(batch.records.map(\.externalID)) }
        #expect(first.created == records.count)
        #expect(first.progress == 1)
        let digest = await session.digest
        await session.checkInvariants()

        let second = try await demo.load(into: session)
        #expect(second.created == 0 && second.updated == 0)
        #expect(second.unchanged >= records.count)
        #expect(await session.digest == digest)
    }

    @Test func questionsHaveTheAnswersThatTheRecordsGive() async throws {
        let session = EngineSession()
        try await demo.load(into: session)
        let figures = try DemoFigures(demo)
        for query in demo.queries {
            let answer = try await session.rows(query.sql)
            #expect(figures.disagreement(with: answer, to: query) == nil, "\(answer)")
        }
    }

    @Test func anotherDayMovesTheDemonstrationOn() async throws {
        let session = EngineSession()
        let first = try await demo.load(into: session)
        let next = try await Demo(today: DemoTests.today + 1).load(into: session)
        #expect(next.updated > first.created / 2)
        await session.checkInvariants()
    }

    @Test func progressIsReportedForEachBatch() async throws {
        let session = EngineSession()
        var reports: [DemoLoadReport] = []
        try await demo.load(into: session) { reports.append($0) }
        #expect(reports.count == demo.batches.reduce(0) { count, _ in count + 1 })
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.progress <= $1.progress })
        #expect(reports.last?.entity == "annotation")
    }
}

/// An engine without log and disk behind the interface of a session.
actor EngineSession: Session {
    let schema = Schema.standard
    private let engine = Engine(schema: .standard)

    func execute(_ transaction: Transaction) throws -> TransactionReply {
        var entry = ByteWriter()
        var reply = ByteWriter()
        let context = CommandContext(timeMicroseconds: Int64(DemoTests.today) * 86_400_000_000)
        _ = try transaction.encoded().withUnsafeBytes {
            try engine.execute($0, context: context, entry: &entry, reply: &reply)
        }
        return try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }
    }

    func read(_ entity: String, _ attributes: [String], _ ids: [RecordID]) throws -> RecordPage {
        guard let entity = schema.entity(named: entity) else { throw Refusal(.unknownEntity, "no such entity") }
        let attributes = attributes.compactMap(entity.attributeID)
        var reply = ByteWriter()
        try RecordPage.request(entity, attributes, ids).withUnsafeBytes { try engine.read($0, into: &reply) }
        return try reply.bytes.withUnsafeBytes {
            try RecordPage(entity, attributes, count: ids.count, in: schema, decoding: $0)
        }
    }

    func rows(_ sql: String) throws -> [[Value]] {
        try PreparedQuery(sql, schema: schema).execute(on: engine.view).rows
    }

    var digest: UInt128 { engine.digest }
    func checkInvariants() { engine.checkInvariants() }
}
