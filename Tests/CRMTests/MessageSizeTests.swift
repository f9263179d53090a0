import CRM
import Engine
import Testing

/// Messages about records with very many others: carried out as a whole, or refused, whoever sends them.
@Suite struct MessageSizeTests {
    /// Makes `count` lines of a quote, or closing activities of an opportunity.
    private func make(
        _ count: Int,
        _ entity: String,
        _ organisation: inout TestOrganisation,
        _ values: [(String, Value)]
    ) throws {
        var batch = try RecordBatch(organisation.engine.schema, .create, entity, attributes: values.map(\.0))
        for _ in 0..<count { try batch.append(values.map(\.1)) }
        var transaction = Transaction(organisation.engine.schema)
        transaction.append(batch)
        try organisation.execute(transaction)
    }

    @Test(arguments: [(1, true), (1100, true), (10_000, true), (10_001, false), (65_536, false)])
    func aQuoteOfManyLinesIsPriced(_ count: Int, _ isDone: Bool) throws {
        var organisation = TestOrganisation()
        let quote = try organisation.create("quote Q: name=Large")
        try make(
            count,
            "quotedetail",
            &organisation,
            [
                ("quoteid", .reference(quote)), ("isproductoverridden", true), ("productdescription", "Hour"),
                ("priceperunit", 2), ("quantity", 3),
            ]
        )
        guard isDone else {
            let refusal = try #require(throws: Refusal.self) {
                try organisation.perform(RecalculatePrices(quote).request)
            }
            #expect(refusal.code == .limitExceeded, "\(refusal)")
            return
        }
        try organisation.perform(RecalculatePrices(quote).request)
        #expect(
            organisation.rows("SELECT sum(extendedamount), count(*) FROM quotedetail") == [
                "\(6 * count).0000 | \(count)"
            ]
        )
        // Price list and currency are missing: the total says so or is there, and lines are whole either way.
        #expect(organisation.rows("SELECT totallineitemamount FROM quote") == ["\(6 * count).0000"])
    }

    @Test func anOpportunityThatEndedOftenIsReopened() throws {
        var organisation = TestOrganisation()
        let opportunity = try organisation.create("opportunity O: name=Often | statecode=1")
        try make(
            1100,
            "opportunityclose",
            &organisation,
            [("subject", "Won"), ("statecode", 1), ("regardingobjectid", .reference(opportunity))]
        )
        try organisation.perform(ReopenOpportunity(opportunity).request)
        #expect(organisation.rows("SELECT count(*) FROM opportunityclose WHERE statecode = 2") == ["1100"])
    }

    @Test func anOrderOfManyLinesIsFulfilled() throws {
        var organisation = TestOrganisation()
        let order = try organisation.create("salesorder S: name=Large")
        try make(5000, "salesorderdetail", &organisation, [("salesorderid", .reference(order)), ("quantity", 2)])
        try organisation.perform(FulfilOrder(order).request)
        #expect(organisation.rows("SELECT sum(quantityshipped) FROM salesorderdetail") == ["10000.00000"])
    }

    /// Bounds that an administrator has widened are no reason to trap.
    @Test func numbersAtTheirEnds() throws {
        var organisation = TestOrganisation()
        let quote = try organisation.create("quote Q: name=Last | statecode=Active | revisionnumber=1000000000")
        let refusal = try #require(throws: Refusal.self) { try organisation.perform(ReviseQuote(quote).request) }
        #expect(refusal.code == .outOfRange, "\(refusal)")
    }
}
