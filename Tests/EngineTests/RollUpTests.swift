// Roll-ups apart from queries, which Scripts/rollup.test asks: that they are exact at every commit, whoever may see what, and
// which ones are refused with the schema.

import Engine
import TestSupport
import Testing

@Suite struct RollUpTests {
    private static let sumOfCosts = RollUp(
        .sum,
        of: "cost",
        over: "item",
        "owner",
        where: "isopen AND cost > parent.least"
    )

    /// Boxes in boxes, and items that lie in a box or in an item.
    private static func schema(_ declare: (inout EntityBuilder) -> Void = { _ in }) -> Schema {
        withoutActuallyEscaping(declare) { declare in
            var builder = SchemaBuilder()
            builder.entity(1, "box", "Box", ownership: .organisation) { e in
                e.text("name", "Name", 100)
                e.primaryName("name")
                e.integer("least", "Least")
                e.lookup("parent", "Parent", to: "box", onDelete: .removeLink)
                e.rollUp("items", "Items", .integer(minimum: 0, maximum: .max), RollUp(.count, over: "item", "owner"))
                e.rollUp("costs", "Costs", .integer(minimum: .min, maximum: .max), sumOfCosts)
                e.rollUp(
                    "inside",
                    "Items inside",
                    .integer(minimum: 0, maximum: .max),
                    RollUp(.sum, of: "items", over: "box", "parent")
                )
                declare(&e)
            }
            builder.entity(2, "item", "Item", ownership: .organisation) { e in
                e.text("name", "Name", 100)
                e.primaryName("name")
                e.integer("cost", "Cost")
                e.boolean("isopen", "Open")
                e.lookup("owner", "Owner", to: "box", "item", onDelete: .cascade)
            }
            builder.entity(3, "systemuser", "User", ownership: .organisation) { e in
                e.text("name", "Name", 100)
                e.primaryName("name")
            }
            return builder.build()
        }
    }

    /// What the records are, kept by the test itself.
    private struct Model {
        struct Box {
            var least: Int64?
            var parent: RecordID?
        }
        struct Item {
            var cost: Int64?
            var isOpen: Bool
            var owner: RecordID?
        }
        var boxes: [RecordID: Box] = [:]
        var items: [RecordID: Item] = [:]

        func items(_ box: RecordID, _ sees: (RecordID) -> Bool) -> Int64 {
            Int64(items.count { $0.value.owner == box && sees($0.key) })
        }

        func rollUps(_ box: RecordID, _ sees: (RecordID) -> Bool) -> [Value] {
            let costs = items.filter { $0.value.owner == box && $0.value.isOpen && sees($0.key) }
                .compactMap(\.value.cost).filter { cost in boxes[box]?.least.map { cost > $0 } ?? false }
            let inside = boxes.filter { $0.value.parent == box && sees($0.key) }.map { items($0.key, sees) }
            return [
                .integer(items(box, sees)), costs.isEmpty ? .null : .integer(costs.reduce(0, +)),
                inside.isEmpty ? .null : .integer(inside.reduce(0, +)),
            ]
        }
    }

    @Test(arguments: PropertyRandom.seeds(8))
    func theyAreExactAtEveryCommit(seed: UInt64) throws {
        var random = PropertyRandom(seed: seed)
        let schema = Self.schema()
        let driver = PropertyEngine(Engine(schema: schema))
        var model = Model()
        let query = try PreparedQuery("SELECT boxid, items, costs, inside FROM box", schema: schema)
        for step in 0..<120 {
            try change(driver, &model, &random)
            let seen = random.below(4) == 0 ? [] : model.boxes.keys.map(\.rawValue) + model.items.keys.map(\.rawValue)
            let hidden = Set(seen.filter { _ in random.below(5) == 0 })
            let visible = try visible(driver.engine.view, hidden)
            let sees = { (id: RecordID) in !hidden.contains(id.rawValue) }
            var found: [RecordID: [Value]] = [:]
            for row in try query.execute(on: driver.engine.view, visible: visible).rows {
                guard case .reference(let id) = row[0] else { continue }
                found[id] = Array(row.dropFirst())
            }
            let expected = model.boxes.keys.filter(sees).map { ($0, model.rollUps($0, sees)) }
            #expect(found == Dictionary(uniqueKeysWithValues: expected), "seed \(seed), step \(step)")
            guard let box = model.boxes.keys.min() else { continue }
            #expect(try read(driver.engine, box) == model.rollUps(box) { _ in true }, "seed \(seed), step \(step)")
        }
    }

