import Engine

// The deals: where leads come from, how opportunities move through the stages, what they are worth and how they end.

/// A deal.
struct DemoOpportunity: Sendable {
    enum State: Int32, Sendable { case open = 0, won = 1, lost = 2 }

    var index: Int
    var account: DemoAccount
    var salesperson: Int
    /// Days since 1970-01-01.
    var created: Int
    /// Day of the decision: expected while open, actual when closed.
    var closes: Int
    var state: State
    var status: Int32
    /// Place in `DemoWords.stages` that the deal reached.
    var stage: Int
    var probability: Int
    var estimatedCents: Int
    /// What the customer got off the estimate, per cent; for won deals.
    var discountPercent: Int
    /// Who won it instead.
    var competitor: Int?

    var actualCents: Int? {
        switch state {
        case .open: nil
        case .won: estimatedCents / 100 * (100 - discountPercent)
        case .lost: 0
        }
    }
}

/// A line of a deal, and later of its order.
struct DemoLine: Sendable {
    var opportunity: Int
    var place: Int
    var product: Int
    var quantity: Int
    var priceCents: Int

    var amountCents: Int { quantity * priceCents }
    /// Numbers have gaps: four for each deal.
    var number: Int { opportunity * DemoLine.countMax + place }

    static let countMax = 4
}

extension Demo {
    /// Lines of a deal: one to four different products, dear ones alone, cheap ones by the dozen.
    func lines(ofOpportunity index: Int) -> [DemoLine] {
        var random = random(.opportunityLines, index)
        let first = random.below(DemoWords.products.count)
        return (0..<1 + random.weighted([4, 3, 2, 1])).map { place in
            let product = (first + place * 7) % DemoWords.products.count
            let price = DemoWords.products[product].price
            let most = max(1, 24_000 / price)
            let quantity = 1 + min(random.below(most), random.below(most))
            return DemoLine(
                opportunity: index,
                place: place,
                product: product,
                quantity: quantity,
                priceCents: price * 100
            )
        }
    }

    /// Share of decided deals that a salesperson wins, per mille: people differ, and a sales manager wants to see it.
    private func winRate(_ salesperson: Int) -> Int { random(.user, salesperson).first(within: 320...620) }

    func opportunity(_ index: Int) -> DemoOpportunity {
        var random = random(.opportunity, index)
        let account = account(random.busy(accountCount))
        let colleague = account.culture.region + regionCount * random.below(3 * teamsPerRegion)
        let salesperson = random.chance(900) ? account.salesperson : colleague
        let estimated = lines(ofOpportunity: index).reduce(0) { $0 + $1.amountCents }
        // Large deals take longer: six days more for each doubling of the amount.
        let cycle = 15 + random.below(45) + 6 * (Int.bitWidth - (estimated / 50_000).leadingZeroBitCount)
        // The younger of two draws: business grows.
        let created = today - min(random.below(Demo.historyDays), random.below(Demo.historyDays))
        let closes = created + cycle
        var deal = DemoOpportunity(
            index: index,
            account: account,
            salesperson: salesperson,
            created: created,
            closes: closes,
            state: .open,
            status: 1,
            stage: 0,
            probability: 0,
            estimatedCents: estimated,
            discountPercent: random.weighted([8, 3, 3, 4]) * 5,
            competitor: nil
        )
        // One in eight deals drags on past its date; the date is then moved or, by some, left standing.
        let slips = random.chance(125) && today - closes < 120
        if closes <= today && !slips {
            if random.chance(winRate(salesperson)) {
                deal.state = .won
                deal.status = 3
                deal.stage = 3
                deal.probability = 100
            } else {
                deal.state = .lost
                deal.status = random.chance(650) ? 5 : 4
                deal.stage = random.weighted([2, 3, 4, 1])
                deal.competitor = deal.status == 5 ? random.below(DemoWords.competitors.count) : nil
            }
        } else {
            deal.status = random.chance(100) ? 2 : 1
            deal.stage = slips ? random.within(1...3) : min(3, (today - created) * 4 / cycle)
            deal.probability = DemoWords.stages[deal.stage].probability + random.within(-1...1) * 5
            if closes <= today && random.chance(500) { deal.closes = today + random.within(7...60) }
        }
        return deal
    }

