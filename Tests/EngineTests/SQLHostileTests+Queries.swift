import Engine
import TestSupport
import Testing

// What the later parts of the language can be made to do: stretches of time, trees, queries as sources, windows, long patterns.

extension SQLHostileTests {
    private func joined(_ count: Int, _ separator: String, _ part: (Int) -> String) -> String {
        (0..<count).map(part).joined(separator: separator)
    }

    @Test func stretchesOfTime() throws {
        let engine = try engine(rows: 5000)
        let huge = "9223372036854775807"
        for stretch in [
            "LAST \(huge) DAYS", "NEXT \(huge) SECONDS", "OLDER THAN \(huge) FISCAL YEARS", "LAST 9\(huge) DAYS",
            "FISCAL YEAR \(huge)", "FISCAL YEAR -1 PERIOD \(huge)", "FISCAL PERIOD 9\(huge)", "LAST -\(huge) DAYS",
            "ON '99999999-01-01'", "ON OR AFTER '9999-12-32'", "FISCAL YEAR 9999 PERIOD 0", "ON 1e300",
        ] {
            let found = error("SELECT count(*) FROM account WHERE founded DURING \(stretch)", engine)
            #expect(found != nil, "\(stretch)")
        }
        for stretch in ["LAST 100000 YEARS", "NEXT 100000 FISCAL PERIODS", "LAST 0 WEEKS", "OLDER THAN 100000 MONTHS"] {
            for attribute in ["founded", "createdon", "CAST(founded AS DATETIME)"] {
                let found = error("SELECT count(*) FROM account WHERE \(attribute) DURING \(stretch)", engine)
                #expect(found == nil || found == .overflow, "\(attribute) DURING \(stretch): \(found as Any)")
            }
        }
        let many = joined(10_000, " OR ") { "createdon DURING LAST \($0) HOURS" }
        #expect(error("SELECT count(*) FROM account WHERE \(many)", engine) == nil)
        let deep =
            joined(5000, "") { _ in "NOT (createdon DURING TODAY OR " } + "onhold" + String(repeating: ")", count: 5000)
        #expect(error("SELECT count(*) FROM account WHERE \(deep)", engine) == .tooComplex)
        let parameters = joined(70_000, " OR ") { _ in "founded DURING LAST ? DAYS" }
        #expect(error("SELECT count(*) FROM account WHERE \(parameters)", engine) == .tooComplex)
    }

    @Test func trees() throws {
        let engine = try engine(rows: 5000)
        let id = engine.schema.text(of: engine.view.table(2).recordID(atRow: 0))
        for operation in ["UNDER", "ABOVE", "UNDER OR EQUAL", "ABOVE OR EQUAL"] {
            let many = joined(5000, " OR ") { _ in "accountid NOT \(operation) '\(id)'" }
            #expect(error("SELECT count(*) FROM account WHERE \(many)", engine) == nil)
            let choices =
                joined(50, "") { _ in "CASE WHEN accountid \(operation) '\(id)' THEN " } + "1"
                + String(repeating: " ELSE 2 END", count: 50)
            #expect(error("SELECT \(choices) FROM account", engine) == nil)
        }
        #expect(error("SELECT 1 FROM account WHERE accountid UNDER 'account/ZZZZZZZZZZZZZZZZ'", engine) != nil)
        #expect(error("SELECT 1 FROM account WHERE accountid UNDER accountid", engine) != nil)
        #expect(error("SELECT 1 FROM account WHERE accountid UNDER (SELECT accountid FROM account)", engine) != nil)
    }

