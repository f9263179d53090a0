import Engine
import Kith

// Answers to campaigns: of contacts who were written to, and of people whom nobody knew; they become leads or deals, or lead to nothing.

/// An answer.
struct YearResponse {
    enum Step { case log, treat, done }

    var random: RecordStream
    let campaign: Int
    /// Who answered; nil for somebody whom nobody knew.
    let contact: Int?
    var step = Step.log
    var record = RecordID.none
    var isInterested = false
}

extension YearRun {
    /// One in fourteen of those who are written to answers, and for every four of them somebody else does.
    func planResponse(campaign: Int, contact: Int) {
        let index = responses.count
        var random = year.random(.response, index)
        let draw = random.below(280)
        guard draw < 25 else {
            // The draw is the contact's own: its place counts even where nothing comes of it.
            responses.append(YearResponse(random: random, campaign: campaign, contact: contact, step: .done))
            return
        }
        agenda.plan(.response(index), at: YearTime.later(now, days: 1...20, &random))
        responses.append(YearResponse(random: random, campaign: campaign, contact: draw < 20 ? contact : nil))
    }

    func goOn(response index: Int) throws {
        var response = responses[index]
        switch response.step {
        case .log: try log(&response, index)
        case .treat: try treat(&response)
        case .done: break
        }
        responses[index] = response
    }

    private func log(_ response: inout YearResponse, _ index: Int) throws {
        let campaign = campaigns[response.campaign].record
        let code: Int32 = [1, 2, 3][response.random.weighted([6, 3, 1])]
        response.isInterested = code == 1
        var message: LogResponse
        if let contact = response.contact {
            message = LogResponse(campaign, customer: contacts[contact].record, code: code)
            if code == 3 { contacts[contact].isOptedOut = true }
        } else {
            message = LogResponse()
            let culture = response.random.pick(DemoCulture.all)
            (message.campaign, message.code) = (campaign, code)
            message.firstName = response.random.pick(culture.givenNames)
            message.lastName = response.random.pick(culture.familyNames)
            message.company =
                "\(response.random.pick(culture.companyStems)) \(response.random.pick(culture.companyTrades))"
            message.email = "answer\(index)@prospects.example"
        }
        message.channel = response.random.pick([1, 2, 6])
        response.record = try stage.perform(message, as: company.marketer).one("campaignresponse")
        ledger.responses += 1
        response.step = .treat
        agenda.plan(.response(index), at: YearTime.later(now, days: 1...6, &response.random))
    }

    private func treat(_ response: inout YearResponse) throws {
        response.step = .done
        guard response.isInterested else {
            try stage.perform(CloseResponse(response.record), as: company.marketer)
            return
        }
        switch response.random.weighted([55, 30, 10, 5]) {
        case 0:
            let made = try stage.perform(ConvertResponse(toLead: response.record), as: company.marketer)
            ledger.responsesConverted += 1
            try takeUp(
                lead: try made.one("lead"),
                campaign: response.campaign,
                contact: response.contact
            )
        case 1:
            // Somebody whom nobody knew is no customer yet.
            guard response.contact != nil else {
                try stage.perform(CloseResponse(response.record), as: company.marketer)
                return
            }
            let made = try stage.perform(ConvertResponse(toOpportunity: response.record), as: company.marketer)
            let deal = try made.one("opportunity")
            let salesperson = response.random.below(year.salespersonCount)
            ledger.responsesConverted += 1
            try stage.perform(AssignRecord(deal, to: company.salespeople[salesperson]), as: company.marketer)
            try takeUp(
                deal: deal,
                salesperson: salesperson,
                estimateCents: 0,
                campaign: response.campaign,
                contact: response.contact
            )
        case 2: try stage.perform(CloseResponse(response.record), as: company.marketer)
        default:
            try stage.perform(CancelResponse(response.record), as: company.marketer)
            ledger.responses -= 1
        }
    }
}
