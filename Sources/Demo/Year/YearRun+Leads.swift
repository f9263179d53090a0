import Engine
import Kith

// Leads: somebody asks, and is made a customer with a deal, or is not.

/// Somebody who showed interest.
struct YearLead {
    enum State { case expected, open, qualified, disqualified }

    var random: RecordStream
    let salesperson: Int
    var record = RecordID.none
    var state = State.expected
    var estimateCents = 0
    /// The place of the campaign that brought it.
    var campaign: Int?
    /// The contact of a customer who it is.
    var contact: Int?
    var wasReopened = false
}

extension YearRun {
    func planLead(_ day: Int, _ salesperson: Int, _ random: inout RecordStream) {
        leads.append(YearLead(random: year.random(.lead, leads.count), salesperson: salesperson))
        agenda.plan(.lead(leads.count - 1), at: YearTime.moment(day, hours: 8...17, &random))
    }

    /// A lead that a response became goes its way as any other.
    func takeUp(lead record: RecordID, campaign: Int, contact: Int?) throws {
        let index = leads.count
        var random = year.random(.lead, index)
        let salesperson = random.below(year.salespersonCount)
        var lead = YearLead(random: random, salesperson: salesperson, record: record, state: .open, campaign: campaign)
        lead.contact = contact
        ledger.leads += 1
        try stage.perform(AssignRecord(record, to: company.salespeople[salesperson]), as: company.marketer)
        agenda.plan(.lead(index), at: YearTime.later(now, days: 1...7, &lead.random))
        leads.append(lead)
    }

    func goOn(lead index: Int) throws {
        switch leads[index].state {
        case .expected: try open(lead: index)
        case .open: try decide(lead: index)
        case .disqualified: try reopen(lead: index)
        case .qualified: break
        }
    }

    private func open(lead index: Int) throws {
        var lead = leads[index]
        let culture = lead.random.pick(DemoCulture.all)
        let given = lead.random.pick(culture.givenNames)
        let family = lead.random.pick(culture.familyNames)
        lead.estimateCents = 50_000 * lead.random.within(1...60)
        let company = "\(lead.random.pick(culture.companyStems)) \(lead.random.pick(culture.companyTrades))"
        let owner = self.company.salespeople[lead.salesperson]
        lead.record = try stage.create(
            "lead",
            [
                "subject": .text(lead.random.pick(DemoWords.leadTopics)), "fullname": .text("\(given) \(family)"),
                "firstname": .text(given), "lastname": .text(family), "companyname": .text(company),
                "emailaddress1": .text("lead\(index)@prospects.example"),
                "telephone1": .text("+00 556 \(100_000 + index)"),
                "estimatedamount": .cents(lead.estimateCents), "ownerid": .reference(owner),
            ],
            as: owner
        )
        lead.state = .open
        ledger.leads += 1
        agenda.plan(.lead(index), at: YearTime.later(now, days: 1...10, &lead.random))
        leads[index] = lead
    }

    private func decide(lead index: Int) throws {
        var lead = leads[index]
        defer { leads[index] = lead }
        let owner = company.salespeople[lead.salesperson]
        switch lead.random.weighted([lead.wasReopened ? 90 : 48, 34, 13, 5]) {
        case 0:
            var message = QualifyLead(
                lead.record,
                account: lead.contact == nil,
                contact: lead.contact == nil,
                opportunity: true
            )
            message.topic = lead.random.pick(DemoWords.leadTopics)
            let made = try stage.perform(message, as: owner)
            lead.state = .qualified
            ledger.leadsQualified += 1
            try takeUp(
                deal: try made.one("opportunity"),
                salesperson: lead.salesperson,
                estimateCents: lead.estimateCents,
                campaign: lead.campaign,
                contact: lead.contact
            )
        case 1:
            try stage.perform(DisqualifyLead(lead.record, status: lead.random.pick([4, 5, 6, 7])), as: owner)
            lead.state = .disqualified
            ledger.leadsDisqualified += 1
            if lead.random.chance(80) {
                agenda.plan(.lead(index), at: YearTime.later(now, days: 10...60, &lead.random))
            }
        case 2: agenda.plan(.lead(index), at: YearTime.later(now, days: 3...20, &lead.random))
        // Nobody looks at it any more.
        default: break
        }
    }

    private func reopen(lead index: Int) throws {
        try stage.perform(ReopenLead(leads[index].record), as: company.salespeople[leads[index].salesperson])
        leads[index].state = .open
        leads[index].wasReopened = true
        ledger.leadsDisqualified -= 1
        agenda.plan(.lead(index), at: YearTime.later(now, days: 1...5, &leads[index].random))
    }
}
