// Multi-select attributes apart from queries, which Scripts/options.test asks: texts, bits, refusals, logs and snapshots.

import Engine
import TestSupport
import Testing

@Suite struct OptionSelectionTests {
    private static func set(_ labels: [String]) -> OptionSet {
        var set = schema(labels.count).optionSets[0]
        for (place, label) in labels.enumerated() { set.options[place].label = label }
        return set
    }

    private static func schema(_ count: Int) -> Schema {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 100)
            e.options("skills", "Skills", (0..<count).map { (Int32($0 * 10), "Skill \($0)") })
            e.primaryName("name")
        }
        return builder.build()
    }

    @Test func textsAndBits() throws {
        let set = Self.set(["Rot", "Grün", "Blau", "12"])
        #expect(try set.selection(of: "Rot") == 1)
        #expect(try set.selection(of: " blau ;ROT; ;grun;Blau") == 7)
        // A label comes before a number: "12" is the fourth option, "10" is the number of the second.
        #expect(try set.selection(of: "12;10") == 10)
        #expect(try set.selection(of: "") == 0)
        #expect(try set.selection(of: " ; ") == 0)
        #expect(set.text(ofSelection: 5) == "Rot;Blau")
        #expect(set.text(ofSelection: .max) == "Rot;Grün;Blau;12")
        #expect { try set.selection(of: "Rot;Gelb;Lila") } throws: {
            ($0 as? OptionSet.UnknownChoice)?.text == "Gelb"
        }
        #expect(Self.set((0..<64).map { "\($0)" }).selectableBits == .max)
        #expect(Self.set((0..<63).map { "\($0)" }).selectableBits == .max >> 1)
        var larger = Self.schema(64).optionSets[0]
        #expect(larger.isSelectable)
        larger.options.append(larger.options[0])
        #expect(!larger.isSelectable)
        #expect(!Self.set(["a;b"]).isSelectable)
    }

    /// Random selections of the largest set, created and updated, in both ways an update may go, read and replayed.
    @Test func selectionsSurvive() throws {
        let schema = Self.schema(64)
        let set = schema.optionSets[0]
        for seed in PropertyRandom.seeds(4) {
            var random = PropertyRandom(seed: seed)
            let h = EngineHarness(schema)
            var expected: [RecordID: UInt64] = [:]
            for _ in 0..<200 {
                let bits =
                    random.below(5) == 0 ? 0 : random.next() & random.next() | (random.below(4) == 0 ? 1 << 63 : 0)
                let text = Value.text(set.text(ofSelection: bits))
                if let id = expected.keys.min(by: { $0.sequence < $1.sequence }), random.below(2) == 0 {
                    let withName = random.below(2) == 0
                    try h.run {
                        try $0.update(id, withName ? ["skills": text, "externalid": .null] : ["skills": text])
                    }
                    expected[id] = bits
                } else {
                    let id = try h.run { try $0.create("systemuser", ["skills": text]) }.operations[0].ids[0]
                    expected[id] = bits
                }
            }
            #expect(try h.replayed().digest == h.engine.digest)
            let restored = try Engine.restored(h.engine.imageParts())
            #expect(restored.digest == h.engine.digest)
            let (entity, columns) = try RecordPage.resolve("systemuser", ["skills"], schema)
            let ids = expected.keys.sorted { $0.sequence < $1.sequence }
            for engine in [h.engine, restored] {
                var reply = ByteWriter()
                try RecordPage.request(entity, columns, ids).withUnsafeBytes { try engine.read($0, into: &reply) }
                let page = try reply.bytes.withUnsafeBytes {
                    try RecordPage(entity, columns, count: ids.count, in: schema, decoding: $0)
                }
                for (id, row) in zip(ids, page.rows) {
                    let bits = expected[id] ?? 0
                    #expect(row == [bits == 0 ? .null : .text(set.text(ofSelection: bits))], "seed \(seed)")
                }
            }
        }
    }

    @Test func whatIsNoSelectionIsRefused() throws {
        let schema = Self.schema(3)
        let h = EngineHarness(schema)
        let id = try h.run { try $0.create("systemuser", ["skills": "Skill 1"]) }.operations[0].ids[0]
        #expect { try h.run { try $0.update(id, ["skills": "Skill 9"]) } } throws: {
            ($0 as? Refusal)?.code == .unknownOption
        }
        #expect { try h.run { try $0.update(id, ["skills": 4]) } } throws: { ($0 as? Refusal)?.code == .wrongType }
        let skills = try #require(schema.entities[0].attributeID("skills")).rawValue
        let driver = PropertyEngine(h.engine)
        for (bits, isGood) in [(Int64(0), false), (8, false), (.min, false), (-1, false), (7, true), (4, true)] {
            for withName in [false, true] {
                var writer = ByteWriter()
                writer.u16(0)
                writer.u16(0)
                writer.u16(1)
                writer.u8(OperationKind.update.rawValue)
                writer.u8(0)
                writer.u16(1)
                writer.u32(1)
                writer.u16(0)
                writer.u16(withName ? 2 : 1)
                writer.u16(skills)
                if withName { writer.u16(SystemAttribute.externalID.rawValue) }
                writer.u64(id.rawValue)
                writer.u8(0)
                writer.i64(bits)
                if withName { writer.u8(2) }
                let code = driver.execute(writer.bytes)?.code
                #expect(code == (isGood ? nil : .unknownOption), "\(bits)")
            }
        }
    }

    @Test func aSetThatGrowsKeepsItsSelections() throws {
        let h = EngineHarness(Self.schema(3))
        try h.run { try $0.create("systemuser", ["skills": "Skill 2;Skill 0"]) }
        var entry = ByteWriter()
        let larger = Self.schema(64)
        #expect(larger.obstacle(to: h.engine.schema) == nil)
        #expect(h.engine.schema.obstacle(to: larger) != nil)
        h.engine.install(larger, context: CommandContext(timeMicroseconds: 5), entry: &entry)
        try h.run { try $0.create("systemuser", ["skills": "Skill 63"]) }
        let query = try PreparedQuery("SELECT skills FROM systemuser WHERE skills CONTAINS (:a, :b)", schema: larger)
        #expect(try query.execute(on: h.engine.view, parameters: ["Skill 63", 20]).rows.count == 2)
        #expect(try query.execute(on: h.engine.view, parameters: ["Skill 1", "Skill 0"]).rows == [["Skill 0;Skill 2"]])
        #expect { try query.execute(on: h.engine.view, parameters: [.null, "Skill 0"]) } throws: {
            ($0 as? QueryError)?.code == .type
        }
        #expect { try query.execute(on: h.engine.view, parameters: ["Skill 64", "Skill 0"]) } throws: {
            ($0 as? QueryError)?.code == .unknownName
        }
    }
}
