import Engine
import TestSupport
import Testing

@Suite struct QueryExecutionTests {
    private func harness(accounts: Int) throws -> (EngineHarness, RecordID) {
        let harness = EngineHarness()
        let user = try harness.run { try $0.create("systemuser", ["fullname": "U"]) }.operations[0].ids[0]
        var transaction = Transaction(TestSchema.schema)
        var batch = try RecordBatch(
            TestSchema.schema,
            .create,
            "account",
            attributes: ["name", "employees", "revenue", "accountnumber", "ownerid"]
        )
        for index in 0..<accounts {
            try batch.append([
                .text("n\(index % 7)"), index % 5 == 0 ? .null : .integer(Int64(index)), .integer(Int64(index)),
                .text("k\(index)"), .reference(user),
            ])
        }
        transaction.append(batch)
        _ = try harness.run(transaction)
        return (harness, user)
    }

    private func rows(_ sql: String, _ view: View, _ parameters: [Value] = []) throws -> [[Value]] {
        try PreparedQuery(sql, schema: view.schema).execute(on: view, parameters: parameters).rows
    }

    @Test func aPreparedQueryRunsWithDifferentParameters() throws {
        let view = try harness(accounts: 100).0.engine.view
        let sql = "SELECT count(*) FROM account WHERE employees >= ? AND name = :name LIMIT :n"
        let prepared = try PreparedQuery(sql, schema: view.schema)
        #expect(prepared.parameterNames == ["", "name", "n"])
        #expect(try prepared.execute(on: view, parameters: [50, "N3", 1]).rows == [[6]])
        #expect(try prepared.execute(on: view, parameters: [90, "n3", 1]).rows == [[1]])
        #expect(try prepared.execute(on: view, parameters: [nil, "n3", 1]).rows == [[0]])
        #expect(try prepared.execute(on: view, parameters: [50, "n3", 0]).rows == [])
        for wrong: [Value] in [[], [1, 2, 3], [1, "n", "x"], [1, "n", -1], ["x", "n", 1]] {
            #expect(throws: QueryError.self) { try prepared.execute(on: view, parameters: wrong) }
        }
        let named = try PreparedQuery("SELECT count(*) FROM account WHERE name = :name", schema: view.schema)
        #expect(try named.parameters(named: ["name": "n1"]) == ["n1"])
        #expect(throws: QueryError.self) { try named.parameters(named: ["nme": "n1"]) }
    }

