import Engine
import Kith

// The year's course: every morning brings what comes from outside (leads, cases, work), and every piece of it goes its own way by the agenda, with
// a stream of its own.

/// One simulation under way. One thread.
final class YearRun {
    let year: Year
    let stage: YearStage
    let company: YearCompany
    var ledger = YearLedger()
    var agenda = YearAgenda()

    var contacts: [YearContact] = []
    var leads: [YearLead] = []
    var deals: [YearDeal] = []
    var orders: [YearOrder] = []
    var incidents: [YearIncident] = []
    var contracts: [YearContract] = []
    var lists: [YearList] = []
    var campaigns: [YearCampaign] = []
    var responses: [YearResponse] = []
    var activities: [YearActivity] = []
    var marketingCalls: [YearMarketingCall] = []
    /// By customer, the places of the contracts that were agreed on.
    var contractsOfCustomer: [[Int]]

    init(_ year: Year, _ stage: YearStage) throws {
        self.year = year
        self.stage = stage
        company = try YearCompany(year, stage, &contacts)
        contractsOfCustomer = Array(repeating: [], count: year.customerCount)
        try planContracts()
        try planCampaigns()
        try planRepeatingTasks()
    }

    /// Everything of one day.
    func simulate(_ day: Int) throws {
        try dawn(day)
        while let event = agenda.next(before: YearTime.midnight(day + 1)) {
            try stage.advance(to: event.moment)
            switch event.kind {
            case .lead(let index): try goOn(lead: index)
            case .deal(let index): try goOn(deal: index)
            case .order(let index): try goOn(order: index)
            case .incident(let index): try goOn(incident: index)
            case .contract(let index): try goOn(contract: index)
            case .activity(let index): try goOn(activity: index)
            case .call(let index): try goOn(call: index)
            case .campaign(let index, let step): try goOn(campaign: index, step)
            case .response(let index): try goOn(response: index)
            }
        }
    }

    /// What is due at the very end.
    func finish() throws { try stage.advance(to: year.end) }

    /// Plans what the day brings.
    private func dawn(_ day: Int) throws {
        var random = year.random(.day, day)
        if YearTime.isWorkday(day) {
            for salesperson in 0..<year.salespersonCount {
                if random.chance(900) { planLead(day, salesperson, &random) }
                for _ in 0..<3 { planActivity(day, salesperson, &random) }
            }
        }
        // Customers call on every day, though less at weekends.
        for _ in 0..<year.agentCount where YearTime.isWorkday(day) || random.chance(150) {
            for _ in 0..<random.within(2...5) { planIncident(day, &random) }
        }
    }

    /// The clock's moment.
    var now: Int64 { stage.now }
}
