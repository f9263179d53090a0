import Engine
import TestSupport
import Testing

/// UNDER and ABOVE where scripts cannot reach: cycles, hidden rows, budgets, parameters.
@Suite struct QueryTreeSetTests {
    /// Accounts in a chain, each below the one before.
    private func chain(_ count: Int) throws -> (EngineHarness, [RecordID]) {
        let harness = EngineHarness()
        let user = try harness.run { try $0.create("systemuser", ["fullname": "U"]) }.operations[0].ids[0]
        var ids: [RecordID] = []
        for index in 0..<count {
            let parent: Value = ids.last.map { .reference($0) } ?? .null
            ids += try harness.run {
                try $0.create(
                    "account",
                    ["name": .text("A\(index)"), "parentaccountid": parent, "ownerid": .reference(user)]
                )
            }.operations[0].ids
        }
        return (harness, ids)
    }

    private func count(_ sql: String, _ view: View, _ parameters: [Value], visible: VisibleRows? = nil) throws -> Value
    {
        try PreparedQuery(sql, schema: view.schema).execute(on: view, parameters: parameters, visible: visible).rows[0][
            0
        ]
    }

    private let under = "SELECT count(*) FROM account WHERE accountid UNDER ?"
    private let above = "SELECT count(*) FROM account WHERE accountid ABOVE OR EQUAL ?"

    @Test func cyclesEnd() throws {
        let (harness, ids) = try chain(5)
        #expect(try count(under, harness.engine.view, [.reference(ids[1])]) == 3)
        #expect(try count(above, harness.engine.view, [.reference(ids[3])]) == 4)
        _ = try harness.run { try $0.update(ids[0], ["parentaccountid": .reference(ids[4])]) }
        #expect(try count(under, harness.engine.view, [.reference(ids[1])]) == 4)
        #expect(try count(above, harness.engine.view, [.reference(ids[3])]) == 5)
        #expect(try count(under, harness.engine.view, [.null]) == 0)
    }

    /// Without the rows that may not be seen the tree ends where they stand.
    @Test func hiddenRowsEndTheWalk() throws {
        let (harness, ids) = try chain(6)
        let view = harness.engine.view
        let place = try #require(view.schema.entities.firstIndex { $0.name == "account" })
        var bitmaps = [[UInt64]?](repeating: nil, count: view.schema.entities.count)
        bitmaps[place] = [0b110111]
        let visible = VisibleRows(bitmaps: bitmaps)
        #expect(try count(under, view, [.reference(ids[0])], visible: visible) == 2)
        #expect(try count(above, view, [.reference(ids[5])], visible: visible) == 2)
        #expect(try count(under, view, [.reference(ids[3])], visible: visible) == 0)
    }

    @Test func theBudgetEndsTheWalk() throws {
        let (harness, ids) = try chain(50)
        let query = try PreparedQuery(under, schema: harness.engine.schema)
        for budget in [QueryBudget(rowsMax: 10), QueryBudget(stepsMax: 10)] {
            let error = #expect(throws: QueryError.self) {
                try query.execute(on: harness.engine.view, parameters: [.reference(ids[0])], budget: budget)
            }
            #expect(error?.code == .budget)
        }
    }
}
