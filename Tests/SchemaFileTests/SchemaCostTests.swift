// What changes of the schema cost: `KITH_MEASURE_ROWS=10000000 swift test -c release --filter SchemaCostTests` prints the
// times of docs/metadata.md: of making indexes beside the writer, and of its turn. Asserts nothing about durations; in every run it
// carries the same changes out on a few rows.

import Engine
import Foundation
import SchemaFile
import Testing

@Suite struct SchemaCostTests {
    @Test func changesOfManyRecords() throws {
        let wanted = ProcessInfo.processInfo.environment["KITH_MEASURE_ROWS"].flatMap(Int.init)
        let rowCount = wanted ?? 20_000
        let h = SchemaHarness(.standard)
        for start in stride(from: 0, to: rowCount, by: 50_000) {
            var batch = try RecordBatch(
                h.engine.schema,
                .create,
                "account",
                attributes: ["name", "accountnumber", "numberofemployees", "revenue", "industrycode"]
            )
            for row in start..<min(rowCount, start + 50_000) {
                try batch.append([
                    .text("Company \(row &* 7919 % 1_000_003)"), .text("N\(row)"), .integer(Int64(row % 5000)),
                    .integer(Int64(row)), .option(Int32(1 + row % 33)),
                ])
            }
            var transaction = Transaction(h.engine.schema)
            transaction.append(batch)
            _ = try h.execute(transaction.encoded())
        }
        let changes = [
            ("an optional attribute", "attributes: {a1: money}"),
            ("a label", "label: Customer"),
            ("a longer text", "attributes: {accountnumber: {length: 40}}"),
            ("a required yes/no with a default", "attributes: {a2: {type: yesno, required: yes, default: no}}"),
            ("bounds of eight bytes", "attributes: {numberofemployees: {maximum: 5000000000}}"),
            ("narrower bounds", "attributes: {numberofemployees: {maximum: 10000}}"),
            ("a shorter text", "attributes: {accountnumber: {length: 9}}"),
            ("another option", "attributes: {industrycode: {options: {34: New}}}"),
            ("an unused option gone", "attributes: {industrycode: {options: {34: {delete: yes}}}}"),
            ("an ordered number", "attributes: {numberofemployees: {ordered: yes}}"),
            ("an ordered text", "attributes: {accountnumber: {ordered: yes}}"),
            ("an order gone", "attributes: {accountnumber: {ordered: no}}"),
            ("a key of two attributes", "keys: {two: [accountnumber, revenue]}"),
            ("an index of two numbers", "indexes: {i1: [industrycode, revenue]}"),
            ("an index of a text and a number", "indexes: {i2: [accountnumber, modifiedon]}"),
            ("these gone", "indexes: {i1: {delete: yes}, i2: {delete: yes}}"),
            ("an attribute with values gone", "attributes: {industrycode: {delete: with data}}"),
            ("nothing", "label: Customer"),
        ]
        for (what, change) in changes {
            let clock = ContinuousClock()
            let document = try SchemaDocument(yaml: "entities: {account: {\(change)}}")
            var reply: SchemaReply?
            var ahead: IndexesAhead?
            let beside = clock.measure {
                ahead = h.ahead(document, recordsMin: IndexesAhead.recordsMin)
                ahead?.make()
            }
            let inTurn = try clock.measure { reply = try h.apply(document, ahead: ahead) }
            #expect(reply?.problems.isEmpty == true, "\(what): \(reply?.problems.map(\.description) ?? [])")
            if wanted != nil {
                let texts = [beside, inTurn].map {
                    $0.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 2)))
                }
                print("\(what): \(texts[1]), \(ahead == nil ? "" : texts[0]) beside")
            }
        }
        #expect(
            try h.rows("SELECT COUNT(*) FROM account WHERE a2 = FALSE AND a1 IS NULL") == [[.integer(Int64(rowCount))]]
        )
        if wanted == nil { try h.checkCopies() }
    }
}
