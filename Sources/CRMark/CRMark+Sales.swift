import Demo
import Engine

// The deals: amount, stage, dates and outcome hang together as they do in a sales department.

/// What others ask of a deal.
struct CRMarkOpportunity {
    var account: Int
    var owner: Int
    /// Days since 1970-01-01.
    var created: Int
    /// Day of the decision: expected while open, actual when closed.
    var closes: Int
    /// 0 open, 1 won, 2 lost.
    var state: Int
    var stage: Int
    /// Whole units.
    var amount: Int
    /// What the deal's remaining values are drawn from.
    var rest: CRMarkRandom
}

extension CRMark {
    private static let products = Word.list(DemoWords.products.map(\.name))
    private static let stageNames = Word.list(DemoWords.stages.map(\.name))
    private static let stageProbabilities = DemoWords.stages.map(\.probability)
    private static let lostStageWeights = [2, 3, 4, 1]

    func opportunity(_ index: Int) -> CRMarkOpportunity {
        var random = random(.opportunity, index)
        let account = busyAccount(&random)
        let owner = random.chance(900) ? self.account(account).owner : random.below(userCount)
        // Most deals are small: two octaves are drawn, and the lower counts.
        let octave = min(random.within(10...20), random.within(10...20))
        let amount = 1 << octave + random.below(1 << octave)
        // Large deals take longer: nine days more for each doubling.
        let cycle = 15 + random.below(45) + 9 * (octave - 10)
        let created = CRMark.today - random.recent(CRMark.historyDays)
        var deal = CRMarkOpportunity(
            account: account,
            owner: owner,
            created: created,
            closes: created + cycle,
            state: 0,
            stage: 0,
            amount: amount,
            rest: random
        )
        // One in eight drags on past its date.
        let slips = deal.rest.chance(125) && CRMark.today - deal.closes < 120
        if deal.closes <= CRMark.today, !slips {
            // Salespeople differ (a third to two thirds), and large deals are lost more often.
            let winRate = 330 + ((owner &* 2_654_435_761) >> 7) % 330 - 12 * (octave - 10)
            let isWon = deal.rest.chance(winRate)
            deal.state = isWon ? 1 : 2
            deal.stage = isWon ? 3 : deal.rest.weighted(CRMark.lostStageWeights)
        } else {
            deal.stage = slips ? deal.rest.within(1...3) : min(3, (CRMark.today - created) * 4 / cycle)
        }
        return deal
    }

    static let opportunityAttributes = [
        "name", "opportunitynumber", "statecode", "statuscode", "customerid", "campaignid", "estimatedvalue",
        "estimatedclosedate", "closeprobability", "actualvalue", "actualclosedate", "stepname", "salesstagecode",
        "opportunityratingcode", "engagedon", "ownerid", "overriddencreatedon",
    ]

    func appendOpportunity(_ index: Int, to rows: inout CRMarkRows) {
        var deal = opportunity(index)
        rows.add(deal.rest.within(1...40))
        rows.add(" x ")
        rows.add(CRMark.products[deal.rest.below(CRMark.products.count)])
        rows.endText()
        rows.add("OPP-")
        rows.add(index, digits: 8)
        rows.endText()
        rows.number(deal.state)
        switch deal.state {
        case 0: rows.number(deal.rest.chance(100) ? 2 : 1)
        case 1: rows.number(3)
        default: rows.number(deal.rest.chance(650) ? 5 : 4)
        }
        rows.link(.account, deal.account)
        campaign(atDay: deal.created, &deal.rest, to: &rows)
        rows.money(deal.amount)
        rows.number(deal.closes)
        let openProbability = CRMark.stageProbabilities[deal.stage] + 5 * deal.rest.within(-1...1)
        rows.number(deal.state == 0 ? openProbability : deal.state == 1 ? 100 : 0)
        if deal.state == 0 {
            rows.null()
            rows.null()
        } else {
            rows.money(deal.state == 1 ? deal.amount / 100 * (100 - 5 * deal.rest.below(4)) : 0)
            rows.number(deal.closes)
        }
        rows.text(CRMark.stageNames[deal.stage])
        rows.number(deal.stage + 1)
        rows.number(deal.stage >= 2 ? 1 : deal.stage == 1 ? 2 : 3)
        rows.number(deal.created)
        rows.link(.systemuser, deal.owner)
        rows.moment(deal.created * 1_440 + 540 + deal.rest.below(480))
        rows.end()
    }
}
