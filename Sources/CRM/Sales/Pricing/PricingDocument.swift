// What is priced, and what comes out.

import Engine

/// An opportunity, quote, order or invoice: what people entered.
package struct PricingDocument: Sendable {
    /// Nil where the organisation has no base currency and the document names none.
    package var currency: RecordID?
    /// Digits of amounts behind the point.
    package var currencyPrecision = 2
    /// Digits of prices per unit.
    package var pricePrecision = 2
    /// Units of the currency that are one of the base currency, in 10^-10; nil or 0: there are no base amounts.
    package var exchangeRate: Int64?
    /// The day of pricing: days since 1970-01-01.
    package var date: Int32
    /// Whether manual discounts are off each unit.
    package var isDiscountPerUnit = false
    /// Whether prices per unit and volume discounts stay as they are.
    package var isPriceLocked = false
    package var priceList: RecordID?
    package var discountPercentage: Percentage?
    package var discountAmount: Money?
    package var freight: Money?
    package var lines: [PricingLine] = []

    package init(date: Int32) { self.date = date }
}

/// A line: what people entered.
package struct PricingLine: Hashable, Sendable {
    package var isWriteIn = false
    package var product: RecordID?
    package var unit: RecordID?
    package var quantity: Quantity?
    package var isPriceOverridden = false
    /// Whether the price per unit and the volume discount stay as they are: an edit of a document's other lines takes nothing of
    /// what was agreed on for this one.
    package var isKept = false
    /// Read for write-ins, overridden, kept and locked prices.
    package var pricePerUnit: Money?
    /// Read for kept and locked prices.
    package var volumeDiscount: Money?
    /// Takes the place of the manual discount.
    package var discountPercentage: Percentage?
    package var manualDiscount: Money?
    package var tax: Money?

    package init() {}
}

/// The amounts of a line; those are nil that could not be calculated.
package struct PricedLine: Hashable, Sendable {
    package var error = PricingErrorCode.none
    package var pricePerUnit: Money?
    package var volumeDiscount: Money?
    package var baseAmount: Money?
    /// As it stands in the record: off each unit where discounts are per unit.
    package var manualDiscount: Money?
    package var tax: Money?
    package var extendedAmount: Money?
    /// Its part of `PricedDocument.steps`.
    package var steps: Range<Int>

    /// What goes into the document's totals.
    var appliedDiscount = Money.zero
}

/// The amounts of a document; those are nil that could not be calculated.
package struct PricedDocument: Sendable {
    package var error = PricingErrorCode.none
    package var lines: [PricedLine] = []
    package var totalLineItemAmount: Money?
    package var totalLineItemDiscountAmount: Money?
    package var totalTax: Money?
    package var discountAmount: Money?
    package var freight: Money?
    package var totalDiscountAmount: Money?
    package var totalAmountLessFreight: Money?
    package var totalAmount: Money?
    /// The rules that were followed, if they were asked for: line by line, the document's own at the end.
    package var steps: [PriceStep] = []
    /// The document's own part of them.
    package var ownSteps = 0..<0

    /// The explanation of a line.
    /// - Complexity: O(steps).
    package func explanation(ofLine line: Int) -> ArraySlice<PriceStep> { steps[lines[line].steps] }

    /// The explanation of the totals.
    package var explanation: ArraySlice<PriceStep> { steps[ownSteps] }
}
