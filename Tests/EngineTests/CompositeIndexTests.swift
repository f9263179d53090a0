// Indexes over several attributes: the same random transactions in an organisation with random indexes and in one without, and the
// same random questions of both. `KITH_SEED=7` runs one seed alone.

import Engine
import Testing

@Suite struct CompositeIndexTests {
    @Test func answersAreThoseWithoutIndexes() throws {
        var (walks, finds, rows) = (0, 0, 0)
        for seed in PropertyRandom.seeds(16) {
            var run = CompositeRun(seed: seed)
            do { try run.run() } catch { Issue.record("KITH_SEED=\(seed): \(error)") }
            walks += run.walks
            finds += run.finds
            rows += run.rows
        }
        guard PropertyRandom.seeds(2).count == 2 else { return }
        #expect(walks > 200 && finds > 300 && rows > 5000, "\(walks) walks, \(finds) finds, \(rows) rows")
    }
}

/// Two engines that do the same.
private struct CompositeRun {
    let seed: UInt64
    var random: PropertyRandom
    let indexed: PropertyEngine
    let plain: PropertyEngine
    private var ids: [RecordID] = []
    /// What the questions of both led to.
    private(set) var walks = 0
    private(set) var finds = 0
    private(set) var rows = 0

    private static let writable = [
        "name", "city", "count", "large", "price", "flag", "colour", "day", "ownerid", "parentid", "statuscode",
    ]
    private static let kept = ["createdon", "modifiedon", "versionnumber", "modifiedby", "statecode"]

    init(seed: UInt64) {
        self.seed = seed
        var random = PropertyRandom(seed: seed)
        var indexes: [[String]] = []
        for _ in 0..<1 + random.below(5) {
            var columns = Self.writable + Self.kept
            indexes.append((0..<1 + random.below(4)).map { _ in columns.remove(at: random.below(columns.count)) })
        }
        indexed = PropertyEngine(Engine(schema: Self.schema(indexes)))
        plain = PropertyEngine(Engine(schema: Self.schema([])))
        self.random = random
    }

