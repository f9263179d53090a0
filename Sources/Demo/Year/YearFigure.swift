import Engine
import Kith

// The figures of the year, twice: as the ledger has them, and as a query finds them among the records.

/// One figure.
public struct YearFigure: Sendable {
    /// What it tells, for people.
    public let title: String
    /// The question that gives it: one row of one number.
    public let sql: String
    /// Digits behind the point: 0 of counts, 2 of amounts, 1 of per cent.
    public let scale: UInt8
    /// By the ledger, in units of the last digit.
    public let ledger: Int64
    /// By the database, in the same; nil where the answer was no such number.
    public internal(set) var database: Int64?

    package init(title: String, sql: String, scale: UInt8, ledger: Int64, database: Int64?) {
        (self.title, self.sql, self.scale) = (title, sql, scale)
        (self.ledger, self.database) = (ledger, database)
    }

    /// Whether both are the same.
    public var agrees: Bool { database == ledger }

    /// A number of this figure as people write it: `1,204,310.50`.
    public func text(_ units: Int64) -> String {
        let digits = DemoText.padded(Int(units.magnitude), Int(scale) + 1)
        var whole = Array(digits.dropLast(Int(scale)))
        for place in stride(from: whole.count - 3, to: 0, by: -3) { whole.insert(",", at: place) }
        return (units < 0 ? "-" : "") + String(whole) + (scale > 0 ? "." + digits.suffix(Int(scale)) : "")
    }
}

extension YearRun {
    /// All figures, asked of the records as they are now.
    func figures() throws -> [YearFigure] {
        try (salesFigures + serviceFigures + marketingFigures + workFigures).map { figure in
            var figure = figure
            figure.database = YearFigure.units(try stage.rows(figure.sql).first?.first, figure.scale)
            return figure
        }
    }
}

extension YearFigure {
    init(_ title: String, _ ledger: Int, scale: UInt8 = 0, _ sql: String) {
        self.init(title: title, sql: sql, scale: scale, ledger: Int64(ledger), database: nil)
    }

    fileprivate static func count(_ title: String, _ ledger: Int, _ records: String) -> YearFigure {
        YearFigure(title, ledger, "SELECT COUNT(*) FROM \(records)")
    }

    fileprivate static func sum(_ title: String, _ cents: Int, _ amount: String, _ records: String) -> YearFigure {
        YearFigure(title, cents, scale: 2, "SELECT SUM(\(amount)) FROM \(records)")
    }

    fileprivate static func whole(_ title: String, _ ledger: Int, _ number: String, _ records: String) -> YearFigure {
        YearFigure(title, ledger, "SELECT SUM(\(number)) FROM \(records)")
    }

    /// An answer in units of the last digit; the sum of nothing is 0.
    fileprivate static func units(_ value: Value?, _ scale: UInt8) -> Int64? {
        switch value {
        case .null: 0
        case .integer(let number): Decimal64(units: number, scale: 0).rescaled(to: scale)?.units
        case .decimal(let number):
            // Digits that would be cut off make it another number.
            number.rescaled(to: scale).flatMap { $0.rescaled(to: 6) == number.rescaled(to: 6) ? $0.units : nil }
        default: nil
        }
    }
}

extension YearRun {
    private var salesFigures: [YearFigure] {
        let open = deals.filter { $0.state == .open }
        return [
            .count("Leads", ledger.leads, "lead"),
            .count("  qualified", ledger.leadsQualified, "lead WHERE statecode = 'Qualified'"),
            .count("  disqualified", ledger.leadsDisqualified, "lead WHERE statecode = 'Disqualified'"),
            .count("Deals", ledger.deals, "opportunity"),
            .count("  won", ledger.dealsWon, "opportunity WHERE statecode = 'Won'"),
            .count("  lost", ledger.dealsLost, "opportunity WHERE statecode = 'Lost'"),
            .count("  open", open.count, "opportunity WHERE statecode = 'Open'"),
            .sum("Pipeline in", ledger.pipelineIn, "estimatedvalue", "opportunity"),
            .sum("  won, by what it brought", ledger.won, "actualvalue", "opportunity WHERE statecode = 'Won'"),
            .sum("  lost, by estimate", ledger.lost, "estimatedvalue", "opportunity WHERE statecode = 'Lost'"),
            .sum(
                "  open, by estimate",
                open.reduce(0) { $0 + $1.estimateCents },
                "estimatedvalue",
                "opportunity WHERE statecode = 'Open'"
            ),
            .count("Quotes won", ledger.quotesWon, "quote WHERE statecode = 'Won'"),
            .sum("  what they come to", ledger.quoted, "totalamount", "quote WHERE statecode = 'Won'"),
            .sum("Ordered", ledger.ordered, "totalamount", "salesorder WHERE statecode <> 'Canceled'"),
            .whole(
                "  units ordered",
                ledger.unitsOrdered,
                "quantity",
                "salesorderdetail WHERE salesorderid.statecode <> 'Canceled'"
            ),
            .whole("  units delivered", ledger.unitsDelivered, "quantityshipped", "salesorderdetail"),
            .sum("Invoiced", ledger.invoiced, "totalamount", "invoice WHERE statecode <> 'Canceled'"),
            .sum("  paid", ledger.paid, "totalamount", "invoice WHERE statecode = 'Paid'"),
            .sum(
                "  still to be paid",
                ledger.invoiced - ledger.paid,
                "totalamount",
                "invoice WHERE statecode = 'Active'"
            ),
            .count("  invoices canceled", ledger.invoicesCanceled, "invoice WHERE statecode = 'Canceled'"),
        ]
    }

