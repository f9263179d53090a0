import Engine
import Foundation
import Testing

/// Random queries on random data give the rows that SQLite gives. A failure names the seed and both queries.
@Suite struct QuerySQLiteTests {
    static let sqlite: String? = ["/usr/bin/sqlite3", "/usr/local/bin/sqlite3", "/bin/sqlite3"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

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
            script = [".mode list", ".separator |", ".nullvalue NULL", "PRAGMA case_sensitive_like = 0;", "BEGIN;"]
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
            script.append("COMMIT;")
            if hiddenPercent > 0 { visible = VisibleRows(bitmaps: bitmaps) }
        }
    }

    private static func run(_ script: [String], with sqlite: String) throws -> [[String]] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("kith-\(UUID().uuidString).sql")
        try script.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: sqlite)
        process.arguments = ["-batch", ":memory:"]
        process.standardInput = try FileHandle(forReadingFrom: file)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        var answers: [[String]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("@@") {
                answers.append([])
            } else if !answers.isEmpty {
                answers[answers.count - 1].append(String(line))
            }
        }
        // Every answer but the last ends where the next mark begins; the last one has the end of the text as a line.
        if answers.last?.last == "" { answers[answers.count - 1].removeLast() }
        return answers
    }

    private static func text(_ value: Value, _ output: QueryRandom.Output) -> String {
        if case .text(let text) = value { return text.lowercased() }
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
        guard let sqlite = Self.sqlite else {
            print("SKIPPED: the comparison with SQLite needs the sqlite3 command (Debian: apt-get install sqlite3)")
            return
        }
        let data = try Data(seed: seed, counts: counts, hiddenPercent: hiddenPercent)
        var random = QueryRandom(seed: seed &+ 1, isLarge: (counts.last?.1 ?? 0) > 1000)
        let generated = (0..<queries).map { _ in random.query() }
        var script = data.script
        for query in generated { script += [".print @@", query.sqlite + ";"] }
        let answers = try Self.run(script, with: sqlite)
        try #require(answers.count == queries)
        let view = data.engine.view
        var failures = 0
        var rowCount = 0
        for (query, answer) in zip(generated, answers) where failures < 5 {
            var actual: [String]
            do throws(QueryError) {
                let prepared = try PreparedQuery(query.kith, schema: view.schema)
                let result = try prepared.execute(on: view, visible: data.visible)
                actual = result.rows.map { row in
                    Self.normalized(zip(row, query.outputs).map(Self.text), query.outputs)
                }
            } catch {
                actual = [error.rendered(in: query.kith)]
            }
            var expected = answer.map {
                Self.normalized(
                    $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init),
                    query.outputs
                )
            }
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
