import Engine
import Kith

// Deals: through the four stages of the sales process, with lines, offers and their revisions, to an end; some of them twice.

/// A deal.
struct YearDeal {
    enum State { case open, won, lost }

    var random: RecordStream
    let record: RecordID
    let salesperson: Int
    var estimateCents: Int
    let campaign: Int?
    /// Its customer does not want to be called.
    let refusesCalls: Bool
    var state = State.open
    /// Place of its stage in `DemoWords.stages`; nil before its process was started.
    var stage: Int?
    /// What is still to be done in its stage: an activity, or a step without one.
    var step: RecordID?
    /// The step of which that activity is.
    var planned: RecordID?
    /// What is to be done in the stage from which it was brought back.
    var laterStep: RecordID?
    /// The stages whose steps were planned.
    var plannedStages: Set<Int> = []
    var isHeld = false
    /// What it is about.
    var lines: [YearLine] = []
    /// The offer that stands, and its lines.
    var quote: RecordID?
    var quoteLines: [YearLine] = []
    var revisionCount = 0
    var wonCents = 0
    var wasReopened = false
}

extension YearRun {
    /// A deal that has begun. It gets a price list, and its estimate follows its lines as soon as it has any.
    func takeUp(deal record: RecordID, salesperson: Int, estimateCents: Int, campaign: Int?, contact: Int?) throws {
        let index = deals.count
        var deal = YearDeal(
            random: year.random(.deal, index),
            record: record,
            salesperson: salesperson,
            estimateCents: estimateCents,
            campaign: campaign,
            refusesCalls: contact.map { contacts[$0].refusesCalls } ?? false
        )
        ledger.deals += 1
        ledger.pipelineIn += estimateCents
        try stage.fillIn(
            record,
            [
                "pricelevelid": .reference(company.priceList), "isrevenuesystemcalculated": true,
                "estimatedclosedate": .day(Int(stage.today) + deal.random.within(30...120)),
            ],
            as: company.salespeople[salesperson]
        )
        agenda.plan(.deal(index), at: YearTime.later(now, days: 1...5, &deal.random))
        deals.append(deal)
    }

    func goOn(deal index: Int) throws {
        var deal = deals[index]
        let owner = company.salespeople[deal.salesperson]
        switch deal.state {
        case .won: break
        case .lost: try reopen(&deal, index, owner)
        case .open: try work(on: &deal, index, owner)
        }
        deals[index] = deal
    }

    private func planNext(_ deal: inout YearDeal, _ index: Int, days: ClosedRange<Int>) {
        agenda.plan(.deal(index), at: YearTime.later(now, days: days, &deal.random))
    }

    private func work(on deal: inout YearDeal, _ index: Int, _ owner: RecordID) throws {
        if deal.isHeld {
            try stage.perform(ResumeOpportunity(deal.record), as: owner)
            deal.isHeld = false
            return planNext(&deal, index, days: 1...5)
        }
        guard let place = deal.stage else {
            let made = try stage.perform(StartProcess(deal.record, process: company.process), as: owner)
            try enter(0, made, &deal)
            return planNext(&deal, index, days: 1...6)
        }
        if deal.random.chance(deal.wasReopened ? 30 : 100) { return try lose(&deal, index, owner) }
        if deal.random.chance(40) {
            try stage.perform(HoldOpportunity(deal.record), as: owner)
            deal.isHeld = true
            return planNext(&deal, index, days: 10...40)
        }
        switch place {
        case 0: try advance(&deal, owner)
        case 1:
            if deal.lines.isEmpty { try addLines(&deal, owner) }
            try advance(&deal, owner)
        case 2:
            if deal.quote == nil, deal.random.chance(800) {
                try offer(&deal, owner)
            } else if deal.quote != nil, deal.revisionCount < 2, deal.random.chance(250) {
                try revise(&deal, owner)
            } else if deal.random.chance(60) {
                try stage.perform(StepBack(deal.record), as: owner)
                (deal.stage, deal.step, deal.laterStep) = (1, nil, deal.step)
            } else {
                try advance(&deal, owner)
            }
        default: try win(&deal, index, owner)
        }
        if deal.state == .open { planNext(&deal, index, days: 3...14) }
    }

    /// Remembers what is to be done in a stage that was entered.
    private func enter(_ place: Int, _ made: YearMade, _ deal: inout YearDeal) throws {
        deal.stage = place
        let steps = made.all("salesstepinstance")
        // The last stage has no step, and what was planned once is not planned a second time.
        guard YearCompany.stagesWithSteps.contains(place), deal.plannedStages.insert(place).inserted else {
            guard steps.isEmpty else { throw YearError("a stage planned its step twice") }
            (deal.step, deal.laterStep) = (deal.laterStep, nil)
            return
        }
        guard let step = steps.first else { throw YearError("a stage was entered, and its step was not planned") }
        deal.planned = step
        switch place {
        case 0:
            deal.step = try made.one("phonecall")
            ledger.calls += 1
        case 1: deal.step = step
        default:
            deal.step = try made.one("task")
            ledger.tasks += 1
        }
    }

    private func advance(_ deal: inout YearDeal, _ owner: RecordID) throws {
        guard let place = deal.stage else { return }
        if let step = deal.step {
            switch place {
            case 0 where deal.refusesCalls:
                // The step is done in another way.
                try stage.perform(CancelActivity(step), as: owner)
                if let planned = deal.planned { try stage.perform(CompleteStep(deal.record, step: planned), as: owner) }
            case 0:
                try stage.perform(CompletePhoneCall(step, minutes: Int64(deal.random.within(3...30))), as: owner)
                ledger.callsMade += 1
            case 1: try stage.perform(CompleteStep(deal.record, step: step), as: owner)
            default:
                try stage.perform(CompleteTask(step, minutes: Int64(15 * deal.random.within(1...6))), as: owner)
                ledger.tasksDone += 1
            }
            deal.step = nil
        }
        let made = try stage.perform(AdvanceStage(deal.record), as: owner)
        try enter(place + 1, made, &deal)
    }

