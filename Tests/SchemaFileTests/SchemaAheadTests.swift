// Indexes that are made before a change of the schema, while records change: the result is the one of a change that makes them itself.

import Engine
import SchemaFile
import TestSupport
import Testing

@Suite struct SchemaAheadTests {
    private static let first = """
        entities:
          project:
            attributes:
              name: text
              code: {type: text, length: 20}
              effort: {type: integer, minimum: 0, maximum: 100000}
              phase: {type: option, options: {1: Idea, 2: Build, 3: Done}}
              parentid: {type: lookup, to: project}
        """
    /// Everything that is indexed in another way than before, and some of it over what the change itself makes.
    private static let second = """
        entities:
          project:
            attributes:
              name: {ordered: yes}
              effort: {ordered: yes}
              code: {collation: exact}
              budget: {type: integer, required: yes, default: 3, ordered: yes}
            keys: {pair: [name, code], code: code}
            indexes: {fast: [phase, name], late: [effort, code, parentid], own: [budget, name], recent: modifiedon}
        """

    /// Creates, changes and deletes records.
    private func change(_ h: SchemaHarness, _ random: inout SplitMixBytes, _ ids: inout [RecordID], steps: Int) throws {
        for _ in 0..<steps {
            let values: [(String, Value)] = [
                ("name", .text("N\(random.below(50))")),
                ("code", random.below(9) == 0 ? .null : .text("\(random.below(1 << 30))")),
                ("effort", random.below(5) == 0 ? .null : .integer(Int64(random.below(1000)))),
                ("phase", .option(Int32(1 + random.below(3)))),
                ("parentid", ids.isEmpty ? .null : .reference(ids[random.below(ids.count)])),
            ]
            switch random.below(10) {
            case 0 where !ids.isEmpty:
                let id = ids.remove(at: random.below(ids.count))
                try h.run { try $0.delete(id) }
            case 1...3 where !ids.isEmpty:
                try h.run { [ids] t in try t.updateRecord(ids[random.below(ids.count)], Array(values.dropLast())) }
            default: ids += try h.run { try $0.createRecord("project", values) }
            }
        }
    }

    @Test(arguments: 0..<6) func theResultIsTheSame(_ seed: UInt64) throws {
        let (h, plain) = (SchemaHarness(), SchemaHarness())
        var (ids, plainIDs): ([RecordID], [RecordID]) = ([], [])
        var (random, plainRandom) = (SplitMixBytes(seed: seed), SplitMixBytes(seed: seed))
        try h.change(Self.first)
        try plain.change(Self.first)
        // Two chunks, of which the first is hardly touched while the indexes are made.
        try change(h, &random, &ids, steps: 9000)
        try change(plain, &plainRandom, &plainIDs, steps: 9000)

        var ahead = try #require(try h.ahead(Self.second, recordsMin: 1000))
        try change(h, &random, &ids, steps: 300)
        ahead.make()
        try change(h, &random, &ids, steps: seed == 0 ? 0 : 300)
        let caughtUp = ahead.catchUp(to: h.engine.view)
        #expect(caughtUp > 100)
        try change(h, &random, &ids, steps: seed == 1 ? 0 : 40)
        #expect(try h.apply(try SchemaDocument(yaml: Self.second), ahead: ahead).isApplied)
        try change(plain, &plainRandom, &plainIDs, steps: (seed == 0 ? 300 : 600) + (seed == 1 ? 0 : 40))
        try plain.change(Self.second)

        #expect(h.engine.digest == plain.engine.digest)
        try h.checkCopies()
        for sql in [
            "SELECT projectid FROM project WHERE phase = 'Build' AND name >= 'N3' ORDER BY name, projectid",
            "SELECT projectid FROM project ORDER BY effort DESC, code, projectid LIMIT 500",
            "SELECT projectid FROM project WHERE budget = 3 AND name LIKE 'N4%' ORDER BY projectid",
            "SELECT COUNT(*) FROM project a JOIN project b ON a.code = b.code",
        ] {
            #expect(try h.rows(sql) == plain.rows(sql), "\(sql)")
        }
        // And they are kept from here on.
        try change(h, &random, &ids, steps: 200)
        try h.checkCopies()
    }

