// The price of one line, rule by rule, in the order of docs/pricing.md: where the price per unit is from, whether the quantity is
// sold, the volume discount, the amounts. The first fault ends it, and the line then has no amounts.

import Engine

/// What all lines of a document share while it is priced.
struct LinePricing {
    let terms: PricingDocument
    let book: PriceBook
    /// Ten-thousandths in the last digit of a price per unit, and of an amount.
    let priceStep: Int64
    let amountStep: Int64
    let baseRange: BaseAmountRange
    let priceList: Result<PriceList, PriceFault>
    /// Whether the rules that are followed are to be kept: a document of a thousand lines follows ten thousand of them.
    let isExplained: Bool
    private(set) var steps: [PriceStep] = []

    @inline(__always)
    mutating func note(_ step: PriceStep) {
        if isExplained { steps.append(step) }
    }

    mutating func price(_ line: PricingLine) -> PricedLine {
        let start = steps.count
        var priced = PricedLine(steps: start..<start)
        priced.manualDiscount = line.manualDiscount
        priced.tax = line.tax
        do throws(PriceFault) {
            try price(line, &priced)
        } catch {
            note(.failed(error))
            priced.error = error.code
            (priced.baseAmount, priced.extendedAmount, priced.appliedDiscount) = (nil, nil, .zero)
        }
        priced.steps = start..<steps.count
        return priced
    }

    private mutating func price(_ line: PricingLine, _ priced: inout PricedLine) throws(PriceFault) {
        let isAsBefore = terms.isPriceLocked || line.isKept
        if line.isWriteIn || line.isPriceOverridden || isAsBefore {
            priced.pricePerUnit = line.pricePerUnit
            priced.volumeDiscount = isAsBefore ? line.volumeDiscount : nil
            let price = try enteredPrice(line)
            priced.pricePerUnit = price
            let quantity = try quantity(of: line)
            let off = isAsBefore ? try keptVolumeDiscount(line) : .zero
            priced.volumeDiscount = off
            return try amounts(line, price, off, quantity, &priced)
        }
        let product = try product(of: line)
        let (item, price) = try listedPrice(line, product)
        priced.pricePerUnit = price
        let quantity = try quantity(of: line, item, product.product)
        let off = try volumeDiscount(item, price, quantity)
        priced.volumeDiscount = off
        try amounts(line, price, off, quantity, &priced)
    }

    // MARK: Prices that are entered

    private mutating func enteredPrice(_ line: PricingLine) throws(PriceFault) -> Money {
        if terms.isPriceLocked {
            note(.locked)
        } else if line.isKept {
            note(.kept)
        } else if line.isWriteIn {
            note(.writeIn)
        } else {
            _ = try product(of: line)
        }
        guard let entered = line.pricePerUnit else { throw .noUnitPrice }
        let price = try checked(entered, priceStep, .pricePerUnit)
        note(.enteredPrice(price))
        return price
    }

    private mutating func keptVolumeDiscount(_ line: PricingLine) throws(PriceFault) -> Money {
        guard let kept = line.volumeDiscount, kept != .zero else { return .zero }
        let off = try checked(kept, priceStep, .volumeDiscount)
        note(.keptVolumeDiscount(off))
        return off
    }

    // MARK: Product and quantity

    private mutating func product(
        of line: PricingLine
    ) throws(PriceFault) -> (id: RecordID, product: PricedProduct) {
        guard let id = line.product else { throw .noProduct }
        guard let product = book.products[id] else { throw .productUnknown(id) }
        guard product.isActive else { throw .productInactive(id) }
        guard terms.date >= product.validFrom ?? .min, terms.date <= product.validTo ?? .max else {
            throw .productNotValid(id, terms.date)
        }
        note(.product(id))
        return (id, product)
    }

    private mutating func quantity(of line: PricingLine) throws(PriceFault) -> Quantity {
        guard let quantity = line.quantity else { throw .noQuantity }
        guard quantity.units >= 0 else { throw .quantityNegative(quantity) }
        return quantity
    }

    private mutating func quantity(
        of line: PricingLine,
        _ item: PriceListItem,
        _ product: PricedProduct
    ) throws(PriceFault) -> Quantity {
        let quantity = try quantity(of: line)
        switch item.quantitySelling {
        case nil, 1: break
        case 2:
            guard quantity.hasDigits(atMost: 0) else { throw .quantityNotWhole(quantity) }
        case 3:
            let digits = product.quantityDigits
            guard quantity.hasDigits(atMost: digits) else { throw .quantityTooFine(quantity, digits) }
        case .some(let code): throw .quantitySellingUnknown(item.id, code)
        }
        note(.quantity(quantity, item.quantitySelling))
        return quantity
    }

    // MARK: Amounts