    private func addLines(_ deal: inout YearDeal, _ owner: RecordID) throws {
        for _ in 0...deal.random.weighted([4, 3, 2, 1]) {
            let line = deal.random.line()
            try add(line, to: deal.record, owner)
            deal.lines.append(line)
        }
        estimate(&deal, deal.lines.cents)
    }

    private func add(_ line: YearLine, to document: RecordID, _ owner: RecordID) throws {
        var message = AddLine(document, product: company.products[line.product], quantity: YearRun.whole(line.quantity))
        if line.discount > 0 { message.percentage = Decimal64(units: Int64(line.discount), scale: 2) }
        try stage.perform(message, as: owner)
    }

    static func whole(_ number: Int) -> Decimal64 { Decimal64(units: Int64(number), scale: 0) }

    private func estimate(_ deal: inout YearDeal, _ cents: Int) {
        ledger.pipelineIn += cents - deal.estimateCents
        deal.estimateCents = cents
    }

    /// Drafts an offer, sometimes with another line, and makes it.
    private func offer(_ deal: inout YearDeal, _ owner: RecordID) throws {
        let quote = try stage.perform(QuoteOpportunity(deal.record), as: owner).one("quote")
        try stage.fillIn(
            quote,
            [
                "quotenumber": .text("Q-\(stage.code(deal.record))-\(stage.code(quote))"),
                "effectivefrom": .day(Int(stage.today)), "effectiveto": .day(Int(stage.today) + 60),
            ],
            as: owner
        )
        deal.quoteLines = deal.lines
        if deal.random.chance(300) {
            let line = deal.random.line()
            try add(line, to: quote, owner)
            deal.quoteLines.append(line)
        }
        try stage.perform(ActivateQuote(quote), as: owner)
        deal.quote = quote
    }

    /// The customer wants another quantity of the first line: the offer is revised.
    private func revise(_ deal: inout YearDeal, _ owner: RecordID) throws {
        guard let quote = deal.quote else { return }
        let made = try stage.perform(ReviseQuote(quote), as: owner)
        let revision = try made.one("quote")
        let line = try made.one("quotedetail")
        let quantity = deal.quoteLines[0].quantity + deal.random.within(1...12)
        deal.quoteLines[0].quantity = quantity
        try stage.perform(ChangeLine(revision, line: line, quantity: YearRun.whole(quantity)), as: owner)
        try stage.perform(ActivateQuote(revision), as: owner)
        deal.quote = revision
        deal.revisionCount += 1
    }

    private func win(_ deal: inout YearDeal, _ index: Int, _ owner: RecordID) throws {
        let number = "\(orders.count + 1)"
        let made: YearMade?
        let lines: [YearLine]
        if let quote = deal.quote {
            lines = deal.quoteLines
            made = try stage.perform(OrderQuote(quote, number: "O-\(number)"), as: owner)
            ledger.quotesWon += 1
            ledger.quoted += lines.cents
            deal.wonCents = lines.cents
            let value = Decimal64(units: Int64(lines.cents), scale: 2)
            try stage.perform(WinOpportunity(deal.record, value: value), as: owner)
        } else {
            lines = deal.lines
            deal.wonCents = lines.cents
            try stage.perform(WinOpportunity(deal.record), as: owner)
            // Some are delivered at once, and invoiced without an order.
            let isOrdered = deal.random.chance(700)
            made = isOrdered ? try stage.perform(OrderOpportunity(deal.record, number: "O-\(number)"), as: owner) : nil
        }
        deal.quote = nil
        deal.state = .won
        ledger.dealsWon += 1
        ledger.won += deal.wonCents
        if let made {
            try takeUp(order: try made.one("salesorder"), made.all("salesorderdetail"), lines, deal: index)
        } else {
            try invoice(deal: index, deal.record, lines, owner)
        }
    }

    private func lose(_ deal: inout YearDeal, _ index: Int, _ owner: RecordID) throws {
        if let quote = deal.quote {
            try stage.perform(CloseQuote(quote, status: deal.random.pick([5, 6])), as: owner)
            deal.quote = nil
            deal.quoteLines = []
        }
        try stage.perform(LoseOpportunity(deal.record, status: deal.random.pick([4, 5])), as: owner)
        deal.state = .lost
        ledger.dealsLost += 1
        ledger.lost += deal.estimateCents
        if !deal.wasReopened, deal.random.chance(60) { planNext(&deal, index, days: 20...60) }
    }

    /// A deal that was lost goes on in the stage where it was.
    private func reopen(_ deal: inout YearDeal, _ index: Int, _ owner: RecordID) throws {
        try stage.perform(ReopenOpportunity(deal.record), as: owner)
        deal.state = .open
        deal.wasReopened = true
        ledger.dealsLost -= 1
        ledger.lost -= deal.estimateCents
        planNext(&deal, index, days: 2...10)
    }

    /// The customer of a deal that was won cannot pay, and its order was canceled: the deal was none.
    func undo(deal index: Int) throws {
        let owner = company.salespeople[deals[index].salesperson]
        try stage.perform(ReopenOpportunity(deals[index].record), as: owner)
        try stage.perform(LoseOpportunity(deals[index].record, status: 4), as: owner)
        deals[index].state = .lost
        // Nobody takes it up again.
        deals[index].wasReopened = true
        ledger.dealsWon -= 1
        ledger.won -= deals[index].wonCents
        deals[index].wonCents = 0
        ledger.dealsLost += 1
        ledger.lost += deals[index].estimateCents
    }
}
