// Indexes by keys of records, made step by step beside a writer that goes on: each step stands where the test puts it, and what is kept is
// compared with what the records say, by `checkInvariants` of the engine and by a look at all records of a view.

import Engine
import TestSupport
import Testing

@Suite struct RecordKeyTests {
    /// The first two letters of the name, and how many work there, in groups: none, one or two keys, and many records with each.
    private final class AccountKeys: RecordKeyMaker {
        let columns: [Int]

        init() throws {
            let account = try #require(TestSchema.schema.entity(named: "account"))
            columns = try ["name", "employees"].map { Int(try #require(account.attributeID($0)).rawValue) }
        }

        func append(keysOf values: [Value], to keys: inout [UInt64]) {
            if case .text(let name) = values[0], !name.isEmpty {
                keys.append(name.utf8.prefix(2).reduce(0) { $0 << 8 | UInt64($1) })
            }
            if case .integer(let count) = values[1] { keys.append(1 << 32 | UInt64(count % 7)) }
        }
    }

    private static var place: Int? {
        TestSchema.schema.entity(named: "account").flatMap { TestSchema.schema.place(of: $0.id) }
    }

    /// Rows by key, as the records of a view say.
    private static func model(_ view: View, _ place: Int, _ maker: AccountKeys) -> [UInt64: [UInt32]] {
        let table = view.table(place)
        var rows: [UInt64: [UInt32]] = [:]
        for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
            var keys: [UInt64] = []
            maker.append(keysOf: maker.columns.map { table.value($0, row) }, to: &keys)
            for key in keys { rows[key, default: []].append(UInt32(row)) }
        }
        return rows
    }

    private static func expectKept(_ view: View, _ place: Int, _ maker: AccountKeys, _ seed: UInt64) throws -> Int {
        let kept = view.table(place).table.recordKeys
        let index = try #require(kept, "seed \(seed)")
        let model = model(view, place, maker)
        for (key, rows) in model {
            #expect(index.rows(key, countMax: .max) == rows, "seed \(seed), position \(view.position), key \(key)")
        }
        #expect(index.count == model.values.reduce(0) { $0 + $1.count }, "seed \(seed), position \(view.position)")
        return index.count
    }

    /// While the index is made, caught up with in rounds, and taken over, records come, change and go, and transactions are taken back.
    /// Afterwards views keep what they saw.
    @Test func anIndexCatchesUpWithAWriterThatGoesOn() throws {
        let place = try #require(Self.place)
        let maker = try AccountKeys()
        var (late, kept) = (0, 0)
        for seed in PropertyRandom.seeds(20) {
            var workload = PropertyWorkload(seed: seed &+ 900)
            let driver = PropertyEngine()
            let engine = driver.engine
            func work(_ count: Int) throws {
                for _ in 0..<count {
                    let transaction = try workload.transaction(engine)
                    _ = driver.execute(transaction, actor: workload.actor(engine))
                    _ = driver.execute(try workload.singleUpdate(engine))
                    _ = driver.execute(workload.random.damaged(transaction))
                }
            }
            try work(10)
            var view = try #require(engine.beginRecordKeys(place: place, maker))
            try work(workload.random.below(10))
            var index = RecordKeyIndex(maker, of: view.table(place).table)
            for _ in 0..<1 + workload.random.below(4) {
                try work(1 + workload.random.below(8))
                let (rows, next) = try #require(engine.continueRecordKeys(place: place, schema: view.schema))
                // The rounds are beside the writer: it may go on before the rows are brought up to date.
                try work(workload.random.below(3))
                for row in rows {
                    index.update(row: Int(row), from: view.table(place).table, to: next.table(place).table)
                }
                late += rows.count
                view = next
            }
            try work(workload.random.below(5))
            engine.installRecordKeys(index, place: place, view: view)
            engine.checkInvariants()
            var views = [engine.view]
            for _ in 0..<4 {
                try work(5)
                engine.checkInvariants()
                views.append(engine.view)
            }
            for view in views { kept += try Self.expectKept(view, place, maker, seed) }
        }
        #expect(late > 100 && kept > 500, "\(late) rows changed while it was made, \(kept) keys kept")
    }

    /// An index that was made of a state before the last round is not the engine's.
    @Test func whatIsNotContinuedIsNotTaken() throws {
        let place = try #require(Self.place)
        let maker = try AccountKeys()
        let driver = PropertyEngine()
        let view = try #require(driver.engine.beginRecordKeys(place: place, maker))
        driver.engine.cancelRecordKeys(place: place)
        #expect(driver.engine.continueRecordKeys(place: place, schema: view.schema) == nil)
        driver.engine.installRecordKeys(RecordKeyIndex(maker, of: view.table(place).table), place: place, view: view)
        #expect(!driver.engine.hasRecordKeys)
        // And one that is there is not made again.
        driver.engine.makeRecordKeys(place: place, maker)
        #expect(driver.engine.hasRecordKeys && driver.engine.beginRecordKeys(place: place, maker) == nil)
    }
}
