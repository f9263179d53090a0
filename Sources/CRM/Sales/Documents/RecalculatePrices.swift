// The prices of a document, from what people entered and the catalogue as it is today (docs/pricing.md).

import Engine

/// Calculates the prices of a document's lines and its totals anew.
public struct RecalculatePrices: Message {
    /// The opportunity, quote, order or invoice.
    public var document = RecordID.none

    public init() {}

    /// A request to calculate prices.
    public init(_ document: RecordID) { self.document = document }

    public static let declaration = MessageDeclaration<RecalculatePrices>(
        112,
        "recalculate",
        """
        Calculates the prices of a document's lines and its totals from what was entered and the catalogue as it is today. What is \
        wrong is no refusal: pricingerrorcode says it, on each line and on the document.
        """,
        to: [
            MessageTarget("opportunity", states: [OpportunityState.open]),
            MessageTarget("quote", states: [QuoteState.draft]),
            MessageTarget("salesorder", states: [OrderState.active, OrderState.submitted]),
            MessageTarget("invoice", states: [InvoiceState.active]),
        ],
        record: \.document,
        rules: [.pricesLocked]
    )

    public func plan(_ records: Records) throws(Refusal) -> Plan {
        try records.requireUnlockedPrices(document)
        var plan = Plan(records)
        try plan.update(rows: records.prices(of: document).changes)
        return plan
    }
}
