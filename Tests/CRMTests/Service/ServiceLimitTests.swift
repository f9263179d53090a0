import CRM
import Engine
import Testing

/// Days at the ends of the calendar, moments and amounts at the ends of their types: done, or refused by a rule or a bound, never a trap.
@Suite struct ServiceLimitTests {
    /// From the first day of year 1 to the last of 9999.
    private static let days: [Int32] = [-719_162, -719_161, -1, 0, 20_000, 2_932_895, 2_932_896]
    private static let moments: [Int64] = [.min, .min + 1, -1, 0, 1_779_000_000_000_000, .max - 1, .max]

    private static func organisation() throws -> (TestOrganisation, contract: RecordID) {
        var organisation = TestOrganisation()
        try organisation.create("account A: name=Acme")
        let contract = try organisation.create("contract K: title=Support | customerid=A")
        try organisation.create("contractdetail K1: title=Line | contractid=K | totalallotments=1")
        return (organisation, contract)
    }

    private static func write(
        _ organisation: inout TestOrganisation,
        _ record: RecordID,
        _ values: [(String, Value)]
    ) throws {
        var transaction = Transaction(organisation.engine.schema)
        try transaction.updateRecord(record, values)
        try organisation.execute(transaction)
    }

    @Test(arguments: days, days)
    func contractsOfAnyDays(_ from: Int32, _ to: Int32) throws {
        var (organisation, contract) = try Self.organisation()
        try Self.write(&organisation, contract, [("activeon", .date(from)), ("expireson", .date(to))])
        do {
            try organisation.perform(InvoiceContract(contract).request)
            #expect(from <= to)
        } catch let refusal as Refusal {
            #expect(refusal.rule == "dates-reversed" && from > to, "\(refusal)")
        }
        try Self.write(&organisation, contract, [("statecode", .option(2))])
        do {
            try organisation.perform(RenewContract(contract).request)
            #expect(from <= to && to < 2_932_896)
        } catch let refusal as Refusal {
            // The next period would lie behind the calendar's last day.
            #expect(refusal.rule == "dates-reversed" && from > to || refusal.code == .outOfRange, "\(refusal)")
        }
    }

    /// What is sent is bounded as attributes are, before a message reckons with it.
    @Test(arguments: [Int32.min, -719_163, 2_932_897, .max])
    func daysBeyondTheCalendarAreRefused(_ day: Int32) throws {
        var (organisation, contract) = try Self.organisation()
        try Self.write(&organisation, contract, [("activeon", .date(0)), ("expireson", .date(364))])
        try Self.write(&organisation, contract, [("statecode", .option(2))])
        for message in [
            RenewContract(contract, from: day), RenewContract(contract, from: 0, to: day),
            RenewContract(contract, from: day, to: day),
        ] {
            let refusal = try #require(throws: Refusal.self) { try organisation.perform(message.request) }
            #expect(refusal.code == .wrongType, "\(refusal)")
        }
    }

    @Test(arguments: [Int64.min, -62_135_596_800_000_001, 253_402_300_800_000_000, .max])
    func momentsBeyondTheCalendarAreRefused(_ moment: Int64) throws {
        var organisation = TestOrganisation()
        let incident = try organisation.create("incident C: title=Case")
        let refusal = try #require(throws: Refusal.self) {
            try organisation.perform(RespondToCase(incident, at: moment).request)
        }
        #expect(refusal.code == .wrongType, "\(refusal)")
    }

    @Test func pricesAtTheEndsOfTheirType() throws {
        var (organisation, contract) = try Self.organisation()
        try Self.write(&organisation, contract, [("activeon", .date(20_600)), ("expireson", .date(20_700))])
        let line = try organisation.record("K1")
        for (price, discount) in [(Int64.max, Int64.min), (.min, .max), (.max, .max)] {
            let values = [("price", price), ("discount", discount)].map {
                ($0.0, Value.decimal(Decimal64(units: $0.1, scale: 4)))
            }
            do {
                try Self.write(&organisation, line, values)
                try organisation.perform(InvoiceContract(contract).request)
                try Self.write(&organisation, contract, [("statecode", .option(0))])
            } catch let refusal as Refusal {
                #expect(refusal.code == .outOfRange, "\(refusal)")
            }
        }
    }

    @Test(arguments: moments)
    func targetsFromAnyMoment(_ from: Int64) throws {
        for hours in ["", "Mo-Fr 08:00-12:00, 13:00-17:00"] {
            var organisation = TestOrganisation()
            let sla = try organisation.create(
                "sla G: name=Gold | responseminutes=60 | resolveminutes=1000000 | businesshours=\(hours)"
            )
            let incident = try organisation.create("incident C: title=Case")
            do {
                try organisation.perform(StartTargets(incident, sla: sla, from: from).request)
                try organisation.perform(HoldCase(incident).request)
                try Self.write(&organisation, incident, [("targetspausedsince", .instant(from))])
                try organisation.perform(ResumeCase(incident).request)
                try organisation.perform(ResolveCase(incident).request)
                try organisation.perform(ReopenCase(incident).request)
            } catch let refusal as Refusal {
                let isExpected = ["moment-in-future", "hours-too-few"].contains(refusal.rule)
                let isOutside = refusal.code == .wrongType && abs(from / 2) > 1 << 60
                #expect(isExpected || isOutside || refusal.code == .outOfRange, "\(from): \(refusal)")
            }
        }
    }
}
