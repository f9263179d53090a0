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
        guard count > 0 else { return }
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

    /// The case itself and so many below it, all of them in a queue.
    private func family(_ childCount: Int, _ organisation: inout TestOrganisation) throws -> RecordID {
        let parent = try organisation.create("incident P: title=Network is down")
        let queue = try organisation.create("queue Q: name=Support")
        try make(
            childCount,
            "incident",
            &organisation,
            [("title", "Printer is down"), ("parentcaseid", .reference(parent))]
        )
        var items = try RecordBatch(
            organisation.engine.schema,
            .create,
            "queueitem",
            attributes: ["title", "queueid", "objectid"]
        )
        for incident in try organisation.rows("SELECT incidentid FROM incident").map({ try organisation.record($0) }) {
            try items.append(["Printer is down", .reference(queue), .reference(incident)])
        }
        var transaction = Transaction(organisation.engine.schema)
        transaction.append(items)
        try organisation.execute(transaction)
        return parent
    }

    @Test(arguments: [(513, true), (9_999, true), (10_000, false)])
    func aCaseIsResolvedWithManyBelowIt(_ childCount: Int, _ isDone: Bool) throws {
        var organisation = TestOrganisation()
        let parent = try family(childCount, &organisation)
        let message = ResolveCase(parent, resolution: "New switch", children: true)
        guard isDone else {
            let refusal = try #require(throws: Refusal.self) { try organisation.perform(message.request) }
            #expect(refusal.code == .limitExceeded, "\(refusal)")
            return
        }
        try organisation.perform(message.request)
        #expect(
            organisation.rows("SELECT count(*) FROM incident WHERE resolution = 'New switch'") == ["\(childCount + 1)"]
        )
        #expect(
            organisation.rows(
                "SELECT count(*) FROM incidentresolution WHERE statecode = 'Completed' AND regardingobjectid IS NOT NULL"
            ) == ["\(childCount + 1)"]
        )
        #expect(organisation.rows("SELECT count(*) FROM queueitem") == ["0"])
    }

    @Test func aCaseIsCanceledWithManyBelowIt() throws {
        var organisation = TestOrganisation()
        let parent = try family(1100, &organisation)
        try organisation.perform(CancelCase(parent, children: true).request)
        #expect(organisation.rows("SELECT count(*) FROM incident WHERE statecode = 'Canceled'") == ["1101"])
        #expect(organisation.rows("SELECT count(*) FROM queueitem") == ["0"])
    }

    /// Rules that are not in use, or for other records, count for nothing.
    @Test(arguments: [(1_001, 0, true), (0, 2_000, true), (0, 2_001, false)])
    func routingRulesAreBounded(_ unusedCount: Int, _ conditionCount: Int, _ isDone: Bool) throws {
        var organisation = TestOrganisation()
        let queue = try organisation.create("queue Q: name=Support")
        let incident = try organisation.create("incident C: title=Printer is down")
        try make(
            unusedCount,
            "routingrule",
            &organisation,
            [("name", "Unused"), ("statecode", 1), ("queueid", .reference(queue))]
        )
        try make(
            unusedCount,
            "routingrule",
            &organisation,
            [("name", "Of tasks"), ("objecttypecode", 4212), ("queueid", .reference(queue))]
        )
        let rule = try organisation.create("routingrule X: name=All | queueid=Q")
        try make(
            conditionCount,
            "routingcondition",
            &organisation,
            [
                ("routingruleid", .reference(rule)), ("attributename", "title"), ("operatorcode", 49),
                ("comparedvalue", "down"),
            ]
        )
        guard isDone else {
            let refusal = try #require(throws: Refusal.self) {
                try organisation.perform(RouteRecord(byRules: incident).request)
            }
            #expect(refusal.code == .limitExceeded, "\(refusal)")
            return
        }
        try organisation.perform(RouteRecord(byRules: incident).request)
        #expect(organisation.rows("SELECT queueid FROM queueitem") == ["Q"])
    }

    /// Bounds that an administrator has widened are no reason to trap.
    @Test func numbersAtTheirEnds() throws {
        var organisation = TestOrganisation()
        let quote = try organisation.create("quote Q: name=Last | statecode=Active | revisionnumber=1000000000")
        let refusal = try #require(throws: Refusal.self) { try organisation.perform(ReviseQuote(quote).request) }
        #expect(refusal.code == .outOfRange, "\(refusal)")
    }
}
