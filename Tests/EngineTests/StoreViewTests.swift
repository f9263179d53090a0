// A view shows its position for ever, whatever is written meanwhile: values, orders and links.

import Engine
import TestSupport
import Testing

@Suite struct StoreViewTests {
    /// Everything that can be seen of a view, in a form that can be compared.
    private struct Sight: Equatable {
        var contents: [RecordID: [Value]]
        var digest: UInt128
        var names: [RecordID]
        var sizes: [RecordID]
        var children: [RecordID: [RecordID]]
        var numbers: [String: RecordID]
    }

    private func sight(_ view: View) throws -> Sight {
        let entity = try #require(view.schema.entity(named: "account"))
        let table = view.table(try #require(view.schema.place(of: entity.id)))
        func column(_ name: String) throws -> Int {
            Int(try #require(entity.attributeID(name)).rawValue)
        }
        var names: [RecordID] = []
        table.forEachInTextOrder(try column("name")) { row in
            names.append(table.recordID(atRow: Int(row)))
            return true
        }
        var sizes: [RecordID] = []
        if case .number(let index)? = table.order(try column("employees")) {
            index.forEach { _, row in
                sizes.append(table.recordID(atRow: Int(row)))
                return true
            }
        }
        var children: [RecordID: [RecordID]] = [:]
        var numbers: [String: RecordID] = [:]
        let parent = try column("parentaccountid")
        let link = try #require(table.link(parent))
        let ordinal = try #require(table.linkTarget(parent, entity.id))
        for row in 0..<table.rowCount where table.recordID(atRow: row) != .none {
            var child = link.first(target: ordinal, targetRow: UInt32(row))
            while child != LinkIndex.none {
                children[table.recordID(atRow: row), default: []].append(table.recordID(atRow: Int(child)))
                child = link.next(after: child)
            }
        }
        for number in 0..<30 {
            var text = "n\(number)"
            let row = text.withUTF8 { table.find(key: 1, text: UnsafeRawBufferPointer($0)) }
            numbers[text] = row.map { table.recordID(atRow: Int($0)) }
        }
        return Sight(
            contents: view.contents(),
            digest: Engine(copying: view).digest,
            names: names,
            sizes: sizes,
            children: children,
            numbers: numbers
        )
    }

    @Test func viewsDoNotChange() throws {
        for seed in PropertyRandom.seeds(4) {
            var workload = PropertyWorkload(seed: seed &+ 9_000)
            let driver = PropertyEngine()
            // More than a chunk, so that views share some chunks and not others.
            var batch = try RecordBatch(
                TestSchema.schema,
                .create,
                "account",
                attributes: ["name", "employees"]
            )
            for row in 0..<9_000 {
                try batch.append([.text("Account \(row % 777)"), .integer(Int64(row % 500))])
            }
            var transaction = Transaction(TestSchema.schema)
            transaction.append(batch)
            #expect(driver.execute(transaction.encoded()) == nil)
            var views: [(view: View, sight: Sight)] = []
            for step in 0..<2_500 {
                if step % 400 == 0 { views.append((driver.engine.view, try sight(driver.engine.view))) }
                // Reverts touch blocks as well: some of these are refused.
                _ = driver.execute(
                    try workload.transaction(driver.engine),
                    actor: workload.actor(driver.engine)
                )
            }
            driver.engine.checkInvariants()
            for (number, view) in views.enumerated() {
                let isSame = try sight(view.view) == view.sight
                #expect(isSame, "seed \(seed), view \(number)")
            }
        }
    }

    /// A copy that goes on from a view leaves view and original alone.
    @Test func copiesGoTheirOwnWay() throws {
        var workload = PropertyWorkload(seed: 77)
        let driver = PropertyEngine()
        for _ in 0..<200 { _ = driver.execute(try workload.transaction(driver.engine)) }
        let view = driver.engine.view
        let before = try sight(view)
        let copy = PropertyEngine(Engine(copying: view))
        for _ in 0..<300 { _ = copy.execute(try workload.transaction(copy.engine)) }
        #expect(driver.engine.digest == before.digest)
        #expect(copy.engine.digest != before.digest)
        for _ in 0..<300 { _ = driver.execute(try workload.transaction(driver.engine)) }
        #expect(try sight(view) == before)
        copy.engine.checkInvariants()
        driver.engine.checkInvariants()
    }
}
