// What pricing costs: a quote of a thousand lines from the catalogue, calculated anew each time that the prices of its products
// have changed, so that every line is read, priced and written; and once more, when every line is read and priced, and nothing is
// to be written. All lines about one product are the least that a catalogue can cost; long quotes have some hundred.

import BenchData
import Kith

extension RulesRound {
    private static let lines = 1_000
    private static let pricings = 400

    func price(_ database: Database, _ productCount: Int) async throws {
        let schema = database.schema
        var catalogue = Transaction(schema)
        let euro = Value.reference(
            try catalogue.create(
                "transactioncurrency",
                [
                    "currencyname": .text("Euro of \(productCount)"),
                    "isocurrencycode": .text(productCount == 1 ? "EUR" : "CHF"),
                    "currencyprecision": .integer(2),
                    "exchangerate": .decimal(Decimal64(units: 10_000_000_000, scale: 10)),
                ]
            )
        )
        let units = Value.reference(try catalogue.create("uomschedule", ["name": .text("Units of \(productCount)")]))
        let each = Value.reference(
            try catalogue.create(
                "uom",
                ["name": .text("Each"), "uomscheduleid": units, "quantity": .decimal(RulesRound.amount(1))]
            )
        )
        let list = Value.reference(
            try catalogue.create(
                "pricelevel",
                ["name": .text("List of \(productCount)"), "transactioncurrencyid": euro]
            )
        )
        var products: [Value] = []
        for number in 1...productCount {
            let product = Value.reference(
                try catalogue.create(
                    "product",
                    [
                        "name": .text("Licence \(number)"), "productnumber": .text("P-\(productCount)-\(number)"),
                        "defaultuomscheduleid": units, "defaultuomid": each, "price": .decimal(RulesRound.amount(100)),
                        "transactioncurrencyid": euro,
                    ]
                )
            )
            products.append(product)
            _ = try catalogue.create(
                "productpricelevel",
                [
                    "pricelevelid": list, "productid": product, "uomid": each, "pricingmethodcode": .option(1),
                    "amount": .decimal(RulesRound.amount(80)), "transactioncurrencyid": euro,
                ]
            )
        }
        let quote = try catalogue.create(
            "quote",
            ["name": .text("Offer of \(productCount)"), "pricelevelid": list, "transactioncurrencyid": euro]
        )
        var lines = try RecordBatch(
            schema,
            .create,
            "quotedetail",
            attributes: ["quoteid", "productid", "uomid", "quantity", "manualdiscountamount", "tax", "lineitemnumber"]
        )
        for number in 1...RulesRound.lines {
            try lines.append([
                .reference(quote), products[number % productCount], each, .decimal(RulesRound.amount(number)),
                .decimal(RulesRound.amount(1)), .decimal(RulesRound.amount(2)), .integer(Int64(number)),
            ])
        }
        catalogue.append(lines)
        let made = try await database.execute(catalogue).operations
        // Four records, then a product and its item by turns, then the quote and its lines.
        let items = (0..<productCount).map { made[5 + 2 * $0].ids[0] }
        try await price(database, made[made.count - 2].ids[0], items)
    }

    private func price(_ database: Database, _ quote: RecordID, _ items: [RecordID]) async throws {
        var (changed, unchanged): (UInt64, UInt64) = (0, 0)
        for round in 1...RulesRound.pricings {
            var change = Transaction(database.schema)
            for item in items { try change.update(item, ["amount": .decimal(RulesRound.amount(80 + round))]) }
            _ = try await database.execute(change)
            changed += try await time { try await database.perform(RecalculatePrices(quote)) }
            unchanged += try await time { try await database.perform(RecalculatePrices(quote)) }
        }
        let measure =
            "rules: quote of 1,000 lines, \(items.count == 1 ? "one product" : "\(items.count) products"), priced"
        Main.report("\(measure) and written", RulesRound.pricings, nanoseconds: changed)
        Main.report("\(measure), nothing new", RulesRound.pricings, nanoseconds: unchanged)
        // 1 + … + 1,000 pieces at the last price, less a discount of 1 and plus a tax of 2 a line.
        let expected = 500_500 * (80 + RulesRound.pricings) + RulesRound.lines
        let total = try await database.query("SELECT totalamount FROM quote WHERE quoteid = ?", [.reference(quote)])
            .rows
        guard total == [[.decimal(RulesRound.amount(expected))]] else {
            throw BenchError("the quote's total is \(total), not \(expected)")
        }
    }
}
