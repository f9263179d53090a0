import Engine
import Foundation
import Import
import Kith
import SQLiteOracle
import SchemaFile
import Snapshot
import TestSupport
import Testing

/// The real files in entities that a team has declared itself (`Examples/custom`): what calculated attributes and totals
/// over them say is what SQLite computes from the files.
@Suite(.enabled(if: SharedData.isPresent, "the real files are not beside the package")) struct CustomEntityTests {
    /// A question to Kith and to SQLite; the answers are compared row by row.
    struct Pair: Sendable {
        var kith: String
        var sqlite: String
    }

    private func check(_ example: String, folder: String, tables: [String], _ pairs: [Pair]) async throws {
        let examples = "\(SharedData.packageRoot)/Examples/custom/\(example)"
        let database = try Database.open(in: SimulatedStorage(seed: 1), options: DatabaseOptions(), random: 1)
        let document = try SchemaDocument(yaml: String(contentsOfFile: "\(examples).schema.yaml", encoding: .utf8))
        let reply = try await database.change(document)
        #expect(reply.problems.isEmpty, "\(reply.problems)")

        let mapping = try ImportMapping(yaml: String(contentsOfFile: "\(examples).yaml", encoding: .utf8))
        let directory = try TemporaryDirectory()
        var options = ImportOptions()
        options.rejectsPath = directory.path + "/rejects.csv"
        let run = try ImportRun(mapping: mapping, files: ["\(SharedData.root)/\(folder)"], options: options)
        _ = try await run.run(session: database)

        let sqlite = try SQLiteOracle()
        for table in tables { try load(table, from: "\(SharedData.root)/\(folder)/\(table).csv", into: sqlite) }
        for pair in pairs {
            let rows = try await database.query(pair.kith).rows
            let expected = try sqlite.rows(pair.sqlite)
            #expect(!rows.isEmpty && rows.count == expected.count, "\(pair.kith)")
            for (row, wanted) in zip(rows, expected) {
                let same = zip(row, wanted).allSatisfy { Self.agree($0, $1) }
                #expect(same, "\(pair.kith): \(row) instead of \(wanted)")
            }
        }
        // They are nowhere else than in the schema: a restart has nothing to lose.
        try database.close()
    }

    /// Exact values as text; fractions, which SQLite computes in binary, to half a unit of the fourth digit.
    private static func agree(_ value: Value, _ cell: String) -> Bool {
        switch value {
        case .null: cell == "NULL"
        case .text(let text): text == cell
        case .integer(let number): String(number) == cell
        case .date(let days): CalendarText.text(days: days) == cell
        case .instant(let microseconds): CalendarText.text(microseconds: microseconds).hasPrefix(cell)
        case .decimal(let decimal): close(Double(decimal.units) / pow(10, Double(decimal.scale)), cell)
        case .double(let real): close(real, cell)
        default: false
        }
    }

    private static func close(_ real: Double, _ cell: String) -> Bool {
        Double(cell).map { abs($0 - real) <= 0.000_051 } ?? false
    }

    /// The rows that have as many cells as the header, empty ones and `NULL` as null.
    private func load(_ table: String, from path: String, into sqlite: SQLiteOracle) throws {
        var reader = try TableReader(path: path, dialect: CSVDialect(), limits: ImportLimits())
        let name = table.replacing("-", with: "_")
        let columns = reader.columns.map { "\"\($0)\" TEXT" }.joined(separator: ", ")
        var script = "BEGIN; CREATE TABLE \(name) (\(columns));\n"
        var record = CSVRecord()
        while true {
            let event = try reader.next(into: &record)
            if event == .end { break }
            guard event == .record, record.cellCount == reader.columns.count else { continue }
            let cells = (0..<record.cellCount).map { index in
                let text = record.text(index)
                return text.isEmpty || text == "NULL" ? "NULL" : "'\(text.replacing("'", with: "''"))'"
            }
            script += "INSERT INTO \(name) VALUES (\(cells.joined(separator: ", ")));\n"
        }
        try sqlite.execute(script + "COMMIT;")
    }

    @Test func maven() async throws {
        let product = "CASE p.product WHEN 'GTXPro' THEN 'GTX Pro' ELSE p.product END"
        try await check(
            "maven",
            folder: "crm-maven",
            tables: ["sales_teams", "products", "accounts", "sales_pipeline"],
            [
                Pair(
                    kith: """
                        SELECT name, deals, won, wondeals, lostdeals, winrate FROM mvseller ORDER BY name
                        """,
                    sqlite: """
                        SELECT t.sales_agent, count(p.opportunity_id),
                          sum(CASE p.deal_stage WHEN 'Won' THEN p.close_value END),
                          count(CASE p.deal_stage WHEN 'Won' THEN 1 END), count(CASE p.deal_stage WHEN 'Lost' THEN 1 END),
                          count(CASE p.deal_stage WHEN 'Won' THEN 1 END) * 1.0
                            / nullif(count(CASE WHEN p.deal_stage IN ('Won', 'Lost') THEN 1 END), 0)
                        FROM sales_teams t LEFT JOIN sales_pipeline p ON p.sales_agent = t.sales_agent
                        GROUP BY t.sales_agent ORDER BY t.sales_agent COLLATE NOCASE
                        """
                ),
                Pair(
                    kith: """
                        SELECT name, sold, lastsold, soldcheaply FROM mvproduct ORDER BY name
                        """,
                    sqlite: """
                        SELECT r.product, count(p.opportunity_id), max(p.close_date),
                          count(CASE WHEN p.close_value * 10 < r.sales_price * 9 THEN 1 END) FROM products r
                        LEFT JOIN sales_pipeline p ON \(product) = r.product AND p.deal_stage = 'Won'
                        GROUP BY r.product ORDER BY r.product COLLATE NOCASE
                        """
                ),
                Pair(
                    kith: """
                        SELECT name, won, biggest, average, open, perhead, size, parent.perhead, subsidiarieswon, parent.open
                        FROM mvcompany ORDER BY won DESC, name LIMIT 40
                        """,
                    sqlite: """
                        WITH w AS (SELECT account, sum(close_value) AS won, max(close_value + 0) AS biggest,
                            avg(close_value) AS average FROM sales_pipeline WHERE deal_stage = 'Won' GROUP BY account)
                        SELECT a.account, w.won, w.biggest, w.average,
                          (SELECT count(*) FROM sales_pipeline p
                            WHERE p.account = a.account AND p.deal_stage IN ('Prospecting', 'Engaging')),
                          a.revenue * 1000000.0 / a.employees,
                          CASE WHEN a.employees + 0 < 1000 THEN 'small' WHEN a.employees + 0 < 5000 THEN 'middle'
                            ELSE 'large' END,
                          (SELECT b.revenue * 1000000.0 / b.employees FROM accounts b WHERE b.account = a.subsidiary_of),
                          (SELECT sum(w.won) FROM accounts b JOIN w ON w.account = b.account
                            WHERE b.subsidiary_of = a.account),
                          (SELECT count(p.opportunity_id) FROM accounts b LEFT JOIN sales_pipeline p
                            ON p.account = b.account AND p.deal_stage IN ('Prospecting', 'Engaging')
                            WHERE b.account = a.subsidiary_of GROUP BY b.account)
                        FROM accounts a LEFT JOIN w ON w.account = a.account
                        ORDER BY w.won DESC, a.account COLLATE NOCASE LIMIT 40
                        """
                ),
                Pair(
                    kith:
                        "SELECT size, count(*), sum(perhead), max(employees) FROM mvcompany GROUP BY size ORDER BY size",
                    sqlite: """
                        SELECT CASE WHEN a.employees + 0 < 1000 THEN 'small' WHEN a.employees + 0 < 5000 THEN 'middle'
                            ELSE 'large' END AS size, count(*),
                          sum(round(a.revenue * 1000000.0 / a.employees, 4)), max(a.employees + 0)
                        FROM accounts a GROUP BY size ORDER BY size
                        """
                ),
                Pair(
                    kith: "SELECT count(*), sum(daystoclose), max(daystoclose) FROM mvdeal WHERE daystoclose > 90",
                    sqlite: """
                        SELECT count(*), CAST(sum(days) AS INTEGER), CAST(max(days) AS INTEGER) FROM
                          (SELECT julianday(close_date) - julianday(engage_date) AS days FROM sales_pipeline)
                        WHERE days > 90
                        """
                ),
                Pair(
                    kith: """
                        SELECT product.series, sum(discount), count(discount) FROM mvdeal WHERE stage = 'Won'
                        GROUP BY product.series ORDER BY product.series
                        """,
                    sqlite: """
                        SELECT r.series, sum(r.sales_price - p.close_value), count(*) FROM sales_pipeline p
                        JOIN products r ON \(product) = r.product WHERE p.deal_stage = 'Won'
                        GROUP BY r.series ORDER BY r.series
                        """
                ),
            ]
        )
    }

    @Test func northwind() async throws {
        let amount = "CAST(unitPrice AS REAL) * quantity * (1 - discount)"
        try await check(
            "northwind",
            folder: "crm-northwind",
            tables: ["customers", "orders", "order-details"],
            [
                Pair(
                    kith: """
                        SELECT number, lines, total, dayswaited FROM nworder ORDER BY number
                        """,
                    sqlite: """
                        SELECT o.orderID, count(d.orderID), sum(\(amount)),
                          CAST(julianday(o.shippedDate) - julianday(o.orderDate) AS INTEGER)
                        FROM orders o LEFT JOIN order_details d ON d.orderID = o.orderID
                        GROUP BY o.orderID ORDER BY o.orderID
                        """
                ),
                Pair(
                    kith: """
                        SELECT code, orders, freight, lastordered, turnover FROM nwcustomer ORDER BY code
                        """,
                    sqlite: """
                        SELECT c.customerID, count(o.orderID), sum(o.freight), max(date(o.orderDate)),
                          (SELECT sum(round(\(amount), 4)) FROM orders p JOIN order_details d ON d.orderID = p.orderID
                            WHERE p.customerID = c.customerID)
                        FROM customers c LEFT JOIN orders o ON o.customerID = c.customerID
                        GROUP BY c.customerID ORDER BY c.customerID COLLATE NOCASE
                        """
                ),
                Pair(
                    kith:
                        "SELECT count(*), sum(amount), max(amount) FROM nwline WHERE amount > 500 AND nworder.dayswaited > 7",
                    sqlite: """
                        SELECT count(*), sum(\(amount)), max(\(amount)) FROM order_details d
                        JOIN orders o ON o.orderID = d.orderID
                        WHERE \(amount) > 500 AND julianday(o.shippedDate) - julianday(o.orderDate) > 7
                        """
                ),
            ]
        )
    }

    @Test func hubspot() async throws {
        try await check(
            "hubspot",
            folder: "crm-fivetran-seeds/hubspot",
            tables: [
                "owner_data", "deal_data", "contact_list_data", "contact_list_member_data", "company_data",
                "company_property_history_data",
            ],
            [
                Pair(
                    kith: """
                        SELECT number, deals, lastdeal FROM hsowner ORDER BY number
                        """,
                    sqlite: """
                        SELECT o.owner_id, count(d.deal_id), replace(max(d.property_createdate), ' ', 'T')
                        FROM owner_data o LEFT JOIN deal_data d ON d.owner_id = o.owner_id
                        GROUP BY o.owner_id ORDER BY o.owner_id
                        """
                ),
                Pair(
                    kith: """
                        SELECT number, members, gone FROM hslist ORDER BY members DESC, number
                        """,
                    sqlite: """
                        SELECT l.id, count(m.contact_id) AS members, count(CASE m._fivetran_deleted WHEN 'true' THEN 1 END)
                        FROM contact_list_data l LEFT JOIN contact_list_member_data m ON m.contact_list_id = l.id
                        GROUP BY l.id ORDER BY members DESC, l.id
                        """
                ),
                Pair(
                    kith: """
                        SELECT number, revenue, changes FROM hscompany WHERE changes > 0 ORDER BY changes DESC, number
                        """,
                    sqlite: """
                        SELECT c.id, c.property_annualrevenue + 0, count(*) AS changes FROM company_data c
                        JOIN company_property_history_data h ON h.company_id = c.id
                        GROUP BY c.id ORDER BY changes DESC, c.id
                        """
                ),
            ]
        )
    }
}
