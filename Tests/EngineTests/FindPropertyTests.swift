// Quick find against a slow model, while records come, change and go, transactions are taken back, and views are kept.

import Engine
import TestSupport
import Testing

@Suite struct FindPropertyTests {
    /// Few letters, so that words meet; accents, other scripts, punctuation and emoji among them.
    private static let syllables = [
        "an", "na", "ann", "Ann", "ÁN", "sch", "mi", "dt", "tt", "o", "’", "'", "ß", "Müll", "er", "é", "中", "文字", "東",
        "あ",
        "が", "한", "글", "и", "Й", "😀", "👩‍👩", "1", "23", "4", "x", "ij",
    ]
    private static let separators = [" ", " ", " ", "-", ".", "@", ", ", "、", " – ", "\t", "\u{a0}", "·", "/"]

    private static func word(_ random: inout PropertyRandom) -> String {
        (0..<1 + random.below(3)).map { _ in syllables[random.below(syllables.count)] }.joined()
    }

    private static func text(_ random: inout PropertyRandom, wordsMax: Int) -> String {
        if random.below(8) == 0 {
            return (0..<1 + random.below(4)).map { _ in String(random.below(300)) }.joined(separator: " ")
        }
        var text = ""
        for place in 0..<1 + random.below(wordsMax) {
            if place > 0 { text += separators[random.below(separators.count)] }
            text += word(&random)
        }
        return text
    }

    private static func transaction(_ random: inout PropertyRandom, _ engine: Engine) throws -> [UInt8] {
        var transaction = Transaction(engine.schema)
        for _ in 0..<1 + random.below(3) {
            let entity = ["account", "contact", "order"][random.below(3)]
            let place = try #require(engine.schema.entity(named: entity).flatMap { engine.schema.place(of: $0.id) })
            let table = engine.view.table(place)
            let ids = (0..<table.rowCount).map { table.recordID(atRow: $0) }.filter { $0 != .none }
            func values() -> [(String, Value)] {
                var values: [(String, Value)] = [("name", .text(String(text(&random, wordsMax: 3).prefix(20))))]
                if entity == "contact" {
                    values.append(("notes", random.below(3) == 0 ? .null : .text(text(&random, wordsMax: 20))))
                }
                if entity == "account" {
                    // Not unique always: then the transaction is refused, and what it did is taken back.
                    values.append(("accountnumber", .text(String(random.below(400)))))
                }
                return values
            }
            switch random.below(ids.count > 150 ? 4 : 8) {
            case 0, 1:
                guard !ids.isEmpty else { continue }
                try transaction.delete(ids[random.below(ids.count)])
            case 2, 3:
                guard !ids.isEmpty else { continue }
                let values = values()
                try transaction.updateRecord(ids[random.below(ids.count)], Array(values.prefix(1 + random.below(2))))
            case 4:
                var batch = try RecordBatch(engine.schema, .create, entity, attributes: values().map(\.0))
                for _ in 0..<1 + random.below(40) { try batch.append(values().map(\.1)) }
                transaction.append(batch)
            default: try transaction.createRecord(entity, values())
            }
        }
        return transaction.encoded()
    }

    private static func request(_ random: inout PropertyRandom) -> FindRequest {
        var words = (0..<1 + random.below(3)).map { _ in word(&random) }
        if random.below(4) == 0 { words = [String(random.below(300)), String(random.below(30))] }
        if random.below(3) == 0 {
            // A mistake.
            var scalars = Array(words[0].unicodeScalars)
            let place = random.below(scalars.count)
            switch random.below(3) {
            case 0: scalars.remove(at: place)
            case 1: scalars.insert("a", at: place)
            default: scalars.swapAt(place, random.below(scalars.count))
            }
            words[0] = String(String.UnicodeScalarView(scalars))
        }
        let entities = random.below(2) == 0 ? [] : [["account", "contact", "order"][random.below(3)]]
        return FindRequest(words.joined(separator: " "), entities: entities, limit: [1, 3, 10, 1000][random.below(4)])
    }

    private static func visible(_ random: inout PropertyRandom, _ view: View) -> VisibleRows? {
        guard random.below(2) == 0 else { return nil }
        return VisibleRows(
            bitmaps: view.schema.entities.indices.map { place in
                guard random.below(4) > 0 else { return nil }
                let percent = [0, 5, 50, 95][random.below(4)]
                // Rows beyond the last word may not be seen.
                return (0..<view.table(place).rowCount / 64).map { _ in
                    (0..<64).reduce(0) { bits, _ in bits << 1 | (random.below(100) < percent ? 1 : 0) }
                }
            }
        )
    }

    @Test func findsWhatTheModelFinds() throws {
        var hits = 0
        var refused = 0
        for seed in PropertyRandom.seeds(6) {
            var random = PropertyRandom(seed: seed)
            let driver = PropertyEngine(Engine(schema: TestSchema.searched))
            var making: [(place: Int, view: View)] = []
            var views: [View] = []
            for round in 0..<120 {
                if driver.execute(try Self.transaction(&random, driver.engine)) != nil { refused += 1 }
                // Indexes are begun, and finished some transactions later.
                if round == 20 + random.below(10) || round == 35 {
                    for place in driver.engine.schema.entities.indices
                    where !making.contains(where: { $0.place == place }) {
                        if let view = driver.engine.beginSearch(place: place) { making.append((place, view)) }
                    }
                }
                if round == 45 {
                    for (place, view) in making {
                        var index = SearchIndex(of: view.table(place).table)
                        let next = try #require(driver.engine.continueSearch(place: place, schema: view.schema))
                        for row in next.rows {
                            index.update(row: Int(row), from: view.table(place).table, to: next.view.table(place).table)
                        }
                        _ = driver.execute(try Self.transaction(&random, driver.engine))
                        driver.engine.installSearch(index, place: place, view: next.view)
                    }
                }
                if round % 10 == 9 { views.append(driver.engine.view) }
            }
            driver.engine.checkInvariants()
            for view in views {
                for _ in 0..<12 {
                    let request = Self.request(&random)
                    let visible = Self.visible(&random, view)
                    let expected = FindModel.find(request, view, visible: visible)
                    let found = try view.find(
                        request,
                        try request.places(view.schema),
                        indexes: [:],
                        visible: visible,
                        QueryBudget(),
                        nil,
                        candidateCountMax: [0, 5, 4096][random.below(3)]
                    )
                    #expect(
                        found.map(\.record) == expected.map(\.record) && found.map(\.match) == expected.map(\.match),
                        "seed \(seed), position \(view.position), \(request): \(found), not \(expected)"
                    )
                    hits += found.count
                    for hit in found {
                        let words = FindModel.words(hit.text)
                        #expect(!words.isEmpty, "seed \(seed), \(request): \(hit)")
                    }
                }
            }
        }
        #expect(hits > 500 && refused > 20, "\(hits) hits, \(refused) refused")
    }

    @Test func indexStaysRightUnderRandomTransactions() throws {
        for seed in PropertyRandom.seeds(10) {
            var workload = PropertyWorkload(seed: seed &+ 500)
            let driver = PropertyEngine(Engine(schema: TestSchema.searched))
            driver.engine.makeSearch()
            for _ in 0..<40 {
                let transaction = try workload.transaction(driver.engine)
                _ = driver.execute(transaction, actor: workload.actor(driver.engine))
                _ = driver.execute(try workload.singleUpdate(driver.engine))
                _ = driver.execute(workload.random.damaged(transaction))
            }
            driver.engine.checkInvariants()
        }
    }
}
