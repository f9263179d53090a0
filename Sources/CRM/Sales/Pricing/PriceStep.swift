// The path of rules to a price: one value a rule, with the numbers that it used. The text is made when somebody asks.

import Engine

/// One rule that was followed.
package enum PriceStep: Hashable, Sendable {
    case writeIn
    case locked
    case kept
    case product(RecordID)
    case enteredPrice(Money)
    case priceList(RecordID, Int32)
    case item(RecordID, PricingMethod)
    case listedAmount(Money)
    case basis(PriceBasis, Money, RecordID)
    /// Prices and costs are for `from`; a line is in `to`; their units of the base unit, as a fraction.
    case converted(from: RecordID, to: RecordID, numerator: Int64, denominator: Int64)
    case percentage(PricingMethod, Percentage)
    case roundedToPrecision(Money)
    case rounded(StepPolicy, Money, Money)
    case quantity(Quantity, Int32?)
    case noVolumeDiscount
    case noBand(RecordID, Quantity)
    case volumePercentage(RecordID, Percentage, Money)
    case volumeAmount(RecordID, Money)
    case keptVolumeDiscount(Money)
    case baseAmount(Money, Money, Quantity, Money)
    case shareOfLine(Percentage, Money)
    case manualDiscount(Money)
    case discountOfUnits(Money, Quantity, Money)
    case tax(Money)
    case extendedAmount(Money)
    case lines(Int, Money)
    case lineDiscounts(Money)
    case shareOfTotal(Percentage, Money)
    case discountAmount(Money)
    case lessFreight(Money)
    case freight(Money)
    case totalTax(Money)
    case total(Money)
    case failed(PriceFault)

    /// One line of text; `name` says how people see a record, as `Schema.text(of:)` does.
    package func text(_ name: (RecordID) -> String) -> String {
        switch self {
        case .writeIn: "a write-in"
        case .locked: "prices are locked"
        case .kept: "the line's price is kept"
        case .product(let product): "\(name(product)) is active"
        case .enteredPrice(let price): "price per unit as entered: \(price)"
        case .priceList(let list, let day):
            "\(name(list)) is active, in force on \(CalendarText.text(days: day)) and in the document's currency"
        case .item(let item, let method): "\(name(item)): \(method.text)"
        case .listedAmount(let amount): "price per unit \(amount)"
        case .basis(let basis, let amount, let unit): "\(basis.text) \(amount) for \(name(unit))"
        case .converted(let from, let to, let numerator, let denominator):
            denominator == 1
                ? "\(name(to)) is \(numerator) of \(name(from))"
                : "\(name(to)) is \(numerator)/\(denominator) of \(name(from))"
        case .percentage(let method, let percentage): method.formula(percentage)
        case .roundedToPrecision(let price): "price per unit \(price)"
        case .rounded(let policy, let amount, let price): "rounded \(policy.text(amount)): \(price)"
        case .quantity(let quantity, let selling): "quantity \(quantity)" + PriceStep.sellingText(selling)
        case .noVolumeDiscount: "no volume discount"
        case .noBand(let list, let quantity): "\(name(list)) has no band for \(quantity)"
        case .volumePercentage(let list, let percentage, let off):
            "volume discount of \(name(list)): \(percentage), \(off) off each unit"
        case .volumeAmount(let list, let off): "volume discount of \(name(list)): \(off) off each unit"
        case .keptVolumeDiscount(let off): "volume discount kept: \(off) off each unit"
        case .baseAmount(let price, let discount, let quantity, let amount):
            "(\(price) - \(discount)) × \(quantity) = \(amount)"
        case .shareOfLine(let percentage, let off): "manual discount of \(percentage): \(off)"
        case .manualDiscount(let off): "manual discount \(off)"
        case .discountOfUnits(let unit, let quantity, let off):
            "manual discount off each unit: \(unit) × \(quantity) = \(off)"
        case .tax(let tax): "tax \(tax)"
        case .extendedAmount(let amount): "extended amount \(amount)"
        case .lines(let count, let amount): "\(count == 1 ? "1 line" : "\(count) lines"): \(amount)"
        case .lineDiscounts(let off): "of which manual discounts took \(off)"
        case .shareOfTotal(let percentage, let off): "discount of \(percentage): \(off)"
        case .discountAmount(let off): "discount \(off)"
        case .lessFreight(let amount): "before freight \(amount)"
        case .freight(let amount): "freight \(amount)"
        case .totalTax(let tax): "tax \(tax)"
        case .total(let amount): "total amount \(amount)"
        case .failed(let fault): "error \(fault.code.rawValue): \(fault.text(name))"
        }
    }

    private static func sellingText(_ code: Int32?) -> String {
        switch code {
        case 2: ", sold whole"
        case 3: ", sold whole and in fractions"
        default: ""
        }
    }
}

/// `pricingmethodcode`.
package enum PricingMethod: Int32, Sendable {
    case amount = 1
    case percentOfList = 2
    case markupOnCurrentCost = 3
    case marginOnCurrentCost = 4
    case markupOnStandardCost = 5
    case marginOnStandardCost = 6

    var text: String {
        switch self {
        case .amount: "currency amount"
        case .percentOfList: "percent of list"
        case .markupOnCurrentCost: "percent markup on current cost"
        case .marginOnCurrentCost: "percent margin on current cost"
        case .markupOnStandardCost: "percent markup on standard cost"
        case .marginOnStandardCost: "percent margin on standard cost"
        }
    }

    /// What the price is a percentage of; nil for an amount.
    var basis: PriceBasis? {
        switch self {
        case .amount: nil
        case .percentOfList: .listPrice
        case .markupOnCurrentCost, .marginOnCurrentCost: .currentCost
        case .markupOnStandardCost, .marginOnStandardCost: .standardCost
        }
    }

    var isMargin: Bool { self == .marginOnCurrentCost || self == .marginOnStandardCost }

    func formula(_ percentage: Percentage) -> String {
        switch self {
        case .amount, .percentOfList: "× \(percentage)"
        case .markupOnCurrentCost, .markupOnStandardCost: "× (100 + \(percentage.number)) %"
        case .marginOnCurrentCost, .marginOnStandardCost: "÷ (100 - \(percentage.number)) %"
        }
    }
}

/// `roundingpolicycode` and `roundingoptioncode` that round.
package struct StepPolicy: Hashable, Sendable {
    /// 2 up, 3 down, 4 to the nearest.
    var direction: Int32
    /// 1 ends in, 2 multiple of.
    var option: Int32

    func text(_ amount: Money) -> String {
        let way =
            switch direction {
            case 2: "up"
            case 3: "down"
            default: "to the nearest"
            }
        return option == 1 ? "\(way) to end in \(amount)" : "\(way) to a multiple of \(amount)"
    }
}