    /// A chain of 20,000 accounts, each below the one before and the first below the last: neither recursion nor a second round.
    @Test func aLongChainThatEndsWhereItBegins() throws {
        let harness = EngineHarness()
        let user = try harness.run { try $0.create("systemuser", ["fullname": "U"]) }.operations[0].ids[0]
        var batch = try RecordBatch(TestSchema.schema, .create, "account", attributes: ["name", "ownerid"])
        for index in 0..<20_000 { try batch.append([.text("a\(index)"), .reference(user)]) }
        var creation = Transaction(TestSchema.schema)
        creation.append(batch)
        let ids = try harness.run(creation).operations[0].ids
        var links = try RecordBatch(TestSchema.schema, .update, "account", attributes: ["parentaccountid"])
        for (index, id) in ids.enumerated() { try links.append([.reference(ids[(index + 19_999) % 20_000])], id: id) }
        var linking = Transaction(TestSchema.schema)
        linking.append(links)
        _ = try harness.run(linking)
        for operation in ["UNDER", "ABOVE"] {
            let sql = "SELECT count(*) FROM account WHERE accountid \(operation) ?"
            let query = try PreparedQuery(sql, schema: TestSchema.schema)
            let view = harness.engine.view
            #expect(try query.execute(on: view, parameters: [.reference(ids[7])]).rows == [[19_999]])
            let budget = QueryBudget(stepsMax: 10_000)
            #expect(throws: QueryError.self) {
                try query.execute(on: view, parameters: [.reference(ids[7])], budget: budget)
            }
        }
    }

    /// Each level reads the one inside, with a window and a group of its own.
    @Test func sourcesInSources() throws {
        let engine = try engine(rows: 500)
        func nested(_ count: Int, _ open: String, _ close: String, _ innermost: String) -> String {
            String(repeating: open, count: count) + innermost + String(repeating: close, count: count)
        }
        let windows = ("SELECT max(n) OVER (ORDER BY n) AS n FROM (", ") x")
        let groups = ("SELECT max(n) AS n, count(*) AS c FROM (", ") x GROUP BY n")
        let unions = ("SELECT n FROM (", " UNION ALL SELECT employees FROM account) x")
        let named = ("WITH x AS (", ") SELECT n, n AS m FROM x")
        let inside = ("SELECT n FROM (SELECT employees AS n FROM account) x WHERE n IN (", ")")
        for (open, close) in [windows, groups, unions, named, inside] {
            let innermost = "SELECT employees AS n FROM account"
            #expect(error(nested(14, open, close, innermost), engine) == nil, "\(open)")
            #expect(error(nested(17, open, close, innermost), engine) == .tooComplex, "\(open)")
            #expect(error(nested(10_000, open, close, innermost), engine) == .tooComplex, "\(open)")
        }
        // Each level has twice the rows of the one inside.
        let doubling = nested(
            15,
            "SELECT a.n FROM (",
            ") a JOIN account b ON TRUE",
            "SELECT employees AS n FROM account"
        )
        #expect(error(doubling, engine, budget: QueryBudget(rowsMax: 100_000)) == .budget)
        #expect(error(doubling, engine, budget: QueryBudget(bytesMax: 1 << 20)) == .budget)
        let unions10000 = joined(10_000, " UNION ALL ") { "SELECT \($0) FROM account" }
        #expect(error("SELECT * FROM (\(unions10000)) x", engine) == .tooComplex)
        #expect(error("SELECT name FROM account WHERE employees IN (\(unions10000))", engine) == .tooComplex)
        #expect(error("WITH x AS (\(unions10000)) SELECT * FROM x", engine) == .tooComplex)
        let widest = joined(256, " UNION ALL ") { "SELECT \($0) AS n FROM account" }
        #expect(error("SELECT sum(n) FROM (\(widest)) x", engine) == nil)
        let queries = joined(10_000, ", ") { "q\($0) AS (SELECT name FROM account)" }
        #expect(error("WITH \(queries) SELECT name FROM q0", engine) == .tooComplex)
        let joins = joined(10_000, " ") { "JOIN account a\($0) ON TRUE" }
        #expect(error("SELECT 1 FROM account \(joins)", engine) == .tooComplex)
    }

    @Test func manyWindows() throws {
        let engine = try engine(rows: 200)
        let columns = joined(1000, ", ") { "sum(employees + \($0)) OVER (PARTITION BY name ORDER BY employees DESC)" }
        #expect(error("SELECT \(columns) FROM account", engine) == nil)
        #expect(error("SELECT \(columns) FROM account", engine, budget: QueryBudget(bytesMax: 1 << 20)) == .budget)
        let keys = joined(10_000, ", ") { "employees + \($0)" }
        #expect(error("SELECT rank() OVER (ORDER BY \(keys)) FROM account", engine) == .tooComplex)
        #expect(error("SELECT rank() OVER (PARTITION BY \(keys)) FROM account", engine) == .tooComplex)
        #expect(error("SELECT name FROM account ORDER BY \(keys)", engine) == .tooComplex)
        #expect(error("SELECT count(*) FROM account GROUP BY \(keys)", engine) == .tooComplex)
        let nested = String(repeating: "sum(", count: 5000) + "1" + String(repeating: ") OVER ()", count: 5000)
        #expect(error("SELECT \(nested) FROM account", engine) == .tooComplex)
        #expect(error("SELECT sum(sum(employees) OVER ()) OVER () FROM account", engine) != nil)
        for distance in ["9223372036854775807", "-9223372036854775808", "-1", "1.5", "NULL", "employees"] {
            let found = error("SELECT lag(name, \(distance)) OVER (ORDER BY name) FROM account", engine)
            #expect(distance == "9223372036854775807" || found != nil, "\(distance)")
        }
    }

    @Test func longLists() throws {
        let engine = try engine(rows: 5000)
        let numbers = joined(100_000, ",", String.init)
        let texts = joined(60_000, ",") { "'t\($0)'" }
        for condition in [
            "employees NOT IN (\(numbers))", "name IN (\(texts))", "CAST(employees AS TEXT) NOT IN (\(texts))",
            "employees + 1 IN (\(numbers))",
        ] {
            #expect(error("SELECT count(*) FROM account WHERE \(condition)", engine) == nil)
            #expect(error("SELECT count(*) FROM account GROUP BY \(condition)", engine) == nil)
        }
        // What is no constant is compared with one by one.
        let computed = joined(10_000, ",") { "employees + \($0)" }
        let steps = QueryBudget(stepsMax: 1_000_000)
        #expect(
            error("SELECT count(*) FROM account WHERE employees IN (\(computed))", engine, budget: steps) == .budget
        )
        #expect(
            error("SELECT count(*) FROM account WHERE employees IN (\(joined(150_000, ",") { _ in "1" }))", engine)
                == nil
        )
    }

    @Test func longPatterns() throws {
        let long = String(repeating: "a", count: 450_000)
        let engine = try engine(rows: 5)
        for (text, pattern) in [
            (long, "%\(long)b%"), (long, "%\(long.dropLast(1000))b%"), (long, joined(200_000, "") { _ in "%a" } + "b"),
            ("\(long)c", "%\(long.dropLast(200_000))%\(long.dropLast(300_000))b%"),
        ] {
            #expect(error("SELECT 1 FROM account WHERE '\(text)' LIKE '\(pattern)'", engine) == nil)
        }
        #expect(error("SELECT 1 FROM account WHERE name || '\(long)' LIKE '%\(long)b%'", engine) == nil)
        #expect(error("SELECT 1 FROM account WHERE '\(long)' LIKE '%\(long)b' || name || '%'", engine) == nil)
        // A long piece with blanks for one character would be tried at every place.
        let blanks = joined(100_000, "") { _ in "a_" }
        #expect(error("SELECT 1 FROM account WHERE '\(long)' LIKE '%\(blanks)b%'", engine) == .tooComplex)
        #expect(error("SELECT 1 FROM account WHERE '\(long)' LIKE '%\(blanks)b' || name || '%'", engine) == .tooComplex)
        #expect(error("SELECT 1 FROM account WHERE '\(long)' LIKE '\(blanks)%\(blanks)'", engine) == nil)
    }
}
