import Engine

// The orders: what won deals turned into, with the same lines.

/// An order; it has the number of its deal.
struct DemoOrder: Sendable {
    var opportunity: DemoOpportunity
    /// Days since 1970-01-01.
    var orderedOn: Int
    var state: Int32
    var status: Int32

    /// Goods leave three weeks after the order.
    var fulfilledOn: Int? { state == 3 || state == 4 ? orderedOn + 21 : nil }
}

extension Demo {
    /// The order of a deal: eleven of twelve won deals have one by now.
    func order(ofOpportunity index: Int) -> DemoOrder? {
        let deal = opportunity(index)
        var random = random(.order, index)
        guard deal.state == .won, random.chance(917) else { return nil }
        let orderedOn = min(today, deal.closes + random.below(6))
        let (state, status): (Int32, Int32) =
            switch today - orderedOn {
            case _ where random.chance(25): (2, 4)
            case ..<4: (0, 1)
            case ..<8: (0, 2)
            case ..<22: (1, 3)
            case ..<40: (3, 100_001)
            default: (4, 100_003)
            }
        return DemoOrder(opportunity: deal, orderedOn: orderedOn, state: state, status: status)
    }

    var orderSteps: [DemoStep] {
        [
            DemoStep(
                "salesorder",
                indexCount: opportunityCount,
                columns: orderColumns,
                number: { $0.opportunity.index }
            ) { demo, index in demo.order(ofOpportunity: index).map { [$0] } ?? [] },
            DemoStep(
                "salesorderdetail",
                indexCount: opportunityCount,
                recordsPerIndexMax: DemoLine.countMax,
                columns: [
                    .link("salesorderid") { DemoReference("salesorder", $1.opportunity) }
                ] + lineColumns,
                number: { $0.number }
            ) { demo, index in demo.order(ofOpportunity: index) == nil ? [] : demo.lines(ofOpportunity: index) },
        ]
    }

    private var orderColumns: [DemoColumn<DemoOrder>] {
        [
            .text("name") { demo, order in
                "\(demo.name(of: order.opportunity.account)), \(DemoText.year(ofDay: order.orderedOn))"
            },
            .text("ordernumber") { "ORD-" + DemoText.padded($1.opportunity.index + 1, 6) },
            .value("statecode") { .option($1.state) },
            .value("statuscode") { .option($1.status) },
            .link("customerid") { DemoReference("account", $1.opportunity.account.index) },
            .link("opportunityid") { DemoReference("opportunity", $1.opportunity.index) },
            .value("orderdate") { .day($1.orderedOn) },
            .value("requestdeliveryby") { .day($1.orderedOn + 28) },
            .value("datefulfilled") { .day($1.fulfilledOn) },
            .value("totallineitemamount") { .cents($1.opportunity.estimatedCents) },
            .value("discountpercentage") { .decimal($1.opportunity.discountPercent, scale: 0) },
            .value("totaldiscountamount") { _, order in
                .cents(order.opportunity.actualCents.map { order.opportunity.estimatedCents - $0 })
            },
            .value("totalamount") { .cents($1.opportunity.actualCents) },
            .link("transactioncurrencyid") { _, _ in Demo.euro },
            .text("shipto_city") { $1.opportunity.account.town.name },
            .text("shipto_country") { $1.opportunity.account.culture.country },
            .link("ownerid") { $0.salesUser($1.opportunity.salesperson) },
        ]
    }
}