    private mutating func amounts(
        _ line: PricingLine,
        _ price: Money,
        _ off: Money,
        _ quantity: Quantity,
        _ priced: inout PricedLine
    ) throws(PriceFault) {
        // Two 64-bit numbers: the difference has 65 bits, the product at most 128 with its sign only where the amount is out of
        // range by far.
        let net = Int128(price.units) - Int128(off.units)
        let base = try checked(try scaled(net, quantity), .baseAmount)
        note(.baseAmount(price, off, quantity, base))
        priced.baseAmount = base

        let discount = try manualDiscount(line, net, base, quantity, &priced)
        priced.appliedDiscount = discount
        var extended = Int128(base.units) - Int128(discount.units)
        if let entered = line.tax {
            let tax = try checked(entered, amountStep, .tax)
            priced.tax = tax
            note(.tax(tax))
            extended += Int128(tax.units)
        }
        let amount = try checked(extended, .extendedAmount)
        priced.extendedAmount = amount
        note(.extendedAmount(amount))
    }

    /// What is off the line; what stands in the record goes into `priced`.
    private mutating func manualDiscount(
        _ line: PricingLine,
        _ net: Int128,
        _ base: Money,
        _ quantity: Quantity,
        _ priced: inout PricedLine
    ) throws(PriceFault) -> Money {
        let step = terms.isDiscountPerUnit ? priceStep : amountStep
        let entered: Money
        if let percentage = line.discountPercentage {
            guard percentage.isShare else { throw .percentageNoShare(percentage) }
            let whole = terms.isDiscountPerUnit ? net : Int128(base.units)
            entered = try checked(share(percentage, of: whole, step), .manualDiscount)
            note(.shareOfLine(percentage, entered))
        } else if let manual = line.manualDiscount {
            guard manual.units >= 0 else { throw .manualDiscountInvalid(manual) }
            entered = try checked(manual, step, .manualDiscount)
            if !terms.isDiscountPerUnit { note(.manualDiscount(entered)) }
        } else {
            return .zero
        }
        priced.manualDiscount = entered
        guard terms.isDiscountPerUnit else { return entered }
        let off = try checked(try scaled(Int128(entered.units), quantity), .manualDiscount)
        note(.discountOfUnits(entered, quantity, off))
        return off
    }

    /// An amount of a unit times the quantity, rounded as amounts are.
    private func scaled(_ unit: Int128, _ quantity: Quantity) throws(PriceFault) -> Int128 {
        let (product, overflow) = unit.multipliedReportingOverflow(by: Int128(quantity.units))
        guard !overflow else { throw .outOfRange(.baseAmount) }
        let step = Int128(amountStep)
        return roundedQuotient(product, by: Int128(Quantity.one.units) * step) * step
    }

    /// A share of an amount, rounded to `step`.
    func share(_ percentage: Percentage, of whole: Int128, _ step: Int64) -> Int128 {
        // 65 bits times 14.
        let step = Int128(step)
        return roundedQuotient(whole * Int128(percentage.units), by: Int128(Percentage.whole.units) * step) * step
    }

    /// An entered amount, rounded.
    func checked(_ amount: Money, _ step: Int64, _ name: AmountName) throws(PriceFault) -> Money {
        if step == 1 || amount.units % step == 0 { return try baseRange.checked(amount, name) }
        return try checked(roundedQuotient(Int128(amount.units), by: Int128(step)) * Int128(step), name)
    }

    /// An amount that fits its attribute, here and in the base currency.
    @inline(__always)
    func checked(_ units: Int128, _ name: AmountName) throws(PriceFault) -> Money {
        guard let units = Int64(exactly: units) else { throw .outOfRange(name) }
        return try baseRange.checked(Money(units: units), name)
    }
}

/// Which amounts fit a money attribute when they are divided by the exchange rate.
struct BaseAmountRange {
    private var largest = Int64.max
    private var smallest = Int64.min

    /// For a rate in 10^-10; nil and 0 have no base amounts.
    init(rate: Int64?) {
        let one: Int128 = 10_000_000_000
        guard let rate, rate > 0, Int128(rate) < one else { return }
        // a × one / rate, rounded half away from zero, fits while it is below the next half: a × 2 × one < (2 × limit + 1) × rate.
        // Both products are below 2^127.
        let above = (2 * Int128(Int64.max) + 1) * Int128(rate)
        let below = (2 * -Int128(Int64.min) + 1) * Int128(rate)
        largest = Int64(clamping: (above - 1) / (2 * one))
        smallest = Int64(clamping: -((below - 1) / (2 * one)))
    }

    @inline(__always)
    func checked(_ amount: Money, _ name: AmountName) throws(PriceFault) -> Money {
        guard amount.units <= largest else { throw .baseOverflow(name, amount) }
        guard amount.units >= smallest else { throw .baseUnderflow(name, amount) }
        return amount
    }
}