    @Test func parametersHaveTheTypeOfTheirContext() throws {
        let view = try harness(accounts: 100).0.engine.view
        let one = Value.decimal(Decimal64(units: 15, scale: 1))
        #expect(try rows("SELECT count(*) FROM account WHERE revenue < ?", view, [one]) == [[2]])
        #expect(try rows("SELECT count(*) FROM account WHERE employees < ?", view, [.double(2.5)]) == [[2]])
        #expect(
            try rows("SELECT revenue + ? FROM account WHERE accountnumber = 'k1'", view, [one])
                == [[.decimal(Decimal64(units: 25_000, scale: 4))]]
        )
        #expect(try rows("SELECT count(*) FROM account WHERE rating = ?", view, ["warm"]) == [[0]])
        #expect(try rows("SELECT count(*) FROM account WHERE statecode IN (?, ?)", view, ["Active", 1]) == [[100]])
        #expect(throws: QueryError.self) { try rows("SELECT name FROM account WHERE rating = ?", view, ["tepid"]) }
    }

    @Test func aViewDoesNotChange() throws {
        let (harness, user) = try harness(accounts: 10)
        let view = harness.engine.view
        let cursor = try PreparedQuery("SELECT name FROM account", schema: view.schema).cursor(on: view, chunkRows: 3)
        #expect(try cursor.next()?.rowCount == 3)
        try harness.run { try $0.create("account", ["name": "new", "ownerid": .reference(user)]) }
        var rest = 0
        while let chunk = try cursor.next() {
            #expect(chunk.rowCount <= 3)
            rest += chunk.rowCount
        }
        #expect(rest == 7)
        #expect(try rows("SELECT count(*) FROM account", view) == [[10]])
        #expect(try rows("SELECT count(*) FROM account", harness.engine.view) == [[11]])
    }

    @Test(arguments: [
        "SELECT name, employees FROM account", "SELECT name, employees FROM account ORDER BY employees, accountnumber",
        "SELECT employees, count(*) FROM account GROUP BY employees ORDER BY employees",
        "SELECT name FROM account ORDER BY employees LIMIT 9000", "SELECT name FROM account WHERE name = 'nobody'",
        "SELECT employees > 5, NULL, revenue, rating, name FROM account ORDER BY revenue, name LIMIT 70",
    ])
    func cursorsGiveTheSameRows(_ sql: String) throws {
        let view = try harness(accounts: 20_000).0.engine.view
        let prepared = try PreparedQuery(sql, schema: view.schema)
        let whole = try prepared.execute(on: view).rows
        for chunkRows in [1, 13, 1000, 8192, 70_000] {
            let cursor = try prepared.cursor(on: view, chunkRows: chunkRows)
            var pieces: [[Value]] = []
            while let chunk = try cursor.next() {
                #expect(chunk.rowCount == chunkRows || pieces.count + chunk.rowCount == whole.count)
                pieces += chunk.rows
            }
            #expect(pieces == whole)
        }
    }

    /// What a cursor keeps of a sorted or grouped answer is the answer, and no more: not what it was sorted by.
    @Test(arguments: [
        "SELECT employees FROM account ORDER BY name, accountnumber",
        "SELECT max(employees) FROM account GROUP BY accountnumber ORDER BY accountnumber",
        "SELECT a.employees FROM account a JOIN account b ON a.accountnumber = b.accountnumber ORDER BY a.accountnumber",
    ])
    func cursorsKeepOnlyTheAnswer(_ sql: String) throws {
        let view = try harness(accounts: 20_000).0.engine.view
        let cursor = try PreparedQuery(sql, schema: view.schema).cursor(on: view, chunkRows: 1)
        #expect(try cursor.next()?.rowCount == 1)
        // 20,000 numbers of eight bytes in a buffer of 256 KiB, their bitmap, and the batch of each source.
        #expect((80_000...310_000).contains(cursor.keptBytes), "\(cursor.keptBytes) bytes")
        var count = 1
        while try cursor.next() != nil { count += 1 }
        #expect(count == 20_000)
        #expect(cursor.keptBytes < 32_000, "\(cursor.keptBytes) bytes behind the end")
    }

    @Test func resultColumnsAreEncodedAsColumnsAre() throws {
        let view = try harness(accounts: 20).0.engine.view
        let prepared = try PreparedQuery(
            "SELECT name, employees, revenue, ownerid, employees > 5, avg(revenue) FROM account GROUP BY 1, 2, 3, 4",
            schema: view.schema
        )
        let result = try prepared.execute(on: view)
        for column in result.columns {
            var writer = ByteWriter()
            column.encode(into: &writer)
            try writer.bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                let decoded = try ColumnView(from: &reader, kind: column.type.physicalKind, count: column.count)
                try reader.expectEnd()
                for row in 0..<column.count {
                    if column.type.isText {
                        #expect(column[row] == .text(String(decoding: decoded.text(row), as: UTF8.self)))
                    } else {
                        #expect(column[row] == (decoded.isValid(row) ? column.type.value(decoded.number(row)) : .null))
                    }
                }
            }
        }
    }

    @Test func sumsAreExact() throws {
        var builder = SchemaBuilder()
        builder.entity(1, "systemuser", "User", ownership: .organisation) { e in
            e.text("name", "Name", 50)
            e.integer("big", "Big", Int64.min...Int64.max)
            e.primaryName("name")
        }
        let harness = EngineHarness(builder.build())
        for number in [Int64.max, Int64.max, Int64.min, Int64.min, 5] {
            try harness.run { try $0.create("systemuser", ["big": .integer(number)]) }
        }
        #expect(try rows("SELECT sum(big) FROM systemuser", harness.engine.view) == [[3]])
        for sql in [
            "SELECT sum(big) FROM systemuser WHERE big > 0", "SELECT -big FROM systemuser",
            "SELECT big + 1 FROM systemuser",
        ] {
            #expect(throws: QueryError.self) { try rows(sql, harness.engine.view) }
        }
    }

    /// A query prepared for one schema is refused on another.
    @Test func staleSchemas() throws {
        let view = try harness(accounts: 1).0.engine.view
        let prepared = try PreparedQuery("SELECT name FROM account", schema: view.schema)
        let changed = Schema(
            epoch: view.schema.epoch + 1,
            entities: view.schema.entities,
            optionSets: view.schema.optionSets
        )
        let error = #expect(throws: QueryError.self) {
            try prepared.execute(on: View(schema: changed, position: view.position, tables: view.tables))
        }
        #expect(error?.code == .staleSchema)
    }

    /// A filter that lets few rows through makes the walk along the index give up, with the same rows.
    @Test func orderedIndexAndScanAgree() throws {
        let view = try harness(accounts: 30_000).0.engine.view
        for direction in ["", " DESC"] {
            for filter in ["", " WHERE revenue > 29990", " WHERE employees > 29000", " WHERE name = 'n3'"] {
                let base = "SELECT employees FROM account\(filter) ORDER BY employees\(direction)"
                let sorted = try rows(base, view)
                #expect(try rows(base + " LIMIT 20", view) == Array(sorted.prefix(20)), "\(base)")
                #expect(try rows(base + " LIMIT 7 OFFSET 13", view) == Array(sorted.dropFirst(13).prefix(7)))
            }
        }
    }

    /// Whether there are rows does not depend on their order; its parameters are the query's all the same.
    @Test func parametersOfAnOrderThatDoesNotMatterCount() throws {
        let text = """
            SELECT name FROM account WHERE employees < :most AND EXISTS
              (SELECT 1 FROM account b WHERE b.employees > :least ORDER BY b.employees + :more)
            """
        let query = try PreparedQuery(text, schema: TestSchema.schema)
        #expect(query.parameterNames == ["most", "least", "more"])
        let values = try query.parameters(named: ["most": 7, "least": 2, "more": 1])
        #expect(try query.execute(on: Engine(schema: TestSchema.schema).view, parameters: values).rows.isEmpty)
    }
}
