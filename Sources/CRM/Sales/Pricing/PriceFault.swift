// What can be wrong, with what a person needs to mend it. Each fault has one code; a code can have several faults.

import Engine

/// Why a line or a document has no price.
package enum PriceFault: Error, Hashable, Sendable {
    case linesInError(Int)
    case noPriceList
    case priceListInactive(RecordID)
    case priceListUnknown(RecordID)
    case priceListNotInForce(RecordID, Int32)
    case priceListCurrency(RecordID)
    case noQuantity
    case noUnitPrice
    case noProduct
    case productUnknown(RecordID)
    case productInactive(RecordID)
    case productNotValid(RecordID, Int32)
    case noMethod(RecordID)
    case methodUnknown(RecordID, Int32)
    case noUnit
    case noItem(product: RecordID, unit: RecordID)
    case noAmount(RecordID)
    case amountNegative(RecordID, Money)
    case noPercentage(RecordID)
    case percentageNegative(RecordID, Percentage)
    case marginTooLarge(RecordID, Percentage)
    case noBasis(PriceBasis, RecordID)
    case basisNegative(PriceBasis, Money)
    case roundingPolicyUnknown(RecordID, Int32)
    case roundingOptionUnknown(RecordID, Int32?)
    case roundingAmountInvalid(RecordID, Money?)
    case nothingToRoundDownTo(Money)
    case unitsUnrelated(RecordID, RecordID)
    case tooManyDigits
    case discountListUnknown(RecordID)
    case discountListCurrency(RecordID)
    case discountListState(RecordID, Int32)
    case discountListInactive(RecordID)
    case bandBackwards(RecordID)
    case bandsOverlap(RecordID, Quantity)
    case bandEmpty(RecordID, Quantity)
    case volumePercentageInvalid(RecordID, Percentage)
    case volumeDiscountInvalid(RecordID, Money)
    case manualDiscountInvalid(Money)
    case percentageNoShare(Percentage)
    case quantityNegative(Quantity)
    case quantityNotWhole(Quantity)
    case quantityTooFine(Quantity, Int)
    case quantitySellingUnknown(RecordID, Int32)
    case precisionInvalid(Int)
    case noDefaultUnit(RecordID)
    case noUnitGroup(RecordID)
    case outOfRange(AmountName)
    case baseOverflow(AmountName, Money)
    case baseUnderflow(AmountName, Money)

    /// What stands in `pricingerrorcode`.
    package var code: PricingErrorCode {
        switch self {
        case .linesInError: .detailError
        case .noPriceList: .missingPriceLevel
        case .priceListInactive, .priceListUnknown, .priceListNotInForce: .inactivePriceLevel
        case .priceListCurrency: .invalidPriceLevelCurrency
        case .noQuantity: .missingQuantity
        case .noUnitPrice: .missingUnitPrice
        case .noProduct: .missingProduct
        case .productUnknown, .productInactive, .productNotValid: .invalidProduct
        case .noMethod: .missingPricingCode
        case .methodUnknown: .invalidPricingCode
        case .noUnit: .missingUOM
        case .noItem: .productNotInPriceLevel
        case .noAmount: .missingPriceLevelAmount
        case .amountNegative: .invalidPriceLevelAmount
        case .noPercentage: .missingPriceLevelPercentage
        case .percentageNegative, .marginTooLarge: .invalidPriceLevelPercentage
        case .noBasis(.listPrice, _): .missingPrice
        case .noBasis(.currentCost, _): .missingCurrentCost
        case .noBasis(.standardCost, _): .missingStandardCost
        case .basisNegative(.listPrice, _): .invalidPrice
        case .basisNegative(.currentCost, _): .invalidCurrentCost
        case .basisNegative(.standardCost, _): .invalidStandardCost
        case .roundingPolicyUnknown: .invalidRoundingPolicy
        case .roundingOptionUnknown: .invalidRoundingOption
        case .roundingAmountInvalid: .invalidRoundingAmount
        case .nothingToRoundDownTo, .unitsUnrelated, .tooManyDigits: .priceCalculationError
        case .discountListUnknown, .discountListCurrency: .invalidDiscountType
        case .discountListState: .discountTypeInvalidState
        case .discountListInactive: .inactiveDiscountType
        case .bandBackwards, .bandsOverlap, .bandEmpty, .volumePercentageInvalid, .volumeDiscountInvalid,
            .manualDiscountInvalid, .percentageNoShare:
            .invalidDiscount
        case .quantityNegative, .quantityNotWhole, .quantityTooFine, .quantitySellingUnknown: .invalidQuantity
        case .precisionInvalid: .invalidPricingPrecision
        case .noDefaultUnit: .missingProductDefaultUOM
        case .noUnitGroup: .missingProductUOMSchedule
        case .outOfRange: .priceAttributeOutOfRange
        case .baseOverflow: .baseCurrencyAttributeOverflow
        case .baseUnderflow: .baseCurrencyAttributeUnderflow
        }
    }

    /// One sentence; `name` says how people see a record.
    package func text(_ name: (RecordID) -> String) -> String {
        switch self {
        case .linesInError(let count): count == 1 ? "1 line has an error" : "\(count) lines have errors"
        case .noPriceList: "the document has no price list"
        case .priceListInactive(let list): "\(name(list)) is inactive"
        case .priceListUnknown(let list): "\(name(list)) is not there"
        case .priceListNotInForce(let list, let day): "\(name(list)) is not in force on \(CalendarText.text(days: day))"
        case .priceListCurrency(let list): "\(name(list)) is in another currency than the document"
        case .noQuantity: "there is no quantity"
        case .noUnitPrice: "there is no price per unit"
        case .noProduct: "there is no product, and the line is no write-in"
        case .productUnknown(let product): "\(name(product)) is not there"
        case .productInactive(let product): "\(name(product)) is inactive"
        case .productNotValid(let product, let day): "\(name(product)) is not sold on \(CalendarText.text(days: day))"
        case .noMethod(let item): "\(name(item)) has no pricing method"
        case .methodUnknown(let item, let code): "\(name(item)): there is no pricing method \(code)"
        case .noUnit: "there is no unit"
        case .noItem(let product, let unit): "the price list has no item for \(name(product)) in \(name(unit))"
        case .noAmount(let item): "\(name(item)) has no amount"
        case .amountNegative(let item, let amount): "\(name(item)): the amount \(amount) is negative"
        case .noPercentage(let item): "\(name(item)) has no percentage"
        case .percentageNegative(let item, let percentage): "\(name(item)): \(percentage) is negative"
        case .marginTooLarge(let item, let percentage): "\(name(item)): a margin of \(percentage) has no price"
        case .noBasis(let basis, let product): "\(name(product)) has no \(basis.text)"
        case .basisNegative(let basis, let amount): "the \(basis.text) \(amount) is negative"
        case .roundingPolicyUnknown(let item, let code): "\(name(item)): there is no rounding policy \(code)"
        case .roundingOptionUnknown(let item, let code):
            "\(name(item)): " + (code.map { "there is no rounding option \($0)" } ?? "a rounding policy without option")
        case .roundingAmountInvalid(let item, let amount):
            "\(name(item)): "
                + (amount.map { "prices cannot be rounded to \($0)" } ?? "a rounding policy without amount")
        case .nothingToRoundDownTo(let least): "no price is to be rounded down below \(least)"
        case .unitsUnrelated(let unit, let other): "\(name(unit)) and \(name(other)) are not made of the same unit"
        case .tooManyDigits: "the calculation needs more than 38 digits"
        case .discountListUnknown(let list): "\(name(list)) is not there"
        case .discountListCurrency(let list): "\(name(list)) is in another currency than the price list"
        case .discountListState(let list, let state): "\(name(list)) is in state \(state)"
        case .discountListInactive(let list): "\(name(list)) is inactive"
        case .bandBackwards(let list): "\(name(list)) has a band that ends before it begins"
        case .bandsOverlap(let list, let quantity): "\(name(list)) has two bands for \(quantity)"
        case .bandEmpty(let list, let quantity): "\(name(list)) says no discount in its band for \(quantity)"
        case .volumePercentageInvalid(let list, let percentage): "\(name(list)): \(percentage) is no share of a price"
        case .volumeDiscountInvalid(let list, let amount):
            "\(name(list)): \(amount) is negative or more than the price of a unit"
        case .manualDiscountInvalid(let amount): "the discount \(amount) is negative"
        case .percentageNoShare(let percentage): "the discount \(percentage) is not between 0 and 100 %"
        case .quantityNegative(let quantity): "the quantity \(quantity) is negative"
        case .quantityNotWhole(let quantity): "\(quantity) is not whole, and only whole units are sold"
        case .quantityTooFine(let quantity, let digits):
            "\(quantity) has more digits behind the point than the \(digits) of the product"
        case .quantitySellingUnknown(let item, let code): "\(name(item)): there is no quantity selling option \(code)"
        case .precisionInvalid(let digits): "amounts cannot have \(digits) digits behind the point"
        case .noDefaultUnit(let product): "\(name(product)) has no default unit: what its price and costs are for"
        case .noUnitGroup(let product): "\(name(product)) has no unit group"
        case .outOfRange(let amount): "\(amount.rawValue) is out of range"
        case .baseOverflow(let amount, let money): "\(amount.rawValue) \(money) is too large in the base currency"
        case .baseUnderflow(let amount, let money): "\(amount.rawValue) \(money) is too small in the base currency"
        }
    }
}

/// What a percentage is of.
package enum PriceBasis: Hashable, Sendable {
    case listPrice, currentCost, standardCost

    var text: String {
        switch self {
        case .listPrice: "list price"
        case .currentCost: "current cost"
        case .standardCost: "standard cost"
        }
    }
}

/// The amounts of documents and lines, by their attributes.
package enum AmountName: String, Sendable {
    case pricePerUnit = "priceperunit"
    case volumeDiscount = "volumediscountamount"
    case baseAmount = "baseamount"
    case manualDiscount = "manualdiscountamount"
    case tax
    case extendedAmount = "extendedamount"
    case totalLineItemAmount = "totallineitemamount"
    case totalLineItemDiscountAmount = "totallineitemdiscountamount"
    case totalTax = "totaltax"
    case discountAmount = "discountamount"
    case freight = "freightamount"
    case totalDiscountAmount = "totaldiscountamount"
    case totalAmountLessFreight = "totalamountlessfreight"
    case totalAmount = "totalamount"
}
