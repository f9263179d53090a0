// The pricing errors of Microsoft CRM, under its numbers: what `pricingerrorcode` of a document or a line holds.
// docs/pricing.md says when each is given.

/// Why a price could not be found; 0 where it could.
package enum PricingErrorCode: Int32, Sendable, CaseIterable {
    case none = 0
    case detailError = 1
    case missingPriceLevel = 2
    case inactivePriceLevel = 3
    case missingQuantity = 4
    case missingUnitPrice = 5
    case missingProduct = 6
    case invalidProduct = 7
    case missingPricingCode = 8
    case invalidPricingCode = 9
    case missingUOM = 10
    case productNotInPriceLevel = 11
    case missingPriceLevelAmount = 12
    case missingPriceLevelPercentage = 13
    case missingPrice = 14
    case missingCurrentCost = 15
    case missingStandardCost = 16
    case invalidPriceLevelAmount = 17
    case invalidPriceLevelPercentage = 18
    case invalidPrice = 19
    case invalidCurrentCost = 20
    case invalidStandardCost = 21
    case invalidRoundingPolicy = 22
    case invalidRoundingOption = 23
    case invalidRoundingAmount = 24
    case priceCalculationError = 25
    case invalidDiscountType = 26
    case discountTypeInvalidState = 27
    case invalidDiscount = 28
    case invalidQuantity = 29
    case invalidPricingPrecision = 30
    case missingProductDefaultUOM = 31
    case missingProductUOMSchedule = 32
    case inactiveDiscountType = 33
    case invalidPriceLevelCurrency = 34
    case priceAttributeOutOfRange = 35
    case baseCurrencyAttributeOverflow = 36
    case baseCurrencyAttributeUnderflow = 37
}
