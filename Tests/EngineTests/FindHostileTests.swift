// What nobody types: every search ends, in bounds, in a result or in an error.

import Engine
import TestSupport
import Testing

@Suite struct FindHostileTests {
    private func driver(_ contacts: [(name: String, notes: String)]) throws -> PropertyEngine {
        let driver = PropertyEngine(Engine(schema: TestSchema.searched))
        driver.engine.makeSearch()
        for start in stride(from: 0, to: contacts.count, by: 500) {
            var batch = try RecordBatch(driver.engine.schema, .create, "contact", attributes: ["name", "notes"])
            for (name, notes) in contacts[start..<min(start + 500, contacts.count)] {
                try batch.append([.text(name), .text(notes)])
            }
            var transaction = Transaction(driver.engine.schema)
            transaction.append(batch)
            #expect(driver.execute(transaction.encoded()) == nil)
        }
        return driver
    }

    private func code(_ view: View, _ request: FindRequest, _ budget: QueryBudget = QueryBudget()) -> QueryError.Code? {
        do {
            _ = try view.find(request, budget: budget)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func longSearchTextsAreRefused() throws {
        let view = try driver([("Anna", "x")]).engine.view
        #expect(code(view, FindRequest(String(repeating: "a", count: 1 << 20))) == .tooComplex)
        #expect(code(view, FindRequest((0..<10_000).map { "w\($0)" }.joined(separator: " "))) == .tooComplex)
        #expect(code(view, FindRequest((0..<17).map { "w\($0)" }.joined(separator: " "))) == .tooComplex)
        #expect(code(view, FindRequest((0..<16).map { "w\($0)" }.joined(separator: " "))) == nil)
        // The same word again is one.
        #expect(try view.find(FindRequest(String(repeating: "anna ", count: 200))).count == 1)
        #expect(try view.find(FindRequest(String(repeating: "-", count: 1024))).isEmpty)
        #expect(try view.find(FindRequest(String(repeating: "\u{301}", count: 500))).isEmpty)
        #expect(try view.find(FindRequest("")).isEmpty)
    }

    @Test func boundsAndNamesAreChecked() throws {
        let view = try driver([("Anna", "x")]).engine.view
        for limit in [0, -1, 1001, Int.max, Int.min] {
            #expect(code(view, FindRequest("a", limit: limit)) == .tooComplex)
        }
        #expect(code(view, FindRequest("a", limit: 1000)) == nil)
        do {
            _ = try view.find(FindRequest("a", entities: ["contakt"]))
            Issue.record("no error")
        } catch {
            #expect(error.code == .unknownName && error.suggestion == "contact")
        }
        let plain = Engine(schema: TestSchema.schema).view
        #expect(code(plain, FindRequest("a", entities: ["contact"])) == .type)
        #expect(try plain.find(FindRequest("a")).isEmpty)
    }

    @Test func budgetsAndCancellationEndASearch() throws {
        let view = try driver((0..<3000).map { ("anna\($0)", "bert\($0)") }).engine.view
        #expect(code(view, FindRequest("ann bert", limit: 1000), QueryBudget(stepsMax: 100)) == .budget)
        #expect(code(view, FindRequest("nna", limit: 1000), QueryBudget(stepsMax: 100)) == .budget)
        #expect(code(view, FindRequest("xxna"), QueryBudget(stepsMax: 10)) == .budget)
        #expect(try view.find(FindRequest("ann bert", limit: 1000)).count == 1000)
        let cancellation = QueryCancellation()
        cancellation.cancel()
        #expect(throws: QueryError.self) { try view.find(FindRequest("anna"), cancellation: cancellation) }
    }

    @Test func longTextsCostABoundedPart() throws {
        let words = (0..<100_000).map { String($0, radix: 36) }.joined(separator: " ")
        let driver = try driver([("Long", String(words.prefix(3900))), (String(repeating: "x", count: 100), "y")])
        let view = driver.engine.view
        #expect(try view.find(FindRequest("3j")).first?.name == "Long")
        #expect(try view.find(FindRequest("3k")).isEmpty, "the 129th word")
        #expect(try view.find(FindRequest(String(repeating: "x", count: 64))).first?.match == .exact)
        #expect(try view.find(FindRequest(String(repeating: "x", count: 90))).first?.match == .exact)
        driver.engine.checkInvariants()
    }

    /// One letter over many records; words that all begin alike, beyond sixteen bytes too.
    @Test func commonBeginningsStopAtTheLimit() throws {
        let common = String(repeating: "a", count: 20)
        let view = try driver((0..<2000).map { ("\(common)\(String(format: $0))", "") }).engine.view
        #expect(try view.find(FindRequest("a")).map(\.name) == (0..<10).map { common + String(format: $0) })
        #expect(try view.find(FindRequest(common + "000", limit: 20)).count == 10)
        #expect(try view.find(FindRequest("aaaa0012", limit: 1000)).count == 1)
        #expect(
            try view.find(FindRequest(String(repeating: "a", count: 7) + "b" + String(repeating: "a", count: 12))).count
                == 10
        )
    }

    /// Numbers of words are used again, and their signatures made anew, without losing a word.
    @Test func wordsThatComeAndGoAreFound() throws {
        let driver = try driver((0..<40).map { ("keep\($0)", "stay") })
        let ids = (0..<40).map { driver.engine.view.table(3).recordID(atRow: $0) }
        var random = PropertyRandom(seed: 5)
        var names = [String](repeating: "", count: 40)
        for round in 0..<150 {
            var transaction = Transaction(driver.engine.schema)
            for (place, id) in ids.enumerated() {
                names[place] = "n" + String(random.next(), radix: 36)
                try transaction.update(id, ["name": .text(names[place])])
            }
            #expect(driver.execute(transaction.encoded()) == nil)
            guard round % 50 == 49 else { continue }
            for (place, name) in names.enumerated() {
                let part = String(name.dropFirst(3).prefix(6))
                let hits = try driver.engine.view.find(FindRequest(part, entities: ["contact"]))
                #expect(hits.map(\.record).contains(ids[place]), "\(part) in \(name)")
            }
        }
        driver.engine.checkInvariants()
    }
}

extension String {
    /// Four digits.
    fileprivate init(format number: Int) {
        let digits = String(number)
        self = String(repeating: "0", count: 4 - digits.count) + digits
    }
}
