import CRM
import Engine
import Foundation
import TestSupport
import Testing

/// A real pipeline (Maven Analytics, "CRM Sales Opportunities") as messages, each on its day: a deal enters a sales process, has its
/// product added, is engaged, and is won or lost. What comes out is what its file says.
@Suite(.enabled(if: SharedData.isPresent, "the real files are not beside the package")) struct MavenPipelineTests {
    /// Rows of a file without its head; these files have no quotes.
    private static func table(_ name: String) throws -> [[String]] {
        try String(contentsOfFile: "\(SharedData.root)/crm-maven/\(name)", encoding: .utf8)
            .split(whereSeparator: \.isNewline).dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// A row of the pipeline.
    private struct Deal {
        let id: String
        let agent: String
        let product: String
        let stage: String
        let engagedOn: String
        let closedOn: String
        let value: String

        init(_ cells: [String]) {
            (id, agent, stage, engagedOn, closedOn, value) = (
                cells[0], cells[1], cells[4], cells[5], cells[6], cells[7]
            )
            // The pipeline writes "GTXPro" where the catalogue has "GTX Pro".
            product = cells[2] == "GTXPro" ? "GTX Pro" : cells[2]
        }
    }

    private enum Act: Int { case open, engage, close }

    @Test func thePipelineAsMessages() throws {
        let deals = try Self.table("sales_pipeline.csv").map(Deal.init)
        var world = TestOrganisation()
        world.timeMicroseconds = try #require(CalendarText.instant("2016-01-01T00:00:00Z"))
        try setUp(&world)

        // What happened, in the order of days; deals without a day were there from the beginning.
        var acts: [(day: String, act: Act, deal: Int)] = []
        for (index, deal) in deals.enumerated() {
            acts.append((deal.engagedOn.isEmpty ? "2016-01-01" : deal.engagedOn, .open, index))
            if !deal.engagedOn.isEmpty { acts.append((deal.engagedOn, .engage, index)) }
            if !deal.closedOn.isEmpty { acts.append((deal.closedOn, .close, index)) }
        }
        acts.sort { ($0.day, $0.act.rawValue, $0.deal) < ($1.day, $1.act.rawValue, $1.deal) }

        var opportunities = [RecordID](repeating: .none, count: deals.count)
        var steps = opportunities
        let process = try world.record("process")
        for (day, act, index) in acts {
            world.timeMicroseconds = try #require(CalendarText.instant("\(day)T12:00:00Z"))
            let deal = deals[index]
            let opportunity = opportunities[index]
            switch act {
            case .open:
                var transaction = Transaction(world.engine.schema)
                try transaction.create(
                    "opportunity",
                    [
                        "name": .text("\(deal.product), \(deal.id)"), "opportunitynumber": .text(deal.id),
                        "ownerid": .reference(try world.record(deal.agent)),
                        "pricelevelid": .reference(try world.record("list")),
                    ]
                )
                let made = try world.execute(transaction).operations[0].ids[0]
                opportunities[index] = made
                let reply = try world.perform(StartProcess(made, process: process).request)
                steps[index] = try #require(reply.operations.last?.ids.first)
                let one = Decimal64(units: 1, scale: 0)
                try world.perform(AddLine(made, product: try world.record(deal.product), quantity: one).request)
            case .engage:
                try world.perform(CompleteStep(opportunity, step: steps[index]).request)
                try world.perform(AdvanceStage(opportunity).request)
            case .close where deal.stage == "Won":
                try world.perform(WinOpportunity(opportunity, value: Decimal64(declared: deal.value)).request)
            case .close:
                try world.perform(LoseOpportunity(opportunity).request)
            }
        }
        expectTheFile(deals, world)
    }

    private func setUp(_ world: inout TestOrganisation) throws {
        try world.create("salesprocess process: name=Pipeline")
        try world.create(
            "salesstage S1: salesprocessid=process | stagenumber=1 | name=Prospecting | closeprobability=10"
        )
        try world.create("salesstage S2: salesprocessid=process | stagenumber=2 | name=Engaging | closeprobability=50")
        try world.create("salesstep T: salesstageid=S1 | stepnumber=1 | name=First contact")
        try world.create("pricelevel list: name=List")
        try world.create("uomschedule group: name=Units")
        try world.create("uom each: name=Each | uomscheduleid=group | quantity=1")
        for row in try Self.table("products.csv") {
            // Names of records here have no blanks, but in the table by which they are found.
            try world.create(
                named: row[0],
                "product",
                "name=\(row[0]) | defaultuomscheduleid=group | defaultuomid=each"
            )
            try world.create(
                named: "price of \(row[0])",
                "productpricelevel",
                "pricelevelid=list | productid=\(row[0]) | uomid=each | pricingmethodcode=1 | amount=\(row[2])"
            )
        }
        for row in try Self.table("sales_teams.csv") {
            try world.create(named: row[0], "systemuser", "fullname=\(row[0])")
        }
    }

    private func expectTheFile(_ deals: [Deal], _ world: TestOrganisation) {
        #expect(deals.count == 8_800)
        #expect(
            world.rows(
                "SELECT statecodename, stepname, count(*) FROM opportunity GROUP BY statecodename, stepname ORDER BY 1, 2"
            ) == [
                "Lost | Engaging | 2473", "Open | Engaging | 1589", "Open | Prospecting | 500", "Won | Engaging | 4238",
            ]
        )
        // Won value per salesperson and quarter, added up from the file and from the records.
        var won: [String: Int] = [:]
        for deal in deals where deal.stage == "Won" {
            let parts = deal.closedOn.split(separator: "-").compactMap { Int($0) }
            won["\(deal.agent) | \(parts[0]) | \((parts[1] + 2) / 3)", default: 0] += Int(deal.value) ?? 0
        }
        #expect(
            world.rows(
                """
                SELECT ownerid.fullname AS agent, YEAR(actualclosedate) AS y, QUARTER(actualclosedate) AS q, SUM(actualvalue)
                FROM opportunity WHERE statecode = 'Won' GROUP BY agent, y, q
                """
            ).sorted() == won.map { "\($0.key) | \($0.value).0000" }.sorted()
        )
        // The closing activities say the same, day by day, and the lines which products there were.
        #expect(
            world.rows("SELECT count(*), sum(actualrevenue) FROM opportunityclose")
                == ["6711 | \(won.values.reduce(0, +)).0000"]
        )
        #expect(
            world.rows(
                "SELECT count(*) FROM opportunity o JOIN opportunityclose c ON c.regardingobjectid = o.opportunityid "
                    + "WHERE CAST(c.actualend AS DATE) <> o.actualclosedate"
            ) == ["0"]
        )
        #expect(
            world.rows("SELECT count(*), max(priceperunit) FROM opportunityproduct WHERE productid.name = 'GTX Pro'")
                == ["1480 | 4821.0000"]
        )
        #expect(world.rows("SELECT count(*) FROM salesstepinstance WHERE statecode = 'Completed'") == ["8300"])
    }
}