    /// Every fourth lead becomes a deal: lead `4k` the deal `2k`.
    func leadIndex(ofOpportunity index: Int) -> Int? { index % 2 == 0 ? index * 2 : nil }

    var salesSteps: [DemoStep] {
        [
            DemoStep("lead", indexCount: leadCount, columns: leadColumns, number: { $0.index }) { [$0.lead($1)] },
            DemoStep("opportunity", indexCount: opportunityCount, columns: opportunityColumns, number: { $0.index }) {
                [$0.opportunity($1)]
            },
            DemoStep(
                "opportunityproduct",
                indexCount: opportunityCount,
                recordsPerIndexMax: DemoLine.countMax,
                columns: [
                    .link("opportunityid") { DemoReference("opportunity", $1.opportunity) }
                ] + lineColumns,
                number: { $0.number }
            ) { $0.lines(ofOpportunity: $1) },
        ] + orderSteps
    }

    /// The columns that lines of deals and of orders share.
    var lineColumns: [DemoColumn<DemoLine>] {
        [
            .text("productdescription") { DemoWords.products[$1.product].name },
            .link("productid") { DemoReference("product", $1.product) },
            .value("lineitemnumber") { .number($1.place + 1) },
            .value("quantity") { .decimal($1.quantity, scale: 0) },
            .value("priceperunit") { .cents($1.priceCents) },
            .value("baseamount") { .cents($1.amountCents) },
            .value("extendedamount") { .cents($1.amountCents) },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
        ]
    }

    private var opportunityColumns: [DemoColumn<DemoOpportunity>] {
        [
            .text("name") { demo, deal in
                let lines = demo.lines(ofOpportunity: deal.index)
                return "\(lines[0].quantity) × \(DemoWords.products[lines[0].product].name)"
                    + (lines.count > 1 ? " and more" : "")
            },
            .text("opportunitynumber") { "OPP-" + DemoText.padded($1.index + 1, 6) },
            .value("statecode") { .option($1.state.rawValue) },
            .value("statuscode") { .option($1.status) },
            .link("customerid") { DemoReference("account", $1.account.index) },
            .link("parentcontactid") { DemoReference("contact", $1.account.index) },
            .link("originatingleadid") { demo, deal in
                demo.leadIndex(ofOpportunity: deal.index).map { DemoReference("lead", $0) }
            },
            .link("campaignid") { demo, deal in
                // What brought the lead brought the deal.
                demo.leadIndex(ofOpportunity: deal.index).map { demo.campaign(of: demo.lead($0)) }
                    ?? demo.campaign(atDay: deal.created, .opportunity, deal.index)
            },
            .link("competitorid") { _, deal in deal.competitor.map { DemoReference("competitor", $0) } },
            .value("estimatedvalue") { .cents($1.estimatedCents) },
            .value("estimatedclosedate") { .day($1.closes) },
            .value("closeprobability") { .number($1.probability) },
            .value("actualvalue") { .cents($1.actualCents) },
            .value("actualclosedate") { .day($1.state == .open ? nil : $1.closes) },
            .text("stepname") { DemoWords.stages[$1.stage].name },
            .value("salesstagecode") { .option(Int32($1.stage + 1)) },
            .value("opportunityratingcode") { _, deal in
                .option(deal.probability >= 60 ? 1 : deal.probability >= 30 ? 2 : 3)
            },
            .value("engagedon") { .day($1.created) },
            .value("isrevenuesystemcalculated") { _, _ in .boolean(true) },
            .value("totallineitemamount") { .cents($1.estimatedCents) },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .link("ownerid") { $0.salesUser($1.salesperson) },
            .value("overriddencreatedon") { .minute($1.created * 1440 + 540) },
        ]
    }
}
