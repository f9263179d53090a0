// Random queries on random schemas and rows give the rows that SQLite gives: all rows, and, with a part of them hidden, the rows
// of a SQLite that has only the others.
//
// A disagreement names its world and query, and is made smaller before it is shown. Those found so far are kept as named cases
// in Scripts/disagreements.test.

import Engine
import Foundation
import SQLiteOracle
import Testing

@Suite struct DifferentialTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    private static let isLong = number("KITH_TORTURE") != nil

    /// Small worlds with 200 queries each: 500, or 5,000 for `make torture`. `KITH_WORLD=7 KITH_WORLD_LAST=9` takes those.
    private static let worlds: ClosedRange<UInt64> = {
        if let first = number("KITH_WORLD") { return first...(number("KITH_WORLD_LAST") ?? first) }
        return 1...(isLong ? 5000 : 500)
    }()

    /// Worlds in groups: a test case each, so that they run beside each other.
    static let groups: [[UInt64]] = {
        let all = Array(worlds)
        return stride(from: 0, to: all.count, by: 5).map { Array(all[$0..<min($0 + 5, all.count)]) }
    }()

    @Test(arguments: groups)
    func smallWorlds(_ worlds: [UInt64]) throws {
        for world in worlds { try Comparison(world: world, isLarge: false).run(queries: 200) }
    }

    /// Entities of several blocks, for `make torture`.
    @Test(.enabled(if: isLong), arguments: [UInt64(1), 2, 3, 4])
    func largeWorlds(_ world: UInt64) throws {
        try Comparison(world: world, isLarge: true).run(queries: 25)
    }
}

/// One world in both engines.
private struct Comparison {
    private let world: RandomWorld
    private let view: View
    /// With all rows, and with those that may be seen.
    private let oracles: (all: SQLiteOracle, visible: SQLiteOracle)

    init(world seed: UInt64, isLarge: Bool) throws {
        world = try RandomWorld(seed: seed, isLarge: isLarge)
        view = world.engine.view
        oracles = (try SQLiteOracle(), try SQLiteOracle())
        try oracles.all.execute("BEGIN;" + world.scripts.all.joined(separator: ";") + ";COMMIT")
        try oracles.visible.execute("BEGIN;" + world.scripts.visible.joined(separator: ";") + ";COMMIT")
    }

    private enum Flaw: Hashable {
        case rows
        case refused(String)
        case oracle(String)
    }

    private struct Failure {
        var flaw: Flaw
        var text: String
    }

