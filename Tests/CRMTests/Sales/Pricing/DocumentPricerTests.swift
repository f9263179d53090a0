// Prices from records: what is read, what is said to differ, and that nothing differs once it is written.

import CRM
import Engine
import Testing

@Suite struct DocumentPricerTests {
    /// A catalogue in which a bolt costs 8.00 a piece, and on the list 10 % more; dozens have a volume discount.
    private func organisation(_ lines: String...) throws -> TestOrganisation {
        var organisation = TestOrganisation()
        for line in Self.catalogue + lines { try organisation.create(line) }
        return organisation
    }

    private static let catalogue = [
        "transactioncurrency EUR: currencyname=Euro | isocurrencycode=EUR | exchangerate=1",
        "transactioncurrency USD: currencyname=Dollar | isocurrencycode=USD | exchangerate=1.25",
        "organization O: name=Us | basecurrencyid=EUR", "uomschedule G: name=Pieces",
        "uom PC: name=Piece | uomscheduleid=G | isschedulebaseuom=yes",
        "uom DZ: name=Dozen | uomscheduleid=G | baseuom=PC | quantity=12",
        "product BOLT: name=Bolt | price=8 | currentcost=5 | defaultuomid=PC | defaultuomscheduleid=G",
        "pricelevel LIST: name=List", "discounttype BULK: name=Bulk",
        "discount BAND: discounttypeid=BULK | lowquantity=10 | percentage=5",
        "productpricelevel ITEM: pricelevelid=LIST | productid=BOLT | uomid=PC | pricingmethodcode=2 | percentage=110",
        "productpricelevel DOZENS: pricelevelid=LIST | productid=BOLT | uomid=DZ | pricingmethodcode=2 | "
            + "percentage=110 | discounttypeid=BULK",
    ]

    private func prices(_ organisation: TestOrganisation, _ document: String) throws -> DocumentPrices {
        let records = Records(
            organisation.engine,
            actor: .none,
            timeMicroseconds: organisation.timeMicroseconds
        ) { BusinessCalendar() }
        return try records.prices(of: organisation.record(document))
    }

    /// Writes what differs; what then differs is nothing.
    @discardableResult
    private func reprice(_ organisation: inout TestOrganisation, _ document: String) throws -> DocumentPrices {
        let prices = try prices(organisation, document)
        var transaction = Transaction(organisation.engine.schema)
        for change in prices.changes { try transaction.updateRecord(change.record, change.values) }
        if !prices.changes.isEmpty { try organisation.execute(transaction) }
        #expect(try self.prices(organisation, document).changes.isEmpty)
        return prices
    }

    private static let documents = [
        ("opportunity", "opportunityproduct"), ("quote", "quotedetail"), ("salesorder", "salesorderdetail"),
        ("invoice", "invoicedetail"),
    ]