    /// Two records that are the same under a key, before the index was made, or while it was caught up with.
    @Test(arguments: [false, true]) func duplicatesAreSeen(_ isLate: Bool) throws {
        let h = SchemaHarness()
        try h.change(Self.first)
        let ids = try h.run { t in
            for number in 0..<100 {
                try t.createRecord("project", [("name", .text("N")), ("code", .text("C\(number)"))])
            }
        }
        if !isLate { try h.run { try $0.updateRecord(ids[7], [("code", .text("c8"))]) } }
        var ahead = try #require(try h.ahead("entities: {project: {keys: {code: code}}}", recordsMin: 10))
        ahead.make()
        if isLate {
            // The value moves from one record to another, and then there are two of it.
            try h.run { try $0.updateRecord(ids[8], [("code", .text("free"))]) }
            try h.run { try $0.updateRecord(ids[7], [("code", .text("c8"))]) }
            _ = ahead.catchUp(to: h.engine.view)
            try h.run { try $0.updateRecord(ids[9], [("code", .text("C8"))]) }
        }
        let document = try SchemaDocument(yaml: "entities: {project: {keys: {code: code}}}")
        let reply = try h.apply(document, ahead: ahead)
        #expect(!reply.isApplied && reply.problems.first?.message.hasSuffix("have the same values.") == true)
        try h.run { try $0.updateRecord(ids[isLate ? 9 : 7], [("code", .text("other"))]) }
        #expect(try h.apply(document, ahead: ahead).isApplied)
        try h.checkCopies()
        #expect(h.refusal { try $0.updateRecord(ids[1], [("code", .text("c8"))]) } == .duplicateKey)
    }

    /// A refused delete brings records back, perhaps in each other's rows, under the versions that they had.
    @Test func recordsThatAreBroughtBackAreFound() throws {
        let h = SchemaHarness()
        try h.change(Self.first)
        let ids = try h.run { t in
            for number in 0..<20 {
                try t.createRecord("project", [("name", .text("N\(number)")), ("code", .text("C\(number)"))])
            }
        }
        var ahead = try #require(try h.ahead(Self.second, recordsMin: 10))
        ahead.make()
        #expect(
            h.refusal { t in
                for id in ids[3..<9] { try t.delete(id) }
                try t.updateRecord(ids[1], [("effort", .integer(-1))])
            } == .outOfRange
        )
        #expect(try h.apply(try SchemaDocument(yaml: Self.second), ahead: ahead).isApplied)
        try h.checkCopies()
        for id in ids {
            try h.run { try $0.updateRecord(id, [("name", .text("other")), ("code", .text("\(id.rawValue)"))]) }
        }
        for id in ids { try h.run { try $0.delete(id) } }
        try h.checkCopies()
    }

    /// What was made for another schema is not used.
    @Test func anotherChangeMayComeFirst() throws {
        let h = SchemaHarness()
        try h.change(Self.first)
        var (random, ids) = (SplitMixBytes(seed: 3), [RecordID]())
        try change(h, &random, &ids, steps: 300)
        var ahead = try #require(try h.ahead(Self.second, recordsMin: 10))
        ahead.make()
        try h.change("entities: {project: {attributes: {effort: {maximum: 5000000000}}}}")
        #expect(try h.apply(try SchemaDocument(yaml: Self.second), ahead: ahead).isApplied)
        try h.checkCopies()
        #expect(try h.ahead(Self.second, recordsMin: 10) == nil, "nothing is left to be made")
    }

    @Test func littleIsMadeInItsTurn() throws {
        let h = SchemaHarness()
        try h.change(Self.first)
        try h.run { try $0.createRecord("project", [("name", .text("N"))]) }
        #expect(try h.ahead(Self.second, recordsMin: IndexesAhead.recordsMin) == nil)
        #expect(try h.ahead("entities: {project: {label: Undertaking}}", recordsMin: 1) == nil)
    }
}