    private func change(_ driver: PropertyEngine, _ model: inout Model, _ random: inout PropertyRandom) throws {
        var transaction = Transaction(driver.engine.schema)
        func some(_ ids: [RecordID]) -> RecordID? {
            ids.isEmpty || random.below(5) == 0 ? nil : ids[random.below(ids.count)]
        }
        let (boxes, items) = (model.boxes.keys.sorted(), model.items.keys.sorted())
        let number: Int64? = random.below(6) == 0 ? nil : Int64(random.below(20)) - 5
        let (owner, parent) = (some(boxes + items.prefix(3)), some(boxes))
        let (victim, isOpen) = (some(random.below(2) == 0 ? boxes : items), random.below(2) == 0)
        let item: KeyValuePairs<String, Value> = [
            "cost": number.map { .integer($0) } ?? .null, "isopen": .boolean(isOpen),
            "owner": owner.map { .reference($0) } ?? .null,
        ]
        switch random.below(10) {
        case 0..<2:
            try transaction.create(
                "box",
                [
                    "least": number.map { .integer($0) } ?? .null, "parent": parent.map { .reference($0) } ?? .null,
                ]
            )
            model.boxes[try created(driver, transaction)] = Model.Box(least: number, parent: parent)
        case 2..<7:
            try transaction.create("item", item)
            model.items[try created(driver, transaction)] = Model.Item(cost: number, isOpen: isOpen, owner: owner)
        case 7..<9:
            guard let victim, model.items[victim] != nil, owner != victim else { return }
            try transaction.update(victim, item)
            #expect(driver.execute(transaction.encoded()) == nil)
            model.items[victim] = Model.Item(cost: number, isOpen: isOpen, owner: owner)
        default:
            guard let victim else { return }
            try transaction.delete(victim)
            #expect(driver.execute(transaction.encoded()) == nil)
            var gone = [victim]
            while let id = gone.popLast() {
                model.boxes[id] = nil
                model.items[id] = nil
                for (box, value) in model.boxes where value.parent == id { model.boxes[box]?.parent = nil }
                gone += model.items.filter { $0.value.owner == id }.map(\.key)
            }
        }
    }

    private func created(_ driver: PropertyEngine, _ transaction: Transaction) throws -> RecordID {
        #expect(driver.execute(transaction.encoded()) == nil)
        return try driver.reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids[0]
    }

    /// All rows but the hidden ones; nil when none is hidden.
    private func visible(_ view: View, _ hidden: Set<UInt64>) throws -> VisibleRows? {
        guard !hidden.isEmpty else { return nil }
        let bitmaps = ["box", "item"].enumerated().map { place, _ in
            let table = view.table(place)
            var bitmap = [UInt64](repeating: 0, count: (table.rowCount + 63) / 64)
            for row in 0..<table.rowCount where !hidden.contains(table.recordID(atRow: row).rawValue) {
                bitmap[row >> 6] |= 1 << UInt64(row & 63)
            }
            return bitmap as [UInt64]?
        }
        return VisibleRows(bitmaps: bitmaps + [nil])
    }

    private func read(_ engine: Engine, _ id: RecordID) throws -> [Value] {
        let (entity, columns) = try RecordPage.resolve("box", ["items", "costs", "inside"], engine.schema)
        var reply = ByteWriter()
        try RecordPage.request(entity, columns, [id]).withUnsafeBytes { try engine.read($0, into: &reply) }
        return try reply.bytes.withUnsafeBytes {
            try RecordPage(entity, columns, count: 1, in: engine.schema, decoding: $0)
        }.rows[0]
    }

