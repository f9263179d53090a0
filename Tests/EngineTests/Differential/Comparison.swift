// One random world asked by Kith and by an oracle: query after query, with all rows and with those that may be seen.

import Engine
import Foundation
import SQLiteOracle
import Testing

/// One world in both engines.
struct Comparison {
    private let world: RandomWorld
    private let view: View
    private let oracle: any WorldOracle

    init(_ world: RandomWorld, _ oracle: any WorldOracle) {
        self.world = world
        view = world.engine.view
        self.oracle = oracle
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
                world \(world.seed)\(world.isLarge ? " (large)" : ""), query \(number), \(oracle.name)
                kith:   \(shrunk.kith)
                        \(shrunk.parameters.filter { shrunk.kith.contains(":" + $0.key) })
                oracle: \(oracle.text(shrunk.oracle))
                \(world.computed(in: shrunk.kith).joined(separator: "\n"))
                \(text)
                """
            )
        }
        // Queries that find nothing would prove nothing.
        let count = world.entities.reduce(0) { $0 + $1.count }
        // Of forty, most may.
        if failureCount == 0, count > 60, queries >= 100 || world.isLarge {
            #expect(rowCount > queries, "world \(world.seed): \(rowCount) rows")
        }
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
        for isCut in [false, true] {
            let visible = isCut ? world.visible : nil
            var actual: [String] = []
            do throws(QueryError) {
                actual = try rows(prepared, parameters, visible, statement.kinds, inPieces: number % 3 == 1)
            } catch {
                // An oracle goes on with a real number where Kith says that an exact one has no room.
                if error.code == .overflow, overflows(statement, number, isCut) { continue }
                return Failure(
                    flaw: .refused(String(error.message.suffix(20))),
                    text: error.rendered(in: statement.kith)
                )
            }
            var expected: [String]
            do {
                guard let rows = try oracle.rows(number, statement.oracle, visible: isCut) else { continue }
                expected = rows.map { line(zip($0, statement.kinds).map(canonical)) }
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
                        \(isCut ? "visible" : "all") rows: \(actual.count), expected \(expected.count); row \(place) is \
                        \(place < actual.count ? actual[place] : "missing"), expected \
                        \(place < expected.count ? expected[place] : "none")
                        """
                )
            }
        }
        return nil
    }

    /// Whether a number of the oracle's rows that is exact in Kith's does not fit 64 bits.
    private func overflows(_ statement: QueryMaker.Statement, _ number: Int, _ isCut: Bool) -> Bool {
        let rows = (try? oracle.rows(number, statement.oracle, visible: isCut)) ?? []
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
