import CRM
import Engine
import Snapshot
import Testing

/// Random changes of a document's lines by messages, while the catalogue's prices change: lines that were not touched keep their
/// prices, those that were have the catalogue's of that moment, and the totals are those of the lines. Where the catalogue has not
/// changed since all was priced at once, nothing is to be calculated anew.
@Suite struct LinePropertyTests {
    @Test(arguments: UInt64(0)..<8)
    func totalsFollowLines(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        func number(_ bound: Int, _ scale: UInt8) -> Decimal64 {
            Decimal64(units: Int64(pick(bound) + 1), scale: scale)
        }
        var document = try LineDocument(["quote", "salesorder", "invoice", "opportunity"][pick(4)])
        var isCurrent = true
        var keptCount = 0
        for round in 0..<60 {
            let place = "seed \(seed), \(document.entity), round \(round)"
            if pick(3) == 0 {
                try document.setListPrice(of: pick(2) == 0 ? "P" : "N", cents: pick(10_000) + 1)
                isCurrent = false
            }
            let before = document.prices
            let act = document.lines.isEmpty ? 0 : pick(5)
            var touched = RecordID.none
            if act == 0 {
                var message = AddLine(
                    document.id,
                    product: try document.world.record(pick(2) == 0 ? "P" : "N"),
                    quantity: number(50, 0)
                )
                // No box is on the price list: such a line has an error, and is in no total.
                if pick(4) == 0 { message.unit = try document.world.record("BOX") }
                if pick(3) == 0 { message.price = number(100_000, 3) }
                if pick(3) == 0 { message.percentage = number(10_000, 2) }
                if pick(3) == 0 { message.tax = number(500, 2) }
                let made = try document.world.perform(message.request).operations.first { !$0.ids.isEmpty }?.ids[0]
                touched = try #require(made)
                document.lines.append(touched)
                #expect(document.world.engine.schema.entity(touched.entity)?.name == document.line)
            } else if act == 1 {
                let line = document.lines.remove(at: pick(document.lines.count))
                try document.world.perform(RemoveLine(document.id, line: line).request)
            } else if act == 2 {
                // What is none of the price: the line keeps it.
                var message = ChangeLine(document.id, line: document.lines[pick(document.lines.count)])
                message.tax = number(500, 2)
                if pick(2) == 0 { message.discount = number(300, 2) }
                try document.world.perform(message.request)
            } else {
                touched = document.lines[pick(document.lines.count)]
                var message = ChangeLine(document.id, line: touched, quantity: number(500, 1))
                if pick(3) == 0 { message.cataloguePrice = true } else { message.price = number(9_999, 2) }
                if pick(2) == 0 { message.discount = number(300, 2) }
                try document.world.perform(message.request)
            }
            for line in document.lines where line != touched {
                // A line with an error has no price to keep.
                guard let price = before[line] else { continue }
                keptCount += 1
                #expect(document.prices[line] == price, "\(place): a line that was not touched")
            }
            if touched != .none { document.checkCatalogue(touched, place) }
            document.checkTotals(place)
            let digest = document.world.engine.digest
            if isCurrent || pick(4) == 0 {
                try document.world.perform(RecalculatePrices(document.id).request)
                for line in document.lines { document.checkCatalogue(line, place) }
                document.checkTotals(place)
                #expect(
                    !isCurrent || document.world.engine.digest == digest,
                    "\(place): prices were not those of the whole"
                )
                if isCurrent, document.world.engine.digest != digest { return }
                isCurrent = true
            }
        }
        #expect(keptCount > 0)
    }
}

/// A document whose lines are changed, and what is seen of them.
private struct LineDocument {
    var world = TestOrganisation()
    let entity: String
    let line: String
    let id: RecordID
    var lines: [RecordID] = []
    /// List prices in cents, by product; a price list has 95 % of them.
    private var cents: [RecordID: Int] = [:]

    init(_ entity: String) throws {
        self.entity = entity
        let lines = ["quote": "quotedetail", "salesorder": "salesorderdetail", "invoice": "invoicedetail"]
        line = lines[entity] ?? "opportunityproduct"
        try world.create("transactioncurrency EUR: currencyname=Euro | isocurrencycode=EUR | exchangerate=1")
        try world.create("uomschedule G: name=Units")
        try world.create("uom EA: name=Each | uomscheduleid=G | quantity=1")
        try world.create("uom BOX: name=Box | uomscheduleid=G | baseuom=EA | quantity=12")
        try world.create("pricelevel L: name=Standard | transactioncurrencyid=EUR")
        for name in ["P", "N"] {
            try world.create("product \(name): name=\(name) | defaultuomscheduleid=G | defaultuomid=EA")
            try world.create(
                "productpricelevel \(name)1: pricelevelid=L | productid=\(name) | uomid=EA | pricingmethodcode=2 | percentage=95"
            )
        }
        id = try world.create(
            "\(entity) D: name=Document | pricelevelid=L | transactioncurrencyid=EUR | discountpercentage=7.5 | freightamount=3"
        )
        try setListPrice(of: "P", cents: 1999)
        try setListPrice(of: "N", cents: 35)
    }

    mutating func setListPrice(of product: String, cents: Int) throws {
        try world.set("\(product): price=\(Decimal64(units: Int64(cents), scale: 2))")
        self.cents[try world.record(product)] = cents
    }

    private var records: Records {
        Records(world.engine, actor: .none, timeMicroseconds: world.timeMicroseconds) { BusinessCalendar() }
    }

    /// An amount in ten-thousandths; 0 where there is none.
    private func units(_ record: RecordID, _ attribute: String) -> Int64 {
        records.decimal(record, attribute)?.rescaled(to: 4)?.units ?? 0
    }

    /// Prices per unit of the lines without an error.
    var prices: [RecordID: Decimal64] {
        var prices: [RecordID: Decimal64] = [:]
        for line in lines where records.option(line, "pricingerrorcode") == 0 {
            prices[line] = records.decimal(line, "priceperunit")
        }
        return prices
    }

    /// A line whose price nobody entered has that of the catalogue, to the cent, half up.
    func checkCatalogue(_ line: RecordID, _ place: String) {
        guard records.option(line, "pricingerrorcode") == 0, records.value(line, "ispriceoverridden") != .boolean(true),
            let cents = cents[records.reference(line, "productid")]
        else { return }
        let expected = Int64((cents * 95 + 50) / 100) * 100
        #expect(units(line, "priceperunit") == expected, "\(place): the catalogue's price")
    }

    /// Lines with an error are in no total. Discounts of a document are rounded to the cent, half away from zero.
    func checkTotals(_ place: String) {
        let sound = lines.filter { records.option($0, "pricingerrorcode") == 0 }
        let tax = sound.reduce(0) { $0 + units($1, "tax") }
        let amount = sound.reduce(0) { $0 + units($1, "extendedamount") } - tax
        // 7.5 %, in cents of 100 ten-thousandths.
        let magnitude = (abs(amount) * 75 + 50_000) / 100_000 * 100
        let discount = amount < 0 ? -magnitude : magnitude
        #expect(units(id, "totallineitemamount") == amount, "\(place): the lines' total")
        #expect(units(id, "totaltax") == tax, "\(place): the tax")
        #expect(units(id, "totalamount") == amount - discount + 30_000 + tax, "\(place): the total")
    }
}