    func run(queries: Int) throws {
        var rowCount = 0
        var failureCount = 0
        for number in 0..<queries where failureCount < 3 {
            var maker = QueryMaker(world, Choices(seed: world.seed << 20 | UInt64(number)))
            let statement = maker.statement()
            guard let failure = failure(statement, number, &rowCount) else { continue }
            failureCount += 1
            let smallest = Choices.shrunk(maker.choices.taken, attempts: 600) { choices in
                var maker = QueryMaker(world, Choices(replaying: choices))
                var rowCount = 0
                return self.failure(maker.statement(), number, &rowCount)?.flaw == failure.flaw
            }
            var smaller = QueryMaker(world, Choices(replaying: smallest))
            let shrunk = smaller.statement()
            let text = self.failure(shrunk, number, &rowCount)?.text ?? failure.text
            Issue.record(
                """
                world \(world.seed)\(world.isLarge ? " (large)" : ""), query \(number)
                kith:   \(shrunk.kith)
                        \(shrunk.parameters.filter { shrunk.kith.contains(":" + $0.key) })
                sqlite: \(shrunk.sqlite)
                \(world.computed(in: shrunk.kith).joined(separator: "\n"))
                \(text)
                """
            )
        }
        // Queries that find nothing would prove nothing.
        let count = world.entities.reduce(0) { $0 + $1.count }
        if failureCount == 0, count > 60 { #expect(rowCount > queries, "world \(world.seed): \(rowCount) rows") }
    }

    private func failure(_ statement: QueryMaker.Statement, _ number: Int, _ rowCount: inout Int) -> Failure? {
        let query: Query
        let prepared: PreparedQuery
        var parameters: [Value] = []
        do throws(QueryError) {
            query = try Query.parse(statement.kith)
            prepared = try PreparedQuery(query, schema: view.schema)
            parameters = try prepared.parameters(
                named: statement.parameters.filter { prepared.parameterNames.contains($0.key) }
            )
        } catch {
            return Failure(flaw: .refused(String(error.message.suffix(20))), text: error.rendered(in: statement.kith))
        }
        if number % 8 == 0, let damage = damage(of: query) { return Failure(flaw: .oracle("tree"), text: damage) }
        for (oracle, visible) in [(oracles.all, nil), (oracles.visible, world.visible)] {
            var actual: [String] = []
            do throws(QueryError) {
                actual = try rows(prepared, parameters, visible, statement.kinds, inPieces: number % 3 == 1)
            } catch {
                // SQLite goes on with a real number where Kith says that an exact one has no room.
                if error.code == .overflow, overflows(statement, oracle) { return nil }
                return Failure(
                    flaw: .refused(String(error.message.suffix(20))),
                    text: error.rendered(in: statement.kith)
                )
            }
            var expected: [String]
            do {
                expected = try oracle.rows(statement.sqlite).map { line(zip($0, statement.kinds).map(canonical)) }
            } catch {
                return Failure(flaw: .oracle(String("\(error)".prefix(20))), text: "\(error)")
            }
            if !statement.isOrdered {
                actual.sort()
                expected.sort()
            }
            rowCount += expected.count
            if actual != expected {
                let place =
                    zip(actual, expected).enumerated().first { $1.0 != $1.1 }?.offset
                    ?? min(actual.count, expected.count)
                return Failure(
                    flaw: .rows,
                    text: """
                        \(visible == nil ? "all" : "visible") rows: \(actual.count), expected \(expected.count); row \(place) is \
                        \(place < actual.count ? actual[place] : "missing"), expected \
                        \(place < expected.count ? expected[place] : "none")
                        """
                )
            }
        }
        return nil
    }

    /// Whether a number of SQLite's rows that is exact in Kith's does not fit 64 bits.
    private func overflows(_ statement: QueryMaker.Statement, _ oracle: SQLiteOracle) -> Bool {
        let rows = (try? oracle.rows(statement.sqlite)) ?? []
        return rows.contains { row in
            zip(row, statement.kinds).contains { cell, kind in
                kind != .double && Int64(cell) == nil && Double(cell).map { abs($0) > 1e18 } ?? false
            }
        }
    }

    private func rows(
        _ prepared: PreparedQuery,
        _ parameters: [Value],
        _ visible: VisibleRows?,
        _ kinds: [Kind],
        inPieces: Bool
    ) throws(QueryError) -> [String] {
        func lines(_ result: QueryResult) -> [String] {
            result.rows.map { row in line(zip(row, kinds).map { canonical(text($0, $1), $1) }) }
        }
        guard inPieces else {
            return lines(
                try prepared.execute(
                    on: view,
                    parameters: parameters,
                    environment: QueryMaker.environment,
                    visible: visible
                )
            )
        }
        let cursor = try prepared.cursor(
            on: view,
            parameters: parameters,
            chunkRows: 3,
            environment: QueryMaker.environment,
            visible: visible
        )
        var result: [String] = []
        while let piece = try cursor.next() { result += lines(piece) }
        return result
    }

    /// The binary form and the printed form give the tree again.
    private func damage(of query: Query) -> String? {
        var writer = ByteWriter()
        query.encode(into: &writer)
        let decoded = writer.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try? Query(from: &reader)
        }
        if decoded != query { return "the binary form gives another tree" }
        let printed = QueryPrinter.text(of: query)
        guard let parsed = try? Query.parse(printed), QueryPrinter.text(of: parsed) == printed else {
            return "the printed form gives another tree: \(printed)"
        }
        return nil
    }

    // MARK: Cells

    private func line(_ cells: [String]) -> String { cells.joined(separator: " | ") }

    /// A value of Kith's as SQLite would give it.
    private func text(_ value: Value, _ kind: Kind) -> String {
        switch value {
        case .text(let text): return text
        case .decimal(let decimal):
            // Another number of digits than expected is a disagreement of its own.
            return Int(decimal.scale) == kind.scale ? String(decimal.units) : "\(decimal) with \(decimal.scale) digits"
        default: return world.sql(value)
        }
    }

    /// As it must be equal: texts of which several may stand for each other folded, floating point to nine digits.
    private func canonical(_ cell: String, _ kind: Kind) -> String {
        switch kind {
        case .folded where cell != "NULL":
            return String(decoding: SQLiteOracle.folded(cell), as: UTF8.self)
        case .double:
            guard let real = Double(cell) else { return cell }
            guard abs(real) > 1e-9 else { return "0" }
            let exponent = log10(abs(real)).rounded(.down)
            return "\((real / pow(10, exponent - 8)).rounded())e\(exponent)"
        default: return cell
        }
    }
}
