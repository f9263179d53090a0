// What else answers the queries of a random world: with all of its rows, and with only those that may be seen.

import SQLiteOracle

protocol WorldOracle {
    var name: String { get }
    /// The statement as it is asked.
    func text(_ statement: String) -> String
    /// The rows of the statement of a number, every cell as text; nil where it is not asked for them.
    func rows(_ number: Int, _ statement: String, visible: Bool) throws -> [[String]]?
}

struct SQLiteWorld: WorldOracle {
    let name = "SQLite"
    private let all: SQLiteOracle
    private let visible: SQLiteOracle

    init(_ world: RandomWorld) throws {
        (all, visible) = (try SQLiteOracle(), try SQLiteOracle())
        for (oracle, statements) in [(all, world.scripts.all), (visible, world.scripts.visible)] {
            let texts = statements.map(OracleDialect.sqlite)
            try oracle.execute("BEGIN;\(texts.joined(separator: ";"));COMMIT")
        }
    }

    func text(_ statement: String) -> String { OracleDialect.sqlite(statement) }

    func rows(_ number: Int, _ statement: String, visible: Bool) throws -> [[String]]? {
        do {
            return try (visible ? self.visible : all).rows(text(statement))
        } catch let refusal as SQLiteOracle.Refusal where refusal.description.contains("parser stack overflow") {
            // A query in a hundred thousand is deeper than the hundred levels of SQLite's parser.
            return nil
        }
    }
}

final class DuckDBWorld: WorldOracle {
    let name = "DuckDB"
    private let oracle: DuckDBOracle
    private let definitions: [[String]]
    private(set) var askedCount = 0
    /// Statements whose answer SQL leaves open.
    private(set) var openCount = 0
    /// Why statements could not be asked.
    private(set) var refusals: [String] = []

    init(_ oracle: DuckDBOracle, _ world: RandomWorld) throws {
        self.oracle = oracle
        definitions = [world.scripts.all, world.scripts.visible].map { $0.map(Self.definition) }
        for database in definitions.indices { try oracle.begin(database, definitions[database]) }
    }

    /// The statement with DuckDB's types.
    private static func definition(_ statement: String) -> String {
        guard statement.hasPrefix("CREATE") || statement.hasPrefix("ALTER") else { return statement }
        return statement.replacing(" INTEGER", with: " BIGINT").replacing(" COLLATE NOCASE", with: "")
            .replacing(" PRIMARY KEY", with: "")
    }

    func text(_ statement: String) -> String { statement }

    /// Whether it numbers rows that may agree in all that orders them: rows of derived tables have no key. Kith and SQLite take
    /// them in the order in which they come, DuckDB in any, and in another one for each window.
    private static func isOpen(_ statement: String) -> Bool {
        ["row_number()", "lag(", "lead("].contains(where: statement.contains)
            && ["FROM (", "JOIN (", "WITH w"].contains(where: statement.contains)
    }

    /// Of the even statements with all rows, of the odd ones with those that may be seen: each takes milliseconds.
    func rows(_ number: Int, _ statement: String, visible: Bool) throws -> [[String]]? {
        guard visible == (number % 2 == 1) else { return nil }
        guard !Self.isOpen(statement) else {
            openCount += 1
            return nil
        }
        askedCount += 1
        let database = visible ? 1 : 0
        do {
            return try oracle.rows(database, statement)
        } catch let refusal as DuckDBOracle.Refusal {
            refusals.append(refusal.description)
            if refusal.endsDatabase { try oracle.begin(database, definitions[database]) }
            return nil
        }
    }
}