    /// What is wrong, and what the refusal says.
    static let flaws: [(rollUp: RollUp, type: AttributeType, message: String)] = [
        (RollUp(.count, over: "itm", "owner"), .money, "no entity \"itm\", did you mean item?"),
        (RollUp(.count, over: "item", "cost"), .money, "item.cost is no lookup to box"),
        (RollUp(.count, over: "item", "ownr"), .money, "item.ownr is no lookup to box"),
        (RollUp(.count, over: "systemuser", "createdby"), .money, "is no lookup to box"),
        (RollUp(.sum, over: "item", "owner"), .money, "sum needs the value"),
        (RollUp(.sum, of: "cst", over: "item", "owner"), .money, "item has no attribute \"cst\""),
        (RollUp(.sum, of: "cost +", over: "item", "owner"), .money, "cannot be read"),
        (RollUp(.sum, of: "isopen", over: "item", "owner"), .money, "yes/no"),
        (RollUp(.sum, of: "sum(cost)", over: "item", "owner"), .money, "aggregate"),
        (RollUp(.maximum, of: "modifiedon", over: "item", "owner"), .money, "gives a moment"),
        (RollUp(.count, over: "item", "owner", where: "cost"), .money, "a condition is expected"),
        (RollUp(.count, over: "item", "owner", where: "cost = ?"), .money, "has no parameters"),
        (RollUp(.count, over: "item", "owner", where: "cost > least"), .money, "no attribute \"least\""),
        (RollUp(.count, over: "item", "owner", where: "cost > parent.most"), .money, "no attribute \"most\""),
        (RollUp(.count, over: "item", "owner", where: "parent.flawed > 1"), .money, "is computed from itself"),
        (RollUp(.sum, of: "flawed", over: "box", "parent"), .money, "is computed from itself"),
        (RollUp(.sum, of: "inside", over: "item", "owner"), .money, "item has no attribute \"inside\""),
        (RollUp(.count, over: "item", "owner", where: "item.isopen) OR (1 = 1"), .money, "cannot be read"),
    ]