    private static func schema(_ indexes: [[String]]) -> Schema {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("fullname", "Name", 50)
            e.primaryName("fullname")
        }
        builder.entity(2, "team", "Team", ownership: .organisation) { e in
            e.text("name", "Name", 50)
            e.primaryName("name")
        }
        builder.entity(3000, "deal", "Deal") { e in
            e.text("name", "Name", 100)
            e.text("city", "City", 100)
            e.integer("count", "Count", -1_000_000...1_000_000)
            e.integer("large", "Large", .min ... .max)
            e.money("price", "Price")
            e.boolean("flag", "Flag")
            e.option("colour", "Colour", [900: "Red", 5: "Blue", 70: "Green"])
            e.date("day", "Day")
            e.lookup("parentid", "Parent", to: "deal", "team")
            e.states([(0, "Open", [1: "New", 2: "Old"]), (1, "Done", [3: "Done"])])
            for (number, columns) in indexes.enumerated() { e.index("i\(number)", columns) }
            e.primaryName("name")
        }
        return builder.build()
    }

    // MARK: Changes

    /// Both do the same and agree on whether it may be done.
    private mutating func execute(_ transaction: Transaction, actor: RecordID) throws -> TransactionReply? {
        let bytes = transaction.encoded()
        let (a, b) = (indexed.execute(bytes, actor: actor), plain.execute(bytes, actor: actor))
        guard a?.code == b?.code else { throw Disagreement(what: "\(String(describing: a)), \(String(describing: b))") }
        return a == nil ? try indexed.reply.withUnsafeBytes { try TransactionReply(decoding: $0) } : nil
    }

    private mutating func value(_ attribute: String) -> Value {
        if random.below(6) == 0 { return .null }
        switch attribute {
        case "name", "city":
            let texts = [
                "", "Zug", "zug", "ZÜG", "Köln", "koln", "a long beginning 1", "a long beginning 2", "a long beginning",
                "a long Beginning 2", "\u{1}", "\u{1}x", "\u{2}", "\u{2}\u{1}y", "sixteen bytes...", "sixteen bytes..",
                "straße", "strasse", "日本語の名前はとても長い", "日本語",
            ]
            return .text(texts[random.below(texts.count)])
        case "count": return .integer([-1_000_000, -256, -255, -1, 0, 1, 255, 256, 70_000][random.below(9)])
        case "large": return .integer([.min, -1 << 40, -1, 0, 1, 1 << 32, .max][random.below(7)])
        case "price": return .decimal(Decimal64(units: Int64(random.below(4)) * 10_000 - 10_000, scale: 4))
        case "flag": return .boolean(random.below(2) == 0)
        case "colour": return .option([900, 5, 70][random.below(3)])
        case "day": return .date(Int32(random.below(5)) - 2)
        case "statuscode": return .option([1, 2, 3][random.below(3)])
        case "ownerid": return ids.isEmpty ? .null : .reference(ids[random.below(2)])
        default: return .reference(ids[random.below(ids.count)])
        }
    }

    private mutating func values() -> [(String, Value)] {
        Self.writable.compactMap { attribute in
            guard random.below(3) > 0 else { return nil }
            let value = value(attribute)
            // What a record cannot be without.
            if value == .null, ["ownerid", "statuscode"].contains(attribute) { return nil }
            if attribute == "parentid", case .reference(let id) = value, id.entity == EntityID(1) { return nil }
            return (attribute, value)
        }
    }

    private mutating func change() throws {
        var transaction = Transaction(indexed.engine.schema)
        let actor = random.below(3) == 0 ? RecordID.none : ids[random.below(2)]
        let deals = ids.dropFirst(3)
        switch deals.count < 20 ? 0 : random.below(8) {
        case 0, 1:
            // One operation for all of them now and then, so that batches are entered.
            if random.below(3) == 0 {
                var batch = try RecordBatch(
                    indexed.engine.schema,
                    .create,
                    "deal",
                    attributes: ["name", "count", "day"]
                )
                for _ in 0..<30 { try batch.append([value("name"), value("count"), value("day")]) }
                transaction.append(batch)
            } else {
                for _ in 0..<1 + random.below(20) { _ = try transaction.createRecord("deal", values()) }
            }
        case 2: try transaction.delete(deals[deals.startIndex + random.below(deals.count)])
        default:
            for _ in 0..<1 + random.below(3) {
                let changes = values()
                if changes.isEmpty { continue }
                try transaction.updateRecord(deals[deals.startIndex + random.below(deals.count)], changes)
            }
        }
        // What comes before a refusal is taken back.
        if random.below(6) == 0 { try transaction.delete(RecordID(entity: EntityID(3000), sequence: 1 << 30)) }
        guard let reply = try execute(transaction, actor: actor) else { return }
        ids += reply.operations.flatMap(\.ids).filter { !ids.contains($0) }
        let view = indexed.engine.view
        ids.removeAll { id in view.schema.place(of: id.entity).map { view.table($0).row(of: id) == Table.noRow } ?? true
        }
    }

    mutating func run() throws {
        var first = Transaction(indexed.engine.schema)
        for name in ["Ada", "Bob"] { try first.create("systemuser", ["fullname": .text(name)]) }
        try first.create("team", ["name": "Team"])
        ids = try execute(first, actor: .none)?.operations.flatMap(\.ids) ?? []
        for step in 0..<120 {
            try change()
            if step % 30 == 29 {
                indexed.engine.checkInvariants()
                for _ in 0..<25 { try ask() }
            }
        }
        try checkCopies()
    }

    /// A replay and a restore have the same indexes.
    private func checkCopies() throws {
        let copy = Engine(schema: indexed.engine.schema)
        let replay = Replay(copy)
        for (index, entry) in indexed.log.enumerated() {
            try entry.withUnsafeBytes { try replay.replay($0, position: UInt64(index + 1)) }
        }
        try replay.finish()
        copy.checkInvariants()
        let restored = try Engine.restored(indexed.engine.imageParts())
        restored.checkInvariants()
        guard copy.digest == indexed.engine.digest, restored.digest == copy.digest,
            indexed.engine.digest == plain.engine.digest
        else { throw Disagreement(what: "states differ") }
    }

    // MARK: Questions

    private mutating func literal(_ attribute: String) -> String {
        switch value(attribute) {
        case .text(let text): return "'\(text)'"
        case .integer(let number): return number == .min ? "-9223372036854775807" : "\(number)"
        case .decimal(let decimal): return "\(decimal)"
        case .boolean(let truth): return truth ? "TRUE" : "FALSE"
        case .option(let number): return "\(number)"
        case .date(let day): return "'\(day < 0 ? "1969-12-3\(2 + day)" : "1970-01-0\(1 + day)")'"
        case .reference(let id): return "'\(indexed.engine.schema.text(of: id))'"
        default: return "NULL"
        }
    }

    private mutating func condition(_ attribute: String) -> String {
        let other = literal(attribute)
        let isOrdered = ["name", "city", "count", "large", "price", "day"].contains(attribute)
        switch random.below(isOrdered ? 9 : 4) {
        case 0, 1, 2: return other == "NULL" ? "\(attribute) IS NULL" : "\(attribute) = \(other)"
        case 3: return "\(attribute) IN (\(other), \(literal(attribute)))"
        case 4: return "\(attribute) IS NOT NULL"
        case 5 where attribute == "name" || attribute == "city":
            let beginnings = ["a%", "a long beginning%", "k%n", "s_x%", "sixteen bytes...%", "%", "日本%"]
            return "\(attribute) LIKE '\(beginnings[random.below(beginnings.count)])'"
        default: return "\(attribute) \(["<", "<=", ">", ">="][random.below(4)]) \(other)"
        }
    }

    /// Asks both the same; texts are compared by their bytes, and rows that tie only in what was asked for.
    private mutating func ask() throws {
        let all = Self.writable + Self.kept
        let index = indexed.engine.schema.entities[2].indexes.randomElement(using: &random)
        let entity = indexed.engine.schema.entities[2]
        let own = index?.attributes.map { entity[$0].name } ?? []
        // Mostly what an index is good for.
        var columns = random.below(4) == 0 ? [all[random.below(all.count)], all[random.below(all.count)]] : own
        columns = columns.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        let fixed = random.below(columns.count + 1)
        var conditions = columns.prefix(fixed).filter { !Self.kept.contains($0) }.map { condition($0) }
        if random.below(3) == 0 { conditions.append(condition(Self.writable[random.below(Self.writable.count)])) }
        if random.below(3) == 0, let column = columns.dropFirst(fixed).first, !Self.kept.contains(column) {
            conditions.append(condition(column))
        }
        var order = Array(columns.dropFirst(random.below(2) == 0 ? fixed : 0).prefix(1 + random.below(3)))
        if random.below(4) == 0 { order = [] }
        let fall = random.below(2) == 0 ? " DESC" : ""
        let limit = random.below(3) == 0 ? nil : random.below(12)
        let shown = order.isEmpty ? ["dealid"] : order
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        var sql = "SELECT \(shown.joined(separator: ", ")) FROM deal\(filter)"
        if !order.isEmpty { sql += " ORDER BY \(order.map { $0 + fall }.joined(separator: ", "))" }
        if let limit, !order.isEmpty { sql += " LIMIT \(limit) OFFSET \(random.below(4))" }
        // A row set that somebody may see; both engines have the same rows in the same places.
        var visible: VisibleRows?
        if random.below(3) == 0 {
            let words = (0..<1 + indexed.engine.view.table(2).rowCount / 64).map { _ in random.next() | random.next() }
            visible = VisibleRows(bitmaps: [nil, nil, words])
        }
        let (a, b) = (try lines(sql, indexed.engine, visible), try lines(sql, plain.engine, visible))
        guard order.isEmpty ? a.sorted() == b.sorted() : a == b else {
            throw Disagreement(what: "\(sql)\nwith: \(a)\nwithout: \(b)\n\(try plan(sql, visible))")
        }
        rows += a.count
        let plan = try plan(sql, visible)
        if plan.contains("along index") { walks += 1 }
        if plan.contains("by index") { finds += 1 }
    }

    private func lines(_ sql: String, _ engine: Engine, _ visible: VisibleRows?) throws -> [String] {
        let view = engine.view
        let result = try PreparedQuery(sql, schema: view.schema).execute(on: view, visible: visible)
        return (0..<result.rowCount).map { row in result.columns.map { "\($0[row])" }.joined(separator: " | ") }
    }

    private func plan(_ sql: String, _ visible: VisibleRows?) throws -> String {
        try lines("EXPLAIN \(sql)", indexed.engine, visible).joined(separator: "\n")
    }
}

private struct Disagreement: Error, CustomStringConvertible {
    var what: String
    var description: String { what }
}
