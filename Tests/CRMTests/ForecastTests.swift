import CRM
import Engine
import Foundation
import TestSupport
import Testing

/// The forecast of docs/crm.md, asked as it stands there.
@Suite struct ForecastTests {
    /// The query of the page, with its parameters as literals.
    private func query(year: Int, manager: String) throws -> String {
        let page = try String(contentsOfFile: "\(SharedData.packageRoot)/docs/crm.md", encoding: .utf8)
        let section = try #require(page.range(of: "## Quotas and the forecast")).upperBound
        let start = try #require(page.range(of: "```sql\n", range: section..<page.endIndex)).upperBound
        let end = try #require(page.range(of: "```", range: start..<page.endIndex)).lowerBound
        return String(page[start..<end]).replacing(":year", with: "\(year)").replacing(":manager", with: "'\(manager)'")
    }

    private func rows(_ world: TestOrganisation, manager: String) throws -> [String] {
        let code = world.engine.schema.text(of: try world.record(manager))
        return world.rows(try query(year: 2026, manager: code))
    }

    @Test func aTeamByPeriods() throws {
        var world = TestOrganisation()
        try world.create("systemuser boss: fullname=Boss")
        try world.create("systemuser lead: fullname=Lead | parentsystemuserid=boss")
        try world.create("systemuser ann: fullname=Ann | parentsystemuserid=lead")
        try world.create("systemuser max: fullname=Max | parentsystemuserid=boss")
        try world.create("transactioncurrency USD: currencyname=Dollar | isocurrencycode=USD | exchangerate=2")
        try world.create(
            "opportunity O1: name=1 | ownerid=ann | estimatedvalue=1000.10 | closeprobability=35 | estimatedclosedate=2026-02-01"
        )
        try world.create("opportunity O2: name=2 | ownerid=max | estimatedvalue=50 | estimatedclosedate=2026-03-31")
        try world.create(
            "opportunity O3: name=3 | ownerid=ann | actualvalue=400 | statecode=Won | actualclosedate=2026-04-01 | transactioncurrencyid=USD"
        )
        try world.create(
            "opportunity O4: name=4 | ownerid=lead | estimatedvalue=9 | closeprobability=50 | statecode=Lost"
        )
        try world.create("opportunity O5: name=5 | ownerid=ann | estimatedvalue=7 | estimatedclosedate=2027-01-01")
        for (user, period, amount) in [("ann", 1, 100), ("ann", 2, 400), ("max", 2, 400)] {
            let quota = Decimal64(units: Int64(amount), scale: 0)
            let message = SetQuota(try world.record(user), year: 2026, period: Int64(period), amount: quota)
            try world.perform(message.request)
        }
        let team = try rows(world, manager: "boss")
        #expect(
            team == [
                "1 | 1050.1000 | 350.035000 | 0.0000 | 100.0000 | 0.0",
                "2 | 0.0000 | 0.000000 | 200.0000 | 800.0000 | 25.0",
            ]
        )
        let person = try rows(world, manager: "ann")
        #expect(
            person == [
                "1 | 1000.1000 | 350.035000 | 0.0000 | 100.0000 | 0.0",
                "2 | 0.0000 | 0.000000 | 200.0000 | 400.0000 | 50.0",
            ]
        )
        #expect(try rows(world, manager: "lead") == rows(world, manager: "ann"))
        #expect(try rows(world, manager: "max").count == 2)
    }
}
