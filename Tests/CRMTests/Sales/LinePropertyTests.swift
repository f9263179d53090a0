import CRM
import Engine
import Snapshot
import Testing

/// Random changes of a document's lines by messages: whatever was done, the document is as if all had been priced at once.
@Suite struct LinePropertyTests {
    @Test(arguments: UInt64(0)..<8)
    func totalsFollowLines(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        func number(_ bound: Int, _ scale: UInt8) -> Decimal64 {
            Decimal64(units: Int64(pick(bound) + 1), scale: scale)
        }
        var world = TestOrganisation()
        try world.create("transactioncurrency EUR: currencyname=Euro | isocurrencycode=EUR | exchangerate=1")
        try world.create("uomschedule G: name=Units")
        try world.create("uom EA: name=Each | uomscheduleid=G | quantity=1")
        try world.create("uom BOX: name=Box | uomscheduleid=G | baseuom=EA | quantity=12")
        try world.create("pricelevel L: name=Standard | transactioncurrencyid=EUR")
        for (name, price) in [("P", "19.99"), ("N", "0.35")] {
            try world.create(
                "product \(name): name=\(name) | defaultuomscheduleid=G | defaultuomid=EA | price=\(price)"
            )
            try world.create(
                "productpricelevel \(name)1: pricelevelid=L | productid=\(name) | uomid=EA | pricingmethodcode=2 | percentage=95"
            )
        }
        let entity = ["quote", "salesorder", "invoice", "opportunity"][pick(4)]
        let line = ["quote": "quotedetail", "salesorder": "salesorderdetail", "invoice": "invoicedetail"][entity]
        let document = try world.create(
            "\(entity) D: name=Document | pricelevelid=L | transactioncurrencyid=EUR | discountpercentage=7.5 | freightamount=3"
        )
        var lines: [RecordID] = []
        for round in 0..<60 {
            let place = "seed \(seed), \(entity), round \(round)"
            let act = lines.isEmpty ? 0 : pick(4)
            if act == 0 {
                var message = AddLine(
                    document,
                    product: try world.record(pick(2) == 0 ? "P" : "N"),
                    quantity: number(50, 0)
                )
                // No box is on the price list: such a line has an error, and is in no total.
                if pick(4) == 0 { message.unit = try world.record("BOX") }
                if pick(3) == 0 { message.price = number(100_000, 3) }
                if pick(3) == 0 { message.percentage = number(10_000, 2) }
                if pick(3) == 0 { message.tax = number(500, 2) }
                let made = try world.perform(message.request).operations.first { !$0.ids.isEmpty }?.ids[0]
                lines.append(try #require(made))
                #expect(world.engine.schema.entity(lines[lines.count - 1].entity)?.name == line ?? "opportunityproduct")
            } else if act == 1 {
                try world.perform(RemoveLine(document, line: lines.remove(at: pick(lines.count))).request)
            } else {
                var message = ChangeLine(document, line: lines[pick(lines.count)], quantity: number(500, 1))
                if pick(3) == 0 { message.cataloguePrice = true } else { message.price = number(9_999, 2) }
                if pick(2) == 0 { message.discount = number(300, 2) }
                try world.perform(message.request)
            }
            let digest = world.engine.digest
            try world.perform(RecalculatePrices(document).request)
            #expect(world.engine.digest == digest, "\(place): prices were not those of the whole")
            if world.engine.digest != digest { return }
        }
    }
}
