// Documents: what was offered becomes what is ordered, and that what is billed.
//
//   opportunity ──quote──▶ quote   Draft ──activate──▶ Active ──win──▶ Won, ──close──▶ Closed, ──revise──▶ Closed + a Draft
//   quote       ──order──▶ order   Active ──submit──▶ Submitted ──fulfil──▶ Fulfilled (in part, then completely), ──cancel──▶ Canceled
//   order     ──invoice──▶ invoice Active ──pay──▶ Paid, ──cancel──▶ Canceled; the order is Invoiced

extension Area {
    /// Quotes, orders, invoices.
    static let documents = Area(
        title: "Quotes, orders and invoices",
        messages: [
            QuoteOpportunity.self, ActivateQuote.self, WinQuote.self, CloseQuote.self, ReviseQuote.self,
            OrderQuote.self,
            OrderOpportunity.self, SubmitOrder.self, CancelOrder.self, FulfilOrder.self, InvoiceOrder.self,
            InvoiceOpportunity.self, PayInvoice.self, CancelInvoice.self, LockPrices.self, UnlockPrices.self,
            RecalculatePrices.self, AddLine.self, ChangeLine.self, RemoveLine.self,
        ]
    )
}
