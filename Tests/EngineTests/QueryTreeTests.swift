import Engine
import TestSupport
import Testing

@Suite struct QueryTreeTests {
    private static let queries = [
        "SELECT * FROM account",
        "explain select distinct a.name n, a.*, count(*), sum(distinct a.revenue) from account as a",
        "SELECT x FROM a LEFT JOIN b ON a.i = b.i AND NOT b.j LIKE 'x!%' ESCAPE '!' JOIN c AS d ON d.k = c.k",
        "SELECT -x + 2 * (3 - y) / -4.50 FROM a WHERE x IN (1, -2, :p, ?, NULL) OR y NOT BETWEEN ? AND :p",
        "SELECT \"order\".\"select\", \"we\"\"ird\" FROM \"order\" WHERE s = 'it''s' AND t IS NOT NULL AND b = TRUE",
        "SELECT a FROM t GROUP BY a, b HAVING max(c) > 1e3 ORDER BY 1 DESC, a LIMIT :n OFFSET 5",
        "SELECT (SELECT max(x) FROM u WHERE u.k = t.k) FROM t WHERE NOT EXISTS (SELECT 1 FROM v) AND a IN (SELECT b FROM w)",
        "WITH q AS (SELECT a FROM t), r AS (SELECT b FROM q) SELECT * FROM r AS x JOIN (SELECT c FROM s) AS y ON y.c = x.b",
        "SELECT a FROM t UNION ALL SELECT b FROM u UNION ALL SELECT c FROM v ORDER BY 1 DESC LIMIT 3",
        "SELECT rank() OVER (PARTITION BY a, b ORDER BY c DESC), sum(x) OVER (), lag(y, 3) OVER (ORDER BY z) + 1 FROM t",
        "SELECT -(-9.98), - -1, a - -2, -(-b), -(-0), -(0) FROM t",
        "SELECT a FROM t WHERE x = 1 -- a comment\n AND y <> 2;",
        "SELECT CASE WHEN a > 1 THEN 'x' WHEN b THEN c ELSE CASE d WHEN 1 THEN 2 END END, IIF(a, b, c) FROM t",
        "SELECT CAST(a AS VARCHAR(3)), CAST(b AS DECIMAL(5, 2)), CAST(c AS INT), CAST(d AS DATE), CAST(e AS DOUBLE) FROM t",
        "SELECT a FROM t WHERE b DURING TODAY OR b NOT DURING LAST 3 FISCAL YEARS OR b DURING ON OR AFTER :d OR b DURING OLDER THAN ? MINUTES",
        "SELECT a FROM t WHERE b DURING THIS FISCAL PERIOD OR b DURING FISCAL YEAR 2024 PERIOD 3 OR b DURING ON OR BEFORE FISCAL YEAR 1 PERIOD 2",
        "SELECT a FROM t WHERE b UNDER OR EQUAL 'x/1' AND NOT c NOT ABOVE :r AND DATE_TRUNC(month, d) = DATEADD('day', 1, TODAY())",
        "SELECT a || b || -c % 2, POSITION('x' IN y), SUBSTRING(a FROM 2 FOR 3), LEFT(a, 1), CONCAT(a, b, 1) FROM t",
    ]

    private func withoutPlaces(_ sql: String) throws -> String { QueryPrinter.text(of: try Query.parse(sql)) }

    /// What is printed parses to what was printed.
    @Test(arguments: queries)
    func printingIsStable(_ sql: String) throws {
        let printed = try withoutPlaces(sql)
        #expect(try withoutPlaces(printed) == printed)
    }

    @Test(arguments: queries)
    func encodingKeepsTheTree(_ sql: String) throws {
        let query = try Query.parse(sql)
        var writer = ByteWriter()
        query.encode(into: &writer)
        let decoded = try writer.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let query = try Query(from: &reader)
            try reader.expectEnd()
            return query
        }
        #expect(decoded == query)
    }

    /// Truncated and damaged trees give a tree or an error, never a trap.
    @Test func damagedTrees() throws {
        var random = Choices(seed: 5)
        var refused = 0
        for sql in Self.queries {
            var writer = ByteWriter()
            try Query.parse(sql).encode(into: &writer)
            for round in 0..<400 {
                var bytes = writer.bytes
                if round % 4 == 0 {
                    bytes.removeLast(1 + random.below(bytes.count))
                } else {
                    for _ in 0..<1 + random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
                }
                do {
                    try bytes.withUnsafeBytes { bytes in
                        var reader = ByteReader(bytes)
                        _ = try Query(from: &reader)
                    }
                } catch is DecodeError {
                    refused += 1
                }
            }
        }
        #expect(refused > 700)
    }

    @Test func aTreeMadeByAProgram() throws {
        var query = Query(
            [.expression(Expression(.name(["name"])), alias: nil)],
            from: Query.Source("account")
        )
        query.filter = Expression(
            .compare(.greater, Expression(.name(["employees"])), Expression(.literal(5)))
        )
        query.order = [Query.Order(Expression(.name(["name"])), descending: true)]
        #expect(
            QueryPrinter.text(of: query) == "SELECT name FROM account WHERE employees > 5 ORDER BY name DESC"
        )
        #expect(try PreparedQuery(query, schema: TestSchema.schema).columns.map(\.name) == ["name"])
    }

    @Test func nearestNames() {
        #expect(nearestName(to: "nmae", among: ["age", "name", "game"]) == "name")
        #expect(nearestName(to: "estimatdvalue", among: ["actualvalue", "estimatedvalue"]) == "estimatedvalue")
        #expect(nearestName(to: "colour", among: ["size", "weight"]) == nil)
        #expect(nearestName(to: "", among: ["size"]) == nil)
    }

    @Test(
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 11_016), ("1969-12-31", -1), ("0001-01-01", -719_162),
            ("9999-12-31", 2_932_896),
        ] as [(String, Int32)]
    )
    func dates(_ text: String, _ days: Int32) {
        #expect(CalendarText.date(text) == days)
        #expect(CalendarText.text(days: days) == text)
    }

    @Test(arguments: ["2001-02-29", "2024-13-01", "2024-1-1", "2024-01-01x", "", "20240101", "0000-01-01"])
    func noDates(_ text: String) { #expect(CalendarText.date(text) == nil) }

    @Test func moments() {
        #expect(CalendarText.instant("1970-01-01 00:00:01") == 1_000_000)
        #expect(CalendarText.instant("1970-01-01T02:00:00.5+02:00") == 500_000)
        #expect(CalendarText.instant("1969-12-31T23:59:59.999999Z") == -1)
        #expect(CalendarText.text(microseconds: -1) == "1969-12-31T23:59:59.999999Z")
        #expect(CalendarText.instant("2024-01-01T24:00") == nil)
        #expect(CalendarText.instant("2024-01-01T10:00ZZ") == nil)
        #expect(CalendarText.instant("2024-01-01T10:00:00.1234567") == nil)
    }
}