    private var serviceFigures: [YearFigure] {
        func with(_ targets: (YearTargets) -> YearTargets.Outcome, _ outcomes: Set<YearTargets.Outcome>) -> Int {
            incidents.count { incident in
                var counted = incident.targets
                counted.count(to: year.end, company.agreements[incident.agreement])
                return outcomes.contains(targets(counted))
            }
        }
        let agreed = contracts.filter(\.isAgreed)
        let inForce = agreed.count {
            !$0.isCanceled && !$0.isHeld && $0.firstDay <= year.endDay && $0.lastDay >= year.endDay
        }
        let open = ledger.cases - ledger.casesResolved - ledger.casesCanceled
        return [
            .count("Cases", ledger.cases, "incident"),
            .count("  resolved", ledger.casesResolved, "incident WHERE statecode = 'Resolved'"),
            .count("  canceled", ledger.casesCanceled, "incident WHERE statecode = 'Canceled'"),
            .count("  open", open, "incident WHERE statecode = 'Active'"),
            .count("  in a queue", ledger.waiting, "queueitem"),
            .count(
                "  answered in time",
                with(\.response, [.kept]),
                "incident WHERE firstresponseslastatus = 'Succeeded'"
            ),
            .count(
                "  not answered in time",
                with(\.response, [.missed]),
                "incident WHERE firstresponseslastatus = 'Noncompliant'"
            ),
            .count(
                "  resolved in time",
                with(\.resolution, [.kept]),
                "incident WHERE resolvebyslastatus = 'Succeeded'"
            ),
            .count(
                "  not resolved in time",
                with(\.resolution, [.missed]),
                "incident WHERE resolvebyslastatus = 'Noncompliant'"
            ),
            .count(
                "  still within target",
                with(\.resolution, [.running, .paused]),
                "incident WHERE resolvebyslastatus IN ('In Progress', 'Paused')"
            ),
            .whole("Minutes billed", ledger.minutesBilled, "billedserviceunits", "incident"),
            .count("Contracts agreed on", ledger.contracts, "contract WHERE statecode <> 'Draft'"),
            .count("  in force", inForce, "contract WHERE statecode = 'Active'"),
            .count(
                "  expired",
                agreed.count { !$0.isCanceled && $0.lastDay < year.endDay },
                "contract WHERE statecode = 'Expired'"
            ),
            .count("  canceled", agreed.count(where: \.isCanceled), "contract WHERE statecode = 'Canceled'"),
            .sum("  what they come to", ledger.contracted, "netprice", "contract"),
            .whole("  allotments used", agreed.reduce(0) { $0 + $1.used }, "allotmentsused", "contractdetail"),
            .whole(
                "  allotments left",
                agreed.reduce(0) { $0 + $1.allotments - $1.used },
                "allotmentsremaining",
                "contractdetail"
            ),
        ]
    }

    private var marketingFigures: [YearFigure] {
        let planned = campaigns.indices.filter { campaigns[$0].record != .none }
        var revenue = Array(repeating: 0, count: campaigns.count)
        for deal in deals where deal.state == .won {
            if let campaign = deal.campaign { revenue[campaign] += deal.wonCents }
        }
        let returns = planned.reduce(0) { sum, index in
            sum + YearRun.perCent(revenue[index] - campaigns[index].costCents, of: campaigns[index].costCents)
        }
        return [
            .count("Campaigns", planned.count, "campaign"),
            .sum("  cost", planned.reduce(0) { $0 + campaigns[$1].costCents }, "totalcost", "campaign"),
            .whole("  contacts reached", ledger.reached, "reachedcount", "campaign"),
            .whole("  contacts left out", ledger.leftOut, "refusedcount", "campaignactivity"),
            .whole("  responses", ledger.responses, "responsecount", "campaign"),
            .count(
                "  responses converted",
                ledger.responsesConverted,
                "campaignresponse WHERE convertedobjectid IS NOT NULL"
            ),
            .sum("  revenue", planned.reduce(0) { $0 + revenue[$1] }, "totalrevenue", "campaign"),
            YearFigure(
                "  returns added up, per cent",
                returns,
                scale: 1,
                "SELECT SUM(returnoninvestment) FROM campaign"
            ),
        ]
    }

    /// A part in tenths of a per cent, half away from zero.
    private static func perCent(_ part: Int, of whole: Int) -> Int {
        let (quotient, rest) = (abs(part) * 1000).quotientAndRemainder(dividingBy: whole)
        let rounded = quotient + (2 * rest >= whole ? 1 : 0)
        return part < 0 ? -rounded : rounded
    }

    private var workFigures: [YearFigure] {
        let reminded = activities.count { activity in
            var activity = activity
            activity.ring(by: year.end)
            return activity.hasRung
        }
        let rung = ["task", "phonecall", "appointment"].map {
            "SELECT activityid FROM \($0) WHERE remindedon IS NOT NULL"
        }.joined(separator: " UNION ALL ")
        return [
            .count("Tasks", ledger.tasks, "task"),
            .count("  done", ledger.tasksDone, "task WHERE statecode = 'Completed'"),
            .count("Calls", ledger.calls, "phonecall"),
            .count("  made", ledger.callsMade, "phonecall WHERE statecode = 'Completed'"),
            .count("Meetings", ledger.meetings, "appointment"),
            .count("  held", ledger.meetingsHeld, "appointment WHERE statecode = 'Completed'"),
            .count("E-mails sent", ledger.mailsSent, "email WHERE statecode = 'Completed'"),
            .count("Reminders that rang", reminded, "(\(rung)) AS rung"),
        ]
    }
}
