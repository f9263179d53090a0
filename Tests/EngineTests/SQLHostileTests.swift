import Engine
import TestSupport
import Testing

/// Whatever a client sends ends in rows or in an error, soon, and with bounded memory.
@Suite struct SQLHostileTests {
    func engine(rows: Int) throws -> Engine {
        let harness = EngineHarness()
        let user = try harness.run { try $0.create("systemuser", ["fullname": "U"]) }.operations[0].ids[0]
        var batch = try RecordBatch(
            TestSchema.schema,
            .create,
            "account",
            attributes: ["name", "employees", "ownerid"]
        )
        for index in 0..<rows {
            try batch.append([.text("account \(index)"), .integer(Int64(index % 1000)), .reference(user)])
        }
        var transaction = Transaction(TestSchema.schema)
        transaction.append(batch)
        _ = try harness.run(transaction)
        return harness.engine
    }

    func error(
        _ sql: String,
        _ engine: Engine? = nil,
        budget: QueryBudget = QueryBudget(),
        cancellation: QueryCancellation? = nil
    ) -> QueryError.Code? {
        do throws(QueryError) {
            let prepared = try PreparedQuery(sql, schema: TestSchema.schema)
            if let engine { _ = try prepared.execute(on: engine.view, budget: budget, cancellation: cancellation) }
            return nil
        } catch {
            return error.code
        }
    }

    @Test func deepNesting() {
        let deep = 100_000
        func nested(_ open: String, _ close: String) -> String {
            "SELECT " + String(repeating: open, count: deep) + "1" + String(repeating: close, count: deep)
                + " FROM account"
        }
        #expect(error(nested("(", ")")) == .tooComplex)
        #expect(error(nested("- ", "")) == .tooComplex)
        #expect(error(nested("NOT ", "")) == .tooComplex)
        #expect(error(nested("+ ", "")) == .tooComplex)
        #expect(error(nested("1 + ", "")) == .tooComplex)
        #expect(error(nested("count(", ")")) == .tooComplex)
    }