    @Test(arguments: flaws)
    func flawedOnesAreRefusedWithTheSchema(_ flaw: (rollUp: RollUp, type: AttributeType, message: String)) throws {
        let sound = Self.schema { e in e.rollUp("flawed", "Flawed", .money, RollUp(.count, over: "item", "owner")) }
        let attributes = sound.entities[0].attributes.map { attribute in
            var attribute = attribute
            if attribute.name == "flawed" { attribute.type = .rollUp(flaw.rollUp, result: flaw.type) }
            return attribute
        }
        let box = sound.entities[0].with(attributes: attributes)
        let flawed = Schema(epoch: 1, entities: [box] + sound.entities.dropFirst(), optionSets: [])
        var writer = ByteWriter()
        flawed.encode(into: &writer)
        #expect {
            try writer.bytes.withUnsafeBytes {
                var reader = ByteReader($0)
                _ = try Schema(from: &reader)
            }
        } throws: { error in
            let reason = (error as? DecodeError)?.reason ?? ""
            return reason.contains("box.flawed") && reason.contains(flaw.message)
        }
    }

    @Test func aSchemaIsReadBackAsItWasWritten() throws {
        let schema = Self.schema { e in
            e.calculated("mean", "Mean", .decimal(scale: 2, minimum: .min, maximum: .max), "costs / items")
        }
        var writer = ByteWriter()
        schema.encode(into: &writer)
        let read = try writer.bytes.withUnsafeBytes {
            var reader = ByteReader($0)
            return try Schema(from: &reader)
        }
        #expect(read.sameContent(as: schema))
        #expect(
            read.entities[0].attributeID("costs").map { read.entities[0][$0].type }
                == .rollUp(Self.sumOfCosts, result: .integer(minimum: .min, maximum: .max))
        )
    }

    /// Roll-ups over roll-ups, each a query inside the one before.
    @Test func theyMayBeNestedAsDeepAsQueries() throws {
        func schema(depth: Int) -> Schema {
            let sound = Self.schema()
            let first = sound.entities[0].attributes[sound.entities[0].attributes.count - 1]
            let more = (0..<depth).map { index in
                var attribute = first
                attribute.name = "x\(index)"
                attribute.type = .rollUp(
                    RollUp(.sum, of: index == 0 ? "items" : "x\(index - 1)", over: "box", "parent"),
                    result: .integer(minimum: .min, maximum: .max)
                )
                return attribute
            }
            let box = sound.entities[0].with(attributes: sound.entities[0].attributes + more)
            return Schema(epoch: 1, entities: [box] + sound.entities.dropFirst(), optionSets: [])
        }
        #expect(schema(depth: QueryLimits.queryDepthMax - 1).derivedFlaw == nil)
        let flaw = try #require(schema(depth: QueryLimits.queryDepthMax).derivedFlaw)
        #expect(flaw.message.contains("nested more than \(QueryLimits.queryDepthMax) deep"))
    }

    /// Each is used many times by the one before: what a query would evaluate grows without end, and is refused.
    @Test func onesThatGrowAreRefused() throws {
        func schema(depth: Int, uses: Int) -> Schema {
            let sound = Self.schema()
            let first = sound.entities[0].attributes[sound.entities[0].attributes.count - 1]
            let more = (0..<depth).map { index in
                var attribute = first
                attribute.name = "x\(index)"
                let filter = (0..<uses).map { "x\(index - 1) <> \($0)" }.joined(separator: " AND ")
                attribute.type = .rollUp(
                    RollUp(.count, over: "box", "parent", where: index == 0 ? nil : filter),
                    result: .integer(minimum: 0, maximum: .max)
                )
                return attribute
            }
            let box = sound.entities[0].with(attributes: sound.entities[0].attributes + more)
            return Schema(epoch: 1, entities: [box] + sound.entities.dropFirst(), optionSets: [])
        }
        #expect(schema(depth: 3, uses: 5).derivedFlaw == nil)
        #expect(schema(depth: 8, uses: 30).derivedFlaw?.message.contains("too large") == true)
    }

    /// As deep as they go, over a tree of 2,000 boxes: each level is one pass over the boxes, not one for each box.
    @Test func deepOnesEndWithinTheBudget() throws {
        let schema = Self.schema { e in
            for level in 1...13 {
                let rollUp = RollUp(
                    .sum,
                    of: level == 1 ? "items" : "x\(level - 1)",
                    over: "box",
                    "parent",
                    where: level % 2 == 0 ? nil : "least >= parent.least"
                )
                e.rollUp("x\(level)", "Level \(level)", .integer(minimum: .min, maximum: .max), rollUp)
            }
        }
        let driver = PropertyEngine(Engine(schema: schema))
        var ids: [RecordID] = []
        for _ in 0..<2 {
            var batch = try RecordBatch(schema, .create, "box", attributes: ["least", "parent"])
            let parents = ids
            for index in 0..<1000 {
                let parent = parents.isEmpty ? Value.null : .reference(parents[index % 7])
                try batch.append([.integer(Int64(index % 3)), parent])
            }
            var transaction = Transaction(schema)
            transaction.append(batch)
            #expect(driver.execute(transaction.encoded()) == nil)
            ids += try driver.reply.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids
        }
        for sql in [
            "SELECT x13 FROM box", "SELECT count(*) FROM box WHERE x12 > x13",
            "SELECT x13, count(*) FROM box GROUP BY x13",
        ] {
            let query = try PreparedQuery(sql, schema: schema)
            _ = try query.execute(on: driver.engine.view, budget: QueryBudget(stepsMax: 1_000_000))
            #expect(throws: QueryError.self) {
                try query.execute(on: driver.engine.view, budget: QueryBudget(stepsMax: 5000))
            }
        }
    }
}
