import CRM
import Engine
import Testing

/// Each message about a campaign × each of its statuses, which are what states are elsewhere: it is refused by `campaign-status` exactly where
/// docs/marketing.md does not have an arrow.
@Suite struct CampaignStatusTests {
    struct Cell: Sendable, CustomTestStringConvertible {
        let verb: String
        let status: Int32
        let isAllowed: Bool
        var testDescription: String { "\(verb) in status \(status)" }
    }

    /// 0 Proposed, 1 Ready To Launch, 2 Launched, 3 Completed, 4 Canceled, 5 Suspended.
    private static let allowed: [(verb: String, statuses: Set<Int32>)] = [
        ("ready", [0]), ("propose", [1]), ("launch", [0, 1]), ("suspend", [2]), ("resume", [5]), ("complete", [2, 5]),
        ("cancel", [0, 1, 2, 5]), ("reopen", [3, 4]), ("copy", [0, 1, 2, 3, 4, 5]),
    ]

    static let cells = allowed.flatMap { verb, statuses in
        (0..<6).map { Cell(verb: verb, status: $0, isAllowed: statuses.contains($0)) }
    }

    @Test(arguments: cells)
    func status(_ cell: Cell) throws {
        var organisation = TestOrganisation()
        try organisation.create("campaign K: name=Spring | statuscode=\(cell.status)")
        let request = try MessageRequest(
            "\(cell.verb) K",
            in: organisation.engine.schema,
            named: organisation.names
        )
        var refusal: Refusal?
        do { try organisation.perform(request) } catch let error as Refusal { refusal = error }
        #expect(refusal?.rule == (cell.isAllowed ? nil : "campaign-status"))
        if !cell.isAllowed {
            #expect(
                refusal?.message.contains("to \(cell.verb == "ready" ? "get it ready" : "\(cell.verb) it")") == true
            )
        }
    }

    /// What five dynamic lists ask together is more than a job may ask.
    @Test func queriesThatAreTooLongTogether() throws {
        var organisation = TestOrganisation()
        try organisation.create("campaignactivity T: subject=Mailing | channeltypecode=7")
        let schema = organisation.engine.schema
        func send(_ text: String) throws {
            try organisation.perform(try MessageRequest(text, in: schema, named: organisation.names))
        }
        let condition = String(repeating: "x", count: 3_900)
        for list in 0..<5 {
            try organisation.create("list L\(list): listname=\(list)")
            try send("set-query L\(list) --query \"SELECT contactid FROM contact WHERE fullname = '\(condition)'\"")
            try send("add-item T --item L\(list)")
        }
        #expect(throws: Refusal.self) { try send("distribute T") }
        #expect(organisation.rows("SELECT COUNT(*) FROM bulkoperation") == ["0"])
        try send("remove-item T --item L4")
        try send("distribute T")
        #expect(organisation.rows("SELECT COUNT(*) FROM bulkoperation") == ["1"])
    }

    /// A plain change can put anything into a list's query: it is found when it is asked.
    @Test func aQueryThatAPlainChangeMadeUnreadable() throws {
        var organisation = TestOrganisation()
        try organisation.create("list L: listname=Odd | type=Dynamic | query=who knows")
        try organisation.create("list M: listname=All")
        let request = try MessageRequest(
            "copy-members L --to M",
            in: organisation.engine.schema,
            named: organisation.names
        )
        try organisation.perform(request)
        #expect(throws: QueryError.self) { try organisation.runJobs() }
    }
}
