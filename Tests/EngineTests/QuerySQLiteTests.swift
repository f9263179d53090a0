import Engine
import Foundation
import SQLiteOracle
import Testing

/// Random queries on random data give the rows that SQLite gives. A failure names the seed and both queries.
@Suite struct QuerySQLiteTests {
    /// An engine with random rows, and the SQL that makes the same rows in SQLite; with a share of the rows hidden, SQLite
    /// gets only the others.
    private struct Data {
        var engine = Engine(schema: QueryRandom.schema)
        var script: [String] = []
        var visible: VisibleRows?

        init(seed: UInt64, counts: [(String, Int)], hiddenPercent: Int) throws {
            var random = QueryRandom(seed: seed)
            var ids: [String: [RecordID]] = [:]
            var bitmaps: [[UInt64]?] = []
            let schema = QueryRandom.schema
            script = ["BEGIN;"]
            for (entity, count) in counts {
                let columns = QueryRandom.columns[entity] ?? []
                script.append(
                    "CREATE TABLE \(entity) (\(columns.map { "\($0.name) \($0.sqlType)" }.joined(separator: ", ")));"
                )
                var rows: [[(String, Value)]] = []
                for index in 0..<count { rows.append(random.row(entity, ids, index)) }
                let names = rows.first.map { $0.map(\.0) } ?? []
                var batch = try RecordBatch(schema, .create, entity, attributes: names)
                for row in rows { try batch.append(row.map(\.1)) }
                var transaction = Transaction(schema)
                transaction.append(batch)
                var entry = ByteWriter()
                var reply = ByteWriter()
                let bytes = transaction.encoded()
                _ = try bytes.withUnsafeBytes {
                    try engine.execute(
                        $0,
                        context: CommandContext(timeMicroseconds: 1),
                        entry: &entry,
                        reply: &reply
                    )
                }
                let created = try reply.bytes.withUnsafeBytes { try TransactionReply(decoding: $0) }.operations[0].ids
                ids[entity] = created
                var bitmap = [UInt64](repeating: 0, count: (count + 63) / 64)
                for (index, row) in rows.enumerated() where random.next(100) >= hiddenPercent {
                    bitmap[index >> 6] |= 1 << UInt64(index & 63)
                    let values = [String(created[index].rawValue)] + row.map { QueryRandom.sql($0.1) }
                    script.append("INSERT INTO \(entity) VALUES (\(values.joined(separator: ", ")));")
                }
                bitmaps.append(bitmap)
            }
            script += [
                "CREATE INDEX a ON deal (customer);", "CREATE INDEX b ON deal (owner);",
                "CREATE INDEX c ON company (parent);", "CREATE INDEX d ON company (boss);", "COMMIT;",
            ]
            if hiddenPercent > 0 { visible = VisibleRows(bitmaps: bitmaps) }
        }
    }

    private static func text(_ value: Value, _ output: QueryRandom.Output) -> String {
        if case .text(let text) = value { return String(decoding: SQLiteOracle.folded(text), as: UTF8.self) }
        return QueryRandom.sql(value)
    }

    /// Rows as lines, with a real number rounded to what both must agree on.
    private static func normalized(_ cells: [String], _ outputs: [QueryRandom.Output]) -> String {
        zip(cells, outputs).map { cell, output in
            guard output == .real, let real = Double(cell) else { return cell }
            // SQLite prints 15 digits: both are brought to them before they are rounded to those that must agree.
            let printed = Double(String(format: "%.15g", real)) ?? real
            return String(format: "%.9g", printed == 0 ? 0 : printed)
        }.joined(separator: "|")
    }

    private func compare(seed: UInt64, counts: [(String, Int)], queries: Int, hiddenPercent: Int) throws {
        let data = try Data(seed: seed, counts: counts, hiddenPercent: hiddenPercent)
        var random = QueryRandom(seed: seed &+ 1, isLarge: (counts.last?.1 ?? 0) > 1000)
        let generated = (0..<queries).map { _ in random.query() }
        let sqlite = try SQLiteOracle()
        try sqlite.execute(data.script.joined(separator: "\n"))
        let view = data.engine.view
        var failures = 0
        var rowCount = 0
        for query in generated where failures < 5 {
            var actual: [String]
            do throws(QueryError) {
                let prepared = try PreparedQuery(query.kith, schema: view.schema)
                let result = try prepared.execute(
                    on: view,
                    environment: QueryRandom.environment,
                    visible: data.visible
                )
                actual = result.rows.map { row in
                    Self.normalized(zip(row, query.outputs).map(Self.text), query.outputs)
                }
            } catch {
                actual = [error.rendered(in: query.kith)]
            }
            var expected = try sqlite.rows(query.sqlite).map { Self.normalized($0, query.outputs) }
            if !query.isOrdered {
                actual.sort()
                expected.sort()
            }
            rowCount += expected.count
            if actual != expected {
                failures += 1
                Issue.record(
                    """
                    seed \(seed)
                    kith:   \(query.kith)
                    sqlite: \(query.sqlite)
                    \(actual.count) rows instead of \(expected.count); the first of kith alone: \
                    \(actual.first { !expected.contains($0) } ?? "none"), of sqlite alone: \
                    \(expected.first { !actual.contains($0) } ?? "none")
                    """
                )
            }
        }
        // Random queries that find nothing would prove nothing.
        #expect(rowCount > queries * 5)
    }

    /// 700 queries a seed; `KITH_SQLITE_SEEDS=100` runs more of them.
    static let seeds = 1...(ProcessInfo.processInfo.environment["KITH_SQLITE_SEEDS"].flatMap(UInt64.init) ?? 4)

    @Test(arguments: seeds)
    func smallTables(_ seed: UInt64) throws {
        try compare(
            seed: seed,
            counts: [("systemuser", 40), ("company", 60), ("deal", 300)],
            queries: 700,
            hiddenPercent: 0
        )
    }

    @Test func severalBlocks() throws {
        try compare(
            seed: 11,
            counts: [("systemuser", 300), ("company", 500), ("deal", 20_000)],
            queries: 100,
            hiddenPercent: 0
        )
    }

    @Test func hiddenRows() throws {
        try compare(
            seed: 21,
            counts: [("systemuser", 40), ("company", 60), ("deal", 300)],
            queries: 700,
            hiddenPercent: 40
        )
    }
}