    @Test(arguments: documents) func amountsAreWritten(_ entity: String, _ line: String) throws {
        var organisation = try organisation(
            "\(entity) D: name=Deal | pricelevelid=LIST | discountpercentage=10 | discountamount=5 | freightamount=20",
            "\(line) L1: \(entity)id=D | productid=BOLT | uomid=PC | quantity=3 | tax=1.50",
            "\(line) L2: \(entity)id=D | productid=BOLT | uomid=DZ | quantity=10 | manualdiscountamount=3.20",
            "\(line) L3: \(entity)id=D | isproductoverridden=yes | productdescription=Advice | quantity=1.5 | "
                + "priceperunit=100",
        )
        let prices = try reprice(&organisation, "D")
        #expect(prices.changes.map(\.record) == (try ["L1", "L2", "L3", "D"].map(organisation.record)))
        // 8.80 × 3 + 1.50; (105.60 - 5.28) × 10 - 3.20; 100 × 1.5.
        #expect(
            organisation.rows(
                "SELECT priceperunit, volumediscountamount, baseamount, extendedamount, pricingerrorcode "
                    + "FROM \(line) ORDER BY \(line)id"
            ) == [
                "8.8000 | 0.0000 | 26.4000 | 27.9000 | 0", "105.6000 | 5.2800 | 1003.2000 | 1000.0000 | 0",
                "100.0000 | 0.0000 | 150.0000 | 150.0000 | 0",
            ]
        )
        // 1176.40 - 117.64 - 5 = 1053.76; + 20 + 1.50.
        #expect(
            organisation.rows(
                "SELECT totallineitemamount, totallineitemdiscountamount, totaltax, totaldiscountamount, "
                    + "totalamountlessfreight, totalamount, pricingerrorcode FROM \(entity)"
            ) == ["1176.4000 | 3.2000 | 1.5000 | 125.8400 | 1053.7600 | 1075.2600 | 0"]
        )
    }

    @Test func anErrorEmptiesTheAmountsOfItsLine() throws {
        var organisation = try organisation(
            "quote D: name=Deal | pricelevelid=LIST",
            "quotedetail L1: quoteid=D | productid=BOLT | uomid=PC | quantity=1",
            "quotedetail L2: quoteid=D | productid=BOLT | uomid=PC | quantity=2",
        )
        try reprice(&organisation, "D")
        try organisation.set("L2: quantity=")
        let prices = try reprice(&organisation, "D")
        #expect(prices.priced.lines.map(\.error) == [.none, .missingQuantity])
        #expect(
            organisation.rows("SELECT priceperunit, baseamount, extendedamount, pricingerrorcode FROM quotedetail")
                == ["8.8000 | 8.8000 | 8.8000 | 0", "8.8000 | NULL | NULL | 4"]
        )
        #expect(organisation.rows("SELECT totalamount, pricingerrorcode FROM quote") == ["8.8000 | 1"])
    }

    @Test func lockedPricesOutliveTheCatalogue() throws {
        var organisation = try organisation(
            "salesorder D: name=Deal | pricelevelid=LIST",
            "salesorderdetail L: salesorderid=D | productid=BOLT | uomid=DZ | quantity=10",
        )
        try reprice(&organisation, "D")
        try organisation.set("D: ispricelocked=yes")
        try organisation.set("BOLT: price=9")
        #expect(try prices(organisation, "D").changes.isEmpty)
        try organisation.set("L: quantity=2")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT totalamount FROM salesorder") == ["200.6400"])
        try organisation.set("D: ispricelocked=no")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT totalamount FROM salesorder") == ["237.6000"])
    }

    @Test func anOpportunityIsWorthItsLinesWhereItSaysSo() throws {
        var organisation = try organisation(
            "opportunity D: name=Deal | pricelevelid=LIST | estimatedvalue=1",
            "opportunityproduct L: opportunityid=D | productid=BOLT | uomid=PC | quantity=10",
        )
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT estimatedvalue, totalamount FROM opportunity") == ["1.0000 | 88.0000"])
        try organisation.set("D: isrevenuesystemcalculated=yes")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT estimatedvalue FROM opportunity") == ["88.0000"])
    }

    @Test func noCurrencyIsTheBaseCurrency() throws {
        var organisation = try organisation(
            "quote D: name=Deal | pricelevelid=LIST | transactioncurrencyid=EUR",
            "quotedetail L: quoteid=D | productid=BOLT | uomid=PC | quantity=1",
        )
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT pricingerrorcode FROM quote") == ["0"])
        // The line takes over the currency.
        #expect(organisation.rows("SELECT transactioncurrencyid FROM quotedetail") == ["EUR"])
        try organisation.set("D: transactioncurrencyid=USD")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT pricingerrorcode FROM quote") == ["34"])
        try organisation.set("LIST: transactioncurrencyid=USD")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT totalamount, totalamount_base FROM quote") == ["8.8000 | 7.0400"])
    }

    @Test func theOrganisationSaysHowPricesAndDiscountsAreMeant() throws {
        var organisation = try organisation(
            "quote D: name=Deal | pricelevelid=LIST",
            "quotedetail L: quoteid=D | isproductoverridden=yes | quantity=1000 | priceperunit=0.0035 | "
                + "manualdiscountamount=0.0005",
        )
        try organisation.set("O: pricingdecimalprecision=4 | discountcalculationmethod=1")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT totalamount FROM quote") == ["3.0000"])
        try organisation.set("O: discountcalculationmethod=0")
        try organisation.set("EUR: currencyprecision=4")
        try reprice(&organisation, "D")
        #expect(organisation.rows("SELECT totalamount FROM quote") == ["3.4995"])
    }

    @Test func aListIsInForceOnTheDayOfTheOrganisation() throws {
        var organisation = try organisation(
            "quote D: name=Deal | pricelevelid=LIST",
            "quotedetail L: quoteid=D | productid=BOLT | uomid=PC | quantity=1",
        )
        try organisation.set("LIST: begindate=2026-05-15 | enddate=2026-05-15")
        #expect(try prices(organisation, "D").priced.error == .none)
        try organisation.set("LIST: begindate=2026-05-01 | enddate=2026-05-14")
        #expect(try prices(organisation, "D").priced.error == .inactivePriceLevel)
        try organisation.set("LIST: enddate= | statecode=1")
        #expect(try prices(organisation, "D").priced.error == .inactivePriceLevel)
    }

    @Test func whatIsNotThereIsRefused() throws {
        let organisation = try organisation("quote D: name=Deal")
        #expect(try prices(organisation, "D").priced.lines.isEmpty)
        let records = Records(organisation.engine, actor: .none, timeMicroseconds: 0) { BusinessCalendar() }
        let missing = try organisation.record("D").entity
        #expect(throws: Refusal.self) { try records.prices(of: RecordID(entity: missing, origin: 0, sequence: 99)) }
    }
}
