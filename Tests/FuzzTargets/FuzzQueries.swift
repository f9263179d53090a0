import Engine
import FetchXML
import TestSupport

/// Queries as trees and as texts: what can be prepared is executed, on few records and with a small budget.
enum FuzzQueries {
    private static let budget = QueryBudget(rowsMax: 10_000, bytesMax: 1 << 24, stepsMax: 200_000)

    private static func execute(_ prepared: PreparedQuery) {
        let view = FuzzEngine.seeded().view
        let values = prepared.parameterNames.map { _ in Value.integer(1) }
        _ = try? prepared.execute(on: view, parameters: values, budget: budget)
    }

    static func trees(_ bytes: UnsafeRawBufferPointer) {
        var reader = ByteReader(bytes)
        guard let query = try? Query(from: &reader) else { return }
        // What can be read can be written, and read again.
        var writer = ByteWriter()
        query.encode(into: &writer)
        writer.withUnsafeBytes { bytes in
            var again = ByteReader(bytes)
            precondition((try? Query(from: &again)) != nil, "a tree that was just written cannot be read")
        }
        if let prepared = try? PreparedQuery(query, schema: TestSchema.schema) { execute(prepared) }
    }

    static func texts(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let prepared = try? PreparedQuery(text: text, schema: TestSchema.schema) { execute(prepared) }
    }

    static func documents(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let document = try? FetchDocument(text, schema: TestSchema.schema),
            let prepared = try? PreparedQuery(document.pageQuery ?? document.query, schema: TestSchema.schema)
        else { return }
        execute(prepared)
    }

    // MARK: Seeds

    static let texts = [
        "SELECT name, revenue FROM account WHERE name LIKE 'A%' AND revenue >= 5 ORDER BY name DESC LIMIT 3",
        "SELECT ratingname, COUNT(*), SUM(revenue), AVG(employees) FROM account GROUP BY rating HAVING COUNT(*) > 0",
        "SELECT c.name, a.name FROM contact c LEFT JOIN account a ON a.accountid = c.customerid WHERE a.tier IS NULL",
        "SELECT name FROM account WHERE accountid IN (SELECT accountid FROM \"order\") OR parentaccountid.name = ?",
        "WITH big AS (SELECT name, employees FROM account) SELECT name, RANK() OVER (ORDER BY employees) FROM big",
        "SELECT name FROM contact UNION ALL SELECT name FROM account WHERE founded BETWEEN '2020-01-01' AND '2021-01-01'",
        "SELECT CASE WHEN onhold = 1 THEN 'x' ELSE UPPER(name) END, revenue * 2 - -1 FROM account OFFSET 1",
        "EXPLAIN SELECT * FROM account WHERE name = :name",
    ]

    static var treeSeeds: [[UInt8]] {
        texts.compactMap { text in
            guard let query = try? Query.parse(text) else { return nil }
            var writer = ByteWriter()
            query.encode(into: &writer)
            return writer.bytes
        }
    }

    static let documents = [
        """
        <fetch count="3" page="1"><entity name="account"><attribute name="name"/><order attribute="name"/><filter type="or">\
        <condition attribute="name" operator="like" value="A%"/><condition attribute="tier" operator="null"/></filter>\
        <link-entity name="contact" from="customerid" to="accountid" link-type="outer"><attribute name="name" alias="c"/>\
        </link-entity></entity></fetch>
        """,
        """
        <fetch aggregate="true"><entity name="account"><attribute name="revenue" aggregate="sum" alias="s"/>\
        <attribute name="rating" groupby="true" alias="r"/></entity></fetch>
        """,
    ]
}
