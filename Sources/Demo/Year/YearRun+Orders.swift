import Engine
import Kith

// From the order to the money: submitted, delivered at once or in parts, invoiced, paid; some are canceled on the way.

/// An order, or what was invoiced without one.
struct YearOrder {
    enum Step { case submit, deliver, invoice, pay, done }

    var random: RecordStream
    let deal: Int
    let record: RecordID
    let lineRecords: [RecordID]
    let lines: [YearLine]
    var step = Step.submit
    /// Something of it was delivered.
    var isBegun = false
    /// Of each line, what was delivered.
    var delivered: [Int]
    var invoice: RecordID?
    var invoiceCents = 0
    /// An invoice of it was canceled.
    var wasCorrected = false
}

extension YearRun {
    func takeUp(order record: RecordID, _ lineRecords: [RecordID], _ lines: [YearLine], deal: Int) throws {
        guard lineRecords.count == lines.count else { throw YearError("an order has lines that its quote had not") }
        ledger.ordered += lines.cents
        ledger.unitsOrdered += lines.units
        plan(order: record, lineRecords, lines, deal, .submit)
    }

    private func plan(
        order record: RecordID,
        _ lineRecords: [RecordID],
        _ lines: [YearLine],
        _ deal: Int,
        _ step: YearOrder.Step
    ) {
        let index = orders.count
        var order = YearOrder(
            random: year.random(.deal, index &+ 1 << 40),
            deal: deal,
            record: record,
            lineRecords: lineRecords,
            lines: lines,
            step: step,
            delivered: lines.map { _ in 0 }
        )
        agenda.plan(.order(index), at: YearTime.later(now, days: 1...4, &order.random))
        orders.append(order)
    }

    /// Invoices a deal for which there is no order.
    func invoice(deal index: Int, _ record: RecordID, _ lines: [YearLine], _ owner: RecordID) throws {
        plan(order: .none, [], lines, index, .pay)
        let place = orders.count - 1
        try invoiceOpportunity(&orders[place], place, record, owner)
    }

    private func invoiceOpportunity(
        _ order: inout YearOrder,
        _ index: Int,
        _ deal: RecordID,
        _ owner: RecordID
    ) throws {
        let number = "I-\(index + 1)\(order.wasCorrected ? "-2" : "")"
        order.invoice = try stage.perform(InvoiceOpportunity(deal, number: number), as: owner).one("invoice")
        order.invoiceCents = deals[order.deal].lines.cents
        ledger.invoiced += order.invoiceCents
    }

    func goOn(order index: Int) throws {
        var order = orders[index]
        let owner = company.salespeople[deals[order.deal].salesperson]
        switch order.step {
        case .submit: try submit(&order, owner)
        case .deliver: try deliver(&order, owner)
        case .invoice: try invoice(&order, index, owner)
        case .pay: try pay(&order, index, owner)
        case .done: break
        }
        if order.step != .done {
            let days = order.step == .pay ? 15...70 : 2...20
            agenda.plan(.order(index), at: YearTime.later(now, days: days, &order.random))
        }
        orders[index] = order
    }

    private func submit(_ order: inout YearOrder, _ owner: RecordID) throws {
        if order.random.chance(30) {
            try stage.perform(CancelOrder(order.record), as: owner)
            ledger.ordered -= order.lines.cents
            ledger.unitsOrdered -= order.lines.units
            order.step = .done
            return try undo(deal: order.deal)
        }
        try stage.perform(SubmitOrder(order.record), as: owner)
        order.step = .deliver
    }

    /// All that is outstanding, or at first a part of the first line.
    private func deliver(_ order: inout YearOrder, _ owner: RecordID) throws {
        let first = order.lines[0].quantity
        if !order.isBegun, first > 1, order.random.chance(400) {
            let part = order.random.within(1...first - 1)
            try stage.perform(
                FulfilOrder(order.record, line: order.lineRecords[0], quantity: YearRun.whole(part)),
                as: owner
            )
            order.delivered[0] = part
            ledger.unitsDelivered += part
        } else {
            try stage.perform(FulfilOrder(order.record), as: owner)
            for (place, line) in order.lines.enumerated() {
                ledger.unitsDelivered += line.quantity - order.delivered[place]
                order.delivered[place] = line.quantity
            }
            order.step = .invoice
        }
        order.isBegun = true
    }

    private func invoice(_ order: inout YearOrder, _ index: Int, _ owner: RecordID) throws {
        order.invoice = try stage.perform(InvoiceOrder(order.record, number: "I-\(index + 1)"), as: owner).one(
            "invoice"
        )
        order.invoiceCents = order.lines.cents
        ledger.invoiced += order.invoiceCents
        order.step = .pay
    }

    /// Paid; or wrong, and written anew, which an order that is closed does not allow: from the deal.
    private func pay(_ order: inout YearOrder, _ index: Int, _ owner: RecordID) throws {
        guard let invoice = order.invoice else { return }
        if !order.wasCorrected, order.random.chance(25) {
            try stage.perform(CancelInvoice(invoice), as: owner)
            ledger.invoiced -= order.invoiceCents
            ledger.invoicesCanceled += 1
            order.wasCorrected = true
            return try invoiceOpportunity(&order, index, deals[order.deal].record, owner)
        }
        try stage.perform(PayInvoice(invoice), as: owner)
        ledger.paid += order.invoiceCents
        order.step = .done
    }
}