    @Test func longTexts() {
        #expect(error("SELECT " + String(repeating: "x", count: 1_000_000)) == .syntax)
        #expect(error("SELECT " + String(repeating: "9", count: 1_000_000)) == .syntax)
        #expect(error("SELECT '" + String(repeating: "x", count: 1_000_000)) == .syntax)
        #expect(error(String(repeating: " ", count: 2_000_000)) == .tooComplex)
        #expect(
            error("SELECT " + Array(repeating: "1", count: 10_000).joined(separator: ",") + " FROM account")
                == .tooComplex
        )
        #expect(error("SELECT a" + String(repeating: ".b", count: 1000) + " FROM account") == .tooComplex)
    }

    @Test func manyAlternatives() throws {
        let engine = try engine(rows: 20_000)
        let or = (0..<10_000).map { "employees = \($0)" }.joined(separator: " OR ")
        #expect(error("SELECT count(*) FROM account WHERE \(or)", engine) == nil)
        let list = (0..<100_000).map(String.init).joined(separator: ",")
        #expect(error("SELECT count(*) FROM account WHERE employees IN (\(list))", engine) == nil)
        let texts = (0..<20_000).map { "'account \($0)'" }.joined(separator: ",")
        #expect(error("SELECT count(*) FROM account WHERE name NOT IN (\(texts))", engine) == nil)
    }

    /// What has no bound ends at another one sooner or later: so the message must name the bound that was set.
    @Test func crossJoinsEndWithTheBudget() throws {
        let engine = try engine(rows: 20_000)
        func ends(_ sql: String, _ budget: QueryBudget, _ words: String) throws {
            let prepared = try PreparedQuery(sql, schema: TestSchema.schema)
            let error = #expect(throws: QueryError.self) { try prepared.execute(on: engine.view, budget: budget) }
            #expect(error?.code == .budget && error?.message.contains(words) == true, "\(sql): \(error as Any)")
        }
        let sql = "SELECT count(*) FROM account a JOIN account b ON TRUE JOIN account c ON a.name <> c.name"
        try ends(sql, QueryBudget(stepsMax: 10_000_000), "more than 10000000 rows")
        let rows = "SELECT a.name, b.name FROM account a JOIN account b ON TRUE"
        let groups = "SELECT a.name, b.name, count(*) FROM account a JOIN account b ON TRUE GROUP BY 1, 2"
        let distinct = "SELECT count(DISTINCT name) FROM account"
        for sql in [rows, rows + " ORDER BY a.name, b.name", groups] {
            try ends(sql, QueryBudget(rowsMax: 100_000), "keeps more than 100000 rows")
            try ends(sql, QueryBudget(bytesMax: 1 << 20), "keeps more than 1048576 bytes")
        }
        try ends(distinct, QueryBudget(bytesMax: 64 << 10), "keeps more than 65536 bytes")
    }

    /// Each level doubles the work of an executor that computes operands twice.
    @Test func nestedRepetition() throws {
        let engine = try engine(rows: 10)
        var between = "onhold"
        var list = "onhold"
        for _ in 0..<60 {
            between = "(\(between) BETWEEN 0 AND 1)"
            list = "(\(list) IN (onhold, (onhold = TRUE)))"
        }
        #expect(error("SELECT count(*) FROM account WHERE \(between)", engine) == .tooComplex)
        #expect(error("SELECT count(*) FROM account WHERE \(list)", engine) == nil)
    }

    /// Texts that functions make meet the budget before they are written.
    @Test func growingTexts() throws {
        let engine = try engine(rows: 5000)
        var replaced = "name"
        var joined = "name"
        var constant = "'aaaaaaaa'"
        for _ in 0..<40 {
            replaced = "REPLACE(\(replaced), 'a', 'aaaaaaaaaa')"
            constant = "REPLACE(\(constant), 'a', 'aaaaaaaaaa')"
        }
        for _ in 0..<15 { joined = "(\(joined) || \(joined))" }
        let budget = QueryBudget(bytesMax: 8 << 20)
        for text in [replaced, joined, constant] {
            #expect(error("SELECT LENGTH(\(text)) FROM account", engine, budget: budget) == .budget)
            #expect(error("SELECT name FROM account WHERE \(text) = 'x'", engine, budget: budget) == .budget)
            #expect(error("SELECT count(*) FROM account GROUP BY \(text)", engine, budget: budget) == .budget)
            #expect(error("SELECT name FROM account ORDER BY \(text)", engine, budget: budget) == .budget)
        }
        // What a batch needed is given back: many batches, and many alternatives, need the room of one.
        let many = (0..<300).map { "UPPER(name) = 'X\($0)'" }.joined(separator: " OR ")
        #expect(
            error("SELECT count(*) FROM account WHERE \(many)", engine, budget: QueryBudget(bytesMax: 4 << 20)) == nil
        )
        // Kept texts are counted.
        let kept =
            "SELECT name || name || name || name || name || name || name || name AS t, count(*) FROM account GROUP BY t"
        #expect(error(kept, engine, budget: QueryBudget(bytesMax: 1 << 20)) == .budget)
        #expect(error(kept, engine, budget: QueryBudget(bytesMax: 16 << 20)) == nil)
        // A search that tries every place of a long text would take 10^10 steps.
        let long = String(repeating: "a", count: 200_000)
        #expect(error("SELECT INSTR('\(long)', '\(long.dropLast(1000))b') FROM account LIMIT 1", engine) == nil)
        #expect(error("SELECT TRIM('\(long)', '\(long)') FROM account LIMIT 1", engine) == nil)
    }

    /// CASE in CASE, and functions in functions, cost each operand once.
    @Test func nestedChoices() throws {
        let engine = try engine(rows: 100)
        var simple = "employees"
        var searched = "employees"
        var nullIf = "employees"
        var coalesce = "employees"
        for _ in 0..<60 {
            simple = "CASE \(simple) WHEN 1 THEN 2 WHEN 2 THEN 3 ELSE 4 END"
            searched = "CASE WHEN \(searched) > 1 THEN 2 ELSE 3 END"
            nullIf = "NULLIF(\(nullIf), 7)"
            coalesce = "COALESCE(\(coalesce), 1)"
        }
        for text in [simple, searched, nullIf, coalesce] {
            #expect(error("SELECT \(text) FROM account", engine) == nil)
        }
        let branches = (0..<5000).map { "WHEN \($0) THEN 'a\($0)'" }.joined(separator: " ")
        #expect(error("SELECT CASE employees \(branches) END FROM account", engine) == nil)
        let deep = String(repeating: "CASE WHEN onhold THEN ", count: 5000)
        #expect(error("SELECT \(deep) 1 FROM account", engine) == .tooComplex)
        #expect(error("SELECT " + String(repeating: "ABS(", count: 5000) + "1 FROM account", engine) == .tooComplex)
        #expect(error("SELECT 1" + String(repeating: " || 1", count: 5000) + " FROM account", engine) == .tooComplex)
    }

    @Test(arguments: [
        "9223372036854775807 + 1", "CAST(1e300 AS INTEGER)", "CAST(1e300 AS DECIMAL(18, 2))",
        "ABS(-9223372036854775808)",
        "COALESCE(9223372036854775807, 1.5) + 1", "CASE WHEN onhold THEN 1.5 ELSE 9223372036854775807 END",
        "CAST(9223372036854775807 AS DECIMAL(18, 1))", "CAST(1000 AS DECIMAL(3, 0))",
    ])
    func overflowingExpressions(_ text: String) throws {
        let engine = try engine(rows: 10)
        #expect(error("SELECT \(text) FROM account", engine) == .overflow)
    }

    @Test func nestedQueries() throws {
        let engine = try engine(rows: 2000)
        func nested(_ count: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: count) + "SELECT 1 FROM account" + String(repeating: close, count: count)
        }
        #expect(error(nested(10_000, "SELECT (", ") FROM account")) == .tooComplex)
        #expect(error(nested(10_000, "SELECT 1 FROM account WHERE EXISTS (", ")")) == .tooComplex)
        #expect(error(nested(10_000, "SELECT * FROM (", ") x")) == .tooComplex)
        #expect(error(nested(10_000, "WITH x AS (", ") SELECT * FROM x")) == .tooComplex)
        #expect(error(nested(12, "SELECT (", ") FROM account LIMIT 1"), engine) != nil)
        #expect(error(nested(12, "SELECT * FROM (", ") x"), engine) == nil)
        let unions = Array(repeating: "SELECT name FROM account", count: 5000).joined(separator: " UNION ALL ")
        #expect(error(unions) == .tooComplex)
        // Each query doubles the rows of the one before.
        let named = (1..<40).map { "q\($0) AS (SELECT a.n FROM q\($0 - 1) a CROSS JOIN q\($0 - 1) b)" }
        let doubled = "WITH q0 AS (SELECT name AS n FROM account), \(named.joined(separator: ", ")) SELECT n FROM q39"
        #expect(error(doubled, engine, budget: QueryBudget(rowsMax: 100_000)) == .budget)
    }

    /// Named queries over named queries, asked for twice: compared by what is in them they would take 2^40 comparisons.
    @Test func repeatedNamedQueriesAreComparedSoon() throws {
        let named = (1..<40).map { "q\($0) AS (SELECT a.n FROM q\($0 - 1) a CROSS JOIN q\($0 - 1) b)" }
        let query =
            "(WITH q0 AS (SELECT name AS n FROM account LIMIT 1), \(named.joined(separator: ", ")) SELECT n FROM q39)"
        let engine = try engine(rows: 10)
        #expect(error("SELECT DISTINCT \(query), \(query) FROM account", engine) == nil)
        #expect(error("SELECT \(query), count(*) FROM account GROUP BY \(query)", engine) == nil)
    }

    /// What each query of a union keeps stays counted when it has ended.
    @Test func rowsOfQueriesThatAreSourcesStayCounted() throws {
        let engine = try engine(rows: 1000)
        let part = "SELECT name FROM account"
        let both = "SELECT count(*) FROM (\(part) UNION ALL \(part)) x"
        #expect(error(both, engine, budget: QueryBudget(rowsMax: 1900)) == .budget)
        #expect(error(both, engine, budget: QueryBudget(rowsMax: 2100)) == nil)
        let named =
            "WITH a AS (\(part)), b AS (SELECT employees FROM account) SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b) FROM account LIMIT 1"
        #expect(error(named, engine, budget: QueryBudget(rowsMax: 1900)) == .budget)
        #expect(error(named, engine, budget: QueryBudget(rowsMax: 2100)) == nil)
    }

    @Test(arguments: ["%", "a%", "", "%a", "_%", "\u{0}%"]) func patternsThatBeginWithZero(_ rest: String) throws {
        let engine = try engine(rows: 100)
        for column in ["name", "accountnumber"] {
            #expect(error("SELECT name FROM account WHERE \(column) LIKE '\u{0}\(rest)'", engine) == nil)
            #expect(
                error("SELECT name FROM account WHERE \(column) >= '\u{0}\(rest)' ORDER BY \(column) LIMIT 5", engine)
                    == nil
            )
        }
    }

    @Test func subqueriesEndWithTheBudget() throws {
        let engine = try engine(rows: 20_000)
        let steps = QueryBudget(stepsMax: 5_000_000)
        let pairs =
            "SELECT count(*) FROM account a WHERE EXISTS (SELECT 1 FROM account b WHERE b.employees > a.employees + 999)"
        #expect(error(pairs, engine, budget: steps) == .budget)
        let runs =
            "SELECT (SELECT b.name FROM account b WHERE b.name <> a.name ORDER BY b.name LIMIT 1) FROM account a"
        #expect(error(runs, engine, budget: steps) == .budget)
        let windows = "SELECT sum(employees) OVER (ORDER BY name) FROM account"
        #expect(error(windows, engine, budget: QueryBudget(rowsMax: 10_000)) == .budget)
        let cancellation = QueryCancellation()
        cancellation.cancel()
        #expect(error(pairs, engine, cancellation: cancellation) == .cancelled)
    }

    @Test func cancelled() throws {
        let engine = try engine(rows: 10)
        let cancellation = QueryCancellation()
        #expect(error("SELECT name FROM account", engine, cancellation: cancellation) == nil)
        cancellation.cancel()
        #expect(error("SELECT name FROM account", engine, cancellation: cancellation) == .cancelled)
    }

    /// Random tokens, and statements with a token exchanged: an error or a result, never a trap.
    @Test func randomTokens() throws {
        let engine = try engine(rows: 10)
        var random = Choices(seed: 9)
        let tokens = [
            "SELECT", "FROM", "account", "a", "name", "employees", "WHERE", "AND", "OR", "NOT", "(", ")", ",", "=", "<",
            "+",
            "-", "*", "/", "1", "2.5", "'x'", "NULL", "IN", "LIKE", "BETWEEN", "IS", "GROUP", "BY", "ORDER", "LIMIT",
            "count", "sum", "JOIN", "ON", "DISTINCT", "?", ":p", ".", "\"q\"", "ownerid", "-9223372036854775808",
            "1e308",
            "CASE", "WHEN", "THEN", "ELSE", "END", "||", "COALESCE(", "LOWER(", "SUBSTR(", "CAST(", "INTEGER)",
            "ROUND(",
            "rating", "'Hot'", "founded", "'2024-01-01'", "AS", "HAVING", "max", "parentaccountid", "accountid", "%",
        ]
        var accepted = 0
        for round in 0..<20_000 {
            var words: [String]
            if round % 2 == 0 {
                words = ["SELECT"] + (0..<random.below(14)).map { _ in random.pick(tokens) }
            } else {
                words =
                    "SELECT name , employees + 1 FROM account WHERE employees < 5 AND name LIKE 'a' ORDER BY name LIMIT 5"
                    .split(separator: " ").map(String.init)
                for _ in 0..<1 + random.below(2) { words[random.below(words.count)] = random.pick(tokens) }
            }
            if error(words.joined(separator: " "), engine, budget: QueryBudget(stepsMax: 1_000_000)) == nil {
                accepted += 1
            }
        }
        #expect(accepted > 300)
    }
}
